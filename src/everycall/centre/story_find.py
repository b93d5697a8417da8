"""Finding a story in a record: by incident, by call, or by the number that another system gave it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from everycall.core.calls import CallsRelated, CallTaken
from everycall.core.escalation import DeadlinePassed
from everycall.core.events import decode_event
from everycall.core.floor import ShiftChanged
from everycall.core.incidents import IncidentChanged, IncidentOpened
from everycall.core.instructions import InstructionCompleted, InstructionRecorded
from everycall.core.retiring import Recalled
from everycall.engine.tags import printable, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from everycall.core.event import Event
    from everycall.core.events import Envelope
    from everycall.engine.ports import Log
    from everycall.record import RecordStore

_NEAR: Final = 6
_LOOSE: Final = (ShiftChanged, CallsRelated, InstructionRecorded, InstructionCompleted, Recalled)
"""Events that name calls and incidents which do not hang together."""


class NothingFoundError(LookupError):
    """The record knows no such incident, call or outside number; `near` are names that it does know."""

    def __init__(self, asked: str, near: Sequence[str]) -> None:
        """Say what was looked for, and what is near."""
        self.asked = asked
        self.near = tuple(near)
        hint = (
            f"Near it are: {', '.join(near)}."
            if near
            else "Ask by incident (2026-000001), call (C000001), or the number that another system gave it."
        )
        super().__init__(f"There is no incident or call {asked!r} in this record. {hint}")


def subjects_of(record: RecordStore, asked: str) -> tuple[list[str], list[str]]:
    """The incidents and calls that a number means, and others that bear it too.

    Args:
        record: Where to look.
        asked: An incident, a call (or one of its needs), or an outside number.

    Raises:
        NothingFoundError: there is none.
    """
    asked = asked.strip()
    for key in dict.fromkeys((asked, asked.upper(), asked.upper().rpartition("-")[0])):
        if key and _has(record, f"incident:{key}"):
            return [key], []
        if key and _has(record, f"call:{key}"):
            return [key], []
    found: dict[str, None] = {}
    for _, data in record.by_tag(printable(f"external:{asked}")):
        body = decode_event(data).body
        if isinstance(body, IncidentOpened):
            found[body.incident] = None
            for call in body.calls:
                found.pop(call, None)
        elif isinstance(body, CallTaken):
            found[body.call] = None
    if not found:
        raise NothingFoundError(asked, near(record, asked))
    keys = list(found)
    incidents = [key for key in keys if not key.startswith("C")] or keys
    first = incidents[0]
    together = set(gathered(record, [first])[1])
    return [first], [key for key in keys if key != first and key not in together]


def gathered(record: RecordStore | Log, subjects: Sequence[str]) -> tuple[list[Envelope], list[str]]:
    """Every event of these incidents and calls and of what hangs together with them, in order.

    Returns:
        The envelopes, and the ids whose events they are.
    """
    envelopes: dict[int, Envelope] = {}
    seen: set[str] = set()
    ahead = list(subjects)
    while ahead:
        key = ahead.pop()
        if key in seen:
            continue
        seen.add(key)
        for sequence, data in record.by_tag(printable(_tag(key))):
            if sequence not in envelopes:
                envelope = decode_event(data)
                envelopes[sequence] = envelope
                ahead += [other for other in _together(envelope.body) if other not in seen]
    return [envelopes[sequence] for sequence in sorted(envelopes)], sorted(seen)


def near(record: RecordStore, asked: str) -> list[str]:
    """Some names that begin like the one that was asked for, or that it may be short for."""
    found: dict[str, None] = {}
    for name in _guesses(record, asked):
        for kind in ("incident", "call"):
            if _has(record, f"{kind}:{name}"):
                found[name] = None
    for length in range(len(asked), 0, -1):
        for kind in ("incident:", "call:", "external:"):
            begun = printable(f"{kind}{asked[:length]}")
            for tag in itertools.islice(record.find_tags(begun), _NEAR):
                found[tag.removeprefix(kind)] = None
        if len(found) >= _NEAR:
            break
    return list(found)[:_NEAR]


def _guesses(record: RecordStore, asked: str) -> Iterator[str]:
    digits = asked.upper().lstrip("C#").rpartition("-")[2]
    if not digits.isdecimal() or len(digits) > 12:  # noqa: PLR2004 - longer is no running number
        return
    number = int(digits)
    yield f"C{number:06d}"
    year = next(iter(record.find_tags("incident:")), "").removeprefix("incident:").partition("-")[0]
    if year.isdecimal():
        yield from (f"{int(year) + later}-{number:06d}" for later in range(3))


def _has(record: RecordStore, tag: str) -> bool:
    return next(iter(record.by_tag(printable(tag))), None) is not None


def _tag(key: str) -> str:
    return f"call:{key}" if key.startswith("C") else f"incident:{key}"


def _together(event: Event) -> Iterator[str]:
    """The incidents and calls that an event holds together: all it is tagged with, but for loose mentions."""
    if isinstance(event, _LOOSE):
        return
    if isinstance(event, IncidentChanged):
        yield event.incident
        return
    if isinstance(event, DeadlinePassed) and event.kind == "retire":
        return
    for tag in tags_of(event):
        kind, _, key = tag.partition(":")
        if kind in ("call", "incident"):
            yield key
