"""Replay: what a table says comes back out of the record, need by need, and nothing besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replay_tables import Given, Replayed, assignment, at, call, differences, replayed, tables

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.calls import TakeCall
from everycall.core.commands import Command
from everycall.core.vocabulary import AUDIT_CODE_OF, MISSING_REASONS, OUTCOME_NAMES, OutcomeName
from everycall.exchange.calls_table import CALL_STAMP_COLUMNS
from everycall.exchange.imported import read_export
from everycall.simulate.replay import IMPORTER, Replay, ReplayClock, ReplayError
from everycall.simulate.replay_rows import rows_of

if TYPE_CHECKING:
    from pathlib import Path

ARRIVED: frozenset[OutcomeName] = frozenset({"responded", "gone_on_arrival", "unfounded"})


@pytest.mark.parametrize("outcome", OUTCOME_NAMES)
@pytest.mark.parametrize("with_unit", [False, True])
def test_each_outcome_is_settled_as_the_export_says_with_its_words(outcome: OutcomeName, *, with_unit: bool) -> None:
    """Also an arrival without a unit or a time: the export's words are the evidence then."""
    times = {"first_dispatched_at": 60, "first_on_scene_at": 300} if with_unit and outcome in ARRIVED else {}
    rows = [call("M1", outcome=outcome, outcome_basis="Disposition=As said", **times)]
    units = [assignment("M1/1", "M1", assigned=60, on_scene=300)] if times else []
    found = replayed(rows, units)
    assert found.sheet.holds
    assert found.sheet.balance.requests.received == 1
    assert found.sheet.balance.requests.outcomes[outcome] == 1
    row = found.row("M1")
    assert (row["outcome"], row["audit_code"]) == (outcome, AUDIT_CODE_OF[outcome])
    assert row["outcome_basis"] == "Disposition=As said"
    assert row["reconstructed"]


def test_a_call_in_progress_stays_open() -> None:
    found = replayed([call("M1", outcome=None), call("M2")])
    assert found.sheet.holds
    assert (found.sheet.open_requests, found.sheet.balance.requests.received) == (1, 2)
    assert found.row("M1")["audit_code"] == "open"


def test_no_deadline_passes_and_nobody_is_told_in_a_rebuilt_record(tmp_path: Path) -> None:
    """What was due then is not due now: a rebuilt record blames nobody for a late answer."""
    path = tmp_path / "r"
    Replayed(*tables([call("M1", received_at=0, closed_at=90_000), call("M2", received_at=50_000, outcome=None)]), path)
    with EmbeddedCentre.open(path) as centre:
        assert {deadline.kind for deadline in centre.engine.state.deadlines.values()} <= {"retire"}
        assert b"deadline_passed" not in b"".join(data for _, data in centre.record.read())


@pytest.mark.parametrize("reason", [reason for reason in MISSING_REASONS if reason != "not_in_export"])
def test_a_missing_time_keeps_its_reason(reason: str) -> None:
    rows = [call("M1", first_on_scene_at=reason, closed_at=reason), call("M2", first_on_scene_at=9, closed_at=8)]
    row = replayed(rows).row("M1")
    assert row["first_on_scene_at"] is None
    assert row["first_on_scene_at_missing"] == row["closed_at_missing"] == reason
    assert row["queued_at_missing"] == "not_in_export"


def test_a_column_that_is_blank_in_one_row_is_blank_and_not_absent() -> None:
    rows = [call("M1", closed_at="blank"), call("M2", closed_at=100)]
    assert replayed(rows).row("M1")["closed_at_missing"] == "blank"


def test_times_in_an_impossible_order_are_kept_as_they_are() -> None:
    """No time depends on another time (rule 7): not the exporter's either."""
    rows = [call("M1", received_at=500, answered_at=400, first_dispatched_at=300, first_on_scene_at=200, closed_at=100)]
    found = replayed(rows)
    assert differences(tables(rows)[0], found.calls) == {}
    assert found.sheet.holds


