"""Recall: what retired is built again from its own events when a command names it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.clocks import retirement
from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.floor import ShiftChanged
from everycall.core.instructions import InstructionCompleted, InstructionRecorded
from everycall.core.outcomes import Duplicate
from everycall.core.retiring import Recalled, Retired, component
from everycall.core.state import State
from everycall.engine.ports import LogFailedError
from everycall.engine.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from everycall.core.acts import Act
    from everycall.core.base import Entity
    from everycall.core.commands import AnyCommand
    from everycall.core.events import AnyEvent
    from everycall.core.given import Given
    from everycall.engine.ports import Log


_NAMING: Final = frozenset(
    {"call", "calls", "incident", "into", "related", "need", "needs", "about"}
    | {"assignment", "assignments", "hand_over", "review", "act", "of"}
)
_ENVELOPE_ROOM: Final = 4_096
"""Bytes left for the envelope of an entry, its deadlines, and the brackets."""


class TooLargeToRecallError(Exception):
    """What is named left memory, and a part of it is larger than the entry that would bring it back may be."""


@cache
def _fields_that_name(kind: type) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return tuple(name for name in fields if name in _NAMING)


def _named(body: AnyCommand) -> Iterator[str]:
    for name in _fields_that_name(type(body)):
        value = getattr(body, name)
        # `need` of AddNeed and `needs` of TakeCall are what is asked, not ids: no text, so passed over below.
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                yield text
    outcome = getattr(body, "outcome", None)
    if isinstance(outcome, Duplicate) and outcome.of is not None:
        yield outcome.of


def _held(state: State, text: str) -> bool:
    return (
        text in state.incidents
        or text in state.needs
        or text in state.assignments
        or text in state.calls
        or text in state.acts
        or text in state.hand_overs
        or text in state.reviews
    )


def names_absent(state: State, body: AnyCommand) -> bool:
    """Whether a command names what the state does not hold: unknown, or retired."""
    return any(not _held(state, text) for text in _named(body))


def named_but_absent(state: State, body: AnyCommand, log: Log) -> list[str]:
    """The calls and incidents that a command names and the state does not hold: unknown ones, or retired.

    Raises:
        LogFailedError: the log cannot be read.
    """
    absent: dict[str, None] = {}
    for text in _named(body):
        key = None if _held(state, text) else _key(text, log)
        if key is not None and key not in state.calls and key not in state.incidents:
            absent[key] = None
    return list(absent)


def _key(text: str, log: Log) -> str | None:
    """The call or incident that an id is about, by its shape: C000001, C000001-1, 2026-000001, or A000001."""
    letter, rest = text[:1], text[1:]
    if letter == "C":
        return text.partition("-")[0]
    if letter.isdecimal():
        return text
    tag = _TAG.get(letter)
    if tag is None or not rest.isdecimal():
        return None
    # What has no story of its own is found through the first event that names it.
    for _, event in _tagged(log, f"{tag}:{text}"):
        return _about(event)
    return None


_TAG: Final = {"A": "assignment", "H": "hand_over", "R": "review", "U": "act"}


def _about(event: AnyEvent) -> str | None:
    for name in ("incident", "need", "touches", "needs"):
        value = getattr(event, name, None)
        first = value[0] if isinstance(value, tuple) and value else value
        if isinstance(first, str):
            return first.partition("-")[0] if first.startswith("C") else first
    return None


def _tagged(log: Log, tag: str) -> Iterator[tuple[int, AnyEvent]]:
    """The events that carry a tag, in order."""
    entries = log.by_tag(tag)
    while True:
        try:
            found = next(entries, None)
        except Exception as error:
            raise LogFailedError(str(error)) from error
        if found is None:
            return
        sequence, data = found
        yield sequence, decode_event(data).body


def _tag_of(key: str) -> str:
    return f"call:{key}" if key.startswith("C") else f"incident:{key}"


def recalled(log: Log, key: str, given: Given, largest: int) -> list[Recalled]:
    """The events that bring back what hangs together with a retired call or incident.

    Several where one would be larger than an entry may be. None if it never was or never retired.

    Raises:
        LogFailedError: the log cannot be read.
        TooLargeToRecallError: a part of it does not fit into an entry.
    """
    retired = 0
    for sequence, event in _tagged(log, _tag_of(key)):
        if isinstance(event, Retired):
            retired = sequence
        elif isinstance(event, Recalled):
            retired = 0
    if not retired:
        return []
    past = _past(log, key, retired)
    calls, incidents = component(past, key)
    needs = {need for call in calls for need in past.calls[call].needs}
    subjects = calls | incidents
    acts = {name: act for name, act in past.acts.items() if not subjects.isdisjoint(act.subjects())}
    entities: list[Entity] = [
        *(past.calls[call] for call in sorted(calls)),
        *(past.needs[need] for need in sorted(needs)),
        *(past.incidents[incident] for incident in sorted(incidents)),
        *(held for _, held in sorted(past.assignments.items()) if held.incident in incidents),
        *(held for _, held in sorted(past.reviews.items()) if held.need in needs),
        *(held for _, held in sorted(past.hand_overs.items()) if needs.intersection(held.needs)),
    ]
    events = _in_entries(entities, dict(sorted(acts.items())), given.now, largest - _ENVELOPE_ROOM)
    # Without a deadline it would never leave memory again.
    events[-1] = msgspec.structs.replace(events[-1], sets=retirement(past, given, key))
    return events


def _past(log: Log, key: str, retired: int) -> State:
    """The state of what is connected with a call or incident, as it was before the entry `retired`.

    What was ever linked, merged or related with it is followed too, since its events read and change both
    sides.
    """
    events: dict[int, AnyEvent] = {}
    ahead = [_tag_of(key)]
    seen = set(ahead)
    while ahead:
        for sequence, event in _tagged(log, ahead.pop()):
            if sequence >= retired or sequence in events:
                continue
            if isinstance(event, (InstructionRecorded, InstructionCompleted)):
                continue  # they change instructions only, which never retire
            events[sequence] = event
            if isinstance(event, ShiftChanged):
                continue  # it touches all that was open, each by itself
            for tag in tags_of(event):
                if tag.startswith(("call:", "incident:")) and tag not in seen:
                    seen.add(tag)
                    ahead.append(tag)
    past = State()
    for sequence in sorted(events):
        event = events[sequence]
        if isinstance(event, ShiftChanged):
            event = msgspec.structs.replace(
                event,
                calls=tuple([call for call in event.calls if call in past.calls]),
                incidents=tuple([incident for incident in event.incidents if incident in past.incidents]),
            )
        evolve(past, event)
    return past


_FIELDS: Final = {
    "call": "calls",
    "need": "needs",
    "incident": "incidents",
    "assignment": "assignments",
    "review": "reviews",
    "hand_over": "hand_overs",
}


def _in_entries(entities: Sequence[Entity], acts: dict[str, Act], at: int, room: int) -> list[Recalled]:
    """Shared out over as few events as they need; an act that is larger than an entry stays away."""
    encoder = msgspec.json.Encoder()
    parts: list[tuple[dict[str, list[Entity]], dict[str, Act]]] = [({}, {})]
    used = 0

    def place(size: int) -> tuple[dict[str, list[Entity]], dict[str, Act]]:
        nonlocal used
        if used + size > room and used:
            parts.append(({}, {}))
            used = 0
        used += size
        return parts[-1]

    for entity in entities:
        kind = str(entity.__struct_config__.tag)
        size = len(encoder.encode(entity)) + 1
        if size > room:
            raise TooLargeToRecallError(f"A {kind} of {size:,} bytes does not fit into an entry.")
        place(size)[0].setdefault(_FIELDS[kind], []).append(entity)
    for key, act in acts.items():
        size = len(encoder.encode(act)) + len(key) + 4
        if size <= room:
            place(size)[1][key] = act
    return [
        Recalled(
            **{
                name: tuple(held.get(name, ()))  # type: ignore[arg-type]  # each list holds what its name says
                for name in _FIELDS.values()
            },
            acts=some,
            at=at,
        )
        for held, some in parts
    ]
