"""A plan that offers its needs to another agency is acted on by the core itself, and comes back in time.

The jurisdiction rule of the design's story: for guarding that property, and only where nobody is in danger, offer it
to its own police and come anyway if they do not accept within three minutes; where anyone may be in danger our unit
goes while the offer runs.
"""

from __future__ import annotations

import pytest
from floor_driver import DISPATCHER, START, SUPERVISOR, Floor, Rules, adopting, attended, request, staffed
from msgspec.structs import replace

from everycall.core import commands as c
from everycall.core.base import DAY, HOUR, MINUTE, SECOND
from everycall.core.deadlines import Rung
from everycall.core.escalation import DeadlinePassed
from everycall.core.facts import FactGiven
from everycall.core.hand_overs import HandOverAnswer, HandOverAnswered, HandOverOffered
from everycall.core.holding import ResponseHeld
from everycall.core.incidents import status_of
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Advised, Declined, HandedOver
from everycall.core.planning import PlanChanged
from everycall.core.policies import Asked, Offer, Requirement, ResponsePlan, combined, less
from everycall.core.reviews import ReviewOpened

THEIRS = Offer(
    to="federal police",
    within=3 * MINUTE,
    ground="their_property",
    meanwhile="wait",
    ladder=(Rung(role="dispatcher"), Rung(role="supervisor", after=MINUTE)),
)
RULES = Rules(offers={"guarding": THEIRS})
GUARDING = NeedAsked(service="police", type="guarding")
ARMED = FactGiven(name="weapon", value=True)
NEED = "C000001-1"


def offered(*facts: FactGiven, rules: Rules = RULES) -> tuple[Floor, str]:
    floor = staffed(rules)
    return floor, request(floor, GUARDING, facts=facts)


def due(floor: Floor, key: str) -> int | None:
    held = floor.state.deadlines.get(key)
    return None if held is None else held.due - START


# -- the story ---------------------------------------------------------------------------------------------


def test_where_nobody_is_in_danger_it_is_offered_to_its_own_police_and_our_dispatch_rests_meanwhile() -> None:
    floor, incident = offered()
    made = floor.last(HandOverOffered)
    assert (made.to, made.ground, made.needs, made.incident) == ("federal police", "their_property", (NEED,), incident)
    assert (made.by_rule, made.meanwhile, made.rule, made.policy) == (True, "wait", "guarding", RULES.policy)
    assert made.touches == ("C000001", incident)
    assert due(floor, "hand_over:H000001") == 3 * MINUTE
    assert floor.state.deadlines["hand_over:H000001"].ladder == THEIRS.ladder
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert due(floor, f"arrive:{incident}/PD") == 10 * MINUTE, "by when we must be there does not change"
    assert floor.state.needs[NEED].outcome is None, "an offer takes nothing off the board"


def test_we_come_anyway_if_they_do_not_accept_within_three_minutes() -> None:
    floor, incident = offered()
    floor.wait(179)
    assert floor.all(HandOverAnswered) == []
    floor.wait(1)
    assert floor.last(HandOverAnswered).answer == "timed_out"
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    passed = [event for event in floor.all(DeadlinePassed) if event.kind == "dispatch"]
    assert [(event.due - START, event.rung) for event in passed] == [(MINUTE, 0), (3 * MINUTE, 1)], "the original clock"
    floor.wait(3600)
    assert len(floor.all(HandOverOffered)) == 1, "what came back is not offered again"
    floor.do(c.Assign(incident=incident, units=("U1",)))
    assert floor.replayed().encoded() == floor.state.encoded()


@pytest.mark.parametrize("answer", ["refused", "withdrawn"])
def test_what_they_refuse_or_we_withdraw_is_pending_at_once_on_its_original_clock(answer: HandOverAnswer) -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer=answer, by="desk 4"), after=20)
    assert due(floor, f"dispatch:{incident}/PD") == 1 * MINUTE
    assert "hand_over:H000001" not in floor.state.deadlines


@pytest.mark.parametrize("answer", ["received", "deferred"])
def test_an_answer_that_is_none_keeps_us_waiting_no_longer_than_the_rule_says(answer: HandOverAnswer) -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer=answer, by="desk 4"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.wait(180)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_what_they_accept_is_theirs() -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert isinstance(floor.state.needs[NEED].outcome, HandedOver)
    assert not {f"dispatch:{incident}/PD", f"arrive:{incident}/PD"}.intersection(floor.state.deadlines)


