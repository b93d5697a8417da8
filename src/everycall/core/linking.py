"""Linking, merging and splitting: which needs belong to which incident. Each is an act that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import CommandBody, Identifier, Instant, Word
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import ActEvent, Event
from everycall.core.incidents import (
    Incident,
    Response,
    agency_for,
    new_responses,
    next_incident,
    response_deadlines,
    working,
)
from everycall.core.policies import combined, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.undo import remember

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.acts import Table
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.needs import Need
    from everycall.core.state import State


class Link(CommandBody, frozen=True, kw_only=True):
    """Put the unlinked open needs of a call, or those named, into an incident."""

    call: Identifier
    incident: Identifier
    needs: tuple[Identifier, ...] = ()


class Unlink(CommandBody, frozen=True, kw_only=True):
    """Take open needs of a call out of an incident; they wait to be opened or linked again."""

    call: Identifier
    incident: Identifier
    needs: tuple[Identifier, ...] = ()
    reason: Word = ""


class Merge(CommandBody, frozen=True, kw_only=True):
    """Two incidents are one: `incident` goes into `into`."""

    incident: Identifier
    into: Identifier
    reason: Word = ""


class Split(CommandBody, frozen=True, kw_only=True):
    """One incident is two: these needs, with these assignments, become an incident of their own."""

    incident: Identifier
    needs: tuple[Identifier, ...]
    assignments: tuple[Identifier, ...] = ()
    reason: Word = ""


class NeedsLinked(ActEvent, frozen=True, kw_only=True):
    """Needs were put into an incident; `responses` are those that it did not have, or had closed, before."""

    incident: Identifier
    calls: tuple[Identifier, ...]
    needs: tuple[Identifier, ...]
    agencies: tuple[Identifier, ...]
    at: Instant
    responses: tuple[Response, ...] = ()


class NeedsUnlinked(ActEvent, frozen=True, kw_only=True):
    """Needs were taken out of an incident; `closes` are responses that are left without any."""

    incident: Identifier
    call: Identifier
    needs: tuple[Identifier, ...]
    at: Instant
    reason: Word = ""
    closes: tuple[Identifier, ...] = ()


class IncidentsMerged(ActEvent, frozen=True, kw_only=True):
    """One incident went into another, with its calls, needs and assignments."""

    incident: Identifier
    into: Identifier
    at: Instant
    reason: Word = ""


class IncidentSplit(ActEvent, frozen=True, kw_only=True):
    """A part of an incident became one of its own."""

    incident: Identifier
    new: Identifier
    calls: tuple[Identifier, ...]
    needs: tuple[Identifier, ...]
    assignments: tuple[Identifier, ...]
    at: Instant
    reason: Word = ""


def _next_act(state: State) -> str:
    return f"U{state.counters['act'] + 1:06d}"


def _usable(state: State, key: str) -> Incident | Refusal:
    incident = state.incidents.get(key)
    if incident is None:
        return unknown("incident", key)
    if incident.merged_into is not None:
        return Refusal(
            code="merged",
            rule="house:6",
            because=f"Incident {key} was merged into {incident.merged_into}.",
            instead=f"Use {incident.merged_into}, or undo the merge.",
        )
    return incident


def link(state: State, _actor: Actor, body: Link, given: Given) -> list[Event] | Refusal:
    """Put needs into an incident.

    What is closed there is not reopened: the new need opens the response again.
    """
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    incident = _usable(state, body.incident)
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
    fresh: list[Response] = []
    sets: list[Deadline] = []
    for response in made:
        held = incident.responses.get(response.agency)
        if held is None:
            fresh.append(response)
            sets += response_deadlines(incident.id, response)
            continue
        plan = response.plan if held.closed_at is not None else combined([held.plan, response.plan])
        joined = replace(
            held,
            plan=plan,
            needs=held.needs + response.needs,
            closed_at=None,
            opened_at=held.opened_at if held.closed_at is None else response.opened_at,
        )
        fresh.append(joined)
        if not working(state, held) and held.hold is None and not incident.reconstructed:
            sets += response_deadlines(incident.id, joined)
    linked = {need.id for need in needs}
    left = [
        key
        for key in call.needs
        if key not in linked and state.needs[key].outcome is None and state.needs[key].incident is None
    ]
    event = NeedsLinked(
        act=_next_act(state),
        incident=incident.id,
        calls=(call.id,),
        needs=tuple(need.id for need in needs),
        agencies=tuple(agency_for(state, need.service) for need in needs),
        at=given.at,
        responses=tuple(fresh),
        sets=tuple(sets),
        ends=standing(
            state, *(() if left else (f"find_out:{call.id}",)), f"retire:{incident.id}", f"retire:{call.id}"
        ),
    )
    return [event, *priorities]


def unlink(state: State, _actor: Actor, body: Unlink, given: Given) -> list[Event] | Refusal:
    """Take open needs out of an incident."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    incident = _usable(state, body.incident)
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
        return Refusal(
            code="being_handed_over",
            rule="house:8",
            because=f"Need {offered.id} is on offer to another agency.",
            instead="Wait for the answer, or withdraw the offer.",
        )
    gone = {need.id for need in needs}
    closes: list[str] = []
    ends: list[str] = []
    for agency, response in incident.responses.items():
        if response.closed_at is None and gone.intersection(response.needs):
            left = [key for key in response.needs if key not in gone]
            if not any(state.needs[key].outcome is None for key in left):
                subject = f"{incident.id}/{agency}"
                ends += (f"dispatch:{subject}", f"arrive:{subject}", f"hold:{subject}", f"outcome:{subject}")
                if not working(state, response):
                    closes.append(agency)
    floor = evaluator_in_force(state, given).floor()
    sets = (
        Deadline(
            kind="find_out",
            subject=call.id,
            due=given.at + floor.find_out_within,
            ladder=floor.ladder,
            touches=(call.id,),
        ),
    )
    return [
        NeedsUnlinked(
            act=_next_act(state),
            incident=incident.id,
            call=call.id,
            needs=tuple(need.id for need in needs),
            at=given.at,
            reason=body.reason,
            closes=tuple(closes),
            sets=() if call.reconstructed else sets,
            ends=standing(state, *ends),
        )
    ]


