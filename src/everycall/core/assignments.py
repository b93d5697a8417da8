"""Assignments: one unit's work on one incident, with its own times.

Invariants:

1. A proposal to send a unit that is not free is refused with the reason; a report that it is there never is
   (rule 4 of the house).
2. One unit never overwrites another's: each has its own assignment, and a second report for one unit at one
   incident is the same assignment.
3. Times are given alone, late, in any order; what follows from a time (a unit is free, a deadline is met)
   follows whenever it comes.
4. A response that loses its last unit before anyone arrived is pending again on its original clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core import stamps
from everycall.core.base import CommandBody, Entity, Identifier, Instant, Word
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.incidents import Response, ResponseClosed, change_response, response_deadlines
from everycall.core.policies import NOT_RECORDED_PLAN, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.settling import outcome_deadline, retirement
from everycall.core.stamps import Stamp
from everycall.core.units import why_not_free
from everycall.core.vocabulary import MissingReason, StampName
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.incidents import Incident
    from everycall.core.state import State

ENDS: Final = frozenset({"clear", "cancelled"})
PROGRESS: Final[frozenset[str]] = frozenset(
    {
        "acknowledged",
        "en_route",
        "staged",
        "on_scene",
        "contact_made",
        "at_patient",
        "transporting",
        "at_hospital",
        "clear",
        "cancelled",
    }
)
THERE: Final[frozenset[str]] = frozenset(
    {"on_scene", "contact_made", "at_patient", "transporting", "at_hospital"}
)
"""Each shows that the unit was there: nobody takes a patient away without having come."""
LEAVING: Final[frozenset[str]] = frozenset({"transporting", "at_hospital"})


class Assignment(Entity, frozen=True, kw_only=True):
    """One unit's work on one incident. `by_report` tells that the unit said so before anybody had sent it."""

    id: Identifier
    incident: Identifier
    agency: Identifier
    unit: Identifier
    stamps: dict[StampName, Stamp] = {}
    stacked: bool = False
    by_report: bool = False
    ended: bool = False
    hospital: Word | None = None

    @property
    def working(self) -> bool:
        """Whether the unit is at work on it; stacked work is not, until it is begun."""
        return not self.ended and not self.stacked

    @property
    def there(self) -> bool:
        """Whether a time of it shows that the unit was there."""
        return any(name in THERE and stamp.at is not None for name, stamp in self.stamps.items())

    def time(self, name: StampName) -> int | None:
        """The time that stands, or nothing."""
        held = self.stamps.get(name)
        return None if held is None else held.at


class Assign(CommandBody, frozen=True, kw_only=True):
    """Send units. `stacked` puts the work behind what a busy unit does now."""

    incident: Identifier
    units: tuple[Identifier, ...]
    agency: Identifier | None = None
    stacked: bool = False


class ReportStamp(CommandBody, frozen=True, kw_only=True):
    """Report a time of a unit's work.

    With an incident that it was not sent to, the report makes the assignment.
    """

    unit: Identifier
    stamp: StampName
    incident: Identifier | None = None
    assignment: Identifier | None = None
    at: Instant | None = None
    hospital: Word | None = None


class CorrectStamp(CommandBody, frozen=True, kw_only=True):
    """Correct a time. The old one stays, struck through."""

    assignment: Identifier
    stamp: StampName
    at: Instant
    reason: Word = ""


class MarkStampMissing(CommandBody, frozen=True, kw_only=True):
    """Say that a time was not taken, and why."""

    assignment: Identifier
    stamp: StampName
    reason: MissingReason


class CancelAssignment(CommandBody, frozen=True, kw_only=True):
    """Call a unit back. Sending less takes a coded reason."""

    assignment: Identifier
    reason: Identifier


class Preempt(CommandBody, frozen=True, kw_only=True):
    """Take a unit from its incident for a more urgent one.

    The first goes back to pending on its original clock.
    """

    unit: Identifier
    incident: Identifier
    reason: Identifier
    agency: Identifier | None = None


class CheckWelfare(CommandBody, frozen=True, kw_only=True):
    """A unit on scene said that it is all right."""

    assignment: Identifier


class UnitAssigned(Event, frozen=True, kw_only=True):
    """A unit was given work. `joins` is a response that its own agency did not have yet."""

    assignment: Identifier
    incident: Identifier
    agency: Identifier
    unit: Identifier
    at: Instant
    stacked: bool = False
    by_report: bool = False
    conflict: Word | None = None
    joins: Response | None = None


