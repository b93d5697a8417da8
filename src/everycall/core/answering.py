"""Answering, calling back, and the times of a call: what becomes of a call that rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.calls import (
    AbandonCall,
    AnswerCall,
    Call,
    CallBackTried,
    CallStamped,
    RecordCallBack,
    StampCall,
)
from everycall.core.clocks import find_out_unless_standing, unplaced
from everycall.core.deadlines import Deadline, standing
from everycall.core.policies import evaluator_in_force
from everycall.core.refusals import Refusal, unknown

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


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
    return [CallStamped(call=call.id, stamp="answered", at=given.at, source=actor.person, sets=sets, ends=ends)]


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


DECIDE: Final[DecideTable] = {
    AnswerCall: answer_call,
    AbandonCall: abandon_call,
    RecordCallBack: record_call_back,
    StampCall: stamp_call,
}