def merge(state: State, _actor: Actor, body: Merge, given: Given) -> list[Event] | Refusal:
    """Two incidents are one."""
    gone = _usable(state, body.incident)
    if isinstance(gone, Refusal):
        return gone
    into = _usable(state, body.into)
    if isinstance(into, Refusal):
        return into
    if gone.id == into.id:
        return Refusal(
            code="same_incident",
            rule="house:6",
            because="An incident cannot be merged with itself.",
            instead="Name two incidents.",
        )
    offered = any(
        hand_over.incident == gone.id and hand_over.pending for hand_over in state.hand_overs.values()
    )
    if offered:
        return Refusal(
            code="being_handed_over",
            rule="house:8",
            because=f"A need of incident {gone.id} is on offer to another agency.",
            instead="Wait for the answer, or withdraw the offer.",
        )
    sets: list[Deadline] = []
    ends: list[str] = []
    for agency, response in gone.responses.items():
        here = into.responses.get(agency)
        for kind in ("dispatch", "arrive", "hold", "outcome"):
            old = state.deadlines.get(f"{kind}:{gone.id}/{agency}")
            if old is None:
                continue
            ends.append(old.key)
            moved = replace(old, subject=f"{into.id}/{agency}", touches=(into.id,))
            standing_there = state.deadlines.get(moved.key)
            busy = here is not None and (working(state, here) or working(state, response))
            if kind == "dispatch" and busy:
                continue
            if standing_there is None or moved.due < standing_there.due:
                sets.append(moved)
    return [
        IncidentsMerged(
            act=_next_act(state),
            incident=gone.id,
            into=into.id,
            at=given.at,
            reason=body.reason,
            sets=tuple(sets),
            ends=(*ends, *standing(state, f"retire:{gone.id}", f"retire:{into.id}")),
        )
    ]


