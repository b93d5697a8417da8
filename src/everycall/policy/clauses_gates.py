"""Gates in clauses (CNF): and, or, unlike, each defined once; and variables encoded by order.

Literals are integers other than zero; the negative is the negation, as DIMACS writes them.

Invariants:

1. Clauses are only ever added. Each defines a new literal by older ones (G. S. Tseitin, "On the complexity of
   derivation in propositional calculus", 1968, in both directions), or says what every call fulfils: so whatever
   was true of all calls stays so.
2. Gates over the same literals are the same gate: where two sides share every variable of a condition, they share
   its literal.
3. A `Line` says of a variable with the positions 0 … n-1 only "at `at` or later" (order encoding: N. Tamura et al.,
   "Compiling finite linear CSP into SAT", Constraints 14, 2009). Such a literal is made when it is first needed and
   put in order among its neighbours: positions that no question has told apart yet share all their literals, and a
   finer question later only adds clauses.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TRUE: Final = 1
FALSE: Final = -1


class Gates:
    """Makes literals and the clauses that define them; the clauses wait until they are taken."""

    def __init__(self) -> None:
        self._last = TRUE
        self._waiting: list[list[int]] = [[TRUE]]
        self._known: dict[tuple[int, ...], int] = {}
        self._unlike: dict[tuple[int, int], int] = {}

    def fresh(self) -> int:
        """A literal of which nothing is said yet."""
        self._last += 1
        return self._last

    def add(self, *literals: int) -> None:
        """At least one of these is true."""
        self._waiting.append(list(literals))

    def add_all(self, clauses: Iterable[list[int]]) -> None:
        """In each of these clauses at least one literal is true."""
        self._waiting += clauses

    def taken(self) -> list[list[int]]:
        """The clauses since they were last taken."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def every(self, literals: Iterable[int]) -> int:
        """True if and only if all of these are; of none: true."""
        parts = {literal for literal in literals if literal != TRUE}
        if FALSE in parts or any(-literal in parts for literal in parts):
            return FALSE
        if len(parts) <= 1:
            return parts.pop() if parts else TRUE
        key = tuple(sorted(parts))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.fresh()
            self._waiting += [[-found, literal] for literal in key]
            self._waiting.append([found, *[-literal for literal in key]])
        return found

    def one(self, literals: Iterable[int]) -> int:
        """True if and only if at least one of these is; of none: false."""
        return -self.every([-literal for literal in literals])

    def unlike(self, one: int, other: int) -> int:
        """True if and only if one of the two is true and the other is not."""
        if abs(one) > abs(other):
            one, other = other, one
        if abs(one) == TRUE:
            return -other if one == TRUE else other
        if abs(one) == abs(other):
            return FALSE if one == other else TRUE
        sign = 1 if (one > 0) is (other > 0) else -1
        key = abs(one), abs(other)
        found = self._unlike.get(key)
        if found is None:
            a, b = key
            found = self._unlike[key] = self.fresh()
            self._waiting += [[-found, a, b], [-found, -a, -b], [found, -a, b], [found, a, -b]]
        return sign * found

    def at_most_one(self, literals: Iterable[int]) -> None:
        """No two of these are true (a ladder of "one of the first so many is")."""
        before = FALSE
        for literal in literals:
            if before == FALSE:
                before = literal
                continue
            self.add(-before, -literal)
            so_far = self.fresh()
            self.add(-before, so_far)
            self.add(-literal, so_far)
            before = so_far


class Line:
    """One variable, whose value is one of a line of positions."""

    def __init__(self, gates: Gates, size: int) -> None:
        self._gates: Final = gates
        self._size: Final = size
        self._starts: list[int] = []
        self._literals: list[int] = []

    def from_(self, at: int) -> int:
        """True if and only if the position is `at` or later."""
        if at <= 0:
            return TRUE
        if at >= self._size:
            return FALSE
        place = bisect_left(self._starts, at)
        if place < len(self._starts) and self._starts[place] == at:
            return self._literals[place]
        literal = self._gates.fresh()
        if place > 0:
            self._gates.add(-literal, self._literals[place - 1])
        if place < len(self._literals):
            self._gates.add(-self._literals[place], literal)
        self._starts.insert(place, at)
        self._literals.insert(place, literal)
        return literal

    def among(self, positions: int) -> int:
        """True if and only if the position is one of these (a set of bits)."""
        runs = []
        at = 0
        while positions:
            gap = (positions & -positions).bit_length() - 1
            positions >>= gap
            run = (~positions & (positions + 1)).bit_length() - 1
            positions >>= run
            runs.append(self._gates.every((self.from_(at + gap), -self.from_(at + gap + run))))
            at += gap + run
        return self._gates.one(runs)

    def position(self, is_true: Callable[[int], bool]) -> int:
        """The first position that agrees with a model."""
        position = 0
        for start, literal in zip(self._starts, self._literals, strict=True):
            if is_true(literal):
                position = start
        return position
