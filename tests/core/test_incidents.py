"""Incidents: opening, linking, unlinking, merging, splitting; what each needs is never lost."""

from __future__ import annotations

import pytest
from floor_driver import CREW, START, SUPERVISOR, Floor, Rules, attended, request, staffed

from everycall.core import commands as c
from everycall.core.base import DAY, HOUR, MINUTE
from everycall.core.incidents import IncidentOpened, ResponseClosed, is_open, status_of
from everycall.core.linking import IncidentsMerged, IncidentSplit, NeedsLinked, NeedsUnlinked
from everycall.core.needs import NeedAsked, NeedPrioritised
from everycall.core.notes import NoteStruck
from everycall.core.opening import year_of
from everycall.core.outcomes import Advised, Responded
from everycall.core.places import PlaceGiven
from everycall.core.policies import Asked, combined
from everycall.core.sealed import Sealed
from everycall.core.waiting import ResponseWaiting

POLICE = NeedAsked(service="police", type="burglary")
SEAL = Sealed(reference="L1", commitment="c")


def unplaced(floor: Floor, *needs: NeedAsked) -> str:
    floor.do(c.TakeCall(needs=needs or (POLICE,)))
    return list(floor.state.calls)[-1]


# -- opening -----------------------------------------------------------------------------------------------


def test_an_incident_has_one_response_an_agency_with_its_own_plan_and_clock() -> None:
    floor = staffed()
    call = unplaced(floor, POLICE, NeedAsked(service="ems"))
    floor.do(c.OpenIncident(call=call, place=PlaceGiven(area="north"), external="X-1"))
    opened = floor.last(IncidentOpened)
    assert [(r.agency, r.service, r.plan.rule) for r in opened.responses] == [
        ("PD", "police", "house:send"),
        ("FD", "ems", "house:send"),
    ]
    assert (opened.external, opened.position) == ("X-1", "P2")
    assert f"find_out:{call}" not in floor.state.deadlines
    assert [e.priority for e in floor.all(NeedPrioritised)] == ["1", "1"]


def test_only_the_named_needs_go_and_the_others_are_still_to_be_found_out_about() -> None:
    floor = staffed()
    call = unplaced(floor, POLICE, NeedAsked(service="ems"))
    floor.do(c.OpenIncident(call=call, needs=(f"{call}-2",), agency="MutualAid"))
    assert next(iter(floor.last(IncidentOpened).responses)).agency == "MutualAid"
    assert f"find_out:{call}" in floor.state.deadlines
    assert floor.refused(c.OpenIncident(call=call, needs=(f"{call}-2",))).code == "nothing_to_open"
    floor.do(c.OpenIncident(call=call))
    assert floor.refused(c.OpenIncident(call=call)).code == "nothing_to_open"


def test_an_unknown_service_is_answered_by_the_police_until_somebody_knows() -> None:
    floor = staffed()
    assert list(floor.state.incidents[request(floor, NeedAsked())].responses) == ["PD"]


def test_a_neighbour_is_not_asked_before_our_own() -> None:
    floor = Floor()
    floor.do(c.EnrolAgency(agency="county", services=("police",), neighbour=True))
    assert list(floor.state.incidents[request(floor)].responses) == ["county"]
    floor.do(c.EnrolAgency(agency="PD", services=("police",)))
    assert list(floor.state.incidents[request(floor)].responses) == ["PD"]
    assert list(floor.state.incidents[request(floor, NeedAsked(service="fire"))].responses) == ["fire"]


@pytest.mark.parametrize(
    ("instant", "year"),
    [
        (0, 1970),
        (-1, 1969),
        (951_782_400 * 10**6, 2000),
        (1_709_251_199 * 10**6, 2024),
        (2**53, 2255),
        (-(2**53), 1684),
    ],
)
def test_the_year_in_an_incident_number_is_that_of_the_civil_calendar(instant: int, year: int) -> None:
    assert year_of(instant) == year


def test_incident_numbers_count_from_one_each_year() -> None:
    floor = staffed()
    assert [request(floor), request(floor)] == ["2020-000001", "2020-000002"]
    floor.now = START + 200 * DAY
    assert request(floor) == "2021-000001"


