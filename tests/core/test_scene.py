"""The scene: alarms, staging, patients; a responder's emergency; what a unit does of its own accord."""

from __future__ import annotations

import pytest
from floor_driver import CREW, DISPATCHER, START, Floor, Rules, request, staffed

from everycall.core import commands as c
from everycall.core.assignments import UnitAssigned
from everycall.core.balance import open_in
from everycall.core.base import MINUTE
from everycall.core.calls import CallTaken
from everycall.core.incidents import IncidentOpened
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Responded
from everycall.core.places import PlaceGiven
from everycall.core.scene import AlarmRaised, EmergencyEnded, EmergencySignalled
from everycall.core.sealed import Sealed

SEAL = Sealed(reference="L1", commitment="c")


def test_a_higher_alarm_needs_no_reason_and_a_lower_one_does() -> None:
    floor = staffed()
    incident = request(floor, NeedAsked(service="fire"))
    floor.do(c.RaiseAlarm(incident=incident, level=3))
    assert (floor.last(AlarmRaised).before, floor.state.incidents[incident].alarm_level) == (1, 3)
    assert floor.refused(c.RaiseAlarm(incident=incident, level=2)).code == "less_without_reason"
    floor.do(c.RaiseAlarm(incident=incident, level=2, reason="contained"))
    assert floor.state.incidents[incident].alarm_level == 2


def test_units_stage_until_it_is_safe() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Stage(incident=incident, until="police say so"))
    assert floor.state.incidents[incident].staging == "police say so"
    floor.do(c.DeclareSafe(incident=incident))
    assert floor.state.incidents[incident].staging is None


def test_each_patient_has_what_became_of_it() -> None:
    floor = staffed()
    incident = request(floor, NeedAsked(service="ems"))
    floor.do(c.AddPatient(incident=incident))
    floor.do(c.AddPatient(incident=incident))
    floor.do(c.ReportPatient(incident=incident, patient="P000001", state="transported", unit="M1", hospital="H1"))
    floor.do(c.ReportPatient(incident=incident, patient="P000002", state="refused_care"))
    floor.do(c.ReportPatient(incident=incident, patient="P000001", state="transported"))
    first, second = floor.state.incidents[incident].patients
    assert (first.state, first.unit, first.hospital) == ("transported", "M1", "H1"), "what was said once stays"
    assert (second.state, second.unit) == ("refused_care", None)
    refusal = floor.refused(c.ReportPatient(incident=incident, patient="P9", state="found"))
    assert refusal.code == "unknown_patient_of_this_incident"


@pytest.mark.parametrize(
    "body",
    [
        c.RaiseAlarm(incident="I9", level=1),
        c.Stage(incident="I9", until="x"),
        c.DeclareSafe(incident="I9"),
        c.AddPatient(incident="I9"),
        c.ReportPatient(incident="I9", patient="P1", state="found"),
    ],
)
def test_an_incident_that_is_not_there_is_named(body: c.AnyCommand) -> None:
    assert Floor().refused(body).code == "unknown_incident"


# -- a responder's emergency -------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["U1", "never heard of"])
def test_an_emergency_button_is_a_call_for_help_with_the_highest_priority(unit: str) -> None:
    floor = staffed(Rules())
    floor.do(c.SignalEmergency(unit=unit), CREW)
    taken = floor.last(CallTaken)
    need = floor.state.needs[taken.needs[0].need]
    assert (need.type, need.priority, need.service) == ("responder_emergency", "1", "police")
    assert floor.last(EmergencySignalled).call == taken.call
    assert floor.last(IncidentOpened).calls == (taken.call,)
    assert floor.state.deadlines[f"emergency:{unit}"].due == floor.now + MINUTE
    assert open_in(floor.state) == (1, 0)


@pytest.mark.parametrize("unit", ["U1", "never heard of"])
def test_pressed_again_it_joins_the_first_and_its_clock(unit: str) -> None:
    floor = staffed()
    floor.do(c.SignalEmergency(unit=unit), CREW)
    due = floor.state.deadlines[f"emergency:{unit}"].due
    floor.do(c.SignalEmergency(unit=unit), CREW, after=30)
    assert floor.last(EmergencySignalled).call is None
    assert len(floor.all(CallTaken)) == 1
    assert floor.state.deadlines[f"emergency:{unit}"].due == due


@pytest.mark.parametrize("unit", ["U1", "never heard of"])
def test_it_is_over_when_somebody_made_sure_and_its_call_keeps_its_own_outcome(unit: str) -> None:
    floor = staffed()
    floor.do(c.SignalEmergency(unit=unit), CREW)
    floor.do(c.EndEmergency(unit=unit, confirmed="seen in person"))
    assert floor.last(EmergencyEnded).confirmed == "seen in person"
    assert f"emergency:{unit}" not in floor.state.deadlines
    assert open_in(floor.state) == (1, 0)
    assert floor.refused(c.EndEmergency(unit=unit, confirmed="x")).code == "no_emergency"
    floor.do(c.SignalEmergency(unit=unit), CREW)
    assert len(floor.all(CallTaken)) == 2, "a new emergency is a new call"


# -- self-initiated ----------------------------------------------------------------------------------------


def test_a_unit_on_something_of_its_own_is_there_and_counted_apart() -> None:
    floor = staffed()
    floor.do(c.SelfInitiate(unit="U1", type="traffic stop", place=PlaceGiven(area="north"), plate=SEAL), CREW)
    assert open_in(floor.state) == (0, 1)
    assert (floor.balance.requests.received, floor.balance.self_initiated.received) == (0, 1)
    made = floor.last(UnitAssigned)
    assert (made.by_report, made.conflict) == (True, None)
    assignment = floor.state.assignments[made.assignment]
    assert assignment.there
    assert floor.state.units["U1"].assignments == (assignment.id,)
    assert [fact.value for fact in floor.state.calls["C000001"].facts] == [SEAL]
    assert set(floor.state.deadlines) == {f"welfare:{assignment.id}"}, "who is alone on a stop is asked how it is"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert {key.partition(":")[0] for key in floor.state.deadlines} == {"outcome"}
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment=assignment.id)))
    assert floor.balance.self_initiated.outcomes["responded"] == 1
    assert floor.balance.requests.settled == 0


def test_it_is_never_refused_whoever_says_it() -> None:
    floor = Floor()
    floor.do(c.SelfInitiate(unit="never heard of", type="stop"), CREW)
    assert floor.last(UnitAssigned).conflict == "unknown_unit"
    floor = staffed(None, "U1", "M1")
    floor.do(c.Assign(incident=request(floor), units=("U1",)))
    floor.do(c.SelfInitiate(unit="U1", type="stop"), CREW)
    assert floor.last(UnitAssigned).conflict == "already_assigned"
    assert floor.state.units["U1"].assignments == ("A000002", "A000001")
    floor.do(c.SelfInitiate(unit="M1", type="crash"), CREW)
    assert floor.state.needs["C000003-1"].service == "fire", "the first service of its agency"


def test_a_citizens_call_for_the_same_is_a_request_of_its_own() -> None:
    floor = staffed()
    floor.do(c.SelfInitiate(unit="U1", type="crash"), CREW)
    floor.do(c.AddNeed(call="C000001", need=NeedAsked(service="ems")), DISPATCHER)
    assert open_in(floor.state) == (0, 2), "what a unit asks for on its own stop is its own"
    request(floor)
    assert open_in(floor.state) == (1, 2)
    assert floor.now > START
