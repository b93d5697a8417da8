"""A call is never refused: with anything or nothing known it gets an id, a need, and a reminder."""

from __future__ import annotations

import pytest
from floor_driver import CALL_TAKER, CREW, START, Floor, request, staffed

from everycall.core import commands as c
from everycall.core.balance import open_in
from everycall.core.base import HOUR
from everycall.core.calls import CallsRelated, CallTaken, CallUpdated, NeedAdded
from everycall.core.facts import Fact, FactGiven, must_be_sealed, readable
from everycall.core.floor import ShiftChanged
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Advised
from everycall.core.places import PlaceGiven, coarse
from everycall.core.sealed import Private, Sealed
from everycall.core.vocabulary import CHANNELS

SEAL = Sealed(reference="L1", commitment="c", token="t")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_call_is_taken_on_every_channel_with_nothing_known(channel: str) -> None:
    floor = Floor()
    floor.do(c.TakeCall(channel=channel), CALL_TAKER)  # type: ignore[arg-type]  # one of the list
    taken = floor.last(CallTaken)
    assert taken.missing == ("place", "type", "words", "service")
    assert taken.position == "P1"
    assert floor.state.needs["C000001-1"].service == "unknown"
    assert "find_out:C000001" in floor.state.deadlines


def test_what_is_known_is_not_missing() -> None:
    floor = Floor()
    floor.do(
        c.TakeCall(
            needs=(NeedAsked(service="ems", type="chest pain", priority="1", asked_for="ambulance"),),
            place=PlaceGiven(area="north"),
            words=SEAL,
            language="es",
            line="ten-digit 3",
            external="SW-77",
        ),
        CALL_TAKER,
    )
    assert floor.last(CallTaken).missing == ()
    call, need = floor.state.calls["C000001"], floor.state.needs["C000001-1"]
    assert (call.words, call.language, call.line, call.external) == (SEAL, "es", "ten-digit 3", "SW-77")
    assert (need.first_type, need.first_priority, need.priority_by) == ("chest pain", "1", "person")
    assert need.asked_for == "ambulance"


def test_an_empty_word_is_no_type_and_no_priority() -> None:
    floor = Floor()
    floor.do(c.TakeCall(needs=(NeedAsked(type="", priority=""),)))
    floor.do(c.Classify(call="C000001", type="burglary"))
    need = floor.state.needs["C000001-1"]
    assert (need.first_type, need.type, need.priority) == ("burglary", "burglary", None)


def test_each_service_that_is_asked_for_is_a_need_of_its_own_with_its_own_outcome() -> None:
    floor = staffed()
    request(floor, NeedAsked(service="police"), NeedAsked(service="fire"), NeedAsked(service="ems"))
    assert open_in(floor.state) == (3, 0)
    assert {r.agency: r.needs for r in floor.state.incidents["2020-000001"].responses.values()} == {
        "PD": ("C000001-1",),
        "FD": ("C000001-2", "C000001-3"),
    }
    floor.do(c.Settle(needs=("C000001-2",), outcome=Advised(caller_agreed=True)))
    assert open_in(floor.state) == (2, 0)


def test_a_later_request_is_a_new_need_that_waits_to_be_placed() -> None:
    floor = staffed()
    request(floor)
    floor.do(c.AddNeed(call="C000001", need=NeedAsked(service="ems", words=SEAL)))
    added = floor.last(NeedAdded)
    assert (added.need.need, added.need.words) == ("C000001-2", SEAL)
    assert "find_out:C000001" in floor.state.deadlines
    due = floor.state.deadlines["find_out:C000001"].due
    floor.do(c.AddNeed(call="C000001", need=NeedAsked()), after=30)
    assert floor.state.deadlines["find_out:C000001"].due == due, "the first that waits sets the clock"


def test_what_a_call_is_about_is_told_bit_by_bit() -> None:
    floor = Floor()
    floor.do(c.TakeCall())
    floor.do(c.UpdateCall(call="C000001", mode="rtt", language="sv"))
    floor.do(c.UpdateCall(call="C000001", words=SEAL, unsafe_to_ring=True))
    floor.do(c.UpdateCall(call="C000001", facts=(FactGiven(name="floors", value=4, at=7),)))
    call = floor.state.calls["C000001"]
    assert (call.mode, call.language, call.words, call.unsafe_to_ring) == ("rtt", "sv", SEAL, True)
    assert call.facts == (Fact(name="floors", value=4, source="caller", at=7),)
    floor.do(c.UpdateCall(call="C000001", unsafe_to_ring=False))
    assert floor.state.calls["C000001"].unsafe_to_ring is False


def test_a_place_is_corrected_and_the_one_before_stays_in_the_record() -> None:
    floor = Floor()
    floor.do(c.TakeCall(place=PlaceGiven(area="north")))
    floor.do(c.LocateCall(call="C000001", place=PlaceGiven(area="south", exact=SEAL, source="device")))
    moved = floor.events[-1]
    assert moved.before.area == "north"  # type: ignore[attr-defined]  # a CallLocated
    assert floor.state.calls["C000001"].place.exact == SEAL  # type: ignore[union-attr]  # it has one now


