"""Texts and numbers to instants: formats, serial dates, zones, repeated and skipped hours.

Steps, in order: (1) words that mean nothing are blank; (2) each format is tried on what is still unread, the
profile's first; (3) a local time
is given its zone. An hour that occurs twice is taken as the earlier unless that would put the stamp before
one that came before it; an
hour that does not occur is moved on by the width of the gap. Both are reported, never silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

EXCEL: Final = "excel serial"
EPOCH_SECONDS: Final = "epoch seconds"
EPOCH_MILLISECONDS: Final = "epoch milliseconds"
NUMBERS: Final = (EXCEL, EPOCH_SECONDS, EPOCH_MILLISECONDS)

ISO_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f %#z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f%#z",
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S%.f",
    "%Y%m%dT%H%M%S",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y %I:%M:%S %p",
    "%d-%b-%y %H:%M:%S%.f",
    "%d-%b-%y %I.%M.%S%.f %p",
    "%d-%b-%y %I:%M:%S %p",
    "%b %d %Y %I:%M%p",
    "%b %d %Y %I:%M:%S%p",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S%.f",
    "%d %b %Y %H:%M",
    "%a, %d %b %Y %H:%M:%S %#z",
)
"""Formats that can mean one thing only."""

_CLOCKS: Final = (
    "%H:%M:%S%.f",
    "%I:%M:%S%.f %p",
    "%I:%M:%S%p",
    "%H:%M",
    "%I:%M %p",
    "%I:%M%p",
    "%H:%M:%S%.f%#z",
)
_MONTH_FIRST: Final = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
_DAY_FIRST: Final = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
_DOTTED: Final = ("%d.%m.%Y", "%d.%m.%y")

DATE_FORMATS: Final = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %b %Y",
)
TIME_FORMATS: Final = (
    "%H:%M:%S%.f",
    "%H:%M",
    "%I:%M:%S %p",
    "%I:%M:%S%p",
    "%I:%M %p",
    "%I:%M%p",
    "%H%M%S",
    "%H%M",
)

YEARS: Final = (1970, 2100)
"""Instants outside these years are fillers or misread, and count as unreadable."""


@dataclass(frozen=True)
class Reading:
    """One column read as times.

    Attributes:
        local: naive local times; null where there is none.
        instants: times in UTC, for values that carried an offset; null elsewhere.
        blank: nothing was there.
        unreadable: something was there that is no time.
        date_only: a date without a time of day was there, read as midnight.
        formats: the formats that read at least one value, in the order tried.
    """

    local: pl.Series
    instants: pl.Series
    blank: pl.Series
    unreadable: pl.Series
    date_only: pl.Series
    formats: tuple[str, ...]


def formats_for(*, day_first: bool, own: Sequence[str] = ()) -> tuple[str, ...]:
    """The formats to try, a profile's own before ours.

    02/03/2021 is read with the month first unless `day_first`; dotted dates have the day first everywhere.
    """
    days = (*(_DAY_FIRST if day_first else _MONTH_FIRST), *_DOTTED)
    slashed = tuple(f"{day}{between}{clock}" for clock in _CLOCKS for day in days for between in (" ", ", ", "T"))
    return tuple(dict.fromkeys((*own, *ISO_FORMATS, *slashed, *NUMBERS)))


def date_formats_for(*, day_first: bool) -> tuple[str, ...]:
    """The formats of dates without a time of day."""
    return (*DATE_FORMATS, *(_DAY_FIRST if day_first else _MONTH_FIRST), *_DOTTED)


def read_column(
    column: pl.Series, *, formats: Sequence[str], date_formats: Sequence[str], blanks: frozenset[str]
) -> Reading:
    """Read one column, text or native, as times."""
    size = len(column)
    local = pl.Series("local", [None], dtype=pl.Datetime("us")).new_from_index(0, size)
    instants = pl.Series("instant", [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, size)
    no = pl.Series("no", [False]).new_from_index(0, size) if size else pl.Series("no", [], dtype=pl.Boolean)
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        blank = column.is_null()
        if dtype.time_zone:
            instants = _plausible(column.dt.convert_time_zone("UTC").dt.cast_time_unit("us"))
            bad = instants.is_null() & ~blank
        else:
            local = _plausible(column.dt.cast_time_unit("us"))
            bad = local.is_null() & ~blank
        return Reading(local, instants, blank, bad, no, ("native",))
    if dtype == pl.Date:
        local = _plausible(column.cast(pl.Datetime("us")))
        return Reading(
            local,
            instants,
            column.is_null(),
            local.is_null() & ~column.is_null(),
            ~column.is_null(),
            ("native date",),
        )
    text = column.cast(pl.String).str.strip_chars()
    blank = text.is_null() | text.str.to_lowercase().is_in(sorted(blanks))
    todo = ~blank
    used: list[str] = []
    date_only = no
    for form in formats:
        if not todo.any():
            break
        read = _try(text.filter(todo), form)
        if read.null_count() == len(read):
            continue
        used.append(form)
        at = todo.arg_true()
        got = read.is_not_null()
        if isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone:
            instants = _put(instants, at.filter(got), read.filter(got))
        else:
            local = _put(local, at.filter(got), read.filter(got))
        todo = _put(todo, at.filter(got), pl.Series([False]).new_from_index(0, int(got.sum())))
    for form in date_formats:
        if not todo.any():
            break
        read = _plausible(text.filter(todo).str.to_date(form, strict=False).cast(pl.Datetime("us")))
        got = read.is_not_null()
        if not got.any():
            continue
        used.append(form)
        at = todo.arg_true().filter(got)
        yes = pl.Series([True]).new_from_index(0, len(at))
        local = _put(local, at, read.filter(got))
        date_only = _put(date_only, at, yes)
        todo = _put(todo, at, ~yes)
    return Reading(local, instants, blank, todo, date_only, tuple(used))


def read_clock(column: pl.Series, *, blanks: frozenset[str]) -> tuple[pl.Series, pl.Series]:
    """Times of day as durations since midnight, and where something unreadable stood."""
    if column.dtype == pl.Time:
        return column.cast(pl.Duration("us")), column.is_null() & False
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.cast_time_unit("us") - column.dt.cast_time_unit("us").dt.truncate(
            "1d"
        ), column.is_null() & False
    text = column.cast(pl.String).str.strip_chars()
    blank = text.is_null() | text.str.to_lowercase().is_in(sorted(blanks))
    day = pl.lit("2000-01-01 ")
    # 905 is five past nine, where a spreadsheet ate the zero.
    padded = pl.when(pl.col("t").str.contains(r"^\d{1,3}$")).then(pl.col("t").str.zfill(4)).otherwise(pl.col("t"))
    tries = [(day + padded).str.to_datetime(f"%Y-%m-%d {form}", strict=False, time_unit="us") for form in TIME_FORMATS]
    number = pl.col("t").str.contains(r"^0?\.\d+$|^0$")
    fraction = pl.when(number).then(
        pl.lit("2000-01-01").str.to_datetime("%Y-%m-%d", time_unit="us")
        + pl.duration(microseconds=(pl.col("t").cast(pl.Float64, strict=False) * 86_400).round() * 1_000_000)
    )
    inner = pl.col("t").str.extract(r"(\d{1,2}:\d{2}:\d{2})")
    embedded = (day + inner).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    read = pl.DataFrame({"t": text}).select(pl.coalesce(fraction, *tries, embedded).alias("d"))["d"]
    clock = read - read.dt.truncate("1d")
    clock = pl.select(pl.when(blank).then(None).otherwise(clock)).to_series()
    return clock, clock.is_null() & ~blank


@dataclass(frozen=True)
class Zoned:
    """Local times with their zone.

    Attributes:
        instants: in UTC.
        repeated: the local time occurs twice.
        skipped: the local time does not occur.
    """

    instants: pl.Series
    repeated: pl.Series
    skipped: pl.Series


def to_utc(reading: Reading, zone: str, *, not_before: pl.Series | None) -> Zoned:
    """Give local times their zone.

    Args:
        reading: a column read as times.
        zone: the zone of the centre.
        not_before: instants of the stamp before this one; they tell which of two equal local times is meant.
    """
    local = reading.local
    single = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")
    odd = single.is_null() & local.is_not_null()
    no = odd & False
    if not odd.any():
        instants = single if reading.instants.null_count() == len(local) else _first_of(single, reading.instants)
        return Zoned(instants.alias("instant"), no, no)
    at = odd.arg_true()
    some = local.filter(odd)
    early = some.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    late = some.dt.replace_time_zone(zone, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC")
    gap = early.is_null()
    chosen = early
    if not_before is not None:
        earlier = not_before.filter(odd)
        choose_late = (early < earlier) & (late >= earlier)
        chosen = pl.select(pl.when(choose_late).then(late).otherwise(early)).to_series()
    # A clock that was not put forward shows the old offset: the offset of a day before.
    yesterday = some.dt.offset_by("-1d")
    before = yesterday.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    chosen = pl.select(pl.when(gap).then(before.dt.offset_by("24h")).otherwise(chosen)).to_series()
    single = _put(single, at, chosen)
    repeated = _put(no, at, ~gap)
    skipped = _put(no, at, gap)
    return Zoned(_first_of(single, reading.instants).alias("instant"), repeated, skipped)


def _try(text: pl.Series, form: str) -> pl.Series:
    if form == EXCEL:
        number = text.cast(pl.Float64, strict=False)
        days = number.set(~number.is_between(20_000.0, 80_000.0).fill_null(value=False), None)
        # Day 0 is 1899-12-30, because the serial count believes in a 29 February 1900. Rounded to the
        # millisecond, which is what it can hold.
        micros = ((days - 25_569.0) * 86_400_000.0).round().cast(pl.Int64) * 1000
        return _plausible(micros.cast(pl.Datetime("us")))
    if form in {EPOCH_SECONDS, EPOCH_MILLISECONDS}:
        number = text.cast(pl.Float64, strict=False)
        low, high, factor = (1e8, 5e9, 1e6) if form == EPOCH_SECONDS else (1e11, 5e12, 1e3)
        kept = number.set(~number.is_between(low, high).fill_null(value=False), None)
        return _plausible((kept * factor).round().cast(pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    try:
        return _plausible(text.str.to_datetime(form, strict=False, time_unit="us"))
    except pl.exceptions.PolarsError:
        return pl.Series([None], dtype=pl.Datetime("us")).new_from_index(0, len(text))


def _plausible(times: pl.Series) -> pl.Series:
    inside = times.dt.year().is_between(YEARS[0], YEARS[1] - 1)
    return times if inside.all() and not times.null_count() else times.set(~inside.fill_null(value=False), None)


def _put(into: pl.Series, at: pl.Series, values: pl.Series) -> pl.Series:
    """`into` with `values` at the positions `at`."""
    if len(at) == len(into):
        return values.alias(into.name)
    return into.clone().scatter(at, values) if len(at) else into


def _first_of(a: pl.Series, b: pl.Series) -> pl.Series:
    return pl.select(pl.coalesce(a, b)).to_series()
