"""Times: given alone, late, in any order; doubled, corrected, missing (rule 7 of the house)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from floor_driver import CREW, START, SUPERVISOR, Floor
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.core import commands as c
from everycall.core import stamps
from everycall.core.actors import Actor
from everycall.core.assignments import ReportUnattached, StampCorrected, StampReported, UnitAssigned
from everycall.core.base import MINUTE, SECOND
from everycall.core.needs import NeedAsked
from everycall.core.stamps import Stamp
from everycall.core.vocabulary import STAMP_NAMES

if TYPE_CHECKING:
    from everycall.core.state import State
    from everycall.core.vocabulary import MissingReason, StampName

Told = tuple[str, int | None, str]
"""A stamp, its time or why it is missing, and who said so."""

reports = st.lists(
    st.tuples(
        st.sampled_from(("en_route", "on_scene")),
        st.one_of(st.integers(0, 4), st.sampled_from(("blank", "unreadable"))),
        st.sampled_from(("K1", "D1", "mdt")),
    ),
    max_size=7,
)


def fold(told: list[tuple[str, int | str, str]]) -> dict[str, Stamp]:
    held: dict[str, Stamp] = {}
    for name, value, source in told:
        if isinstance(value, int):
            held = stamps.reported(held, name, value, source)
        else:
            reason: MissingReason = "blank" if value == "blank" else "unreadable"
            held = stamps.marked_missing(held, name, reason, source)
    return held


@given(told=reports, data=st.data())
def test_the_same_reports_in_any_order_give_the_same_stamps(
    told: list[tuple[str, int | str, str]], data: st.DataObject
) -> None:
    assert fold(told) == fold(data.draw(st.permutations(told)))


def test_of_two_times_the_earliest_stands_and_the_other_beside_it() -> None:
    held = fold([("on_scene", 7, "D1"), ("on_scene", 5, "K1"), ("on_scene", 9, "mdt")])
    assert held["on_scene"] == Stamp(at=5, source="K1", conflicts=(7, 9))


def test_the_same_time_from_two_sources_is_no_conflict() -> None:
    assert fold([("on_scene", 5, "mdt"), ("on_scene", 5, "D1")])["on_scene"] == Stamp(at=5, source="D1")


def test_a_time_ends_the_missing_whenever_it_comes() -> None:
    both: list[tuple[str, int | str, str]] = [("on_scene", "blank", "D1"), ("on_scene", 5, "K1")]
    assert fold(both)["on_scene"] == fold(both[::-1])["on_scene"] == Stamp(at=5, source="K1")


def test_which_of_two_said_that_a_time_is_missing_does_not_depend_on_who_came_first() -> None:
    both: list[tuple[str, int | str, str]] = [("on_scene", "blank", "K1"), ("on_scene", "blank", "D1")]
    assert fold(both)["on_scene"] == fold(both[::-1])["on_scene"] == Stamp(missing="blank", source="D1")


def test_a_correction_stands_over_reports_and_keeps_what_it_corrects_struck() -> None:
    held = fold([("on_scene", 7, "D1"), ("on_scene", 5, "K1")])
    held = stamps.corrected(held, "on_scene", 6, "S1")
    assert held["on_scene"] == Stamp(at=6, source="S1", struck=(5, 7), corrected=True)
    held = stamps.reported(held, "on_scene", 1, "mdt")
    assert held["on_scene"].at == 6
    assert held["on_scene"].conflicts == (1,)
    held = stamps.corrected(held, "on_scene", 8, "S1")
    assert held["on_scene"] == Stamp(at=8, source="S1", struck=(5, 7, 6, 1), corrected=True)


def test_a_correction_to_the_time_that_stands_strikes_only_the_others() -> None:
    held = stamps.corrected(fold([("on_scene", 7, "D1"), ("on_scene", 5, "K1")]), "on_scene", 5, "S1")
    assert held["on_scene"] == Stamp(at=5, source="S1", struck=(7,), corrected=True)


def test_what_was_never_told_can_be_corrected_all_the_same() -> None:
    assert stamps.corrected({}, "on_scene", 5, "S1")["on_scene"].at == 5
    missing = fold([("on_scene", "blank", "D1")])
    assert stamps.corrected(missing, "on_scene", 5, "S1")["on_scene"] == Stamp(at=5, source="S1", corrected=True)


def test_a_time_is_asked_for_by_its_name() -> None:
    held = fold([("on_scene", 5, "K1")])
    assert (stamps.time_of(held, "on_scene"), stamps.time_of(held, "clear")) == (5, None)


# -- on a floor ---------------------------------------------------------------------------------------------


def sent() -> tuple[Floor, str]:
    """A unit that is on its way."""
    floor = Floor()
    floor.do(c.EnrolAgency(agency="PD", services=("police",)))
    floor.do(c.SignOn(unit="U1", agency="PD", capabilities=("police",)))
    floor.do(c.TakeCall(needs=(NeedAsked(service="police"),), open_incident=True))
    incident = list(floor.state.incidents)[-1]
    floor.do(c.Assign(incident=incident, units=("U1",)))
    return floor, incident


def reported_in(order: list[tuple[StampName, int, str]]) -> State:
    floor, _ = sent()
    for number, (name, at, person) in enumerate(order):
        floor.now = START + 10_000 * SECOND + number
        actor = Actor(person=person, role="unit")
        floor.do(c.ReportStamp(unit="U1", stamp=name, assignment="A000001", at=at), actor, after=0)
    return floor.state


unit_reports = st.lists(
    st.tuples(
        st.sampled_from(STAMP_NAMES),
        st.integers(START - 3600 * SECOND, START + 3600 * SECOND),
        st.sampled_from(("K1", "D1")),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(told=unit_reports, data=st.data())
def test_what_follows_from_the_reports_does_not_depend_on_their_order(
    told: list[tuple[StampName, int, str]], data: st.DataObject
) -> None:
    one, other = reported_in(told), reported_in(data.draw(st.permutations(told)))
    assert one.assignments["A000001"].stamps == other.assignments["A000001"].stamps
    assert one.assignments["A000001"].ended == other.assignments["A000001"].ended
    assert one.units == other.units
    assert {a: set(u) for a, u in one.free.items()} == {a: set(u) for a, u in other.free.items()}
    for state in (one, other):
        state.rebuild_indexes()
    assert one.unserved == other.unserved
    for kind in ("dispatch", "arrive", "outcome", "acknowledge", "welfare"):
        there = {key for key in one.deadlines if key.startswith(kind)}
        assert there == {key for key in other.deadlines if key.startswith(kind)}


def test_a_report_finds_the_work_of_its_unit() -> None:
    floor, incident = sent()
    floor.do(c.ReportStamp(unit="U1", stamp="en_route"), CREW)
    assert floor.last(StampReported).assignment == "A000001"
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", incident=incident, at=START), CREW)
    assert floor.last(StampReported).assignment == "A000001", "a late report is about the work that is over"
    assert len(floor.state.assignments) == 1


def test_a_report_of_a_unit_that_nobody_sent_makes_the_assignment() -> None:
    floor, incident = sent()
    floor.do(c.ReportStamp(unit="U9", stamp="on_scene", incident=incident), CREW)
    made = floor.last(UnitAssigned)
    assert (made.unit, made.by_report, made.conflict) == ("U9", True, "unknown_unit")
    assert "assigned" not in floor.state.assignments[made.assignment].stamps, "nobody assigned it"
    floor.do(c.SignOn(unit="U9", agency="PD", capabilities=("police",)))
    assert floor.state.units["U9"].assignments == (made.assignment,), "it has its work when it signs on"
    assert floor.refused(c.Assign(incident=incident, units=("U9",))).code == "already_on_this_incident"


def test_an_assigned_time_that_is_reported_is_the_dispatchers_word_for_it() -> None:
    floor, incident = sent()
    floor.do(c.SignOn(unit="U2", agency="PD"))
    floor.do(c.ReportStamp(unit="U2", stamp="assigned", incident=incident, at=START + 5), SUPERVISOR)
    made = floor.last(UnitAssigned)
    assert floor.state.assignments[made.assignment].stamps == {"assigned": Stamp(at=START + 5, source="S1")}
    assert f"acknowledge:{made.assignment}" in floor.state.deadlines


@pytest.mark.parametrize("stamp", ["clear", "cancelled"])
def test_the_first_that_is_heard_of_a_unit_may_be_that_it_is_over(stamp: StampName) -> None:
    floor, incident = sent()
    floor.do(c.CancelAssignment(assignment="A000001", reason="not needed"))
    before = {key for key in floor.state.deadlines if incident in key}
    floor.do(c.SignOn(unit="U2", agency="PD", capabilities=("police",)))
    floor.do(c.ReportStamp(unit="U2", stamp=stamp, incident=incident), CREW)
    made = floor.last(UnitAssigned)
    assert floor.state.assignments[made.assignment].ended
    assert floor.state.units["U2"].assignments == ()
    assert {key for key in floor.state.deadlines if incident in key} == before, "nobody is on the way by that"


def test_a_report_about_nothing_known_is_kept_and_flagged() -> None:
    floor = Floor()
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", incident="2020-000009"), CREW)
    kept = floor.last(ReportUnattached)
    assert (kept.unit, kept.stamp, kept.incident) == ("U1", "on_scene", "2020-000009")


def test_an_assignment_of_another_unit_is_not_reported_on_by_mistake() -> None:
    floor, _ = sent()
    floor.do(c.ReportStamp(unit="U2", stamp="clear", assignment="A000001"), CREW)
    assert not floor.state.assignments["A000001"].ended
    assert floor.last(ReportUnattached).unit == "U2"


def test_contact_or_a_transport_shows_that_a_unit_was_there_without_an_on_scene_time() -> None:
    floor, incident = sent()
    floor.do(c.ReportStamp(unit="U1", stamp="at_patient"), CREW)
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert f"outcome:{incident}/PD" in floor.state.deadlines
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines


def test_a_late_arrival_shows_that_what_is_missing_is_the_outcome_not_a_unit() -> None:
    floor, incident = sent()
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert f"dispatch:{incident}/PD" in floor.state.deadlines
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", incident=incident, at=START + MINUTE), CREW)
    assert f"dispatch:{incident}/PD" not in floor.state.deadlines
    assert f"arrive:{incident}/PD" not in floor.state.deadlines
    assert f"outcome:{incident}/PD" in floor.state.deadlines
    assert incident not in floor.state.unserved.get("PD", {})


def test_a_missing_clear_time_says_all_the_same_that_the_unit_is_done() -> None:
    floor, _ = sent()
    floor.do(c.MarkStampMissing(assignment="A000001", stamp="clear", reason="not_reported"))
    assert floor.state.units["U1"].assignments == ()
    assert floor.state.assignments["A000001"].stamps["clear"].missing == "not_reported"
    floor.do(c.MarkStampMissing(assignment="A000001", stamp="on_scene", reason="equipment_failed"))
    assert floor.state.assignments["A000001"].stamps["on_scene"].missing == "equipment_failed"


def test_a_time_is_corrected_in_the_story_and_its_old_value_struck() -> None:
    floor, _ = sent()
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene", at=START + 50), CREW)
    floor.do(c.CorrectStamp(assignment="A000001", stamp="on_scene", at=START + 40, reason="clock"), SUPERVISOR)
    assert floor.last(StampCorrected).before == START + 50
    held = floor.state.assignments["A000001"].stamps["on_scene"]
    assert (held.at, held.struck, held.corrected) == (START + 40, (START + 50,), True)
    refusal = floor.refused(c.CorrectStamp(assignment="A000001", stamp="clear", at=START))
    assert refusal.code == "nothing_to_correct"


@pytest.mark.parametrize(
    "body",
    [
        c.CorrectStamp(assignment="A9", stamp="clear", at=0),
        c.MarkStampMissing(assignment="A9", stamp="clear", reason="blank"),
        c.CheckWelfare(assignment="A9"),
        c.CancelAssignment(assignment="A9", reason="x"),
    ],
)
def test_an_assignment_that_is_not_there_is_named(body: c.AnyCommand) -> None:
    refusal = Floor().refused(body)
    assert refusal.code == "unknown_assignment"
    assert "A9" in refusal.because


def test_call_times_are_reported_corrected_and_marked_missing_in_any_order() -> None:
    floor = Floor()
    floor.do(c.TakeCall(received_at=START))
    floor.do(c.StampCall(call="C000001", stamp="closed", at=START + 900))
    floor.do(c.StampCall(call="C000001", stamp="first_on_scene", missing="blank"))
    floor.do(c.StampCall(call="C000001", stamp="answered"))
    floor.do(c.StampCall(call="C000001", stamp="closed", at=START + 800, correction=True))
    floor.do(c.StampCall(call="C000001", stamp="queued", at=START + 1, missing="blank"))
    held = floor.state.calls["C000001"].stamps
    assert held["received"].at == START
    assert held["answered"].at == floor.now - 2 * SECOND
    assert (held["closed"].at, held["closed"].struck) == (START + 800, (START + 900,))
    assert held["first_on_scene"].missing == "blank"
    assert held["queued"] == Stamp(at=START + 1, source="D1"), "a time is worth more than a reason"
