"""What is sent: types, priorities, facts, plans, holds; and which policy says so."""

from __future__ import annotations

import pytest
from floor_driver import (
    CALL_TAKER,
    DISPATCHER,
    SUPERVISOR,
    Floor,
    Rules,
    adopting,
    attended,
    request,
    staffed,
)

from everycall.core import commands as c
from everycall.core.base import DAY, HOUR, MINUTE
from everycall.core.facts import FactGiven
from everycall.core.holding import ResponseHeld
from everycall.core.incidents import IncidentOpened
from everycall.core.needs import NeedAsked, NeedClassified, NeedPrioritised
from everycall.core.outcomes import Advised
from everycall.core.planning import PlanChanged
from everycall.core.policies import Requirement, ResponsePlan, combined, later_priority, less, priority_order

POLICE = NeedAsked(service="police", type="burglary")


def plan_of(floor: Floor, incident: str, agency: str = "PD") -> ResponsePlan:
    return floor.state.incidents[incident].responses[agency].plan


# -- type and priority -------------------------------------------------------------------------------------


def test_the_first_type_and_the_first_priority_are_kept_for_ever() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.Classify(call="C000001", type="shooting"))
    need = floor.state.needs["C000001-1"]
    assert (need.first_type, need.type) == ("burglary", "shooting")
    assert (need.first_priority, need.priority, need.priority_by) == ("3", "1", "rule")
    assert (need.classified, need.prioritised) == (1, 2)
    changed = floor.last(PlanChanged)
    assert (changed.incident, changed.lower, changed.plan.rule) == (incident, (), "shooting")


def test_a_type_that_sends_less_takes_a_reason() -> None:
    floor = staffed(Rules())
    request(floor, NeedAsked(service="police", type="shooting"))
    refusal = floor.refused(c.Classify(call="C000001", type="burglary"))
    assert (refusal.code, "priority 1 → 3" in refusal.because) == ("less_without_reason", True)
    floor.do(c.Classify(call="C000001", type="burglary", reason="no shots"))
    assert floor.last(PlanChanged).lower == ("priority 1 → 3",)
    assert floor.last(NeedClassified).reason == "no shots"
    assert floor.state.needs["C000001-1"].priority == "3"