class StampReported(Event, frozen=True, kw_only=True):
    """A time of a unit's work was reported."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    stamp: StampName
    at: Instant
    source: Word
    hospital: Word | None = None


class StampCorrected(Event, frozen=True, kw_only=True):
    """A time was corrected; `before` stays, struck through."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    stamp: StampName
    at: Instant
    source: Word
    before: Instant | None = None
    reason: Word = ""


class StampMissing(Event, frozen=True, kw_only=True):
    """A time was not taken, and why."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    stamp: StampName
    reason: MissingReason
    source: Word


class AssignmentCancelled(Event, frozen=True, kw_only=True):
    """A unit was called back, and why; or taken for another incident."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    at: Instant
    reason: Word
    preempted_for: Identifier | None = None


class StackedBegun(Event, frozen=True, kw_only=True):
    """Work that was stacked behind other work has begun."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    at: Instant


class WelfareChecked(Event, frozen=True, kw_only=True):
    """A unit on scene said that it is all right."""

    assignment: Identifier
    incident: Identifier
    unit: Identifier
    at: Instant


class ReportUnattached(Event, frozen=True, kw_only=True):
    """A unit reported a time that belongs to nothing known: kept, and flagged, never rejected."""

    unit: Identifier
    stamp: StampName
    at: Instant
    source: Word
    incident: Word | None = None


def _response_of(incident: Incident, agency: str | None, unit_agency: str | None) -> str | None:
    """The open response that a unit joins: the named one, its own agency's, or the only one there is."""
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
        opened_at=given.at,
        plan=NOT_RECORDED_PLAN
        if first is None
        else replace(first.plan, send=(), dispatch_within=None, arrive_within=None),
    )


def _assigned(
    state: State,
    number: int,
    incident: Incident,
    unit: str,
    agency: str | None,
    given: Given,
    *,
    stacked: bool = False,
    by_report: bool = False,
    conflict: str | None = None,
    acknowledge: bool = True,
) -> UnitAssigned:
    held = state.units.get(unit)
    key = _response_of(incident, agency, None if held is None else held.agency)
    joins: Response | None = None
    if key is None:
        key = agency or (held.agency if held is not None else "unknown")
        joins = _joining(incident, key, given)
    assignment = f"A{state.counters['assignment'] + number:06d}"
    sets: tuple[Deadline, ...] = ()
    if acknowledge and not stacked and not incident.reconstructed:
        floor = evaluator_in_force(state, given).floor()
        sets = (
            Deadline(
                kind="acknowledge",
                subject=assignment,
                due=given.at + floor.acknowledge_within,
                ladder=floor.ladder,
                touches=(incident.id,),
            ),
        )
    return UnitAssigned(
        assignment=assignment,
        incident=incident.id,
        agency=key,
        unit=unit,
        at=given.at,
        stacked=stacked,
        by_report=by_report,
        conflict=conflict,
        joins=joins,
        sets=sets,
        ends=()
        if stacked
        else standing(state, f"dispatch:{incident.id}/{key}", f"outcome:{incident.id}/{key}"),
    )


def _open_incident(state: State, key: str) -> Incident | Refusal:
    incident = state.incidents.get(key)
    if incident is None:
        return unknown("incident", key)
    if incident.merged_into is not None:
        return Refusal(
            code="merged",
            rule="house:6",
            because=f"Incident {key} was merged into {incident.merged_into}.",
            instead=f"Work on {incident.merged_into}, or undo the merge.",
        )
    return incident


def assign(state: State, _actor: Actor, body: Assign, given: Given) -> list[Event] | Refusal:
    """Send units, each of which must be free unless the work is stacked."""
    incident = _open_incident(state, body.incident)
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
    agencies: dict[str, None] = {}
    served: list[tuple[str, str]] = []
    for number, unit in enumerate(units, 1):
        held = state.units.get(unit)
        if held is None:
            return unknown("unit", unit)
        refusal = _cannot_go(state, incident, unit, stacked=body.stacked)
        if refusal is not None:
            return refusal
        event = _assigned(state, number, incident, unit, body.agency, given, stacked=body.stacked)
        events.append(event)
        agencies[held.agency] = None
        served.append((incident.id, event.agency))
    if not body.stacked:
        events += waiting_changes(
            state, given.at, gone=_with_mates(state, units), served=served, agencies=agencies
        )
    held_response = incident.responses.get(served[0][1])
    if held_response is not None and held_response.closed_at is not None:
        return Refusal(
            code="response_closed",
            rule="house:6",
            because=f"The response of {held_response.agency} in incident {incident.id} is closed.",
            instead="Reopen its needs, undo the close, or open an incident for the new need.",
        )
    return events