def test_where_anyone_may_be_in_danger_our_unit_goes_while_the_offer_runs() -> None:
    floor, incident = offered(ARMED)
    assert floor.last(HandOverOffered).meanwhile == "send"
    assert due(floor, f"dispatch:{incident}/PD") == 1 * MINUTE
    assert due(floor, "hand_over:H000001") == 3 * MINUTE
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.wait(180)
    assert floor.last(HandOverAnswered).answer == "timed_out"
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines, "a unit is on its way"


def test_danger_that_becomes_known_while_we_wait_sends_our_unit_at_once() -> None:
    floor, incident = offered()
    floor.do(c.UpdateCall(call="C000001", facts=(ARMED,)), after=90)
    assert due(floor, f"dispatch:{incident}/PD") == 1 * MINUTE, "on the original clock, so it is overdue at once"
    assert floor.state.needs[NEED].hand_over == "H000001", "the offer runs on"
    assert len(floor.all(HandOverOffered)) == 1
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="refused", by="desk 4"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_that_danger_has_passed_is_a_report_and_takes_nobody_back() -> None:
    floor, incident = offered(ARMED)
    floor.do(c.UpdateCall(call="C000001", facts=(replace(ARMED, value=False),)))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    floor.do(c.UpdateCall(call="C000001", facts=(replace(ARMED, value=False),), reason="toy gun"))
    assert "waits for federal police" in floor.last(PlanChanged).lower
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "the offer made was one beside which we go"


# -- when it is offered ------------------------------------------------------------------------------------


def test_a_type_that_is_said_later_is_offered_then() -> None:
    floor = staffed(RULES)
    incident = request(floor)
    assert floor.all(HandOverOffered) == []
    body = c.Classify(call="C000001", type="guarding")
    assert floor.refused(body).code == "less_without_reason", "waiting for others is less than going"
    floor.do(replace(body, reason="guard post"))
    assert floor.last(HandOverOffered).incident == incident
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.do(c.Classify(call="C000001", type="burglary"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "the new plan waits for nobody"
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="refused", by="desk 4"))
    floor.do(c.Classify(call="C000001", type="guarding", reason="guard post"))
    assert len(floor.all(HandOverOffered)) == 1, "what came back is not offered again"
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "and so there is nothing to wait for"


def test_the_needs_of_one_response_are_offered_together_and_those_of_another_by_their_own_plan() -> None:
    rules = Rules(offers={"guarding": THEIRS, "fence fire": replace(THEIRS, to="federal fire")})
    floor = staffed(rules)
    incident = request(floor, GUARDING, GUARDING, NeedAsked(service="fire", type="fence fire"), GUARDING)
    made = {offer.hand_over: (offer.to, len(offer.needs)) for offer in floor.all(HandOverOffered)}
    assert made == {"H000001": ("federal police", 3), "H000002": ("federal fire", 1)}
    assert not {f"dispatch:{incident}/PD", f"dispatch:{incident}/FD"}.intersection(floor.state.deadlines)


