"""The story of one incident: what the record says about it, stamp by stamp, who and why.

A pure projection from the envelopes that `story_find` gathers. The entities at the end are those that the
core's own `evolve` makes of the events, so nothing of what an event means is written twice; the sentences are
in `story_sentences` and `story_field`.

What was wrong stays and is shown struck through; what is missing is shown with its reason; what was entered
late shows both times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from everycall.centre.story_flags import flags_of
from everycall.centre.story_parts import (
    CallStory,
    IncidentStory,
    Line,
    NeedStory,
    ResponseStory,
    StampStory,
    Story,
    UnitStory,
)
from everycall.centre.story_telling import line_of
from everycall.centre.story_words import (
    Times,
    codes,
    date_text,
    evidence,
    instruction_unseen,
    place_text,
    plan_text,
    sealed_text,
)
from everycall.core.assignments import StampCorrected, StampReported, UnitAssigned
from everycall.core.calls import CallsRelated, CallStamped
from everycall.core.event import ActEvent
from everycall.core.evolve import evolve
from everycall.core.floor import ShiftChanged
from everycall.core.incidents import IncidentChanged, status_of
from everycall.core.instructions import InstructionCompleted, InstructionRecorded, InstructionStruck
from everycall.core.notes import NoteAdded, NoteStruck
from everycall.core.outcomes import name_of
from everycall.core.retiring import Recalled, Retired
from everycall.core.settling import NeedsReopened, NeedsSettled
from everycall.core.state import State
from everycall.core.undo import ActUndone
from everycall.core.vocabulary import STAMP_NAMES
from everycall.engine.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from everycall.core.assignments import Assignment
    from everycall.core.event import Event
    from everycall.core.events import Envelope
    from everycall.core.incidents import Incident
    from everycall.core.stamps import Stamp


class _Book:
    """Lines under way, so that a later event can strike an earlier one."""

    def __init__(self) -> None:
        self.lines: dict[int, Line] = {}
        self.by_key: dict[str, list[int]] = {}

    def add(self, line: Line, keys: Iterable[str]) -> None:
        self.lines[line.sequence] = line
        for key in keys:
            self.by_key.setdefault(key, []).append(line.sequence)

    def strike(self, key: str, because: str) -> None:
        for sequence in self.by_key.get(key, ()):
            line = self.lines[sequence]
            if line.struck is None:
                self.lines[sequence] = replace(line, struck=because)


def tell(
    envelopes: Sequence[Envelope],
    asked: str,
    subjects: Sequence[str],
    *,
    zone: tzinfo,
    zone_name: str,
    also: Sequence[str] = (),
) -> Story:
    """The story of these incidents or calls.

    Args:
        envelopes: Everything that hangs together with the subjects, in order of sequence.
        asked: The number that was asked for.
        subjects: The incidents and calls whose story it is; merges and splits are followed from them.
        zone: In which the sentences give times; the fields give microseconds UTC.
        zone_name: Its name, for the reader.
        also: Other incidents and calls that bear the number that was asked for.
    """
    state = State()
    times = Times(state, zone)
    book = _Book()
    conflicts: list[tuple[str, str]] = []
    for envelope in envelopes:
        event = _narrowed(state, envelope.body)
        if event is None:
            continue
        line = line_of(times, envelope, event)
        for key, because in _strikes(event, times, envelope):
            book.strike(key, because)
        book.add(line, _strikeable(event))
        if isinstance(event, UnitAssigned) and event.conflict is not None:
            text = f"{event.unit} was there by its own report although: {codes(event.conflict)}"
            conflicts.append((event.incident, text))
        if not isinstance(event, (Retired, Recalled)):
            evolve(state, event)
    times.today = date_text(envelopes[-1].recorded_at, zone) if envelopes else ""
    incidents, calls = _shown(state, subjects)
    wanted = {f"incident:{key}" for key in incidents} | {f"call:{key}" for key in calls}
    tags = {envelope.sequence: tags_of(envelope.body) for envelope in envelopes}
    lines = tuple([line for _, line in sorted(book.lines.items()) if wanted.intersection(tags[line.sequence])])
    held = [state.incidents[key] for key in incidents]
    return Story(
        centre=envelopes[0].centre if envelopes else "",
        asked=asked,
        zone=zone_name,
        incidents=tuple([_incident(incident) for incident in held]),
        calls=tuple([_call(state, key) for key in calls]),
        needs=tuple([_need(times, key) for key in _needs(state, incidents, calls)]),
        responses=tuple([r for incident in held for r in _responses(times, incident)]),
        units=tuple([u for incident in held for u in _units(state, incident)]),
        flags=flags_of(times, held, calls, also, [text for key, text in conflicts if key in incidents]),
        lines=lines,
    )


def _narrowed(state: State, event: Event) -> Event | None:
    """The event without what it says about other incidents and calls, which this story does not hold."""
    calls = state.calls
    if isinstance(event, ShiftChanged):
        return replace(
            event,
            calls=tuple([key for key in event.calls if key in calls]),
            incidents=tuple([key for key in event.incidents if key in state.incidents]),
        )
    if isinstance(event, CallsRelated):
        here = tuple([key for key in event.calls if key in calls])
        return replace(event, calls=here)
    if isinstance(event, IncidentChanged):
        if event.incident not in state.incidents:
            return None
        return replace(event, related=tuple([key for key in event.related if key in state.incidents]))
    if isinstance(event, (InstructionCompleted, InstructionStruck)) and event.instruction not in state.instructions:
        # Recorded before this call was touched by it; what it says then is told, not folded.
        state.instructions[event.instruction] = instruction_unseen(event.instruction)
    return event


def _strikeable(event: Event) -> list[str]:
    """The keys by which a later event can strike this one."""
    keys: list[str] = []
    if isinstance(event, ActEvent):
        keys.append(f"act:{event.act}")
    if isinstance(event, NoteAdded):
        keys.append(f"note:{event.note}")
    elif isinstance(event, InstructionRecorded):
        keys.append(f"instruction:{event.instruction}")
    elif isinstance(event, CallStamped):
        keys.append(f"call stamp:{event.call}:{event.stamp}")
    elif isinstance(event, NeedsSettled):
        keys.extend(f"outcome:{need}" for need in event.needs)
    elif isinstance(event, (StampReported, StampCorrected)):
        keys.append(f"stamp:{event.assignment}:{event.stamp}")
    return keys


def _strikes(event: Event, times: Times, envelope: Envelope) -> list[tuple[str, str]]:
    """Which earlier lines this event strikes, and what is to be said there."""
    by = f"{envelope.actor.person} at {times.clock(envelope.recorded_at)}"
    struck: list[tuple[str, str]] = []
    if isinstance(event, NoteStruck):
        struck.append((f"note:{event.note}", f"struck by {by}: {codes(event.reason)}"))
    elif isinstance(event, InstructionStruck):
        struck.append((f"instruction:{event.instruction}", f"struck by {by}: {codes(event.reason)}"))
    elif isinstance(event, ActUndone):
        because = f": {codes(event.reason)}" if event.reason else ""
        struck.append((f"act:{event.act}", f"taken back by {by}{because}"))
    elif isinstance(event, NeedsReopened):
        struck.extend((f"outcome:{s.need}", f"reopened by {by}: {codes(event.reason)}") for s in event.struck)
    elif isinstance(event, StampCorrected):
        struck.append((f"stamp:{event.assignment}:{event.stamp}", f"corrected by {by}"))
    elif isinstance(event, CallStamped) and event.correction:
        struck.append((f"call stamp:{event.call}:{event.stamp}", f"corrected by {by}"))
    return struck


def _shown(state: State, subjects: Sequence[str]) -> tuple[list[str], list[str]]:
    """The incidents and calls of the story as things stand in the end, merges and splits followed."""
    incidents: dict[str, None] = {}
    calls: dict[str, None] = {}
    ahead = list(subjects)
    while ahead:
        key = ahead.pop(0)
        incident = state.incidents.get(key)
        if incident is not None and key not in incidents:
            incidents[key] = None
            ahead += [k for k in (incident.merged_into, incident.split_from) if k is not None]
            ahead += [k for k, o in state.incidents.items() if key in (o.merged_into, o.split_from)]
            calls.update(dict.fromkeys(incident.calls))
        elif key in state.calls and incident is None:
            calls[key] = None
            if key in subjects:
                ahead += [
                    need.incident
                    for n in state.calls[key].needs
                    if (need := state.needs[n]).incident is not None and need.incident not in incidents
                ]
    return sorted(incidents), sorted(calls)


def _needs(state: State, incidents: Sequence[str], calls: Sequence[str]) -> list[str]:
    shown: dict[str, None] = {}
    for call in calls:
        for key in state.calls[call].needs:
            need = state.needs[key]
            if need.incident is None or need.incident in incidents:
                shown[key] = None
    return list(shown)


def _incident(incident: Incident) -> IncidentStory:
    return IncidentStory(
        incident=incident.id,
        opened_at=incident.opened_at,
        place=place_text(incident.place),
        alarm_level=incident.alarm_level,
        staging=incident.staging,
        external=incident.external,
        merged_into=incident.merged_into,
        split_from=incident.split_from,
        related=incident.related,
        reconstructed=incident.reconstructed,
    )


def _call(state: State, key: str) -> CallStory:
    call = state.calls[key]
    return CallStory(
        call=key,
        channel=call.channel,
        mode=call.mode,
        received_at=call.received_at,
        place=place_text(call.place),
        words=sealed_text(call.words),
        language=call.language,
        unsafe_to_ring=call.unsafe_to_ring,
        external=call.external,
        line=call.line,
        related=call.related,
        stamps=tuple([_stamp(name, held) for name, held in call.stamps.items()]),
        self_initiated=call.self_initiated,
        reconstructed=call.reconstructed,
    )


def _need(times: Times, key: str) -> NeedStory:
    need = times.state.needs[key]
    return NeedStory(
        need=key,
        call=need.call,
        service=need.service,
        incident=need.incident,
        agency=need.agency,
        asked_for=need.asked_for,
        words=sealed_text(need.words),
        first_type=need.first_type,
        type=need.type,
        first_priority=need.first_priority,
        priority=need.priority,
        priority_by=need.priority_by,
        opened_at=need.opened_at,
        outcome=None if need.outcome is None else name_of(need.outcome),
        evidence=None if need.outcome is None else evidence(times, need.outcome),
        settled_at=need.settled_at,
        settled_by=need.settled_by,
        struck=tuple([f"{codes(name_of(old))}: {evidence(times, old)}" for old in need.struck]),
        cancellations=need.cancellations,
        returns=need.returns,
        self_initiated=need.self_initiated,
        reconstructed=need.reconstructed,
    )


def _responses(times: Times, incident: Incident) -> list[ResponseStory]:
    return [
        ResponseStory(
            incident=incident.id,
            agency=response.agency,
            service=response.service,
            status=status_of(times.state, response),
            rule=response.plan.rule,
            policy=response.plan.policy,
            priority=response.plan.priority,
            plan=plan_text(response.plan),
            opened_at=response.opened_at,
            closed_at=response.closed_at,
            adjusted=response.adjusted,
            over_objection=response.over_objection,
            waiting_since=response.waiting_since,
        )
        for response in incident.responses.values()
    ]


def _stamp(name: str, held: Stamp) -> StampStory:
    return StampStory(
        name=name,
        at=held.at,
        missing=held.missing,
        source=held.source,
        conflicts=held.conflicts,
        struck=held.struck,
        corrected=held.corrected,
    )


def _units(state: State, incident: Incident) -> list[UnitStory]:
    keys = sorted(key for response in incident.responses.values() for key in response.assignments)
    return [_unit(state.assignments[key]) for key in keys]


def _unit(assignment: Assignment) -> UnitStory:
    return UnitStory(
        assignment=assignment.id,
        incident=assignment.incident,
        agency=assignment.agency,
        unit=assignment.unit,
        stamps=tuple([_stamp(name, assignment.stamps[name]) for name in STAMP_NAMES if name in assignment.stamps]),
        stacked=assignment.stacked,
        by_report=assignment.by_report,
        ended=assignment.ended,
        hospital=assignment.hospital,
    )
