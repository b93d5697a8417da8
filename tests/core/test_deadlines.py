"""Deadlines: the same due times whatever the ticks, one rung at a time, and never forgotten."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import hostile
import pytest
from floor_driver import CALL_TAKER, DISPATCHER, START, SUPERVISOR, Floor, Rules, adopting
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.core import commands as c
from everycall.core.base import DAY, FARTHEST, HOUR, MINUTE, SECOND
from everycall.core.commands import Command
from everycall.core.decide import decide
from everycall.core.escalation import DeadlinePassed, PersonReached
from everycall.core.hand_overs import HandOverAnswered
from everycall.core.holding import HoldEnded
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import NotReached, Responded
from everycall.core.policies import HOUSE_FLOOR
from everycall.core.refusals import Refusal
from everycall.core.versions import OverObjection, PolicyLapsed

if TYPE_CHECKING:
    from collections.abc import Sequence

LADDER = [(0, "dispatcher"), (1, "supervisor"), (2, "neighbour_agency"), (3, "duty_chief")]


def centre(rules: Rules | None = None) -> Floor:
    floor = Floor(evaluator=rules)
    floor.do(c.EnrolAgency(agency="PD", services=("police",)), after=0)
    if rules is not None:
        floor.do(
            adopting(rules.policy, ("weapon",)),
            SUPERVISOR,
            after=0,
        )
    floor.do(c.SignOn(unit="U1", agency="PD", capabilities=("police",)), after=0)
    return floor


def request(floor: Floor, **more: object) -> str:
    """A call whose help is pending; the id of its incident."""
    floor.do(
        c.TakeCall(
            channel="emergency_voice",
            needs=(NeedAsked(service="police", type="burglary"),),
            open_incident=True,
            **more,  # type: ignore[arg-type]  # a few more fields of the command
        ),
        CALL_TAKER,
        after=0,
    )
    return list(floor.state.incidents)[-1]


def passed(floor: Floor, kind: str | None = None) -> list[DeadlinePassed]:
    return [event for event in floor.all(DeadlinePassed) if kind in (None, event.kind)]


def rungs(floor: Floor, kind: str) -> list[tuple[int, float, str | None]]:
    """Rung, seconds after the start to the microsecond, and who is told."""
    return [(event.rung, (event.due - START) / SECOND, event.role) for event in passed(floor, kind)]


# -- one rung at a time ------------------------------------------------------------------------------------


def test_a_ladder_is_climbed_rung_by_rung_each_a_fixed_time_after_the_one_before() -> None:
    floor = centre()
    request(floor)
    floor.wait(DAY // SECOND)
    assert rungs(floor, "dispatch") == [
        (0, 60, "dispatcher"),
        (1, 60 + 120, "supervisor"),
        (2, 60 + 120 + 180, "neighbour_agency"),
        (3, 60 + 120 + 180 + 300, "duty_chief"),
    ]


def test_an_overdue_step_stays_on_the_board_when_all_rungs_have_passed() -> None:
    floor = centre()
    incident = request(floor)
    floor.wait(2 * DAY // SECOND)
    held = floor.state.deadlines[f"dispatch:{incident}/PD"]
    assert held.exhausted
    assert floor.tick() == []
    floor.do(c.ReportReached(kind="dispatch", subject=held.subject, person="S1", reached=True, by_channel="radio"))
    assert floor.last(PersonReached).reached
    assert held.key in floor.state.deadlines, "reaching somebody sends nobody"
    floor.do(c.Assign(incident=incident, units=("U1",)))
    assert held.key not in floor.state.deadlines


def test_a_rung_that_was_told_late_is_recorded_with_its_own_due_time() -> None:
    floor = centre()
    request(floor)
    floor.wait(5000)
    assert passed(floor, "dispatch")[0].due == START + 60 * SECOND


def test_deadlines_pass_in_the_order_in_which_they_are_due() -> None:
    floor = centre()
    for _ in range(5):
        request(floor)
        floor.wait(1)
    floor.wait(DAY // SECOND)
    due = [event.due for event in passed(floor)]
    assert due == sorted(due)


def test_nobody_was_reached_about_a_deadline_that_does_not_stand() -> None:
    floor = centre()
    refusal = floor.refused(c.ReportReached(kind="answer", subject="C000001", person="S1", reached=True))
    assert refusal.code == "unknown_deadline"


# -- each kind ---------------------------------------------------------------------------------------------


def test_a_ringing_call_must_be_answered() -> None:
    floor = centre()
    floor.do(c.TakeCall(ringing=True), CALL_TAKER, after=0)
    floor.wait(15)
    assert rungs(floor, "answer") == [(0, 15, "dispatcher")]
    floor.do(c.AnswerCall(call="C000001"))
    assert "answer:C000001" not in floor.state.deadlines
    assert "find_out:C000001" in floor.state.deadlines


def test_a_call_stamped_as_answered_must_be_found_out_about_like_one_that_was_answered() -> None:
    floor = centre()
    floor.do(c.TakeCall(ringing=True), CALL_TAKER, after=0)
    floor.do(c.StampCall(call="C000001", stamp="answered", at=START))
    assert "answer:C000001" not in floor.state.deadlines
    assert "find_out:C000001" in floor.state.deadlines


def test_a_call_that_nobody_opened_an_incident_for_is_not_forgotten() -> None:
    floor = centre()
    floor.do(c.TakeCall(), CALL_TAKER, after=0)
    floor.wait(120)
    assert rungs(floor, "find_out") == [(0, 120, "dispatcher")]


def test_an_abandoned_call_must_be_called_back_and_found_out_about_whatever_comes_of_it() -> None:
    floor = centre()
    floor.do(c.TakeCall(ringing=True), CALL_TAKER, after=0)
    floor.do(c.AbandonCall(call="C000001"), after=0)
    floor.wait(60)
    assert rungs(floor, "call_back") == [(0, 60, "dispatcher")]
    floor.do(c.RecordCallBack(call="C000001", result="no_answer"))
    assert "call_back:C000001" not in floor.state.deadlines
    assert "find_out:C000001" in floor.state.deadlines


def test_a_number_that_is_unsafe_to_ring_is_not_to_be_rung_but_the_call_is_not_forgotten() -> None:
    floor = centre()
    floor.do(c.TakeCall(ringing=True, unsafe_to_ring=True), CALL_TAKER, after=0)
    floor.do(c.AbandonCall(call="C000001"), after=0)
    assert set(floor.state.deadlines) == {"find_out:C000001"}
    floor.do(c.TakeCall(ringing=True), CALL_TAKER)
    floor.do(c.AbandonCall(call="C000002"), after=0)
    floor.do(c.UpdateCall(call="C000002", unsafe_to_ring=True))
    assert "call_back:C000002" not in floor.state.deadlines
    assert "find_out:C000002" in floor.state.deadlines


def test_nobody_calls_back_a_caller_who_is_served() -> None:
    floor = centre()
    request(floor)
    floor.do(c.Settle(needs=("C000001-1",), outcome=NotReached(why="storm")))
    floor.do(c.AbandonCall(call="C000001"))
    assert "call_back:C000001" not in floor.state.deadlines


def test_a_unit_must_acknowledge_arrive_be_well_and_its_outcome_be_said() -> None:
    floor = centre()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)), after=0)
    assert {"acknowledge:A000001", f"arrive:{incident}/PD"} == set(floor.state.deadlines)
    floor.do(c.ReportStamp(unit="U1", stamp="en_route"))
    assert {f"arrive:{incident}/PD"} == set(floor.state.deadlines)
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"))
    assert {"welfare:A000001"} == set(floor.state.deadlines)
    floor.wait(15 * 60)
    assert [event.kind for event in passed(floor)] == ["welfare"]
    floor.do(c.CheckWelfare(assignment="A000001"))
    assert floor.state.deadlines["welfare:A000001"].rung == 0
    floor.do(c.ReportStamp(unit="U1", stamp="clear"))
    assert {f"outcome:{incident}/PD"} == set(floor.state.deadlines)
    floor.wait(30 * 60)
    assert passed(floor)[-1].kind == "outcome"
    floor.do(c.CloseResponse(incident=incident, agency="PD", outcome=Responded(assignment="A000001")))
    assert {f"retire:{incident}"} == set(floor.state.deadlines)


def test_a_unit_that_takes_a_patient_away_is_not_asked_how_it_is() -> None:
    floor = centre()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"))
    floor.do(c.ReportStamp(unit="U1", stamp="transporting", hospital="H1"))
    assert "welfare:A000001" not in floor.state.deadlines
    floor.do(c.ReportStamp(unit="U1", stamp="at_patient", at=floor.now - MINUTE))
    assert "welfare:A000001" not in floor.state.deadlines, "a late report does not bring it back"
    floor.do(c.CheckWelfare(assignment="A000001"))
    assert "welfare:A000001" not in floor.state.deadlines


def test_a_late_report_does_not_bring_a_welfare_check_forward() -> None:
    floor = centre()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="contact_made"))
    due = floor.state.deadlines["welfare:A000001"].due
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", at=floor.now - 5 * MINUTE))
    assert floor.state.deadlines["welfare:A000001"].due == due


def test_a_hold_ends_by_itself_and_the_response_is_pending_on_its_original_clock() -> None:
    floor = centre(Rules())
    incident = request(floor)
    floor.do(
        c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=START + 300 * SECOND), after=0
    )
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert f"arrive:{incident}/PD" in floor.state.deadlines, "who waits for help waits on"
    floor.wait(301)
    ended = floor.last(HoldEnded)
    assert (ended.at, ended.released) == (START + 300 * SECOND, False)
    assert rungs(floor, "hold") == [(0, 300, "dispatcher")]
    # What was due while it was held is told now, with its own due times.
    assert rungs(floor, "dispatch")[:2] == [(0, 60, "dispatcher"), (1, 180, "supervisor")]
    assert floor.state.incidents[incident].responses["PD"].hold is None


def test_an_offer_that_nobody_answers_comes_back() -> None:
    floor = centre()
    request(floor)
    floor.do(c.OfferHandOver(needs=("C000001-1",), to="county", ground="other_agency_duty"), after=0)
    floor.wait(180)
    answered = floor.last(HandOverAnswered)
    assert (answered.answer, answered.at, answered.returned) == ("timed_out", START + 180 * SECOND, ("C000001-1",))
    assert floor.state.needs["C000001-1"].returns == 1


def test_a_policy_over_an_objection_ends_on_its_day() -> None:
    floor = centre()
    standing = OverObjection(persons=("S1",), reason="storm", objection="reads employer", ends_at=START + HOUR)
    floor.do(
        c.AdoptPolicy(
            policy="p", version="2", reads=("caller.employer",), authority="chief", reason="storm", standing=standing
        ),
        SUPERVISOR,
        after=0,
    )
    floor.wait(3599)
    assert floor.state.policy is not None
    floor.wait(1)
    assert floor.state.policy is None
    assert floor.last(PolicyLapsed).at == START + HOUR
    assert floor.state.deadlines == {}


def test_a_newer_policy_ends_the_end_of_the_one_before() -> None:
    floor = centre()
    standing = OverObjection(persons=("S1",), reason="storm", objection="reads employer", ends_at=START + HOUR)
    floor.do(
        c.AdoptPolicy(policy="p", version="2", authority="chief", reason="storm", standing=standing),
        SUPERVISOR,
        after=0,
    )
    floor.do(adopting("q"), SUPERVISOR, after=0)
    floor.wait(2 * 3600)
    assert floor.all(PolicyLapsed) == []
    assert floor.state.policy is not None
    assert floor.state.policy.policy == "q"


def test_a_rule_that_names_no_time_still_leaves_a_clock() -> None:
    floor = centre(Rules(dispatch_within=None, arrive_within=None))
    incident = request(floor)
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == START + 30 * MINUTE


# -- clocks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [START + 10 * HOUR, FARTHEST])
def test_a_clock_that_runs_ahead_puts_nothing_off(at: int) -> None:
    floor = centre()
    floor.do(
        c.TakeCall(received_at=at, needs=(NeedAsked(service="police"),), open_incident=True), CALL_TAKER, after=0, at=at
    )
    floor.do(c.TakeCall(ringing=True, received_at=at), CALL_TAKER, after=0, at=at)
    floor.do(c.AbandonCall(call="C000002"), after=0, at=at)
    incident = list(floor.state.incidents)[-1]
    floor.do(c.Assign(incident=incident, units=("U1",)), after=0, at=at)
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", at=at), after=0, at=at)
    floor.do(c.SignalEmergency(unit="U1"), after=0, at=at)
    latest = START + HOUSE_FLOOR.welfare_every
    assert {d.kind for d in floor.state.deadlines.values() if d.due > latest} == set()
    assert floor.state.calls["C000001"].received_at == at, "what was reported stays as it was reported"


def test_what_is_told_late_is_due_from_when_it_happened() -> None:
    floor = centre()
    floor.do(c.TakeCall(received_at=START - HOUR, needs=(NeedAsked(service="police"),), open_incident=True), CALL_TAKER)
    floor.tick()
    assert passed(floor, "dispatch")[0].due == START - HOUR + MINUTE


# -- the same whatever the ticks ----------------------------------------------------------------------------


def run(seed: int, ticks: Sequence[int]) -> tuple[list[tuple[str, str, int, int]], bytes]:
    """The deadlines that pass when the same commands come, with more or fewer ticks between them."""
    rng = random.Random(seed)
    floor = Floor(evaluator=Rules() if seed % 2 else None)
    sets: list[tuple[object, ...]] = []
    pace = iter(ticks)
    for group in ("units", "calls", "incidents", "ends") * 8:
        step = rng.randrange(400) * SECOND
        until = floor.now + step
        while floor.now < until:
            floor.now = min(floor.now + next(pace, 10**9) * SECOND, until)
            floor.tick()
        floor.tick()
        actor, body, at = hostile.command(rng, floor.state, floor.now, group)
        when = floor.now if at is None else at
        command = Command(id="x", actor=actor, body=body, at=at)
        decided = decide(floor.state, command, floor.given(command.body, at))
        if not isinstance(decided, Refusal):
            floor.record(decided, actor, when)
            sets.append(tuple(type(event).__name__ for event in decided))
    floor.wait(HOUR // SECOND)
    return [(e.kind, e.subject, e.rung, e.due) for e in passed(floor)], floor.state.encoded()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), ticks=st.lists(st.integers(1, 300), max_size=60))
def test_the_same_commands_give_the_same_deadlines_whatever_the_ticks(seed: int, ticks: list[int]) -> None:
    assert run(seed, ticks) == run(seed, ())


def test_the_runs_that_are_compared_have_deadlines_that_pass() -> None:
    assert sum(len(run(seed, ())[0]) for seed in range(10)) > 100


def test_the_dispatcher_is_told_first() -> None:
    floor = centre()
    request(floor)
    floor.wait(DAY // SECOND)
    assert [(e.rung, e.role) for e in passed(floor, "dispatch")] == LADDER
    assert DISPATCHER.role == LADDER[0][1]
