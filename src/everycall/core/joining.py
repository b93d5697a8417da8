"""Joining: linking a call to an incident, and merging two incidents into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.clocks import (
    RESPONSE_KINDS,
    response_clock,
    resting,
    retirement,
    to_find_out,
    types_to_find_out,
    unsettled,
    waits_for_type,
)
from everycall.core.deadlines import Deadline, standing
from everycall.core.incidents import Incident, Response, agency_for, arrived, usable, working
from everycall.core.linking import IncidentsMerged, Link, Merge, NeedsLinked, joined
from everycall.core.offering import offered_by_rule
from everycall.core.opening import new_responses
from everycall.core.policies import combined
from everycall.core.refusals import Refusal, unknown
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.hand_overs import HandOverOffered
    from everycall.core.handlers import DecideTable
    from everycall.core.needs import Need
    from everycall.core.state import State


def next_act(state: State) -> str:
    """The id of the next act."""
    return f"U{state.counters['act'] + 1:06d}"


def being_handed_over(need: str) -> Refusal:
    """A need on offer to another agency stays where it is until the answer."""
    return Refusal(
        code="being_handed_over",
        rule="house:8",
        because=f"Need {need} is on offer to another agency.",
        instead="Wait for the answer, or withdraw the offer.",
    )


def is_pending(state: State, response: Response) -> bool:
    """Whether nobody is at work on it or was there, and it is not held."""
    return not (response.hold is not None or working(state, response) or arrived(state, response))


def link(state: State, _actor: Actor, body: Link, given: Given) -> list[Event] | Refusal:
    """Put needs into an incident.

    What is closed there is not reopened: the new need opens the response again.
    """
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    wanted = body.needs or call.needs
    needs = [
        need
        for key in call.needs
        if key in wanted and (need := state.needs[key]).outcome is None and need.incident is None
    ]
    if not needs or (body.needs and len(needs) != len(set(body.needs))):
        return Refusal(
            code="nothing_to_link",
            rule="house:3",
            because=f"Call {call.id} has no such open need that is in no incident yet.",
            instead="Unlink it from its incident first, or add a need for what is asked now.",
        )
    made, priorities = new_responses(state, needs, given)
    told: list[Response] = []
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    pending: list[tuple[str, Response]] = []
    offers: list[HandOverOffered] = []
    linked = [need.id for need in needs]
    kept = False
    for response in made:
        held = incident.responses.get(response.agency)
        after = response if held is None else _with_more(state, held, response)
        if held is None or replace(after, needs=held.needs) != held:
            told.append(replace(after, needs=(), assignments=()))
        offered = offered_by_rule(
            state, incident.id, after, [state.needs[key] for key in after.needs], given, len(offers) + 1
        )
        offers += offered
        more_sets, more_ends = response_clock(
            state,
            incident.id,
            after,
            given,
            is_open=unsettled(state, after),
            at_work=working(state, after),
            attended=arrived(state, after),
            rests=resting(state, after, offered=[key for offer in offered for key in offer.needs]),
        )
        sets += more_sets + types_to_find_out(state, [(state.needs[key], after.plan) for key in response.needs], given)
        ends += more_ends
        kept = kept or any(waits_for_type(state.needs[key], after.plan) for key in response.needs)
        if is_pending(state, after):
            pending.append((incident.id, after))
    keys = (f"retire:{incident.id}", f"retire:{call.id}")
    if not kept and not to_find_out(state, call.id, besides=linked):
        keys += (f"find_out:{call.id}",)  # type: ignore[assignment]  # a tuple of any length
    event = NeedsLinked(
        act=next_act(state),
        incident=incident.id,
        calls=(call.id,),
        needs=tuple(linked),
        agencies=tuple(agency_for(state, need.service) for need in needs),
        at=given.at,
        responses=tuple(told),
        sets=sets,
        ends=ends + standing(state, *keys),
    )
    return [event, *priorities, *offers, *waiting_changes(state, given.at, pending=pending)]


def _with_more(state: State, held: Response, more: Response) -> Response:
    """A response that gets more needs. What was held goes out: the hold was not for these."""
    needs = held.needs + more.needs
    marked = held.over_objection or more.over_objection
    if held.closed_at is not None:
        return replace(more, needs=needs, assignments=held.assignments, earlier=held.assignments, over_objection=marked)
    after = replace(
        held,
        plan=held.plan if held.plan == more.plan else combined([held.plan, more.plan]),
        needs=needs,
        hold=None,
        over_objection=marked,
    )
    if working(state, held) or not arrived(state, held):
        return after
    # The units that were there have left: what is asked now, nobody has answered.
    ended = tuple(key for key in held.assignments if state.assignments[key].ended)
    return replace(after, earlier=ended, opened_at=more.opened_at)


def merge(state: State, _actor: Actor, body: Merge, given: Given) -> list[Event] | Refusal:
    """Two incidents are one."""
    gone = usable(state, body.incident)
    if isinstance(gone, Refusal):
        return gone
    into = usable(state, body.into)
    if isinstance(into, Refusal):
        return into
    if gone.id == into.id:
        return Refusal(
            code="same_incident",
            rule="house:6",
            because="An incident cannot be merged with itself.",
            instead="Name two incidents.",
        )
    offered = _offered(state, gone)
    if offered is not None:
        return being_handed_over(offered.id)
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = standing(state, f"retire:{gone.id}")
    pending: list[tuple[str, Response]] = []
    still_open = any(response.closed_at is None for response in into.responses.values())
    for agency, there in gone.responses.items():
        here = into.responses.get(agency)
        after = there if here is None else joined(state, here, there)
        still_open = still_open or after.closed_at is None
        more_sets, more_ends = _merged_clock(state, gone.id, into.id, after, given)
        sets += more_sets
        ends += more_ends
        if after.closed_at is None and is_pending(state, after):
            pending.append((into.id, after))
    if still_open:
        ends += standing(state, f"retire:{into.id}")
    else:
        sets += retirement(state, given, into.id)
    event = IncidentsMerged(
        act=next_act(state),
        incident=gone.id,
        into=into.id,
        at=given.at,
        reason=body.reason,
        sets=sets,
        ends=ends,
    )
    return [event, *waiting_changes(state, given.at, pending=pending)]


def _offered(state: State, incident: Incident) -> Need | None:
    for response in incident.responses.values():
        for key in response.needs:
            if state.needs[key].hand_over is not None:
                return state.needs[key]
    return None


def _merged_clock(
    state: State, gone: str, into: str, after: Response, given: Given
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """The deadlines of a merged response; those that move keep the rungs that have passed."""
    sets, ends = response_clock(
        state,
        into,
        after,
        given,
        is_open=unsettled(state, after),
        at_work=working(state, after),
        attended=arrived(state, after),
    )
    old = {kind: state.deadlines.get(f"{kind}:{gone}/{after.agency}") for kind in RESPONSE_KINDS}
    moved: list[Deadline] = []
    for deadline in sets:
        held = old.get(deadline.kind)
        if held is not None and deadline.key not in state.deadlines and held.due >= deadline.due:
            moved.append(replace(held, subject=deadline.subject, touches=(into,)))
        else:
            moved.append(deadline)
    return tuple(moved), ends + tuple([held.key for held in old.values() if held is not None])


DECIDE: Final[DecideTable] = {Link: link, Merge: merge}