def test_an_incident_is_said_to_be_elsewhere_or_to_have_to_do_with_another() -> None:
    floor = staffed()
    one, other = request(floor), request(floor)
    floor.do(c.ChangeIncident(incident=one, place=PlaceGiven(area="north"), related=(other, other)))
    floor.do(c.ChangeIncident(incident=one, related=(other,)))
    assert floor.state.incidents[one].place.area == "north"  # type: ignore[union-attr]  # it was just said
    assert floor.state.incidents[one].related == (other,)
    assert floor.state.incidents[other].related == (one,)
    assert floor.refused(c.ChangeIncident(incident=one)).code == "nothing_to_change"
    for body in (c.ChangeIncident(incident=one, related=(one,)), c.ChangeIncident(incident=one, related=("x",))):
        assert floor.refused(body).code == "unknown_other_incident"


def test_a_response_goes_from_pending_to_closed_by_what_happens_alone() -> None:
    floor = staffed(None, "U1")
    incident = request(floor)

    def status() -> str:
        return status_of(floor.state, floor.state.incidents[incident].responses["PD"])

    assert status() == "pending"
    floor.do(c.SignOff(unit="U1"))
    assert status() == "waiting"
    floor.do(c.SignOn(unit="U1", agency="PD", capabilities=("police",)))
    floor.do(c.Assign(incident=incident, units=("U1",)))
    assert status() == "assigned"
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"), CREW)
    assert status() == "on_scene"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert status() == "attended"
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment="A000001")))
    assert status() == "closed"
    assert not is_open(floor.state.incidents[incident])


# -- linking -----------------------------------------------------------------------------------------------


def test_a_second_call_joins_the_help_that_is_on_its_way() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    call = unplaced(floor)
    floor.do(c.Link(call=call, incident=incident))
    linked = floor.last(NeedsLinked)
    assert linked.responses == (), "nothing of the response itself changed"
    assert floor.state.incidents[incident].responses["PD"].needs == ("C000001-1", f"{call}-1")
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert f"find_out:{call}" not in floor.state.deadlines


def test_a_call_for_another_service_opens_a_response_of_its_own() -> None:
    floor = staffed()
    incident = request(floor)
    call = unplaced(floor, NeedAsked(service="ems"))
    floor.do(c.Link(call=call, incident=incident))
    assert [r.agency for r in floor.last(NeedsLinked).responses] == ["FD"]
    assert f"dispatch:{incident}/FD" in floor.state.deadlines
    assert floor.last(ResponseWaiting).agency == "FD", "no ambulance is on duty"


def test_a_request_after_the_response_closed_opens_it_again_with_a_clock_of_its_own() -> None:
    floor = staffed()
    incident = request(floor)
    key = attended(floor, incident)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment=key)))
    call = unplaced(floor)
    opened_at = floor.state.needs[f"{call}-1"].opened_at
    floor.do(c.Link(call=call, incident=incident))
    response = floor.state.incidents[incident].responses["PD"]
    assert (response.closed_at, response.opened_at, response.earlier) == (None, opened_at, (key,))
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == opened_at + MINUTE
    assert status_of(floor.state, response) == "pending", "that units were there before does not answer it"
    assert floor.state.needs["C000001-1"].outcome is not None


def test_neither_does_it_where_the_units_left_and_only_the_outcome_is_missing() -> None:
    floor = staffed()
    incident = request(floor)
    attended(floor, incident)
    assert f"outcome:{incident}/PD" in floor.state.deadlines
    floor.do(c.Link(call=unplaced(floor), incident=incident))
    assert f"outcome:{incident}/PD" not in floor.state.deadlines
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines, "it turned round: nobody has been there for this one"


def test_a_late_report_of_who_was_there_before_does_not_answer_the_new_request() -> None:
    floor = staffed(None, "U1")
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Link(call=unplaced(floor), incident=incident))
    floor.do(c.SignOff(unit="U1"))
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", assignment="A000001", at=START + MINUTE), CREW)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    assert floor.state.incidents[incident].responses["PD"].waiting_since is not None
    assert incident in floor.state.unserved["PD"]


def test_a_more_urgent_request_makes_the_whole_response_more_urgent() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    call = unplaced(floor, NeedAsked(service="police", type="shooting"))
    floor.do(c.Link(call=call, incident=incident))
    assert floor.state.incidents[incident].responses["PD"].plan.priority == "1"
    assert floor.state.needs[f"{call}-1"].priority == "1"