def test_one_need_or_all_open_needs_of_a_call_are_classified() -> None:
    floor = staffed()
    request(floor, POLICE, NeedAsked(service="ems"))
    floor.do(c.Classify(call="C000001", type="crash"))
    assert [event.need for event in floor.all(NeedClassified)] == ["C000001-1", "C000001-2"]
    floor.do(c.Classify(call="C000001", type="fall", need="C000001-2"))
    assert floor.state.needs["C000001-1"].type == "crash"
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Classify(call="C000001", type="fall again"))
    assert floor.last(NeedClassified).need == "C000001-2", "what is settled keeps its type"
    floor.do(c.Settle(needs=("C000001-2",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Classify(call="C000001", type="nothing"))
    assert floor.state.needs["C000001-1"].type == "nothing", "unless all of it is: then the coding is mended"
    refusal = floor.refused(c.Classify(call="C000001", type="x", need="C9-1"))
    assert refusal.code == "unknown_need_of_this_call"


def test_a_priority_by_hand_is_not_lowered_by_a_rule_nor_without_a_reason() -> None:
    floor = staffed(Rules())
    request(floor)
    floor.do(c.Prioritise(need="C000001-1", priority="2"))
    assert floor.state.needs["C000001-1"].priority_by == "person"
    assert floor.refused(c.Prioritise(need="C000001-1", priority="4")).code == "less_without_reason"
    floor.do(c.Classify(call="C000001", type="theft"))
    assert floor.state.needs["C000001-1"].priority == "2"
    floor.do(c.Classify(call="C000001", type="shooting"))
    assert floor.state.needs["C000001-1"].priority == "1", "a rule may raise it"
    floor.do(c.Prioritise(need="C000001-1", priority="4", reason="over"))
    assert floor.last(NeedPrioritised).before == "1"
    assert floor.refused(c.Prioritise(need="C9-1", priority="1")).code == "unknown_need"


def test_a_rebuilt_record_keeps_only_what_the_export_calls_the_first() -> None:
    floor = staffed()
    request(floor, NeedAsked(service="police"), reconstructed=True)
    floor.do(c.Classify(call="C000001", type="final type"))
    need = floor.state.needs["C000001-1"]
    assert (need.first_type, need.type) == (None, "final type")


@pytest.mark.parametrize(
    ("old", "new", "later"),
    [
        ("1", "2", True),
        ("2", "1", False),
        ("2", "10", True),
        ("1", "A", True),
        ("A", "B", True),
        (None, "9", False),
        ("1", None, False),
    ],
)
def test_priorities_order_as_numbers_then_as_words(old: str | None, new: str | None, later: bool) -> None:
    assert later_priority(old, new) is later


def test_an_unknown_priority_comes_last_of_all() -> None:
    codes = [None, "B", "10", "2", "A"]
    assert sorted(codes, key=priority_order) == ["2", "10", "A", "B", None]


# -- services ----------------------------------------------------------------------------------------------


def test_a_service_is_found_out_before_anybody_is_sent() -> None:
    floor = staffed()
    floor.do(c.TakeCall())
    floor.do(c.EstablishService(need="C000001-1", service="ems"))
    floor.do(c.OpenIncident(call="C000001"))
    assert [r.agency for r in floor.last(IncidentOpened).responses] == ["FD"]


def test_what_another_agency_is_answering_stays_with_it() -> None:
    floor = staffed()
    request(floor, NeedAsked())
    refusal = floor.refused(c.EstablishService(need="C000001-1", service="ems"))
    assert (refusal.code, "Add another need for ems" in refusal.instead) == ("service_already_answered", True)
    assert floor.refused(c.EstablishService(need="C9-1", service="ems")).code == "unknown_need"


def test_what_the_same_agency_answers_changes_what_it_sends() -> None:
    floor = staffed(Rules())
    incident = request(floor, NeedAsked())
    assert plan_of(floor, incident).send[0].capability == "unknown"
    floor.do(c.EstablishService(need="C000001-1", service="police"))
    assert "police" in {r.capability for r in plan_of(floor, incident).send}
    floor.do(c.EstablishService(need="C000001-1", service="police"))
    refusal = floor.refused(c.EstablishService(need="C000001-1", service="other"))
    assert refusal.code == "service_already_answered", "what was police stays police"


# -- facts -------------------------------------------------------------------------------------------------


def test_a_fact_that_the_policy_reads_sends_more_at_once() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=True),)))
    assert plan_of(floor, incident).send == (Requirement(capability="police", count=2),)
    assert plan_of(floor, incident).stage


def test_a_fact_that_would_send_less_is_taken_and_the_plan_stays_unless_there_is_a_reason() -> None:
    floor = staffed(Rules())
    incident = request(floor, facts=(FactGiven(name="weapon", value=True),))
    before = plan_of(floor, incident)
    floor.do(c.UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=False),)))
    assert plan_of(floor, incident) == before
    assert len(floor.state.calls["C000001"].facts) == 2, "a report of fact is never refused"
    body = c.UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=False),), reason="toy gun")
    floor.do(body)
    assert plan_of(floor, incident).priority == "3"
    assert floor.last(PlanChanged).reason == "toy gun"


def test_a_policy_is_handed_no_fact_that_it_was_not_adopted_as_reading() -> None:
    class Curious(Rules):
        """Would like to read more; `plan` fails the test if it is handed anything it did not declare."""

    greedy = Curious(reads=frozenset({"weapon", "caller.employer"}))
    floor = Floor(evaluator=greedy)
    adopt = adopting(greedy.policy, ("floors",))
    floor.do(adopt, SUPERVISOR)
    incident = request(
        floor, POLICE, facts=(FactGiven(name="weapon", value=True), FactGiven(name="caller.employer", value="city"))
    )
    assert plan_of(floor, incident, "police").priority == "3", "it saw no weapon, because it never said that it looks"


