"""Taking calls: a call is never refused, whatever is known of it (rule 1 of the house)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from everycall.core.calls import AddNeed, CallTaken, CallUpdated, NeedAdded, TakeCall, need_of
from everycall.core.clocks import find_out, find_out_unless_standing
from everycall.core.deadlines import Deadline, standing
from everycall.core.facts import Fact, FactGiven, must_be_sealed
from everycall.core.needs import NeedAsked, NeedTaken
from everycall.core.opening import opening_for
from everycall.core.places import place_of
from everycall.core.policies import evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Private, Sealed, only_sealed

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


PLENTY: Final = 6
"""Facts, and needs counted twice, that fit into one event whatever their words are."""


PART_BYTES: Final = 32 * 1024
"""Bytes of facts and needs in one event, where there are more."""


_encoder: Final = msgspec.json.Encoder()


def facts_of(given_facts: tuple[FactGiven, ...], at: int) -> tuple[Fact, ...]:
    """The facts that may stand in an event: sealed where personal, with their time."""
    facts: list[Fact] = []
    for told in given_facts:
        value = told.value
        if isinstance(value, Private) or (not isinstance(value, Sealed) and must_be_sealed(told.name, value)):
            continue  # the engine seals before it decides; what nobody sealed may not stand in clear
        facts.append(Fact(name=told.name, value=value, source=told.source, at=told.at if told.at is not None else at))
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
        name for name, value in (("place", body.place), ("type", asked[0].type), ("words", body.words)) if value is None
    ]
    if asked[0].service == "unknown":
        missing.append("service")
    sets: tuple[Deadline, ...] = ()
    late = False
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
            late = True
    event = CallTaken(
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
    if late:
        needs = [need_of(event, need, received_at) for need in event.needs]
        since = min(received_at, given.now)
        event = replace(event, sets=(find_out(state, call, given, since, needs, event.facts),))
    return event


def take_call(state: State, actor: Actor, body: TakeCall, given: Given) -> list[Event] | Refusal:
    """Take a call, and open its incident in the same breath if that is asked."""
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
    parts = fact_parts(event.facts, max(room, 0))
    # What is not in the first event is asked for, and known, just the same.
    held_back = [need_of(event, need, event.received_at) for need in event.needs[len(needs) :]]
    late: tuple[Deadline, ...] = ()
    if not event.reconstructed:
        late = (find_out(state, event.call, given, event.received_at, held_back, event.facts),)
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


def fact_parts(facts: tuple[Fact, ...], first: int) -> list[tuple[Fact, ...]]:
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


DECIDE: Final[DecideTable] = {TakeCall: take_call, AddNeed: add_need}
