"""Conditions: what a rule asks of a call. Two-valued: every condition holds of a call or does not.

Meaning of a leaf, for a variable whose value may be unknown: it holds if the value is among those it names; of an
unknown value if it names unknown (`value=None`, `or_unknown`), or if what the attribute's unknown counts as is among
those it names. `Not` turns that round: `not: {weapon: yes}` holds of an unknown weapon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.core.base import Frozen
from everycall.policy.attributes import TIME_OF_DAY, ZONE_PREFIX, Value

if TYPE_CHECKING:
    from collections.abc import Iterator


class Always(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="always"):
    """Holds of every call."""


class Is(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="is"):
    """The variable has this value; `None`: it is unknown."""

    variable: str
    value: Value | None


class In(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="in"):
    """The variable has one of these values, or (`or_unknown`) is unknown."""

    variable: str
    values: tuple[Value, ...]
    or_unknown: bool = False


class Between(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="between"):
    """The number is within these ends, both included, or (`or_unknown`) is unknown."""

    variable: str
    lowest: int
    highest: int
    or_unknown: bool = False


class Has(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="has"):
    """The attribute of several values has this one, or (`or_unknown`) that is unknown."""

    attribute: str
    value: str
    or_unknown: bool = False

    @property
    def variable(self) -> str:
        """The variable of that value."""
        return f"{self.attribute}.{self.value}"


class Within(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="within"):
    """The place is inside the zone, or (`or_unknown`) that is unknown."""

    zone: str
    or_unknown: bool = False

    @property
    def variable(self) -> str:
        """The variable of the zone."""
        return ZONE_PREFIX + self.zone


class During(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="during"):
    """The call came at or after `start` and before `end`, minutes after local midnight.

    `end` before `start` runs over midnight; they are never equal. `end` may be 1440.
    """

    start: int
    end: int

    @property
    def variable(self) -> str:
        """The minute of the day."""
        return TIME_OF_DAY


class All(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="all"):
    """Each part holds."""

    parts: tuple[Condition, ...]


class Any(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="any"):
    """At least one part holds."""

    parts: tuple[Condition, ...]


class Not(Frozen, frozen=True, kw_only=True, tag_field="asks", tag="not"):
    """The part does not hold."""

    part: Condition


Leaf = Is | In | Between | Has | Within | During
Condition = Always | Is | In | Between | Has | Within | During | All | Any | Not


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The questions at the ends of a condition, from left to right."""
    if isinstance(condition, (All, Any)):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    elif not isinstance(condition, Always):
        yield condition


def mentioned(condition: Condition) -> frozenset[str]:
    """The variables that a condition looks at."""
    return frozenset(leaf.variable for leaf in leaves(condition))
