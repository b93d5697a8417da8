"""Texts to instants."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from everycall.exchange.profiles import DEFAULT_BLANKS
from everycall.exchange.times import (
    Reading,
    Zoned,
    date_formats_for,
    formats_for,
    read_clock,
    read_column,
    to_utc,
)

BLANKS = frozenset(DEFAULT_BLANKS)


def reading(*values: str | None, day_first: bool = False) -> Reading:
    return read_column(
        pl.Series(values, dtype=pl.String),
        formats=formats_for(day_first=day_first),
        date_formats=date_formats_for(day_first=day_first),
        blanks=BLANKS,
    )


def instant(value: str, zone: str = "America/Chicago", *, day_first: bool = False) -> str:
    moment = to_utc(reading(value, day_first=day_first), zone, not_before=None).instants[0]
    return str(moment.strftime("%Y-%m-%dT%H:%M:%S.%f")).rstrip("0").rstrip(".") if moment else ""


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2021-06-01 10:00:00", "2021-06-01T15:00:00"),
        ("2021-06-01 10:00:00.250", "2021-06-01T15:00:00.25"),
        ("2021-06-01T10:00:00", "2021-06-01T15:00:00"),
        ("2021-06-01T10:00:00Z", "2021-06-01T10:00:00"),
        ("2021-06-01T10:00:00+02:00", "2021-06-01T08:00:00"),
        ("2021-06-01 10:00:00 -0600", "2021-06-01T16:00:00"),
        ("2021-06-01 10:00", "2021-06-01T15:00:00"),
        ("06/01/2021 10:00:00", "2021-06-01T15:00:00"),
        ("6/1/2021 1:05 PM", "2021-06-01T18:05:00"),
        ("6/1/2021 13:05", "2021-06-01T18:05:00"),
        ("6/1/21 13:05", "2021-06-01T18:05:00"),
        ("06/01/2021 12:00:00 AM", "2021-06-01T05:00:00"),
        ("1-Jun-2021 10:00:00", "2021-06-01T15:00:00"),
        ("01-JUN-21 10.00.00.000000 AM", "2021-06-01T15:00:00"),
        ("Jun  1 2021 10:00AM", "2021-06-01T15:00:00"),
        ("1.6.2021 10:00", "2021-06-01T15:00:00"),
        ("20210601100000", "2021-06-01T15:00:00"),
        ("44348.41666667", "2021-06-01T15:00:00"),
        ("1622559600", "2021-06-01T15:00:00"),
        ("1622559600500", "2021-06-01T15:00:00.5"),
    ],
)
def test_a_time_is_read_in_whatever_way_it_is_written(text: str, utc: str) -> None:
    assert instant(text) == utc


def test_slashed_dates_have_the_month_first_unless_the_profile_says_otherwise() -> None:
    assert instant("02/03/2021 10:00:00") == "2021-02-03T16:00:00"
    assert instant("02/03/2021 10:00:00", day_first=True) == "2021-03-02T16:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2021-13-01 10:00:00",
        "2021-02-30 10:00:00",
        "2021-06-01 25:00:00",
        "1900-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "31/12/2021 10:00:00",
        "12",
        "-5",
        "10:00:00",
        "0000-00-00 00:00:00",
        "inf",
        "1e400",
    ],
)
def test_what_is_no_time_is_unreadable_and_never_guessed(text: str) -> None:
    read = reading(text)
    assert read.unreadable.to_list() == [True]
    assert read.local.to_list() == [None]
    assert read.instants.to_list() == [None]


@pytest.mark.parametrize("text", ["", "  ", "NULL", "null", "N/A", "NaN", "-", "None", None])
def test_words_for_nothing_are_blank_and_not_unreadable(text: str | None) -> None:
    read = reading(text)
    assert read.blank.to_list() == [True]
    assert read.unreadable.to_list() == [False]


def test_one_column_may_mix_formats() -> None:
    read = reading("2021-06-01 10:00:00", "6/1/2021 10:00 AM", "44348.41666667", "", "x")
    assert read.local.to_list()[:3] == [datetime(2021, 6, 1, 10)] * 3  # noqa: DTZ001 - local on purpose
    assert read.unreadable.to_list() == [False, False, False, False, True]


def test_a_date_without_a_time_of_day_says_so() -> None:
    assert reading("2021-06-01", "2021-06-01 00:00:00").date_only.to_list() == [True, False]


def zoned(*values: str, zone: str = "America/Chicago", not_before: list[datetime] | None = None) -> Zoned:
    earlier = pl.Series(not_before, dtype=pl.Datetime("us", "UTC")) if not_before else None
    return to_utc(reading(*values), zone, not_before=earlier)


def test_the_repeated_hour_is_read_as_the_earlier_and_said_to_be_repeated() -> None:
    read = zoned("2021-11-07 01:30:00", "2021-11-07 02:30:00")
    assert read.repeated.to_list() == [True, False]
    assert read.instants.to_list() == [
        datetime(2021, 11, 7, 6, 30, tzinfo=UTC),
        datetime(2021, 11, 7, 8, 30, tzinfo=UTC),
    ]


def test_in_the_repeated_hour_the_order_of_stamps_tells_which_one_is_meant() -> None:
    read = zoned("2021-11-07 01:05:00", not_before=[datetime(2021, 11, 7, 6, 57, tzinfo=UTC)])
    assert read.instants.to_list() == [datetime(2021, 11, 7, 7, 5, tzinfo=UTC)]


def test_in_the_repeated_hour_an_order_that_neither_reading_keeps_leaves_the_earlier() -> None:
    read = zoned("2021-11-07 01:05:00", not_before=[datetime(2021, 11, 7, 9, 0, tzinfo=UTC)])
    assert read.instants.to_list() == [datetime(2021, 11, 7, 6, 5, tzinfo=UTC)]


def test_the_skipped_hour_is_read_with_the_offset_of_before_and_said_to_be_skipped() -> None:
    read = zoned("2021-03-14 02:30:00", "2021-03-14 03:30:00")
    assert read.skipped.to_list() == [True, False]
    assert read.instants.to_list() == [
        datetime(2021, 3, 14, 8, 30, tzinfo=UTC),
        datetime(2021, 3, 14, 8, 30, tzinfo=UTC),
    ]


def test_a_zone_whose_clocks_move_by_half_an_hour_is_read_rightly() -> None:
    read = zoned("2021-10-03 02:15:00", zone="Australia/Lord_Howe")
    assert read.skipped.to_list() == [True]
    assert read.instants.to_list() == [datetime(2021, 10, 2, 15, 45, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("23:59:59", 86399),
        ("9:05", 32700),
        ("905", 32700),
        ("1:05 PM", 46800 + 300),
        ("0.5", 43200),
        ("235959", 86399),
    ],
)
def test_a_time_of_day_is_read_however_it_is_written(text: str, seconds: int) -> None:
    clock, bad = read_clock(pl.Series([text]), blanks=BLANKS)
    assert clock.dt.total_seconds().to_list() == [seconds]
    assert bad.to_list() == [False]


@pytest.mark.parametrize("text", ["25:00:00", "noon", "12:61", "99999999"])
def test_what_is_no_time_of_day_is_said_to_be_unreadable(text: str) -> None:
    clock, bad = read_clock(pl.Series([text]), blanks=BLANKS)
    assert clock.to_list() == [None]
    assert bad.to_list() == [True]
