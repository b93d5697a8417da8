"""Self-initiated activity.

What a unit does of its own accord, entered in one command and counted apart from requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.assignments import StampReported, UnitAssigned
from everycall.core.base import CommandBody, Identifier
from everycall.core.calls import CallTaken
from everycall.core.facts import FactGiven
from everycall.core.incidents import IncidentOpened, agency_for
from everycall.core.needs import NeedAsked
from everycall.core.opening import opened
from everycall.core.places import PlaceGiven, place_of
from everycall.core.planning import needs_being_taken
from everycall.core.policies import NOT_RECORDED_PLAN
from everycall.core.reporting import welfare_deadline
from everycall.core.sealed import Confidential
from everycall.core.sending import with_mates
from everycall.core.taking import facts_of, need_taken
from everycall.core.units import why_not_free
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.refusals import Refusal
    from everycall.core.state import State


class SelfInitiate(CommandBody, frozen=True, kw_only=True):
    """A unit reports that it is on something of its own.

    Unit, place, and a plate if it is a stop. A report, so never refused.
    """

    unit: Identifier
    type: Identifier
    place: PlaceGiven | None = None
    plate: Confidential | None = None
    words: Confidential | None = None


def self_initiate(state: State, actor: Actor, body: SelfInitiate, given: Given) -> list[Event] | Refusal:
    """Call, need, incident, assignment and arrival in one go."""
    unit = state.units.get(body.unit)
    agency = None if unit is None else state.agencies.get(unit.agency)
    service = agency.services[0] if agency is not None and agency.services else "police"
    call = f"C{state.counters['call'] + 1:06d}"
    facts = () if body.plate is None else (FactGiven(name="vehicle.plate", value=body.plate, source=body.unit),)
    taken = CallTaken(
        call=call,
        channel="unit_observation",
        mode="voice",
        received_at=given.at,
        needs=(need_taken(call, 1, NeedAsked(service=service, type=body.type, words=body.words)),),
        place=None if body.place is None else place_of(body.place),
        facts=facts_of(facts, given.at),
        position=actor.position,
        self_initiated=True,
    )
    events: list[Event] = [taken]
    held_agency = unit.agency if unit is not None else agency_for(state, service)
    for event in opened(
        state, (call,), needs_being_taken(taken), taken.place, taken.position, given, None, (), taken.facts
    ):
        if isinstance(event, IncidentOpened):
            # Nothing is sent: the unit is there. The plan asks for nobody, so no deadline runs and nothing
            # waits.
            response = replace(
                event.responses[0],
                agency=held_agency,
                plan=replace(NOT_RECORDED_PLAN, rule="house:self_initiated"),
            )
            events.append(replace(event, responses=(response,), sets=()))
            incident = event.incident
            break
    why = None if unit is None else why_not_free(state, unit)
    assignment = f"A{state.counters['assignment'] + 1:06d}"
    events.append(
        UnitAssigned(
            assignment=assignment,
            incident=incident,
            agency=held_agency,
            unit=body.unit,
            at=given.at,
            by_report=True,
            conflict="unknown_unit" if unit is None else None if why is None else why[0],
        )
    )
    events.append(
        StampReported(
            assignment=assignment,
            incident=incident,
            unit=body.unit,
            stamp="on_scene",
            at=given.at,
            source=actor.person,
            sets=(welfare_deadline(state, assignment, incident, given.since, given),),
        )
    )
    gone = with_mates(state, (body.unit,))
    agencies = {state.units[mate].agency: None for mate in gone if mate in state.units}
    return [*events, *waiting_changes(state, given.at, gone=gone, agencies=agencies)]


DECIDE: Final[DecideTable] = {SelfInitiate: self_initiate}
EVOLVE: Final[EvolveTable] = {}
