"""Durations and times of the day as people write them: "90 s", "8 min", "1 h", "3 d"; "22:00"."""

from __future__ import annotations

import re
from typing import Final

SECONDS_OF: Final = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
"""The units, smallest first, and their seconds."""

LONGEST: Final = 366 * SECONDS_OF["d"]
"""Nothing that somebody waits for takes more than a year."""

WRITTEN: Final = r"(0|[1-9][0-9]{0,8}) ?(s|min|h|d)"
CLOCK: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00"

_WRITTEN: Final = re.compile(WRITTEN)
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2})")
_LAST_MINUTE: Final = 24 * 60
_MINUTES_OF_AN_HOUR: Final = 60


def seconds_of(text: str) -> int | None:
    """The seconds of a duration; none if it is not one."""
    match = _WRITTEN.fullmatch(text)
    return None if match is None else int(match[1]) * SECONDS_OF[match[2]]


def duration_words(seconds: int) -> str:
    """The shortest way to write a duration: the largest unit of which it is a whole number."""
    unit, size = next(
        (unit, size) for unit, size in reversed(SECONDS_OF.items()) if seconds % size == 0 and (seconds or size == 1)
    )
    return f"{seconds // size} {unit}"


def minute_of(text: str) -> int | None:
    """Minutes after midnight of "HH:MM"; 24:00 is 1440; none if it is not a time of the day."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes = int(match[1]), int(match[2])
    whole = hours * _MINUTES_OF_AN_HOUR + minutes
    return whole if minutes < _MINUTES_OF_AN_HOUR and whole <= _LAST_MINUTE else None
