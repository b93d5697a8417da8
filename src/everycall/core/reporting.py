"""Reports of a unit's work: its times, in any order, and what follows from each; never refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.assignments import (
    ENDS,
    LEAVING,
    PROGRESS,
    THERE,
    Assignment,
    CheckWelfare,
    CorrectStamp,
    MarkStampMissing,
    ReportStamp,
    ReportUnattached,
    StampCorrected,
    StampMissing,
    StampReported,
    WelfareChecked,
)
from everycall.core.clocks import response_clock, unsettled
from everycall.core.deadlines import Deadline, standing
from everycall.core.incidents import arrived, surviving, working
from everycall.core.policies import evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.sending import after_last, assigned, begun, next_stacked, released, with_mates
from everycall.core.units import why_not_free
from everycall.core.waiting import WaitingEnded, waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.incidents import Incident
    from everycall.core.state import State


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
    incident = surviving(state, body.incident)
    if incident is None:
        return [ReportUnattached(unit=body.unit, stamp=body.stamp, at=at, source=actor.person, incident=body.incident)]
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
    incident = surviving(state, body.incident)
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


def _by_report(state: State, actor: Actor, body: ReportStamp, incident: Incident, at: int, given: Given) -> list[Event]:
    """The first that is heard of a unit at an incident: the report makes the assignment."""
    held = state.units.get(body.unit)
    why = ("unknown_unit", "") if held is None else why_not_free(state, held)
    over = body.stamp in ENDS
    told = body.stamp in ("assigned", "notified")
    events = assigned(
        state,
        1,
        incident,
        body.unit,
        None,
        given,
        at=at if body.stamp == "assigned" else None,
        source=actor.person,
        by_report=body.stamp != "assigned",
        over=over,
        conflict=None if why is None or incident.reconstructed else why[0],
        acknowledge=told,
    )
    made = events[-1]
    assignment: str = made.assignment  # type: ignore[attr-defined]  # the last of `assigned` is a UnitAssigned
    agency: str = made.agency  # type: ignore[attr-defined]
    if body.stamp != "assigned":
        there = body.stamp in THERE
        events.append(
            StampReported(
                assignment=assignment,
                incident=incident.id,
                unit=body.unit,
                stamp=body.stamp,
                at=at,
                source=actor.person,
                hospital=body.hospital,
                ends=standing(state, f"arrive:{incident.id}/{agency}") if there else (),
                sets=_welfare(state, incident, assignment, at, given) if there and body.stamp not in LEAVING else (),
            )
        )
    if over:
        return events
    gone = with_mates(state, (body.unit,))
    agencies = {state.units[unit].agency: None for unit in gone if unit in state.units}
    waits = waiting_changes(state, given.at, gone=gone, served=[(incident.id, agency)], agencies=agencies)
    return [*events, *waits]


def welfare_deadline(state: State, assignment: str, incident: str, since: int, given: Given) -> Deadline:
    """When a unit on scene is asked how it is."""
    floor = evaluator_in_force(state, given).floor()
    return Deadline(
        kind="welfare",
        subject=assignment,
        due=min(since, given.now) + floor.welfare_every,
        ladder=floor.ladder,
        touches=(incident,),
    )


def _welfare(state: State, incident: Incident, assignment: str, at: int, given: Given) -> tuple[Deadline, ...]:
    """The next welfare check; one that is due later already stays."""
    if incident.reconstructed:
        return ()
    deadline = welfare_deadline(state, assignment, incident.id, at, given)
    held = state.deadlines.get(deadline.key)
    return () if held is not None and held.due >= deadline.due else (deadline,)


def _following(state: State, assignment: Assignment, report: StampReported, given: Given) -> list[Event]:
    """A report on a known assignment, and what follows from it."""
    stamp = report.stamp
    if stamp in ENDS:
        return _ending(state, assignment, report, given)
    begins = assignment.stacked and not assignment.ended and stamp not in ("assigned", "notified")
    ends: tuple[str, ...] = ()
    sets: tuple[Deadline, ...] = ()
    if stamp in PROGRESS:
        ends += standing(state, f"acknowledge:{assignment.id}")
    if stamp in THERE:
        there_sets, there_ends = _there(state, assignment, report, given, begins=begins)
        sets += there_sets
        ends += there_ends
    if sets or ends:
        report = replace(report, sets=sets, ends=ends)
    if begins:
        return [*begun(state, assignment, given), report]
    response = state.incidents[assignment.incident].responses[assignment.agency]
    if stamp in THERE and response.waiting_since is not None and assignment.id not in response.earlier:
        # The unit had been there and left: what is missing is the outcome, not a unit.
        return [report, WaitingEnded(incident=assignment.incident, agency=assignment.agency, at=given.at)]
    return [report]


def _there(
    state: State, assignment: Assignment, report: StampReported, given: Given, *, begins: bool
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """What a time that shows that the unit was there sets and ends."""
    incident = state.incidents[assignment.incident]
    response = incident.responses[assignment.agency]
    at_work = begins or working(state, response)
    attended = assignment.id not in response.earlier or arrived(state, response)
    sets, ends = response_clock(
        state,
        incident.id,
        response if not begins else replace(response, hold=None),
        given,
        is_open=unsettled(state, response),
        at_work=at_work,
        attended=attended,
    )
    if report.stamp in LEAVING:
        ends += standing(state, f"welfare:{assignment.id}")
    elif (begins or assignment.working) and not LEAVING.intersection(assignment.stamps):
        sets += _welfare(state, incident, assignment.id, report.at, given)
    return sets, ends


def _ending(state: State, assignment: Assignment, report: StampReported | StampMissing, given: Given) -> list[Event]:
    if assignment.ended:
        return [report]
    at = given.at if isinstance(report, StampMissing) else report.at
    following = next_stacked(state, assignment)
    sets, ends, closed, pending = after_last(state, assignment, at, given, following)
    ends += standing(state, f"acknowledge:{assignment.id}", f"welfare:{assignment.id}")
    if sets or ends:
        report = replace(report, sets=sets, ends=ends)
    return [report, *closed, *released(state, assignment, at, given, pending, following)]


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


def mark_stamp_missing(state: State, actor: Actor, body: MarkStampMissing, given: Given) -> list[Event] | Refusal:
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
        return _ending(state, assignment, missing, given)
    return [missing]


def check_welfare(state: State, _actor: Actor, body: CheckWelfare, given: Given) -> list[Event] | Refusal:
    """The unit is all right; it is asked again in time."""
    assignment = state.assignments.get(body.assignment)
    if assignment is None:
        return unknown("assignment", body.assignment)
    incident = state.incidents[assignment.incident]
    asked = f"welfare:{assignment.id}" in state.deadlines
    again = welfare_deadline(state, assignment.id, incident.id, given.at, given)
    return [
        WelfareChecked(
            assignment=assignment.id,
            incident=incident.id,
            unit=assignment.unit,
            at=given.at,
            sets=(again,) if asked else (),
        )
    ]


DECIDE: Final[DecideTable] = {
    ReportStamp: report_stamp,
    CorrectStamp: correct_stamp,
    MarkStampMissing: mark_stamp_missing,
    CheckWelfare: check_welfare,
}