def test_a_request_that_joins_a_held_response_lets_it_go() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    floor.do(c.Link(call=unplaced(floor, NeedAsked(service="police", type="shooting")), incident=incident))
    assert floor.state.incidents[incident].responses["PD"].hold is None
    assert f"hold:{incident}/PD" not in floor.state.deadlines
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_what_is_placed_or_settled_cannot_be_linked() -> None:
    floor = staffed()
    one, other = request(floor), request(floor)
    assert floor.refused(c.Link(call="C000001", incident=other)).code == "nothing_to_link"
    assert floor.refused(c.Link(call="C000001", incident="I9")).code == "unknown_incident"
    assert floor.refused(c.Link(call="C9", incident=one)).code == "unknown_call"
    call = unplaced(floor, POLICE, POLICE)
    refusal = floor.refused(c.Link(call=call, incident=one, needs=(f"{call}-1", "C000001-1")))
    assert refusal.code == "nothing_to_link"
    floor.do(c.Link(call=call, incident=one, needs=(f"{call}-1",)))
    assert f"find_out:{call}" in floor.state.deadlines, "the other need still waits"


# -- unlinking ---------------------------------------------------------------------------------------------


def test_what_is_taken_out_waits_to_be_placed_and_its_empty_response_closes() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Unlink(call="C000001", incident=incident, reason="another street"))
    out = floor.last(NeedsUnlinked)
    assert (out.closes, out.needs, out.reason) == (("PD",), ("C000001-1",), "another street")
    need = floor.state.needs["C000001-1"]
    assert (need.incident, need.agency) == (None, None)
    assert floor.state.incidents[incident].calls == ()
    assert set(floor.state.deadlines) == {"find_out:C000001", f"retire:{incident}"}


def test_a_response_with_another_need_goes_on_on_its_clock() -> None:
    floor = staffed()
    incident = request(floor)
    due = floor.state.deadlines[f"dispatch:{incident}/PD"].due
    call = unplaced(floor)
    floor.do(c.Link(call=call, incident=incident))
    floor.do(c.Unlink(call="C000001", incident=incident))
    assert floor.state.incidents[incident].calls == (call,)
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == due


def test_a_unit_on_its_way_to_what_was_taken_out_keeps_the_response_until_it_is_clear() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.Unlink(call="C000001", incident=incident))
    assert floor.last(NeedsUnlinked).closes == ()
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.last(ResponseClosed).agency == "PD"


def test_what_is_settled_or_elsewhere_cannot_be_taken_out() -> None:
    floor = staffed()
    one, other = request(floor), request(floor)
    assert floor.refused(c.Unlink(call="C000001", incident=other)).code == "nothing_to_unlink"
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    assert floor.refused(c.Unlink(call="C000001", incident=one)).code == "nothing_to_unlink"
    assert floor.refused(c.Unlink(call="C9", incident=one)).code == "unknown_call"
    assert floor.refused(c.Unlink(call="C000001", incident="I9")).code == "unknown_incident"


# -- merging -----------------------------------------------------------------------------------------------


def test_one_goes_into_the_other_with_all_that_it_has() -> None:
    floor = staffed(None, "U1", "U2", "M1")
    one = request(floor, POLICE, NeedAsked(service="ems"))
    other = request(floor)
    floor.do(c.Assign(incident=one, units=("M1",)))
    floor.do(c.AddPatient(incident=one))
    floor.do(c.Merge(incident=one, into=other, reason="same crash"))
    assert floor.last(IncidentsMerged).reason == "same crash"
    into, gone = floor.state.incidents[other], floor.state.incidents[one]
    assert into.responses["PD"].needs == ("C000002-1", "C000001-1")
    assert into.responses["FD"].assignments == ("A000001",)
    assert floor.state.assignments["A000001"].incident == other
    assert into.calls == ("C000002", "C000001")
    assert len(into.patients) == 1
    assert into.absorbed == (one,)
    assert (gone.responses, gone.calls, gone.patients, gone.merged_into) == ({}, (), (), other)
    assert not [key for key in floor.state.deadlines if one in key]


def test_the_earlier_clock_counts_and_what_was_overdue_stays_so() -> None:
    floor = staffed()
    one = request(floor)
    floor.wait(200)
    other = request(floor, NeedAsked(service="fire"))
    rung = floor.state.deadlines[f"dispatch:{one}/PD"].rung
    assert rung > 0
    floor.do(c.Merge(incident=one, into=other))
    assert floor.state.deadlines[f"dispatch:{other}/PD"].rung == rung
    later, earlier = request(floor), one
    floor.do(c.Undo(act="U000001"))
    floor.do(c.Merge(incident=earlier, into=later))
    assert floor.state.incidents[later].responses["PD"].opened_at == START


