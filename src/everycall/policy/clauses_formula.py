"""Formulas in clauses: what the solver is to assume for a question.

A question is a list of literals that are all to be true: one for each part of its outermost `AllOf`, and for each side
whose outcome it asks about one that locates the deciding rule there (see `clauses_outcomes`).
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

from everycall.policy.clauses_conditions import Conditions
from everycall.policy.clauses_gates import Gates
from everycall.policy.clauses_hull import hull_of, within_all, within_any
from everycall.policy.clauses_outcomes import Outcomes
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from everycall.policy.clauses_conditions import Place
    from everycall.policy.clauses_values import Positions
    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Call, Formula, Scene, Side


class Questions:
    """Turns the questions about one scene into clauses and assumptions."""

    def __init__(self, scene: Scene) -> None:
        self._gates: Final = Gates()
        self._conditions: Final = Conditions(scene, self._gates)
        self._outcomes: Final = Outcomes(self._conditions)
        self._go_on: Callable[[], None] = _always
        self._index: Final = scene.components.index

    def assumed(self, question: Formula, go_on: Callable[[], None]) -> list[int]:
        """Literals that can all be true if and only if there are calls for which the question holds.

        Args:
            question: About the scene.
            go_on: Called before each larger step; raises to give up. What was encoded until then stays right.

        Raises:
            ValueError: The question names a side, rule, variable, value or component that there is not.
        """
        self._go_on = go_on
        parts = list(_all_of(question))
        literals = [self._literal(part, wanted=True) for part in parts]
        sides = dict.fromkeys(name for part in parts for name in _outcomes_of(part))
        if sides:
            hull = self._hull(AllOf(parts=tuple(parts)), wanted=True)
            decided = [(self._side(part.side), self._deciding(part)) for part in parts if isinstance(part, Decides)]
            for name in sides:
                side = self._side(name)
                literals.append(self._outcomes.located(side, self._outcomes.candidates(side, hull, decided), go_on))
        return literals

    def clauses(self) -> list[list[int]]:
        """The clauses that came with the last questions."""
        return self._gates.taken()

    def calls(self, is_true: Callable[[int], bool]) -> Mapping[str, Call]:
        """The calls of a model of the clauses, by side."""
        return self._conditions.calls(is_true)

    def _literal(self, formula: Formula, *, wanted: bool) -> int:
        """The literal of a formula; `wanted` if it need only imply the formula, not follow from it."""
        match formula:
            case AllOf():
                return self._gates.every([self._literal(part, wanted=wanted) for part in formula.parts])
            case OneOf():
                return self._gates.one([self._literal(part, wanted=wanted) for part in formula.parts])
            case Neg():
                return -self._literal(formula.part, wanted=not wanted)
            case Decides():
                self._go_on()
                return self._outcomes.decides(self._side(formula.side), self._deciding(formula), only_if=wanted)
            case Matches():
                side = self._side(formula.side)
                return self._conditions.rule_holds(side, self._rule(side, formula.rule))
            case Asks():
                return self._conditions.holds(self._side(formula.side), formula.condition)
            case ValueIs():
                return self._conditions.among(self._side(formula.side), formula.variable, self._position(formula))
            case Lower():
                return self._lower(formula)
            case _:
                return self._of_outcomes(formula)

    def _of_outcomes(self, formula: AtLeast | Less | Differs) -> int:
        at = self._index.get(formula.component)
        if at is None:
            raise ValueError(
                f"The scene has no component {formula.component!r}: ask about one on which its plans differ."
            )
        side = self._side(formula.side)
        match formula:
            case AtLeast():
                return self._outcomes.reaches(side, at, formula.rank)
            case Less():
                return self._outcomes.less(side, self._side(formula.than), at)
            case Differs():
                return self._outcomes.differs(side, self._side(formula.other), at)

    def _lower(self, formula: Lower) -> int:
        """Some position lies above the one side's value and not above the other's.

        Every position is told apart here, for good: later thresholds between them could not be caught up.
        """
        side, than = self._side(formula.side), self._side(formula.than)
        values = self._values(formula.variable)
        one = self._conditions.line(self._conditions.place(side, formula.variable))
        other = self._conditions.line(self._conditions.place(than, formula.variable))
        first = 1 if values[0] is None else 0
        above = [self._gates.every((-one.from_(at), other.from_(at))) for at in range(first + 1, len(values))]
        return self._gates.every((one.from_(first), self._gates.one(above)))

    def _hull(self, formula: Formula, *, wanted: bool) -> dict[Place, Positions] | None:
        """The hull of a formula, or of its negation, over places."""
        match formula:
            case AllOf() | OneOf():
                parts = [self._hull(part, wanted=wanted) for part in formula.parts]
                if isinstance(formula, AllOf) is not wanted:
                    return within_any(parts)
                everything: dict[Place, Positions] | None = {}
                return reduce(within_all, parts, everything)
            case Neg():
                return self._hull(formula.part, wanted=not wanted)
            case Decides() if wanted:
                side = self._side(formula.side)
                hull = self._conditions.outline(side).hulls[self._deciding(formula)]
                return self._at_places(side, hull)
            case Matches():
                side = self._side(formula.side)
                outline = self._conditions.outline(side)
                condition = outline.conditions[self._rule(side, formula.rule)]
                return self._hull_of(side, condition, wanted=wanted)
            case Asks():
                return self._hull_of(self._side(formula.side), formula.condition, wanted=wanted)
            case ValueIs():
                side = self._side(formula.side)
                positions = self._position(formula)
                if not wanted:
                    positions ^= (1 << self._conditions.size(formula.variable)) - 1
                return self._at_places(side, {formula.variable: positions} if positions else None)
            case _:
                return {}

    def _hull_of(self, side: Side, condition: Condition, *, wanted: bool) -> dict[Place, Positions] | None:
        sight = self._conditions.outline(side).sight
        return self._at_places(side, hull_of(condition, sight.asked, self._conditions.size, wanted=wanted))

    def _at_places(self, side: Side, hull: Mapping[str, Positions] | None) -> dict[Place, Positions] | None:
        if hull is None:
            return None
        return {self._conditions.place(side, name): positions for name, positions in hull.items()}

    def _side(self, name: str) -> Side:
        return self._conditions.side(name)

    def _rule(self, side: Side, name: str) -> int:
        outline = self._conditions.outline(side)
        found = outline.number.get(name)
        if found is None:
            raise ValueError(
                f"Policy {outline.policy.heading.version!r} has no rule {name!r}: ask about one that it has."
            )
        return found

    def _deciding(self, formula: Decides) -> int:
        side = self._side(formula.side)
        found = self._rule(side, formula.rule)
        if found >= len(self._conditions.outline(side).deciding):
            raise ValueError(f"{formula.rule!r} only adds and never decides: ask whether it matches.")
        return found

    def _values(self, variable: str) -> tuple[object, ...]:
        found = self._conditions.values.get(variable)
        if found is None:
            raise ValueError(f"The scene has no variable {variable!r}: ask about one that its policies declare.")
        return found

    def _position(self, formula: ValueIs) -> Positions:
        wanted = formula.value
        for at, value in enumerate(self._values(formula.variable)):
            if value == wanted and isinstance(value, bool) is isinstance(wanted, bool):
                return 1 << at
        told = "unknown" if wanted is None else repr(wanted)
        raise ValueError(f"{formula.variable!r} cannot be {told}: ask for one of its values.")


def _always() -> None:
    """Go on."""


def _all_of(formula: Formula) -> Iterator[Formula]:
    """The parts that all have to hold."""
    if isinstance(formula, AllOf):
        for part in formula.parts:
            yield from _all_of(part)
    else:
        yield formula


def _outcomes_of(formula: Formula) -> Iterator[str]:
    """The sides whose outcomes a formula asks about."""
    match formula:
        case AllOf() | OneOf():
            for part in formula.parts:
                yield from _outcomes_of(part)
        case Neg():
            yield from _outcomes_of(formula.part)
        case AtLeast():
            yield formula.side
        case Less():
            yield from (formula.side, formula.than)
        case Differs():
            yield from (formula.side, formula.other)
        case _:
            return
