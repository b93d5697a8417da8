"""Incidents: what is happening, with its calls, and one response per agency.

Invariants:

1. A response is open until each of its needs has an outcome and each of its units is clear.
2. Whether it is pending, held, assigned or attended is derived from the hold and the assignments, never
   stored, so no act can leave a stale word.
3. A response's deadlines run from when its first need was received, whatever happened in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Named, Word
from everycall.core.deadlines import Rung
from everycall.core.event import Event
from everycall.core.notes import Note
from everycall.core.places import Place, PlaceGiven
from everycall.core.policies import (
    ResponsePlan,
)
from everycall.core.refusals import Refusal, unknown
from everycall.core.vocabulary import Service

if TYPE_CHECKING:
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State

ResponseStatus = Literal["pending", "waiting", "held", "assigned", "on_scene", "attended", "closed"]
PatientState = Literal["found", "transported", "refused_care", "treated_on_scene", "no_patient_found", "dead_on_scene"]


class Hold(Frozen, frozen=True, kw_only=True):
    """Why a response does not go out yet, who said so, until when at the most, and who hears of its end."""

    ground: Word
    by: Identifier
    since: Instant
    until: Instant
    rule: Word
    policy: Word
    ladder: tuple[Rung, ...] = ()
    over_objection: bool = False


class Response(Frozen, frozen=True, kw_only=True):
    """One agency's answer to an incident.

    `earlier` are assignments of a round before the last request for help: that they arrived does not answer
    it.
    """

    agency: Identifier
    service: Service
    opened_at: Instant
    plan: ResponsePlan
    needs: tuple[Identifier, ...] = ()
    assignments: tuple[Identifier, ...] = ()
    hold: Hold | None = None
    waiting_since: Instant | None = None
    closed_at: Instant | None = None
    adjusted: bool = False
    over_objection: bool = False
    earlier: tuple[Identifier, ...] = ()


class ResponseNamed(Frozen, frozen=True, kw_only=True):
    """One agency's response in an incident."""

    incident: Identifier
    agency: Identifier


class Patient(Frozen, frozen=True, kw_only=True):
    """One patient; who it is stays sealed elsewhere."""

    id: Identifier
    state: PatientState = "found"
    unit: Identifier | None = None
    hospital: Word | None = None
    changed_at: Instant


class Incident(Entity, frozen=True, kw_only=True):
    """What is happening."""

    id: Identifier
    opened_at: Instant
    calls: tuple[Identifier, ...] = ()
    responses: dict[Identifier, Response] = {}
    place: Place | None = None
    alarm_level: int = 1
    staging: Word | None = None
    patients: tuple[Patient, ...] = ()
    notes: tuple[Note, ...] = ()
    related: tuple[Identifier, ...] = ()
    merged_into: Identifier | None = None
    absorbed: tuple[Identifier, ...] = ()
    split_from: Identifier | None = None
    position: Word = ""
    external: Word | None = None
    reconstructed: bool = False


class OpenIncident(CommandBody, frozen=True, kw_only=True):
    """Open an incident for a call: its needs that are in no incident yet, or those named.

    `agency` answers, instead of the one that answers for the service.
    """

    call: Identifier
    needs: Named = ()
    place: PlaceGiven | None = None
    external: Word | None = None
    agency: Identifier | None = None


class ChangeIncident(CommandBody, frozen=True, kw_only=True):
    """Say where the incident is, apart from where its calls come from, or what it has to do with."""

    incident: Identifier
    place: PlaceGiven | None = None
    related: Named = ()


class IncidentOpened(Event, frozen=True, kw_only=True):
    """An incident was opened with its first responses."""

    incident: Identifier
    at: Instant
    calls: tuple[Identifier, ...]
    responses: tuple[Response, ...]
    place: Place | None = None
    position: Word = ""
    external: Word | None = None
    reconstructed: bool = False


class IncidentChanged(Event, frozen=True, kw_only=True):
    """The place of an incident, or what it has to do with, was said."""

    incident: Identifier
    at: Instant
    place: Place | None = None
    before: Place | None = None
    related: tuple[Identifier, ...] = ()


class ResponseClosed(Event, frozen=True, kw_only=True):
    """All needs of a response have an outcome and all its units are clear."""

    incident: Identifier
    agency: Identifier
    at: Instant