def test_what_nobody_has_answered_is_pending_though_units_were_at_the_other() -> None:
    floor = staffed()
    was_there, new = request(floor), request(floor)
    attended(floor, was_there)
    floor.do(c.Merge(incident=was_there, into=new))
    assert f"dispatch:{new}/PD" in floor.state.deadlines
    assert f"outcome:{new}/PD" not in floor.state.deadlines


def test_a_unit_at_work_serves_the_whole() -> None:
    floor = staffed()
    served, new = request(floor), request(floor)
    floor.do(c.Assign(incident=served, units=("U1",)))
    floor.do(c.Merge(incident=new, into=served))
    assert f"dispatch:{served}/PD" not in floor.state.deadlines
    assert f"arrive:{served}/PD" in floor.state.deadlines


def test_two_held_responses_stay_held_and_one_lets_the_other_go() -> None:
    floor = staffed(Rules())
    one, two, three = request(floor), request(floor), request(floor)
    for incident in (one, two):
        floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    floor.do(c.Merge(incident=one, into=two))
    assert floor.state.incidents[two].responses["PD"].hold is not None
    assert [key for key in floor.state.deadlines if key.startswith("hold")] == [f"hold:{two}/PD"]
    floor.do(c.Merge(incident=three, into=two))
    assert floor.state.incidents[two].responses["PD"].hold is None
    assert f"dispatch:{two}/PD" in floor.state.deadlines


def test_a_closed_incident_takes_an_open_one_in_and_is_open() -> None:
    floor = staffed()
    done, new = request(floor), request(floor)
    key = attended(floor, done)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment=key)))
    floor.do(c.Merge(incident=new, into=done))
    assert is_open(floor.state.incidents[done])
    assert floor.state.incidents[done].responses["PD"].opened_at == floor.state.needs["C000002-1"].opened_at
    assert f"retire:{done}" not in floor.state.deadlines


def test_two_that_are_over_leave_memory_together() -> None:
    floor = staffed()
    one, two = request(floor), request(floor)
    for need in ("C000001-1", "C000002-1"):
        floor.do(c.Settle(needs=(need,), outcome=Advised(caller_agreed=True)))
    floor.do(c.Merge(incident=one, into=two))
    assert [key for key in floor.state.deadlines if key.startswith("retire:20")] == [f"retire:{two}"]


def test_what_was_merged_away_is_told_so_and_reports_about_it_go_where_it_went() -> None:
    floor = staffed()
    one, other, third = request(floor), request(floor), request(floor)
    floor.do(c.Assign(incident=one, units=("U1",)))
    floor.do(c.Merge(incident=one, into=other))
    floor.do(c.Merge(incident=other, into=third))
    for body in (
        c.Assign(incident=one, units=("U2",)),
        c.Preempt(unit="U1", incident=one, reason="x"),
        c.Link(call="C000001", incident=one),
        c.Unlink(call="C000001", incident=one),
        c.Merge(incident=one, into=third),
        c.Merge(incident=third, into=one),
        c.Split(incident=one, needs=("C000001-1",)),
        c.HoldResponse(incident=one, agency="PD", ground="x", until=floor.now + 1),
        c.ReleaseHold(incident=one, agency="PD"),
        c.ChangePlan(incident=one, agency="PD", send=()),
        c.Recommend(incident=one, agency="PD"),
        c.CloseResponse(incident=one, agency="PD", outcome=Advised(caller_agreed=True)),
        c.ChangeIncident(incident=one, place=PlaceGiven(area="x")),
    ):
        refusal = floor.refused(body)
        assert refusal.code == "merged", body
        assert other in refusal.instead
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", incident=one), CREW)
    assert len(floor.state.assignments) == 1, "it is the same work"
    floor.do(c.AddNote(about=one, text=SEAL))
    floor.do(c.RaiseAlarm(incident=one, level=2))
    floor.do(c.Stage(incident=one, until="safe"))
    floor.do(c.AddPatient(incident=one))
    floor.do(c.ReportPatient(incident=one, patient="P000001", state="no_patient_found"))
    final = floor.state.incidents[third]
    assert (len(final.notes), final.alarm_level, final.staging) == (1, 2, "safe")
    floor.do(c.DeclareSafe(incident=one))
    assert floor.state.incidents[third].staging is None


def test_an_incident_is_not_merged_with_itself() -> None:
    floor = staffed()
    one = request(floor)
    assert floor.refused(c.Merge(incident=one, into=one)).code == "same_incident"
    assert floor.refused(c.Merge(incident="I9", into=one)).code == "unknown_incident"
    assert floor.refused(c.Merge(incident=one, into="I9")).code == "unknown_incident"


