"""Sending units and calling them back: who may go, what a response waits for when its last unit is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.assignments import (
    Assign,
    Assignment,
    AssignmentCancelled,
    CancelAssignment,
    Preempt,
    StackedBegun,
    UnitAssigned,
)
from everycall.core.clocks import response_clock, retirement, unsettled
from everycall.core.deadlines import Deadline, standing
from everycall.core.holding import let_go
from everycall.core.incidents import Response, ResponseClosed, usable
from everycall.core.policies import NOT_RECORDED_PLAN, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.units import why_not_free
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.incidents import Incident
    from everycall.core.state import State


def response_of(incident: Incident, agency: str | None, unit_agency: str | None) -> str | None:
    """The response that a unit joins: the named one, its own agency's, or the only one there is."""
    responses = incident.responses
    if agency is not None:
        return agency if agency in responses else None
    if unit_agency is not None and unit_agency in responses:
        return unit_agency
    if unit_agency is None and responses:
        return next(iter(responses))
    return None


def _joining(incident: Incident, agency: str, given: Given) -> Response:
    """A response for an agency that comes on its own account: sending more needs no reason."""
    first = next(iter(incident.responses.values()), None)
    return Response(
        agency=agency,
        service="other" if first is None else first.service,
        opened_at=given.since,
        plan=NOT_RECORDED_PLAN
        if first is None
        else replace(
            first.plan, send=(), dispatch_within=None, arrive_within=None, find_out_within=None, support=(), offer=None
        ),
    )


def acknowledge_deadline(state: State, assignment: str, incident: Incident, given: Given) -> Deadline:
    """By when a unit must have said that it heard."""
    floor = evaluator_in_force(state, given).floor()
    return Deadline(
        kind="acknowledge",
        subject=assignment,
        due=given.since + floor.acknowledge_within,
        ladder=floor.ladder,
        touches=(incident.id,),
    )


def assigned(
    state: State,
    number: int,
    incident: Incident,
    unit: str,
    agency: str | None,
    given: Given,
    *,
    at: int | None = None,
    source: str = "dispatch",
    stacked: bool = False,
    by_report: bool = False,
    over: bool = False,
    conflict: str | None = None,
    acknowledge: bool = True,
) -> list[Event]:
    """The events that give a unit work; a hold of its response ends with it."""
    held = state.units.get(unit)
    key = response_of(incident, agency, None if held is None else held.agency)
    joins: Response | None = None
    if key is None:
        key = agency or (held.agency if held is not None else "unknown")
        joins = _joining(incident, key, given)
    assignment = f"A{state.counters['assignment'] + number:06d}"
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    events: list[Event] = []
    if not (stacked or over):
        response = incident.responses.get(key)
        if acknowledge and not incident.reconstructed:
            sets = (acknowledge_deadline(state, assignment, incident, given),)
        subject = f"{incident.id}/{key}"
        ends = standing(state, f"dispatch:{subject}", f"outcome:{subject}")
        if response is not None and response.closed_at is not None:
            ends += standing(state, f"retire:{incident.id}")
        if response is not None and response.hold is not None:
            events.append(let_go(state, incident.id, key, given.at))
    events.append(
        UnitAssigned(
            assignment=assignment,
            incident=incident.id,
            agency=key,
            unit=unit,
            at=given.at if at is None else at,
            source=source,
            stacked=stacked,
            by_report=by_report,
            over=over,
            conflict=conflict,
            joins=joins,
            sets=sets,
            ends=ends,
        )
    )
    return events


