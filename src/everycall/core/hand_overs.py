"""Hand-overs: another agency is asked to take needs. Only *accepted* takes them off our board (rule 8).

Offered, received and deferred, the need stays open here; refused, timed out or withdrawn, it comes back on
its original clock. After acceptance it is asked whether they arrived, and "unknown" is shown until somebody
says. A person may offer what a rule allows; a plan that offers is acted on in `offering`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core.asking import asked_about
from everycall.core.base import CommandBody, Entity, Identifier, Instant, Named, Word
from everycall.core.clocks import response_clock, resting, retire_again
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.incidents import arrived, change_response, working
from everycall.core.outcomes import HandedOver
from everycall.core.policies import declared, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.settling import settled
from everycall.core.versions import over_objection

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.needs import Need
    from everycall.core.state import State

HandOverStatus = Literal["offered", "received", "deferred", "accepted", "refused", "timed_out", "withdrawn"]
Meanwhile = Literal["send", "wait"]
HandOverAnswer = Literal["received", "deferred", "accepted", "refused", "withdrawn"]
Arrived = Literal["unknown", "yes", "no"]
_PENDING: Final = frozenset({"offered", "received", "deferred"})


class HandOver(Entity, frozen=True, kw_only=True):
    """One offer to one agency, by a person or by the rule itself; what our own help does meanwhile."""

    id: Identifier
    needs: tuple[Identifier, ...]
    to: Identifier
    ground: Word
    offered_at: Instant
    incident: Identifier | None = None
    status: HandOverStatus = "offered"
    answered_by: Word = ""
    answered_at: Instant | None = None
    arrived: Arrived = "unknown"
    by_rule: bool = False
    meanwhile: Meanwhile = "send"
    over_objection: bool = False

    @property
    def pending(self) -> bool:
        """Whether the other agency can still answer."""
        return self.status in _PENDING


class OfferHandOver(CommandBody, frozen=True, kw_only=True):
    """Ask another agency to take needs. Our own help may go on meanwhile."""

    needs: Named
    to: Identifier
    ground: Identifier


class AnswerHandOver(CommandBody, frozen=True, kw_only=True):
    """Report what the other agency said, and who said it; or withdraw the offer."""

    hand_over: Identifier
    answer: HandOverAnswer
    by: Word = ""


class ReportHandOverArrival(CommandBody, frozen=True, kw_only=True):
    """Report whether the agency that accepted arrived."""

    hand_over: Identifier
    arrived: Arrived


class HandOverOffered(Event, frozen=True, kw_only=True):
    """Needs were offered to another agency, under which rule; `by_rule` where no person did it.

    With `wait` our own dispatch has no deadline until the answer.
    """

    hand_over: Identifier
    needs: tuple[Identifier, ...]
    to: Identifier
    ground: Word
    at: Instant
    rule: Word
    policy: Word
    incident: Identifier | None = None
    touches: tuple[Identifier, ...] = ()
    by_rule: bool = False
    meanwhile: Meanwhile = "send"
    over_objection: bool = False


class HandOverAnswered(Event, frozen=True, kw_only=True):
    """The other agency answered, or did not in time; unless it accepted, the needs are ours as before."""

    hand_over: Identifier
    answer: HandOverStatus
    at: Instant
    by: Word = ""
    returned: tuple[Identifier, ...] = ()
    incident: Identifier | None = None
    touches: tuple[Identifier, ...] = ()


class HandOverArrivalReported(Event, frozen=True, kw_only=True):
    """Whether the agency that accepted arrived."""

    hand_over: Identifier
    arrived: Arrived
    at: Instant
    touches: tuple[Identifier, ...] = ()


def _touches(state: State, needs: tuple[str, ...]) -> tuple[str, ...]:
    held = [need for key in needs if (need := state.needs.get(key)) is not None]
    return tuple(dict.fromkeys([n.call for n in held] + [n.incident for n in held if n.incident is not None]))


def offer_hand_over(state: State, actor: Actor, body: OfferHandOver, given: Given) -> list[Event] | Refusal:
    """Offer needs to another agency, if a rule allows that."""
    needs: list[Need] = []
    for key in dict.fromkeys(body.needs):
        need = state.needs.get(key)
        if need is None:
            return unknown("need", key)
        if need.outcome is not None or need.hand_over is not None:
            return Refusal(
                code="cannot_be_offered",
                rule="house:8",
                because=f"Need {key} is settled or on offer already.",
                instead="Wait for the answer, withdraw the offer, or reopen the need.",
            )
        needs.append(need)
    if not needs:
        return Refusal(code="no_need_named", rule="house:8", because="No need was named.", instead="Name them.")
    evaluator = evaluator_in_force(state, given)
    floor = evaluator.floor()
    within = floor.hand_over_within
    permission = None
    for need in needs:
        asked = asked_about(state, need, declared(state, evaluator))
        permission = evaluator.may("hand_over", actor.role, body.ground, asked, body.to)
        if not permission.allowed:
            return Refusal(
                code="hand_over_not_allowed",
                rule=f"{permission.policy}#{permission.rule}",
                because=f"No rule lets a {actor.role} offer need {need.id} on the ground {body.ground!r}.",
                instead="Send help; mutual aid can be asked for beside it.",
            )
        if permission.longest is not None:
            within = min(within, permission.longest)
    key = f"H{state.counters['hand_over'] + 1:06d}"
    keys = tuple(need.id for need in needs)
    touches = _touches(state, keys)
    return [
        HandOverOffered(
            hand_over=key,
            needs=keys,
            to=body.to,
            ground=body.ground,
            at=given.at,
            rule=permission.rule if permission is not None else "",
            policy=permission.policy if permission is not None else "",
            incident=needs[0].incident,
            touches=touches,
            over_objection=over_objection(state, given),
            sets=(
                Deadline(
                    kind="hand_over",
                    subject=key,
                    due=given.since + within,
                    ladder=permission.ladder if permission is not None and permission.ladder else floor.ladder[:1],
                    touches=touches,
                ),
            ),
        )
    ]


def answer_hand_over(state: State, actor: Actor, body: AnswerHandOver, given: Given) -> list[Event] | Refusal:
    """Take the other agency's answer.

    An acceptance that comes late is an acceptance, if the needs are still open.
    """
    held = state.hand_overs.get(body.hand_over)
    if held is None:
        return unknown("hand-over", body.hand_over)
    takes = [need for key in held.needs if (need := state.needs.get(key)) is not None and need.outcome is None]
    late = held.status == "timed_out" and body.answer == "accepted"
    if not (held.pending or (late and takes)):
        return Refusal(
            code="no_longer_pending",
            rule="house:8",
            because=f"Hand-over {held.id} is {held.status.replace('_', ' ')}.",
            instead="Offer it again.",
        )
    if body.answer == "accepted" and not body.by:
        return Refusal(
            code="accepted_by_whom",
            rule="house:8",
            because="An acceptance needs the name, or the position, of who accepted.",
            instead="Ask who takes it, and enter that.",
        )
    if body.answer in ("received", "deferred"):
        return [_answered(state, held, body.answer, given, body.by, ())]
    if body.answer != "accepted":
        return [returned(state, held, body.answer, given, body.by)]
    answered = HandOverAnswered(
        hand_over=held.id,
        answer="accepted",
        at=given.at,
        by=body.by,
        incident=held.incident,
        touches=_touches(state, held.needs),
        ends=standing(state, f"hand_over:{held.id}"),
        sets=() if held.arrived != "unknown" else (_arrival_asked(state, held, given),),
    )
    outcome = HandedOver(hand_over=held.id, to=held.to, accepted_by=body.by, accepted_at=given.at)
    return [answered, settled(state, takes, outcome, actor, given)] if takes else [answered]


def _answered(
    state: State, held: HandOver, answer: HandOverStatus, given: Given, by: str, back: tuple[str, ...]
) -> HandOverAnswered:
    final = answer in ("refused", "timed_out", "withdrawn")
    sets, ends = _resumed(state, back, given)
    return HandOverAnswered(
        hand_over=held.id,
        answer=answer,
        at=given.at,
        by=by,
        returned=back,
        incident=held.incident,
        touches=_touches(state, held.needs),
        sets=sets + retire_again(state, held.needs, given) if final else (),
        ends=ends + standing(state, f"hand_over:{held.id}") if final else (),
    )


def _resumed(state: State, back: tuple[str, ...], given: Given) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """The clocks of responses that had waited for this answer: they run again, from when help was asked for."""
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    for incident, agency in dict.fromkeys([(state.needs[key].incident, state.needs[key].agency) for key in back]):
        if incident is None or agency is None:
            continue
        response = state.incidents[incident].responses[agency]
        if not resting(state, response):
            continue
        more_sets, more_ends = response_clock(
            state,
            incident,
            response,
            given,
            is_open=True,
            at_work=working(state, response),
            attended=arrived(state, response),
            rests=False,
        )
        sets += more_sets
        ends += more_ends
    return sets, ends


def returned(state: State, held: HandOver, answer: HandOverStatus, given: Given, by: str = "") -> HandOverAnswered:
    """The event by which needs come back on their original clock, which ran on unless we waited for this."""
    back = tuple(key for key in held.needs if (need := state.needs.get(key)) is not None and need.hand_over == held.id)
    return _answered(state, held, answer, given, by, back)


def report_arrival(state: State, _actor: Actor, body: ReportHandOverArrival, given: Given) -> list[Event] | Refusal:
    """Say whether they arrived."""
    held = state.hand_overs.get(body.hand_over)
    if held is None:
        return unknown("hand-over", body.hand_over)
    asked = standing(state, f"hand_over_arrival:{held.id}")
    sets: tuple[Deadline, ...] = ()
    ends: tuple[str, ...] = ()
    if body.arrived != "unknown":
        ends = asked
        sets = retire_again(state, held.needs, given) if ends else ()
    elif held.status == "accepted" and not asked:
        sets = (_arrival_asked(state, held, given),)
    return [
        HandOverArrivalReported(
            hand_over=held.id,
            arrived=body.arrived,
            at=given.at,
            touches=_touches(state, held.needs),
            sets=sets,
            ends=ends,
        )
    ]


def _arrival_asked(state: State, held: HandOver, given: Given) -> Deadline:
    floor = evaluator_in_force(state, given).floor()
    return Deadline(
        kind="hand_over_arrival",
        subject=held.id,
        due=given.since + floor.hand_over_arrival_within,
        ladder=floor.ladder[:1],
        touches=_touches(state, held.needs),
    )


def _offered(state: State, event: HandOverOffered) -> None:
    state.counters["hand_over"] += 1
    state.hand_overs[event.hand_over] = HandOver(
        id=event.hand_over,
        needs=event.needs,
        to=event.to,
        ground=event.ground,
        offered_at=event.at,
        incident=event.incident,
        by_rule=event.by_rule,
        meanwhile=event.meanwhile,
        over_objection=event.over_objection,
    )
    for key in event.needs:
        need = state.needs[key]
        state.needs[key] = replace(need, hand_over=event.hand_over, offers=need.offers + 1)
        if event.over_objection and need.incident is not None and need.agency is not None:
            change_response(state, need.incident, need.agency, over_objection=True)


def _on_answer(state: State, event: HandOverAnswered) -> None:
    held = state.hand_overs[event.hand_over]
    state.hand_overs[event.hand_over] = replace(held, status=event.answer, answered_by=event.by, answered_at=event.at)
    for key in event.returned:
        need = state.needs[key]
        state.needs[key] = replace(need, hand_over=None, returns=need.returns + 1)


def _arrival(state: State, event: HandOverArrivalReported) -> None:
    held = state.hand_overs[event.hand_over]
    state.hand_overs[event.hand_over] = replace(held, arrived=event.arrived)


DECIDE: Final[DecideTable] = {
    OfferHandOver: offer_hand_over,
    AnswerHandOver: answer_hand_over,
    ReportHandOverArrival: report_arrival,
}
EVOLVE: Final[EvolveTable] = {
    HandOverOffered: _offered,
    HandOverAnswered: _on_answer,
    HandOverArrivalReported: _arrival,
}