def working(state: State, response: Response) -> bool:
    """Whether a unit is at work on it, that is, assigned and neither clear nor cancelled."""
    assignments = state.assignments
    return any(assignments[key].working for key in response.assignments)


def engaged(state: State, response: Response) -> bool:
    """Whether a unit of it is not clear yet, at work or with the work still before it."""
    assignments = state.assignments
    return any(not assignments[key].ended for key in response.assignments)


def arrived(state: State, response: Response) -> bool:
    """Whether a unit was there since help was last asked for."""
    assignments = state.assignments
    earlier = response.earlier
    return any(assignments[key].there for key in response.assignments if key not in earlier)


def status_of(state: State, response: Response) -> ResponseStatus:
    """Where a response stands, derived from its hold and its assignments."""
    if response.closed_at is not None:
        return "closed"
    if response.hold is not None:
        return "held"
    busy = [a for key in response.assignments if (a := state.assignments[key]).working]
    if busy:
        return "on_scene" if any(a.there for a in busy) else "assigned"
    if arrived(state, response):
        return "attended"
    return "pending" if response.waiting_since is None else "waiting"


def surviving(state: State, key: str | None) -> Incident | None:
    """The incident, or the one into which it was merged; None if it is unknown."""
    incident = None if key is None else state.incidents.get(key)
    while incident is not None and incident.merged_into is not None:
        incident = state.incidents.get(incident.merged_into)
    return incident


def usable(state: State, key: str) -> Incident | Refusal:
    """An incident that has not been merged away, for what somebody proposes to do with it."""
    incident = state.incidents.get(key)
    if incident is None:
        return unknown("incident", key)
    if incident.merged_into is not None:
        return Refusal(
            code="merged",
            rule="house:6",
            because=f"Incident {key} was merged into {incident.merged_into}.",
            instead=f"Use {incident.merged_into}, or undo the merge.",
        )
    return incident


def is_open(incident: Incident) -> bool:
    """Whether any response of it is open."""
    return incident.merged_into is None and any(r.closed_at is None for r in incident.responses.values())


def agency_for(state: State, service: Service) -> str:
    """The agency that answers for a service.

    The first of our own that was enrolled for it, then the first neighbour; the service's own word while
    there is none.
    """
    wanted = "police" if service == "unknown" else service
    neighbour: str | None = None
    for agency in state.agencies.values():
        if wanted in agency.services:
            if not agency.neighbour:
                return agency.id
            neighbour = neighbour or agency.id
    return neighbour or wanted


def change_response(state: State, incident: str, agency: str, **changes: object) -> None:
    """Replace one response of an incident by a changed copy."""
    held = state.incidents[incident]
    response = replace(held.responses[agency], **changes)
    state.incidents[incident] = replace(held, responses={**held.responses, agency: response})


def _opened(state: State, event: IncidentOpened) -> None:
    state.counters[f"incident:{event.incident.split('-', 1)[0]}"] += 1
    state.incidents[event.incident] = Incident(
        id=event.incident,
        opened_at=event.at,
        calls=event.calls,
        responses={response.agency: response for response in event.responses},
        place=event.place,
        position=event.position,
        external=event.external,
        reconstructed=event.reconstructed,
    )
    for response in event.responses:
        for need in response.needs:
            state.needs[need] = replace(state.needs[need], incident=event.incident, agency=response.agency)
        state.refresh_response(event.incident, response.agency)


def _changed(state: State, event: IncidentChanged) -> None:
    incident = state.incidents[event.incident]
    others = tuple(other for other in event.related if other not in incident.related)
    state.incidents[event.incident] = replace(
        incident,
        place=incident.place if event.place is None else event.place,
        related=incident.related + others,
    )
    for key in others:
        other = state.incidents[key]
        if event.incident not in other.related:
            state.incidents[key] = replace(other, related=(*other.related, event.incident))


def _closed(state: State, event: ResponseClosed) -> None:
    change_response(state, event.incident, event.agency, closed_at=event.at, waiting_since=None, hold=None)
    state.refresh_response(event.incident, event.agency)


EVOLVE: Final[EvolveTable] = {IncidentOpened: _opened, IncidentChanged: _changed, ResponseClosed: _closed}
