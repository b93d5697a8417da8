"""Linking, merging and splitting: which needs belong to which incident. Each is an act that can be undone.

What they are, and what they make of the state, is here; how they are decided is in `joining` and `parting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.base import CommandBody, Identifier, Instant, Named, Word
from everycall.core.event import ActEvent
from everycall.core.incidents import Incident, Response, arrived, engaged, working
from everycall.core.policies import combined
from everycall.core.undo import remember

if TYPE_CHECKING:
    from collections.abc import Collection

    from everycall.core.acts import Table
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State


class Link(CommandBody, frozen=True, kw_only=True):
    """Put the unlinked open needs of a call, or those named, into an incident."""

    call: Identifier
    incident: Identifier
    needs: Named = ()


class Unlink(CommandBody, frozen=True, kw_only=True):
    """Take open needs of a call out of an incident; they wait to be opened or linked again."""

    call: Identifier
    incident: Identifier
    needs: Named = ()
    reason: Word = ""


class Merge(CommandBody, frozen=True, kw_only=True):
    """Two incidents are one: `incident` goes into `into`."""

    incident: Identifier
    into: Identifier
    reason: Word = ""


class Split(CommandBody, frozen=True, kw_only=True):
    """One incident is two: these needs, with these assignments, become an incident of their own."""

    incident: Identifier
    needs: Named
    assignments: Named = ()
    reason: Word = ""


class NeedsLinked(ActEvent, frozen=True, kw_only=True):
    """Needs were put into an incident.

    `responses` are those that it did not have, or that change by it; their needs and assignments are not
    repeated there.
    """

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


def unsettled_after(state: State, needs: Collection[str]) -> bool:
    """Whether any of these needs is open."""
    held = state.needs
    return any(held[key].outcome is None for key in needs)


def joined(state: State, here: Response, there: Response) -> Response:
    """One agency's response after a merge."""
    sides = [side for side in (here, there) if side.closed_at is None]
    closed_at = None if sides else max(here.closed_at or 0, there.closed_at or 0)
    clocks = [side.opened_at for side in sides or (here, there)]
    both = replace(
        here,
        plan=here.plan if there.plan == here.plan else combined([here.plan, there.plan]),
        needs=here.needs + there.needs,
        assignments=here.assignments + there.assignments,
        opened_at=min(clocks),
        # Where one part of it goes out, all of it does.
        hold=sides[0].hold if sides and all(side.hold is not None for side in sides) else None,
        closed_at=closed_at,
        adjusted=here.adjusted or there.adjusted,
        over_objection=here.over_objection or there.over_objection,
        earlier=here.earlier + there.earlier,
    )
    if working(state, both):
        return replace(both, hold=None, waiting_since=None)
    if _still_wanted(state, here) or _still_wanted(state, there):
        # Help was asked for that nobody has answered: that units were there for the other part does not.
        both = replace(both, earlier=_ended(state, both))
    waiting = here.waiting_since if both.hold is None and not arrived(state, both) and sides else None
    return replace(both, waiting_since=waiting)


def _ended(state: State, response: Response) -> tuple[str, ...]:
    return tuple(key for key in response.assignments if state.assignments[key].ended)


def _still_wanted(state: State, response: Response) -> bool:
    return unsettled_after(state, response.needs) and not arrived(state, response)


def parted(state: State, incident: Incident, event: IncidentSplit) -> tuple[Incident, Incident]:
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
        stay[agency] = _part(state, response, rest, [k for k in response.assignments if k not in moving], event.at)
        gone = _part(state, response, mine, [k for k in response.assignments if k in moving], event.at)
        # What was split off is not held: the hold was for what stays.
        opened_at = min([state.needs[key].opened_at for key in mine])
        leave[agency] = replace(gone, hold=None, opened_at=min(opened_at, event.at))
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


def _part(state: State, response: Response, needs: tuple[str, ...], assignments: list[str], at: int) -> Response:
    part = replace(
        response,
        needs=needs,
        assignments=tuple(assignments),
        earlier=tuple(key for key in response.earlier if key in assignments),
    )
    if unsettled_after(state, needs) or engaged(state, part):
        part = replace(part, closed_at=None)
        if working(state, part):
            return replace(part, hold=None, waiting_since=None)
        return part if not arrived(state, part) else replace(part, waiting_since=None)
    closed_at = at if part.closed_at is None else part.closed_at
    return replace(part, closed_at=closed_at, hold=None, waiting_since=None)


def _linked(state: State, event: NeedsLinked) -> None:
    def change() -> None:
        incident = state.incidents[event.incident]
        calls = incident.calls + tuple(call for call in event.calls if call not in incident.calls)
        responses = dict(incident.responses)
        for response in event.responses:
            held = responses.get(response.agency)
            needs, assignments = ((), ()) if held is None else (held.needs, held.assignments)
            responses[response.agency] = replace(response, needs=needs, assignments=assignments)
        for key, agency in zip(event.needs, event.agencies, strict=True):
            state.needs[key] = replace(state.needs[key], incident=event.incident, agency=agency)
            responses[agency] = replace(responses[agency], needs=(*responses[agency].needs, key))
        state.incidents[event.incident] = replace(incident, calls=calls, responses=responses)
        for agency in dict.fromkeys(event.agencies):
            state.refresh_response(event.incident, agency)

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
        left = any(key in response.needs for response in responses.values() for key in state.calls[event.call].needs)
        calls = incident.calls if left else tuple(call for call in incident.calls if call != event.call)
        state.incidents[event.incident] = replace(incident, calls=calls, responses=responses)
        for key in event.needs:
            state.needs[key] = replace(state.needs[key], incident=None, agency=None)
        for agency in responses:
            state.refresh_response(event.incident, agency)

    touched: list[tuple[Table, str]] = [("incidents", event.incident)]
    touched += [("needs", key) for key in event.needs]
    remember(state, event, "unlink", touched, change)


def _merged(state: State, event: IncidentsMerged) -> None:
    gone = state.incidents[event.incident]
    needs = [key for response in gone.responses.values() for key in response.needs]
    assignments = [key for response in gone.responses.values() for key in response.assignments]

    def change() -> None:
        into = state.incidents[event.into]
        responses = dict(into.responses)
        for agency, there in gone.responses.items():
            here = responses.get(agency)
            responses[agency] = there if here is None else joined(state, here, there)
        state.incidents[event.into] = replace(
            into,
            calls=into.calls + tuple(call for call in gone.calls if call not in into.calls),
            responses=responses,
            patients=into.patients + gone.patients,
            place=into.place or gone.place,
            absorbed=(*into.absorbed, gone.id),
        )
        state.incidents[event.incident] = replace(gone, calls=(), responses={}, patients=(), merged_into=event.into)
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
        old, new = parted(state, state.incidents[event.incident], event)
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


EVOLVE: Final[EvolveTable] = {
    NeedsLinked: _linked,
    NeedsUnlinked: _unlinked,
    IncidentsMerged: _merged,
    IncidentSplit: _split,
}
