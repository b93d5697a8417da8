"""Undo: with nothing in between, to the state before; otherwise only the act's own effect goes (rule 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from core_machine import mask, mask_retirement
from floor_driver import CREW, SUPERVISOR, Floor, Rules, attended, raw, request, staffed

from everycall.core import commands as c
from everycall.core.balance import open_in
from everycall.core.base import MINUTE
from everycall.core.needs import NeedAsked
from everycall.core.notes import Note
from everycall.core.outcomes import Advised, NotReached, Responded
from everycall.core.places import PlaceGiven
from everycall.core.sealed import Sealed
from everycall.core.undo import ActUndone, reverted

if TYPE_CHECKING:
    from collections.abc import Callable

POLICE = NeedAsked(service="police", type="burglary")
SEAL = Sealed(reference="L1", commitment="c")


def two_incidents() -> tuple[Floor, str, str]:
    floor = staffed(Rules())
    return floor, request(floor), request(floor)


def merged() -> Floor:
    floor, one, other = two_incidents()
    floor.do(c.Merge(incident=one, into=other))
    return floor


def split() -> Floor:
    floor = staffed(Rules())
    incident = request(floor, POLICE, POLICE)
    floor.do(c.Assign(incident=incident, units=("U1", "U2")))
    floor.do(c.Split(incident=incident, needs=("C000001-2",), assignments=("A000002",)))
    return floor


def linked() -> Floor:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.TakeCall(needs=(POLICE, NeedAsked(service="ems"))))
    floor.do(c.Link(call="C000002", incident=incident))
    return floor


def unlinked() -> Floor:
    floor = staffed(Rules())
    incident = request(floor)
    floor.do(c.Unlink(call="C000001", incident=incident))
    return floor


def closed() -> Floor:
    floor = staffed(Rules())
    incident = request(floor)
    key = attended(floor, incident)
    floor.do(c.CloseResponse(incident=incident, agency="PD", outcome=Responded(assignment=key)))
    return floor


ACTS: list[Callable[[], Floor]] = [merged, split, linked, unlinked, closed]
LATER: dict[str, Callable[[Floor], None]] = {
    "a note on the call": lambda f: drop(f.do(c.AddNote(about="C000001", text=SEAL))),
    "a note on the incident": lambda f: drop(f.do(c.AddNote(about="2020-000001", text=SEAL))),
    "a fact": lambda f: drop(f.do(c.UpdateCall(call="C000001", language="es"))),
    "a place": lambda f: drop(f.do(c.LocateCall(call="C000001", place=PlaceGiven(area="north")))),
    "a stamp of the call": lambda f: drop(f.do(c.StampCall(call="C000001", stamp="closed"))),
    "a stamp of a unit": lambda f: drop(f.do(c.ReportStamp(unit="U1", stamp="on_scene"), CREW)),
    "a unit": lambda f: drop(f.propose(c.Assign(incident=list(f.state.incidents)[-1], units=("U2",)))),
    "another call": lambda f: drop(request(f)),
    "a patient": lambda f: drop(f.do(c.AddPatient(incident="2020-000001"))),
    "an alarm": lambda f: drop(f.do(c.RaiseAlarm(incident="2020-000001", level=3))),
    "a new need": lambda f: drop(f.do(c.AddNeed(call="C000001", need=NeedAsked(service="fire")))),
    "a type": lambda f: drop(f.do(c.Classify(call="C000001", type="shooting"))),
}


def drop(_: object) -> None:
    """What a step makes is looked at in the state."""


@pytest.mark.parametrize("act", ACTS)
def test_with_nothing_in_between_undo_leads_to_the_state_before(act: Callable[[], Floor]) -> None:
    floor = act()
    acting = [e for e in floor.events if getattr(e, "act", None) is not None][-1]
    position = floor.events.index(acting)
    before = Floor()
    before.record(floor.events[:position], SUPERVISOR, 0)
    floor.do(c.Undo(act="U000001", reason="mistake"), after=0)
    old, new = raw(before.state), raw(floor.state)
    for event in floor.events[position + 1 :]:
        mask(old, event)
        mask(new, event)
    for tables in (old, new):
        mask_retirement(tables)
    assert old == new


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("later", LATER)
def test_what_came_later_stays(act: Callable[[], Floor], later: str) -> None:
    floor = act()
    LATER[later](floor)
    held = floor.state
    calls, needs, units = dict(held.calls), dict(held.needs), dict(held.units)
    stamps = {key: a.stamps for key, a in held.assignments.items()}
    notes = {note for i in held.incidents.values() for note in i.notes}
    patients = {patient for i in held.incidents.values() for patient in i.patients}
    floor.do(c.Undo(act="U000001"))
    assert held.calls == calls
    assert held.units == units
    assert {key: a.stamps for key, a in held.assignments.items()} == stamps
    assert {note for i in held.incidents.values() for note in i.notes} == notes
    assert {patient for i in held.incidents.values() for patient in i.patients} == patients
    for key, need in needs.items():
        assert held.needs[key].type == need.type
        assert held.needs[key].priority == need.priority
    assert floor.balance.holds(held)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_taken_back_once(act: Callable[[], Floor]) -> None:
    floor = act()
    floor.do(c.Undo(act="U000001"))
    refusal = floor.refused(c.Undo(act="U000001"))
    assert (refusal.code, refusal.rule) == ("already_undone", "house:6")
    assert floor.refused(c.Undo(act="U000009")).code == "unknown_act"


@pytest.mark.parametrize("act", ACTS)
def test_the_same_can_be_done_and_taken_back_again(act: Callable[[], Floor]) -> None:
    floor = act()
    first = raw(floor.state)
    floor.do(c.Undo(act="U000001"))
    again: dict[str, c.AnyCommand] = {
        "merge": c.Merge(incident="2020-000001", into="2020-000002"),
        "split": c.Split(incident="2020-000001", needs=("C000001-2",), assignments=("A000002",)),
        "link": c.Link(call="C000002", incident="2020-000001"),
        "unlink": c.Unlink(call="C000001", incident="2020-000001"),
        "close": c.Settle(needs=("C000001-1",), outcome=Responded(assignment="A000001")),
    }
    floor.do(again[floor.state.acts["U000001"].kind])
    floor.do(c.Undo(act="U000002"))
    assert floor.refused(c.Undo(act="U000002")).code == "already_undone"
    assert set(first) == set(raw(floor.state))


# -- what undo must not lose -------------------------------------------------------------------------------


def test_a_response_that_closed_after_its_units_opens_again_with_the_need() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.ReportStamp(unit="U1", stamp="on_scene"), CREW)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Responded(assignment="A000001")))
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    assert floor.state.incidents[incident].responses["PD"].closed_at is not None
    floor.do(c.Undo(act="U000001"))
    undone = floor.last(ActUndone)
    assert [(r.incident, r.agency) for r in undone.reopens] == [(incident, "PD")]
    assert [d.kind for d in undone.sets] == ["outcome"]
    assert undone.ends == (f"retire:{incident}",)
    assert floor.state.incidents[incident].responses["PD"].closed_at is None


def test_and_is_dispatched_again_on_its_original_clock_if_nobody_was_there() -> None:
    floor = staffed()
    incident = request(floor)
    due = floor.state.deadlines[f"dispatch:{incident}/PD"].due
    floor.do(c.Assign(incident=incident, units=("U1",)))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.ReportStamp(unit="U1", stamp="clear"), CREW)
    floor.do(c.Undo(act="U000001"))
    assert floor.state.deadlines[f"dispatch:{incident}/PD"].due == due
    assert f"arrive:{incident}/PD" in floor.state.deadlines


def test_undoing_a_close_after_the_need_was_reopened_and_settled_anew_keeps_the_later_outcome() -> None:
    floor = staffed()
    request(floor)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Reopen(needs=("C000001-1",), reason="wrong"))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Undo(act="U000001"))
    assert floor.last(ActUndone).struck == ()
    assert floor.state.needs["C000001-1"].outcome is not None, "the same words, but a later act's"
    floor.do(c.Undo(act="U000002"))
    assert open_in(floor.state) == (1, 0)


def test_undoing_a_link_after_its_need_was_settled_keeps_the_outcome() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Link(call="C000002", incident=incident))
    floor.do(c.Settle(needs=("C000002-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Undo(act="U000001"))
    need = floor.state.needs["C000002-1"]
    assert (need.incident, need.outcome) == (None, Advised(caller_agreed=True))
    floor.do(c.Undo(act="U000002"))
    assert floor.state.needs["C000002-1"].outcome is None
    assert "find_out:C000002" in floor.state.deadlines, "open again, in no incident, and not forgotten"


def test_undoing_a_merge_gives_each_its_own_and_keeps_what_came_to_the_whole() -> None:
    floor, one, other = two_incidents()
    floor.do(c.AddPatient(incident=one))
    floor.do(c.Merge(incident=one, into=other))
    floor.do(c.ReportPatient(incident=one, patient="P000001", state="transported", hospital="H"))
    floor.do(c.Assign(incident=other, units=("U1",)))
    floor.do(c.TakeCall(needs=(POLICE,)))
    floor.do(c.Link(call="C000003", incident=other))
    floor.do(c.AddNote(about=one, text=SEAL))
    floor.do(c.Undo(act="U000001"))
    first, second = floor.state.incidents[one], floor.state.incidents[other]
    assert (first.calls, second.calls) == (("C000001",), ("C000002", "C000003"))
    assert first.responses["PD"].needs == ("C000001-1",)
    assert second.responses["PD"].needs == ("C000002-1", "C000003-1")
    assert second.responses["PD"].assignments == ("A000001",), "who was sent to the whole stays where it is"
    assert [(p.id, p.state) for p in first.patients] == [("P000001", "transported")]
    assert second.patients == ()
    assert [note.id for note in second.notes] == ["N000001"]
    assert f"dispatch:{one}/PD" in floor.state.deadlines
    assert f"dispatch:{other}/PD" not in floor.state.deadlines


def test_undoing_a_merge_after_both_ended_leaves_both_ended() -> None:
    floor, one, other = two_incidents()
    floor.do(c.Merge(incident=one, into=other))
    floor.do(c.CloseResponse(incident=other, agency="PD", outcome=NotReached(why="storm")))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.incidents[one].responses["PD"].closed_at is not None
    assert floor.state.incidents[other].responses["PD"].closed_at is not None
    assert open_in(floor.state) == (0, 0)
    floor.do(c.Undo(act="U000002"))
    assert open_in(floor.state) == (2, 0)
    for incident in (one, other):
        assert floor.state.incidents[incident].responses["PD"].closed_at is None
        assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_undoing_a_split_brings_its_part_back_but_not_who_was_sent_there_later() -> None:
    floor = split()
    new = list(floor.state.incidents)[-1]
    floor.do(c.SignOn(unit="U3", agency="PD", capabilities=("police",)))
    floor.do(c.Assign(incident=new, units=("U3",)))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.incidents["2020-000001"].responses["PD"].needs == ("C000001-1", "C000001-2")
    assert set(floor.state.incidents["2020-000001"].responses["PD"].assignments) == {"A000001", "A000002"}
    left = floor.state.incidents[new].responses["PD"]
    assert (left.needs, left.assignments, left.closed_at) == ((), ("A000003",), None)
    floor.do(c.ReportStamp(unit="U3", stamp="clear"), CREW)
    assert floor.state.incidents[new].responses["PD"].closed_at is not None


def test_an_incident_that_a_split_made_goes_with_it_unless_somebody_wrote_on_it() -> None:
    floor = split()
    new = list(floor.state.incidents)[-1]
    floor.do(c.Undo(act="U000001"))
    assert new not in floor.state.incidents
    floor = split()
    floor.do(c.AddNote(about=new, text=SEAL))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.incidents[new].notes[0].text == SEAL
    assert floor.state.incidents[new].calls == ()
    assert floor.state.incidents[new].responses == {}


def test_undoing_an_unlink_after_its_incident_was_merged_puts_the_need_where_that_went() -> None:
    floor, one, other = two_incidents()
    floor.do(c.Unlink(call="C000001", incident=one))
    floor.do(c.Merge(incident=one, into=other))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.needs["C000001-1"].incident == other
    assert floor.state.incidents[other].responses["PD"].needs == ("C000002-1", "C000001-1")
    assert "find_out:C000001" not in floor.state.deadlines


def test_a_response_that_went_with_its_link_comes_back_for_who_was_taken_out_of_it() -> None:
    floor = staffed()
    incident = request(floor)
    for call in ("C000002", "C000003"):
        floor.do(c.TakeCall(needs=(NeedAsked(service="ems"),)))
        floor.do(c.Link(call=call, incident=incident))
    floor.do(c.Unlink(call="C000003", incident=incident))
    floor.do(c.Undo(act="U000001"))
    assert list(floor.state.incidents[incident].responses) == ["PD"], "nothing is left of what the link made"
    floor.do(c.Undo(act="U000003"))
    response = floor.state.incidents[incident].responses["FD"]
    assert (response.needs, response.closed_at) == (("C000003-1",), None)
    assert f"dispatch:{incident}/FD" in floor.state.deadlines
    assert "find_out:C000003" not in floor.state.deadlines


def test_who_was_at_another_scene_does_not_answer_what_the_merged_incident_waits_for() -> None:
    floor = staffed()
    one = request(floor, POLICE, POLICE)
    key = attended(floor, one)
    floor.do(c.Split(incident=one, needs=("C000001-2",), assignments=(key,)))
    other = request(floor)
    floor.do(c.Merge(incident=one, into=other))
    floor.do(c.Undo(act="U000001"))
    response = floor.state.incidents[other].responses["PD"]
    assert set(response.needs) == {"C000001-1", "C000001-2", "C000002-1"}
    assert response.assignments == response.earlier == (key,)
    assert f"dispatch:{other}/PD" in floor.state.deadlines
    assert f"outcome:{other}/PD" not in floor.state.deadlines


def test_what_was_moved_on_since_is_not_moved_back_from_under_it() -> None:
    floor, one, other = two_incidents()
    floor.do(c.Unlink(call="C000001", incident=one))
    floor.do(c.Link(call="C000001", incident=other))
    refusal = floor.refused(c.Undo(act="U000001"))
    assert refusal.code == "moved_since"
    assert other in refusal.because
    floor.do(c.Undo(act="U000002"))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.needs["C000001-1"].incident == one
    assert refusal.instead


def test_a_merge_into_what_was_merged_on_is_taken_back_after_that() -> None:
    floor = staffed()
    one, two, three = request(floor), request(floor), request(floor)
    floor.do(c.Unlink(call="C000001", incident=one))
    floor.do(c.AddPatient(incident=one))
    floor.do(c.Merge(incident=one, into=two))
    floor.do(c.Merge(incident=two, into=three))
    assert floor.refused(c.Undo(act="U000002")).code == "moved_since", "its patient went on, too"
    floor.do(c.Undo(act="U000003"))
    floor.do(c.Undo(act="U000002"))
    assert [len(floor.state.incidents[key].patients) for key in (one, two, three)] == [1, 0, 0]


def test_a_hold_that_a_close_ended_comes_back_with_its_end() -> None:
    floor = staffed(Rules())
    incident = request(floor)
    until = floor.now + 5 * MINUTE
    floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=until))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    assert floor.state.incidents[incident].responses["PD"].hold is None
    floor.do(c.Undo(act="U000001"))
    held = floor.state.incidents[incident].responses["PD"].hold
    assert held is not None
    assert floor.state.deadlines[f"hold:{incident}/PD"].due == until == held.until


def test_an_offer_that_a_close_ended_comes_back_while_it_can_still_be_answered() -> None:
    floor = staffed()
    request(floor)
    floor.do(c.OfferHandOver(needs=("C000001-1",), to="county", ground="x"))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.needs["C000001-1"].hand_over == "H000001"


def test_an_undo_waits_for_a_unit_where_none_is_free() -> None:
    floor = staffed()
    incident = request(floor)
    floor.do(c.Settle(needs=("C000001-1",), outcome=Advised(caller_agreed=True)))
    for unit in ("U1", "U2"):
        floor.do(c.SignOff(unit=unit))
    floor.do(c.Undo(act="U000001"))
    assert floor.state.incidents[incident].responses["PD"].waiting_since == floor.now


# -- the three-way revert ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "current", "result"),
    [
        (1, 2, 2, 1),  # nobody touched it since: back
        (1, 2, 3, 3),  # changed again since: stays
        (1, 1, 3, 3),  # the act did not touch it
        ((1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 4)),
        ((1, 2), (1,), (1, 4), (1, 4, 2)),
        ({"a": 1}, {"a": 2}, {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ({"a": 1}, {}, {"b": 3}, {"b": 3, "a": 1}),
        ({}, {"a": 1}, {"a": 1, "b": 3}, {"b": 3}),
        ({}, {"a": 1}, {"a": 2}, {"a": 2}),
        (None, 1, 2, 2),
    ],
)
def test_a_three_way_revert_takes_back_what_the_act_did(
    before: object, after: object, current: object, result: object
) -> None:
    assert reverted(before, after, current) == result


def test_a_struct_is_reverted_field_by_field() -> None:
    before = Note(id="N1", text=None, by="D1", at=1)
    after = Note(id="N1", text=SEAL, by="D1", at=2)
    current = Note(id="N1", text=SEAL, by="S1", at=3)
    assert reverted(before, after, current) == Note(id="N1", text=None, by="S1", at=3)
