"""Hulls: for each variable the values that a condition leaves possible, and which rules can meet.

A hull is a box around the calls of a condition: a call for which the condition holds has, at each variable that
the hull names, one of the positions in its set; variables that it does not name are free. The box may hold more than
the condition does (of `any` it keeps per variable what some part allows), never less. `None` is the hull of what no
call fulfils.

So if the hulls of two conditions have no position in common at some variable whose value both see, no call fulfils
both. That is all that slicing needs: it may keep a rule in vain, it never drops one that matters.
"""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar

from everycall.policy.conditions import All, Always, Any, Not

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from everycall.policy.clauses_values import Positions
    from everycall.policy.conditions import Condition, Leaf

Key = TypeVar("Key", bound="Hashable")

EVERYTHING: Final[Mapping[str, int]] = {}
"""The hull of what every call fulfils."""


def within_all(
    one: Mapping[Key, Positions] | None, other: Mapping[Key, Positions] | None
) -> dict[Key, Positions] | None:
    """The hull of what is within both."""
    if one is None or other is None:
        return None
    found = dict(one)
    for name, positions in other.items():
        left = found[name] = found.get(name, positions) & positions
        if not left:
            return None
    return found


def within_any(hulls: Iterable[Mapping[Key, Positions] | None]) -> dict[Key, Positions] | None:
    """The hull of what is within at least one of them."""
    possible = [hull for hull in hulls if hull is not None]
    if not possible:
        return None
    first, *others = possible
    found = dict(first)
    for hull in others:
        found = {name: positions | hull[name] for name, positions in found.items() if name in hull}
    return found


def hull_of(
    condition: Condition, asked: Callable[[Leaf], Positions], size: Callable[[str], int], *, wanted: bool = True
) -> dict[str, Positions] | None:
    """The hull of a condition, or of its negation.

    Args:
        condition: What is asked.
        asked: Where a leaf holds.
        size: How many positions a variable has.
        wanted: Whether the condition is to hold.
    """
    if isinstance(condition, Always):
        return {} if wanted else None
    if isinstance(condition, Not):
        return hull_of(condition.part, asked, size, wanted=not wanted)
    if isinstance(condition, (All, Any)):
        parts = [hull_of(part, asked, size, wanted=wanted) for part in condition.parts]
        if isinstance(condition, All) is not wanted:
            return within_any(parts)
        nothing_asked: dict[str, Positions] | None = {}
        return reduce(within_all, parts, nothing_asked)
    positions = asked(condition)
    if not wanted:
        positions ^= (1 << size(condition.variable)) - 1
    return {condition.variable: positions} if positions else None


def members(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class Overlaps:
    """Which of many hulls meet a given one; sets of hulls are integers with a bit for each."""

    def __init__(self, hulls: Sequence[Mapping[str, Positions] | None]) -> None:
        self._possible = 0
        sets: dict[str, dict[Positions, int]] = {}
        for number, hull in enumerate(hulls):
            if hull is not None:
                self._possible |= 1 << number
                for name, positions in hull.items():
                    same = sets.setdefault(name, {})
                    same[positions] = same.get(positions, 0) | 1 << number
        self._free: Final = {name: self._possible & ~reduce(int.__or__, same.values()) for name, same in sets.items()}
        self._cells: Final = {name: _cells(same) for name, same in sets.items()}
        self._met: Final[dict[tuple[str, Positions], int]] = {}

    def meeting(self, hull: Mapping[str, Positions] | None) -> int:
        """Those that share a position with the hull at every variable that both name."""
        if hull is None:
            return 0
        found = self._possible
        for name, positions in hull.items():
            if name in self._cells:
                key = name, positions
                met = self._met.get(key)
                if met is None:
                    met = self._free[name]
                    for cell, here in self._cells[name]:
                        if cell & positions:
                            met |= here
                    self._met[key] = met
                found &= met
        return found


def _cells(same: Mapping[Positions, int]) -> list[tuple[Positions, int]]:
    """Runs of positions that none of the sets tells apart, each with the hulls whose set it is in."""
    borders = 0
    for positions in same:
        borders |= positions ^ (positions << 1)
    starts = list(members(borders))
    cells = []
    for start, end in pairwise(starts):
        here = reduce(int.__or__, [numbers for positions, numbers in same.items() if positions >> start & 1], 0)
        if here:
            cells.append(((1 << end) - (1 << start), here))
    return cells
