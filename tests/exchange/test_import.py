"""Exports of a made-up town to the calls table: what is read, what is flagged, what is never invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towns import HEADER, profile, read, row

from everycall.exchange.calls_table import ASSIGNMENTS, FIRST_UNIT, schema_of, validate
from everycall.exchange.errors import ExchangeError, TimeFormatError, UnknownHeaderError, WrongProfileError
from everycall.exchange.imported import read_export
from everycall.exchange.profiles import parse_profile

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.exchange.imported import Imported


def only(imported: Imported) -> dict[str, object]:
    """The one call of an import."""
    validate(imported.calls)
    assert imported.calls.height == 1
    return imported.calls.row(0, named=True)


def flags_of(imported: Imported) -> list[list[str]]:
    return imported.calls["flags"].to_list()


def test_a_row_becomes_a_call_with_its_stamps_in_utc_and_whole_seconds(tmp_path: Path) -> None:
    call = only(read(tmp_path, row()))
    assert call["received_at"] == datetime(2021, 6, 1, 15, tzinfo=UTC)
    assert call["response_seconds"] == 390
    assert call["dispatch_seconds"] == 60
    assert call["total_seconds"] == 1200
    assert call["outcome"] == "responded"
    assert call["audit_code"] == "arrived"
    assert call["apco_code"] == "18"
    assert call["outcome_basis"] == "Arrived given"
    assert call["channel"] == "emergency_voice"
    assert call["self_initiated"] is False
    assert call["reconstructed"] is True
    assert call["latitude_e7"] == 415_000_000
    assert call["longitude_e7"] == -932_500_000
    assert call["group_agency"] == "MBPD"
    assert call["units"] == 1
    assert call["flags"] == []


def test_a_stamp_that_the_export_does_not_have_says_so_and_a_blank_one_says_that(tmp_path: Path) -> None:
    call = only(read(tmp_path, row(Arrived="", Closed="NULL", Dispatched="soon")))
    assert call["answered_at_missing"] == "not_in_export"
    assert call["first_on_scene_at_missing"] == "blank"
    assert call["closed_at_missing"] == "blank"
    assert call["first_dispatched_at_missing"] == "unreadable"
    assert call["received_at_missing"] is None
    assert call["flags"] == ["unreadable:first_dispatched_at"]
    assert call["original_Dispatched"] == "soon"


@pytest.mark.parametrize(
    ("given_values", "outcome", "contact"),
    [
        ({"Arrived": ""}, "not_recorded", None),
        ({"Arrived": "", "Disposition": "Cancelled"}, "not_recorded", None),
        ({"Arrived": "", "Disposition": "cancelled BY caller"}, "cancelled_by_caller", None),
        ({"Arrived": "", "Disposition": "GOA"}, "gone_on_arrival", "no"),
        ({"Arrived": "", "Disposition": "Duplicate"}, "duplicate", None),
        ({"Arrived": "", "Disposition": '"Cancelled,Duplicate"'}, "duplicate", None),
        ({"Arrived": "", "Disposition": "Report Taken"}, "not_recorded", None),
        ({"Disposition": "GOA"}, "gone_on_arrival", "no"),
        ({"Disposition": "Duplicate"}, "responded", "not_said"),
        ({"Disposition": "Report Taken"}, "responded", "not_said"),
    ],
)
def test_the_outcome_follows_the_evidence(
    tmp_path: Path, given_values: dict[str, str], outcome: str, contact: str | None
) -> None:
    call = only(read(tmp_path, row(**given_values)))
    assert (call["outcome"], call["contact_made"]) == (outcome, contact)


def test_words_that_the_profile_does_not_list_are_counted_and_settle_nothing(tmp_path: Path) -> None:
    imported = read(tmp_path, row(Disposition="Vanished", Source="Pigeon"))
    assert imported.quality.unlisted_words == {"Disposition": {"Vanished": 1}, "Source": {"Pigeon": 1}}
    assert imported.calls["channel"].to_list() == ["not_recorded"]
    assert imported.calls["self_initiated"].to_list() == [None]


def test_an_arrival_kept_against_the_words_is_flagged(tmp_path: Path) -> None:
    assert flags_of(read(tmp_path, row(Disposition="Duplicate"))) == [["arrived_although:duplicate"]]
    assert flags_of(read(tmp_path, row(Disposition="GOA", Arrived=""))) == [["arrival_without_time"]]


def test_times_of_a_desk_are_no_units_times(tmp_path: Path) -> None:
    imported = read(tmp_path, row(Units="DESK4"))
    call = only(imported)
    assert call["outcome"] == "not_recorded"
    assert call["first_on_scene_at"] is None
    assert call["first_on_scene_at_missing"] == "does_not_apply"
    assert call["original_Arrived"] == "2021-06-01 10:06:30"
    assert call["units"] == 0
    assert call["flags"] == ["desk_only"]
    assert imported.assignments.height == 0


def test_negative_zero_and_long_intervals_are_kept_and_flagged(tmp_path: Path) -> None:
    imported = read(
        tmp_path,
        row("A", Arrived="2021-06-01 09:59:00"),
        row("B", Arrived="2021-06-01 10:00:00", Dispatched="2021-06-01 10:00:00"),
        row("C", Arrived="2021-06-03 10:00:00"),
    )
    assert imported.calls["response_seconds"].to_list() == [-60, 0, 172_800]
    a, b, c = flags_of(imported)
    assert {"negative:response_seconds", "before_received:first_on_scene_at"} <= set(a)
    assert {"zero:response_seconds", "received_equals_arrived"} <= set(b)
    assert "over_24h:response_seconds" in c
    assert imported.calls["self_initiated"].to_list() == [False] * 3, "a suspicion is no declaration"


def test_intervals_are_differences_of_floored_seconds(tmp_path: Path) -> None:
    imported = read(tmp_path, row(Received="2021-06-01 10:00:00.900", Arrived="2021-06-01 10:00:01.100"))
    assert imported.calls["response_seconds"].to_list() == [1]


def test_a_stamp_after_midnight_with_the_date_of_the_call_is_kept_or_moved_as_the_profile_says(
    tmp_path: Path,
) -> None:
    late = row(
        Received="2021-06-01 23:58:00",
        Dispatched="2021-06-01 23:59:00",
        Arrived="2021-06-01 00:04:00",
        Closed="2021-06-01 00:30:00",
    )
    kept = read(tmp_path, late)
    assert kept.calls["response_seconds"].to_list() == [-86_040]
    assert "midnight_rollover:first_on_scene_at" in flags_of(kept)[0]
    moved = read(tmp_path, late, by=profile(more='midnight_rollover = "correct"'))
    assert moved.calls["response_seconds"].to_list() == [360]
    assert moved.calls["original_Arrived"].to_list() == ["2021-06-01 00:04:00"]
    assert "midnight_rollover_corrected:first_on_scene_at" in flags_of(moved)[0]


def test_a_repeated_id_keeps_its_rows_and_gets_ids_of_its_own(tmp_path: Path) -> None:
    imported = read(tmp_path, row("A"), row("A"), row("A", Received="2021-06-01 09:00:00"), row("B"))
    assert imported.calls["original_id"].to_list() == ["A", "A", "A", "B"]
    assert sorted(imported.calls["call"].to_list()) == ["A", "A#2", "A#3", "B"]
    assert imported.calls["call"][2] == "A", "the earliest received is the first"
    assert ["repeated_id" in f for f in flags_of(imported)] == [True, True, True, False]
    assert ["repeated_row" in f for f in flags_of(imported)] == [True, True, False, False]


def test_an_id_that_looks_like_one_of_ours_does_not_clash(tmp_path: Path) -> None:
    imported = read(tmp_path, row("A"), row("A"), row("A#2"))
    assert imported.calls["call"].n_unique() == 3


def test_a_row_without_an_id_is_named_by_its_line_and_one_without_anything_is_rejected(
    tmp_path: Path,
) -> None:
    imported = read(
        tmp_path,
        row(""),
        row("", Received="", Dispatched="", Arrived="", Closed=""),
        row("Z", Received="lost"),
    )
    assert imported.calls["call"].to_list() == ["row-2", "Z"]
    assert imported.calls["received_at_missing"].to_list() == [None, "unreadable"]
    assert imported.rejects["line"].to_list() == [3]
    assert imported.quality.rows_in == 3


def test_pseudo_calls_go_to_the_rejects_with_their_reason(tmp_path: Path) -> None:
    more = 'pseudo = [{ column = "Type", values = ["status move"], reason = "no call: a move" }]'
    imported = read(tmp_path, row("A"), row("B", Type="STATUS MOVE"), by=profile(more=more))
    assert imported.calls["call"].to_list() == ["A"]
    assert imported.rejects.rows()[0][:2] == (3, "no call: a move")
    assert imported.quality.reject_reasons == {"no call: a move": 1}


def test_many_calls_closed_in_the_same_second_are_batch_closed(tmp_path: Path) -> None:
    imported = read(tmp_path, *(row(f"M{i}") for i in range(5)), row("N", Closed="2021-06-01 11:00:00"))
    assert ["batch_closed" in f for f in flags_of(imported)] == [True] * 5 + [False]
    assert imported.quality.batch_closed == 5


def test_stamps_kept_to_the_minute_are_flagged_where_the_whole_column_is(tmp_path: Path) -> None:
    rows = [row(f"M{i}", Received=f"2021-06-01 10:{i:02d}:00", Arrived=f"2021-06-01 11:{i:02d}:07") for i in range(40)]
    imported = read(tmp_path, *rows)
    assert imported.quality.flags["minute_stamps"] == 40
    by_name = {c.column: c for c in imported.quality.columns if not c.agency}
    assert by_name["received_at"].minute_column
    assert not by_name["first_on_scene_at"].minute_column


def test_a_duration_becomes_a_stamp_that_is_flagged_as_derived(tmp_path: Path) -> None:
    header = "Incident,Received,Response_Seconds"
    text = """
    name = "b"
    title = "B"
    zone = "UTC"
    call = "Incident"
    [stamps]
    received = "Received"
    first_on_scene = { column = "Response_Seconds", after = "received" }
    """
    imported = read(
        tmp_path,
        "1,2021-06-01 10:00:00,90",
        "2,2021-06-01 10:00:00,",
        "3,2021-06-01 10:00:00,fast",
        header=header,
        by=parse_profile(text, "b.toml"),
    )
    assert imported.calls["response_seconds"].to_list() == [90, None, None]
    assert imported.calls["first_on_scene_at_missing"].to_list() == [None, "blank", "unreadable"]
    assert flags_of(imported) == [["derived:first_on_scene_at"], [], ["unreadable:first_on_scene_at"]]


def test_a_reopening_after_the_last_close_is_flagged(tmp_path: Path) -> None:
    imported = read(
        tmp_path,
        row() + ",2021-06-01 12:00:00",
        header=HEADER + ",Reopened",
        by=profile(stamps='reopened = "Reopened"'),
    )
    assert flags_of(imported) == [["reopened_after_last_close"]]


def test_where_the_answer_is_the_receipt_no_answer_interval_is_made_up(tmp_path: Path) -> None:
    imported = read(tmp_path, row(), by=profile(stamps='answered = "Received"'))
    assert imported.calls["answer_seconds"].to_list() == [None]
    ringing = read(tmp_path, row(), by=profile(stamps='answered = "Dispatched"'))
    assert ringing.calls["answer_seconds"].to_list() == [60]


def test_the_assignment_is_the_named_unit_only_where_one_alone_is_named(tmp_path: Path) -> None:
    imported = read(tmp_path, row("A"), row("B", Units='"U1,U2"'), row("C", Units=""), row("D", Units='"DESK1,U7"'))
    assert imported.assignments["unit"].to_list() == ["U1", FIRST_UNIT, FIRST_UNIT, "U7"]
    assert imported.calls["units"].to_list() == [1, 2, None, 1]
    assert imported.assignments.columns == list(schema_of(ASSIGNMENTS))
    assert imported.assignments["on_scene_at"].null_count() == 0
    assert imported.assignments["transporting_at_missing"].unique().to_list() == ["not_in_export"]


def test_original_columns_are_kept_unchanged(tmp_path: Path) -> None:
    imported = read(tmp_path, row(Type="  Alarm  "), row("B"))
    assert imported.calls["original_Type"].to_list() == ["  Alarm  ", "Alarm"]
    assert imported.calls["first_type"].to_list() == ["Alarm", "Alarm"]
    assert [c for c in imported.calls.columns if c.startswith("original_")] == [
        "original_id",
        *(f"original_{name}" for name in HEADER.split(",")),
    ]


def test_a_column_called_id_does_not_hide_the_original_id(tmp_path: Path) -> None:
    imported = read(tmp_path, row(), header=HEADER.replace("Lat,Lon", "id,Lon"))
    assert imported.calls["original_id_"].to_list() == ["41.5"]


def test_the_header_may_vary_in_case_blanks_underscores_order_and_extra_columns(tmp_path: Path) -> None:
    header = (
        HEADER.replace("Received", " RECEIVED ").replace("Arrived", "arri_ved").replace("Closed", "Clo sed") + ",Extra"
    )
    imported = read(tmp_path, row() + ",x", header=header)
    assert only(imported)["response_seconds"] == 390
    assert imported.quality.columns_not_read == ["Extra"]


def test_optional_columns_may_be_missing_and_are_said_to_be(tmp_path: Path) -> None:
    imported = read(tmp_path, "M1,2021-06-01 10:00:00", header="Incident,Received")
    assert only(imported)["outcome"] == "not_recorded"
    assert "Arrived" in imported.quality.columns_not_found


def test_a_profile_that_does_not_fit_names_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(WrongProfileError, match=r"needs Received \(did you mean Recieved\?\)"):
        read(tmp_path, "1,2", header="Incident,Recieved")


def test_an_unknown_header_names_the_columns_and_how_to_start_a_profile(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("Foo,Bar\n1,2\n")
    with pytest.raises(UnknownHeaderError, match=r"Foo, Bar.*--start-profile") as caught:
        read_export(tmp_path / "new.csv")
    assert caught.value.unplaced == ("Foo", "Bar")


def test_a_wrong_time_format_names_column_line_value_and_what_was_tried(tmp_path: Path) -> None:
    rows = [row(f"M{i}", Received=f"25/12/2021 10:0{i}:00") for i in range(5)]
    with pytest.raises(TimeFormatError, match=r"column Received, line 2: '25/12/2021 10:00:00'.*Tried.*day_first"):
        read(tmp_path, *rows)
    assert read(tmp_path, *rows, by=profile(more="day_first = true")).calls.height == 5


def test_a_format_of_the_profiles_own_is_tried_first(tmp_path: Path) -> None:
    rows = [row(f"M{i}", Received=f"2021|06|01 10.0{i}.00") for i in range(5)]
    imported = read(tmp_path, *rows, by=profile(more='time_formats = ["%Y|%m|%d %H.%M.%S"]'))
    assert imported.calls["received_at"].null_count() == 0


def test_counts_are_kept_by_agency(tmp_path: Path) -> None:
    imported = read(tmp_path, row("A"), row("B", Agency="MBFD", Arrived=""), row("C", Agency=""))
    counts = {(c.column, c.agency): c.missing for c in imported.quality.columns}
    assert counts["first_on_scene_at", ""] == 1
    assert counts["first_on_scene_at", "MBFD"] == 1
    assert counts["first_on_scene_at", "MBPD"] == 0
    assert ("first_on_scene_at", "(not given)") in counts


def test_the_same_file_gives_the_same_report_and_table(tmp_path: Path) -> None:
    rows = [
        row(f"M{i % 7}", Received=f"2021-06-01 09:{i:02d}:00", Arrived="" if i % 3 else "2021-06-01 10:06:30")
        for i in range(50)
    ]
    first, second = read(tmp_path, *rows), read(tmp_path, *rows)
    assert first.quality.to_json() == second.quality.to_json()
    assert first.calls.equals(second.calls)


CELL = st.sampled_from(
    [
        "",
        "NULL",
        "x",
        "2021-06-01 10:00:00",
        "2021-06-01 10:05:00",
        "6/1/2021 9:00",
        "44348.5",
        '"',
        '"a,b"',
        "2021-11-07 01:30:00",
    ]
)
LINES = st.one_of(
    st.lists(CELL, min_size=13, max_size=13).map(",".join),
    st.lists(CELL, min_size=0, max_size=16).map(",".join),
    st.text('ab",;\n\t 1', max_size=40),
    st.just(HEADER),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=1, max_size=25))
def test_rows_in_are_calls_and_rejects_whatever_the_file_looks_like(tmp_path: Path, lines: list[str]) -> None:
    try:
        imported = read(tmp_path, row(), *lines)
    except ExchangeError:
        return
    assert imported.quality.rows_in == imported.calls.height + imported.rejects.height
    validate(imported.calls)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(12)))
def test_the_same_rows_in_another_order_give_the_same_calls_in_that_order(tmp_path: Path, order: list[int]) -> None:
    rows = [
        row(
            f"M{i % 9}",
            Received=f"2021-11-07 01:{i * 4:02d}:00",
            Arrived="" if i % 4 == 0 else "2021-11-07 01:10:00",
        )
        for i in range(12)
    ]
    straight = read(tmp_path, *rows).calls.drop("export_row")
    mixed = read(tmp_path, *(rows[i] for i in order)).calls.drop("export_row")
    assert mixed.equals(straight[order])