def _cannot_go(state: State, incident: Incident, unit: str, *, stacked: bool) -> Refusal | None:
    held = state.units[unit]
    for key in held.assignments:
        if state.assignments[key].incident == incident.id:
            return Refusal(
                code="already_on_this_incident",
                rule="house:4",
                because=f"{unit} is already assigned to incident {incident.id} ({key}).",
                instead="Report its stamps on that assignment.",
            )
    why = why_not_free(state, held)
    if why is None or (stacked and why[0] in ("already_assigned", "crew_committed")):
        return None
    code, sentence = why
    instead = {
        "already_assigned": "Stack the work behind it, or preempt it with a reason.",
        "crew_committed": "Send the unit the crew is with, or another.",
    }.get(code, "Send another unit; if it goes all the same, report its stamp and it will be recorded.")
    return Refusal(code=code, rule="house:4", because=sentence, instead=instead)


def _with_mates(state: State, units: Sequence[str]) -> list[str]:
    """The units and those that share a crew with them: they go, and come free, together."""
    together = list(units)
    for unit in units:
        held = state.units.get(unit)
        crew = None if held is None or held.crew is None else state.crews.get(held.crew)
        if crew is not None:
            together.extend(other for other in crew.units if other not in together)
    return together


def report_stamp(state: State, actor: Actor, body: ReportStamp, given: Given) -> list[Event] | Refusal:
    """Take a report. It is never refused: what it belongs to is found, made, or left open and flagged."""
    at = given.at if body.at is None else body.at
    assignment = _find_assignment(state, body)
    if assignment is not None:
        report = StampReported(
            assignment=assignment.id,
            incident=assignment.incident,
            unit=assignment.unit,
            stamp=body.stamp,
            at=at,
            source=actor.person,
            hospital=body.hospital,
        )
        return _following(state, assignment, report, given)
    incident = state.incidents.get(body.incident) if body.incident is not None else None
    if incident is not None and incident.merged_into is not None:
        incident = state.incidents.get(incident.merged_into)
    if incident is None:
        return [
            ReportUnattached(
                unit=body.unit, stamp=body.stamp, at=at, source=actor.person, incident=body.incident
            )
        ]
    return _by_report(state, actor, body, incident, at, given)


def _find_assignment(state: State, body: ReportStamp) -> Assignment | None:
    if body.assignment is not None:
        held = state.assignments.get(body.assignment)
        return held if held is not None and held.unit == body.unit else None
    unit = state.units.get(body.unit)
    if body.incident is None:
        if unit is None or not unit.assignments:
            return None
        return state.assignments[unit.assignments[0]]
    incident = state.incidents.get(body.incident)
    if incident is None:
        return None
    found: Assignment | None = None
    for response in incident.responses.values():
        for key in response.assignments:
            assignment = state.assignments[key]
            # Of several turns of one unit at one incident, the last is meant.
            if assignment.unit == body.unit and (found is None or not assignment.ended or found.ended):
                found = assignment
    return found


def _by_report(
    state: State, actor: Actor, body: ReportStamp, incident: Incident, at: int, given: Given
) -> list[Event]:
    held = state.units.get(body.unit)
    why = ("unknown_unit", "") if held is None else why_not_free(state, held)
    made = _assigned(
        state,
        1,
        incident,
        body.unit,
        None,
        given,
        by_report=body.stamp not in ("assigned", "notified"),
        conflict=None if why is None or incident.reconstructed else why[0],
        acknowledge=body.stamp in ("assigned", "notified"),
    )
    if body.stamp == "assigned":
        made = replace(made, at=at)
        events: list[Event] = [made]
    else:
        events = [made]
        subject = f"{incident.id}/{made.agency}"
        ends = standing(state, f"arrive:{subject}") if body.stamp in THERE else ()
        events.append(
            StampReported(
                assignment=made.assignment,
                incident=incident.id,
                unit=body.unit,
                stamp=body.stamp,
                at=at,
                source=actor.person,
                hospital=body.hospital,
                ends=ends,
                sets=() if body.stamp not in THERE else _welfare(state, incident, made.assignment, at, given),
            )
        )
    agencies = () if held is None else (held.agency,)
    return [
        *events,
        *waiting_changes(
            state,
            at,
            gone=_with_mates(state, (body.unit,)),
            served=[(incident.id, made.agency)],
            agencies=agencies,
        ),
    ]


