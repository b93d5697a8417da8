"""Calls: one request for help on any channel, from the first ring to the last note.

Invariants:

1. A call is never refused: taken with anything or nothing known, it gets an id, at least one need, and a
   deadline (rule 1 of the house).
2. What is missing is listed, so that it can be asked later.
3. A number flagged unsafe to ring is not rung: the flag stands on the call and ends the call-back deadline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec.structs import replace

from everycall.core import stamps
from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Named, Word
from everycall.core.clocks import find_out, find_out_unless_standing, unplaced
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.facts import Fact, FactGiven, must_be_sealed
from everycall.core.needs import Need, NeedAsked, NeedTaken
from everycall.core.notes import Note
from everycall.core.places import Place, PlaceGiven, place_of
from everycall.core.policies import declared, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Confidential, Private, Sealed, only_sealed
from everycall.core.stamps import Stamp
from everycall.core.vocabulary import CallStampName, Channel, MissingReason, Mode

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State

PLENTY: Final = 6
"""Facts, and needs counted twice, that fit into one event whatever their words are."""
PART_BYTES: Final = 32 * 1024
"""Bytes of facts and needs in one event, where there are more."""
_encoder: Final = msgspec.json.Encoder()

CallBackResult = Literal[
    "reached", "no_answer", "busy", "refused_to_talk", "number_not_in_service", "not_rung_unsafe"
]


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


def facts_of(given_facts: tuple[FactGiven, ...], at: int) -> tuple[Fact, ...]:
    """The facts that may stand in an event: sealed where personal, with their time."""
    facts: list[Fact] = []
    for told in given_facts:
        value = told.value
        if isinstance(value, Private) or (not isinstance(value, Sealed) and must_be_sealed(told.name, value)):
            continue  # the engine seals before it decides; what nobody sealed may not stand in clear
        facts.append(
            Fact(name=told.name, value=value, source=told.source, at=told.at if told.at is not None else at)
        )
    return tuple(facts)


def need_taken(call: str, number: int, asked: NeedAsked) -> NeedTaken:
    """The need that an event holds; its id is the call's with a running number."""
    return NeedTaken(
        need=f"{call}-{number}",
        service=asked.service,
        asked_for=asked.asked_for,
        words=only_sealed(asked.words),
        type=asked.type or None,
        priority=asked.priority or None,
    )


def taken(state: State, actor: Actor, body: TakeCall, given: Given) -> CallTaken:
    """The event of a call that is taken, whatever is known."""
    call = f"C{state.counters['call'] + 1:06d}"
    received_at = given.at if body.received_at is None else body.received_at
    asked = body.needs or (NeedAsked(),)
    missing = [
        name
        for name, value in (("place", body.place), ("type", asked[0].type), ("words", body.words))
        if value is None
    ]
    if asked[0].service == "unknown":
        missing.append("service")
    sets: tuple[Deadline, ...] = ()
    if not body.reconstructed:
        since = min(received_at, given.now)
        floor = evaluator_in_force(state, given).floor()
        if body.ringing:
            sets = (
                Deadline(
                    kind="answer",
                    subject=call,
                    due=since + floor.answer_within,
                    ladder=floor.ladder,
                    touches=(call,),
                ),
            )
        elif not body.open_incident:
            sets = (find_out(state, call, given, since),)
    return CallTaken(
        call=call,
        channel=body.channel,
        mode=body.mode,
        received_at=received_at,
        ringing=body.ringing,
        needs=tuple(need_taken(call, number, need) for number, need in enumerate(asked, 1)),
        place=None if body.place is None else place_of(body.place),
        words=only_sealed(body.words),
        facts=facts_of(body.facts, given.at),
        language=body.language,
        unsafe_to_ring=body.unsafe_to_ring,
        position=actor.position,
        external=body.external,
        line=body.line,
        missing=() if body.reconstructed else tuple(missing),
        self_initiated=body.self_initiated,
        reconstructed=body.reconstructed,
        sets=sets,
    )


