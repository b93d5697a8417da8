"""A telephone switch's log, and hourly tables of calls: what reached the centre, entered or not.

The verb that compares it with the record lives elsewhere. A caller's number is a personal value: whoever
stores the frame seals it first.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
import polars as pl

from everycall.exchange.errors import ProfileError, UnknownHeaderError
from everycall.exchange.mapping import as_words
from everycall.exchange.matching import folded
from everycall.exchange.profiles import DEFAULT_BLANKS
from everycall.exchange.reading import REJECT_SCHEMA, RawTable, read_raw
from everycall.exchange.times import date_formats_for, formats_for, read_clock, read_column, to_utc

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANKS: Final = frozenset(DEFAULT_BLANKS)
_INSTANT: Final = pl.Datetime("us", "UTC")

SWITCH_CALLS: Final[dict[str, pl.DataType]] = {
    "row": pl.Int64(),
    "at": _INSTANT,
    "line": pl.String(),
    "emergency": pl.Boolean(),
    "answered": pl.Boolean(),
    "answered_at": _INSTANT,
    "wait_seconds": pl.Int64(),
    "duration_seconds": pl.Int64(),
    "call": pl.String(),
    "number": pl.String(),
}
"""One row a call: line in the file, when it reached the switch, on which line, whether that is an emergency
line, whether and when it was
answered, seconds until then, seconds of talk, the switch's or the centre's id, the caller's number. Null is
not known."""

SWITCH_HOURS: Final[dict[str, pl.DataType]] = {
    "hour": _INSTANT,
    "line_group": pl.String(),
    "answered": pl.Int64(),
    "abandoned": pl.Int64(),
    "total": pl.Int64(),
    "adds_up": pl.Boolean(),
    "repeated_hour": pl.Boolean(),
}
"""One row an hour and group of lines; `adds_up` is false where the table's own total is not answered and
abandoned."""


class LineGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns of one group of lines in an hourly table."""

    answered: list[str]
    abandoned: str
    total: str = ""


