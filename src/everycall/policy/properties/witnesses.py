"""Calls that show that a rule is alive, found without an engine: built from its condition, decided by the evaluator."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import consistent
from everycall.policy.conditions import leaves, mentioned
from everycall.policy.properties.replay import CALL
from everycall.policy.properties.words import USUAL, every_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Call
    from everycall.policy.properties.boxes import Box, Boxes
    from everycall.policy.properties.replay import Decided, Replay
    from everycall.policy.rules import AddRule, Policy, Rule

TRIES: Final = 80
"""So many calls are tried for a rule before the engines are asked."""


class Witnesses:
    """Builds calls for rules; always the same ones for the same policy."""

    def __init__(self, policy: Policy, boxes: Boxes, replay: Replay) -> None:
        """For this policy; `replay` is of a scene about a single call."""
        self._policy: Final = policy
        self._boxes: Final = boxes
        self._replay: Final = replay
        self._at: Final = {rule.id: at for at, rule in enumerate(policy.deciding)}
        self._rules: Final = {rule.id: rule for rule in policy.deciding}
        self._deciding: Final[dict[str, Call | None]] = {}
        self._matching: Final[dict[str, Call | None]] = {}
        self._kinds: Final[dict[str, tuple[Value | None, ...]]] = {}

    def decide(self, call: Call) -> Decided:
        """What the evaluator makes of a call."""
        return self._replay.decide(CALL, call)

    def boxes(self, condition: Condition) -> list[Box]:
        """The boxes of a condition, or its hull where there are too many."""
        found = self._boxes.of(condition)
        if found is None:
            hull = self._boxes.hull(condition)
            found = [] if hull is None else [hull]
        return found

    def deciding(self, rule: Rule) -> Call | None:
        """A call that this rule decides, if one is found."""
        if rule.id not in self._deciding:
            self._deciding[rule.id] = self._search(rule)
        return self._deciding[rule.id]

    def matching(self, rule: Rule | AddRule) -> Call | None:
        """A call that this rule's condition holds of, if one is found."""
        if rule.id not in self._matching:
            found = (self._boxes.call(box) for box in self.boxes(rule.when))
            self._matching[rule.id] = next(
                (call for call in found if call is not None and self._holds(rule.when, call)), None
            )
        return self._matching[rule.id]

    def remember(self, rule: str, call: Call) -> None:
        """Keep a call that an engine found for a rule."""
        self._deciding[rule] = call

    def _holds(self, condition: Condition, call: Call) -> bool:
        return self._replay.matches(CALL, condition, call)

    def _search(self, rule: Rule) -> Call | None:
        """From each box a plain call, then away from whatever earlier rule decides it instead."""
        left = TRIES
        for box in self.boxes(rule.when):
            call = self._boxes.call(box)
            if call is None:
                continue
            rng = Random(left)  # noqa: S311 - a fixed wandering, no secret
            reached = -1
            while left > 0 and call is not None:
                left -= 1
                decided = self.decide(call).rule
                if decided == rule.id:
                    return call
                if self._at[decided] > self._at[rule.id]:
                    break  # the hull is wider than the condition
                reached = max(reached, self._at[decided])
                call = self._away(call, box, self._rules[decided], rng)
            if left <= 0:
                break
        return None

    def _away(self, call: Call, box: Box, earlier: Rule, rng: Random) -> Call | None:
        """The call with one value changed, within the box, that the earlier rule asks about."""
        names = sorted(mentioned(earlier.when))
        rng.shuffle(names)
        for name in names:
            variable = self._boxes.variables[name]
            bits = box.get(name, self._boxes.every[name])
            others = [
                value
                for value in self._kinds_of(variable)
                if value != call.get(name) and bits >> index_of(variable, value) & 1
            ]
            rng.shuffle(others)
            for value in others[:6]:
                changed = with_value(call, name, value)
                if self._possible(changed) and not self._boxes.holds(earlier.when, changed):
                    return changed
        if not names:
            return None
        name = rng.choice(names)
        variable = self._boxes.variables[name]
        bits = box.get(name, self._boxes.every[name])
        others = [value for value in self._kinds_of(variable) if bits >> index_of(variable, value) & 1]
        changed = with_value(call, name, rng.choice(others)) if others else call
        return changed if self._possible(changed) else None

    def _possible(self, call: Call) -> bool:
        return consistent(self._policy.zones, call) == call

    def _kinds_of(self, variable: Variable) -> tuple[Value | None, ...]:
        """A value of each kind that the rules tell apart."""
        if not self._kinds:
            self._kinds.update(kinds(self._policy, self._boxes))
        return self._kinds.get(variable.name, (None,) if variable.unknown else (variable.values[0],))

    def kinds(self, name: str) -> tuple[Value | None, ...]:
        """A value of each kind that the rules tell apart, plain ones first."""
        return self._kinds_of(self._boxes.variables[name])

    def near(self, call: Call, names: frozenset[str]) -> Iterator[Call]:
        """The call with one of these variables set to each other kind of value."""
        for name in sorted(names):
            for value in self.kinds(name):
                if value != call.get(name):
                    changed = with_value(call, name, value)
                    if self._possible(changed):
                        yield changed


def kinds(policy: Policy, boxes: Boxes) -> dict[str, tuple[Value | None, ...]]:
    """For each variable that rules look at one value of each kind: no rule tells two of a kind apart."""
    asked: dict[str, set[int]] = {}
    for rule in every_rule(policy):
        for leaf in leaves(rule.when):
            asked.setdefault(leaf.variable, set()).add(boxes.leaf(leaf))
    return {name: _kinds_of(boxes.variables[name], boxes.every[name], masks) for name, masks in asked.items()}


def _kinds_of(variable: Variable, every: int, masks: set[int]) -> tuple[Value | None, ...]:
    """Of each kind a plain value; of a number the first one of each run, since what lies between matters too."""
    parts = [every]
    for mask in masks:
        parts = [piece for part in parts for piece in (part & mask, part & ~mask) if piece]
    usual = USUAL.get(variable.name)
    first: list[Value | None] = [] if usual is None else [usual]
    first += [None] if variable.unknown else []
    known = (1 << len(variable.values)) - 1
    runs = _is_number(variable) and usual is None
    bits = 0
    for part in parts:
        mine = part & known
        bits |= mine & ~(mine << 1) if runs else mine & -mine
    rest = [value for at, value in enumerate(variable.values) if bits >> at & 1 and value not in first]
    return (*first, *rest)


def _is_number(variable: Variable) -> bool:
    return isinstance(variable.values[0], int) and not isinstance(variable.values[0], bool)


def index_of(variable: Variable, value: Value | None) -> int:
    """The bit of a value."""
    return len(variable.values) if value is None else variable.values.index(value)


def with_value(call: Call, name: str, value: Value | None) -> Call:
    """The call with this value of the variable; none: unknown."""
    changed = dict(call)
    if value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return changed