def test_settled_needs_and_closed_responses_are_not_planned_anew() -> None:
    floor = staffed(Rules())
    incident = request(floor, POLICE)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    before = plan_of(floor, incident)
    floor.do(c.UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=True),)))
    assert plan_of(floor, incident) == before


# -- changing a plan by hand -------------------------------------------------------------------------------


def test_sending_more_needs_no_reason_and_sending_less_does() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    more = c.ChangePlan(incident=incident, agency="PD", send=(Requirement(capability="police", count=3),))
    floor.do(more)
    assert floor.last(PlanChanged).by_person
    less_of_it = c.ChangePlan(incident=incident, agency="PD", send=(Requirement(capability="police", count=1),))
    refusal = floor.refused(less_of_it)
    assert (refusal.code, "police 3 → 1" in refusal.because) == ("less_without_reason", True)
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=(), reason="enough there"))
    assert plan_of(floor, incident).send == ()


def test_what_a_person_added_stays_when_a_rule_is_asked_again() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=(Requirement(capability="police", count=4),)))
    floor.do(c.Classify(call="C000001", type="shooting"))
    assert plan_of(floor, incident).send == (Requirement(capability="police", count=4),)
    assert plan_of(floor, incident).priority == "1"


def test_a_capability_that_is_named_twice_is_counted_together() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    twice = (Requirement(capability="police"), Requirement(capability="police"), Requirement(capability="k9", count=0))
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=twice))
    assert plan_of(floor, incident).send == (Requirement(capability="police", count=2),)


def test_a_plan_with_the_same_times_leaves_the_clock_alone_and_one_with_others_resets_it() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.wait(100)
    rung = floor.state.deadlines[f"dispatch:{incident}/PD"].rung
    assert rung == 1
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=(Requirement(capability="police", count=2),)))
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].rung == rung
    second = request(floor)
    floor.wait(100)
    opened_at = floor.state.incidents[second].responses["PD"].opened_at
    floor.evaluator = Rules(dispatch_within=HOUR, arrive_within=2 * HOUR)
    floor.do(c.Classify(call="C000002", type="theft", reason="cold"))
    deadline = floor.state.deadlines[f"dispatch:{second}/PD"]
    assert (deadline.rung, deadline.due) == (0, opened_at + HOUR)
    assert floor.state.deadlines[f"arrive:{second}/PD"].due == opened_at + 2 * HOUR
    held = floor.state.deadlines[f"dispatch:{incident}/PD"]
    floor.do(c.Classify(call="C000001", type="theft", reason="cold"))
    assert floor.state.deadlines[f"dispatch:{incident}/PD"] == held, "where a person changed it, nothing gets less"


