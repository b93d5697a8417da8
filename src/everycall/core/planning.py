"""Planning: asking the evaluator what to send, and what changes when more is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import replace

from everycall.core.asking import asked_about
from everycall.core.base import CommandBody, Identifier, Instant, Word
from everycall.core.calls import need_of
from everycall.core.clocks import (
    response_deadlines,
    resting,
    to_find_out,
    types_to_find_out,
    unplaced,
    unsettled,
    waits_for_type,
)
from everycall.core.deadlines import standing
from everycall.core.event import Event
from everycall.core.hand_overs import HandOverOffered
from everycall.core.incidents import Response, arrived, change_response, usable, working
from everycall.core.needs import Need, NeedPrioritised
from everycall.core.offering import offered_by_rule
from everycall.core.policies import (
    Requirement,
    ResponsePlan,
    combined,
    declared,
    evaluator_in_force,
    later_priority,
    less,
)
from everycall.core.refusals import Refusal, unknown
from everycall.core.versions import over_objection
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.core.actors import Actor
    from everycall.core.calls import CallTaken
    from everycall.core.deadlines import Deadline
    from everycall.core.facts import Fact
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State


class ChangePlan(CommandBody, frozen=True, kw_only=True):
    """Send more, or less, than the rule says. Less takes a reason."""

    incident: Identifier
    agency: Identifier
    send: Annotated[tuple[Requirement, ...], msgspec.Meta(max_length=10)]
    reason: Word | None = None


class PlanChanged(Event, frozen=True, kw_only=True):
    """What is to be sent was changed, by a rule or a person.

    `lower` names the components that became less.
    """

    incident: Identifier
    agency: Identifier
    plan: ResponsePlan
    at: Instant
    lower: tuple[Word, ...] = ()
    reason: Word | None = None
    by_person: bool = False
    over_objection: bool = False


def needs_being_taken(taken: CallTaken) -> list[Need]:
    """The needs of a call that is being taken, as they will stand."""
    return [need_of(taken, need, taken.received_at) for need in taken.needs]


def plan_for(state: State, needs: Sequence[Need], given: Given, facts: tuple[Fact, ...] | None = None) -> ResponsePlan:
    """What the policy in force says to send for these needs.

    It is handed no fact that it has not declared to read.
    """
    evaluator = evaluator_in_force(state, given)
    reads = declared(state, evaluator)
    return combined([evaluator.plan(asked_about(state, need, reads, facts)) for need in needs])


def replanned(
    state: State,
    changed: Mapping[str, Need],
    facts: tuple[Fact, ...],
    given: Given,
    reason: str | None,
    *,
    keep: bool = False,
) -> list[Event] | Refusal:
    """The plans that change when these needs, or the facts of their call, are as given.

    Less than before without a reason is refused; with `keep`, where a fact was reported, the plan stays.
    """
    events: list[Event] = []
    places = {
        (need.incident, need.agency): None
        for need in changed.values()
        if need.outcome is None and not need.reconstructed and need.incident is not None and need.agency is not None
    }
    evaluator = evaluator_in_force(state, given)
    reads = declared(state, evaluator)
    offers = 0
    for incident, agency in places:
        response = state.incidents[incident].responses[agency]
        group = [need for key in response.needs if (need := changed.get(key, state.needs[key])).outcome is None]
        if not group or response.closed_at is not None:
            continue
        plans = [
            evaluator.plan(asked_about(state, need, reads, facts if need.id in changed else None)) for need in group
        ]
        plan = combined([response.plan, *plans]) if response.adjusted else combined(plans)
        before = response.plan
        if all(need.type is not None for need in group):
            before = replace(before, find_out_within=None)  # by when to find out a type that is known is no help
        lower = less(before, plan)
        if lower and not reason:
            if not keep:
                return _less_without_reason(lower)
            plan, lower = combined([response.plan, plan]), ()
        if plan == response.plan:
            continue
        changes = _changed(state, incident, response, plan, given, lower, reason, needs=group, offers=offers)
        offers += sum(isinstance(event, HandOverOffered) for event in changes)
        events += changes
        events.extend(
            NeedPrioritised(
                need=need.id,
                priority=plan.priority,
                before=need.priority,
                at=given.at,
                rule=plan.rule,
                policy=plan.policy,
                reason=reason,
            )
            for need in group
            if plan.priority is not None
            and need.priority != plan.priority
            and (need.priority_by != "person" or later_priority(plan.priority, need.priority))
        )
    return events


def _less_without_reason(lower: tuple[str, ...]) -> Refusal:
    return Refusal(
        code="less_without_reason",
        rule="house:4",
        because=f"That would send less: {'; '.join(lower)}.",
        instead="Give a reason code with it; sending more needs none.",
    )


def _changed(
    state: State,
    incident: str,
    response: Response,
    plan: ResponsePlan,
    given: Given,
    lower: tuple[str, ...],
    reason: str | None,
    *,
    by_person: bool = False,
    needs: Sequence[Need] = (),
    offers: int = 0,
) -> list[Event]:
    """The events of a plan that changes: its clocks change with it, and whether it waits for a unit.

    `needs` are the open ones as they will be, where a rule changes the plan, which may offer them; `offers`
    counts what the same command has offered before.
    """
    after = replace(response, plan=plan)
    at_work, attended = working(state, response), arrived(state, response)
    offered = offered_by_rule(state, incident, after, needs, given, offers + 1)
    rests = resting(state, after, offered=[key for offer in offered for key in offer.needs])
    dispatch = not at_work and response.hold is None and not rests
    sets: tuple[Deadline, ...] = ()
    if not attended and unsettled(state, response):
        sets = tuple(
            [
                deadline
                for deadline in response_deadlines(incident, after, dispatch=dispatch)
                if _differs(state, deadline, response.plan, plan)
            ]
        )
    event = PlanChanged(
        incident=incident,
        agency=response.agency,
        plan=plan,
        at=given.at,
        lower=lower,
        reason=reason,
        by_person=by_person,
        over_objection=over_objection(state, given) and not by_person,
        sets=sets + types_to_find_out(state, [(need, plan) for need in needs], given),
        ends=standing(
            state, *([f"dispatch:{incident}/{response.agency}"] if rests else []), *_found_out(state, needs, plan)
        ),
    )
    pending = [(incident, after)] if not (at_work or attended or response.hold is not None) else []
    return [event, *offered, *waiting_changes(state, given.at, pending=pending)]


def _found_out(state: State, needs: Sequence[Need], plan: ResponsePlan) -> list[str]:
    """The deadlines for finding out of calls about which, by the new plan, nothing is left to find out."""
    planned = {need.id for need in needs}
    waiting = {need.call for need in needs if waits_for_type(need, plan)}
    calls = dict.fromkeys([need.call for need in needs if need.call not in waiting])
    return [
        f"find_out:{call}"
        for call in calls
        if not unplaced(state, call) and not to_find_out(state, call, besides=planned)
    ]


def _differs(state: State, deadline: Deadline, before: ResponsePlan, plan: ResponsePlan) -> bool:
    """Whether a deadline is another by the new plan; one that stands and is the same keeps its rungs."""
    if deadline.key not in state.deadlines:
        return True
    if deadline.kind == "arrive":
        return before.arrive_within != plan.arrive_within
    return before.dispatch_within != plan.dispatch_within


def change_plan(state: State, _actor: Actor, body: ChangePlan, given: Given) -> list[Event] | Refusal:
    """Send more or less than the rule says."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    response = incident.responses.get(body.agency)
    if response is None or response.closed_at is not None:
        return unknown("open response of agency", body.agency)
    counts: dict[str, int] = {}
    for requirement in body.send:
        counts[requirement.capability] = counts.get(requirement.capability, 0) + requirement.count
    send = tuple(Requirement(capability=name, count=count) for name, count in counts.items() if count)
    plan = replace(response.plan, send=send)
    lower = less(response.plan, plan)
    if lower and not body.reason:
        return _less_without_reason(lower)
    return _changed(state, incident.id, response, plan, given, lower, body.reason, by_person=True)


def _plan_changed(state: State, event: PlanChanged) -> None:
    held = state.incidents[event.incident].responses[event.agency]
    change_response(
        state,
        event.incident,
        event.agency,
        plan=event.plan,
        adjusted=held.adjusted or event.by_person,
        over_objection=held.over_objection or event.over_objection,
    )
    state.refresh_response(event.incident, event.agency)


DECIDE: Final[DecideTable] = {ChangePlan: change_plan}
EVOLVE: Final[EvolveTable] = {PlanChanged: _plan_changed}