def _welfare(
    state: State, incident: Incident, assignment: str, at: int, given: Given
) -> tuple[Deadline, ...]:
    if incident.reconstructed:
        return ()
    floor = evaluator_in_force(state, given).floor()
    return (
        Deadline(
            kind="welfare",
            subject=assignment,
            due=at + floor.welfare_every,
            ladder=floor.ladder,
            touches=(incident.id,),
        ),
    )


def _following(state: State, assignment: Assignment, report: StampReported, given: Given) -> list[Event]:
    """A report on a known assignment, and what follows from it."""
    stamp = report.stamp
    if stamp in ENDS:
        return _ending(state, assignment, report, report.at, given)
    incident = state.incidents[assignment.incident]
    subject = f"{assignment.incident}/{assignment.agency}"
    ends: tuple[str, ...] = ()
    sets: tuple[Deadline, ...] = ()
    if stamp in PROGRESS:
        ends += standing(state, f"acknowledge:{assignment.id}")
    if stamp in THERE:
        ends += standing(state, f"arrive:{subject}", f"dispatch:{subject}")
        if assignment.working:
            sets = _welfare(state, incident, assignment.id, report.at, given)
        elif (response := incident.responses[assignment.agency]).closed_at is None and _unsettled(
            state, response
        ):
            # It had already cleared: the late arrival shows that what is missing is the outcome, not a unit.
            sets = outcome_deadline(state, incident.id, assignment.agency, given)
    elif stamp in ("transporting", "at_hospital"):
        ends += standing(state, f"welfare:{assignment.id}")
    if sets or ends:
        report = replace(report, sets=sets, ends=ends)
    if assignment.stacked and stamp not in ("assigned", "notified"):
        return [
            StackedBegun(
                assignment=assignment.id,
                incident=assignment.incident,
                unit=assignment.unit,
                at=report.at,
                ends=standing(state, f"dispatch:{subject}"),
            ),
            report,
        ]
    return [report]


def _unsettled(state: State, response: Response) -> bool:
    return any(state.needs[key].outcome is None for key in response.needs)


def _after_last(
    state: State, assignment: Assignment, at: int, given: Given, *, arrived_now: bool
) -> tuple[tuple[Deadline, ...], list[Event]]:
    """What a response waits for when this assignment ends, if it was the last at work."""
    incident = state.incidents[assignment.incident]
    response = incident.responses[assignment.agency]
    others = [state.assignments[key] for key in response.assignments if key != assignment.id]
    if any(a.working for a in others) or response.closed_at is not None:
        return (), []
    if not _unsettled(state, response):
        closed = ResponseClosed(
            incident=incident.id,
            agency=response.agency,
            at=at,
            sets=retirement(state, given, incident.id),
        )
        return (), [closed]
    if incident.reconstructed:
        return (), []
    been_there = arrived_now or any(a.time("on_scene") is not None for a in others)
    if been_there or assignment.time("on_scene") is not None:
        return outcome_deadline(state, incident.id, response.agency, given), []
    return response_deadlines(incident.id, response) if response.hold is None else (), []


def _ending(
    state: State, assignment: Assignment, report: StampReported | StampMissing, at: int, given: Given
) -> list[Event]:
    if assignment.ended:
        return [report]
    sets, more = _after_last(state, assignment, at, given, arrived_now=False)
    ends = standing(state, f"acknowledge:{assignment.id}", f"welfare:{assignment.id}")
    if sets or ends:
        report = replace(report, sets=sets, ends=ends)
    return [report, *more, *_freed(state, assignment, at, given)]


def _freed(state: State, assignment: Assignment, at: int, given: Given) -> list[Event]:
    """What begins when a unit is done: its stacked work, or the end of waiting for it."""
    unit = state.units.get(assignment.unit)
    if unit is None:
        return []
    left = [key for key in unit.assignments if key != assignment.id]
    if left:
        following = state.assignments[left[0]]
        if not following.stacked:
            return []
        incident = state.incidents[following.incident]
        floor = evaluator_in_force(state, given).floor()
        acknowledge = Deadline(
            kind="acknowledge",
            subject=following.id,
            due=at + floor.acknowledge_within,
            ladder=floor.ladder,
            touches=(incident.id,),
        )
        return [
            StackedBegun(
                assignment=following.id,
                incident=following.incident,
                unit=unit.id,
                at=at,
                sets=() if incident.reconstructed else (acknowledge,),
                ends=standing(state, f"dispatch:{following.incident}/{following.agency}"),
            )
        ]
    if why_not_free(state, replace(unit, assignments=())) is not None:
        return []
    freed = [
        other
        for other in _with_mates(state, (unit.id,))
        if other == unit.id or not state.units[other].assignments
    ]
    agencies = [state.units[other].agency for other in freed]
    return waiting_changes(state, at, freed=freed, agencies=agencies)