def test_a_call_without_a_time_of_receipt_enters_at_the_earliest_that_is_known() -> None:
    rows = [
        call("M1", received_at="unreadable", first_dispatched_at=700, closed_at=900),
        call("M2", received_at="blank"),
        call("M3", received_at=600),
    ]
    found = replayed(rows)
    assert differences(tables(rows)[0], found.calls) == {}
    assert found.row("M1")["received_at"] is None, "although it had to enter some time"
    assert found.row("M1")["received_at_missing"] == "unreadable"


def test_several_rows_of_one_incident_are_calls_of_one_incident() -> None:
    rows = [
        call("M1", incident="I7", received_at=0),
        call("M2", incident="I7", received_at=30, service="ems", agency="MBEMS"),
        call("M3", incident="I7", received_at=60),
        call("M4", incident="I8", received_at=61),
    ]
    found = replayed(rows)
    assert found.sheet.holds
    assert found.sheet.balance.requests.received == 4
    incidents = {key: found.row(key)["incident"] for key in ("M1", "M2", "M3", "M4")}
    assert incidents["M1"] == incidents["M2"] == incidents["M3"] != incidents["M4"]
    assert differences(tables(rows)[0], found.calls) == {}


def test_several_units_of_a_call_each_keep_their_own_times() -> None:
    rows = [
        call("M1", first_dispatched_at=60, first_on_scene_at=240, first_cleared_at=800, outcome="responded", units=3)
    ]
    units = [
        assignment("M1/1", "M1", "U1", assigned=60, on_scene=300, clear=900),
        assignment("M1/2", "M1", "U2", assigned=90, on_scene=240, clear=800),
        assignment("M1/3", "M1", "U3", assigned=95, cancelled=200),
    ]
    found = replayed(rows, units)
    assert found.sheet.holds
    assert differences(tables(rows)[0], found.calls) == {}
    times = {
        row["unit"]: (row["assigned_at"], row["on_scene_at"], row["clear_at"], row["cancelled_at"])
        for row in found.units.with_columns(pl.col(pl.Datetime).dt.epoch("us")).iter_rows(named=True)
    }
    assert times == {
        "U1": (at(60), at(300), at(900), None),
        "U2": (at(90), at(240), at(800), None),
        "U3": (at(95), None, None, at(200)),
    }


def test_the_first_unit_of_a_call_is_the_earliest_whatever_the_order() -> None:
    units = [
        assignment("M1/1", "M1", "U1", assigned=90, on_scene=240),
        assignment("M1/2", "M1", "U2", assigned=60, on_scene=300),
    ]
    rows = [call("M1", first_dispatched_at=60, first_on_scene_at=240, outcome="responded")]
    row = replayed(rows, units).row("M1")
    assert (row["dispatch_seconds"], row["response_seconds"]) == (60, 240)


def test_a_unit_on_two_calls_at_once_is_recorded_as_the_export_says() -> None:
    rows = [call(key, first_on_scene_at=100, first_cleared_at=200, outcome="responded") for key in ("M1", "M2")]
    units = [assignment(f"{key}/1", key, "U1", on_scene=100, clear=200) for key in ("M1", "M2")]
    found = replayed(rows, units)
    assert found.sheet.holds
    assert found.units.height == 2
    assert differences(tables(rows)[0], found.calls) == {}


def test_a_repeated_id_is_two_calls() -> None:
    rows = [call("M1"), call("M1#2", original_id="M1", received_at=5), call("M1#3", original_id="M1")]
    found = replayed(rows)
    assert found.sheet.balance.calls == 3
    assert found.calls["original_id"].to_list() == ["M1"] * 3
    assert differences(tables(rows)[0], found.calls) == {}