def split(state: State, _actor: Actor, body: Split, given: Given) -> list[Event] | Refusal:
    """One incident is two."""
    incident = _usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None or need.incident != incident.id or need.hand_over is not None:
            return unknown("need of this incident", key)
        needs.append(need)
    if not needs or len(needs) == sum(len(response.needs) for response in incident.responses.values()):
        return Refusal(
            code="nothing_to_split",
            rule="house:6",
            because="A split takes some of the needs of an incident and leaves some.",
            instead="Name the needs that are a different incident.",
        )
    for key in body.assignments:
        assignment = state.assignments.get(key)
        if assignment is None or assignment.incident != incident.id:
            return unknown("assignment of this incident", key)
        if assignment.agency not in {need.agency for need in needs}:
            return Refusal(
                code="no_need_for_this_agency",
                rule="house:2",
                because=f"No need of {assignment.agency} goes to the new incident, but its unit would.",
                instead="Take a need of that agency along, or leave the unit.",
            )
    new = next_incident(state, given.now)
    event = IncidentSplit(
        act=_next_act(state),
        incident=incident.id,
        new=new,
        calls=tuple(dict.fromkeys(need.call for need in needs)),
        needs=tuple(need.id for need in needs),
        assignments=tuple(dict.fromkeys(body.assignments)),
        at=given.at,
        reason=body.reason,
    )
    old_after, new_after = _parted(state, incident, event)
    sets: list[Deadline] = []
    ends: list[str] = []
    for agency, response in new_after.responses.items():
        if response.closed_at is None and not working(state, response) and not incident.reconstructed:
            sets += response_deadlines(new, response)
        stays = old_after.responses[agency]
        if not any(state.needs[key].outcome is None for key in stays.needs):
            subject = f"{incident.id}/{agency}"
            ends += (f"dispatch:{subject}", f"arrive:{subject}", f"hold:{subject}", f"outcome:{subject}")
        elif not working(state, stays) and stays.hold is None and not incident.reconstructed:
            sets += response_deadlines(incident.id, stays)
    return [replace(event, sets=tuple(sets), ends=standing(state, *ends, f"retire:{incident.id}"))]


def _parted(state: State, incident: Incident, event: IncidentSplit) -> tuple[Incident, Incident]:
    """The incident after a split, and the new one."""
    going = set(event.needs)
    moving = set(event.assignments)
    stay: dict[str, Response] = {}
    leave: dict[str, Response] = {}
    for agency, response in incident.responses.items():
        mine = tuple(key for key in response.needs if key in going)
        if not mine:
            stay[agency] = response
            continue
        rest = tuple(key for key in response.needs if key not in going)
        units = tuple(key for key in response.assignments if key in moving)
        open_there = any(state.needs[key].outcome is None for key in mine)
        open_here = any(state.needs[key].outcome is None for key in rest)
        here = replace(
            response, needs=rest, assignments=tuple(key for key in response.assignments if key not in moving)
        )
        closed_here = response.closed_at
        if closed_here is None and not open_here and not working(state, here):
            closed_here = event.at
        stay[agency] = replace(here, closed_at=closed_here)
        leave[agency] = replace(
            response,
            needs=mine,
            assignments=units,
            opened_at=min(state.needs[key].opened_at for key in mine),
            hold=None,
            closed_at=None if open_there else (response.closed_at or event.at),
        )
    kept_calls = tuple(
        call
        for call in incident.calls
        if call not in event.calls
        or any(key in response.needs for response in stay.values() for key in state.calls[call].needs)
    )
    new = Incident(
        id=event.new,
        opened_at=event.at,
        calls=event.calls,
        responses=leave,
        place=incident.place,
        split_from=incident.id,
        position=incident.position,
        reconstructed=incident.reconstructed,
    )
    return replace(incident, calls=kept_calls, responses=stay), new


def _linked(state: State, event: NeedsLinked) -> None:
    def change() -> None:
        incident = state.incidents[event.incident]
        calls = incident.calls + tuple(call for call in event.calls if call not in incident.calls)
        responses = {**incident.responses, **{response.agency: response for response in event.responses}}
        state.incidents[event.incident] = replace(incident, calls=calls, responses=responses)
        for key, agency in zip(event.needs, event.agencies, strict=True):
            state.needs[key] = replace(state.needs[key], incident=event.incident, agency=agency)
        for response in event.responses:
            state.refresh_response(event.incident, response.agency)

    touched: list[tuple[Table, str]] = [("incidents", event.incident)]
    touched += [("needs", key) for key in event.needs]
    remember(state, event, "link", touched, change)