def cancel_assignment(
    state: State, _actor: Actor, body: CancelAssignment, given: Given
) -> list[Event] | Refusal:
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
    return _cancelled(state, assignment, body.reason, given, None)


def _cancelled(
    state: State, assignment: Assignment, reason: str, given: Given, preempted_for: str | None
) -> list[Event]:
    sets, more = _after_last(state, assignment, given.at, given, arrived_now=False)
    event = AssignmentCancelled(
        assignment=assignment.id,
        incident=assignment.incident,
        unit=assignment.unit,
        at=given.at,
        reason=reason,
        preempted_for=preempted_for,
        sets=sets,
        ends=standing(state, f"acknowledge:{assignment.id}", f"welfare:{assignment.id}"),
    )
    if preempted_for is not None:
        return [event, *more]
    return [event, *more, *_freed(state, assignment, given.at, given)]


def preempt(state: State, _actor: Actor, body: Preempt, given: Given) -> list[Event] | Refusal:
    """Take a unit from its incident for another."""
    incident = _open_incident(state, body.incident)
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
    if any(state.assignments[key].incident == incident.id for key in unit.assignments):
        return Refusal(
            code="already_on_this_incident",
            rule="house:4",
            because=f"{unit.id} is already assigned to incident {incident.id}.",
            instead="Report its stamps there.",
        )
    if body.agency is not None and body.agency not in incident.responses:
        return unknown("response of agency", body.agency)
    assigned = _assigned(state, 1, incident, unit.id, body.agency, given)
    response = incident.responses.get(assigned.agency)
    if response is not None and response.closed_at is not None:
        return Refusal(
            code="response_closed",
            rule="house:6",
            because=f"The response of {response.agency} in incident {incident.id} is closed.",
            instead="Reopen its needs first.",
        )
    current = state.assignments[unit.assignments[0]]
    return [*_cancelled(state, current, body.reason, given, incident.id), assigned]


def correct_stamp(state: State, actor: Actor, body: CorrectStamp, _given: Given) -> list[Event] | Refusal:
    """Correct a time."""
    assignment = state.assignments.get(body.assignment)
    if assignment is None:
        return unknown("assignment", body.assignment)
    if assignment.time(body.stamp) is None:
        return Refusal(
            code="nothing_to_correct",
            rule="house:7",
            because=f"Assignment {assignment.id} has no {body.stamp} time.",
            instead="Report the time; late is fine.",
        )
    return [
        StampCorrected(
            assignment=assignment.id,
            incident=assignment.incident,
            unit=assignment.unit,
            stamp=body.stamp,
            at=body.at,
            before=assignment.time(body.stamp),
            reason=body.reason,
            source=actor.person,
        )
    ]


def mark_stamp_missing(
    state: State, actor: Actor, body: MarkStampMissing, given: Given
) -> list[Event] | Refusal:
    """Say that a time was not taken. A missing clear time says all the same that the unit is done."""
    assignment = state.assignments.get(body.assignment)
    if assignment is None:
        return unknown("assignment", body.assignment)
    missing = StampMissing(
        assignment=assignment.id,
        incident=assignment.incident,
        unit=assignment.unit,
        stamp=body.stamp,
        reason=body.reason,
        source=actor.person,
    )
    if body.stamp in ENDS:
        return _ending(state, assignment, missing, given.at, given)
    return [missing]


def check_welfare(state: State, _actor: Actor, body: CheckWelfare, given: Given) -> list[Event] | Refusal:
    """The unit is all right; it is asked again in time."""
    assignment = state.assignments.get(body.assignment)
    if assignment is None:
        return unknown("assignment", body.assignment)
    incident = state.incidents[assignment.incident]
    sets = () if assignment.ended else _welfare(state, incident, assignment.id, given.at, given)
    return [
        WelfareChecked(
            assignment=assignment.id, incident=incident.id, unit=assignment.unit, at=given.at, sets=sets
        )
    ]


