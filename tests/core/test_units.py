"""Units, crews, vehicles: who is free, who is sent, who is called back; and what waits for want of them."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from floor_driver import CREW, START, SUPERVISOR, Floor, Rules, request, staffed

from everycall.core import commands as c
from everycall.core.assignments import AssignmentCancelled, StackedBegun, UnitAssigned
from everycall.core.base import MINUTE
from everycall.core.holding import HoldEnded
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Advised
from everycall.core.policies import Requirement
from everycall.core.recommending import UnitsRecommended
from everycall.core.units import UnitSignedOn
from everycall.core.waiting import ResponseWaiting, WaitingEnded


def free(floor: Floor) -> set[str]:
    return {unit for units in floor.state.free.values() for unit in units}


# -- who is free -------------------------------------------------------------------------------------------


def test_a_unit_is_free_from_sign_on_to_sign_off_except_while_it_has_work() -> None:
    floor = staffed(None, "U1")
    incident = request(floor)
    assert free(floor) == {"U1"}
    floor.do(c.Assign(incident=incident, units=("U1",)))
    assert free(floor) == set()
    assert floor.refused(c.SignOff(unit="U1")).code == "still_assigned"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert free(floor) == {"U1"}
    floor.do(c.SignOff(unit="U1"))
    assert free(floor) == set()
    assert floor.refused(c.Assign(incident=incident, units=("U1",))).code == "signed_off"


def test_a_unit_without_its_vehicle_or_out_of_service_cannot_go() -> None:
    floor = Floor()
    floor.do(c.SignOn(unit="U1", agency="PD", vehicle="V1", capabilities=("police",)))
    incident = request(floor, agency="PD")
    floor.do(c.TakeOutOfService(vehicle="V1", reason="flat tyre"))
    assert floor.refused(c.Assign(incident=incident, units=("U1",))).code == "vehicle_out_of_service"
    floor.do(c.TakeOutOfService(unit="U1", reason="meal"))
    floor.do(c.ReturnToService(vehicle="V1"))
    refusal = floor.refused(c.Assign(incident=incident, units=("U1",)))
    assert (refusal.code, "meal" in refusal.because) == ("out_of_service", True)
    floor.do(c.ReturnToService(unit="U1"))
    floor.do(c.Assign(incident=incident, units=("U1",)))


@pytest.mark.parametrize("body", [c.TakeOutOfService(reason="x"), c.ReturnToService(unit="U1", vehicle="V1")])
def test_either_a_unit_or_a_vehicle_is_named(body: c.AnyCommand) -> None:
    assert staffed().refused(body).code == "name_one"


def test_one_crew_staffs_two_vehicles_and_goes_with_one() -> None:
    floor = Floor()
    floor.do(c.EnrolAgency(agency="FD", services=("fire", "ems")))
    for unit in ("E1", "M1"):
        floor.do(c.SignOn(unit=unit, agency="FD", crew="K1", members=("p1", "p2"), capabilities=("fire", "ems")))
    one, other = request(floor, NeedAsked(service="fire")), request(floor, NeedAsked(service="ems"))
    assert floor.refused(c.Assign(incident=one, units=("E1", "M1"))).code == "crew_committed", "in one breath"
    floor.do(c.Assign(incident=one, units=("E1",)))
    assert free(floor) == set()
    refusal = floor.refused(c.Assign(incident=other, units=("M1",)))
    assert (refusal.code, "E1" in refusal.because) == ("crew_committed", True)
    floor.do(c.Assign(incident=other, units=("M1",), stacked=True))
    floor.do(c.ReportStamp(unit="E1", stamp="clear"), CREW)
    assert floor.last(StackedBegun).unit == "M1", "what was put behind the other vehicle's work begins"
    floor.do(c.ReportStamp(unit="M1", stamp="clear"), CREW)
    assert free(floor) == {"E1", "M1"}
    assert floor.state.crews["K1"].members == ("p1", "p2")


def test_a_unit_that_leaves_its_crew_leaves_the_others_free() -> None:
    floor = Floor()
    for unit in ("E1", "M1"):
        floor.do(c.SignOn(unit=unit, agency="FD", crew="K1"))
    floor.do(c.Assign(incident=request(floor, agency="FD"), units=("E1",)))
    assert free(floor) == set()
    floor.do(c.SignOn(unit="E1", agency="FD", crew="K2"))
    assert free(floor) == {"M1"}
    assert floor.state.crews["K1"].units == ("M1",)


def test_a_unit_signs_on_anew_with_other_capabilities_and_keeps_its_work() -> None:
    floor = staffed(None, "U1")
    floor.do(c.ReportPosition(unit="U1", latitude_e7=1, longitude_e7=2))
    floor.do(c.Assign(incident=request(floor), units=("U1",)))
    floor.do(c.SignOn(unit="U1", agency="PD", capabilities=("k9",), officers=2, station="S"))
    unit = floor.state.units["U1"]
    assert (unit.capabilities, unit.assignments, unit.officers) == (("k9",), ("A000001",), 2)
    assert unit.position is not None
    assert floor.refused(c.SignOn(unit="U1", agency="FD")).code == "still_assigned"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    floor.do(c.SignOn(unit="U1", agency="FD"))
    assert floor.state.free == {"PD": set(), "FD": {"U1"}}
    assert len(floor.all(UnitSignedOn)) == 3


def test_the_latest_position_stands_whatever_the_order_of_reports() -> None:
    floor = staffed(None, "U1")
    floor.do(c.ReportPosition(unit="U1", latitude_e7=10, longitude_e7=10), at=START + 50)
    floor.do(c.ReportPosition(unit="U1", latitude_e7=5, longitude_e7=5), at=START + 40)
    position = floor.state.units["U1"].position
    assert position is not None
    assert (position.latitude_e7, position.at) == (10, START + 50)


@pytest.mark.parametrize(
    "body",
    [
        c.SignOff(unit="X"),
        c.TakeOutOfService(unit="X", reason="x"),
        c.ReturnToService(unit="X"),
        c.ReportPosition(unit="X", latitude_e7=0, longitude_e7=0),
        c.Assign(incident="2020-000001", units=("X",)),
        c.Preempt(unit="X", incident="2020-000001", reason="x"),
    ],
)
def test_a_unit_that_is_not_there_is_named(body: c.AnyCommand) -> None:
    floor = staffed()
    request(floor)
    assert floor.refused(body).code == "unknown_unit"


# -- sending -----------------------------------------------------------------------------------------------


def test_one_unit_never_overwrites_anothers_work() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1", "U2", "U1")))
    assert [event.unit for event in floor.all(UnitAssigned)] == ["U1", "U2"]
    assert floor.state.incidents[incident].responses["PD"].assignments == ("A000001", "A000002")
    assert floor.refused(c.Assign(incident=incident, units=("U1",))).code == "already_on_this_incident"
    assert floor.refused(c.Assign(incident=request(floor), units=("U1",))).code == "already_assigned"


def test_units_of_another_agency_join_on_their_own_account() -> None:
    floor = staffed(None, "U1", "M1", "E1")
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("M1", "E1")))
    response = floor.state.incidents[incident].responses["FD"]
    assert response.assignments == ("A000001", "A000002")
    assert (response.needs, response.plan.send) == ((), ())
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "they serve nobody who asked for police"
    for unit in ("M1", "E1"):
        floor.do(c.ReportStamp(unit=unit, stamp="clear"), CREW)
    assert floor.state.incidents[incident].responses["FD"].closed_at == floor.now


def test_a_unit_is_lent_to_another_agencys_response_by_name() -> None:
    floor = staffed(None, "U1", "M1")
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("M1",), agency="PD"))
    assert floor.state.incidents[incident].responses["PD"].assignments == ("A000001",)
    assert floor.refused(c.Assign(incident=incident, units=("U1",), agency="XX")).code == ("unknown_response_of_agency")


def test_nobody_is_sent_where_all_is_over_but_who_reports_from_there_is_there() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    assert floor.refused(c.Assign(incident=incident, units=("U1",))).code == "response_closed"
    floor.do(c.Assign(incident=request(floor), units=("U1",)))
    assert floor.refused(c.Preempt(unit="U1", incident=incident, reason="x")).code == "response_closed"
    floor.do(c.ReportStamp(unit="U2", stamp="on_scene", incident=incident), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (c.Assign(incident="I9", units=("U1",)), "unknown_incident"),
        (c.Assign(incident="2020-000001", units=()), "no_unit_named"),
        (c.Preempt(unit="U1", incident="I9", reason="x"), "unknown_incident"),
        (c.Preempt(unit="U1", incident="2020-000001", reason="x"), "nothing_to_preempt"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(body: c.AnyCommand, code: str) -> None:
    floor = staffed()
    request(floor)
    assert floor.refused(body).code == code


def test_a_unit_that_goes_ends_a_hold() -> None:
    floor = staffed(Rules())
    for send in ("assign", "report", "stack"):
        incident = request(floor)
        floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
        if send == "assign":
            floor.do(c.Assign(incident=incident, units=("U1", "U2")))
        elif send == "report":
            floor.do(c.ReportStamp(unit="X9", stamp="en_route", incident=incident), CREW)
        else:
            floor.do(c.Assign(incident=incident, units=("U1",), stacked=True))
            assert floor.state.incidents[incident].responses["PD"].hold is not None, "not yet"
            floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
        assert floor.state.incidents[incident].responses["PD"].hold is None
        assert f"hold:{incident}/PD" not in floor.state.deadlines
        assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert len(floor.all(HoldEnded)) == 3


# -- stacking ----------------------------------------------------------------------------------------------


def test_stacked_work_begins_when_what_is_before_it_ends() -> None:
    floor = staffed(None, "U1")
    first, second = request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Assign(incident=second, units=("U1",), stacked=True))
    assert f"dispatch:{second}/PD" in floor.state.deadlines, "nobody is on the way yet"
    assert floor.state.assignments["A000002"].stamps == {}
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.last(StackedBegun).assignment == "A000002"
    assert f"dispatch:{second}/PD" not in floor.state.deadlines
    assert "acknowledge:A000002" in floor.state.deadlines
    assert floor.state.units["U1"].assignments == ("A000002",)


def test_a_unit_that_reports_from_its_stacked_work_has_begun_it() -> None:
    floor = staffed(None, "U1")
    first, second = request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Assign(incident=second, units=("U1",), stacked=True))
    floor.do(c.ReportStamp(unit="U1", stamp="notified", assignment="A000002"), CREW)
    assert floor.state.assignments["A000002"].stacked
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", incident=second), CREW)
    assert not floor.state.assignments["A000002"].stacked
    assert floor.state.units["U1"].assignments == ("A000002", "A000001"), "where it says it is comes first"
    assert "welfare:A000002" in floor.state.deadlines
    assert f"dispatch:{second}/PD" not in floor.state.deadlines


def test_work_stacked_on_a_free_unit_begins_at_once() -> None:
    floor = staffed(None, "U1")
    floor.do(c.Assign(incident=request(floor), units=("U1",), stacked=True))
    assert not floor.last(UnitAssigned).stacked
    assert "acknowledge:A000001" in floor.state.deadlines


def test_calling_stacked_work_off_changes_nothing_of_what_the_unit_does() -> None:
    floor = staffed(None, "U1")
    first, second = request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Assign(incident=second, units=("U1",), stacked=True))
    floor.wait(200)
    rung = floor.state.deadlines[f"dispatch:{second}/PD"].rung
    floor.do(c.CancelAssignment(assignment="A000002", reason="another goes"))
    assert floor.state.units["U1"].assignments == ("A000001",)
    assert floor.state.deadlines[f"dispatch:{second}/PD"].rung == rung, "its clock was never stopped"
    assert floor.all(StackedBegun) == []


# -- calling back and preempting ---------------------------------------------------------------------------


def test_a_response_that_loses_its_last_unit_is_pending_on_its_original_clock() -> None:
    floor = staffed()
    incident = request(floor)
    due = floor.state.deadlines[f"dispatch:{incident}/PD"].due
    floor.do(c.Assign(incident=incident, units=("U1", "U2")))
    floor.do(c.CancelAssignment(assignment="A000001", reason="nearer unit"))
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    floor.do(c.CancelAssignment(assignment="A000002", reason="broke down"))
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == due
    assert floor.refused(c.CancelAssignment(assignment="A000002", reason="x")).code == "already_ended"
    assert floor.last(AssignmentCancelled).reason == "broke down"


def test_a_unit_is_taken_for_a_more_urgent_incident_and_the_first_is_pending_and_waits() -> None:
    floor = staffed(None, "U1")
    first, urgent = request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Preempt(unit="U1", incident=urgent, reason="shots fired"))
    cancelled = floor.last(AssignmentCancelled)
    assert (cancelled.preempted_for, cancelled.reason) == (urgent, "shots fired")
    assert floor.state.units["U1"].assignments == ("A000002",)
    assert f"dispatch:{first}/PD" in floor.state.deadlines
    assert floor.state.incidents[first].responses["PD"].waiting_since == floor.now
    assert f"dispatch:{urgent}/PD" not in floor.state.deadlines
    assert floor.refused(c.Preempt(unit="U1", incident=urgent, reason="x")).code == "already_on_this_incident"
    body = c.Preempt(unit="U1", incident=first, reason="x", agency="XX")
    assert floor.refused(body).code == "unknown_response_of_agency"


def test_preempting_comes_before_what_is_stacked() -> None:
    floor = staffed(None, "U1")
    first, stacked, urgent = request(floor), request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Assign(incident=stacked, units=("U1",), stacked=True))
    floor.do(c.Preempt(unit="U1", incident=urgent, reason="shots fired"))
    assert floor.state.units["U1"].assignments == ("A000003", "A000002")
    floor.do(c.ReportStamp(unit="U1", stamp="en_route"), CREW)
    assert "en_route" in floor.state.assignments["A000003"].stamps


def merged_with_stacked_work() -> tuple[Floor, str]:
    """A unit works on an incident, and has more work stacked on the same one, since two were merged."""
    floor = staffed(None, "U1")
    first, second = request(floor), request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    floor.do(c.Assign(incident=second, units=("U1",), stacked=True))
    floor.do(c.Merge(incident=second, into=first))
    return floor, first


def test_where_the_work_after_it_is_on_the_same_incident_nobody_else_is_waited_for() -> None:
    floor, incident = merged_with_stacked_work()
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.last(StackedBegun).assignment == "A000002"
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert f"arrive:{incident}/PD" in floor.state.deadlines


def test_but_a_unit_that_is_preempted_leaves_it_pending() -> None:
    floor, incident = merged_with_stacked_work()
    floor.do(c.Preempt(unit="U1", incident=request(floor), reason="shots fired"))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    assert floor.state.assignments["A000002"].stacked


# -- waiting -----------------------------------------------------------------------------------------------


def test_want_of_units_is_stamped_when_it_begins_and_when_it_ends() -> None:
    floor = staffed(None, "U1")
    first = request(floor)
    floor.do(c.Assign(incident=first, units=("U1",)))
    second = request(floor)
    waiting = floor.last(ResponseWaiting)
    assert (waiting.incident, waiting.lacking, waiting.since) == (second, ("police",), floor.now)
    assert f"dispatch:{second}/PD" in floor.state.deadlines, "waiting stops no clock"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.last(WaitingEnded).incident == second
    assert floor.state.incidents[second].responses["PD"].waiting_since is None


@pytest.mark.parametrize(
    "ends",
    [
        c.SignOn(unit="U9", agency="PD", capabilities=("police",)),
        c.ReturnToService(unit="U2"),
        c.ChangePlan(incident="2020-000001", agency="PD", send=(), reason="none needed"),
    ],
)
def test_whatever_brings_a_unit_ends_the_waiting(ends: c.AnyCommand) -> None:
    floor = staffed()
    floor.do(c.SignOff(unit="U1"))
    floor.do(c.TakeOutOfService(unit="U2", reason="meal"))
    request(floor)
    assert len(floor.all(ResponseWaiting)) == 1
    floor.do(ends)
    assert len(floor.all(WaitingEnded)) == 1


def test_whatever_takes_the_last_unit_begins_it() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.SignOff(unit="U1"))
    floor.do(c.SelfInitiate(unit="U2", type="traffic stop"), CREW)
    assert floor.last(ResponseWaiting).incident == incident


def test_a_unit_that_comes_on_duty_without_what_is_wanted_ends_nothing() -> None:
    floor = staffed(None, "U1")
    floor.do(c.TakeOutOfService(vehicle="V9", reason="burnt"))
    floor.do(c.SignOff(unit="U1"))
    request(floor)
    floor.do(c.SignOn(unit="U8", agency="PD", capabilities=("k9",)))
    floor.do(c.SignOn(unit="U9", agency="PD", capabilities=("police",), vehicle="V9"))
    assert floor.all(WaitingEnded) == []


def test_many_begin_to_wait_in_a_fixed_order() -> None:
    floor = staffed(None, "U1")
    incidents = [request(floor) for _ in range(4)]
    floor.do(c.Assign(incident=incidents[2], units=("U1",)))
    waiting = [event.incident for event in floor.all(ResponseWaiting)]
    assert waiting == [incidents[0], incidents[1], incidents[3]]


# -- recommending ------------------------------------------------------------------------------------------


def test_the_nearest_free_units_with_what_is_asked_for_are_proposed() -> None:
    floor = staffed(Rules(), "U1", "U2", "U3", "U4")
    floor.travel = {"U1": 9000, "U2": 3000, "U3": 1000}
    incident = request(floor)
    floor.do(c.Assign(incident=request(floor), units=("U3",)))
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=(Requirement(capability="police", count=2),)))
    floor.do(c.Recommend(incident=incident, agency="PD"))
    proposed = floor.last(UnitsRecommended)
    assert [(x.unit, x.milliseconds, x.taken_for, x.passed_over) for x in proposed.candidates] == [
        ("U3", 1000, None, "already_assigned"),
        ("U2", 3000, "police", None),
        ("U1", 9000, "police", None),
        ("U4", None, None, "not_needed"),
    ]
    assert proposed.lacking == ()
    assert floor.state.units["U2"].assignments == (), "a proposal sends nobody"


def test_what_is_on_its_way_counts_and_what_nobody_can_do_is_named() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    send = (Requirement(capability="police", count=2), Requirement(capability="ladder", count=3))
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=send))
    floor.do(c.Recommend(incident=incident, agency="PD"))
    proposed = floor.last(UnitsRecommended)
    assert [x.unit for x in proposed.candidates if x.taken_for] == ["U2"]
    assert set(proposed.lacking) == {"ladder"}


def test_of_hundreds_of_units_the_nearest_stand_in_the_event() -> None:
    floor = staffed(Rules(), *[f"U{number}" for number in range(1, 301)])
    floor.travel = {f"U{number}": number for number in range(1, 301)}
    floor.do(c.Recommend(incident=request(floor), agency="PD"))
    proposed = floor.last(UnitsRecommended)
    assert [x.unit for x in proposed.candidates][:3] == ["U1", "U2", "U3"]
    assert len(proposed.candidates) < 30
    assert max(map(len, floor.log)) < 64 * 1024


def able(floor: Floor, units: dict[str, str], send: dict[str, int], crews: dict[str, str]) -> UnitsRecommended:
    """What is proposed where units, nearest first, have these capabilities and the plan asks in this order."""
    for unit, capabilities in units.items():
        floor.do(c.SignOn(unit=unit, agency="PD", capabilities=tuple(capabilities.split()), crew=crews.get(unit)))
    floor.travel = {unit: place * 1000 for place, unit in enumerate(units)}
    incident = request(floor, agency="PD")
    needs = tuple(Requirement(capability=capability, count=count) for capability, count in send.items())
    floor.do(c.ChangePlan(incident=incident, agency="PD", send=needs, reason="x"))
    floor.do(c.Recommend(incident=incident, agency="PD"))
    return floor.last(UnitsRecommended)


@pytest.mark.parametrize(
    ("units", "send", "taken"),
    [
        ({"X": "als bls", "Y": "bls"}, {"als": 1, "bls": 1}, {"X": "als", "Y": "bls"}),
        # Als is the rarer: it takes the nearest, and makes room for the third bls.
        (
            {"X": "als bls", "Y": "bls", "Z": "bls", "W": "als"},
            {"als": 1, "bls": 3},
            {"X": "bls", "Y": "bls", "Z": "bls", "W": "als"},
        ),
        # Two that make room one after the other.
        ({"A": "b c", "B": "a b", "C": "a"}, {"a": 1, "b": 1, "c": 1}, {"A": "c", "B": "b", "C": "a"}),
    ],
)
def test_a_unit_with_two_capabilities_is_not_spent_on_the_plentiful_one(
    units: dict[str, str], send: dict[str, int], taken: dict[str, str]
) -> None:
    for order in permutations(send):
        proposed = able(Floor(), units, {name: send[name] for name in order}, {})
        assert {x.unit: x.taken_for for x in proposed.candidates if x.taken_for} == taken
        assert proposed.lacking == ()


@pytest.mark.parametrize("seed", range(25))
def test_as_many_go_as_there_are_units_for_in_whatever_order_the_plan_asks(seed: int) -> None:
    rng = Random(seed)
    units = {f"U{at}": " ".join(rng.sample("abc", rng.randint(1, 2))) for at in range(rng.randint(1, 5))}
    crews = {unit: rng.choice("PQ") for unit in units if rng.random() < 0.3}
    send = {name: rng.randint(1, 2) for name in rng.sample("abc", rng.randint(2, 3))}
    slots = [name for name, count in send.items() for _ in range(count)]
    most = max(
        sum(unit is not None and slot in units[unit].split() for unit, slot in zip(order, slots, strict=True))
        for order in permutations([*units, *[None] * len(slots)], len(slots))
        if crews_once(order, slots, units, crews)
    )
    proposals = [able(Floor(), units, {name: send[name] for name in order}, crews) for order in permutations(send)]
    assert len({(each.candidates, each.lacking) for each in proposals}) == 1
    taken = [x for x in proposals[0].candidates if x.taken_for]
    assert len(taken) == most
    assert all(x.taken_for in units[x.unit].split() for x in taken)
    named = [crews[x.unit] for x in taken if x.unit in crews]
    assert len(named) == len({*named})
    short = {name for name in send if sum(x.taken_for == name for x in taken) < send[name]}
    assert proposals[0].lacking == tuple(sorted(short))


def crews_once(order: tuple[str | None, ...], slots: list[str], units: dict[str, str], crews: dict[str, str]) -> bool:
    """Whether no crew goes out with two of the units that serve."""
    going = [
        crews[unit]
        for unit, slot in zip(order, slots, strict=True)
        if unit is not None and unit in crews and slot in units[unit].split()
    ]
    return len(going) == len({*going})


@pytest.mark.parametrize(
    "body",
    [
        c.Recommend(incident="2020-000001", agency="XX"),
        c.ChangePlan(incident="2020-000001", agency="XX", send=()),
        c.HoldResponse(incident="2020-000001", agency="XX", ground="x", until=0),
    ],
)
def test_an_agency_that_is_not_there_is_named(body: c.AnyCommand) -> None:
    floor = staffed()
    request(floor)
    assert floor.refused(body, SUPERVISOR).code == "unknown_open_response_of_agency"