class Emergency(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which line names are emergency lines, as regular expressions."""

    lines: str = ""
    not_lines: str = ""


class SwitchProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a switch's log or an hourly table is read.

    Attributes:
        name: its name.
        title: of what.
        kind: `calls`, one row a call, or `hours`, one row an hour.
        zone: the time zone of times without an offset.
        day_first: in slashed dates the day comes first.
        limits: what the file cannot show.
        time: the hour's column, in an hourly table.
        names: for each of time, line, answered, duration, wait, call, number the column names to look for,
            the likeliest first.
        words: words that mean answered, and abandoned.
        emergency: which lines are emergency lines.
        lines: groups of lines in an hourly table.
    """

    name: str
    title: str
    kind: Literal["calls", "hours"]
    zone: str = ""
    day_first: bool = False
    limits: list[str] = []
    time: str = ""
    names: dict[str, list[str]] = {}
    words: dict[str, list[str]] = {}
    emergency: Emergency = Emergency()
    lines: dict[str, LineGroup] = {}


@dataclass(frozen=True)
class SwitchLog:
    """A log or an hourly table, read.

    Attributes:
        profile: how it was read.
        frame: rows as in `SWITCH_CALLS` or `SWITCH_HOURS`, by the profile's kind.
        rejects: rows without a time that can be read, with their line.
        columns: which column of the file stands for what.
        rows_in: rows in the file.
    """

    profile: SwitchProfile
    frame: pl.DataFrame
    rejects: pl.DataFrame
    columns: dict[str, str]
    rows_in: int

    @property
    def hours(self) -> int:
        """Rows of the file that were read, of an hourly table."""
        return self.rows_in - self.rejects.height

    def sums(self) -> list[tuple[str, int, int, int]]:
        """For each group of lines of an hourly table: its name, answered, abandoned, total."""
        by_group = self.frame.group_by("line_group").agg(pl.col("answered", "abandoned", "total").sum())
        return [(str(g), int(a), int(b), int(t)) for g, a, b, t in by_group.sort("line_group").rows()]


@cache
def built_in_switch_profiles() -> tuple[SwitchProfile, ...]:
    """The profiles of switches that come with the package."""
    folder = resources.files("everycall.exchange") / "switches"
    entries = sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)
    return tuple(_parse(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)


def read_switch_profile(path: Path) -> SwitchProfile:
    """Read a profile from a file.

    Raises:
        ProfileError: it cannot be read or used.
    """
    try:
        return _parse(path.read_text(encoding="utf-8-sig"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"the profile {path} cannot be read: {error}") from error


def _parse(text: str, where: str) -> SwitchProfile:
    try:
        return msgspec.convert(tomllib.loads(text), SwitchProfile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ProfileError(f"{where}: {error}") from error


def read_switch_log(path: Path | str, *, profile: SwitchProfile | None = None, zone: str = "") -> SwitchLog:
    """Read a switch's log, or an hourly table.

    Args:
        path: the file.
        profile: how to read it; found by the header where none is given.
        zone: the time zone of times without an offset, where the profile names none.

    Raises:
        ExchangeError: the file cannot be read, or has no column of times that a profile knows.
        ProfileError: times have no offset, and no zone is known.
    """
    path = Path(path)
    raw = read_raw(path)
    by_folded = {folded(name): name for name in reversed(raw.frame.columns)}
    candidates = [profile] if profile else sorted(built_in_switch_profiles(), key=lambda p: p.kind != "hours")
    for candidate in candidates:
        found = _find(candidate, by_folded)
        if found is None:
            continue
        where = zone or candidate.zone
        if candidate.kind == "hours":
            return _hours(raw, candidate, found, where)
        return _calls(raw, candidate, found, where)
    raise UnknownHeaderError(path, unplaced=raw.frame.columns, nearest="", missing=())


def read_hours(path: Path) -> SwitchLog | None:
    """An hourly table of calls, or None where the file is none that a profile knows.

    Raises:
        ExchangeError: the file cannot be read.
    """
    raw = read_raw(path)
    by_folded = {folded(name): name for name in reversed(raw.frame.columns)}
    for profile in built_in_switch_profiles():
        found = _find(profile, by_folded) if profile.kind == "hours" else None
        if found is not None:
            return _hours(raw, profile, found, profile.zone)
    return None


def _find(profile: SwitchProfile, by_folded: Mapping[str, str]) -> dict[str, str] | None:
    if profile.kind == "hours":
        wanted = [profile.time, *(c for g in profile.lines.values() for c in (*g.answered, g.abandoned))]
        if any(folded(name) not in by_folded for name in wanted):
            return None
        return {name: by_folded[folded(name)] for name in wanted} | {
            g.total: by_folded[folded(g.total)] for g in profile.lines.values() if folded(g.total) in by_folded
        }
    found: dict[str, str] = {}
    for what, names in profile.names.items():
        for name in names:
            column = by_folded.get(folded(name))
            if column is not None and column not in found.values():
                found[what] = column
                break
    return found if "time" in found else None


def _instants(
    raw: RawTable, column: str, profile: SwitchProfile, zone: str, not_before: pl.Series | None = None
) -> tuple[pl.Series, pl.Series]:
    """Instants in UTC, and which local times occur twice."""
    reading = read_column(
        raw.frame[column],
        formats=formats_for(day_first=profile.day_first),
        date_formats=date_formats_for(day_first=profile.day_first),
        blanks=_BLANKS,
    )
    if not zone and reading.local.null_count() < len(reading.local):
        raise ProfileError(
            f"{raw.source_name}: the times of {column} have no offset; "
            "say in which time zone they are, such as America/Chicago"
        )
    zoned = to_utc(reading, zone or "UTC", not_before=not_before)
    return zoned.instants, zoned.repeated


def _calls(raw: RawTable, profile: SwitchProfile, found: dict[str, str], zone: str) -> SwitchLog:
    at, _ = _instants(raw, found["time"], profile, zone)
    good = at.is_not_null()
    rejects = pl.concat([raw.rejects, _without_time(raw, ~good, found["time"])]).sort("line", maintain_order=True)
    size = raw.frame.height
    texts = {
        name: as_words(raw.frame[found[name]]) if name in found else pl.repeat(None, size, dtype=pl.String, eager=True)
        for name in ("line", "call", "number")
    }
    answered, answered_at = _answered(raw, profile, found, zone, at)
    wait = _seconds(raw, found.get("wait"))
    gap = (answered_at.dt.epoch("us") // 1_000_000) - (at.dt.epoch("us") // 1_000_000)
    frame = pl.DataFrame(
        {
            "row": raw.lines.cast(pl.Int64),
            "at": at,
            "line": texts["line"],
            "emergency": _emergency(texts["line"], profile.emergency),
            "answered": answered,
            "answered_at": answered_at,
            "wait_seconds": pl.select(pl.coalesce(wait, gap)).to_series(),
            "duration_seconds": _seconds(raw, found.get("duration")),
            "call": texts["call"],
            "number": texts["number"],
        },
        schema=SWITCH_CALLS,
    ).filter(good)
    return SwitchLog(profile, frame, rejects, found, raw.rows_in)


def _answered(
    raw: RawTable, profile: SwitchProfile, found: Mapping[str, str], zone: str, at: pl.Series
) -> tuple[pl.Series, pl.Series]:
    """Whether a call was answered, and when: the column may hold times, yes and no, or words."""
    size = raw.frame.height
    never = pl.Series("t", [None], dtype=_INSTANT).new_from_index(0, size)
    if "answered" not in found:
        return pl.repeat(None, size, dtype=pl.Boolean, eager=True), never
    words = as_words(raw.frame[found["answered"]])
    table = {folded(word): True for word in profile.words.get("answered", [])}
    table |= {folded(word): False for word in profile.words.get("abandoned", [])}
    if folded(found["answered"]) == "abandoned":  # a column that is named the other way round
        table = {
            word: not yes if word in {"yes", "y", "true", "t", "1", "no", "n", "false", "f", "0"} else yes
            for word, yes in table.items()
        }
    known = {word: table[folded(word)] for word in words.unique().drop_nulls() if folded(word) in table}
    said = words.replace_strict(known, default=None, return_dtype=pl.Boolean)
    blank = words.is_null() | words.str.to_lowercase().is_in(sorted(_BLANKS))
    if said.null_count() <= int(blank.sum()):
        return said, never
    times, _ = _instants(raw, found["answered"], profile, zone, at)
    if times.null_count() == size:
        return said, never
    # A column of answer times: an empty field is a call that nobody answered.
    by_time = pl.when(blank).then(pl.lit(value=False)).when(times.is_not_null()).then(pl.lit(value=True))
    return pl.select(pl.coalesce(said, by_time)).to_series(), times


def _seconds(raw: RawTable, column: str | None) -> pl.Series:
    """A duration: a number of seconds, or minutes and seconds written as a time."""
    if column is None:
        return pl.repeat(None, raw.frame.height, dtype=pl.Int64, eager=True)
    words = as_words(raw.frame[column])
    number = words.cast(pl.Float64, strict=False).floor().cast(pl.Int64, strict=False)
    short = words.str.contains(r"^\d+:\d{2}$")
    parts = words.str.split(":")
    minutes = parts.list.get(0, null_on_oob=True).cast(pl.Int64, strict=False) * 60 + parts.list.get(
        1, null_on_oob=True
    ).cast(pl.Int64, strict=False)
    clock, _ = read_clock(words, blanks=_BLANKS)
    whole = clock.dt.total_seconds()
    colons = words.str.contains(":", literal=True)
    return pl.select(pl.when(short).then(minutes).when(colons).then(whole).otherwise(number).cast(pl.Int64)).to_series()


def _emergency(line: pl.Series, emergency: Emergency) -> pl.Series:
    verdicts: dict[str, bool] = {}
    for name in line.unique().drop_nulls():
        if emergency.lines:
            hit = re.search(emergency.lines, name) is not None
            miss = bool(emergency.not_lines) and re.search(emergency.not_lines, name) is not None
            verdicts[name] = hit and not miss
    return line.replace_strict(verdicts, default=None, return_dtype=pl.Boolean)


def _hours(raw: RawTable, profile: SwitchProfile, found: dict[str, str], zone: str) -> SwitchLog:
    hour, repeated = _instants(raw, found[profile.time], profile, zone)
    good = hour.is_not_null()
    frames: list[pl.DataFrame] = []
    for name, group in profile.lines.items():
        counts = {c: _whole(raw.frame[found[c]]) for c in (*group.answered, group.abandoned)}
        answered = pl.DataFrame([counts[c].alias(c) for c in group.answered]).sum_horizontal(ignore_nulls=False)
        abandoned = counts[group.abandoned]
        total = _whole(raw.frame[found[group.total]]) if group.total in found else answered + abandoned
        frames.append(
            pl.DataFrame(
                {
                    "hour": hour,
                    "line_group": [name] * raw.frame.height,
                    "answered": answered,
                    "abandoned": abandoned,
                    "total": total,
                    "adds_up": (answered + abandoned) == total,
                    "repeated_hour": repeated,
                },
                schema=SWITCH_HOURS,
            ).filter(good)
        )
    frame = pl.concat(frames).sort("hour", "line_group", maintain_order=True)
    rejects = pl.concat([raw.rejects, _without_time(raw, ~good, found[profile.time])]).sort("line", maintain_order=True)
    return SwitchLog(profile, frame, rejects, found, raw.rows_in)


def _whole(column: pl.Series) -> pl.Series:
    return as_words(column).cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)


def _without_time(raw: RawTable, rows: pl.Series, column: str) -> pl.DataFrame:
    out = raw.frame.filter(rows)
    text = out.select(
        pl.concat_str([pl.col(c).cast(pl.String, strict=False).fill_null("") for c in out.columns], separator=",")
    )
    return pl.DataFrame(
        {
            "line": raw.lines.filter(rows),
            "reason": [f"no time that can be read in {column}"] * out.height,
            "row": text.to_series(),
        },
        schema=REJECT_SCHEMA,
    )
