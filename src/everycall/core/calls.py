"""Calls: one request for help on any channel, from the first ring to the last note.

Invariants:

1. A call is never refused: taken with anything or nothing known, it gets an id, at least one need, and a
   deadline (rule 1 of the house).
2. What is missing is listed, so that it can be asked later.
3. A number flagged unsafe to ring is not rung: the flag stands on the call and ends the call-back deadline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core import stamps
from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Named, Word
from everycall.core.event import Event
from everycall.core.facts import Fact, FactGiven
from everycall.core.needs import Need, NeedAsked, NeedTaken
from everycall.core.notes import Note
from everycall.core.places import Place, PlaceGiven
from everycall.core.sealed import Confidential, Sealed
from everycall.core.stamps import Stamp
from everycall.core.vocabulary import CallStampName, Channel, MissingReason, Mode

if TYPE_CHECKING:
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State


CallBackResult = Literal["reached", "no_answer", "busy", "refused_to_talk", "number_not_in_service", "not_rung_unsafe"]


class CallBack(Frozen, frozen=True, kw_only=True):
    """One attempt to reach the caller again."""

    at: Instant
    result: CallBackResult
    by: Identifier


class Call(Entity, frozen=True, kw_only=True):
    """One request for help."""

    id: Identifier
    channel: Channel
    received_at: Instant
    mode: Mode = "not_recorded"
    needs: tuple[Identifier, ...] = ()
    stamps: dict[CallStampName, Stamp] = {}
    place: Place | None = None
    words: Sealed | None = None
    facts: tuple[Fact, ...] = ()
    language: Word | None = None
    unsafe_to_ring: bool = False
    call_backs: tuple[CallBack, ...] = ()
    related: tuple[Identifier, ...] = ()
    notes: tuple[Note, ...] = ()
    position: Word = ""
    external: Word | None = None
    line: Word | None = None
    self_initiated: bool = False
    reconstructed: bool = False


class TakeCall(CommandBody, frozen=True, kw_only=True):
    """Take a call, with anything or nothing known. It is never refused.

    `ringing` is for the telephone: the call exists from the first ring. `external` is its number in another
    system (switch, partner, export).
    """

    channel: Channel = "not_recorded"
    mode: Mode = "not_recorded"
    ringing: bool = False
    received_at: Instant | None = None
    needs: tuple[NeedAsked, ...] = ()
    place: PlaceGiven | None = None
    words: Confidential | None = None
    facts: tuple[FactGiven, ...] = ()
    language: Word | None = None
    unsafe_to_ring: bool = False
    external: Word | None = None
    line: Word | None = None
    open_incident: bool = False
    incident_external: Word | None = None
    agency: Identifier | None = None
    self_initiated: bool = False
    reconstructed: bool = False


class AnswerCall(CommandBody, frozen=True, kw_only=True):
    """The call was answered."""

    call: Identifier


class AbandonCall(CommandBody, frozen=True, kw_only=True):
    """The caller hung up before being served. A call-back is due, unless ringing is unsafe."""

    call: Identifier


class RecordCallBack(CommandBody, frozen=True, kw_only=True):
    """Report an attempt to reach the caller again."""

    call: Identifier
    result: CallBackResult


class UpdateCall(CommandBody, frozen=True, kw_only=True):
    """Add what has become known: facts, mode, language, words, whether ringing is unsafe."""

    call: Identifier
    mode: Mode | None = None
    language: Word | None = None
    words: Confidential | None = None
    unsafe_to_ring: bool | None = None
    facts: tuple[FactGiven, ...] = ()
    reason: Word | None = None


class LocateCall(CommandBody, frozen=True, kw_only=True):
    """Say where it is. The earlier place stays in the record."""

    call: Identifier
    place: PlaceGiven


class StampCall(CommandBody, frozen=True, kw_only=True):
    """Report one time of a call, alone and in any order, or why it is missing."""

    call: Identifier
    stamp: CallStampName
    at: Instant | None = None
    missing: MissingReason | None = None
    correction: bool = False


class AddNeed(CommandBody, frozen=True, kw_only=True):
    """The caller asks for one service more; a later request is a new need."""

    call: Identifier
    need: NeedAsked


class RelateCalls(CommandBody, frozen=True, kw_only=True):
    """Say that calls have to do with each other, without joining them."""

    calls: Named


class CallTaken(Event, frozen=True, kw_only=True):
    """A call was received, with these needs; `missing` lists what was not known."""

    call: Identifier
    channel: Channel
    received_at: Instant
    needs: tuple[NeedTaken, ...]
    mode: Mode = "not_recorded"
    ringing: bool = False
    place: Place | None = None
    words: Sealed | None = None
    facts: tuple[Fact, ...] = ()
    language: Word | None = None
    unsafe_to_ring: bool = False
    position: Word = ""
    external: Word | None = None
    line: Word | None = None
    missing: tuple[Word, ...] = ()
    self_initiated: bool = False
    reconstructed: bool = False


class CallStamped(Event, frozen=True, kw_only=True):
    """A time of a call was reported, corrected, or said to be missing."""

    call: Identifier
    stamp: CallStampName
    at: Instant | None = None
    missing: MissingReason | None = None
    correction: bool = False
    source: Word = ""


class CallBackTried(Event, frozen=True, kw_only=True):
    """Somebody tried to reach the caller again."""

    call: Identifier
    result: CallBackResult
    at: Instant
    by: Identifier


class CallUpdated(Event, frozen=True, kw_only=True):
    """More became known about a call."""

    call: Identifier
    at: Instant
    mode: Mode | None = None
    language: Word | None = None
    words: Sealed | None = None
    unsafe_to_ring: bool | None = None
    facts: tuple[Fact, ...] = ()


class CallLocated(Event, frozen=True, kw_only=True):
    """Where a call is was said or corrected; `before` is struck through, not erased."""

    call: Identifier
    place: Place
    at: Instant
    before: Place | None = None


class NeedAdded(Event, frozen=True, kw_only=True):
    """A call asked for one service more."""

    call: Identifier
    need: NeedTaken
    at: Instant
    self_initiated: bool = False
    reconstructed: bool = False


class CallsRelated(Event, frozen=True, kw_only=True):
    """Calls have to do with each other."""

    calls: tuple[Identifier, ...]


def need_of(event: CallTaken | NeedAdded, taken_need: NeedTaken, opened_at: int) -> Need:
    """The need as it stands once the event is applied."""
    return Need(
        id=taken_need.need,
        call=event.call,
        service=taken_need.service,
        opened_at=opened_at,
        asked_for=taken_need.asked_for,
        words=taken_need.words,
        first_type=taken_need.type,
        type=taken_need.type,
        first_priority=taken_need.priority,
        priority=taken_need.priority,
        priority_by="nobody" if taken_need.priority is None else "person",
        self_initiated=event.self_initiated,
        reconstructed=event.reconstructed,
    )


def _taken(state: State, event: CallTaken) -> None:
    name: CallStampName = "ringing" if event.ringing else "received"
    state.counters["call"] += 1
    state.calls[event.call] = Call(
        id=event.call,
        channel=event.channel,
        received_at=event.received_at,
        mode=event.mode,
        needs=tuple([need.need for need in event.needs]),
        stamps={name: Stamp(at=event.received_at, source="channel")},
        place=event.place,
        words=event.words,
        facts=event.facts,
        language=event.language,
        unsafe_to_ring=event.unsafe_to_ring,
        position=event.position,
        external=event.external,
        line=event.line,
        self_initiated=event.self_initiated,
        reconstructed=event.reconstructed,
    )
    for need in event.needs:
        state.needs[need.need] = need_of(event, need, event.received_at)


def _stamped(state: State, event: CallStamped) -> None:
    call = state.calls[event.call]
    if event.at is None:
        after = stamps.marked_missing(call.stamps, event.stamp, event.missing or "not_reported", event.source)
    elif event.correction:
        after = stamps.corrected(call.stamps, event.stamp, event.at, event.source)
    else:
        after = stamps.reported(call.stamps, event.stamp, event.at, event.source)
    state.calls[event.call] = replace(call, stamps=after)


def _call_back(state: State, event: CallBackTried) -> None:
    call = state.calls[event.call]
    attempt = CallBack(at=event.at, result=event.result, by=event.by)
    state.calls[event.call] = replace(call, call_backs=(*call.call_backs, attempt))


def _updated(state: State, event: CallUpdated) -> None:
    call = state.calls[event.call]
    state.calls[event.call] = replace(
        call,
        mode=call.mode if event.mode is None else event.mode,
        language=call.language if event.language is None else event.language,
        words=call.words if event.words is None else event.words,
        unsafe_to_ring=call.unsafe_to_ring if event.unsafe_to_ring is None else event.unsafe_to_ring,
        facts=call.facts + event.facts,
    )


def _located(state: State, event: CallLocated) -> None:
    state.calls[event.call] = replace(state.calls[event.call], place=event.place)


def _need_added(state: State, event: NeedAdded) -> None:
    call = state.calls[event.call]
    state.calls[event.call] = replace(call, needs=(*call.needs, event.need.need))
    state.needs[event.need.need] = need_of(event, event.need, event.at)


def _related(state: State, event: CallsRelated) -> None:
    for key in event.calls:
        call = state.calls[key]
        others = tuple(other for other in event.calls if other != key and other not in call.related)
        state.calls[key] = replace(call, related=call.related + others)


EVOLVE: Final[EvolveTable] = {
    CallTaken: _taken,
    CallStamped: _stamped,
    CallBackTried: _call_back,
    CallUpdated: _updated,
    CallLocated: _located,
    NeedAdded: _need_added,
    CallsRelated: _related,
}
