"""The real evaluator as judge: what it decides of the calls that an engine found, and whether that is what was claimed.

An engine's `Found` is a claim. Here each atom of the question is looked up in what `compile_policy` decides, so that a
refutation never rests on an encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from everycall.policy.attributes import consistent
from everycall.policy.evaluate import compile_policy
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
    Less,
    Lower,
    Matches,
    Neg,
    OneOf,
    ValueIs,
)
from everycall.policy.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.policy.attributes import Value
    from everycall.policy.conditions import Condition
    from everycall.policy.evaluate import CompiledPolicy
    from everycall.policy.formula import Call, Formula, Scene
    from everycall.policy.rules import Plan, Policy


CALL: Final = "x"
"""The side that single calls are asked of, and the first of two twins."""
TWIN: Final = "y"


@dataclass(frozen=True, slots=True)
class Decided:
    """What the evaluator decided of one call, and its rank in each component of the scene."""

    rule: str
    raised_by: tuple[str, ...]
    plan: Plan
    ranks: tuple[int, ...]


class Replay:
    """Asks the evaluator about the calls of one scene."""

    def __init__(self, scene: Scene, compiled: CompiledPolicy | None = None) -> None:
        """Compile the scene's policies, unless the one policy that it is about is compiled already."""
        self.scene: Final = scene
        self._compiled: Final = (
            [compile_policy(policy) for policy in scene.policies] if compiled is None else [compiled]
        )
        self._policy_of: Final = {side.name: side.policy for side in scene.sides}
        self._known: Final = [
            {name: frozenset(map(_exactly, variable.values)) for name, variable in policy.variables().items()}
            for policy in scene.policies
        ]
        self._always: Final = frozenset(name for name, variable in scene.variables.items() if not variable.unknown)
        self._zones: Final = frozenset(zone.variable for policy in scene.policies for zone in policy.zones)
        self._shared: Final = frozenset(scene.variables).difference(*[side.own for side in scene.sides])
        self._order: Final = {name: list(variable.values) for name, variable in scene.variables.items()}
        self._ranks: Final[dict[tuple[int, str, tuple[str, ...]], tuple[int, ...]]] = {}
        self._asked: Final[dict[tuple[int, Condition], CompiledPolicy]] = {}

    def policy(self, side: str) -> Policy:
        """The policy of a side."""
        return self.scene.policies[self._policy_of[side]]

    def decide(self, side: str, call: Call) -> Decided:
        """What the side's policy decides of the call.

        Raises:
            ValueError: The plan that goes out has a level that no rule gives: evaluator and components disagree.
        """
        at = self._policy_of[side]
        decision = self._compiled[at].decide(call)
        raised_by = tuple(decision.raised_by)
        key = (at, decision.rule, raised_by)
        ranks = self._ranks.get(key)
        if ranks is None:
            ranks = self._ranks[key] = self.scene.components.ranks(decision.plan)
        return Decided(rule=decision.rule, raised_by=raised_by, plan=decision.plan, ranks=ranks)

    def matches(self, side: str, condition: Condition, call: Call) -> bool:
        """Whether a condition holds of the call: asked of the evaluator as the only rule of a policy."""
        key = (self._policy_of[side], condition)
        compiled = self._asked.get(key)
        if compiled is None:
            policy = self.policy(side)
            only = Rule(id="asked", when=condition, plan=policy.default)
            compiled = self._asked[key] = compile_policy(msgspec.structs.replace(policy, rules=(only,), add=()))
        return bool(compiled.decide(call).rule == "asked")

    def possible(self, calls: Mapping[str, Call]) -> bool:
        """Whether these can be calls of the scene: values that there are, zones that agree, the rest shared."""
        if len(calls) != len(self.scene.sides):
            return False
        first: dict[str, tuple[bool, Value | None]] | None = None
        for side in self.scene.sides:
            call = calls.get(side.name)
            if call is None or not self._possible(side.policy, call):
                return False
            shared = {name: _exactly(value) for name, value in call.items() if name in self._shared}
            if first is not None and shared != first:
                return False
            first = shared
        return True

    def _possible(self, policy: int, call: Call) -> bool:
        known = self._known[policy]
        if not all(name in known and _exactly(value) in known[name] for name, value in call.items()):
            return False
        if not self._always.issubset(call):
            return False
        zones = self.scene.policies[policy].zones
        return self._zones.isdisjoint(call) or consistent(zones, dict(call)) == call

    def confirms(self, question: Formula, calls: Mapping[str, Call]) -> bool:
        """Whether the evaluator, asked with these calls, agrees that the question holds of them."""
        if not self.possible(calls):
            return False
        try:
            return self._holds(question, calls, {name: self.decide(name, call) for name, call in calls.items()})
        except ValueError:
            return False

    def claims(self, question: Formula, calls: Mapping[str, Call]) -> bool:
        """As `confirms`, for calls that are known to be possible."""
        return self._holds(question, calls, {name: self.decide(name, call) for name, call in calls.items()})

    def _holds(self, question: Formula, calls: Mapping[str, Call], decided: Mapping[str, Decided]) -> bool:
        match question:
            case AllOf(parts=parts):
                return all(self._holds(part, calls, decided) for part in parts)
            case OneOf(parts=parts):
                return any(self._holds(part, calls, decided) for part in parts)
            case Neg(part=part):
                return not self._holds(part, calls, decided)
            case Decides(side=side, rule=rule):
                return decided[side].rule == rule
            case ValueIs(side=side, variable=variable, value=value):
                return _exactly(calls[side].get(variable)) == _exactly(value)
            case Lower(side=side, than=than, variable=variable):
                return self._lower(variable, calls[side].get(variable), calls[than].get(variable))
            case Matches(side=side, rule=rule):
                return self._rule_matches(side, rule, calls[side], decided[side])
            case Asks(side=side, condition=condition):
                return self.matches(side, condition, calls[side])
            case _:
                return self._compares(question, decided)

    def _compares(self, question: AtLeast | Less | Differs, decided: Mapping[str, Decided]) -> bool:
        at = self.scene.components.index[question.component]
        rank = decided[question.side].ranks[at]
        match question:
            case AtLeast(rank=least):
                return rank >= least
            case Less(than=than):
                return rank < decided[than].ranks[at]
            case Differs(other=other):
                return rank != decided[other].ranks[at]

    def _lower(self, variable: str, one: Value | None, other: Value | None) -> bool:
        if one is None or other is None:
            return False
        order = self._order[variable]
        return order.index(one) < order.index(other)

    def _rule_matches(self, side: str, rule: str, call: Call, decided: Decided) -> bool:
        if rule == decided.rule or rule in decided.raised_by:
            return True
        policy = self.policy(side)
        if any(added.id == rule for added in policy.add):
            return False
        return self.matches(side, next(each.when for each in policy.deciding if each.id == rule), call)


def _exactly(value: Value | None) -> tuple[bool, Value | None]:
    """`True` is not 1 here."""
    return isinstance(value, bool), value
