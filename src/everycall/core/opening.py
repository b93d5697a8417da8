"""Opening incidents, and saying where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.clocks import response_deadlines, resting, types_to_find_out, waits_for_type
from everycall.core.deadlines import standing
from everycall.core.incidents import (
    ChangeIncident,
    IncidentChanged,
    IncidentOpened,
    OpenIncident,
    Response,
    agency_for,
    usable,
)
from everycall.core.needs import Need, NeedPrioritised, open_needs
from everycall.core.offering import offered_by_rule
from everycall.core.places import Place, place_of
from everycall.core.planning import needs_being_taken, plan_for
from everycall.core.policies import NOT_RECORDED_PLAN
from everycall.core.refusals import Refusal, unknown
from everycall.core.versions import over_objection
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.core.actors import Actor
    from everycall.core.calls import CallTaken
    from everycall.core.event import Event
    from everycall.core.facts import Fact
    from everycall.core.given import Given
    from everycall.core.hand_overs import HandOverOffered
    from everycall.core.handlers import DecideTable
    from everycall.core.state import State


def new_responses(
    state: State,
    needs: Sequence[Need],
    given: Given,
    agency: str | None = None,
    facts: tuple[Fact, ...] | None = None,
) -> tuple[list[Response], list[Event]]:
    """One response per agency for the needs, and the priorities that their rules give."""
    groups: dict[str, list[Need]] = {}
    for need in needs:
        groups.setdefault(agency or agency_for(state, need.service), []).append(need)
    responses: list[Response] = []
    priorities: list[Event] = []
    marked = over_objection(state, given)
    for key, group in groups.items():
        recorded = not all(need.reconstructed for need in group)
        plan = plan_for(state, group, given, facts) if recorded else NOT_RECORDED_PLAN
        responses.append(
            Response(
                agency=key,
                service=group[0].service,
                opened_at=min([given.now, *[need.opened_at for need in group]]),
                plan=plan,
                needs=tuple([need.id for need in group]),
                over_objection=marked and recorded,
            )
        )
        priorities.extend(
            NeedPrioritised(need=need.id, priority=plan.priority, at=given.at, rule=plan.rule, policy=plan.policy)
            for need in group
            if need.priority is None and plan.priority is not None
        )
    return responses, priorities


def next_incident(state: State, now: int) -> str:
    """The next incident number: the year (UTC) and a running number in it."""
    year = year_of(now)
    return f"{year}-{state.counters[f'incident:{year}'] + 1:06d}"


def year_of(instant: int) -> int:
    """The UTC year of an instant, by the civil calendar; no clock and no time zone data needed."""
    days = (
        instant // 86_400_000_000 + 719_468
    )  # days since 0000-03-01 (H. Hinnant, "chrono-compatible date algorithms")
    era = days // 146_097
    day_of_era = days - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    january = 306  # the first day of January, counted from 1 March
    return year_of_era + era * 400 + (1 if day_of_year >= january else 0)


def opened(
    state: State,
    calls: tuple[str, ...],
    needs: Sequence[Need],
    place: Place | None,
    position: str,
    given: Given,
    external: str | None,
    ends: tuple[str, ...],
    facts: tuple[Fact, ...] | None = None,
    agency: str | None = None,
) -> list[Event]:
    """The events of an incident that is opened for these needs.

    `facts` are those of a call that is just being taken.
    """
    incident = next_incident(state, given.now)
    responses, priorities = new_responses(state, needs, given, agency, facts)
    rebuilt = {need.id for need in needs if need.reconstructed}
    taken = {need.id: need for need in needs}
    offers: list[HandOverOffered] = []
    resting_ones: set[str] = set()
    for response in responses:
        mine = [taken[key] for key in response.needs]
        made = offered_by_rule(state, incident, response, mine, given, len(offers) + 1)
        offered = [key for offer in made for key in offer.needs]
        if resting(state, response, need_of=taken.get, offered=offered):
            resting_ones.add(response.agency)
        offers += made
    sets = tuple(
        [
            deadline
            for response in responses
            if not rebuilt.issuperset(response.needs)
            for deadline in response_deadlines(incident, response, dispatch=response.agency not in resting_ones)
        ]
    )
    types = types_to_find_out(
        state, [(taken[key], response.plan) for response in responses for key in response.needs], given
    )
    kept = {f"find_out:{need.call}" for r in responses for key in r.needs if waits_for_type(need := taken[key], r.plan)}
    event = IncidentOpened(
        incident=incident,
        at=given.at,
        calls=calls,
        responses=tuple(responses),
        place=place,
        position=position,
        external=external,
        reconstructed=len(rebuilt) == len(needs),
        sets=sets + types,
        ends=tuple([key for key in ends if key not in kept]),
    )
    waits = waiting_changes(state, given.at, pending=[(incident, response) for response in responses])
    return [event, *priorities, *offers, *waits]


def opening_for(
    state: State,
    taken: CallTaken,
    given: Given,
    external: str | None,
    agency: str | None = None,
    facts: tuple[Fact, ...] | None = None,
) -> list[Event]:
    """The events that open the incident of a call that is just being taken.

    `facts` are all that is known, where the event of the call holds only some.
    """
    needs = needs_being_taken(taken)
    known = taken.facts if facts is None else facts
    return opened(state, (taken.call,), needs, taken.place, taken.position, given, external, (), known, agency)


def open_incident(state: State, actor: Actor, body: OpenIncident, given: Given) -> list[Event] | Refusal:
    """Open an incident for a call."""
    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    free = [need for need in open_needs(state, call.id) if need.incident is None]
    if body.needs:
        free = [need for need in free if need.id in body.needs]
    if not free or (body.needs and len(free) != len(set(body.needs))):
        return Refusal(
            code="nothing_to_open",
            rule="house:3",
            because=f"Call {call.id} has no such open need that is in no incident yet.",
            instead="Add a need for what is asked now, or link the call to the incident it belongs to.",
        )
    taken = {need.id for need in free}
    left = any(
        need.incident is None and not need.reconstructed and need.id not in taken for need in open_needs(state, call.id)
    )
    keys = (f"retire:{call.id}",) if left else (f"retire:{call.id}", f"find_out:{call.id}")
    ends = standing(state, *keys)
    place = call.place if body.place is None else place_of(body.place)
    position = actor.position or call.position
    return opened(state, (call.id,), free, place, position, given, body.external, ends, agency=body.agency)


def change_incident(state: State, _actor: Actor, body: ChangeIncident, given: Given) -> list[Event] | Refusal:
    """Say where it is, or relate it to others."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    for other in body.related:
        if other not in state.incidents or other == body.incident:
            return unknown("other incident", other)
    if body.place is None and not body.related:
        return Refusal(
            code="nothing_to_change",
            rule="house:3",
            because="Neither a place nor a related incident was given.",
            instead="Say what has changed.",
        )
    return [
        IncidentChanged(
            incident=incident.id,
            at=given.at,
            place=None if body.place is None else place_of(body.place),
            before=incident.place,
            related=tuple(dict.fromkeys(body.related)),
        )
    ]


DECIDE: Final[DecideTable] = {OpenIncident: open_incident, ChangeIncident: change_incident}
