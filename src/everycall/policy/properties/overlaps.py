"""Overlaps whose order changes an outcome: two rules both match some call and say different things; the earlier wins.

That is what an order is for, so nothing is refuted; but whoever moves a rule should know what else it meets. Worked out
from the conditions as boxes, without an engine: for rules whose boxes are too many, from their hulls, so that a pair
may be named that never meets, and none is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from everycall.policy.properties.boxes import Box, Boxes
    from everycall.policy.rules import Policy, Rule


class Meetings:
    """Which later rules can match a call together with a rule, by the hulls of their conditions."""

    def __init__(self, rules: Sequence[Rule], boxes: Boxes) -> None:
        """For these rules, in order."""
        self.shapes: Final = [_shape(rule, boxes) for rule in rules]
        self._hulls: Final = [_hull(shape) for shape in self.shapes]
        self._admits: Final = _admits(self._hulls)

    def later(self, at: int, freed: str | None = None) -> Iterator[int]:
        """The places of the later rules that may match a call of the rule at this place, or its twin.

        Args:
            at: The place of the rule.
            freed: A variable in which the twin may differ from the call.
        """
        hull = self._hulls[at]
        if hull is not None:
            kept = {name: bits for name, bits in hull.items() if name != freed}
            yield from _meeting(at, kept, self._admits, len(self._hulls))


def overlaps(policy: Policy, boxes: Boxes, plan_of: dict[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]]:
    """For each rule the later rules that match some of its calls and have another plan.

    Args:
        policy: Its rules, without triage and default.
        boxes: Of the policy.
        plan_of: The rank of each rule's plan in each component.
    """
    meetings = Meetings(policy.rules, boxes)
    found: dict[str, tuple[str, ...]] = {}
    for at, rule in enumerate(policy.rules):
        later = [
            policy.rules[other].id
            for other in meetings.later(at)
            if plan_of[policy.rules[other].id] != plan_of[rule.id]
            and _meet(meetings.shapes[at], meetings.shapes[other], boxes)
        ]
        if later:
            found[rule.id] = tuple(later)
    return found


def _shape(rule: Rule, boxes: Boxes) -> list[Box]:
    found = boxes.of(rule.when)
    if found is None:
        hull = boxes.hull(rule.when)
        found = [] if hull is None else [hull]
    return [placed for box in found if (placed := boxes.placed(box)) is not None]


def _hull(shape: list[Box]) -> Box | None:
    if not shape:
        return None
    hull = dict(shape[0])
    for box in shape[1:]:
        hull = {name: bits | box[name] for name, bits in hull.items() if name in box}
    return hull


def _admits(hulls: list[Box | None]) -> dict[str, tuple[int, dict[int, int]]]:
    """For each variable the rules (as bits) that leave it open, and by what they restrict it to the others."""
    names = {name for hull in hulls if hull is not None for name in hull}
    admits: dict[str, tuple[int, dict[int, int]]] = {}
    for name in names:
        free, by_bits = 0, dict[int, int]()
        for at, hull in enumerate(hulls):
            if hull is None:
                continue
            bits = hull.get(name)
            if bits is None:
                free |= 1 << at
            else:
                by_bits[bits] = by_bits.get(bits, 0) | 1 << at
        admits[name] = (free, by_bits)
    return admits


def _meeting(at: int, hull: Box, admits: dict[str, tuple[int, dict[int, int]]], count: int) -> Iterator[int]:
    """The later rules whose hulls meet this one."""
    left = (1 << count) - (1 << (at + 1))
    for name, bits in hull.items():
        free, by_bits = admits[name]
        may = free
        for other, rules in by_bits.items():
            if other & bits:
                may |= rules
        left &= may
    while left:
        lowest = left & -left
        yield lowest.bit_length() - 1
        left ^= lowest


def _meet(one: list[Box], other: list[Box], boxes: Boxes) -> bool:
    for first in one:
        for second in other:
            met = boxes.meet(first, second)
            if met is not None and boxes.placed(met) is not None:
                return True
    return False
