"""From an envelope to a line: the sentence, then what every event has: deadlines, lateness, who."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.centre import story_field, story_sentences
from everycall.centre.story_field import set_text
from everycall.centre.story_parts import Detail, Line, Who
from everycall.centre.story_words import Times, date_text, span
from everycall.core.assignments import StampCorrected
from everycall.core.base import SECOND
from everycall.core.calls import CallStamped
from everycall.core.escalation import DeadlinePassed

if TYPE_CHECKING:
    from everycall.centre.story_sentences import Sentence
    from everycall.core.event import Event
    from everycall.core.events import Envelope

SENTENCES: Final[dict[type, Sentence]] = {**story_sentences.SENTENCES, **story_field.SENTENCES}
"""One sentence per event type; a test compares it with the union of all events."""

_SILENT: Final = frozenset({"retire"})
"""Deadlines of the house's own, which say nothing about help."""


def line_of(times: Times, envelope: Envelope, event: Event) -> Line:
    """The line of one event, told over the state before it.

    Args:
        times: Over the state before the event.
        envelope: The entry.
        event: Its body, as far as this story holds what it names.
    """
    times.today = date_text(envelope.recorded_at, times.zone)
    assignment, unit = getattr(event, "assignment", None), getattr(event, "unit", None)
    if isinstance(assignment, str) and isinstance(unit, str):
        times.names[assignment] = unit
    text, details = SENTENCES[type(event)](times, event)
    happened = _happened(envelope, event)
    if isinstance(event, DeadlinePassed) and envelope.recorded_at - event.due >= SECOND:
        text += f", recorded {span(envelope.recorded_at - event.due)} later"
    more = [*details, *_deadlines(times, envelope, event)]
    late = _late(times, envelope, happened)
    if late is not None:
        more.append(late)
    actor = envelope.actor
    incident = getattr(event, "incident", None)
    return Line(
        sequence=envelope.sequence,
        event=str(type(event).__struct_config__.tag),
        recorded_at=envelope.recorded_at,
        occurred_at=happened,
        who=Who(person=actor.person, role=actor.role, position=actor.position, agency=actor.agency),
        text=text,
        incident=incident if isinstance(incident, str) else None,
        details=tuple(more),
    )


def _happened(envelope: Envelope, event: Event) -> int:
    """When it happened: the event's own time where it has one, else what the sender said."""
    if isinstance(event, StampCorrected) or (isinstance(event, CallStamped) and event.correction):
        return envelope.occurred_at  # the time in it is the corrected one
    at = getattr(event, "at", None)
    return at if isinstance(at, int) else envelope.occurred_at


def _late(times: Times, envelope: Envelope, happened: int) -> Detail | None:
    recorded = envelope.recorded_at
    if envelope.command.startswith("tick:") or abs(recorded - happened) < SECOND:
        return None
    if happened > recorded:
        return Detail(kind="late", text=f"the time given, {times.clock(happened)}, lies ahead of the entry")
    return Detail(kind="late", text=f"happened at {times.clock(happened)}, entered {span(recorded - happened)} later")


def _deadlines(times: Times, envelope: Envelope, event: Event) -> list[Detail]:
    standing = times.state.deadlines
    told: list[Detail] = []
    sets = [deadline for deadline in event.sets if deadline.kind not in _SILENT]
    replaced = {deadline.key for deadline in sets}
    for key in event.ends:
        held = standing.get(key)
        if held is None or held.kind in _SILENT or key in replaced:
            continue
        about = story_field.deadline_about(times, held.kind, held.subject)
        first = held.due if held.rung == 0 else None
        if first is None:
            told.append(Detail(kind="ended", text=f"{about} (it was overdue)"))
        elif first >= envelope.recorded_at:
            told.append(Detail(kind="ended", text=f"{about} ({span(first - envelope.recorded_at)} to spare)"))
        else:
            told.append(Detail(kind="ended", text=f"{about} ({span(envelope.recorded_at - first)} over)"))
    if sets:
        told.append(Detail(kind="due", text="; ".join(set_text(times, deadline) for deadline in sets)))
    return told
