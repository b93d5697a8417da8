"""The floor: at shift change each open item passes to a named position and person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import CommandBody, Identifier, Instant, Word
from everycall.core.event import Event
from everycall.core.incidents import is_open

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.refusals import Refusal
    from everycall.core.state import State


ITEMS_AN_EVENT: Final = 500
"""Calls, and incidents, that one event of a shift change names."""


class ChangeShift(CommandBody, frozen=True, kw_only=True):
    """What is open at a position passes to another position, or to another person at the same."""

    position: Word
    to_position: Identifier
    to_person: Identifier


class ShiftChanged(Event, frozen=True, kw_only=True):
    """Open calls and incidents passed to a named position and person."""

    position: Word
    to_position: Identifier
    to_person: Identifier
    at: Instant
    calls: tuple[Identifier, ...] = ()
    incidents: tuple[Identifier, ...] = ()


def change_shift(state: State, _actor: Actor, body: ChangeShift, given: Given) -> list[Event] | Refusal:
    """Pass every open item on; none is left without a position."""
    calls = tuple(
        call.id
        for call in state.calls.values()
        if call.position == body.position and any(state.needs[need].outcome is None for need in call.needs)
    )
    incidents = tuple(
        incident.id for incident in state.incidents.values() if incident.position == body.position and is_open(incident)
    )
    # As many events as it takes: an event has its size.
    parts = max(-(-len(calls) // ITEMS_AN_EVENT), -(-len(incidents) // ITEMS_AN_EVENT), 1)
    return [
        ShiftChanged(
            position=body.position,
            to_position=body.to_position,
            to_person=body.to_person,
            at=given.at,
            calls=calls[part * ITEMS_AN_EVENT : (part + 1) * ITEMS_AN_EVENT],
            incidents=incidents[part * ITEMS_AN_EVENT : (part + 1) * ITEMS_AN_EVENT],
        )
        for part in range(parts)
    ]


def _changed(state: State, event: ShiftChanged) -> None:
    for key in event.calls:
        state.calls[key] = replace(state.calls[key], position=event.to_position)
    for key in event.incidents:
        state.incidents[key] = replace(state.incidents[key], position=event.to_position)


DECIDE: Final[DecideTable] = {ChangeShift: change_shift}
EVOLVE: Final[EvolveTable] = {ShiftChanged: _changed}
