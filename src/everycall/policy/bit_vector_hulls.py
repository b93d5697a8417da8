"""Codes of values and hulls of conditions: which rules can matter to a question at all.

A variable's values are numbered in their order; unknown, where there is such a value, comes last. A set of values is
an integer whose bit `i` stands for code `i`.

The *hull* of a condition gives some variables a set of values, and every call of which the condition holds has a value
of that set in each of them. It is larger than the truth where the condition says more than a product of sets can.
Two conditions whose hulls have no value of some variable in common never hold of the same call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import Value, fitting
from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Leaf, Not, Within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from everycall.policy.attributes import Variable
    from everycall.policy.rules import Policy

Hull = dict[str, int]
"""Sets of values by variable; a variable that is missing may have any."""


def count_of(variable: Variable) -> int:
    """How many codes a variable has."""
    return len(variable.values) + variable.unknown


def code_of(variable: Variable, value: Value | None) -> int | None:
    """The code of a value; none if it is no value of the variable."""
    if value is None:
        return len(variable.values) if variable.unknown else None
    if value not in variable.values or isinstance(value, bool) is not isinstance(variable.values[0], bool):
        return None
    return variable.values.index(value)


def bits(members: int) -> Iterator[int]:
    """The members of a set, in order."""
    while members:
        low = members & -members
        yield low.bit_length() - 1
        members ^= low


def meet(hulls: Iterable[Hull]) -> Hull:
    """What lies in each of these hulls."""
    common: Hull = {}
    for hull in hulls:
        for name, values in hull.items():
            common[name] = common.get(name, values) & values
    return common


def join(hulls: Sequence[Hull]) -> Hull:
    """A hull of what lies in any of these."""
    if not hulls:
        return {}
    wide = dict(hulls[0])
    for hull in hulls[1:]:
        wide = {name: values | hull[name] for name, values in wide.items() if name in hull}
    return wide


class Sight:
    """What one policy sees of the values of a scene's variables."""

    def __init__(self, policy: Policy, variables: Mapping[str, Variable]) -> None:
        """For a policy of the scene with these variables."""
        self._own: Final = policy.variables()
        self._variables: Final = variables
        self._seen: dict[str, dict[Value | None, int]] = {}
        self._of: dict[Leaf, int] = {}

    def every(self, name: str) -> int:
        """The set of all values.

        Raises:
            ValueError: The policy has no such variable.
        """
        if name not in self._own:
            raise ValueError(f"The policy has no variable {name!r}: ask only for variables that it declares.")
        return (1 << count_of(self._variables[name])) - 1

    def of(self, leaf: Leaf) -> int:
        """The values of its variable for which a leaf holds.

        Raises:
            ValueError: The policy has no such variable.
        """
        held = self._of.get(leaf)
        if held is None:
            held = self._of[leaf] = self._holding(leaf)
        return held

    def hull(self, condition: Condition, *, holds: bool = True) -> Hull:
        """A hull of the calls of which a condition holds (or does not hold).

        Raises:
            ValueError: The policy has no such variable.
        """
        if isinstance(condition, Not):
            return self.hull(condition.part, holds=not holds)
        if isinstance(condition, (All, Any)):
            parts = [self.hull(part, holds=holds) for part in condition.parts]
            return meet(parts) if isinstance(condition, All) is holds else join(parts)
        if isinstance(condition, Always):
            return {}
        values = self.of(condition)
        return {condition.variable: values if holds else self.every(condition.variable) & ~values}

    def _holding(self, leaf: Leaf) -> int:
        name = leaf.variable
        every = self.every(name)
        seen = self._seen_as(name)
        named, or_unknown = _named(leaf, self._own[name])
        unknown_too = or_unknown or (self._own[name].counts_as is not None and self._own[name].counts_as in named)
        found = 0
        for value in named:
            found |= seen.get(value, 0)
        return (found | (seen.get(None, 0) if unknown_too else 0)) & every

    def _seen_as(self, name: str) -> dict[Value | None, int]:
        """The codes of the scene's values that this policy sees as each of its own."""
        held = self._seen.get(name)
        if held is None:
            held = self._seen[name] = {}
            of_scene = self._variables[name]
            told: tuple[Value | None, ...] = (*of_scene.values, None) if of_scene.unknown else of_scene.values
            for code, value in enumerate(told):
                seen = fitting(self._own[name], value)
                held[seen] = held.get(seen, 0) | 1 << code
        return held


def _named(leaf: Leaf, variable: Variable) -> tuple[Sequence[Value] | range, bool]:
    """The known values that a leaf names, and whether it names unknown."""
    match leaf:
        case Is(value=None):
            return (), True
        case Is(value=value):
            return (() if value is None else (value,)), False
        case In(values=values, or_unknown=or_unknown):
            return values, or_unknown
        case Between(lowest=lowest, highest=highest, or_unknown=or_unknown):
            ends = [value for value in (variable.values[0], variable.values[-1]) if isinstance(value, int)]
            return (range(max(lowest, ends[0]), min(highest, ends[-1]) + 1) if ends else ()), or_unknown
        case Has(or_unknown=or_unknown) | Within(or_unknown=or_unknown):
            return (True,), or_unknown
        case During(start=start, end=end):
            inside = range(start, end) if start < end else (*range(end), *range(start, len(variable.values)))
            return inside, False


class Sieve:
    """Finds, among conditions in their order, those whose hulls meet a given one."""

    def __init__(self, hulls: Sequence[Hull]) -> None:
        """For these hulls; places among them are what `meeting` answers with."""
        self._every: Final = (1 << len(hulls)) - 1
        self._with: Final[dict[str, dict[int, int]]] = {}
        for place, hull in enumerate(hulls):
            for name, values in hull.items():
                by_values = self._with.setdefault(name, {})
                by_values[values] = by_values.get(values, 0) | 1 << place
        self._missing: dict[tuple[str, int], int] = {}

    def meeting(self, hull: Mapping[str, int]) -> int:
        """The set of places whose hulls have, in every variable, a value in common with this one."""
        left = self._every
        for name, values in hull.items():
            by_values = self._with.get(name)
            if by_values is not None:
                key = (name, values)
                missing = self._missing.get(key)
                if missing is None:
                    missing = 0
                    for others, places in by_values.items():
                        if not others & values:
                            missing |= places
                    self._missing[key] = missing
                left &= ~missing
        return left