def take_call(state: State, actor: Actor, body: TakeCall, given: Given) -> list[Event] | Refusal:
    """Take a call, and open its incident in the same breath if that is asked."""
    from everycall.core.incidents import opening_for  # noqa: PLC0415 - incidents read calls; the arrow back is only here

    event = taken(state, actor, body, given)
    facts = event.facts
    event, rest = _in_parts(state, event, given)
    if not body.open_incident:
        return [event, *rest]
    opened = opening_for(state, event, given, body.incident_external, body.agency, facts)
    return [event, *opened, *rest]


def _in_parts(state: State, event: CallTaken, given: Given) -> tuple[CallTaken, list[Event]]:
    """A call with very much known about it is one event and some that follow: an event has its size."""
    if len(event.facts) + 2 * len(event.needs) <= PLENTY:
        return event, []
    room = PART_BYTES
    needs: list[NeedTaken] = []
    for need in event.needs:
        room -= len(_encoder.encode(need))
        if needs and room < 0:
            break
        needs.append(need)
    parts = _fact_parts(event.facts, max(room, 0))
    # What is not in the first event is asked for, and known, just the same.
    late = () if event.reconstructed else (find_out(state, event.call, given, event.received_at),)
    rest: list[Event] = [
        NeedAdded(
            call=event.call,
            need=need,
            at=event.received_at,
            self_initiated=event.self_initiated,
            reconstructed=event.reconstructed,
            sets=late,
        )
        for need in event.needs[len(needs) :]
    ]
    rest += [CallUpdated(call=event.call, at=given.at, facts=part) for part in parts[1:]]
    return replace(event, needs=tuple(needs), facts=parts[0]), rest


def _fact_parts(facts: tuple[Fact, ...], first: int) -> list[tuple[Fact, ...]]:
    """Facts shared out over events: the first has `first` bytes of room, the others a whole part."""
    if len(facts) <= PLENTY and first >= PART_BYTES:
        return [facts]
    parts: list[list[Fact]] = [[]]
    room = first
    for fact in facts:
        size = len(_encoder.encode(fact))
        if size > room:
            parts.append([])
            room = PART_BYTES
        parts[-1].append(fact)
        room -= size
    return [tuple(part) for part in parts]


def _answered(state: State, call: Call, given: Given) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """An answered call rings no more; what it is about has to be found out in time."""
    sets = find_out_unless_standing(state, call.id, given) if unplaced(state, call.id) else ()
    return sets, standing(state, f"answer:{call.id}", f"call_back:{call.id}")


def answer_call(state: State, actor: Actor, body: AnswerCall, given: Given) -> list[Event] | Refusal:
    """The call was answered."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    sets, ends = _answered(state, call, given)
    return [
        CallStamped(call=call.id, stamp="answered", at=given.at, source=actor.person, sets=sets, ends=ends)
    ]


def _anything_open(state: State, call: Call) -> bool:
    return any((need := state.needs[key]).outcome is None and not need.reconstructed for key in call.needs)


def abandon_call(state: State, actor: Actor, body: AbandonCall, given: Given) -> list[Event] | Refusal:
    """The caller hung up. Somebody has to call back, unless that would put the caller in danger."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    sets: tuple[Deadline, ...] = ()
    if call.unsafe_to_ring:
        sets = find_out_unless_standing(state, call.id, given) if unplaced(state, call.id) else ()
    elif _anything_open(state, call):
        floor = evaluator_in_force(state, given).floor()
        sets = (
            Deadline(
                kind="call_back",
                subject=call.id,
                due=given.since + floor.call_back_within,
                ladder=floor.ladder,
                touches=(call.id,),
            ),
        )
    return [
        CallStamped(
            call=call.id,
            stamp="abandoned",
            at=given.at,
            source=actor.person,
            sets=sets,
            ends=standing(state, f"answer:{call.id}"),
        )
    ]


def record_call_back(state: State, actor: Actor, body: RecordCallBack, given: Given) -> list[Event] | Refusal:
    """Report an attempt.

    A call flagged unsafe to ring must not be rung; that it was is a fact all the same. Whatever came of it,
    what the call is about has still to be found out.
    """
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    return [
        CallBackTried(
            call=call.id,
            result=body.result,
            at=given.at,
            by=actor.person,
            sets=find_out_unless_standing(state, call.id, given) if unplaced(state, call.id) else (),
            ends=standing(state, f"call_back:{call.id}"),
        )
    ]