def test_calls_have_to_do_with_each_other_without_being_joined() -> None:
    floor = Floor()
    for _ in range(3):
        floor.do(c.TakeCall())
    floor.do(c.RelateCalls(calls=("C000001", "C000002", "C000003", "C000001")))
    assert floor.last(CallsRelated).calls == ("C000001", "C000002", "C000003")
    assert floor.state.calls["C000001"].related == ("C000002", "C000003")
    floor.do(c.RelateCalls(calls=("C000001", "C000002")))
    assert floor.state.calls["C000001"].related == ("C000002", "C000003")
    assert floor.refused(c.RelateCalls(calls=("C000001", "C000001"))).code == "nothing_to_relate"
    assert floor.refused(c.RelateCalls(calls=("C000001", "C9"))).code == "unknown_call"


def test_an_attempt_to_reach_the_caller_is_kept_with_its_result() -> None:
    floor = Floor()
    floor.do(c.TakeCall())
    floor.do(c.RecordCallBack(call="C000001", result="busy"), CALL_TAKER)
    attempt = floor.state.calls["C000001"].call_backs[0]
    assert (attempt.result, attempt.by, attempt.at) == ("busy", "T1", floor.now)


@pytest.mark.parametrize(
    "body",
    [
        c.AnswerCall(call="C9"),
        c.AbandonCall(call="C9"),
        c.RecordCallBack(call="C9", result="busy"),
        c.UpdateCall(call="C9"),
        c.LocateCall(call="C9", place=PlaceGiven()),
        c.StampCall(call="C9", stamp="closed"),
        c.AddNeed(call="C9", need=NeedAsked()),
        c.OpenIncident(call="C9"),
        c.Classify(call="C9", type="x"),
    ],
)
def test_a_call_that_is_not_there_is_named(body: c.AnyCommand) -> None:
    refusal = Floor().refused(body)
    assert refusal.code == "unknown_call"
    assert "'C9'" in refusal.because


def test_a_call_that_is_answered_again_after_its_help_was_sent_needs_nothing_found_out() -> None:
    floor = staffed()
    request(floor, ringing=True)
    floor.do(c.AnswerCall(call="C000001"))
    assert "find_out:C000001" not in floor.state.deadlines
    assert "answer:C000001" not in floor.state.deadlines


# -- rebuilt and self-initiated ----------------------------------------------------------------------------


def test_a_rebuilt_call_waits_for_nobody() -> None:
    floor = staffed()
    floor.do(c.TakeCall(received_at=START - 1000 * HOUR, reconstructed=True))
    floor.do(c.AddNeed(call="C000001", need=NeedAsked(service="ems")))
    floor.do(c.AbandonCall(call="C000001"))
    floor.do(c.OpenIncident(call="C000001"))
    assert floor.state.deadlines == {}
    assert floor.last(CallTaken).missing == ()
    assert floor.state.incidents["2020-000001"].reconstructed


def test_a_live_need_in_a_rebuilt_incident_has_its_clock() -> None:
    floor = staffed()
    incident = request(floor, NeedAsked(service="police"), reconstructed=True)
    floor.do(c.TakeCall(needs=(NeedAsked(service="police"),)))
    floor.do(c.Link(call="C000002", incident=incident))
    assert f"dispatch:{incident}/PD" in floor.state.deadlines


def test_the_export_says_which_agency_answered() -> None:
    floor = staffed()
    request(floor, NeedAsked(service="police"), agency="Sheriff")
    assert list(floor.state.incidents["2020-000001"].responses) == ["Sheriff"]


# -- facts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "sealed"),
    [
        ("caller.name", "Jane Roe", True),
        ("caller.name", 7, True),
        ("patient.age", 70, True),
        ("vehicle.plate", "ABC", True),
        ("narrative.first", "x", True),
        ("caller.employer", "city", False),
        ("caller.employer", "works at 5 Main Street!", True),
        ("caller.language", "es", False),
        ("weapon", True, False),
        ("weapon", "gun", False),
        ("building", "+15550100", True),
        ("building", "555 0100", True),
        ("building", "", True),
        ("building", "x" * 65, True),
        ("floors", 4, False),
        ("group.precinct", "3rd (north)", False),
        ("group.precinct", "call 555-0100 now", True),
        ("group.shift", "1", False),
    ],
)
def test_what_is_personal_is_sealed_by_its_name_or_because_it_may_be(name: str, value: object, sealed: bool) -> None:
    assert must_be_sealed(name, value) is sealed


