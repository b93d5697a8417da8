"""What a policy's leaves ask, as sets of positions on the scene's variables.

The positions of a variable are its values in order, before them unknown where it can be unknown. A set of positions
is an integer with a bit for each. The scene's variable has the values of all its policies; what a policy sees of one
of them is `fitting`, so that a set already says what a value means *to that policy*, unknown and what it counts as
included. Above this module nobody needs to know.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import MINUTES_OF_A_DAY, fitting
from everycall.policy.conditions import Between, During, Has, In, Is, Within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.conditions import Leaf
    from everycall.policy.rules import Policy

Positions = int
"""A set of positions on one variable."""


def values_in_order(variable: Variable) -> tuple[Value | None, ...]:
    """The value at each position."""
    return (None, *variable.values) if variable.unknown else variable.values


class Sight:
    """What one policy sees of the scene's variables."""

    def __init__(self, policy: Policy, variables: Mapping[str, Variable]) -> None:
        """Of these variables of the scene."""
        self._variables: Final = variables
        self._own: Final = policy.variables()
        self._version: Final = policy.heading.version
        self._seen: Final[dict[str, _Seen]] = {}
        self._masks: Final[dict[Leaf, Positions]] = {}

    def asked(self, leaf: Leaf) -> Positions:
        """Where on the scene's variable the leaf holds.

        Raises:
            ValueError: The policy does not declare the variable.
        """
        found = self._masks.get(leaf)
        if found is None:
            name = leaf.variable
            seen = self._seen.get(name)
            if seen is None:
                if name not in self._own:
                    raise ValueError(
                        f"Policy {self._version!r} does not declare {name!r}: ask about a variable that it declares."
                    )
                seen = self._seen[name] = _Seen(self._own[name], self._variables[name])
            found = self._masks[leaf] = seen.asked(leaf)
        return found


class _Seen:
    """One variable of the scene in the eyes of a policy."""

    def __init__(self, own: Variable, joined: Variable) -> None:
        values = values_in_order(joined)
        if own.values != joined.values or type(own.values[0]) is not type(joined.values[0]):
            values = tuple([fitting(own, value) for value in values])
        self._counts_as: Final = own.counts_as
        self._where: Final[dict[tuple[bool, Value], Positions]] = {}
        self._unknown: Positions = 0
        for at, value in enumerate(values):
            if value is None:
                self._unknown |= 1 << at
            else:
                key = isinstance(value, bool), value  # 1 equals True, but a number is no yes
                self._where[key] = self._where.get(key, 0) | 1 << at
        self._first: Final = len(values) - len(joined.values)
        numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        self._numbers: Final = numbers if len(numbers) == len(joined.values) else []

    def asked(self, leaf: Leaf) -> Positions:
        found = self._named(leaf)
        names_unknown = leaf.value is None if isinstance(leaf, Is) else not isinstance(leaf, During) and leaf.or_unknown
        if names_unknown or (self._counts_as is not None and _names(leaf, self._counts_as)):
            found |= self._unknown
        return found

    def _named(self, leaf: Leaf) -> Positions:
        match leaf:
            case Is():
                return 0 if leaf.value is None else self._at(leaf.value)
            case In():
                found = 0
                for value in leaf.values:
                    found |= self._at(value)
                return found
            case Between():
                return self._span(leaf.lowest, leaf.highest)
            case Has() | Within():
                return self._at(True)  # noqa: FBT003 -- the value yes
            case During():
                if leaf.start < leaf.end:
                    return self._span(leaf.start, leaf.end - 1)
                return self._span(0, leaf.end - 1) | self._span(leaf.start, MINUTES_OF_A_DAY - 1)

    def _at(self, value: Value) -> Positions:
        return self._where.get((isinstance(value, bool), value), 0)

    def _span(self, lowest: int, highest: int) -> Positions:
        """Where the number is seen within these ends; what is seen never falls as positions rise."""
        if lowest > highest:
            return 0
        if not self._numbers:  # the policies disagree on whether it is a number at all
            return sum(
                at
                for (is_bool, value), at in self._where.items()
                if not is_bool and isinstance(value, int) and lowest <= value <= highest
            )
        start, end = bisect_left(self._numbers, lowest), bisect_right(self._numbers, highest)
        return ((1 << end) - (1 << start)) << self._first


def _names(leaf: Leaf, value: Value) -> bool:
    match leaf:
        case Is():
            return leaf.value is not None and leaf.value == value
        case In():
            return value in leaf.values
        case Between():
            return isinstance(value, int) and leaf.lowest <= value <= leaf.highest
        case Has() | Within():
            return value is True
        case During():
            return False  # the clock is never unknown
