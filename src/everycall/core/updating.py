"""Updating a call: what has become known of it, where it is, and with what it has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.calls import CallLocated, CallsRelated, CallUpdated, LocateCall, RelateCalls, UpdateCall
from everycall.core.clocks import find_out_unless_standing, unplaced
from everycall.core.deadlines import Deadline, standing
from everycall.core.places import place_of
from everycall.core.planning import replanned
from everycall.core.policies import declared, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import only_sealed
from everycall.core.taking import PART_BYTES, fact_parts, facts_of

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


def update_call(state: State, _actor: Actor, body: UpdateCall, given: Given) -> list[Event] | Refusal:
    """Add what has become known; what the policy reads may change the plan.

    It is a report and so never refused: where less would be sent and no reason is given, the plan stays.
    """
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    facts = facts_of(body.facts, given.at)
    first, *more = fact_parts(facts, PART_BYTES)
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


DECIDE: Final[DecideTable] = {UpdateCall: update_call, LocateCall: locate_call, RelateCalls: relate_calls}