def update_call(state: State, _actor: Actor, body: UpdateCall, given: Given) -> list[Event] | Refusal:
    """Add what has become known; what the policy reads may change the plan.

    It is a report and so never refused: where less would be sent and no reason is given, the plan stays.
    """
    from everycall.core.planning import replanned  # noqa: PLC0415 - planning reads calls; the arrow back is only here

    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    facts = facts_of(body.facts, given.at)
    first, *more = _fact_parts(facts, PART_BYTES)
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    if body.unsafe_to_ring:
        ends = standing(state, f"call_back:{call.id}")
        if ends and unplaced(state, call.id):
            sets = find_out_unless_standing(state, call.id, given)
    events: list[Event] = [
        CallUpdated(
            call=call.id,
            at=given.at,
            mode=body.mode,
            language=body.language,
            words=only_sealed(body.words),
            unsafe_to_ring=body.unsafe_to_ring,
            facts=first,
            sets=sets,
            ends=ends,
        ),
        *[CallUpdated(call=call.id, at=given.at, facts=part) for part in more],
    ]
    reads = declared(state, evaluator_in_force(state, given))
    if any(fact.name in reads for fact in facts):
        changed = {need: state.needs[need] for need in call.needs}
        plans = replanned(state, changed, call.facts + facts, given, body.reason, keep=True)
        if not isinstance(plans, Refusal):
            events += plans
    return events


def locate_call(state: State, _actor: Actor, body: LocateCall, given: Given) -> list[Event] | Refusal:
    """Say where it is."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    return [CallLocated(call=call.id, place=place_of(body.place), before=call.place, at=given.at)]


def stamp_call(state: State, actor: Actor, body: StampCall, given: Given) -> list[Event] | Refusal:
    """Report one time of a call. Reports are never refused, whatever the other times are."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    at = body.at
    if at is None and body.missing is None:
        at = given.at
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    if body.stamp == "answered" and at is not None:
        sets, ends = _answered(state, call, given)
    return [
        CallStamped(
            call=call.id,
            stamp=body.stamp,
            at=at,
            missing=body.missing if at is None else None,
            correction=body.correction and at is not None,
            source=actor.person,
            sets=sets,
            ends=ends,
        )
    ]


def add_need(state: State, _actor: Actor, body: AddNeed, given: Given) -> list[Event] | Refusal:
    """One service more is asked for."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    sets = () if call.reconstructed else find_out_unless_standing(state, call.id, given)
    return [
        NeedAdded(
            call=call.id,
            need=need_taken(call.id, len(call.needs) + 1, body.need),
            at=given.at,
            self_initiated=call.self_initiated,
            reconstructed=call.reconstructed,
            sets=sets,
            ends=standing(state, f"retire:{call.id}"),
        )
    ]


def relate_calls(state: State, _actor: Actor, body: RelateCalls, _given: Given) -> list[Event] | Refusal:
    """Say that calls have to do with each other."""
    calls = tuple(dict.fromkeys(body.calls))
    for call in calls:
        if call not in state.calls:
            return unknown("call", call)
    if len(calls) < 2:  # noqa: PLR2004 - a relation takes two
        return Refusal(
            code="nothing_to_relate",
            rule="house:6",
            because="A relation takes two different calls.",
            instead="Name both calls.",
        )
    return [CallsRelated(calls=calls)]


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


DECIDE: Final[DecideTable] = {
    TakeCall: take_call,
    AnswerCall: answer_call,
    AbandonCall: abandon_call,
    RecordCallBack: record_call_back,
    UpdateCall: update_call,
    LocateCall: locate_call,
    StampCall: stamp_call,
    AddNeed: add_need,
    RelateCalls: relate_calls,
}
EVOLVE: Final[EvolveTable] = {
    CallTaken: _taken,
    CallStamped: _stamped,
    CallBackTried: _call_back,
    CallUpdated: _updated,
    CallLocated: _located,
    NeedAdded: _need_added,
    CallsRelated: _related,
}
