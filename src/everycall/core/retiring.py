"""Retiring: settled entities leave memory, by events alone, and come back when a command names them.

What is retired is whole: incidents and calls that hang together, all settled, with nothing about them still
due. The record keeps every event; the engine
builds the entities again from those and brings them back with `Recalled`.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.acts import Act
from everycall.core.assignments import Assignment
from everycall.core.base import Identifier, Instant
from everycall.core.calls import Call
from everycall.core.deadlines import standing
from everycall.core.event import Event
from everycall.core.hand_overs import HandOver
from everycall.core.incidents import Incident, is_open
from everycall.core.needs import Need
from everycall.core.reviews import Review

if TYPE_CHECKING:
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State

LARGEST: Final = 48 * 1_024
"""Bytes of the largest thing that leaves memory: it has to come back in one entry of the record (65,535 bytes)."""

_encoder: Final = msgspec.json.Encoder()


class Retired(Event, frozen=True, kw_only=True):
    """These calls and incidents, with all that hangs on them, left memory."""

    calls: tuple[Identifier, ...]
    incidents: tuple[Identifier, ...]
    at: Instant


class Recalled(Event, frozen=True, kw_only=True):
    """They came back, as their own events make them."""

    calls: tuple[Call, ...]
    needs: tuple[Need, ...]
    incidents: tuple[Incident, ...]
    assignments: tuple[Assignment, ...]
    reviews: tuple[Review, ...]
    hand_overs: tuple[HandOver, ...]
    acts: dict[Identifier, Act]
    at: Instant


def component(state: State, subject: str) -> tuple[set[str], set[str]]:
    """The calls and incidents that hang together with a call or incident.

    By their needs, by merges, by what was done to them in one act, and by being on offer together.
    """
    calls: set[str] = set()
    incidents: set[str] = set()
    ahead = [subject]
    while ahead:
        key = ahead.pop()
        incident = state.incidents.get(key)
        call = state.calls.get(key)
        if incident is not None and key not in incidents:
            incidents.add(key)
            ahead += incident.calls
            ahead += incident.absorbed
            if incident.merged_into is not None:
                ahead.append(incident.merged_into)
        elif call is not None and key not in calls:
            calls.add(key)
            for need in call.needs:
                place = state.needs[need].incident
                if place is not None:
                    ahead.append(place)
            for hand_over in state.hand_overs.values():
                if not set(call.needs).isdisjoint(hand_over.needs):
                    ahead += [state.needs[need].call for need in hand_over.needs if need in state.needs]
        else:
            continue
        for act in state.acts_about.get(key, ()):
            ahead += state.acts[act].subjects()
    return calls, incidents


def retirable(state: State, subject: str, at: int) -> Retired | None:
    """The event by which they leave, if everything about them is settled and can come back."""
    calls, incidents = component(state, subject)
    if not calls and not incidents:
        return None
    needs = {need for call in calls for need in state.calls[call].needs}
    if any(state.needs[need].outcome is None for need in needs):
        return None
    if any(is_open(state.incidents[incident]) for incident in incidents):
        return None
    if any(review.judgement is None and review.need in needs for review in state.reviews.values()):
        return None
    offered = [held for held in state.hand_overs.values() if not needs.isdisjoint(held.needs)]
    if any(held.pending or f"hand_over_arrival:{held.id}" in state.deadlines for held in offered):
        return None
    subjects = (*sorted(calls), *sorted(incidents))
    keys = [f"{kind}:{subject}" for subject in subjects for kind in ("answer", "call_back", "find_out", "retire")]
    retired = Retired(
        calls=tuple(sorted(calls)), incidents=tuple(sorted(incidents)), at=at, ends=standing(state, *keys)
    )
    return retired if _can_come_back(state, retired) else None


def _can_come_back(state: State, retired: Retired) -> bool:
    """Whether no part is larger than an entry may be: a call with hundreds of notes, an incident with thousands."""
    responses = chain.from_iterable(state.incidents[incident].responses.values() for incident in retired.incidents)
    parts = chain(
        (retired,),
        (state.calls[call] for call in retired.calls),
        (state.incidents[incident] for incident in retired.incidents),
        (state.assignments[key] for response in responses for key in response.assignments if key in state.assignments),
    )
    return all(len(_encoder.encode(part)) <= LARGEST for part in parts)


def _retired(state: State, event: Retired) -> None:
    needs = {need for call in event.calls for need in state.calls[call].needs}
    for incident in event.incidents:
        held = state.incidents.pop(incident)
        for response in held.responses.values():
            for key in response.assignments:
                state.assignments.pop(key, None)
            state.forget_response(incident, response.agency)
    for call in event.calls:
        state.calls.pop(call)
    for need in needs:
        state.needs.pop(need, None)
    for table in (state.reviews, state.hand_overs):
        for key in [k for k, v in table.items() if _about(v, needs)]:
            del table[key]
    state.forget_acts((*event.calls, *event.incidents))


def _about(entity: Review | HandOver, needs: set[str]) -> bool:
    if isinstance(entity, Review):
        return entity.need in needs
    return bool(needs.intersection(entity.needs))


def _recalled(state: State, event: Recalled) -> None:
    state.calls.update({call.id: call for call in event.calls})
    state.needs.update({need.id: need for need in event.needs})
    state.incidents.update({incident.id: incident for incident in event.incidents})
    state.assignments.update({assignment.id: assignment for assignment in event.assignments})
    state.reviews.update({review.id: review for review in event.reviews})
    state.hand_overs.update({hand_over.id: hand_over for hand_over in event.hand_overs})
    state.restore_acts(event.acts)


EVOLVE: Final[EvolveTable] = {Retired: _retired, Recalled: _recalled}
