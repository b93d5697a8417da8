"""No way off the board without an outcome of the closed list, its evidence, and a named person or rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from floor_driver import CREW, DISPATCHER, OVERSIGHT, START, SUPERVISOR, Floor, Rules, attended, request, staffed

from everycall.core import commands as c
from everycall.core.actors import Actor
from everycall.core.balance import open_in
from everycall.core.needs import NeedAsked
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
    Unfounded,
    apco_code_of,
    audit_code_of,
    name_of,
)
from everycall.core.reviews import ReviewOpened
from everycall.core.settling import CancellationReported, NeedsReopened, NeedsSettled
from everycall.core.vocabulary import AUDIT_CODES, OUTCOME_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

NEED = "C000001-1"
POLICE = NeedAsked(service="police", type="burglary")


def pending(rules: Rules | None = None) -> tuple[Floor, str]:
    floor = staffed(rules)
    return floor, request(floor)


LACKING: list[tuple[Outcome, str]] = [
    (Responded(), "no_arrival"),
    (Responded(assignment="A000009"), "no_arrival"),
    (Responded(assignment="A000001"), "no_arrival"),
    (GoneOnArrival(assignment="A000001"), "no_arrival"),
    (Unfounded(assignment="A000001"), "no_arrival"),
    (HandedOver(to="county"), "not_accepted"),
    (HandedOver(to="county", hand_over="H000001", accepted_by="desk"), "not_accepted"),
    (CancelledByCaller(), "cancellation_unconfirmed"),
    (CancelledByCaller(confirmed="not_said"), "cancellation_unconfirmed"),
    (Advised(advice="lock the door"), "caller_did_not_agree"),
    (Duplicate(), "duplicate_of_what"),
    (Duplicate(of="2020-000001"), "duplicate_of_what"),
    (Duplicate(of="2020-000009"), "duplicate_of_what"),
    (NoEmergency(kind="misdial"), "unconfirmed"),
    (NoEmergency(kind="misdial", confirmed_by="export"), "unconfirmed"),
    (NotEstablished(), "nothing_tried"),
    (NotEstablished(tried=("listened",)), "nothing_tried"),
    (NotReached(why=""), "no_reason"),
    (NotReached(why="storm", instruction="I000009"), "unknown_instruction"),
    (NotRecorded(), "not_a_rebuilt_record"),
    (Responded(export="Disposition=HANDLED"), "export_is_no_evidence"),
    (NotRecorded(export="Disposition="), "export_is_no_evidence"),
]


@pytest.mark.parametrize(("outcome", "code"), LACKING, ids=lambda value: value if isinstance(value, str) else None)
def test_an_outcome_without_its_evidence_is_refused_and_the_need_stays_open(outcome: Outcome, code: str) -> None:
    floor, incident = pending(Rules())
    floor.do(c.Assign(incident=incident, units=("U1",)))  # A000001 is on its way and not there
    before = floor.state.encoded()
    for body in (
        c.Settle(needs=(NEED,), outcome=outcome),
        c.CloseResponse(incident=incident, agency="PD", outcome=outcome),
    ):
        assert floor.refused(body).code == code
    assert floor.state.encoded() == before
    assert open_in(floor.state) == (1, 0)


GIVEN: list[tuple[str, Callable[[Floor, str], Outcome]]] = [
    ("responded", lambda f, i: Responded(assignment=attended(f, i), contact="yes")),
    ("gone_on_arrival", lambda f, i: GoneOnArrival(assignment=attended(f, i))),
    ("unfounded", lambda f, i: Unfounded(assignment=attended(f, i))),
    ("cancelled_by_caller", lambda _f, _i: CancelledByCaller(confirmed="call_back")),
    ("advised", lambda _f, _i: Advised(caller_agreed=True, advice="lock the door")),
    ("duplicate", lambda f, _i: Duplicate(of=request(f))),
    ("no_emergency", lambda _f, _i: NoEmergency(kind="test", confirmed_by="alarm_company")),
    ("not_reached", lambda _f, _i: NotReached(why="storm")),
    ("declined", lambda _f, _i: Declined(ground="no_police_matter", authority="order 12", caller_told="yes")),
]


@pytest.mark.parametrize(("name", "make"), GIVEN)
def test_an_outcome_with_its_evidence_settles_the_need(name: str, make: Callable[[Floor, str], Outcome]) -> None:
    floor, incident = pending(Rules())
    outcome = make(floor, incident)
    floor.do(c.Settle(needs=(NEED,), outcome=outcome))
    need = floor.state.needs[NEED]
    assert need.outcome is not None
    assert name_of(need.outcome) == name
    assert (need.settled_by, need.settled_at) == ("D1", floor.now)
    assert floor.balance.requests.outcomes[name_of(outcome)] == 1
    assert floor.state.incidents[incident].responses["PD"].closed_at == floor.now
    assert audit_code_of(need.outcome) in AUDIT_CODES
    assert apco_code_of(need.outcome).isdecimal()


def test_a_silent_call_can_be_closed_once_somebody_tried_to_find_out() -> None:
    floor = staffed()
    floor.do(c.TakeCall(ringing=True))
    floor.do(c.AbandonCall(call="C000001"))
    floor.do(c.RecordCallBack(call="C000001", result="no_answer"))
    floor.do(c.Settle(needs=(NEED,), outcome=NotEstablished(tried=("called back twice",))))
    assert {key.partition(":")[0] for key in floor.state.deadlines} == {"retire"}
    floor.do(c.TakeCall(ringing=True, unsafe_to_ring=True))
    floor.do(c.Settle(needs=("C000002-1",), outcome=NotEstablished(tried=("text",))))
    assert open_in(floor.state) == (0, 0)


def test_the_closed_list_is_closed_and_each_outcome_has_its_codes() -> None:
    assert len(OUTCOME_NAMES) == 12
    assert audit_code_of(None) == "open"
    assert audit_code_of(NotRecorded()) == "no_arrival_recorded"


def test_an_arrival_in_another_incident_is_no_evidence() -> None:
    floor, _ = pending()
    other = request(floor)
    key = attended(floor, other)
    assert floor.refused(c.Settle(needs=(NEED,), outcome=Responded(assignment=key))).code == "no_arrival"


# -- duress ------------------------------------------------------------------------------------------------


def test_a_cancellation_that_may_be_under_duress_is_recorded_and_closes_nothing() -> None:
    floor = staffed(Rules())
    incident = request(floor, NeedAsked(service="police", type="domestic"))
    floor.do(c.Settle(needs=(NEED,), outcome=CancelledByCaller(confirmed="same_voice_on_the_line")))
    told = floor.last(CancellationReported)
    assert (told.confirmed, told.rule) == ("same_voice_on_the_line", "domestic")
    assert floor.state.needs[NEED].cancellations == 1
    assert open_in(floor.state) == (1, 0)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    assert floor.all(NeedsSettled) == []


def test_a_cancellation_before_an_incident_was_opened_closes_the_need() -> None:
    floor = staffed()
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Settle(needs=(NEED,), outcome=CancelledByCaller(confirmed="in_person")))
    assert open_in(floor.state) == (0, 0)


def test_cancelling_two_needs_of_which_one_may_be_under_duress_closes_neither() -> None:
    floor = staffed(Rules())
    request(floor, NeedAsked(service="police", type="domestic"), NeedAsked(service="ems", type="chest pain"))
    floor.do(c.Settle(needs=(NEED, "C000001-2"), outcome=CancelledByCaller(confirmed="in_person")))
    assert [event.need for event in floor.all(CancellationReported)] == [NEED, "C000001-2"]
    assert [event.rule for event in floor.all(CancellationReported)] == ["domestic", "chest pain"]
    assert open_in(floor.state) == (2, 0)


# -- duplicates --------------------------------------------------------------------------------------------


def test_a_duplicate_is_one_of_the_same_help_pending_or_on_scene() -> None:
    floor, _ = pending()
    ambulance = request(floor, NeedAsked(service="ems"))
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Duplicate(of=ambulance)))
    assert refusal.code == "no_such_help_pending"
    police = request(floor)
    floor.do(c.Settle(needs=(NEED,), outcome=Duplicate(of=police)))
    assert name_of(floor.state.needs[NEED].outcome or NotRecorded()) == "duplicate"


def test_a_request_after_the_help_is_over_is_no_duplicate() -> None:
    floor, _ = pending()
    other = request(floor)
    key = attended(floor, other)
    floor.do(c.Settle(needs=("C000002-1",), outcome=Responded(assignment=key)))
    assert floor.refused(c.Settle(needs=(NEED,), outcome=Duplicate(of=other))).code == "no_such_help_pending"


def test_a_request_while_the_unit_is_still_there_is_a_duplicate_though_its_outcome_is_said() -> None:
    floor, _ = pending()
    other = request(floor)
    floor.do(c.Assign(incident=other, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"), CREW)
    floor.do(c.Settle(needs=("C000002-1",), outcome=Responded(assignment="A000001")))
    floor.do(c.Settle(needs=(NEED,), outcome=Duplicate(of=other)))
    assert open_in(floor.state) == (0, 0)


def test_in_one_agencys_response_only_the_same_service_counts_as_the_same_help() -> None:
    floor = staffed()
    request(floor, NeedAsked(service="ems"))
    both = request(floor, NeedAsked(service="fire"), NeedAsked(service="ems"))
    floor.do(c.Settle(needs=("C000002-2",), outcome=Advised(caller_agreed=True)))
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Duplicate(of=both)))
    assert refusal.code == "no_such_help_pending"


# -- declining ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", ["0", "1"])
def test_the_highest_priorities_can_never_be_declined(priority: str) -> None:
    floor = staffed(Rules())
    request(floor, NeedAsked(service="police", priority=priority))
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Declined(ground="no_police_matter", authority="x")))
    assert refusal.code == "highest_priority_declined"


def test_an_unknown_priority_can_never_be_declined() -> None:
    floor = staffed(Rules(priority=None))
    request(floor)
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Declined(ground="no_police_matter", authority="x")))
    assert refusal.code == "highest_priority_declined"


@pytest.mark.parametrize(
    ("actor", "ground", "authority", "code"),
    [
        (DISPATCHER, "no_police_matter", "", "decline_incomplete"),
        (DISPATCHER, "", "order 12", "decline_incomplete"),
        (DISPATCHER, "politics", "order 12", "decline_not_allowed"),
        (CREW, "no_police_matter", "order 12", "decline_not_allowed"),
    ],
)
def test_declining_takes_a_rule_a_ground_and_an_authority(actor: Actor, ground: str, authority: str, code: str) -> None:
    floor, _ = pending(Rules())
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Declined(ground=ground, authority=authority)), actor)
    assert refusal.code == code


def test_while_no_policy_is_in_force_nobody_is_turned_away() -> None:
    floor, _ = pending()
    floor.do(c.Prioritise(need=NEED, priority="5", reason="downgraded"))
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Declined(ground="any", authority="x")))
    assert (refusal.code, refusal.rule) == ("decline_not_allowed", "house#house:9")


def test_who_declines_names_the_rule_and_somebody_outside_has_to_look_at_it() -> None:
    floor, _ = pending(Rules())
    floor.do(c.Settle(needs=(NEED,), outcome=Declined(ground="no_police_matter", authority="chief")))
    outcome = floor.state.needs[NEED].outcome
    assert isinstance(outcome, Declined)
    assert (outcome.rule, outcome.policy) == ("decline-no_police_matter", "a" * 64)
    opened = floor.last(ReviewOpened)
    assert (opened.outcome, opened.ground) == ("declined", "no_police_matter")
    assert opened.persons == ("D1", "chief")
    assert f"review:{opened.review}" in floor.state.deadlines


# -- reviews -----------------------------------------------------------------------------------------------


def reviewed(outcome: Outcome) -> Floor:
    floor, _ = pending(Rules())
    floor.do(c.Settle(needs=(NEED,), outcome=outcome))
    return floor


@pytest.mark.parametrize(
    "actor",
    [
        DISPATCHER,
        Actor(person="chief", role="oversight"),
        Actor(person="S1", role="supervisor", agency="PD"),
        Actor(person="X1", role="call_taker", agency="FD"),
    ],
)
def test_nobody_inside_the_chain_judges_and_not_everybody_outside(actor: Actor) -> None:
    floor = reviewed(Declined(ground="no_police_matter", authority="chief"))
    assert floor.refused(c.CompleteReview(review="R000001", judgement="upheld"), actor).code == "inside_the_chain"
    assert floor.state.reviews["R000001"].judgement is None


@pytest.mark.parametrize("actor", [OVERSIGHT, Actor(person="F1", role="supervisor", agency="FD")])
def test_oversight_or_a_supervisor_of_another_agency_judges_once(actor: Actor) -> None:
    floor = reviewed(NotReached(why="storm"))
    assert floor.last(ReviewOpened).outcome == "not_reached"
    floor.do(c.CompleteReview(review="R000001", judgement="not_upheld"), actor)
    assert floor.state.reviews["R000001"].reviewer == actor.person
    assert "review:R000001" not in floor.state.deadlines
    assert floor.refused(c.CompleteReview(review="R000001", judgement="upheld"), actor).code == "already_reviewed"
    assert floor.refused(c.CompleteReview(review="R9", judgement="upheld"), actor).code == "unknown_review"


def test_taking_a_refusal_back_does_not_take_back_that_it_is_looked_at() -> None:
    floor = reviewed(Declined(ground="no_police_matter", authority="chief"))
    floor.do(c.Undo(act="U000001"))
    assert open_in(floor.state) == (1, 0)
    assert floor.state.reviews["R000001"].judgement is None
    assert "review:R000001" in floor.state.deadlines


# -- closing and reopening ---------------------------------------------------------------------------------


def test_closing_a_response_settles_what_is_open_in_it_and_nothing_else() -> None:
    floor = staffed()
    incident = request(floor, POLICE, NeedAsked(service="police"), NeedAsked(service="ems"))
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    floor.do(c.CloseResponse(incident=incident, agency="PD", outcome=NotReached(why="storm")))
    names = [None if n.outcome is None else name_of(n.outcome) for n in floor.state.needs.values()]
    assert names == ["advised", "not_reached", None]
    refusal = floor.refused(c.CloseResponse(incident=incident, agency="PD", outcome=NotReached(why="storm")))
    assert refusal.code == "nothing_open"


def test_a_response_is_open_until_its_last_unit_is_clear() -> None:
    floor, incident = pending()
    floor.do(c.Assign(incident=incident, units=("U1", "U2")))
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"), CREW)
    floor.do(c.CloseResponse(incident=incident, agency="PD", outcome=Responded(assignment="A000001")))
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at is None
    floor.do(c.ReportStamp(unit="U2", stamp="clear"), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at == floor.now
    assert f"retire:{incident}" in floor.state.deadlines


def test_work_that_is_still_stacked_keeps_a_response_open() -> None:
    floor, incident = pending()
    busy = request(floor)
    floor.do(c.Assign(incident=busy, units=("U1",)))
    floor.do(c.Assign(incident=incident, units=("U1",), stacked=True))
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    assert floor.state.incidents[incident].responses["PD"].closed_at is None
    floor.do(c.CancelAssignment(assignment="A000002", reason="settled by phone"))
    assert floor.state.incidents[incident].responses["PD"].closed_at == floor.now


def test_an_outcome_is_given_once() -> None:
    floor, _ = pending()
    floor.do(c.Settle(needs=(NEED, NEED), outcome=Advised(caller_agreed=True)))
    assert floor.balance.requests.settled == 1
    refusal = floor.refused(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    assert refusal.code == "already_settled"


def test_a_wrong_outcome_is_struck_and_the_clock_is_the_original_one() -> None:
    floor, incident = pending()
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    floor.do(c.Reopen(needs=(NEED,), reason="wrong need"), after=300)
    need = floor.state.needs[NEED]
    assert need.outcome is None
    assert [name_of(outcome) for outcome in need.struck] == ["advised"]
    assert floor.last(NeedsReopened).responses[0].agency == "PD"
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due < floor.now
    assert floor.balance.requests.outcomes["advised"] == 0
    assert f"retire:{incident}" not in floor.state.deadlines
    assert floor.refused(c.Reopen(needs=(NEED,), reason="again")).code == "not_settled"


def test_what_is_reopened_after_units_were_there_waits_for_its_outcome() -> None:
    floor, incident = pending()
    key = attended(floor, incident)
    floor.do(c.Settle(needs=(NEED,), outcome=Responded(assignment=key)))
    floor.do(c.Reopen(needs=(NEED,), reason="wrong"))
    assert f"outcome:{incident}/PD" in floor.state.deadlines
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines


def test_what_is_reopened_without_an_incident_is_not_forgotten() -> None:
    floor = staffed()
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Settle(needs=(NEED,), outcome=Advised(caller_agreed=True)))
    floor.do(c.Reopen(needs=(NEED,), reason="wrong"))
    assert "find_out:C000001" in floor.state.deadlines
    assert "retire:C000001" not in floor.state.deadlines


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (c.Settle(needs=(), outcome=NotReached(why="x")), "no_need_named"),
        (c.Settle(needs=("C9-1",), outcome=NotReached(why="x")), "unknown_need"),
        (c.Reopen(needs=(), reason="x"), "no_need_named"),
        (c.Reopen(needs=("C9-1",), reason="x"), "unknown_need"),
        (c.CloseResponse(incident="I", agency="PD", outcome=NotReached(why="x")), "unknown_incident"),
        (
            c.CloseResponse(incident="2020-000001", agency="XX", outcome=NotReached(why="x")),
            "unknown_response_of_agency",
        ),
    ],
)
def test_what_is_not_there_cannot_be_settled(body: c.AnyCommand, code: str) -> None:
    floor, _ = pending()
    assert floor.refused(body).code == code


# -- rebuilt records ---------------------------------------------------------------------------------------


def test_the_words_of_an_export_are_evidence_in_rebuilt_records_only() -> None:
    floor = staffed()
    incident = request(floor, POLICE, reconstructed=True)
    assert set(floor.state.deadlines) == set(), "nobody waits for what is long over"
    floor.do(c.Settle(needs=(NEED,), outcome=Responded(export="Disposition=HANDLED")))
    assert floor.state.incidents[incident].reconstructed
    request(floor, POLICE, reconstructed=True)
    floor.do(c.Settle(needs=("C000002-1",), outcome=NotRecorded()))
    request(floor, POLICE, reconstructed=True)
    floor.do(c.Settle(needs=("C000003-1",), outcome=Declined(ground="x", authority="y", export="DENIED")))
    assert floor.state.reviews == {}, "an export's refusal is for the audit, not for a review here"
    request(floor, POLICE, reconstructed=True)
    assert floor.refused(c.Settle(needs=("C000004-1",), outcome=Responded())).code == "no_arrival"


def test_not_reached_names_who_closed_it() -> None:
    floor, _ = pending()
    floor.do(c.RecordInstruction(said_by="chief"))
    floor.do(c.Settle(needs=(NEED,), outcome=NotReached(why="order", instruction="I000001")), SUPERVISOR)
    outcome = floor.state.needs[NEED].outcome
    assert isinstance(outcome, NotReached)
    assert (outcome.by, outcome.instruction) == ("S1", "I000001")
    assert floor.now > START