def assign(state: State, _actor: Actor, body: Assign, given: Given) -> list[Event] | Refusal:
    """Send units, each of which must be free unless the work is stacked."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    units = tuple(dict.fromkeys(body.units))
    if not units:
        return Refusal(
            code="no_unit_named",
            rule="house:4",
            because="No unit was named.",
            instead="Name the units to send.",
        )
    if body.agency is not None and body.agency not in incident.responses:
        return unknown("response of agency", body.agency)
    events: list[Event] = []
    served: dict[tuple[str, str], None] = {}
    crews: dict[str, str] = {}
    for number, unit in enumerate(units, 1):
        held = state.units.get(unit)
        if held is None:
            return unknown("unit", unit)
        refusal = _cannot_go(state, incident, unit, stacked=body.stacked)
        mate = crews.get(held.crew) if held.crew is not None else None
        if refusal is None and mate is not None and not body.stacked:
            refusal = _crew_committed(unit, mate)
        if refusal is not None:
            return refusal
        # Work stacked on a unit that is free begins at once.
        stacked = body.stacked and (mate is not None or why_not_free(state, held) is not None)
        made = assigned(state, number, incident, unit, body.agency, given, stacked=stacked)
        event = made[-1]
        assert isinstance(event, UnitAssigned)  # noqa: S101 - it is the last of what `assigned` makes
        response = incident.responses.get(event.agency)
        if response is not None and response.closed_at is not None:
            return _closed(incident, response)
        if (incident.id, event.agency) in served:
            made = [event]  # the hold has ended with the unit before
        events += made
        if not stacked:
            served[incident.id, event.agency] = None
            if held.crew is not None:
                crews[held.crew] = unit
    if served:
        gone = with_mates(state, units)
        agencies = {state.units[unit].agency: None for unit in gone if unit in state.units}
        events += waiting_changes(state, given.at, gone=gone, served=served, agencies=agencies)
    return events


def _closed(incident: Incident, response: Response) -> Refusal:
    return Refusal(
        code="response_closed",
        rule="house:6",
        because=f"The response of {response.agency} in incident {incident.id} is closed.",
        instead="Reopen its needs, undo the close, or open an incident for the new need.",
    )


def _crew_committed(unit: str, mate: str) -> Refusal:
    return Refusal(
        code="crew_committed",
        rule="house:4",
        because=f"The crew of {unit} goes with {mate}.",
        instead="Send the unit the crew is with, or another.",
    )


def _cannot_go(state: State, incident: Incident, unit: str, *, stacked: bool) -> Refusal | None:
    held = state.units[unit]
    for key in held.assignments:
        if state.assignments[key].incident == incident.id:
            return _already_there(unit, incident.id, key)
    why = why_not_free(state, held)
    if why is None or (stacked and why[0] in ("already_assigned", "crew_committed")):
        return None
    code, sentence = why
    instead = {
        "already_assigned": "Stack the work behind it, or preempt it with a reason.",
        "crew_committed": "Send the unit the crew is with, or another.",
    }.get(code, "Send another unit; if it goes all the same, report its stamp and it will be recorded.")
    return Refusal(code=code, rule="house:4", because=sentence, instead=instead)


def _already_there(unit: str, incident: str, assignment: str) -> Refusal:
    return Refusal(
        code="already_on_this_incident",
        rule="house:4",
        because=f"{unit} is already assigned to incident {incident} ({assignment}).",
        instead="Report its stamps on that assignment.",
    )


def with_mates(state: State, units: Sequence[str]) -> list[str]:
    """The units and those that share a crew with them: they go, and come free, together."""
    together = list(units)
    for unit in units:
        held = state.units.get(unit)
        crew = None if held is None or held.crew is None else state.crews.get(held.crew)
        if crew is not None:
            together.extend(other for other in crew.units if other not in together)
    return together


def after_last(
    state: State, assignment: Assignment, at: int, given: Given, begins: Assignment | None
) -> tuple[tuple[Deadline, ...], tuple[str, ...], list[Event], list[tuple[str, Response]]]:
    """What a response waits for when this assignment ends, and the stacked work `begins` with that.

    Deadlines to set and to end, its closing if all is done, and the response itself if it is pending then.
    """
    incident = state.incidents[assignment.incident]
    response = incident.responses[assignment.agency]
    needs = state.needs
    others = [
        held for key in response.assignments if key != assignment.id and not (held := state.assignments[key]).ended
    ]
    if not others and all(needs[key].outcome is not None for key in response.needs):
        closed = ResponseClosed(
            incident=incident.id,
            agency=response.agency,
            at=at,
            sets=retirement(state, given, incident.id),
            ends=standing(state, f"hold:{incident.id}/{response.agency}"),
        )
        return (), (), [closed], []
    # Work that was stacked behind this one may be on the same incident, since two were merged.
    at_work = any(not held.stacked or held is begins for held in others)
    earlier = response.earlier
    attended = any(state.assignments[key].there for key in response.assignments if key not in earlier)
    sets, ends = response_clock(
        state,
        incident.id,
        response,
        given,
        is_open=unsettled(state, response),
        at_work=at_work,
        attended=attended,
    )
    pending = not (at_work or attended) and response.hold is None
    return sets, ends, [], [(incident.id, response)] if pending else []


def next_stacked(state: State, assignment: Assignment) -> Assignment | None:
    """The stacked work that begins when this assignment ends: of the unit, or of one that shares its crew."""
    unit = state.units.get(assignment.unit)
    if assignment.stacked or unit is None or (unit.crew is None and len(unit.assignments) <= 1):
        return None
    left = [
        held
        for other in with_mates(state, (assignment.unit,))
        if other in state.units
        for key in state.units[other].assignments
        if key != assignment.id and not (held := state.assignments[key]).ended
    ]
    return left[0] if left and all(held.stacked for held in left) else None


def released(
    state: State,
    assignment: Assignment,
    at: int,
    given: Given,
    pending: Sequence[tuple[str, Response]],
    following: Assignment | None,
) -> list[Event]:
    """What begins when a unit is done: its stacked work, or the end of waiting for it."""
    if following is not None:
        served = [(following.incident, following.agency)]
        waits = waiting_changes(state, at, pending=pending, served=served)
        return [*_begun(state, following, given), *waits]
    freed = [
        other
        for other in with_mates(state, (assignment.unit,))
        if other in state.units and why_not_free(state, state.units[other], without=assignment.id) is None
    ]
    agencies = {state.units[other].agency: None for other in freed}
    return list(waiting_changes(state, at, pending=pending, freed=freed, agencies=agencies))


def _begun(state: State, following: Assignment, given: Given) -> list[Event]:
    incident = state.incidents[following.incident]
    ack = () if incident.reconstructed else (acknowledge_deadline(state, following.id, incident, given),)
    return begun(state, following, given, ack)


def begun(state: State, assignment: Assignment, given: Given, sets: tuple[Deadline, ...] = ()) -> list[Event]:
    """The events by which stacked work begins."""
    subject = f"{assignment.incident}/{assignment.agency}"
    event = StackedBegun(
        assignment=assignment.id,
        incident=assignment.incident,
        unit=assignment.unit,
        at=given.at,
        sets=sets,
        ends=standing(state, f"dispatch:{subject}", f"outcome:{subject}"),
    )
    if state.incidents[assignment.incident].responses[assignment.agency].hold is None:
        return [event]
    return [let_go(state, assignment.incident, assignment.agency, given.at), event]


def cancel_assignment(state: State, _actor: Actor, body: CancelAssignment, given: Given) -> list[Event] | Refusal:
    """Call a unit back."""
    assignment = state.assignments.get(body.assignment)
    if assignment is None:
        return unknown("assignment", body.assignment)
    if assignment.ended:
        return Refusal(
            code="already_ended",
            rule="house:6",
            because=f"Assignment {assignment.id} of {assignment.unit} has ended.",
            instead="Nothing has to be cancelled.",
        )
    events, pending = _cancelled(state, assignment, body.reason, given, None)
    following = next_stacked(state, assignment)
    return [*events, *released(state, assignment, given.at, given, pending, following)]


def _cancelled(
    state: State, assignment: Assignment, reason: str, given: Given, preempted_for: str | None
) -> tuple[list[Event], list[tuple[str, Response]]]:
    # A unit that is taken for another incident goes there first, whatever is stacked.
    begins = next_stacked(state, assignment) if preempted_for is None else None
    sets, ends, closed, pending = after_last(state, assignment, given.at, given, begins)
    event = AssignmentCancelled(
        assignment=assignment.id,
        incident=assignment.incident,
        unit=assignment.unit,
        at=given.at,
        reason=reason,
        preempted_for=preempted_for,
        sets=sets,
        ends=ends + standing(state, f"acknowledge:{assignment.id}", f"welfare:{assignment.id}"),
    )
    return [event, *closed], pending


def preempt(state: State, _actor: Actor, body: Preempt, given: Given) -> list[Event] | Refusal:
    """Take a unit from its incident for another."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    unit = state.units.get(body.unit)
    if unit is None:
        return unknown("unit", body.unit)
    if not unit.assignments:
        return Refusal(
            code="nothing_to_preempt",
            rule="house:4",
            because=f"{unit.id} has no work to be taken from.",
            instead="Assign it.",
        )
    for key in unit.assignments:
        if state.assignments[key].incident == incident.id:
            return _already_there(unit.id, incident.id, key)
    if body.agency is not None and body.agency not in incident.responses:
        return unknown("response of agency", body.agency)
    key_of = response_of(incident, body.agency, unit.agency)
    response = None if key_of is None else incident.responses[key_of]
    if response is not None and response.closed_at is not None:
        return _closed(incident, response)
    current = state.assignments[unit.assignments[0]]
    events, pending = _cancelled(state, current, body.reason, given, incident.id)
    made = assigned(state, 1, incident, unit.id, body.agency, given)
    return [*events, *made, *waiting_changes(state, given.at, pending=pending)]


DECIDE: Final[DecideTable] = {Assign: assign, CancelAssignment: cancel_assignment, Preempt: preempt}
