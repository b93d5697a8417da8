"""Danger never gets less: of twins of which one is in more danger, it gets no less in any ordered component.

More danger is a yes over a no, a higher number over a lower (and, asked by `unknown`, unknown over absence). By the
lemma of `likeness`, with x the twin in less danger: if D(x) ≠ D(y), the earlier of the two reads the variable; and if x
has more than y in a component, then by its deciding plan, so that D(x) ≠ D(y), or by an `add` rule that reads the
variable and holds of x and not of y. A rule that, as danger grows, can only begin to hold can be the earlier one at y
alone, and as an `add` rule is none to ask about; one that can only cease to hold can be the earlier one at x alone.

The other twin is then decided by a later rule that matches a call alike but for the variable. Where every later rule
whose conditions could meet the rule's own, the variable aside, leaves the more endangered twin with no less in any
component, there is nothing to ask: rules of one type that stand in the order of the help they give need no question.
That is judged by hulls (`boxes`), before any engine; `thorough` does without it and asks all the same.

A component that the rule deciding at y, or an `add` rule holding of y, names in `instead` may be less there: those are
listed. Staging has no order, and is listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.conditions import All, Always, Any, Not
from everycall.policy.formula import AllOf, Decides, Formula, Less, Lower, Matches, Neg, OneOf, ValueIs
from everycall.policy.properties.asking import Confirmed, Question
from everycall.policy.properties.pairs import Smallest, twins
from everycall.policy.properties.replay import CALL, TWIN
from everycall.policy.properties.words import rule_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from everycall.policy.attributes import Variable
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.properties.boxes import Boxes
    from everycall.policy.properties.report import Shown
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

    def __init__(self, inquiry: Inquiry) -> None:
        """For the policy of this inquiry."""
        self._policy: Final = inquiry.policy
        self._boxes: Final = inquiry.boxes
        self._components: Final = inquiry.components
        self._less: Final = {
            component.name: self._less_in(component.name, component.names)
            for component in inquiry.components.items
            if component.ordered
        }
        self._ranks: Final = inquiry.ranks
        self._thorough: Final = inquiry.thorough
        self._meetings: Final = inquiry.meetings
        self._in_order: Final = list(self._ranks.values())

    def _less_in(self, name: str, names: tuple[str, ...]) -> Formula:
        """The twin in more danger gets less, and nothing declared stands in for it."""
        instead = OneOf(parts=tuple(substituting(self._policy, names)))
        less = Less(side=TWIN, than=CALL, component=name)
        return AllOf(parts=(less, Neg(part=instead))) if instead.parts else less

    def by_rule(self, moves: Moves) -> Iterator[tuple[Rule | AddRule, Formula]]:
        """The question of each rule that could make a difference along these moves."""
        for at, rule in enumerate(self._policy.deciding):
            ends, begins = moves.ends(rule.when, self._boxes), moves.begins(rule.when, self._boxes)
            if not ends and not begins:
                continue
            lower, higher = self._later(at, moves.variable.name)
            sides = ([(CALL, lower)] if ends else []) + ([(TWIN, higher)] if begins else [])
            parts: list[Formula] = []
            for side, could in sides:
                less = [
                    self._less[component.name]
                    for place, component in enumerate(self._components.items)
                    if component.ordered and could[place]
                ]
                if less:
                    parts.append(AllOf(parts=(Decides(side=side, rule=rule.id), OneOf(parts=tuple(less)))))
            if parts:
                yield rule, AllOf(parts=(moves.formula, OneOf(parts=tuple(parts))))
        for added in self._policy.add:
            question = self._of_addition(added) if moves.ends(added.when, self._boxes) else None
            if question is not None:
                yield added, AllOf(parts=(moves.formula, question))

    def _later(self, at: int, variable: str) -> tuple[list[bool], list[bool]]:
        """In which components a later rule that the twin could be decided by has a lower rank, and a higher one."""
        mine = self._in_order[at]
        if self._thorough:
            theirs = set(self._in_order)
        else:
            theirs = {self._in_order[other] for other in self._meetings.later(at, variable)}
        lower = [any(ranks[place] < rank for ranks in theirs) for place, rank in enumerate(mine)]
        return lower, [any(ranks[place] > rank for ranks in theirs) for place, rank in enumerate(mine)]

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


def less(
    inquiry: Inquiry, tally: Tally, kind: str, moves_of: Callable[[Variable], Moves], words: str
) -> tuple[list[Shown], list[str]]:
    """Where a twin that is moved on, in one danger variable, gets less; and what stayed open.

    Args:
        inquiry: The policy and its engines.
        tally: What it costs is added here.
        kind: What the pairs are called in the report.
        moves_of: The moves of a variable.
        words: The claim, with the variable and the rule to be filled in.
    """
    refuted: list[Shown] = []
    still_open: list[str] = []
    asker, _ = inquiry.moving(inquiry.own)
    danger = Danger(inquiry)
    small = Smallest(asker.replay, inquiry.witnesses)
    for question, settled in asker.ask_each(_questions(inquiry, danger, moves_of), tally):
        (variable,) = question.differ
        name = rule_words(question.rule)
        if isinstance(settled, Confirmed):
            pair = small.of(question.formula, settled.calls, question.differ)
            claim = words.format(variable, name)
            refuted.append(twins(kind, asker.replay, pair, claim, rule=question.rule.id, variable=variable))
        else:
            still_open.append(f"{variable}, {name}: {settled.because}")
    return refuted, still_open


def _questions(inquiry: Inquiry, danger: Danger, moves_of: Callable[[Variable], Moves]) -> Iterator[Question]:
    for variable in inquiry.variables.values():
        if variable.danger and variable.name in inquiry.read:
            differ = frozenset({variable.name})
            _, same = inquiry.moving(differ)
            for rule, asked in danger.by_rule(moves_of(variable)):
                formula = AllOf(parts=(*same, asked))
                yield Question(rule=rule, formula=formula, group=inquiry.group(rule), differ=differ)
