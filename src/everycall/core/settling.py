"""Settling: giving a need its outcome, and taking a wrong one back.

There is no way off the board without an outcome of the closed list, its evidence, and a named person or rule
(rules 2 and 3 of the house). Each outcome has its
check here; what lacks evidence is refused with what to do instead. Words of an export count as evidence in
rebuilt records only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from everycall.core.base import CommandBody, Frozen, Identifier, Instant, Word
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import ActEvent, Event
from everycall.core.facts import readable
from everycall.core.incidents import Response, arrived, change_response, response_deadlines, working
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    GoneOnArrival,
    HandedOver,
    NoEmergency,
    NotEstablished,
    NotReached,
    NotRecorded,
    Outcome,
    Responded,
    StruckOutcome,
    Unfounded,
    name_of,
)
from everycall.core.policies import HIGHEST_PRIORITIES, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.reviews import next_review, opening_review
from everycall.core.undo import remember

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.core.actors import Actor
    from everycall.core.acts import Table
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.needs import Need
    from everycall.core.state import State


class Settle(CommandBody, frozen=True, kw_only=True):
    """Give needs their outcome."""

    needs: tuple[Identifier, ...]
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

    needs: tuple[Identifier, ...]
    reason: Identifier


class ClosedResponse(Frozen, frozen=True, kw_only=True):
    """A response that closes with an act."""

    incident: Identifier
    agency: Identifier


class NeedsSettled(ActEvent, frozen=True, kw_only=True):
    """Needs have their outcome, and by whom."""

    needs: tuple[Identifier, ...]
    outcome: Outcome
    at: Instant
    by: Identifier
    closes: tuple[ClosedResponse, ...] = ()
    touches: tuple[Identifier, ...] = ()


class NeedsReopened(Event, frozen=True, kw_only=True):
    """Outcomes were struck; the needs are open again on their original clock."""

    struck: tuple[StruckOutcome, ...]
    at: Instant
    reason: Word
    responses: tuple[ClosedResponse, ...] = ()
    touches: tuple[Identifier, ...] = ()


class CancellationReported(Event, frozen=True, kw_only=True):
    """The caller cancelled, but for this type that may be under duress: it is recorded and closes nothing."""

    need: Identifier
    at: Instant
    confirmed: Word | None = None
    rule: Word | None = None


def _no(code: str, because: str, instead: str, rule: str = "house:3") -> Refusal:
    return Refusal(code=code, rule=rule, because=because, instead=instead)


def _check_arrival(
    state: State, need: Need, outcome: Responded | GoneOnArrival | Unfounded
) -> Refusal | None:
    assignment = state.assignments.get(outcome.assignment) if outcome.assignment else None
    if assignment is None or assignment.incident != need.incident or assignment.time("on_scene") is None:
        return _no(
            "no_arrival",
            f"No unit with an on-scene time in the incident of need {need.id} was named.",
            "Report the unit on scene first (late is fine), then name its assignment.",
        )
    return None


def _check_cancelled(_state: State, need: Need, outcome: CancelledByCaller) -> Refusal | None:
    if outcome.confirmed in (None, "not_said"):
        return _no(
            "cancellation_unconfirmed",
            f"How the cancellation of need {need.id} was confirmed is not said.",
            "Say how: same voice on the line, call-back, in person, alarm company, text reply.",
        )
    return None


def _check_advised(_state: State, need: Need, outcome: Advised) -> Refusal | None:
    if not outcome.caller_agreed:
        return _no(
            "caller_did_not_agree",
            f"Advice settles need {need.id} only when the caller agreed.",
            "Ask the caller; without agreement the need stays open or is declined with its ground.",
        )
    return None


def _check_duplicate(state: State, need: Need, outcome: Duplicate) -> Refusal | None:
    incident = state.incidents.get(outcome.of or "")
    if incident is None or outcome.of == need.incident:
        return _no(
            "duplicate_of_what",
            f"Need {need.id} must be a duplicate of another, named incident.",
            "Name the incident where the same help is pending or on scene.",
        )
    same = [
        response
        for response in incident.responses.values()
        if response.closed_at is None
        and any(state.needs[other].outcome is None for other in response.needs)
        and any(need.service in ("unknown", state.needs[other].service) for other in response.needs)
    ]
    if not same:
        return _no(
            "no_such_help_pending",
            f"In incident {incident.id} no {need.service} help is pending or on scene any more.",
            "A later request is a new need: open or link it.",
        )
    return None


def _check_no_emergency(_state: State, need: Need, outcome: NoEmergency) -> Refusal | None:
    if outcome.confirmed_by in (None, "export"):
        return _no(
            "unconfirmed",
            f"Nobody confirmed that need {need.id} is no emergency.",
            "Say who confirmed it: the caller, the alarm company, an agency, a unit.",
        )
    return None


def _check_not_established(state: State, need: Need, outcome: NotEstablished) -> Refusal | None:
    call = state.calls[need.call]
    if not outcome.tried or not (call.call_backs or call.unsafe_to_ring):
        return _no(
            "nothing_tried",
            f"What was tried to find out about call {call.id} is not recorded.",
            "Call back and record the attempt (or flag the number unsafe to ring), and list what was tried.",
        )
    return None


def _check_not_reached(state: State, need: Need, outcome: NotReached) -> Refusal | None:
    if not outcome.why:
        return _no("no_reason", f"Why nobody reached need {need.id} is not said.", "Give the reason.")
    if outcome.instruction is not None and outcome.instruction not in state.instructions:
        return unknown("instruction", outcome.instruction)
    return None


def _check_declined(state: State, need: Need, outcome: Declined) -> Refusal | None:
    if need.priority in HIGHEST_PRIORITIES or need.priority is None:
        return _no(
            "highest_priority_declined",
            f"Need {need.id} has priority {need.priority or 'unknown'}: it can never be declined.",
            "Send help, or offer it to another agency while help is on the way.",
            rule="house:8",
        )
    if not outcome.ground or not outcome.authority:
        return _no(
            "decline_incomplete",
            f"Declining need {need.id} takes a ground and the authority that gives it.",
            "Give both, and say whether the caller was told.",
        )
    return None


def _check_handed_over(state: State, need: Need, outcome: HandedOver) -> Refusal | None:
    hand_over = state.hand_overs.get(outcome.hand_over or "")
    if hand_over is None or hand_over.status != "accepted" or need.id not in hand_over.needs:
        return _no(
            "not_accepted",
            f"No agency has accepted need {need.id}.",
            "Offer it; the need is handed over when the other agency accepts.",
            rule="house:8",
        )
    return None


def _check_not_recorded(_state: State, need: Need, _outcome: NotRecorded) -> Refusal | None:
    return _no(
        "not_a_rebuilt_record",
        f"Need {need.id} was taken here, so how it ended has to be said.",
        "Choose the outcome that fits, with its evidence.",
    )


# One check per outcome; each takes its own class, which one dict type cannot say.
_CHECK: Final[dict[type, Callable[[State, Need, Any], Refusal | None]]] = {
    Responded: _check_arrival,
    GoneOnArrival: _check_arrival,
    Unfounded: _check_arrival,
    CancelledByCaller: _check_cancelled,
    Advised: _check_advised,
    Duplicate: _check_duplicate,
    NoEmergency: _check_no_emergency,
    NotEstablished: _check_not_established,
    Declined: _check_declined,
    NotReached: _check_not_reached,
    HandedOver: _check_handed_over,
    NotRecorded: _check_not_recorded,
}


def check(state: State, need: Need, outcome: Outcome) -> Refusal | None:
    """Whether this outcome has its evidence for this need."""
    if need.outcome is not None:
        return _no(
            "already_settled",
            f"Need {need.id} already ended as {name_of(need.outcome)}.",
            "Undo or reopen it first; what it said stays in the record.",
            rule="house:6",
        )
    if need.reconstructed:
        if outcome.export is not None or isinstance(outcome, NotRecorded):
            return None
    elif outcome.export is not None:
        return _no(
            "export_is_no_evidence",
            f"Need {need.id} was taken here; the words of an export are no evidence for it.",
            "Give the evidence of this record.",
        )
    return _CHECK[type(outcome)](state, need, outcome)


def closing(
    state: State, settled: frozenset[str], responses: list[tuple[str, str]]
) -> tuple[tuple[ClosedResponse, ...], tuple[str, ...]]:
    """Which responses close when these needs are settled, and which deadlines end."""
    closes: list[ClosedResponse] = []
    ends: list[str] = []
    needs = state.needs
    for incident, agency in responses:
        response = state.incidents[incident].responses[agency]
        if any(needs[key].outcome is None and key not in settled for key in response.needs):
            continue
        subject = f"{incident}/{agency}"
        ends += (f"dispatch:{subject}", f"arrive:{subject}", f"hold:{subject}", f"outcome:{subject}")
        if response.closed_at is None and not working(state, response):
            closes.append(ClosedResponse(incident=incident, agency=agency))
    return tuple(closes), tuple(ends)


def settled(state: State, needs: list[Need], outcome: Outcome, actor: Actor, given: Given) -> NeedsSettled:
    """The event that gives these needs this outcome; its evidence has been checked."""
    keys = tuple([need.id for need in needs])
    places = list(dict.fromkeys([(n.incident, n.agency) for n in needs if n.incident and n.agency]))
    done = frozenset(keys)
    closes, ends = closing(state, done, places)
    calls = dict.fromkeys([need.call for need in needs])
    for call in calls:
        if all(key in done or _out_of_mind(state.needs[key]) for key in state.calls[call].needs):
            ends += (f"find_out:{call}", f"call_back:{call}", f"answer:{call}")
    incidents = dict.fromkeys([incident for incident, _ in places])
    sets = retirement(state, given, *incidents) if closes else ()
    if not places:
        sets = retirement(state, given, *calls)
    return NeedsSettled(
        act=f"U{state.counters['act'] + 1:06d}",
        needs=keys,
        outcome=outcome,
        at=given.at,
        by=actor.person,
        closes=closes,
        touches=(*calls, *incidents),
        sets=sets,
        ends=standing(state, *ends),
    )


def _out_of_mind(need: Need) -> bool:
    return need.outcome is not None or need.incident is not None


def retirement(state: State, given: Given, *subjects: str) -> tuple[Deadline, ...]:
    """When what is settled may leave memory: some time after the last of it happened."""
    due = given.now + evaluator_in_force(state, given).floor().retire_after
    return tuple([Deadline(kind="retire", subject=subject, due=due) for subject in subjects])


def settle(state: State, actor: Actor, body: Settle, given: Given) -> list[Event] | Refusal:
    """Give needs their outcome, with its evidence."""
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None:
            return unknown("need", key)
        needs.append(need)
    if not needs:
        return _no("no_need_named", "No need was named.", "Name the needs that end.")
    return _settle(state, actor, needs, body.outcome, given)


def _settle(
    state: State, actor: Actor, needs: list[Need], outcome: Outcome, given: Given
) -> list[Event] | Refusal:
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
    if isinstance(outcome, Declined) and outcome.export is None:
        permitted = _declining(state, actor, needs, outcome, given)
        if isinstance(permitted, Refusal):
            return permitted
        outcome = permitted
    if isinstance(outcome, NotReached) and not outcome.by:
        outcome = replace(outcome, by=actor.person)
    event = settled(state, needs, outcome, actor, given)
    if isinstance(outcome, (Declined, NotReached)) and outcome.export is None:
        first = next_review(state)
        reviews: list[Event] = [
            opening_review(state, first + number, need, outcome, actor, given)
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


def _declining(
    state: State, actor: Actor, needs: list[Need], outcome: Declined, given: Given
) -> Declined | Refusal:
    evaluator = evaluator_in_force(state, given)
    for need in needs:
        facts = readable(state.calls[need.call].facts, evaluator.reads)
        permission = evaluator.may("decline", actor.role, outcome.ground, need.type, facts)
        if not permission.allowed:
            return _no(
                "decline_not_allowed",
                f"Rule {permission.rule} does not let a {actor.role} decline on the ground {outcome.ground!r}: "
                f"{permission.because or 'no rule allows it'}",
                "Send help, offer the need to another agency, or record who instructed otherwise.",
                rule=f"{permission.policy}#{permission.rule}",
            )
        outcome = replace(outcome, rule=permission.rule, policy=permission.policy)
    return outcome


def close_response(state: State, actor: Actor, body: CloseResponse, given: Given) -> list[Event] | Refusal:
    """Settle what is open in a response with one outcome."""
    incident = state.incidents.get(body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    response = incident.responses.get(body.agency)
    if response is None:
        return unknown("response of agency", body.agency)
    needs = [need for key in response.needs if (need := state.needs[key]).outcome is None]
    if not needs:
        return _no(
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
            return _no("not_settled", f"Need {key} is open.", "Nothing has to be reopened.", rule="house:6")
        needs.append(need)
    if not needs:
        return _no("no_need_named", "No need was named.", "Name the needs to reopen.")
    sets: list[Deadline] = []
    responses: list[ClosedResponse] = []
    calls = dict.fromkeys([need.call for need in needs])
    floor = evaluator_in_force(state, given).floor()
    for incident, agency in dict.fromkeys([(n.incident, n.agency) for n in needs]):
        if incident is None or agency is None:
            continue
        response = state.incidents[incident].responses[agency]
        responses.append(ClosedResponse(incident=incident, agency=agency))
        sets.extend(_after_reopening(state, incident, response, given))
    sets.extend(
        Deadline(
            kind="find_out",
            subject=n.call,
            due=given.at + floor.find_out_within,
            ladder=floor.ladder,
            touches=(n.call,),
        )
        for n in needs
        if n.incident is None and not n.reconstructed
    )
    incidents = dict.fromkeys([closed.incident for closed in responses])
    return [
        NeedsReopened(
            struck=tuple(
                [StruckOutcome(need=n.id, outcome=name_of(n.outcome)) for n in needs if n.outcome is not None]
            ),
            at=given.at,
            reason=body.reason,
            responses=tuple(responses),
            touches=(*calls, *incidents),
            sets=tuple(sets),
            ends=standing(state, *[f"retire:{key}" for key in (*calls, *incidents)]),
        )
    ]


def _after_reopening(state: State, incident: str, response: Response, given: Given) -> tuple[Deadline, ...]:
    if working(state, response):
        return ()
    if arrived(state, response):
        return outcome_deadline(state, incident, response.agency, given)
    return response_deadlines(incident, response)


def outcome_deadline(state: State, incident: str, agency: str, given: Given) -> tuple[Deadline, ...]:
    """The deadline for saying how the needs of a response ended, once its units are clear."""
    if state.incidents[incident].reconstructed:
        return ()
    floor = evaluator_in_force(state, given).floor()
    return (
        Deadline(
            kind="outcome",
            subject=f"{incident}/{agency}",
            due=given.at + floor.outcome_within,
            ladder=floor.ladder,
            touches=(incident,),
        ),
    )


def _settled(state: State, event: NeedsSettled) -> None:
    def change() -> None:
        for key in event.needs:
            need = state.needs[key]
            state.needs[key] = replace(
                need, outcome=event.outcome, settled_at=event.at, settled_by=event.by, hand_over=None
            )
        for closed in event.closes:
            change_response(
                state, closed.incident, closed.agency, closed_at=event.at, waiting_since=None, hold=None
            )
            state.refresh_response(closed.incident, closed.agency)

    touched: list[tuple[Table, str]] = [("needs", key) for key in event.needs]
    touched += [("incidents", closed.incident) for closed in event.closes]
    remember(state, event, "close", touched, change)


def _reopened(state: State, event: NeedsReopened) -> None:
    for struck in event.struck:
        need = state.needs[struck.need]
        if need.outcome is not None:
            state.needs[struck.need] = replace(
                need, outcome=None, settled_at=None, settled_by=None, struck=(*need.struck, need.outcome)
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