# -- splitting ---------------------------------------------------------------------------------------------


def test_a_part_becomes_an_incident_of_its_own_and_each_has_its_clock() -> None:
    floor = staffed()
    incident = request(floor, POLICE, POLICE)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.Split(incident=incident, needs=("C000001-2",), reason="two houses"))
    parted = floor.last(IncidentSplit)
    assert (parted.needs, parted.calls, parted.reason) == (("C000001-2",), ("C000001",), "two houses")
    new = floor.state.incidents[parted.new]
    assert new.split_from == incident
    assert new.responses["PD"].needs == ("C000001-2",)
    assert floor.state.incidents[incident].responses["PD"].assignments == ("A000001",)
    assert f"dispatch:{parted.new}/PD" in floor.state.deadlines
    assert floor.state.incidents[incident].calls == ("C000001",), "the call is in both"


def test_a_part_without_anything_open_closes() -> None:
    floor = staffed()
    incident = request(floor, POLICE, POLICE)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Split(incident=incident, needs=("C000001-2",)))
    new = floor.last(IncidentSplit).new
    assert floor.state.incidents[incident].responses["PD"].closed_at == floor.now
    assert floor.state.incidents[new].responses["PD"].closed_at is None
    assert f"retire:{incident}" in floor.state.deadlines


def test_what_is_split_off_is_not_held_and_what_stays_is() -> None:
    floor = staffed(Rules())
    incident = request(floor, POLICE, POLICE)
    floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    floor.do(c.Split(incident=incident, needs=("C000001-2",)))
    new = floor.last(IncidentSplit).new
    assert floor.state.incidents[incident].responses["PD"].hold is not None
    assert floor.state.incidents[new].responses["PD"].hold is None
    assert f"dispatch:{new}/PD" in floor.state.deadlines


def test_a_split_takes_some_and_leaves_some() -> None:
    floor = staffed(None, "U1", "M1")
    incident = request(floor, POLICE, NeedAsked(service="ems"))
    other = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1", "M1")))
    floor.do(c.Assign(incident=other, units=("U1",), stacked=True))
    for needs, assignments, code in (
        ((), (), "nothing_to_split"),
        (("C000001-1", "C000001-2"), (), "nothing_to_split"),
        (("C000002-1",), (), "unknown_need_of_this_incident"),
        (("C9-1",), (), "unknown_need_of_this_incident"),
        (("C000001-1",), ("A000003",), "unknown_assignment_of_this_incident"),
        (("C000001-1",), ("A9",), "unknown_assignment_of_this_incident"),
        (("C000001-1",), ("A000002",), "no_need_for_this_agency"),
    ):
        body = c.Split(incident=incident, needs=needs, assignments=assignments)
        assert floor.refused(body).code == code


# -- notes -------------------------------------------------------------------------------------------------


def test_a_note_is_struck_through_once_and_stays_readable() -> None:
    floor = staffed()
    incident = request(floor)
    for about in ("C000001", incident):
        floor.do(c.AddNote(about=about, text=SEAL))
        note = f"N{floor.state.counters['note']:06d}"
        floor.do(c.StrikeNote(about=about, note=note, reason="wrong call"), SUPERVISOR)
        assert floor.last(NoteStruck).by == "S1"
        assert floor.refused(c.StrikeNote(about=about, note=note, reason="again")).code == "already_struck"
        held = (floor.state.calls.get(about) or floor.state.incidents[about]).notes[0]
        assert (held.text, held.struck_because) == (SEAL, "wrong call")
    assert floor.refused(c.StrikeNote(about=incident, note="N9", reason="x")).code == "unknown_note"
    assert floor.refused(c.StrikeNote(about="I9", note="N9", reason="x")).code == "unknown_call_or_incident"
    assert floor.refused(c.AddNote(about="I9", text=SEAL)).code == "unknown_call_or_incident"


def test_a_combined_plan_is_no_less_than_any_of_its_parts() -> None:
    rules = Rules()
    quiet = rules.plan(Asked("police", "burglary", {}, START))
    armed = rules.plan(Asked("police", "burglary", {"weapon": True}, START))
    both = combined([quiet, armed])
    assert both.priority == "1"
    assert both.send == armed.send
    assert both.stage
    assert both.rule == armed.rule
    assert (both.dispatch_within, HOUR) == (quiet.dispatch_within, HOUR)
