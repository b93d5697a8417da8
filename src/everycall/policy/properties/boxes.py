"""Conditions as boxes: for each variable the set of values at which it holds, as bits; a condition is a few boxes.

Used to build calls that a rule should match, and to pass over pairs of rules that can match no call together. Nothing
here decides a verdict: what is built is decided by the evaluator, and what could not be built is asked of the engines.

Bit `i` of a variable is its value `i`; the last bit is unknown, where it can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TIME_OF_DAY
from everycall.policy.conditions import All, Always, Any, Between, During, Has, In, Is, Not, Within
from everycall.policy.properties.words import USUAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy

Box = dict[str, int]
"""Bits by variable; a variable that is missing may be anything."""

MOST_BOXES: Final = 48
"""Past so many boxes a condition is only known by its hull."""

_FALSE, _TRUE, _UNKNOWN = 1, 2, 4  # the bits of a yes-or-no variable, as zones are


class Boxes:
    """The boxes of one policy's conditions."""

    def __init__(self, policy: Policy) -> None:
        """For the variables and zones of this policy."""
        self.variables: Final = policy.variables()
        self.every: Final = {name: _all_bits(variable) for name, variable in self.variables.items()}
        self._nested: Final = [
            (zone.variable, f"zone.{zone.inside}")
            for zone in policy.zones
            if zone.inside is not None and f"zone.{zone.inside}" in self.variables
        ]
        self._areas: Final = [zone.variable for zone in policy.zones if zone.service_area]
        self._leaves: Final[dict[Leaf, int]] = {}
        self._position: Final = {
            name: {_typed(value): at for at, value in enumerate(variable.values)}
            for name, variable in self.variables.items()
        }

    def leaf(self, leaf: Leaf) -> int:
        """The bits at which a leaf holds."""
        bits = self._leaves.get(leaf)
        if bits is None:
            bits = self._leaves[leaf] = self._bits(leaf)
        return bits

    def _bits(self, leaf: Leaf) -> int:
        variable = self.variables[leaf.variable]
        position = self._position[variable.name]
        bits, or_unknown = 0, False
        match leaf:
            case Is(value=None):
                or_unknown = True
            case Is(value=value):
                bits = 1 << position[_typed(value)] if _typed(value) in position else 0
            case In(values=values):
                bits, or_unknown = (
                    sum(1 << position[key] for key in {*map(_typed, values)} & {*position}),
                    leaf.or_unknown,
                )
            case Between(lowest=lowest, highest=highest):
                first = variable.values[0]
                low = max(lowest - first, 0) if isinstance(first, int) else 0
                high = min(highest - first + 1, len(variable.values)) if isinstance(first, int) else 0
                bits, or_unknown = ((1 << high) - (1 << low) if high > low else 0), leaf.or_unknown
            case Has() | Within():
                bits, or_unknown = _TRUE, leaf.or_unknown
            case During(start=start, end=end):
                bits = (
                    (1 << end) - (1 << start) if start < end else self.every[TIME_OF_DAY] & ~((1 << start) - (1 << end))
                )
        if variable.unknown:
            counts_as = variable.counts_as
            if or_unknown or (counts_as is not None and bits >> position[_typed(counts_as)] & 1):
                bits |= 1 << len(variable.values)
        return bits

    def of(self, condition: Condition, most: int = MOST_BOXES) -> list[Box] | None:
        """Boxes whose union is the condition, those that hold no call left out; none if there would be too many."""
        return self._of(condition, most, positive=True)

    def _of(self, condition: Condition, most: int, *, positive: bool) -> list[Box] | None:
        if isinstance(condition, Always):
            return [{}] if positive else []
        if isinstance(condition, Not):
            return self._of(condition.part, most, positive=not positive)
        if not isinstance(condition, (All, Any)):
            bits = self.leaf(condition) if positive else self.every[condition.variable] & ~self.leaf(condition)
            return [{condition.variable: bits}] if bits else []
        if isinstance(condition, All) is not positive:
            union: list[Box] = []
            for part in condition.parts:
                more = self._of(part, most, positive=positive)
                if more is None or len(union) + len(more) > most:
                    return None
                union += more
            return union
        product: list[Box] = [{}]
        for part in condition.parts:
            factors = self._of(part, most, positive=positive)
            if factors is None or len(product) * len(factors) > most * 4:
                return None
            product = [met for box in product for factor in factors if (met := self.meet(box, factor)) is not None]
            if len(product) > most:
                return None
        return product

    def holds(self, condition: Condition, call: Call) -> bool:
        """Whether a condition holds of a call, by the bits; for searching, the evaluator has the last word."""
        if isinstance(condition, Always):
            return True
        if isinstance(condition, Not):
            return not self.holds(condition.part, call)
        if isinstance(condition, All):
            return all(self.holds(part, call) for part in condition.parts)
        if isinstance(condition, Any):
            return any(self.holds(part, call) for part in condition.parts)
        value = call.get(condition.variable)
        variable = self.variables[condition.variable]
        at = len(variable.values) if value is None else self._position[variable.name][_typed(value)]
        return bool(self.leaf(condition) >> at & 1)

    def hull(self, condition: Condition, *, positive: bool = True) -> Box | None:
        """One box around the condition (or around where it does not hold); none if it holds no call."""
        if isinstance(condition, Always):
            return {} if positive else None
        if isinstance(condition, Not):
            return self.hull(condition.part, positive=not positive)
        if not isinstance(condition, (All, Any)):
            bits = self.leaf(condition) if positive else self.every[condition.variable] & ~self.leaf(condition)
            return {condition.variable: bits} if bits else None
        hulls = [self.hull(part, positive=positive) for part in condition.parts]
        if isinstance(condition, All) is not positive:
            some = [hull for hull in hulls if hull is not None]
            if not some:
                return None
            shared = set(some[0]).intersection(*some[1:])
            return {name: _union(hull[name] for hull in some) for name in shared}
        met: Box | None = {}
        for hull in hulls:
            met = None if met is None or hull is None else self.meet(met, hull)
        return met

    def meet(self, one: Box, other: Box) -> Box | None:
        """What lies in both; none if nothing does. Zones are not looked at, see `placed`."""
        met = dict(one)
        for name, bits in other.items():
            both = met.get(name, bits) & bits
            if not both:
                return None
            met[name] = both
        return met

    def placed(self, box: Box) -> Box | None:
        """The box without values that its zones rule out; none if they leave no call."""
        if not any(name.startswith("zone.") for name in box):
            return box
        box = dict(box)
        changed = True
        while changed:
            changed = False
            for name, out in self._ruled_out(box):
                held = box.get(name, self.every[name])
                if held & out:
                    box[name] = held & ~out
                    changed = True
                    if not box[name]:
                        return None
        return box

    def _ruled_out(self, box: Mapping[str, int]) -> Iterable[tuple[str, int]]:
        for inner, outer in self._nested:
            if box.get(inner) == _TRUE:
                yield outer, _FALSE
            if box.get(outer) == _FALSE:
                yield inner, _TRUE
        inside = next((name for name in self._areas if box.get(name) == _TRUE), None)
        if inside is not None:
            yield from ((name, _TRUE) for name in self._areas if name != inside)

    def call(self, box: Box) -> Call | None:
        """A plain call in the box: unknown where it may be, else no, else the first value; none if zones forbid it."""
        placed = self.placed(box)
        if placed is None:
            return None
        call: Call = {}
        for name, variable in self.variables.items():
            bits = placed.get(name, self.every[name])
            value = self.plain(variable, bits)
            if value is not None:
                call[name] = value
        return call

    def plain(self, variable: Variable, bits: int) -> Value | None:
        """The plainest of these values."""
        if variable.unknown and bits >> len(variable.values) & 1:
            return None
        usual = USUAL.get(variable.name)
        if usual is not None and bits >> self._position[variable.name][_typed(usual)] & 1:
            return usual
        return variable.values[(bits & -bits).bit_length() - 1]

    def some(self, variable: Variable, bits: int) -> Sequence[Value | None]:
        """All of these values, unknown first."""
        unknown: list[Value | None] = [None] if variable.unknown and bits >> len(variable.values) & 1 else []
        return unknown + [value for at, value in enumerate(variable.values) if bits >> at & 1]


def _all_bits(variable: Variable) -> int:
    return (1 << (len(variable.values) + variable.unknown)) - 1


def _typed(value: Value | None) -> tuple[bool, Value | None]:
    return isinstance(value, bool), value


def _union(every: Iterable[int]) -> int:
    bits = 0
    for each in every:
        bits |= each
    return bits
