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
from everycall.core.base import CommandBody, Entity, Identifier, Instant, Named, Word
from everycall.core.event import Event
from everycall.core.incidents import Response, change_response
from everycall.core.stamps import Stamp
from everycall.core.vocabulary import MissingReason, StampName

if TYPE_CHECKING:
    from everycall.core.handlers import EvolveTable
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
THERE: Final[frozenset[str]] = frozenset({"on_scene", "contact_made", "at_patient", "transporting", "at_hospital"})
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
    units: Named
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
    """A unit was given work.

    `joins` is a response that its own agency did not have yet; `over` tells that the first that was heard of
    it is that it is over.
    """

    assignment: Identifier
    incident: Identifier
    agency: Identifier
    unit: Identifier
    at: Instant
    source: Word = "dispatch"
    stacked: bool = False
    by_report: bool = False
    over: bool = False
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


def _on_assigned(state: State, event: UnitAssigned) -> None:
    state.counters["assignment"] += 1
    active = not (event.stacked or event.over)
    first: dict[StampName, Stamp] = {}
    if active and not event.by_report:
        first = {"assigned": Stamp(at=event.at, source=event.source)}
    state.assignments[event.assignment] = Assignment(
        id=event.assignment,
        incident=event.incident,
        agency=event.agency,
        unit=event.unit,
        stamps=first,
        stacked=event.stacked,
        by_report=event.by_report,
        ended=event.over,
    )
    incident = state.incidents[event.incident]
    held = incident.responses.get(event.agency)
    response = event.joins if held is None else held
    assert response is not None  # noqa: S101 - the event that joins brings its response
    if active:
        # Where a unit is at work the response is open, whatever was settled before.
        response = replace(
            response,
            assignments=(*response.assignments, event.assignment),
            waiting_since=None,
            closed_at=None,
        )
    else:
        response = replace(
            response,
            assignments=(*response.assignments, event.assignment),
            closed_at=event.at if held is None and event.over else response.closed_at,
        )
    state.incidents[event.incident] = replace(incident, responses={**incident.responses, event.agency: response})
    state.refresh_response(event.incident, event.agency)
    unit = state.units.get(event.unit)
    if unit is not None and not event.over:
        # What the unit works on stands before what is stacked behind it, the latest first.
        order = (event.assignment, *unit.assignments) if active else (*unit.assignments, event.assignment)
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
    elif event.stamp in THERE and not assignment.working:
        state.refresh_response(assignment.incident, assignment.agency)


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
