"""The stamps of a profile, read from the columns of a file: instants in UTC, with what is odd about each.

No stamp is worked out from another, except where the export gives a duration only; such a one is marked as
derived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.errors import TimeFormatError
from everycall.exchange.profiles import CALL_STAMPS, DEFAULT_BLANKS, UNIT_STAMPS
from everycall.exchange.times import (
    Reading,
    Zoned,
    date_formats_for,
    formats_for,
    read_clock,
    read_column,
    to_utc,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.exchange.profiles import Profile, Stamp
    from everycall.exchange.reading import RawTable

DAY: Final = 86_400
_ENOUGH: Final = 3
"""So few values or fewer can all be unreadable without the format being wrong."""
_MINUTE_SHARE: Final = 0.95
_MINUTE_ROWS: Final = 20


@dataclass(frozen=True)
class StampColumn:
    """One stamp of every row.

    Attributes:
        name: the stamp's name, as in the profile.
        source: the columns it came from, for the reader; empty where the export has none.
        instants: in UTC; null where missing.
        missing: the reason where null.
        unreadable: something stood there that is no time.
        date_only: a date without a time of day: read as midnight, and no interval is taken from it.
        repeated: in an hour that daylight saving repeats.
        skipped: in an hour that it skips.
        rolled: earlier than the receipt as if its date had been left at the day of the call.
        corrected: such ones were moved by a day.
        derived: worked out from a duration.
        minute: the whole column is kept to the minute only.
    """

    name: str
    source: str
    instants: pl.Series
    missing: pl.Series
    unreadable: pl.Series
    date_only: pl.Series
    repeated: pl.Series
    skipped: pl.Series
    rolled: pl.Series
    corrected: bool
    derived: bool
    minute: bool

    @property
    def present(self) -> bool:
        """Whether the export has this stamp at all."""
        return bool(self.source)

    def filtered(self, rows: pl.Series) -> StampColumn:
        """The stamp of some rows."""
        return replace(
            self,
            instants=self.instants.filter(rows),
            missing=self.missing.filter(rows),
            unreadable=self.unreadable.filter(rows),
            date_only=self.date_only.filter(rows),
            repeated=self.repeated.filter(rows),
            skipped=self.skipped.filter(rows),
            rolled=self.rolled.filter(rows),
        )


def read_stamps(raw: RawTable, profile: Profile, placed: Mapping[str, str]) -> dict[str, StampColumn]:
    """Read every stamp that the profile names; the others of the calls table come back empty.

    Raises:
        TimeFormatError: most values of a column are no times in any format tried.
    """
    found: dict[str, StampColumn] = {}
    latest: pl.Series | None = None
    for name in (*CALL_STAMPS, *(n for n in UNIT_STAMPS if n in profile.stamps)):
        source = profile.stamp(name)
        columns = [placed[c] for c in source.sources if c in placed] if source else []
        if source is None or not columns or (source.date and len(columns) < len(source.sources)):
            found[name] = _absent(name, raw.frame.height)
            continue
        if source.after:
            column = _derived(raw, source, placed, found, name)
        else:
            column = _read_one(raw, profile, source, placed, name, latest)
            if name != "received":
                column = _roll_over(column, found["received"], profile)
        found[name] = column
        if name != "reopened":
            latest = column.instants if latest is None else _later(latest, column.instants)
    return found


def without(column: StampColumn, rows: pl.Series) -> StampColumn:
    """The stamp, taken away on some rows because it is of no unit in the field."""
    if not column.present or not rows.any():
        return column
    no = rows & False
    return replace(
        column,
        instants=column.instants.set(rows, None),
        missing=_when(rows, pl.lit("does_not_apply"), column.missing),
        unreadable=column.unreadable & ~rows,
        date_only=column.date_only & ~rows,
        repeated=column.repeated & ~rows,
        skipped=column.skipped & ~rows,
        rolled=column.rolled & ~rows if column.rolled.any() else no,
    )


def _read_one(
    raw: RawTable,
    profile: Profile,
    source: Stamp,
    placed: Mapping[str, str],
    name: str,
    latest: pl.Series | None,
) -> StampColumn:
    blanks = frozenset((*DEFAULT_BLANKS, *(word.casefold() for word in profile.blanks)))
    if source.date:
        label = f"{placed[source.date]} + {placed[source.time]}"
        readings = [(label, _date_and_time(raw, profile, placed[source.date], placed[source.time], blanks))]
    else:
        names = [placed[c] for c in source.sources if c in placed]
        readings = [(c, _read_text(raw.frame[c], profile, blanks)) for c in names]
    zoned: list[tuple[Reading, Zoned]] = []
    for label, reading in readings:
        _refuse_wrong_format(raw, label, reading, profile)
        zoned.append((reading, to_utc(reading, profile.zone, not_before=latest)))
    reading, zone = zoned[0]
    instants, repeated, skipped = zone.instants, zone.repeated, zone.skipped
    unreadable, blank, date_only = reading.unreadable, reading.blank, reading.date_only
    for other, moved in zoned[1:]:
        better = _better(source.take, instants, moved.instants)
        instants = _when(better, moved.instants, instants)
        repeated = _when(better, moved.repeated, repeated)
        skipped = _when(better, moved.skipped, skipped)
        date_only = _when(better, other.date_only, date_only)
        unreadable = unreadable | other.unreadable
        blank = blank & other.blank
    unreadable = unreadable & instants.is_null()
    reason = "does_not_apply" if name == "reopened" else "blank"
    missing = pl.select(
        pl.when(instants.is_not_null()).then(None).when(unreadable).then(pl.lit("unreadable")).otherwise(pl.lit(reason))
    ).to_series()
    return StampColumn(
        name=name,
        source=", ".join(label for label, _ in readings),
        instants=instants,
        missing=missing,
        unreadable=unreadable,
        date_only=date_only & instants.is_not_null(),
        repeated=repeated,
        skipped=skipped,
        rolled=instants.is_null() & False,
        corrected=False,
        derived=False,
        minute=_kept_to_the_minute(instants, date_only),
    )


def _read_text(column: pl.Series, profile: Profile, blanks: frozenset[str]) -> Reading:
    return read_column(
        column,
        formats=formats_for(day_first=profile.day_first, own=profile.time_formats),
        date_formats=date_formats_for(day_first=profile.day_first),
        blanks=blanks,
    )


def _date_and_time(raw: RawTable, profile: Profile, date: str, time: str, blanks: frozenset[str]) -> Reading:
    """A date column and a time-of-day column as one."""
    day = _read_text(raw.frame[date], profile, blanks)
    clock, bad_clock = read_clock(raw.frame[time], blanks=blanks)
    local = (day.local.dt.truncate("1d") + clock).cast(pl.Datetime("us"))
    blank = (day.blank & (clock.is_null() & ~bad_clock)) | (clock.is_null() & ~bad_clock)
    unreadable = (day.unreadable | bad_clock | (day.blank & clock.is_not_null())) & ~blank
    none = pl.Series("instant", [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, len(local))
    return Reading(local, none, blank, unreadable & local.is_null(), blank & False, day.formats)


def _derived(
    raw: RawTable, source: Stamp, placed: Mapping[str, str], found: Mapping[str, StampColumn], name: str
) -> StampColumn:
    column = raw.frame[placed[source.column]]
    number = column.cast(pl.Float64, strict=False)
    text = column.cast(pl.String).str.strip_chars()
    blank = text.is_null() | (text == "")
    factor = 1_000_000 if source.unit == "seconds" else 60_000_000
    usable = number.is_finite().fill_null(value=False) & (number.abs() < 3650.0 * DAY)
    micros = (number.set(~usable, None) * factor).round().cast(pl.Int64)
    base = found[source.after].instants
    instants = (base + micros.cast(pl.Duration("us"))).alias("instant")
    bad = ~blank & ~usable
    missing = pl.select(
        pl.when(instants.is_not_null()).then(None).when(bad).then(pl.lit("unreadable")).otherwise(pl.lit("blank"))
    ).to_series()
    no = blank & False
    after = found[source.after]
    return StampColumn(
        name=name,
        source=placed[source.column],
        instants=instants,
        missing=missing,
        unreadable=bad,
        date_only=after.date_only & instants.is_not_null(),
        repeated=no,
        skipped=no,
        rolled=no,
        corrected=False,
        derived=True,
        minute=False,
    )


def _roll_over(column: StampColumn, received: StampColumn, profile: Profile) -> StampColumn:
    """A stamp after midnight that still carries the date of the call is nearly a day before the receipt."""
    gap = (received.instants - column.instants).dt.total_seconds()
    rolled = gap.is_between(profile.midnight_rollover_hours * 3600, DAY, closed="both").fill_null(value=False)
    rolled = rolled & ~column.date_only & ~received.date_only
    if not rolled.any():
        return column
    if profile.midnight_rollover == "keep":
        return replace(column, rolled=rolled)
    at = rolled.arg_true()
    some = (
        column.instants.filter(rolled).dt.convert_time_zone(profile.zone).dt.replace_time_zone(None).dt.offset_by("1d")
    )
    none = pl.Series("instant", [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, len(some))
    no = some.is_null() & False
    moved = to_utc(Reading(some, none, no, no, no, ()), profile.zone, not_before=received.instants.filter(rolled))
    return replace(column, instants=column.instants.clone().scatter(at, moved.instants), rolled=rolled, corrected=True)


def _refuse_wrong_format(raw: RawTable, label: str, reading: Reading, profile: Profile) -> None:
    there = int((~reading.blank).sum())
    bad = int(reading.unreadable.sum())
    if there <= _ENOUGH or bad * 2 <= there:
        return
    at = int(reading.unreadable.arg_true()[0])
    column = label.rsplit(" + ", maxsplit=1)[-1]
    value = raw.frame[column].cast(pl.String)[at]
    tried = [
        *profile.time_formats,
        *(f for f in formats_for(day_first=profile.day_first) if f not in profile.time_formats),
    ]
    hint = "" if profile.day_first else " If the day stands before the month, set day_first = true in the profile;"
    raise TimeFormatError(
        f"{raw.source_name}: column {label}, line {raw.lines[at]}: {value!r} is not a time; "
        f"{bad} of {there} values are not. "
        f"Tried {', '.join(tried[:12])} and {max(len(tried) - 12, 0)} more.{hint} otherwise give its form in "
        f'time_formats, such as time_formats = ["%d/%m/%Y %H:%M:%S"]'
    )


def _absent(name: str, size: int) -> StampColumn:
    no = pl.repeat(value=False, n=size, dtype=pl.Boolean, eager=True)
    return StampColumn(
        name=name,
        source="",
        instants=pl.Series("instant", [None], dtype=pl.Datetime("us", "UTC")).new_from_index(0, size),
        missing=pl.repeat("not_in_export", size, dtype=pl.String, eager=True),
        unreadable=no,
        date_only=no,
        repeated=no,
        skipped=no,
        rolled=no,
        corrected=False,
        derived=False,
        minute=False,
    )


def _kept_to_the_minute(instants: pl.Series, date_only: pl.Series) -> bool:
    times = instants.filter(~date_only).drop_nulls()
    if len(times) < _MINUTE_ROWS:
        return False
    whole = times.dt.second().eq(0) & times.dt.microsecond().eq(0)
    return int(whole.sum()) >= _MINUTE_SHARE * len(times)


def _better(take: str, now: pl.Series, other: pl.Series) -> pl.Series:
    fills = now.is_null() & other.is_not_null()
    if take == "earliest":
        return fills | (other < now).fill_null(value=False)
    if take == "latest":
        return fills | (other > now).fill_null(value=False)
    return fills


def _later(a: pl.Series, b: pl.Series) -> pl.Series:
    return pl.select(pl.max_horizontal(a, b)).to_series()


def _when(condition: pl.Series, yes: pl.Series | pl.Expr, no: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(yes).otherwise(no)).to_series()