def test_a_units_own_work_is_counted_apart_and_what_the_export_does_not_say_stays_unsaid() -> None:
    rows = [
        call("M1", self_initiated=True, channel="unit_observation"),
        call("M2", self_initiated=None, channel="not_recorded"),
        call("M3", self_initiated=False),
    ]
    found = replayed(rows)
    assert (found.sheet.balance.requests.received, found.sheet.balance.self_initiated.received) == (2, 1)
    assert found.sheet.holds
    assert [found.row(key)["self_initiated"] for key in ("M1", "M2", "M3")] == [True, None, False]


def test_first_and_last_words_stay_apart() -> None:
    rows = [
        call("M1", first_type="Alarm", last_type=None, first_priority="2", last_priority=None),
        call("M2", first_type=None, last_type="Burglary", first_priority=None, last_priority="1"),
        call("M3", first_type="Alarm", last_type="Alarm", first_priority="3", last_priority="1"),
        call("M4", first_type=None, last_type=None, first_priority=None, last_priority=None),
    ]
    assert differences(tables(rows)[0], replayed(rows).calls) == {}


def test_places_and_groups_come_back_as_they_are() -> None:
    rows = [
        call("M1", area="12", district="North", neighbourhood="Old Town", postal_code="99501", latitude_e7=415_000_000,
             longitude_e7=-932_500_000, group_precinct="3", group_watch="Night (2nd)"),
        call("M2", latitude_e7=-10_000, longitude_e7=0, group_precinct="4"),
        call("M3"),
    ]  # fmt: skip
    assert differences(tables(rows)[0], replayed(rows).calls) == {}


def test_a_telephone_number_that_stands_in_a_group_is_sealed_and_not_exported() -> None:
    found = replayed([call("M1", group_contact="612-555-0100"), call("M2", group_contact="desk")])
    assert found.row("M1")["group_contact"] is None
    assert found.row("M2")["group_contact"] == "desk"


def test_words_that_are_longer_than_a_record_takes_are_cut_and_not_refused() -> None:
    found = replayed([call("M1", first_type="x" * 5_000, outcome_basis="y" * 5_000, agency="z" * 120)])
    assert found.sheet.holds
    assert found.row("M1")["first_type"] == "x" * 240


@pytest.mark.parametrize("agency", [None, "", "A", "x" * 400, "Dept/7", "ä ö ☃", "C000001", "system"])
def test_any_name_of_an_agency_will_do(agency: str | None) -> None:
    rows = [call("M1", agency=agency), call("M2", agency=agency, service="fire")]
    units = [assignment("M1/1", "M1", on_scene=50)]
    assert replayed(rows, units).sheet.holds


@pytest.mark.parametrize("unit", ["", "x" * 400, "U/1", "first unit (not named)", "A000001", "\u2603"])
def test_any_name_of_a_unit_will_do(unit: str) -> None:
    units = [assignment("M1/1", "M1", unit, assigned=20, on_scene=50)]
    assert replayed([call("M1", outcome="responded", first_on_scene_at=50)], units).sheet.holds


def test_an_empty_table_makes_an_empty_record() -> None:
    found = replayed([])
    assert found.sheet.holds
    assert found.calls.height == found.units.height == 0


def test_the_same_table_gives_the_same_record_whatever_its_order(tmp_path: Path) -> None:
    rows = [call(f"M{n}", received_at=n * 7 % 5, closed_at=n * 11 % 13 + 5) for n in range(12)]
    one = Replayed(*tables(rows), tmp_path / "a")
    two = Replayed(*tables(rows[::-1]), tmp_path / "b")
    assert differences(one.calls, two.calls) == {}