def _unlinked(state: State, event: NeedsUnlinked) -> None:
    def change() -> None:
        incident = state.incidents[event.incident]
        responses: dict[str, Response] = {}
        for agency, response in incident.responses.items():
            responses[agency] = replace(
                response,
                needs=tuple(key for key in response.needs if key not in event.needs),
                closed_at=event.at if agency in event.closes else response.closed_at,
                hold=None if agency in event.closes else response.hold,
                waiting_since=None if agency in event.closes else response.waiting_since,
            )
        left = any(
            key in response.needs for response in responses.values() for key in state.calls[event.call].needs
        )
        calls = incident.calls if left else tuple(call for call in incident.calls if call != event.call)
        state.incidents[event.incident] = replace(incident, calls=calls, responses=responses)
        for key in event.needs:
            state.needs[key] = replace(state.needs[key], incident=None, agency=None)
        for agency in responses:
            state.refresh_response(event.incident, agency)

    touched: list[tuple[Table, str]] = [("incidents", event.incident)]
    touched += [("needs", key) for key in event.needs]
    remember(state, event, "unlink", touched, change)


def _joined(state: State, here: Response, there: Response) -> Response:
    """One agency's response after a merge."""
    plan = here.plan if there.plan == here.plan else combined([here.plan, there.plan])
    both = replace(
        here,
        plan=plan,
        needs=here.needs + there.needs,
        assignments=here.assignments + there.assignments,
        opened_at=min(here.opened_at, there.opened_at),
        hold=here.hold if there.hold is not None or there.closed_at is not None else None,
        closed_at=None
        if here.closed_at is None or there.closed_at is None
        else max(here.closed_at, there.closed_at),
        waiting_since=None,
        adjusted=here.adjusted or there.adjusted,
        over_objection=here.over_objection or there.over_objection,
    )
    if working(state, both) or here.waiting_since is None:
        return both
    return replace(both, waiting_since=here.waiting_since)


def _merged(state: State, event: IncidentsMerged) -> None:
    gone = state.incidents[event.incident]
    needs = [key for response in gone.responses.values() for key in response.needs]
    assignments = [key for response in gone.responses.values() for key in response.assignments]

    def change() -> None:
        into = state.incidents[event.into]
        responses = dict(into.responses)
        for agency, there in gone.responses.items():
            here = responses.get(agency)
            responses[agency] = there if here is None else _joined(state, here, there)
        state.incidents[event.into] = replace(
            into,
            calls=into.calls + tuple(call for call in gone.calls if call not in into.calls),
            responses=responses,
            patients=into.patients + gone.patients,
            place=into.place or gone.place,
            absorbed=(*into.absorbed, gone.id),
        )
        state.incidents[event.incident] = replace(
            gone, calls=(), responses={}, patients=(), merged_into=event.into
        )
        for key in needs:
            state.needs[key] = replace(state.needs[key], incident=event.into)
        for key in assignments:
            state.assignments[key] = replace(state.assignments[key], incident=event.into)
        for agency in gone.responses:
            state.refresh_response(event.incident, agency)
            state.refresh_response(event.into, agency)

    touched: list[tuple[Table, str]] = [("incidents", event.incident), ("incidents", event.into)]
    touched += [("needs", key) for key in needs]
    touched += [("assignments", key) for key in assignments]
    remember(state, event, "merge", touched, change)


def _split(state: State, event: IncidentSplit) -> None:
    def change() -> None:
        old, new = _parted(state, state.incidents[event.incident], event)
        state.incidents[event.incident] = old
        state.incidents[event.new] = new
        for key in event.needs:
            state.needs[key] = replace(state.needs[key], incident=event.new)
        for key in event.assignments:
            state.assignments[key] = replace(state.assignments[key], incident=event.new)
        for agency in new.responses:
            state.refresh_response(event.incident, agency)
            state.refresh_response(event.new, agency)

    state.counters[f"incident:{event.new.split('-', 1)[0]}"] += 1
    touched: list[tuple[Table, str]] = [("incidents", event.incident), ("incidents", event.new)]
    touched += [("needs", key) for key in event.needs]
    touched += [("assignments", key) for key in event.assignments]
    remember(state, event, "split", touched, change)


DECIDE: Final[DecideTable] = {Link: link, Unlink: unlink, Merge: merge, Split: split}
EVOLVE: Final[EvolveTable] = {
    NeedsLinked: _linked,
    NeedsUnlinked: _unlinked,
    IncidentsMerged: _merged,
    IncidentSplit: _split,
}