def test_a_personal_fact_that_nobody_sealed_stands_in_no_event() -> None:
    floor = Floor()
    facts = (
        FactGiven(name="caller.name", value="Jane Roe"),
        FactGiven(name="note", value=Private(value="Jane Roe")),
        FactGiven(name="caller.name", value=SEAL),
        FactGiven(name="weapon", value=True),
    )
    floor.do(c.TakeCall(facts=facts, words=Private(value="Jane Roe"), place=PlaceGiven(exact=Private(value="Jane"))))
    assert [fact.name for fact in floor.state.calls["C000001"].facts] == ["caller.name", "weapon"]
    assert b"Jane" not in b"".join(floor.log)
    assert "Jane" not in repr(facts)
    assert str(Private(value="Jane")) == "Private(…)"


def test_the_latest_value_of_a_fact_is_read_and_sealed_ones_never() -> None:
    facts = [
        Fact(name="weapon", value=True, source="caller", at=5),
        Fact(name="weapon", value=False, source="unit", at=9),
        Fact(name="weapon", value="knife", source="caller", at=7),
        Fact(name="name", value=SEAL, source="caller", at=1),
    ]
    assert readable(facts, {"weapon", "name", "floors"}) == {"weapon": False}
    assert readable(facts, ()) == {}


def test_a_position_in_clear_is_no_finer_than_a_hundred_metres() -> None:
    floor = Floor()
    floor.do(c.TakeCall(place=PlaceGiven(latitude_e7=449_778_123, longitude_e7=-932_650_987)))
    place = floor.state.calls["C000001"].place
    assert place is not None
    assert (place.latitude_e7, place.longitude_e7) == (449_780_000, -932_650_000)
    assert coarse(None) is None
    assert coarse(coarse(449_778_123)) == coarse(449_778_123)


# -- size --------------------------------------------------------------------------------------------------


def test_a_call_with_very_much_known_is_several_events_and_nothing_is_left_out() -> None:
    floor = staffed()
    words = "\u0001" * 240
    facts = tuple(FactGiven(name=f"fact {n}", value=n, source=words) for n in range(120))
    needs = tuple(NeedAsked(service="police", asked_for=words, type="\u0001" * 100, words=SEAL) for _ in range(40))
    floor.do(c.TakeCall(needs=needs, facts=facts, open_incident=True))
    assert len(floor.state.calls["C000001"].facts) == 120
    assert len(floor.state.needs) == 40
    assert max(map(len, floor.log)) < 64 * 1024
    placed = sum(need.incident is not None for need in floor.state.needs.values())
    assert 0 < placed < 40
    assert "find_out:C000001" in floor.state.deadlines, "what did not fit into the incident is not forgotten"
    floor.do(c.UpdateCall(call="C000001", facts=facts))
    assert len(floor.state.calls["C000001"].facts) == 240
    assert max(map(len, floor.log)) < 64 * 1024
    assert len(floor.all(CallUpdated)) > 2
    floor.do(c.TakeCall(needs=needs, facts=facts, reconstructed=True))
    assert "find_out:C000002" not in floor.state.deadlines


def test_a_few_facts_are_one_event() -> None:
    floor = Floor()
    floor.do(c.TakeCall(facts=tuple(FactGiven(name="floors", value=n) for n in range(4)), needs=(NeedAsked(),)))
    assert len(floor.events) == 1


# -- the floor ---------------------------------------------------------------------------------------------


def test_at_shift_change_what_is_open_passes_to_a_named_position() -> None:
    floor = staffed()
    incident = request(floor)
    request(floor)
    floor.do(c.Settle(needs=("C000002-1",), outcome=Advised(caller_agreed=True)))
    floor.do(c.ChangeShift(position="P1", to_position="P9", to_person="T9"))
    changed = floor.last(ShiftChanged)
    assert (changed.calls, changed.incidents, changed.to_person) == (("C000001",), (incident,), "T9")
    assert floor.state.calls["C000001"].position == "P9"
    assert floor.state.incidents[incident].position == "P9"
    assert floor.state.calls["C000002"].position == "P1", "what is over stays where it was"


def test_a_shift_with_very_much_open_passes_on_in_several_events() -> None:
    floor = Floor()
    for _ in range(1201):
        floor.do(c.TakeCall(), CALL_TAKER, after=0)
    floor.do(c.ChangeShift(position="P1", to_position="P9", to_person="T9"), after=0)
    parts = floor.all(ShiftChanged)
    assert [len(part.calls) for part in parts] == [500, 500, 201]
    assert all(call.position == "P9" for call in floor.state.calls.values())


def test_a_shift_with_nothing_open_changes_too() -> None:
    floor = Floor()
    floor.do(c.ChangeShift(position="P1", to_position="P9", to_person="T9"))
    assert floor.last(ShiftChanged).calls == ()


def test_interpreters_and_modes_are_stamped_like_everything_else() -> None:
    floor = Floor()
    floor.do(c.TakeCall(language="sv"))
    for stamp in ("interpreter_asked", "interpreter_connected", "interpreter_failed"):
        floor.do(c.StampCall(call="C000001", stamp=stamp), CREW)
    assert {"interpreter_asked", "interpreter_connected", "interpreter_failed"} <= set(
        floor.state.calls["C000001"].stamps
    )