def test_one_need_that_nobody_is_offered_sends_our_unit_for_all() -> None:
    floor = staffed(RULES)
    incident = request(floor, GUARDING, NeedAsked(service="police", type="burglary"))
    assert floor.all(HandOverOffered) == []
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_a_request_that_is_linked_is_offered_too_and_one_of_another_kind_ends_the_waiting() -> None:
    floor, incident = offered()
    floor.do(c.TakeCall(needs=(GUARDING,)))
    floor.do(c.Link(call="C000002", incident=incident))
    assert [offer.needs for offer in floor.all(HandOverOffered)] == [(NEED,), ("C000002-1",)]
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.do(c.TakeCall(needs=(NeedAsked(service="police", type="burglary"),)))
    floor.do(c.Link(call="C000003", incident=incident))
    assert len(floor.all(HandOverOffered)) == 2
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    link = list(floor.state.acts)[-1]
    floor.do(c.Undo(act=link, reason="another matter"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines, "it is waited for as before"
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="refused", by="desk 4"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "the other offer is no reason for this need to wait"


def test_a_later_request_is_offered_although_an_earlier_one_came_back() -> None:
    floor, incident = offered()
    floor.wait(180)
    floor.do(c.TakeCall(needs=(GUARDING,)))
    floor.do(c.Link(call="C000002", incident=incident))
    assert floor.last(HandOverOffered).needs == ("C000002-1",)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_what_a_person_has_offered_is_not_offered_by_the_rule_and_is_not_waited_for() -> None:
    floor = staffed(RULES)
    floor.do(c.TakeCall(needs=(GUARDING,)))
    floor.do(c.OfferHandOver(needs=(NEED,), to="county", ground="other_agency_duty"))
    floor.do(c.OpenIncident(call="C000001"))
    incident = next(iter(floor.state.incidents))
    assert [offer.by_rule for offer in floor.all(HandOverOffered)] == [False]
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_an_agency_is_not_asked_for_what_it_answers_itself() -> None:
    floor = staffed(Rules(offers={"guarding": replace(THEIRS, to="PD")}))
    incident = request(floor, GUARDING)
    assert floor.all(HandOverOffered) == []
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_rebuilt_calls_are_offered_to_nobody() -> None:
    floor = staffed(RULES)
    request(floor, GUARDING, reconstructed=True)
    assert floor.all(HandOverOffered) == []


# -- more is never refused ---------------------------------------------------------------------------------


def test_a_person_may_send_units_while_we_wait_and_calling_them_back_waits_again() -> None:
    floor, incident = offered()
    floor.do(c.Assign(incident=incident, units=("U1",)))
    assert status_of(floor.state, floor.state.incidents[incident].responses["PD"]) == "assigned"
    floor.do(c.CancelAssignment(assignment="A000001", reason="theirs"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.wait(180)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_an_agency_that_comes_on_its_own_account_does_not_take_the_offer_with_it() -> None:
    floor = staffed(RULES, "U1", "E1")
    incident = request(floor, GUARDING)
    floor.do(c.Assign(incident=incident, units=("E1",)))
    assert floor.state.incidents[incident].responses["FD"].plan.offer is None


def test_help_that_was_there_has_no_dispatch_due_when_the_offer_ends() -> None:
    floor, incident = offered()
    attended(floor, incident)
    assert floor.last(HandOverAnswered).answer == "timed_out"
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert f"outcome:{incident}/PD" in floor.state.deadlines


def test_what_is_reopened_after_they_accepted_is_ours_and_is_not_offered_again() -> None:
    floor, incident = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    floor.do(c.Reopen(needs=(NEED,), reason="they did not come"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    floor.do(c.UpdateCall(call="C000001", facts=(ARMED,)))
    assert len(floor.all(HandOverOffered)) == 1


def test_taking_a_settlement_back_goes_on_waiting_for_the_same_offer() -> None:
    floor, incident = offered()
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    floor.do(c.Undo(act=list(floor.state.acts)[-1], reason="too early"))
    assert floor.state.needs[NEED].hand_over == "H000001"
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.wait(200)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def two_offers() -> tuple[Floor, str]:
    """Two requests in one response, each on an offer of its own."""
    floor, incident = offered()
    floor.do(c.TakeCall(needs=(GUARDING,)))
    floor.do(c.Link(call="C000002", incident=incident))
    return floor, incident


def test_what_they_accept_of_two_leaves_us_waiting_for_the_other() -> None:
    floor, incident = two_offers()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.do(c.AnswerHandOver(hand_over="H000002", answer="refused", by="desk 4"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_what_is_reopened_beside_an_offer_that_still_runs_is_not_waited_with() -> None:
    floor, incident = two_offers()
    floor.do(c.AnswerHandOver(hand_over="H000002", answer="accepted", by="desk 4"))
    floor.do(c.Reopen(needs=("C000002-1",), reason="they did not come"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_a_hold_that_ends_while_the_offer_runs_goes_on_waiting() -> None:
    floor, incident = offered()
    hold = c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + MINUTE)
    floor.do(hold, after=0)
    floor.do(c.ReleaseHold(incident=incident, agency="PD"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.wait(180)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_a_hold_outlasts_an_offer_that_comes_back() -> None:
    floor, incident = offered()
    hold = c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE)
    floor.do(hold, after=0)
    floor.wait(180)
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.wait(180)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_an_offer_leaves_memory_with_its_call_and_the_record_replays() -> None:
    floor, _ = offered()
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="accepted", by="desk 4"))
    floor.do(c.ReportHandOverArrival(hand_over="H000001", arrived="yes"))
    floor.wait(2 * DAY // SECOND)
    assert not floor.state.calls
    assert not floor.state.hand_overs
    assert not floor.state.deadlines
    assert floor.replayed().encoded() == floor.state.encoded()


# -- less and combined -------------------------------------------------------------------------------------

PLAN = ResponsePlan(rule="r", policy="p", send=(Requirement(capability="police"),), dispatch_within=MINUTE)
SEND = replace(THEIRS, meanwhile="send")


@pytest.mark.parametrize(
    ("old", "new", "lower"),
    [
        ({"support": ("interpreter",)}, {}, ("no interpreter",)),
        ({}, {"support": ("interpreter",)}, ()),
        ({"find_out_within": MINUTE}, {}, ("find out deadline later",)),
        ({"find_out_within": MINUTE}, {"find_out_within": 2 * MINUTE}, ("find out deadline later",)),
        ({"find_out_within": MINUTE}, {"find_out_within": SECOND}, ()),
        ({}, {"offer": THEIRS}, ("waits for federal police",)),
        ({"offer": SEND}, {"offer": THEIRS}, ("waits for federal police",)),
        ({"offer": THEIRS}, {"offer": replace(THEIRS, within=HOUR)}, ("waits for federal police",)),
        ({"offer": THEIRS}, {"offer": SEND}, ()),
        ({"offer": THEIRS}, {}, ()),
        ({}, {"offer": SEND}, ()),
        ({"stage": True, "stage_because": "armed"}, {}, ()),
        ({"raised_by": ("night",)}, {}, ()),
    ],
)
def test_what_is_less(old: dict[str, object], new: dict[str, object], lower: tuple[str, ...]) -> None:
    assert less(replace(PLAN, **old), replace(PLAN, **new)) == lower


PARTS = (
    PLAN,
    replace(PLAN, priority="1", support=("interpreter",), find_out_within=MINUTE, raised_by=("language",)),
    replace(
        PLAN, support=("wheelchair_lift", "interpreter"), find_out_within=SECOND, offer=THEIRS, raised_by=("lift",)
    ),
    replace(PLAN, stage=True, stage_because="armed", stage_until="police say so", offer=SEND),
    replace(PLAN, offer=replace(THEIRS, within=SECOND)),
    replace(PLAN, offer=replace(SEND, to="county")),
)


@pytest.mark.parametrize("one", PARTS)
@pytest.mark.parametrize("two", PARTS)
def test_a_combined_plan_is_no_less_than_either_in_its_new_parts_too(one: ResponsePlan, two: ResponsePlan) -> None:
    both = combined([one, two])
    assert less(one, both) == less(two, both) == ()
    assert set(both.support) == {*one.support, *two.support}
    assert set(both.raised_by) == {*one.raised_by, *two.raised_by}


def test_a_combined_plan_keeps_no_offer_over_one_beside_which_we_go_over_one_that_we_wait_for() -> None:
    waits, goes, quick, other = (replace(PLAN, offer=offer) for offer in (
        THEIRS, SEND, replace(THEIRS, within=SECOND), replace(SEND, to="county")
    ))  # fmt: skip
    assert combined([waits, goes]).offer == SEND
    assert combined([waits, quick]).offer == quick.offer
    assert combined([waits, PLAN]).offer is None
    assert combined([goes, PLAN]).offer is None
    assert combined([goes, other]).offer is None, "neither agency is offered what is not its own"
    staged = combined([PLAN, PARTS[3]])
    assert (staged.stage_because, staged.stage_until) == ("armed", "police say so")


# -- by when the type must be known ------------------------------------------------------------------------

TRIAGE = Rules(find_out_within=30 * SECOND)
UNTYPED = NeedAsked(service="police")


def test_the_policy_says_by_when_the_type_of_a_call_must_be_known() -> None:
    floor = staffed(TRIAGE)
    floor.do(c.TakeCall(needs=(UNTYPED,)), after=0)
    assert due(floor, "find_out:C000001") == 30 * SECOND
    floor.do(c.TakeCall(needs=(GUARDING,)), after=0)
    assert due(floor, "find_out:C000002") == 2 * MINUTE, "its type is known; where it belongs is not"
    floor.do(c.OpenIncident(call="C000001"), after=0)
    assert due(floor, "find_out:C000001") == 30 * SECOND, "that help is on its way does not say what it is for"
    floor.do(c.Classify(call="C000001", type="burglary"), after=10)
    assert "find_out:C000001" not in floor.state.deadlines


def test_a_type_that_nobody_finds_out_is_brought_back_to_mind() -> None:
    floor = staffed(TRIAGE)
    request(floor, UNTYPED)
    assert due(floor, "find_out:C000001") == 30 * SECOND
    floor.wait(30)
    assert floor.last(DeadlinePassed).kind == "find_out"


def test_each_need_without_a_type_is_waited_for() -> None:
    floor = staffed(TRIAGE)
    request(floor, UNTYPED, NeedAsked(service="fire"))
    floor.do(c.Classify(call="C000001", need="C000001-1", type="burglary"))
    assert "find_out:C000001" in floor.state.deadlines
    floor.do(c.Settle(needs=("C000001-2",), outcome=Advised(caller_agreed=True)))
    assert "find_out:C000001" not in floor.state.deadlines
    floor.do(c.Reopen(needs=("C000001-2",), reason="too early"))
    assert "find_out:C000001" in floor.state.deadlines


def test_a_call_that_is_linked_without_a_type_is_still_asked_about() -> None:
    floor = staffed(TRIAGE)
    incident = request(floor)
    floor.do(c.TakeCall(needs=(UNTYPED,)), after=0)
    floor.do(c.Link(call="C000002", incident=incident), after=0)
    assert due(floor, "find_out:C000002") == 30 * SECOND
    floor.do(c.Undo(act=list(floor.state.acts)[-1], reason="another matter"), after=0)
    assert due(floor, "find_out:C000002") == 30 * SECOND


def test_the_sooner_of_two_times_for_finding_out_counts() -> None:
    floor = staffed(TRIAGE)
    floor.evaluator = None
    floor.do(c.TakeCall(needs=(UNTYPED,)), after=0)
    assert due(floor, "find_out:C000001") == 2 * MINUTE, "by the house's rules"
    floor.evaluator = TRIAGE
    floor.do(c.OpenIncident(call="C000001"), after=0)
    assert due(floor, "find_out:C000001") == 30 * SECOND


def test_a_type_that_changes_no_plan_is_found_out_all_the_same() -> None:
    class Same(Rules):
        """One plan for everything, that asks for the type."""

        def plan(self, asked: Asked) -> ResponsePlan:
            del asked
            return replace(PLAN, find_out_within=30 * SECOND)

    floor = staffed(Same())
    request(floor, UNTYPED)
    assert "find_out:C000001" in floor.state.deadlines
    floor.do(c.Classify(call="C000001", type="burglary"))
    assert floor.all(PlanChanged) == []
    assert "find_out:C000001" not in floor.state.deadlines


def test_a_plan_that_a_later_fact_changes_and_that_asks_for_no_type_asks_no_more() -> None:
    class Armed(Rules):
        """Asks for the type only where no weapon is known."""

        def plan(self, asked: Asked) -> ResponsePlan:
            plan = super().plan(asked)
            return replace(plan, find_out_within=None) if asked.facts.get("weapon") else plan

    floor = staffed(Armed(find_out_within=30 * SECOND))
    request(floor, UNTYPED)
    floor.do(c.UpdateCall(call="C000001", facts=(ARMED,), reason="known enough"))
    assert "find_out:C000001" not in floor.state.deadlines


def test_a_policy_that_names_no_time_waits_for_no_type() -> None:
    floor = staffed(Rules())
    request(floor, UNTYPED)
    assert "find_out:C000001" not in floor.state.deadlines


# -- the ladder and the time that a permission gives -------------------------------------------------------

STEPS = (Rung(role="duty_chief"), Rung(role="administrator", after=MINUTE))


def test_a_permission_says_who_hears_of_the_end_and_by_when_it_is_looked_at() -> None:
    floor = staffed(Rules(ladder=STEPS, longest=HOUR))
    incident = request(floor)
    floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    assert floor.state.deadlines[f"hold:{incident}/PD"].ladder == STEPS
    assert floor.last(ResponseHeld).hold.ladder == STEPS
    request(floor)
    floor.do(c.OfferHandOver(needs=("C000002-1",), to="county", ground="other_agency_duty"))
    assert floor.state.deadlines["hand_over:H000001"].ladder == STEPS
    request(floor)
    declined = Declined(ground="no_police_matter", authority="code 4")
    floor.do(c.Settle(needs=("C000003-1",), outcome=declined), DISPATCHER)
    review = floor.last(ReviewOpened).sets[0]
    assert (review.due, review.ladder) == (floor.now + HOUR, STEPS)


def test_a_permission_that_says_nothing_leaves_the_usual_ladders_and_times() -> None:
    floor = staffed(Rules())
    request(floor)
    floor.do(c.OfferHandOver(needs=(NEED,), to="county", ground="other_agency_duty"))
    assert [rung.role for rung in floor.state.deadlines["hand_over:H000001"].ladder] == ["dispatcher"]
    floor.do(c.Settle(needs=(NEED,), outcome=Declined(ground="no_police_matter", authority="code 4")), SUPERVISOR)
    assert floor.last(ReviewOpened).sets[0].due == floor.now + 3 * DAY
    floor.do(adopting("b" * 64), SUPERVISOR)
