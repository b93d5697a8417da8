"""The evaluator: which rule decides a call, which `add` rules raise it, and what goes out.

Rules are indexed by service and incident type, the two that nearly every rule names. For each pair of their values
the rules that could match are worked out when the first such call comes; what of a rule asks only for these two is
then settled and not asked again.

The engines of the proof encode the same meaning a second and a third time, and share no code with this.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen
from everycall.policy.attributes import SERVICE, TYPE, ZONE_PREFIX, Variable
from everycall.policy.closures import Closures
from everycall.policy.compose import composed
from everycall.policy.conditions import All, Always, Any, Condition, Not, mentioned
from everycall.policy.rules import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.closures import Test
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy

_INDEXED: Final = frozenset((SERVICE, TYPE))
_REMEMBERED: Final = 4096
"""How many different decisions are kept ready; a policy of 200 rules makes some hundreds in practice."""


class Decision(Frozen, frozen=True, kw_only=True):
    """What a policy says of a call.

    Attributes:
        rule: The id of the rule that decides; `triage` and `default` are ids too.
        raised_by: The ids of the `add` rules whose condition holds, in their order, also where nothing changed.
        plan: What goes out, all raises included.
    """

    rule: str
    raised_by: tuple[str, ...]
    plan: Plan


class CompiledPolicy:
    """One policy, ready to decide calls."""

    def __init__(self, policy: Policy) -> None:
        """Compile a policy; `compile_policy` is its name for others."""
        self.policy: Final = policy
        self.variables: Final = policy.variables()
        self._fits: Final = {name: _fit(variable) for name, variable in self.variables.items()}
        nested = [(zone.variable, ZONE_PREFIX + zone.inside) for zone in policy.zones if zone.inside is not None]
        self._nested: Final = tuple(nested)
        self._areas: Final = tuple([zone.variable for zone in policy.zones if zone.service_area])
        self._deciding: Final = policy.deciding
        index = _Index(self.variables)
        self._rules: Final = _Entries([rule.when for rule in self._deciding], index)
        self._adds: Final = _Entries([added.when for added in policy.add], index)
        self._decision: Final = lru_cache(_REMEMBERED)(self._decide)

    def call_of(self, facts: Mapping[str, Value]) -> Call:
        """The call that these facts make: each fitted to its variable, zones that contradict each other unknown.

        The same as `attributes.call_of` and then `attributes.consistent`, in time that grows with the facts and not
        with the policy.
        """
        fits = self._fits
        call: Call = {}
        for name, told in facts.items():
            fit = fits.get(name)
            if fit is not None and (value := fit(told)) is not None:
                call[name] = value
        wrong: list[str] = []
        for inner, outer in self._nested:
            if call.get(inner) is True and call.get(outer) is False:
                wrong += (inner, outer)
        areas = [area for area in self._areas if call.get(area) is True]
        for name in wrong + areas if len(areas) > 1 else wrong:
            call.pop(name, None)
        return call

    def decide(self, call: Call) -> Decision:
        """What the policy says of a call by its known values, which must be values of its variables.

        Equal decisions are the same object.
        """
        key = (call.get(SERVICE), call.get(TYPE))
        first = next(at for at, test in self._rules.of(key) if test is None or test(call))
        raised = [at for at, test in self._adds.of(key) if test is None or test(call)]
        return self._decision(first, tuple(raised))

    def _decide(self, rule: int, adds: tuple[int, ...]) -> Decision:
        added = [self.policy.add[at] for at in adds]
        decided = self._deciding[rule]
        return Decision(
            rule=decided.id,
            raised_by=tuple([rule.id for rule in added]),
            plan=composed(decided.plan, [rule.add for rule in added]),
        )


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Make a policy ready to decide calls."""
    return CompiledPolicy(policy)


_Key = tuple["Value | None", "Value | None"]


class _Index:
    """For which services and types a condition can hold, and for which it must.

    A set of pairs is an integer, a bit for each pair.
    """

    def __init__(self, variables: Mapping[str, Variable]) -> None:
        self.closures = Closures(variables)
        services, types = [(None, *variables[name].values) for name in (SERVICE, TYPE)]
        keys: list[_Key] = [(service, kind) for service in services for kind in types]
        self.bits = {key: bit for bit, key in enumerate(keys)}
        self._all = (1 << len(keys)) - 1
        self._of_value: dict[tuple[str, Value | None], int] = {}
        for (service, kind), bit in self.bits.items():
            for one in ((SERVICE, service), (TYPE, kind)):
                self._of_value[one] = self._of_value.get(one, 0) | 1 << bit

    def can_and_must(self, condition: Condition) -> tuple[int, int]:
        """The pairs for which the condition can hold, and those for which it holds whatever else is."""
        match condition:
            case Always():
                return self._all, self._all
            case Not():
                can, must = self.can_and_must(condition.part)
                return self._all & ~must, self._all & ~can
            case All():
                can = must = self._all
                for part in condition.parts:
                    one, other = self.can_and_must(part)
                    can, must = can & one, must & other
                return can, must
            case Any():
                can = must = 0
                for part in condition.parts:
                    one, other = self.can_and_must(part)
                    can, must = can | one, must | other
                return can, must
            case _ if condition.variable in _INDEXED:
                pairs = 0
                for value in self.closures.holding(condition):
                    pairs |= self._of_value[condition.variable, value]
                return pairs, pairs
            case _:
                return self._all, 0


class _Entries:
    """Rules in order, and for a pair of service and type those of them that can match."""

    def __init__(self, conditions: Sequence[Condition], index: _Index) -> None:
        self._bits = index.bits
        self._sets = [index.can_and_must(condition) for condition in conditions]
        self._tests = [_rest(condition, index.closures) for condition in conditions]
        self._whole = tuple([(at, index.closures.test(condition)) for at, condition in enumerate(conditions)])
        self._found: dict[_Key, tuple[tuple[int, Test | None], ...]] = {}

    def of(self, key: _Key) -> tuple[tuple[int, Test | None], ...]:
        """The places of the rules that can match, each with what is left to ask; none: it matches."""
        found = self._found.get(key)
        if found is None:
            bit = self._bits.get(key)
            if bit is None:
                # A value that the policy does not have: nothing is settled, every condition is asked whole.
                return self._whole
            found = self._found[key] = tuple(
                [
                    (at, None if must >> bit & 1 else self._tests[at])
                    for at, (can, must) in enumerate(self._sets)
                    if can >> bit & 1
                ]
            )
        return found


def _rest(condition: Condition, closures: Closures) -> Test | None:
    """What is left to ask once service and type are known to allow it."""
    if not isinstance(condition, All):
        return closures.test(condition)
    return closures.conjunction([part for part in condition.parts if not mentioned(part) <= _INDEXED])


def _fit(variable: Variable) -> Callable[[Value], Value | None]:
    """What `attributes.fitting` does, made ready for one variable."""
    first, last = variable.values[0], variable.values[-1]
    if isinstance(first, bool):
        return lambda told: told if told is True or told is False else None
    if isinstance(first, int) and isinstance(last, int):
        lowest, highest = first, last

        def nearest(told: Value) -> Value | None:
            return min(max(told, lowest), highest) if isinstance(told, int) and not isinstance(told, bool) else None

        return nearest
    known = {value: value for value in variable.values}
    other = known.get("other")
    return lambda told: known.get(told, other) if isinstance(told, str) else None
