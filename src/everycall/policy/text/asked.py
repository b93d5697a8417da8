"""Conditions: what a rule asks of a call, read and checked against what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import (
    TIME_ATTRIBUTES,
    TIME_OF_DAY,
    WEEKDAY,
    Attribute,
    Domain,
    Number,
    Several,
    Value,
    YesNo,
    Zone,
)
from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Not, Within
from everycall.policy.text.declared import integer_within, value_of
from everycall.policy.text.durations import minute_of
from everycall.policy.text.fields import ALWAYS, COMPARISONS, CONNECTIVES, OR, TIME_KEY, UNKNOWN, WEEKDAY_KEY, ZONE_KEY
from everycall.policy.text.positions import Mapping, Node, Scalar, Sequence
from everycall.policy.text.problems import Problems, near, quoted
from everycall.policy.text.values import items_of, kind_words, refuse_twice, word
from everycall.policy.text.zones import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENDS: Final = 2
_MIDNIGHT_AT_THE_END: Final = 24 * 60
_CLOCK_NAMES: Final = frozenset(attribute.name for attribute in TIME_ATTRIBUTES)
_NOTHING: Final = Always()
"""Given back in place of what could not be read."""


class Conditions:
    """Reads conditions over these attributes and zones.

    Attributes:
        asked: The attributes and zones that the conditions read so far look at, by variable or attribute name.
    """

    def __init__(self, problems: Problems, attributes: Iterable[Attribute], zones: Iterable[Zone]) -> None:
        self._problems = problems
        self._attributes: Final = {attribute.name: attribute for attribute in attributes}
        self._zones: Final = frozenset(zone.name for zone in zones)
        self._one_of_several: Final = {
            f"{attribute.name}.{value}": attribute.name
            for attribute in self._attributes.values()
            if isinstance(attribute.domain, Several)
            for value in attribute.domain.values
        }
        keys = [name for name in self._attributes if name not in _CLOCK_NAMES]
        self._keys: Final = (*keys, ZONE_KEY, TIME_KEY, WEEKDAY_KEY, *CONNECTIVES)
        self.asked: Final[set[str]] = set()

    def read(self, node: Node) -> Condition:
        """One condition: a map, all of whose entries must hold; or the word always."""
        if isinstance(node, Scalar) and node.text == ALWAYS:
            return Always()
        if not isinstance(node, Mapping):
            self._problems.add(
                node,
                f"The condition is {kind_words(node)}.",
                "Write attribute and value, as in {type: robbery}; a list goes under 'all' or 'any'.",
            )
            return _NOTHING
        if not node.entries:
            self._problems.add(node, "The condition is an empty map.", "Name at least one attribute.")
            return _NOTHING
        parts = [self._entry(key, value) for key, value in node.entries]
        return parts[0] if len(parts) == 1 else All(parts=tuple(parts))

    def _entry(self, key: Scalar, node: Node) -> Condition:
        name = key.text
        if name in ("all", "any"):
            parts = tuple([self.read(item) for item in items_of(self._problems, node, f"'{name}'")])
            return All(parts=parts) if name == "all" else Any(parts=parts)
        if name == "not":
            return Not(part=self.read(node))
        if name == ZONE_KEY:
            return self._zone(node)
        if name == TIME_KEY:
            return self._time(node)
        if name == WEEKDAY_KEY:
            return self._asks(key, node, self._attributes[WEEKDAY])
        if name in _CLOCK_NAMES:
            remedy = "Write time: {during: [22:00, 06:00]}." if name == TIME_OF_DAY else "Write 'weekday' instead."
            self._problems.add(key, f"Rules do not ask about {quoted(name)} by that name.", remedy)
            return _NOTHING
        if name in self._one_of_several:
            self.asked.add(self._one_of_several[name])
            return self._compared(key, node, name, YesNo())
        if name not in self._attributes:
            self._problems.add(key, f"There is no attribute {quoted(name)}.", near(name, self._keys))
            return _NOTHING
        return self._asks(key, node, self._attributes[name])

    def _asks(self, key: Scalar, node: Node, attribute: Attribute) -> Condition:
        self.asked.add(attribute.name)
        return self._compared(key, node, attribute.name, attribute.domain)

    def _compared(self, key: Scalar, node: Node, variable: str, domain: Domain) -> Condition:
        if isinstance(node, Mapping):
            return self._comparison(key, node, variable, domain)
        if isinstance(domain, Several):
            self._problems.add(
                node,
                f"{quoted(key.text)} can have several values at once.",
                f"Write {key.text}: {{has: <a value>}}; several of them go under 'any' or 'all'.",
            )
            return _NOTHING
        if isinstance(node, Sequence):
            return self._in(key, node, variable, domain, or_unknown=False)
        return self._is(key, node, variable, domain)

    def _is(self, key: Scalar, node: Node, variable: str, domain: Domain) -> Condition:
        return Is(variable=variable, value=self._value(key, node, variable, domain))

    def _value(self, key: Scalar, node: Node, variable: str, domain: Domain) -> Value | None:
        if isinstance(node, Scalar) and node.text == UNKNOWN:
            if variable in _CLOCK_NAMES:
                self._problems.add(node, "The clock is never unknown.", "Delete 'unknown' here.")
            return None
        return value_of(self._problems, node, domain, f"The value of {quoted(key.text)}")

    def _in(self, key: Scalar, node: Node, variable: str, domain: Domain, *, or_unknown: bool) -> Condition:
        items = items_of(self._problems, node, f"The list of {quoted(key.text)}")
        read = [self._value(key, item, variable, domain) for item in items]
        named = [item.text if isinstance(item, Scalar) else "" for item in items]
        refuse_twice(self._problems, items, named)
        values = tuple([value for value in read if value is not None])
        if not values:
            return Is(variable=variable, value=None)
        return In(variable=variable, values=values, or_unknown=or_unknown or UNKNOWN in named)

    def _comparison(self, key: Scalar, node: Mapping, variable: str, domain: Domain) -> Condition:
        found = self._form(key, node, _forms_of(domain))
        if found is None:
            return _NOTHING
        name, value, or_unknown = found
        if or_unknown and variable in _CLOCK_NAMES:
            self._problems.add(node, "The clock is never unknown.", "Delete 'or: unknown' here.")
        if name == "has":
            values = domain.values if isinstance(domain, Several) else ()
            return Has(
                attribute=variable,
                value=word(self._problems, value, f"The value of {quoted(key.text)}", values),
                or_unknown=or_unknown,
            )
        if name == "between" and isinstance(domain, Number):
            return self._between(key, value, variable, domain, or_unknown=or_unknown)
        if name == "in":
            return self._in(key, value, variable, domain, or_unknown=or_unknown)
        read = self._value(key, value, variable, domain)
        if not or_unknown:
            return Is(variable=variable, value=read)
        if read is None:
            self._problems.add(value, "'is: unknown' and 'or: unknown' say the same.", "Delete 'or: unknown'.")
            return _NOTHING
        return In(variable=variable, values=(read,), or_unknown=True)

    def _between(self, key: Scalar, node: Node, variable: str, domain: Number, *, or_unknown: bool) -> Condition:
        ends = items_of(self._problems, node, "'between'")
        if len(ends) != _ENDS:
            self._problems.add(node, "'between' has two ends.", "Write between: [lowest, highest].")
            return _NOTHING
        lowest, highest = (
            integer_within(self._problems, end, domain, f"The end of 'between' for {quoted(key.text)}") for end in ends
        )
        if highest < lowest:
            self._problems.add(
                node, f"'between' is upside down: {lowest} is more than {highest}.", "Exchange its ends."
            )
        return Between(variable=variable, lowest=lowest, highest=highest, or_unknown=or_unknown)

    def _form(self, key: Scalar, node: Mapping, allowed: tuple[str, ...]) -> tuple[str, Node, bool] | None:
        """The one comparison of a map, what it says, and whether unknown will do too."""
        found: tuple[str, Node] | None = None
        or_unknown = False
        for name, value in node.entries:
            if name.text == OR:
                or_unknown = isinstance(value, Scalar) and value.text == UNKNOWN
                if not or_unknown:
                    self._problems.add(
                        value, f"'or' is {kind_words(value)}.", "Write 'or: unknown'; other values go into the list."
                    )
            elif name.text not in allowed:
                says = f"{quoted(key.text)} cannot be asked with {quoted(name.text)}."
                self._problems.add(name, says, _form_remedy(name.text, allowed))
                return None
            elif found is not None:
                self._problems.add(
                    name, f"{quoted(key.text)} is asked two things at once.", "Write each as a part of 'all'."
                )
            else:
                found = (name.text, value)
        if found is None:
            self._problems.add(node, f"Nothing is asked of {quoted(key.text)}.", f"Write one of: {', '.join(allowed)}.")
            return None
        return (*found, or_unknown)

    def _zone(self, node: Node) -> Condition:
        if not isinstance(node, Mapping):
            self._problems.add(
                node, f"'zone' is {kind_words(node)}, not a question.", "Write zone: {within: <a zone>}."
            )
            return _NOTHING
        found = self._form(Scalar(node.line, node.column, ZONE_KEY, plain=True, start=0, end=0), node, ("within",))
        if found is None:
            return _NOTHING
        zone = zone_named(self._problems, found[1], self._zones)
        self.asked.add(f"{ZONE_KEY}.{zone}")
        return Within(zone=zone, or_unknown=found[2])

    def _time(self, node: Node) -> Condition:
        remedy = "Write time: {during: [22:00, 06:00]}, hours and minutes with two digits each."
        during = node.get("during") if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping) or during is None or len(node.entries) != 1:
            self._problems.add(node, "'time' asks only 'during', and the clock is never unknown.", remedy)
            return _NOTHING
        ends = items_of(self._problems, during, "'during'")
        minutes = [minute_of(end.text) if isinstance(end, Scalar) else None for end in ends]
        if len(minutes) != _ENDS or minutes[0] is None or minutes[1] is None:
            self._problems.add(during, "'during' has two times of the day.", remedy)
            return _NOTHING
        start, end = minutes[0], minutes[1]
        if start == _MIDNIGHT_AT_THE_END:
            self._problems.add(during, "'during' begins at 24:00.", "Write 00:00 for a beginning; 24:00 is an end.")
            return _NOTHING
        if start == end:
            self._problems.add(
                during, "'during' begins and ends at the same time.", "Leave it out for always, or move one end."
            )
            return _NOTHING
        return During(start=start, end=end)


def _forms_of(domain: Domain) -> tuple[str, ...]:
    if isinstance(domain, Several):
        return ("has",)
    return ("is", "in", "between") if isinstance(domain, Number) else ("is", "in")


def _form_remedy(word_used: str, allowed: tuple[str, ...]) -> str:
    if word_used in COMPARISONS or word_used in CONNECTIVES:
        return f"Write one of: {', '.join(allowed)}."
    return near(word_used, (*allowed, OR))
