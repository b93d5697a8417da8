"""Conditions, values and durations in words for people: "weapon is yes", "time from 22:00 to 06:00".

Every name that a rule uses appears as the rule writes it, so that a reader finds it again in the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from everycall.policy.attributes import TIME_OF_DAY, WEEKDAY, ZONE_PREFIX
from everycall.policy.conditions import All, Always, Any, Between, During, Has, In, Is, Not, Within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.policy.attributes import Value
    from everycall.policy.conditions import Condition, Leaf

_CLOCK_NAMES: Final = {TIME_OF_DAY: "time", WEEKDAY: "weekday"}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def words(condition: Condition) -> str:
    """A condition as a phrase: "type is theft and not (weapon is yes or patients from 2 to 20)"."""
    match condition:
        case Always():
            return "every call"
        case All():
            return _joined(condition.parts, " and ") or "every call"
        case Any():
            return _joined(condition.parts, " or ") or "no call"
        case Not():
            return _denied(condition.part)
        case _:
            return _asked(condition)


def value_words(variable: str, value: Value | None) -> str:
    """A value of a variable: yes, no, unknown, 22:10, inside, 3, robbery."""
    if value is None:
        return "unknown"
    if variable.startswith(ZONE_PREFIX):
        return "inside" if value is True else "outside"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clock_words(value) if variable == TIME_OF_DAY and isinstance(value, int) else str(value)


def variable_words(variable: str) -> str:
    """A variable's name as rules write it: the clock's without their prefix."""
    return _CLOCK_NAMES.get(variable, variable)


def known_words(variable: str, value: Value | None) -> str:
    """What a call has: "weapon is unknown", "place within federal_building is unknown", "time is 22:10"."""
    if not variable.startswith(ZONE_PREFIX):
        return f"{variable_words(variable)} is {value_words(variable, value)}"
    zone = variable.removeprefix(ZONE_PREFIX)
    if value is None:
        return f"place within {zone} is unknown"
    return f"place within {zone}" if value is True else f"place not within {zone}"


def clock_words(minute: int) -> str:
    """A minute of the day as on the wall: 22:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def duration_words(seconds: int) -> str:
    """A duration in the largest unit that says it exactly: "90 s", "8 min", "3 d"."""
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def listed(names: Iterable[str], last: str = "or") -> str:
    """Some names in a sentence: "a", "a or b", "a, b or c"."""
    every = list(names)
    return f" {last} ".join([", ".join(every[:-1]), every[-1]]) if len(every) > 1 else "".join(every)


def _asked(leaf: Leaf) -> str:
    match leaf:
        case Is():
            return known_words(leaf.variable, leaf.value)
        case In():
            values = [value_words(leaf.variable, value) for value in leaf.values] + ["unknown"] * leaf.or_unknown
            name = variable_words(leaf.variable)
            return f"{name} is {values[0]}" if len(values) == 1 else f"{name} is one of {', '.join(values)}"
        case Between():
            low, high = value_words(leaf.variable, leaf.lowest), value_words(leaf.variable, leaf.highest)
            return f"{variable_words(leaf.variable)} from {low} to {high}{_or_unknown(leaf)}"
        case Has():
            return f"{leaf.attribute} has {leaf.value}{_or_unknown(leaf)}"
        case Within():
            return f"place within {leaf.zone}{_or_unknown(leaf)}"
        case During():
            return f"time from {clock_words(leaf.start)} to {clock_words(leaf.end)}"
        case _:
            assert_never(leaf)


def _or_unknown(leaf: Between | Has | Within) -> str:
    return " (or unknown)" if leaf.or_unknown else ""


def _denied(part: Condition) -> str:
    if isinstance(part, Is) and not part.variable.startswith(ZONE_PREFIX):
        return f"{variable_words(part.variable)} is not {value_words(part.variable, part.value)}"
    return f"not ({words(part)})"


def _joined(parts: Iterable[Condition], joint: str) -> str:
    phrases = [(part, words(part)) for part in parts]
    if len(phrases) == 1:
        return phrases[0][1]
    return joint.join(f"({phrase})" if isinstance(part, (All, Any)) else phrase for part, phrase in phrases)