def test_where_somebody_has_been_a_new_plan_sets_no_clock() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    attended(floor, incident)
    floor.do(c.Classify(call="C000001", type="shooting"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines


def test_less_is_told_component_by_component() -> None:
    full = ResponsePlan(
        rule="r",
        policy="p",
        priority="1",
        send=(Requirement(capability="police", count=2), Requirement(capability="k9")),
        minimum_officers=4,
        dispatch_within=MINUTE,
        arrive_within=HOUR,
    )
    bare = ResponsePlan(
        rule="r", policy="p", priority="2", send=(Requirement(capability="police"),), dispatch_within=HOUR
    )
    assert less(full, full) == ()
    assert less(bare, full) == ()
    assert less(full, bare) == (
        "police 2 → 1",
        "k9 1 → 0",
        "priority 1 → 2",
        "officers 4 → 0",
        "dispatch deadline later",
        "arrive deadline later",
    )


# -- holding -----------------------------------------------------------------------------------------------


def held(floor: Floor, incident: str, **more: object) -> c.HoldResponse:
    fields: dict[str, object] = {"ground": "unit_shortage", "until": floor.now + 5 * MINUTE, **more}
    return c.HoldResponse(incident=incident, agency="PD", **fields)  # type: ignore[arg-type]  # fields by name


def test_a_hold_names_its_ground_its_rule_and_its_end() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    until = floor.now + 5 * MINUTE
    floor.do(held(floor, incident, until=until))
    hold = floor.last(ResponseHeld).hold
    assert (hold.ground, hold.by, hold.rule, hold.until) == ("unit_shortage", "D1", "hold-unit_shortage", until)
    assert floor.refused(held(floor, incident)).code == "cannot_be_held"
    floor.do(c.ReleaseHold(incident=incident, agency="PD"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    assert floor.refused(c.ReleaseHold(incident=incident, agency="PD")).code == "not_held"


def test_what_cannot_be_held_is_not() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    for more, actor, code in (
        ({"ground": "politics"}, DISPATCHER, "hold_not_allowed"),
        ({}, CALL_TAKER, "hold_not_allowed"),
        ({"until": floor.now - 1}, DISPATCHER, "hold_without_end"),
        ({"until": floor.now + HOUR}, DISPATCHER, "hold_without_end"),
    ):
        assert floor.refused(held(floor, incident, **more), actor, after=0).code == code
    floor.do(c.Prioritise(need="C000001-1", priority="1"))
    assert floor.refused(held(floor, incident)).code == "highest_priority_held"
    floor.do(c.Prioritise(need="C000001-1", priority="3", reason="over"))
    attended(floor, incident)
    assert floor.refused(held(floor, incident)).code == "cannot_be_held"
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    assert floor.refused(held(floor, incident)).code == "unknown_open_response_of_agency"
    assert floor.refused(c.HoldResponse(incident="I9", agency="PD", ground="x", until=0)).code == "unknown_incident"


def test_a_rule_that_names_no_longest_time_still_holds_for_a_day_at_the_most() -> None:
    floor = staffed(Rules(hold_for=None))
    incident = request(floor)
    assert floor.refused(held(floor, incident, until=floor.now + 2 * DAY)).code == "hold_without_end"
    floor.do(held(floor, incident, until=floor.now + DAY))


def test_a_senders_clock_cannot_make_a_hold_longer() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    ahead = floor.now + HOUR
    assert floor.refused(held(floor, incident, until=ahead + 5 * MINUTE), at=ahead).code == "hold_without_end"


def test_a_response_without_a_need_has_nothing_to_hold() -> None:
    floor = staffed(Rules(), "U1", "M1")
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.Assign(incident=request(floor), units=("M1",)))
    floor.do(c.Assign(incident=incident, units=("M1",), stacked=True))
    body = c.HoldResponse(incident=incident, agency="FD", ground="unit_shortage", until=floor.now + MINUTE)
    assert floor.refused(body).code == "hold_not_allowed"


def test_a_hold_that_ends_waits_for_a_unit_where_none_is_free() -> None:
    floor = staffed(Rules(), "U1")
    incident = request(floor)
    floor.do(held(floor, incident))
    floor.do(c.SignOff(unit="U1"))
    assert floor.state.incidents[incident].responses["PD"].waiting_since is None, "a hold is not waiting"
    floor.do(c.ReleaseHold(incident=incident, agency="PD"))
    assert floor.state.incidents[incident].responses["PD"].waiting_since == floor.now


def test_needs_that_are_answered_together_wait_for_all_that_each_waits_for() -> None:
    one = ResponsePlan(rule="a", policy="p", priority="1", stage=True, stage_because="armed", stage_until="police say")
    two = ResponsePlan(rule="b", policy="p", priority="2", stage=True, stage_because="gas", stage_until="measured")
    both = combined([one, ResponsePlan(rule="c", policy="p", priority="3"), two, two])
    assert both.stage
    assert (both.stage_because, both.stage_until) == ("armed; and gas", "police say; and measured")
    long = combined(
        [one, ResponsePlan(rule="d", policy="p", stage=True, stage_because="x" * 240, stage_until="y" * 240)]
    )
    assert long.stage_because is not None
    assert len(long.stage_because) <= 240
    assert long.stage_because.startswith("armed")