def test_commands_come_in_order_of_time_across_rows(tmp_path: Path) -> None:
    """A call that lasts all day does not hold up those that come meanwhile."""
    rows = [call("M1", received_at=0, closed_at=50_000), call("M2", received_at=100, closed_at=200)]
    path = tmp_path / "r"
    Replayed(*tables(rows), path)
    with EmbeddedCentre.open(path) as centre:
        from everycall.core.events import decode_event  # noqa: PLC0415 - here only

        recorded = [decode_event(data).recorded_at for _, data in centre.record.read()]
    assert recorded == sorted(recorded)
    assert at(200) in recorded
    assert recorded.index(at(200)) < recorded.index(at(50_000))


def test_a_record_that_cannot_be_written_stops_the_replay_with_a_word(tmp_path: Path) -> None:
    clock = ReplayClock()
    with EmbeddedCentre.create(tmp_path / "r", centre="m", clock=clock) as centre:
        committer = centre.record._committer
        assert committer is not None
        committer._commit = _full
        with pytest.raises(ReplayError, match="no space left"):
            Replay(centre.engine, clock).run(list(rows_of(*tables([call(f"M{n}") for n in range(50)]))))


def _full(_group: object) -> list[Exception | None]:
    raise OSError("no space left")


def test_a_record_that_holds_something_already_is_continued_and_not_confused(tmp_path: Path) -> None:
    """Ids come from the record's own counters."""
    clock = ReplayClock()
    with EmbeddedCentre.create(tmp_path / "r", centre="m", clock=clock) as centre:
        centre.engine.handle(Command(id="before", actor=IMPORTER, body=TakeCall()))
        Replay(centre.engine, clock).run(list(rows_of(*tables([call("M1"), call("M2")]))))
        assert [c.external for c in centre.engine.state.calls.values()] == [None, "M1", "M2"]


ENTRY = """<entry><id>tag:feed,2026:/%s</id><title>%s</title><published>2026-05-03T10:0%s:00-07:00</published>
<updated>2026-05-03T10:05:00-07:00</updated><category label="%s" term="%s"/>
<georss:point>45.5 -122.5</georss:point><content type="html">%s</content></entry>"""
TERM = "&lt;dt&gt;%s&lt;/dt&gt;&lt;dd&gt;%s&lt;/dd&gt;"


def entry(number: int, kind: str, **terms: str) -> str:
    """One incident of a feed."""
    content = "".join(TERM % (name.replace("_", " "), value) for name, value in terms.items())
    return ENTRY % (number, kind, number, kind, kind, f"&lt;dl&gt;{content}&lt;/dl&gt;")


FEED = (
    '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:georss="http://www.georss.org/georss"><title>Incidents</title>'
    + entry(1, "FALL", ID="F1", Call_Type="FALL", Address="1 ELM", Agency="Fire")
    + entry(2, "THEFT", ID="F2", Agency="Police")
    + "</feed>"
)


def test_a_feed_of_calls_in_progress_is_open_calls(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED)
    imported = read_export(tmp_path / "feed.xml")
    found = Replayed(imported.calls, imported.assignments)
    assert found.sheet.holds
    assert found.sheet.open_requests == found.sheet.balance.requests.received == 2
    assert differences(imported.calls, found.calls) == {}
    assert not any("ELM" in str(value) for row in found.calls.iter_rows() for value in row)