def _on_assigned(state: State, event: UnitAssigned) -> None:
    state.counters["assignment"] += 1
    first: dict[StampName, Stamp] = {}
    if not event.stacked and not event.by_report:
        first = {"assigned": Stamp(at=event.at, source="dispatch")}
    state.assignments[event.assignment] = Assignment(
        id=event.assignment,
        incident=event.incident,
        agency=event.agency,
        unit=event.unit,
        stamps=first,
        stacked=event.stacked,
        by_report=event.by_report,
    )
    incident = state.incidents[event.incident]
    response = event.joins or incident.responses[event.agency]
    response = replace(
        response,
        assignments=(*response.assignments, event.assignment),
        waiting_since=response.waiting_since if event.stacked else None,
    )
    state.incidents[event.incident] = replace(
        incident, responses={**incident.responses, event.agency: response}
    )
    state.refresh_response(event.incident, event.agency)
    unit = state.units.get(event.unit)
    if unit is not None:
        held = unit.assignments
        # Reported work goes first: that is where the unit says it is.
        order = (event.assignment, *held) if event.by_report else (*held, event.assignment)
        state.units[event.unit] = replace(unit, assignments=order)
        state.refresh_unit(event.unit)


def _on_reported(state: State, event: StampReported) -> None:
    assignment = state.assignments[event.assignment]
    ended = event.stamp in ENDS
    state.assignments[event.assignment] = replace(
        assignment,
        stamps=stamps.reported(assignment.stamps, event.stamp, event.at, event.source),
        ended=assignment.ended or ended,
        hospital=assignment.hospital if event.hospital is None else event.hospital,
    )
    if ended and not assignment.ended:
        _release(state, assignment)


def _on_corrected(state: State, event: StampCorrected) -> None:
    assignment = state.assignments[event.assignment]
    after = stamps.corrected(assignment.stamps, event.stamp, event.at, event.source)
    state.assignments[event.assignment] = replace(assignment, stamps=after)


def _on_missing(state: State, event: StampMissing) -> None:
    assignment = state.assignments[event.assignment]
    after = stamps.marked_missing(assignment.stamps, event.stamp, event.reason, event.source)
    ended = event.stamp in ENDS
    state.assignments[event.assignment] = replace(assignment, stamps=after, ended=assignment.ended or ended)
    if ended and not assignment.ended:
        _release(state, assignment)


def _on_cancelled(state: State, event: AssignmentCancelled) -> None:
    assignment = state.assignments[event.assignment]
    after = stamps.reported(assignment.stamps, "cancelled", event.at, "dispatch")
    state.assignments[event.assignment] = replace(assignment, stamps=after, ended=True)
    if not assignment.ended:
        _release(state, assignment)


def _release(state: State, assignment: Assignment) -> None:
    unit = state.units.get(assignment.unit)
    if unit is not None:
        left = tuple(key for key in unit.assignments if key != assignment.id)
        state.units[unit.id] = replace(unit, assignments=left)
        state.refresh_unit(unit.id)
    state.refresh_response(assignment.incident, assignment.agency)


def _on_begun(state: State, event: StackedBegun) -> None:
    assignment = state.assignments[event.assignment]
    after = stamps.reported(assignment.stamps, "assigned", event.at, "dispatch")
    state.assignments[event.assignment] = replace(assignment, stamps=after, stacked=False)
    change_response(state, event.incident, assignment.agency, waiting_since=None)
    state.refresh_response(event.incident, assignment.agency)
    unit = state.units.get(event.unit)
    if unit is not None:
        # What is worked on now stands first.
        others = tuple(key for key in unit.assignments if key != event.assignment)
        state.units[event.unit] = replace(unit, assignments=(event.assignment, *others))


def _nothing(_state: State, _event: WelfareChecked | ReportUnattached) -> None:
    """Told in the story; the deadline that goes with it is in the event."""


DECIDE: Final[DecideTable] = {
    Assign: assign,
    ReportStamp: report_stamp,
    CorrectStamp: correct_stamp,
    MarkStampMissing: mark_stamp_missing,
    CancelAssignment: cancel_assignment,
    Preempt: preempt,
    CheckWelfare: check_welfare,
}
EVOLVE: Final[EvolveTable] = {
    UnitAssigned: _on_assigned,
    StampReported: _on_reported,
    StampCorrected: _on_corrected,
    StampMissing: _on_missing,
    AssignmentCancelled: _on_cancelled,
    StackedBegun: _on_begun,
    WelfareChecked: _nothing,
    ReportUnattached: _nothing,
}
