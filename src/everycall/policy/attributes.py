"""Attributes: what a rule may look at, each declared with a finite domain and an `unknown` of its own.

Invariants:

1. Every attribute is finite: a choice, yes or no, an integer range, or several values that each hold or not.
2. An attribute becomes one *variable*, one of several values becomes a variable for each value, and a zone
   is a variable (`zone.<name>`: is the place inside it?). A variable's name is the name of a call's fact.
3. `unknown` is a value of its own, kept as `None`; only the clock (`time.of_day`, `time.weekday`) has none.
4. What is derived from a protected attribute is protected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = bool | int | str
"""A known value of a variable; unknown is `None`."""

TYPE: Final = "type"
SERVICE: Final = "service"
TIME_OF_DAY: Final = "time.of_day"
WEEKDAY: Final = "time.weekday"
ZONE_PREFIX: Final = "zone."
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_OF_A_DAY: Final = 24 * 60


class YesNo(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="yes_no"):
    """Yes or no."""


class Choice(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """One of these codes."""

    values: tuple[str, ...]


class Number(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """A whole number within a range, both ends included; what lies outside counts as the nearer end."""

    lowest: int
    highest: int
    unit: str


class Several(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="several"):
    """Any of these codes at once; whether each holds is a yes, a no or unknown of its own."""

    values: tuple[str, ...]


Domain = YesNo | Choice | Number | Several


class Attribute(Frozen, frozen=True, kw_only=True):
    """One declared attribute.

    Attributes:
        name: As rules write it.
        domain: Its values.
        source: Who or what says it: caller, call_taker, location, clock, alarm, record…
        derived_from: The attributes that it was worked out from.
        protected: It says who the caller is or who owns the place, so like calls may differ in it.
        danger: More of it must never get less: yes over no, a higher number over a lower.
        counts_as: The value that `unknown` counts as in every condition that does not ask for unknown; none
            where unknown is only itself.
        taken_off: Why an attribute of the shipped protected list is declared not protected: an objection.
        line: Where it is declared; 0 for what ships.
    """

    name: str
    domain: Domain
    source: str
    derived_from: tuple[str, ...] = ()
    protected: bool = False
    danger: bool = False
    counts_as: Value | None = None
    taken_off: str | None = None
    line: int = 0


class Zone(Frozen, frozen=True, kw_only=True):
    """A named area that rules may ask about.

    Attributes:
        name: As rules write it; the fact is `zone.<name>`.
        inside: The zone that it lies within, if any: whoever is in this one is in that one.
        service_area: Whether it is one of the areas that the centre divides its work by; a place is in one of them.
        premises: How many premises it holds; none where nobody counted.
        source: Where its border comes from.
    """

    name: str
    inside: str | None = None
    service_area: bool = False
    premises: int | None = None
    source: str = ""
    line: int = 0

    @property
    def variable(self) -> str:
        """The name of its variable."""
        return ZONE_PREFIX + self.name


class Variable(Frozen, frozen=True, kw_only=True):
    """One finite unknown of the proof, and one fact of a call.

    Attributes:
        name: The fact's name.
        attribute: The attribute (or zone) that it belongs to.
        values: The known values in order; for a number every one of its range.
        unknown: Whether it can be unknown.
        counts_as: What unknown counts as, see `Attribute`.
    """

    name: str
    attribute: str
    values: tuple[Value, ...]
    unknown: bool = True
    protected: bool = False
    danger: bool = False
    counts_as: Value | None = None


_NO_YES: Final[tuple[Value, ...]] = (False, True)


def variables_of(attribute: Attribute) -> tuple[Variable, ...]:
    """The variables that an attribute becomes."""
    domain = attribute.domain
    values: tuple[Value, ...]
    if isinstance(domain, Several):
        return tuple(
            [
                Variable(
                    name=f"{attribute.name}.{value}",
                    attribute=attribute.name,
                    values=_NO_YES,
                    protected=attribute.protected,
                    danger=attribute.danger,
                    counts_as=attribute.counts_as,
                )
                for value in domain.values
            ]
        )
    if isinstance(domain, Number):
        values = tuple(range(domain.lowest, domain.highest + 1))
    elif isinstance(domain, Choice):
        values = domain.values
    else:
        values = _NO_YES
    return (
        Variable(
            name=attribute.name,
            attribute=attribute.name,
            values=values,
            unknown=attribute.name not in (TIME_OF_DAY, WEEKDAY),
            protected=attribute.protected,
            danger=attribute.danger,
            counts_as=attribute.counts_as,
        ),
    )


def variable_of_zone(zone: Zone) -> Variable:
    """The variable that a zone becomes."""
    return Variable(name=zone.variable, attribute=zone.variable, values=_NO_YES)


TIME_ATTRIBUTES: Final = (
    Attribute(
        name=TIME_OF_DAY,
        domain=Number(lowest=0, highest=MINUTES_OF_A_DAY - 1, unit="minutes after local midnight"),
        source="clock",
    ),
    Attribute(name=WEEKDAY, domain=Choice(values=WEEKDAYS), source="clock"),
)
"""When the call came, by the clock on the wall of the policy's time zone."""


def fitting(variable: Variable, told: Value | None) -> Value | None:
    """The value of a variable that a told fact stands for.

    A number outside the range is the nearer end; a code outside the choice is `other` where the choice has
    it; anything else that is no value of the variable is unknown.
    """
    values = variable.values
    if told is None or isinstance(told, bool) is not isinstance(values[0], bool):
        return None
    if isinstance(values[0], int) and not isinstance(values[0], bool):
        last = values[-1]
        if not isinstance(told, int) or not isinstance(last, int):
            return None
        return min(max(told, values[0]), last)
    if told in values:
        return told
    return "other" if isinstance(told, str) and "other" in values else None


def call_of(variables: Mapping[str, Variable], facts: Mapping[str, Value]) -> dict[str, Value]:
    """The known values of a call, by variable; what is missing is unknown."""
    return {
        name: value for name, variable in variables.items() if (value := fitting(variable, facts.get(name))) is not None
    }


def consistent(zones: Sequence[Zone], call: dict[str, Value]) -> dict[str, Value]:
    """The call without zone facts that contradict each other: those become unknown.

    A place inside a zone that lies inside another is inside both, and no place is in two service areas.
    """
    wrong: set[str] = set()
    for zone in zones:
        outer = None if zone.inside is None else ZONE_PREFIX + zone.inside
        if outer is not None and call.get(zone.variable) is True and call.get(outer) is False:
            wrong.update((zone.variable, outer))
    areas = [zone.variable for zone in zones if zone.service_area and call.get(zone.variable) is True]
    if len(areas) > 1:
        wrong.update(areas)
    return {name: value for name, value in call.items() if name not in wrong} if wrong else call