WORDS = st.none() | st.sampled_from(["Alarm", "911 hang-up", "x", "Überfall", "7"])
STAMP = st.integers(-5_000, 5_000) | st.sampled_from(["blank", "unreadable", "withheld", "does_not_apply"])
UNIT_STAMPS = {
    "assigned": "first_dispatched_at",
    "en_route": "first_en_route_at",
    "on_scene": "first_on_scene_at",
    "clear": "first_cleared_at",
}
CALL_STAMPS = [name for name in CALL_STAMP_COLUMNS if name not in ("received_at", *UNIT_STAMPS.values())]


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[Given], list[Given]]:
    """A small table, with units on some calls. Which columns it has is the same for all its rows."""
    has = {name for name in (*CALL_STAMPS, *UNIT_STAMPS) if draw(st.booleans())}
    calls: list[Given] = []
    units: list[Given] = []
    for number in range(draw(st.integers(1, 6))):
        key = f"M{number}"
        outcome = draw(st.none() | st.sampled_from(OUTCOME_NAMES))
        given: dict[str, Any] = {name: draw(STAMP) for name in CALL_STAMPS if name in has}
        given["received_at"] = draw(st.integers(-5_000, 5_000) | st.just("blank"))
        if outcome == "responded":
            given["contact_made"] = draw(st.sampled_from(["yes", "no", "not_said"]))
        made = [{name: draw(STAMP) for name in UNIT_STAMPS if name in has} for _ in range(draw(st.integers(0, 2)))]
        if outcome is None and "clear" in has:
            # Why a unit's clearing is missing is not recorded while the call is open: it would end its work.
            made = [unit | {"clear": 4_000} for unit in made]
        made = [unit for unit in made if any(isinstance(value, int) for value in unit.values())]
        for stamp, name in UNIT_STAMPS.items():
            if stamp in has:
                found = [unit[stamp] for unit in made] or [draw(STAMP)]
                known = [value for value in found if isinstance(value, int)]
                given[name] = min(known) if known else found[0]
                if not known:  # of several reasons that of one unit is the call's
                    made = [unit | {stamp: found[0]} for unit in made]
        units += [assignment(f"{key}/{n}", key, f"U{n}", **unit) for n, unit in enumerate(made)]
        if draw(st.booleans()):
            given["latitude_e7"] = draw(st.integers(-9_000, 9_000)) * 10_000
            given["longitude_e7"] = draw(st.integers(-18_000, 18_000)) * 10_000
        calls.append(
            call(
                key,
                **given,
                outcome=outcome,
                outcome_basis=draw(st.sampled_from([None, "Disposition=A", "Disposition=B; Cancel=C"])),
                service=draw(st.sampled_from(["police", "fire", "ems", "unknown"])),
                agency=draw(st.sampled_from([None, "MBPD", "MBFD"])),
                channel=draw(st.sampled_from(["emergency_voice", "not_recorded", "text"])),
                self_initiated=draw(st.sampled_from([None, True, False])),
                first_type=draw(WORDS),
                last_type=draw(WORDS),
                first_priority=draw(WORDS),
                last_priority=draw(WORDS),
                area=draw(WORDS),
                units=draw(st.none() | st.integers(0, 9)),
                group_precinct=draw(st.none() | st.sampled_from(["1", "3rd", "North"])),
            )
        )
    return calls, units


@settings(max_examples=40, deadline=None)
@given(table=rows())
def test_what_is_exported_is_what_was_replayed(table: tuple[list[Given], list[Given]]) -> None:
    comes_back(table)


@pytest.mark.soak
@settings(max_examples=1_000, deadline=None)
@given(table=rows())
def test_what_is_exported_is_what_was_replayed_for_long(table: tuple[list[Given], list[Given]]) -> None:
    comes_back(table)


def comes_back(table: tuple[list[Given], list[Given]]) -> None:
    calls, units = tables(*table)
    found = Replayed(calls, units)
    assert found.sheet.holds
    assert differences(calls, found.calls) == {}
    assert found.units.height == units.height


def test_where_a_call_stood_in_its_export_and_what_was_odd_about_it_come_back() -> None:
    """By the row, what the record must not hold (the original columns, personal values among them) is found again."""
    flags = ["over_24h:total_seconds", "arrived_although:cancelled_by_caller,duplicate", "minute_stamps"]
    found = replayed([call("M1", export_row=7, flags=flags), call("M2", export_row=4_000_000)])
    assert (found.row("M1")["export_row"], found.row("M1")["flags"]) == (7, flags)
    assert (found.row("M2")["export_row"], found.row("M2")["flags"]) == (4_000_000, [])
    assert not [name for name in found.calls.columns if name.startswith("original_") and name != "original_id"]
