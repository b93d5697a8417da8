"""Entries: the bytes and the tags of what is about to happen, and the ids that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.calls import CallTaken
from everycall.core.events import VERSION, Envelope, encode_event
from everycall.engine.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.core.actors import Actor
    from everycall.core.event import Event

_MADE: Final = (
    "call",
    "incident",
    "new",
    "assignment",
    "hand_over",
    "instruction",
    "review",
    "note",
    "patient",
    "act",
)


def encoded(
    events: Sequence[Event],
    *,
    centre: str,
    first: int,
    command: str,
    digest: str,
    at: int,
    now: int,
    actor: Actor,
) -> list[tuple[bytes, tuple[str, ...]]]:
    """The bytes and tags of events, of which the first gets the sequence `first`; nothing has happened yet."""
    entries: list[tuple[bytes, tuple[str, ...]]] = []
    for sequence, event in enumerate(events, first):
        envelope = Envelope(
            centre=centre,
            sequence=sequence,
            command=command,
            command_hash=digest,
            occurred_at=at,
            recorded_at=now,
            actor=actor,
            version=VERSION,
            body=event,  # type: ignore[arg-type]  # every event class stands in the union, which a test checks
        )
        entries.append((encode_event(envelope), tags_of(event)))
    return entries


def made_by(events: Sequence[Event]) -> tuple[str, ...]:
    """The ids that these events made, in order: what the sender needs for the next command."""
    made: dict[str, None] = {}
    for event in events:
        for name in _MADE:
            value = getattr(event, name, None)
            if isinstance(value, str):
                made[value] = None
        if isinstance(event, CallTaken):
            for need in event.needs:
                made[need.need] = None
    return tuple(made)
