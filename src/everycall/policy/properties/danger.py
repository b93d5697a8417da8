"""Danger never gets less: of twins of which one is in more danger, it gets no less in any ordered component.

More danger is a yes over a no, a higher number over a lower (and, asked by `unknown`, unknown over absence). By the
lemma of `likeness`, with x the twin in less danger: if D(x) ≠ D(y), the earlier of the two reads the variable; and if x
has more than y in a component, then by its deciding plan, so that D(x) ≠ D(y), or by an `add` rule that reads the
variable and holds of x and not of y. A rule that, as danger grows, can only begin to hold can be the earlier one at y
alone, and as an `add` rule is none to ask about; one that can only cease to hold can be the earlier one at x alone.

A component that the rule deciding at y, or an `add` rule holding of y, names in `instead` may be less there: those are
listed. Staging has no order, and is listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.conditions import All, Always, Any, Not
from everycall.policy.formula import AllOf, Decides, Formula, Less, Lower, Matches, Neg, OneOf, ValueIs
from everycall.policy.properties.replay import CALL, TWIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.attributes import Variable
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Scene
    from everycall.policy.properties.boxes import Boxes
    from everycall.policy.rules import AddRule, Policy, Rule

DANGER: Final = "danger"


class Moves:
    """From which value to which: the pairs of one variable that are compared, and what the rules make of them."""

    def __init__(self, variable: Variable, formula: Formula, codes: list[tuple[int, int]]) -> None:
        """`codes` are the steps, as bits of `boxes`, of which each pair of `formula` is made up."""
        self.variable: Final = variable
        self.formula: Final = formula
        self._codes: Final = codes

    def begins(self, condition: Condition, boxes: Boxes) -> bool:
        """Whether the condition might begin to hold by a move."""
        return self._might(condition, boxes, positive=True)

    def ends(self, condition: Condition, boxes: Boxes) -> bool:
        """Whether the condition might cease to hold by a move."""
        return self._might(condition, boxes, positive=False)

    def _might(self, condition: Condition, boxes: Boxes, *, positive: bool) -> bool:
        if isinstance(condition, Always):
            return False
        if isinstance(condition, Not):
            return self._might(condition.part, boxes, positive=not positive)
        if isinstance(condition, (All, Any)):
            return any(self._might(part, boxes, positive=positive) for part in condition.parts)
        return condition.variable == self.variable.name and self._leaf(condition, boxes, begins=positive)

    def _leaf(self, leaf: Leaf, boxes: Boxes, *, begins: bool) -> bool:
        bits = boxes.leaf(leaf)
        return any(
            (bits >> after & 1) > (bits >> before & 1) if begins else (bits >> after & 1) < (bits >> before & 1)
            for before, after in self._codes
        )


def more_danger(variable: Variable) -> Moves:
    """From each known value to each that is more: made up of steps to the next one."""
    steps = [(at, at + 1) for at in range(len(variable.values) - 1)]
    return Moves(variable, Lower(side=CALL, than=TWIN, variable=variable.name), steps)


def from_absence_to_unknown(variable: Variable) -> Moves:
    """From no, or the lowest number, to unknown."""
    absence = ValueIs(side=CALL, variable=variable.name, value=variable.values[0])
    unknown = ValueIs(side=TWIN, variable=variable.name, value=None)
    return Moves(variable, AllOf(parts=(absence, unknown)), [(0, len(variable.values))])


class Danger:
    """The questions of danger for one policy."""

    def __init__(self, policy: Policy, scene: Scene, boxes: Boxes) -> None:
        """For this policy; the scene gives the components."""
        self._policy: Final = policy
        self._boxes: Final = boxes
        self._components: Final = scene.components
        self._less: Final = {
            component.name: self._less_in(component.name, component.names)
            for component in scene.components.items
            if component.ordered
        }
        self._ranks: Final = {rule.id: scene.components.ranks(rule.plan) for rule in policy.deciding}
        self._most: Final = tuple([max(ranks) for ranks in zip(*self._ranks.values(), strict=True)])
        self._least: Final = tuple([min(ranks) for ranks in zip(*self._ranks.values(), strict=True)])

    def _less_in(self, name: str, names: tuple[str, ...]) -> Formula:
        """The twin in more danger gets less, and nothing declared stands in for it."""
        instead = OneOf(parts=tuple(substituting(self._policy, names)))
        less = Less(side=TWIN, than=CALL, component=name)
        return AllOf(parts=(less, Neg(part=instead))) if instead.parts else less

    def by_rule(self, moves: Moves) -> Iterator[tuple[Rule | AddRule, Formula]]:
        """The question of each rule that could make a difference along these moves."""
        for rule in self._policy.deciding:
            sides = [
                (side, could)
                for side, might, could in (
                    (CALL, moves.ends, lambda at, name=rule.id: self._ranks[name][at] > self._least[at]),
                    (TWIN, moves.begins, lambda at, name=rule.id: self._ranks[name][at] < self._most[at]),
                )
                if might(rule.when, self._boxes)
            ]
            parts: list[Formula] = []
            for side, could in sides:
                less = [
                    self._less[component.name]
                    for at, component in enumerate(self._components.items)
                    if component.ordered and could(at)
                ]
                if less:
                    parts.append(AllOf(parts=(Decides(side=side, rule=rule.id), OneOf(parts=tuple(less)))))
            if parts:
                yield rule, AllOf(parts=(moves.formula, OneOf(parts=tuple(parts))))
        for added in self._policy.add:
            question = self._of_addition(added) if moves.ends(added.when, self._boxes) else None
            if question is not None:
                yield added, AllOf(parts=(moves.formula, question))

    def _of_addition(self, rule: AddRule) -> Formula | None:
        less = [
            self._less[component.name]
            for component, rank in zip(self._components.items, self._components.raised(rule.add), strict=True)
            if rank is not None and component.ordered
        ]
        if not less:
            return None
        matches = Matches(side=CALL, rule=rule.id), Neg(part=Matches(side=TWIN, rule=rule.id))
        return AllOf(parts=(*matches, OneOf(parts=tuple(less))))

    def direct(self, moves: Moves) -> Formula:
        """All of it as one question, without the lemma."""
        return AllOf(parts=(moves.formula, OneOf(parts=tuple(self._less.values()))))


def substituting(policy: Policy, names: tuple[str, ...]) -> Iterator[Formula]:
    """On the more dangerous side a rule decides, or raises, that names all of these in `instead`."""
    for rule in policy.deciding:
        if {*names} <= {each.component for each in rule.instead}:
            yield Decides(side=TWIN, rule=rule.id)
    for added in policy.add:
        if {*names} <= {each.component for each in added.instead}:
            yield Matches(side=TWIN, rule=added.id)
