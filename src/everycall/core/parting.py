"""Parting: taking needs out of an incident, and splitting one incident into two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.clocks import clock_of, find_out_unless_standing, retirement
from everycall.core.deadlines import Deadline, standing
from everycall.core.incidents import Response, engaged, usable
from everycall.core.joining import being_handed_over, is_pending, next_act
from everycall.core.linking import IncidentSplit, NeedsUnlinked, Split, Unlink, parted, unsettled_after
from everycall.core.opening import next_incident
from everycall.core.refusals import Refusal, unknown
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.incidents import Incident
    from everycall.core.needs import Need
    from everycall.core.state import State


def unlink(state: State, _actor: Actor, body: Unlink, given: Given) -> list[Event] | Refusal:
    """Take open needs out of an incident."""
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
        if key in wanted and (need := state.needs[key]).incident == incident.id and need.outcome is None
    ]
    if not needs:
        return Refusal(
            code="nothing_to_unlink",
            rule="house:3",
            because=f"Call {call.id} has no such open need in incident {incident.id}.",
            instead="A settled need stays with its incident; reopen it first if its outcome was wrong.",
        )
    offered = next((need for need in needs if need.hand_over is not None), None)
    if offered is not None:
        return being_handed_over(offered.id)
    going = {need.id for need in needs}
    closes: list[str] = []
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    pending: list[tuple[str, Response]] = []
    for agency, response in incident.responses.items():
        if not going.intersection(response.needs):
            continue
        after = replace(response, needs=tuple(key for key in response.needs if key not in going))
        if not (unsettled_after(state, after.needs) or engaged(state, after)):
            closes.append(agency)
            after = replace(after, closed_at=given.at, hold=None, waiting_since=None)
        elif is_pending(state, after):
            pending.append((incident.id, after))
        more_sets, more_ends = clock_of(state, incident.id, after, given)
        sets += more_sets
        ends += more_ends
    if all(agency in closes or r.closed_at is not None for agency, r in incident.responses.items()):
        sets += retirement(state, given, incident.id)
    if not all(need.reconstructed for need in needs):
        sets += find_out_unless_standing(state, call.id, given)
    event = NeedsUnlinked(
        act=next_act(state),
        incident=incident.id,
        call=call.id,
        needs=tuple(need.id for need in needs),
        at=given.at,
        reason=body.reason,
        closes=tuple(closes),
        sets=sets,
        ends=ends + standing(state, f"retire:{call.id}"),
    )
    return [event, *waiting_changes(state, given.at, pending=pending)]


def split(state: State, _actor: Actor, body: Split, given: Given) -> list[Event] | Refusal:
    """One incident is two."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    refusal = _cannot_split(state, incident, body)
    if refusal is not None:
        return refusal
    needs = [state.needs[key] for key in dict.fromkeys(body.needs)]
    new = next_incident(state, given.now)
    event = IncidentSplit(
        act=next_act(state),
        incident=incident.id,
        new=new,
        calls=tuple(dict.fromkeys(need.call for need in needs)),
        needs=tuple(need.id for need in needs),
        assignments=tuple(dict.fromkeys(body.assignments)),
        at=given.since,
        reason=body.reason,
    )
    old_after, new_after = parted(state, incident, event)
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    pending: list[tuple[str, Response]] = []
    for after in (old_after, new_after):
        for agency, response in after.responses.items():
            if agency not in new_after.responses:
                continue
            more_sets, more_ends = clock_of(state, after.id, response, given)
            sets += more_sets
            ends += more_ends
            if response.closed_at is None and is_pending(state, response):
                pending.append((after.id, response))
        if all(response.closed_at is not None for response in after.responses.values()):
            sets += retirement(state, given, after.id)
    waits = waiting_changes(state, given.at, pending=pending)
    return [replace(event, sets=sets, ends=ends), *waits]


def _cannot_split(state: State, incident: Incident, body: Split) -> Refusal | None:
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None or need.incident != incident.id:
            return unknown("need of this incident", key)
        if need.hand_over is not None:
            return being_handed_over(key)
        needs.append(need)
    if not needs or len(needs) == sum(len(response.needs) for response in incident.responses.values()):
        return Refusal(
            code="nothing_to_split",
            rule="house:6",
            because="A split takes some of the needs of an incident and leaves some.",
            instead="Name the needs that are a different incident.",
        )
    agencies = {need.agency for need in needs}
    for key in body.assignments:
        assignment = state.assignments.get(key)
        if assignment is None or assignment.incident != incident.id:
            return unknown("assignment of this incident", key)
        if assignment.agency not in agencies:
            return Refusal(
                code="no_need_for_this_agency",
                rule="house:2",
                because=f"No need of {assignment.agency} goes to the new incident, but its unit would.",
                instead="Take a need of that agency along, or leave the unit.",
            )
    return None


DECIDE: Final[DecideTable] = {Unlink: unlink, Split: split}
