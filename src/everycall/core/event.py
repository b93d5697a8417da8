"""What every event has: its type in the record, the deadlines that it sets, and those that it ends."""

from __future__ import annotations

from everycall.core.base import Frozen, Identifier, Key, snake
from everycall.core.deadlines import Deadline


class Event(Frozen, frozen=True, kw_only=True, tag_field="event", tag=snake):
    """Something that happened. The class name in snake case is its type in the record."""

    sets: tuple[Deadline, ...] = ()
    ends: tuple[Key, ...] = ()


class ActEvent(Event, frozen=True, kw_only=True):
    """Something that can be undone, under the id `act`.

    Its deadlines belong to the act and go back with it.
    """

    act: Identifier
