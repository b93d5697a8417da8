"""A hand-over counts when it is accepted (rule 8 of the house); otherwise it comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from floor_driver import CREW, DISPATCHER, START, Floor, Rules, request, staffed

from everycall.core import commands as c
from everycall.core.balance import open_in
from everycall.core.base import MINUTE, SECOND
from everycall.core.escalation import DeadlinePassed
from everycall.core.hand_overs import HandOverAnswered, HandOverArrivalReported
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Advised, HandedOver, NotReached

if TYPE_CHECKING:
    from everycall.core.hand_overs import HandOverAnswer

NEED = "C000001-1"
OFFER = c.OfferHandOver(needs=(NEED,), to="county", ground="other_agency_duty")


def offered(rules: Rules | None = None) -> tuple[Floor, str]:
    floor = staffed(rules)
    incident = request(floor)
    floor.do(OFFER, after=0)
    return floor, incident


def test_an_offer_takes_nothing_off_the_board() -> None:
    floor, incident = offered()
    assert floor.state.needs[NEED].hand_over == "H000001"
    assert open_in(floor.state) == (1, 0)
    assert {f"dispatch:{incident}/PD", f"arrive:{incident}/PD", "hand_over:H000001"} == set(floor.state.deadlines)
    floor.do(c.Assign(incident=incident, units=("U1",)))  # our own help goes on


@pytest.mark.parametrize("answer", ["received", "deferred"])
def test_neither_does_an_answer_that_accepts_nothing(answer: HandOverAnswer) -> None:
    floor, _ = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer=answer, by="desk 4"))
    assert floor.state.hand_overs["H000001"].status == answer
    assert floor.state.needs[NEED].hand_over == "H000001"
    assert "hand_over:H000001" in floor.state.deadlines, "it is still waited for"
    assert open_in(floor.state) == (1, 0)


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_what_is_refused_or_withdrawn_is_ours_as_before(answer: HandOverAnswer) -> None:
    floor, incident = offered()
    due = floor.state.deadlines[f"dispatch:{incident}/PD"].due
    floor.do(c.AnswerHandOver(hand_over="H000001", answer=answer, by="desk 4"))
    need = floor.state.needs[NEED]
    assert (need.hand_over, need.returns, need.outcome) == (None, 1, None)
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == due, "the clock never stopped"
    assert "hand_over:H000001" not in floor.state.deadlines
    floor.do(OFFER)


def test_what_nobody_answers_comes_back_by_itself_on_the_original_clock() -> None:
    floor, _ = offered()
    floor.wait(180)
    assert floor.state.hand_overs["H000001"].status == "timed_out"
    assert floor.state.needs[NEED].hand_over is None
    assert ("dispatch", START + MINUTE) in [(e.kind, e.due) for e in floor.all(DeadlinePassed)]


def test_only_accepting_settles_and_names_who_accepted() -> None:
    floor, incident = offered()
    accept = c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4")
    assert floor.refused(c.AnswerHandOver(hand_over="H000001", answer="accepted")).code == "accepted_by_whom"
    floor.do(accept)
    outcome = floor.state.needs[NEED].outcome
    assert outcome == HandedOver(to="county", hand_over="H000001", accepted_by="desk 4", accepted_at=floor.now)
    assert floor.state.incidents[incident].responses["PD"].closed_at == floor.now
    assert floor.refused(accept).code == "no_longer_pending"


def test_whether_they_arrived_is_asked_until_somebody_says() -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    floor.wait(30 * 60)
    assert floor.last(DeadlinePassed).kind == "hand_over_arrival"
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="unknown"))
    assert "hand_over_arrival:H000001" in floor.state.deadlines
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="no"))
    assert floor.state.hand_overs["H000001"].arrived == "no"
    assert set(floor.state.deadlines) == {f"retire:{incident}"}
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="unknown"))
    assert "hand_over_arrival:H000001" in floor.state.deadlines, "what turns out not to be known is asked again"
    assert len(floor.all(HandOverArrivalReported)) == 3


def test_who_is_known_to_have_arrived_before_accepting_is_not_asked_about() -> None:
    floor, _ = offered()
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="yes"))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert "hand_over_arrival:H000001" not in floor.state.deadlines


def test_an_acceptance_that_comes_late_is_an_acceptance() -> None:
    floor, _ = offered()
    floor.wait(600)
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert open_in(floor.state) == (0, 0)


def test_but_not_when_the_need_has_ended_otherwise() -> None:
    floor, _ = offered()
    floor.wait(600)
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    late = c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4")
    assert floor.refused(late).code == "no_longer_pending"


def test_an_offer_for_what_was_settled_meanwhile_ends_without_giving_anything_back() -> None:
    floor, _ = offered()
    floor.do(c.Settle(needs=(NEED,), outcome=NotReached(why="storm")))
    assert floor.state.needs[NEED].hand_over is None
    floor.wait(600)
    assert floor.last(HandOverAnswered).returned == ()
    assert floor.state.needs[NEED].returns == 0


def test_accepting_after_it_was_settled_is_recorded_and_settles_nothing_twice() -> None:
    floor, _ = offered()
    floor.do(c.Settle(needs=(NEED,), outcome=NotReached(why="storm")))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert floor.state.hand_overs["H000001"].status == "accepted"
    assert floor.balance.requests.outcomes["handed_over"] == 0


def test_several_needs_are_offered_together_and_settle_together() -> None:
    floor = staffed()
    request(floor, NeedAsked(service="police"), NeedAsked(service="ems"))
    floor.do(c.OfferHandOver(needs=(NEED, "C000001-2", NEED), to="county", ground="x"))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert floor.balance.requests.outcomes["handed_over"] == 2


def test_a_need_is_offered_once_at_a_time_and_only_while_it_is_open() -> None:
    floor, _ = offered()
    assert floor.refused(OFFER).code == "cannot_be_offered"
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert floor.refused(OFFER).code == "cannot_be_offered"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (c.OfferHandOver(needs=(), to="county", ground="x"), "no_need_named"),
        (c.OfferHandOver(needs=("C9-1",), to="county", ground="x"), "unknown_need"),
        (c.AnswerHandOver(hand_over="H9", answer="refused"), "unknown_hand_over"),
        (c.ReportHandOverArrival(hand_over="H9", arrived="yes"), "unknown_hand_over"),
    ],
)
def test_what_is_not_there_is_named(body: c.AnyCommand, code: str) -> None:
    assert staffed().refused(body).code == code


def test_a_rule_must_allow_the_ground() -> None:
    floor = staffed(Rules())
    request(floor)
    refusal = floor.refused(c.OfferHandOver(needs=(NEED,), to="county", ground="we are busy"))
    assert refusal.code == "hand_over_not_allowed"
    floor.do(OFFER, DISPATCHER)


def test_a_rule_may_give_the_other_agency_less_time() -> None:
    class Hasty(Rules):
        def may(self, *_: object) -> object:  # type: ignore[override]
            from everycall.core.policies import Permission  # noqa: PLC0415

            return Permission(allowed=True, rule="fast", policy=self.policy, longest=20 * SECOND)

    floor = staffed(Hasty())
    request(floor)
    floor.do(OFFER, after=0)
    assert floor.state.deadlines["hand_over:H000001"].due == START + 20 * SECOND


def test_a_need_on_offer_stays_in_its_incident() -> None:
    floor, incident = offered()
    other = request(floor)
    for body in (
        c.Unlink(call="C000001", incident=incident),
        c.Merge(incident=incident, into=other),
    ):
        assert floor.refused(body).code == "being_handed_over"
    floor.do(c.AddNeed(call="C000001", need=NeedAsked(service="police")))
    floor.do(c.Link(call="C000001", incident=incident))
    assert floor.refused(c.Split(incident=incident, needs=(NEED,))).code == "being_handed_over"


def test_what_was_accepted_and_taken_back_can_be_settled_by_the_same_acceptance() -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    accepted_at = floor.now
    floor.do(c.Undo(act="U000001"))
    assert floor.state.needs[NEED].hand_over is None, "the offer is over"
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    floor.do(c.Settle(needs=(NEED,), outcome=HandedOver(to="?", hand_over="H000001")))
    outcome = floor.state.needs[NEED].outcome
    assert outcome == HandedOver(to="county", hand_over="H000001", accepted_by="desk 4", accepted_at=accepted_at)


def test_a_unit_on_its_way_may_still_arrive_where_another_agency_took_over() -> None:
    floor, incident = offered()
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert floor.state.incidents[incident].responses["PD"].closed_at is None
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at is not None
