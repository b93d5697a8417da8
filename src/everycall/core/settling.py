"""Settling: giving a need its outcome, and taking a wrong one back.

There is no way off the board without an outcome of the closed list, its evidence (`evidence`), and a named
person or rule (rules 2 and 3 of the house).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.asking import asked_about
from everycall.core.base import CommandBody, Identifier, Instant, Named, Word
from everycall.core.clocks import (
    clock_of,
    find_out_unless_standing,
    response_clock,
    resting,
    retirement,
    to_find_out,
    types_to_find_out,
    unsettled,
)
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import ActEvent, Event
from everycall.core.evidence import check, lacking
from everycall.core.incidents import (
    Response,
    ResponseNamed,
    arrived,
    change_response,
    engaged,
    usable,
    working,
)
from everycall.core.outcomes import (
    CancelledByCaller,
    Declined,
    HandedOver,
    NotReached,
    Outcome,
    StruckOutcome,
    name_of,
)
from everycall.core.policies import declared, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.reviews import next_review, opening_review
from everycall.core.undo import remember
from everycall.core.versions import over_objection
from everycall.core.waiting import waiting_changes

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.acts import Table
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.needs import Need
    from everycall.core.policies import Permission
    from everycall.core.state import State


class Settle(CommandBody, frozen=True, kw_only=True):
    """Give needs their outcome."""

    needs: Named
    outcome: Outcome


class CloseResponse(CommandBody, frozen=True, kw_only=True):
    """Give all open needs of a response the same outcome, and close it once its units are clear."""

    incident: Identifier
    agency: Identifier
    outcome: Outcome


class Reopen(CommandBody, frozen=True, kw_only=True):
    """Take needs back whose outcome was wrong.

    The outcome stays, struck through; the clock is the original one.
    """

    needs: Named
    reason: Identifier


class NeedsSettled(ActEvent, frozen=True, kw_only=True):
    """Needs have their outcome, and by whom."""

    needs: tuple[Identifier, ...]
    outcome: Outcome
    at: Instant
    by: Identifier
    closes: tuple[ResponseNamed, ...] = ()
    touches: tuple[Identifier, ...] = ()


class NeedsReopened(Event, frozen=True, kw_only=True):
    """Outcomes were struck; the needs are open again on their original clock.

    `responses` are those that were closed and open again with them.
    """

    struck: tuple[StruckOutcome, ...]
    at: Instant
    reason: Word
    responses: tuple[ResponseNamed, ...] = ()
    touches: tuple[Identifier, ...] = ()


class CancellationReported(Event, frozen=True, kw_only=True):
    """The caller cancelled, but for this type that may be under duress: it is recorded and closes nothing."""

    need: Identifier
    at: Instant
    confirmed: Word | None = None
    rule: Word | None = None


def closing(
    state: State, settled: frozenset[str], responses: list[tuple[str, str]], given: Given
) -> tuple[tuple[ResponseNamed, ...], tuple[Deadline, ...], tuple[str, ...]]:
    """Which responses close when these needs are settled, and which deadlines are set and end."""
    closes: list[ResponseNamed] = []
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    needs = state.needs
    for incident, agency in responses:
        response = state.incidents[incident].responses[agency]
        if all(needs[key].outcome is not None or key in settled for key in response.needs) and not engaged(
            state, response
        ):
            closes.append(ResponseNamed(incident=incident, agency=agency))
            response = replace(response, closed_at=given.at, hold=None)
        more_sets, more_ends = clock_of(state, incident, response, given, settled)
        sets += more_sets
        ends += more_ends
    return tuple(closes), sets, ends


def settled(state: State, needs: list[Need], outcome: Outcome, actor: Actor, given: Given) -> NeedsSettled:
    """The event that gives these needs this outcome; its evidence has been checked."""
    keys = tuple([need.id for need in needs])
    places = list(dict.fromkeys([(n.incident, n.agency) for n in needs if n.incident and n.agency]))
    done = frozenset(keys)
    closes, sets, ends = closing(state, done, places, given)
    calls = dict.fromkeys([need.call for need in needs])
    quiet: tuple[str, ...] = ()
    for call in calls:
        open_ones = [key for key in state.calls[call].needs if key not in done and state.needs[key].outcome is None]
        if not open_ones:
            quiet += (f"find_out:{call}", f"call_back:{call}", f"answer:{call}")
        elif not to_find_out(state, call, besides=done):
            quiet += (f"find_out:{call}",)
    incidents = dict.fromkeys([incident for incident, _ in places])
    if closes:
        sets += retirement(state, given, *incidents)
    if len(places) == 0 or any(need.incident is None for need in needs):
        sets += retirement(state, given, *calls)
    return NeedsSettled(
        act=f"U{state.counters['act'] + 1:06d}",
        needs=keys,
        outcome=outcome,
        at=given.at,
        by=actor.person,
        closes=closes,
        touches=(*calls, *incidents),
        sets=sets,
        ends=ends + standing(state, *quiet),
    )


def settle(state: State, actor: Actor, body: Settle, given: Given) -> list[Event] | Refusal:
    """Give needs their outcome, with its evidence."""
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None:
            return unknown("need", key)
        needs.append(need)
    if not needs:
        return lacking("no_need_named", "No need was named.", "Name the needs that end.")
    return _settle(state, actor, needs, body.outcome, given)


def _settle(state: State, actor: Actor, needs: list[Need], outcome: Outcome, given: Given) -> list[Event] | Refusal:
    for need in needs:
        refusal = check(state, need, outcome)
        if refusal is not None:
            return refusal
    if isinstance(outcome, CancelledByCaller) and outcome.export is None:
        doubtful = [need for need in needs if not _cancellation_closes(state, need)]
        if doubtful:
            return [
                CancellationReported(
                    need=need.id, at=given.at, confirmed=outcome.confirmed, rule=_plan_rule(state, need)
                )
                for need in needs
            ]
    permissions: list[Permission] = []
    if isinstance(outcome, Declined) and outcome.export is None:
        permitted = _permissions(state, actor, needs, outcome, given)
        if isinstance(permitted, Refusal):
            return permitted
        permissions = permitted
        outcome = replace(
            outcome,
            rule=permissions[-1].rule,
            policy=permissions[-1].policy,
            over_objection=over_objection(state, given),
        )
    if isinstance(outcome, NotReached) and not outcome.by:
        outcome = replace(outcome, by=actor.person)
    if isinstance(outcome, HandedOver) and (held := state.hand_overs.get(outcome.hand_over or "")) is not None:
        outcome = replace(outcome, to=held.to, accepted_by=held.answered_by, accepted_at=held.answered_at)
    event = settled(state, needs, outcome, actor, given)
    if isinstance(outcome, (Declined, NotReached)) and outcome.export is None:
        first = next_review(state)
        reviews: list[Event] = [
            opening_review(
                state,
                first + number,
                need,
                outcome,
                actor,
                given,
                permissions[number] if permissions else None,
            )
            for number, need in enumerate(needs)
        ]
        return [event, *reviews]
    return [event]


def _cancellation_closes(state: State, need: Need) -> bool:
    if need.incident is None or need.agency is None:
        return True
    return state.incidents[need.incident].responses[need.agency].plan.cancellation_closes


def _plan_rule(state: State, need: Need) -> str | None:
    if need.incident is None or need.agency is None:
        return None
    return state.incidents[need.incident].responses[need.agency].plan.rule


def _permissions(
    state: State, actor: Actor, needs: list[Need], outcome: Declined, given: Given
) -> list[Permission] | Refusal:
    """By which rule each of these needs may be declined."""
    evaluator = evaluator_in_force(state, given)
    permissions: list[Permission] = []
    for need in needs:
        asked = asked_about(state, need, declared(state, evaluator))
        permission = evaluator.may("decline", actor.role, outcome.ground, asked)
        if not permission.allowed:
            return lacking(
                "decline_not_allowed",
                f"Rule {permission.rule} does not let a {actor.role} decline on {outcome.ground!r}: "
                f"{permission.because or 'no rule allows it'}",
                "Send help, offer the need to another agency, or record who instructed otherwise.",
                rule=f"{permission.policy}#{permission.rule}",
            )
        permissions.append(permission)
    return permissions


def close_response(state: State, actor: Actor, body: CloseResponse, given: Given) -> list[Event] | Refusal:
    """Settle what is open in a response with one outcome."""
    incident = usable(state, body.incident)
    if isinstance(incident, Refusal):
        return incident
    response = incident.responses.get(body.agency)
    if response is None:
        return unknown("response of agency", body.agency)
    needs = [need for key in response.needs if (need := state.needs[key]).outcome is None]
    if not needs:
        return lacking(
            "nothing_open",
            f"No need of {body.agency} is open in incident {incident.id}.",
            "Clear its units; the response closes with the last of them.",
        )
    return _settle(state, actor, needs, body.outcome, given)


def reopen(state: State, _actor: Actor, body: Reopen, given: Given) -> list[Event] | Refusal:
    """Strike outcomes that were wrong. A later request is a new need instead."""
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None:
            return unknown("need", key)
        if need.outcome is None:
            return lacking("not_settled", f"Need {key} is open.", "Nothing has to be reopened.", rule="house:6")
        needs.append(need)
    if not needs:
        return lacking("no_need_named", "No need was named.", "Name the needs to reopen.")
    live = [need for need in needs if not need.reconstructed]
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    responses: list[ResponseNamed] = []
    pending: list[tuple[str, Response]] = []
    for incident, agency in dict.fromkeys([(n.incident, n.agency) for n in needs]):
        if incident is None or agency is None:
            continue
        response = state.incidents[incident].responses[agency]
        if response.closed_at is not None:
            responses.append(ResponseNamed(incident=incident, agency=agency))
            response = replace(response, closed_at=None)
        at_work, attended = working(state, response), arrived(state, response)
        more_sets, more_ends = response_clock(
            state,
            incident,
            response,
            given,
            is_open=unsettled(state, response) or any(n.id in response.needs for n in live),
            at_work=at_work,
            attended=attended,
            # What is asked for again is not on offer any more, so nothing is waited for.
            rests=resting(state, response) and not any(n.id in response.needs for n in live),
        )
        sets += more_sets
        ends += more_ends
        again = [replace(n, outcome=None) for n in live if n.id in response.needs]
        sets += types_to_find_out(state, [(n, response.plan) for n in again], given)
        if not (at_work or attended) and response.hold is None:
            pending.append((incident, response))
    for call in dict.fromkeys([n.call for n in live if n.incident is None]):
        sets += find_out_unless_standing(state, call, given)
    calls = dict.fromkeys([need.call for need in needs])
    incidents = dict.fromkeys([need.incident for need in needs if need.incident is not None])
    event = NeedsReopened(
        struck=tuple([StruckOutcome(need=n.id, outcome=name_of(n.outcome)) for n in needs if n.outcome is not None]),
        at=given.at,
        reason=body.reason,
        responses=tuple(responses),
        touches=(*calls, *incidents),
        sets=sets,
        ends=ends + standing(state, *[f"retire:{key}" for key in (*calls, *incidents)]),
    )
    return [event, *waiting_changes(state, given.at, pending=pending)]


def _settled(state: State, event: NeedsSettled) -> None:
    def change() -> None:
        for key in event.needs:
            need = state.needs[key]
            state.needs[key] = replace(
                need,
                outcome=event.outcome,
                settled_at=event.at,
                settled_by=event.by,
                settled_with=event.act,
                hand_over=None,
            )
        for closed in event.closes:
            change_response(state, closed.incident, closed.agency, closed_at=event.at, waiting_since=None, hold=None)
            state.refresh_response(closed.incident, closed.agency)

    touched: list[tuple[Table, str]] = [("needs", key) for key in event.needs]
    touched += [("incidents", closed.incident) for closed in event.closes]
    remember(state, event, "close", touched, change)


def _reopened(state: State, event: NeedsReopened) -> None:
    for struck in event.struck:
        need = state.needs[struck.need]
        if need.outcome is not None:
            state.needs[struck.need] = replace(
                need,
                outcome=None,
                settled_at=None,
                settled_by=None,
                settled_with=None,
                struck=(*need.struck, need.outcome),
            )
    for opened in event.responses:
        change_response(state, opened.incident, opened.agency, closed_at=None)
        state.refresh_response(opened.incident, opened.agency)


def _cancellation(state: State, event: CancellationReported) -> None:
    need = state.needs[event.need]
    state.needs[event.need] = replace(need, cancellations=need.cancellations + 1)


DECIDE: Final[DecideTable] = {Settle: settle, CloseResponse: close_response, Reopen: reopen}
EVOLVE: Final[EvolveTable] = {
    NeedsSettled: _settled,
    NeedsReopened: _reopened,
    CancellationReported: _cancellation,
}
