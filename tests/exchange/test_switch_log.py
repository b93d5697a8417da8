"""A telephone switch's log and hourly tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from everycall.exchange.errors import ProfileError, UnknownHeaderError
from everycall.exchange.switch_log import (
    SWITCH_CALLS,
    built_in_switch_profiles,
    read_switch_log,
    read_switch_profile,
)

if TYPE_CHECKING:
    from pathlib import Path

    from everycall.exchange.switch_log import SwitchLog


def log(folder: Path, *lines: str, zone: str = "America/Chicago") -> SwitchLog:
    (folder / "switch.csv").write_text("\n".join(lines) + "\n")
    return read_switch_log(folder / "switch.csv", zone=zone)


def test_columns_are_found_by_their_names_and_times_get_their_zone(tmp_path: Path) -> None:
    read = log(
        tmp_path,
        "Start Time,Trunk,Answered,Duration,Call ID,ANI",
        "2021-06-01 10:00:00,911-2,yes,1:15,c1,555",
    )
    assert list(read.frame.schema) == list(SWITCH_CALLS)
    assert read.frame.row(0, named=True) == {
        "row": 2,
        "at": datetime(2021, 6, 1, 15, tzinfo=UTC),
        "line": "911-2",
        "emergency": True,
        "answered": True,
        "answered_at": None,
        "wait_seconds": None,
        "duration_seconds": 75,
        "call": "c1",
        "number": "555",
    }


def test_answered_may_be_words_or_times_and_blank_times_are_unanswered(tmp_path: Path) -> None:
    words = log(
        tmp_path,
        "time,answered",
        "2021-06-01 10:00:00,Abandoned",
        "2021-06-01 10:00:00,ANSWERED",
        "2021-06-01 10:00:00,",
    )
    assert words.frame["answered"].to_list() == [False, True, None]
    times = log(tmp_path, "time,answer time", "2021-06-01 10:00:00,2021-06-01 10:00:07", "2021-06-01 10:01:00,")
    assert times.frame["answered"].to_list() == [True, False]
    assert times.frame["wait_seconds"].to_list() == [7, None]
    turned = log(tmp_path, "time,abandoned", "2021-06-01 10:00:00,yes", "2021-06-01 10:00:00,no")
    assert turned.frame["answered"].to_list() == [False, True]


@pytest.mark.parametrize(
    ("line", "emergency"),
    [
        ("911", True),
        ("E-911 trunk 3", True),
        ("9-1-1", True),
        ("112", True),
        ("Non-Emergency", False),
        ("ADMIN", False),
        ("", None),
    ],
)
def test_lines_for_emergencies_are_told_by_their_name(tmp_path: Path, line: str, *, emergency: bool | None) -> None:
    assert log(tmp_path, "time,line,duration", f"2021-06-01 10:00:00,{line},5").frame["emergency"].to_list() == [
        emergency
    ]


def test_rows_without_a_time_are_kept_as_rejects_with_their_line(tmp_path: Path) -> None:
    read = log(tmp_path, "time,line", "2021-06-01 10:00:00,911", "later,911", "2021-06-01 10:00:00,911,9")
    assert read.frame.height == 1
    assert read.rejects["line"].to_list() == [3, 4]
    assert read.rows_in == 3


def test_times_without_offset_need_a_zone_and_times_with_one_do_not(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="have no offset"):
        log(tmp_path, "time,line", "2021-06-01 10:00:00,911", zone="")
    assert log(tmp_path, "time,line", "2021-06-01T10:00:00Z,911", zone="").frame["at"][0] == datetime(
        2021, 6, 1, 10, tzinfo=UTC
    )


def test_a_log_without_a_time_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(UnknownHeaderError):
        log(tmp_path, "colour,shape", "red,round")


def test_a_profile_of_ones_own_is_read_strictly(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(
        'name = "p"\ntitle = "P"\nkind = "calls"\nzone = "UTC"\n[names]\ntime = ["quando"]\n'
    )
    (tmp_path / "s.csv").write_text("quando,x\n2021-06-01 10:00:00,1\n")
    read = read_switch_log(tmp_path / "s.csv", profile=read_switch_profile(tmp_path / "p.toml"))
    assert read.frame["at"][0] == datetime(2021, 6, 1, 10, tzinfo=UTC)
    (tmp_path / "q.toml").write_text('name = "q"\ntitle = "Q"\nkind = "calls"\nzeit = "UTC"\n')
    with pytest.raises(ProfileError, match="zeit"):
        read_switch_profile(tmp_path / "q.toml")


def test_the_profiles_that_we_ship_can_be_read() -> None:
    assert [p.kind for p in built_in_switch_profiles()] == ["hours", "calls"]


@pytest.mark.shared
def test_alexandrias_hours_add_up_and_their_percentages_are_not_read(shared_data: Path) -> None:
    read = read_switch_log(shared_data / "calls" / "alexandria_va_decc_phone_hourly_2025w44_w46.csv.gz")
    assert read.profile.kind == "hours"
    assert read.rows_in == 504
    assert read.frame.height == 1008
    assert read.frame["adds_up"].all()
    sums = read.frame.group_by("line_group").agg().sort("line_group")["line_group"].to_list()
    assert sums == ["911", "ADM"]
    emergency = read.frame.filter(read.frame["line_group"] == "911")
    assert (emergency["answered"].sum(), emergency["abandoned"].sum()) == (3397, 1408)
    assert emergency["repeated_hour"].sum() == 1
