"""Why a condition holds of a call, or what it lacks: in the questions at its ends.

A *literal* is a leaf that has to hold, or one that must not. What a condition lacks is the smallest set of literals
that fail and whose turning would make it hold; of an `any` that is its nearest part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.core.base import Frozen
from everycall.policy.conditions import All, Always, Any, Condition, Leaf, Not, leaves
from everycall.policy.words import known_words, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.closures import Closures
    from everycall.policy.formula import Call


class Question(Frozen, frozen=True, kw_only=True):
    """One question of a rule, and what the call has.

    Attributes:
        asks: In words: "weapon is yes".
        call: What the call has: "weapon is unknown".
        variable: What it is about.
    """

    asks: str
    call: str
    variable: str


class Reasons:
    """Reasons for one call."""

    def __init__(self, closures: Closures, counts_as: dict[str, Value], call: Call) -> None:
        """Take a call; `counts_as` holds what unknown counts as, by variable."""
        self._closures = closures
        self._counts_as = counts_as
        self._call = call

    def held(self, condition: Condition) -> tuple[Question, ...]:
        """The questions that make a condition hold, which does; of an `any` those of the first part that holds."""
        return self._questions(self._met(condition, wanted=True) or [])

    def lacked(self, condition: Condition) -> tuple[Question, ...]:
        """The fewest questions that keep a condition from holding; none if it holds, or if no answer could help."""
        return self._questions(self._unmet(condition, wanted=True) or [])

    def _holds(self, leaf: Leaf) -> bool:
        return self._call.get(leaf.variable) in self._closures.holding(leaf)

    def _met(self, condition: Condition, *, wanted: bool) -> list[tuple[Leaf, bool]] | None:
        """The literals that make it what is wanted; none where it is not."""
        match condition:
            case Always():
                return [] if wanted else None
            case Not():
                return self._met(condition.part, wanted=not wanted)
            case All() | Any():
                parts = [self._met(part, wanted=wanted) for part in condition.parts]
                if isinstance(condition, All) is wanted:
                    return None if None in parts else _flat(parts)
                return next((part for part in parts if part is not None), None)
            case _:
                return [(condition, wanted)] if self._holds(condition) is wanted else None

    def _unmet(self, condition: Condition, *, wanted: bool) -> list[tuple[Leaf, bool]] | None:
        """The fewest literals that stand against it; none where no literal can make it what is wanted."""
        match condition:
            case Always():
                return [] if wanted else None
            case Not():
                return self._unmet(condition.part, wanted=not wanted)
            case All() | Any():
                parts = [self._unmet(part, wanted=wanted) for part in condition.parts]
                if isinstance(condition, All) is wanted:
                    return None if None in parts else _flat(parts)
                return min((part for part in parts if part is not None), key=len, default=None)
            case _:
                return [] if self._holds(condition) is wanted else [(condition, wanted)]

    def _questions(self, literals: Iterable[tuple[Leaf, bool]]) -> tuple[Question, ...]:
        return tuple([self._question(leaf, wanted=wanted) for leaf, wanted in dict.fromkeys(literals)])

    def _question(self, leaf: Leaf, *, wanted: bool) -> Question:
        value, counts_as = self._call.get(leaf.variable), self._counts_as.get(leaf.variable)
        known = known_words(leaf.variable, value)
        if value is None and counts_as is not None:
            known += f", which counts as {known_words(leaf.variable, counts_as).removeprefix(f'{leaf.variable} is ')}"
        return Question(asks=words(leaf if wanted else Not(part=leaf)), call=known, variable=leaf.variable)


def how_many(condition: Condition) -> int:
    """The questions of a condition."""
    return sum(1 for _ in leaves(condition))


def _flat(parts: Sequence[list[tuple[Leaf, bool]] | None]) -> list[tuple[Leaf, bool]]:
    return [literal for part in parts if part is not None for literal in part]
