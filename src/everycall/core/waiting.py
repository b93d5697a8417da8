"""Waiting for want of units: stamped by the system, and no hold.

A response waits while it is pending and no free unit of its agency has a capability that its plan asks for.
When that begins and ends is recorded beside the decision that made it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import Identifier, Instant, Word
from everycall.core.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.incidents import Response
    from everycall.core.state import State


class ResponseWaiting(Event, frozen=True, kw_only=True):
    """No unit that could go is free; `lacking` are the capabilities that are wanted."""

    incident: Identifier
    agency: Identifier
    since: Instant
    lacking: tuple[Word, ...]


class WaitingEnded(Event, frozen=True, kw_only=True):
    """A unit that could go is free again, or the response is no longer pending."""

    incident: Identifier
    agency: Identifier
    at: Instant


def waiting_changes(
    state: State,
    at: int,
    *,
    pending: Sequence[tuple[str, Response]] = (),
    gone: Iterable[str] = (),
    freed: Iterable[str] = (),
    served: Iterable[tuple[str, str]] = (),
    agencies: Iterable[str] = (),
) -> Sequence[Event]:
    """What begins and ends to wait when units go and come free.

    `pending` are responses that this command makes pending, as they will be, `served` those that it gives a
    unit, `agencies` those whose units it moves.
    """
    gone = set(gone)
    freed = set(freed)
    looked_at: dict[tuple[str, str], Response] = {
        (incident, response.agency): response for incident, response in pending
    }
    for agency in agencies:
        for incident in state.unserved.get(agency, ()):
            if (incident, agency) not in looked_at:
                looked_at[incident, agency] = state.incidents[incident].responses[agency]
    if not looked_at:
        return []
    already = set(served)
    events: list[ResponseWaiting | WaitingEnded] = []
    for (incident, agency), response in looked_at.items():
        if (incident, agency) in already:
            continue
        lacking = _lacking(state, response, gone, freed)
        if lacking and response.waiting_since is None:
            events.append(ResponseWaiting(incident=incident, agency=agency, since=at, lacking=lacking))
        elif not lacking and response.waiting_since is not None:
            events.append(WaitingEnded(incident=incident, agency=agency, at=at))
    if len(events) > 1:
        events.sort(key=_place)
    return events


def _place(event: ResponseWaiting | WaitingEnded) -> tuple[str, str]:
    return event.incident, event.agency


def _lacking(state: State, response: Response, gone: set[str], freed: set[str]) -> tuple[str, ...]:
    """The capabilities of the plan, if no free unit has any of them; empty when somebody could go."""
    wanted = [requirement.capability for requirement in response.plan.send]
    if not wanted:
        return ()
    free = state.free.get(response.agency, set())
    for unit in free - gone if gone else free:
        if any(capability in wanted for capability in state.units[unit].capabilities):
            return ()
    for unit in freed:
        held = state.units.get(unit)
        if (
            held is not None
            and held.agency == response.agency
            and any(capability in wanted for capability in held.capabilities)
        ):
            return ()
    return tuple(wanted)


def _waiting(state: State, event: ResponseWaiting) -> None:
    state.change_response(event.incident, event.agency, waiting_since=event.since)


def _ended(state: State, event: WaitingEnded) -> None:
    state.change_response(event.incident, event.agency, waiting_since=None)


DECIDE: Final[DecideTable] = {}
EVOLVE: Final[EvolveTable] = {ResponseWaiting: _waiting, WaitingEnded: _ended}
