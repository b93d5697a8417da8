"""What is odd about a row, as words in its `flags`; nothing is cut for being odd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from everycall.exchange.calls_table import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.exchange.mapping import NamedUnits, Outcomes
    from everycall.exchange.profiles import Profile
    from everycall.exchange.stamps import StampColumn

DAY: Final = 86_400
_WORD_BITS: Final = 60

FLAGS: Final[dict[str, str]] = {
    "negative:<interval>": "the interval is below zero",
    "zero:<interval>": "the interval is exactly zero seconds",
    "over_24h:<interval>": "the interval is longer than 24 hours",
    "before_received:<stamp>": "the stamp is earlier than the receipt",
    "unreadable:<stamp>": "something stands there that is no time; it is kept in the original column",
    "date_only:<stamp>": "a date without a time of day, read as midnight; no interval is taken from it",
    "derived:<stamp>": "worked out from a duration that the export gives instead of a time",
    "repeated_hour:<stamp>": "a local time that occurs twice; read as the earlier, or as the order tells",
    "skipped_hour:<stamp>": "a local time that daylight saving skips; read with the offset of before",
    "midnight_rollover:<stamp>": "the stamp seems to carry the date of the day before; kept as it is",
    "midnight_rollover_corrected:<stamp>": "the stamp carried the date of the day before; moved by one day",
    "minute_stamps": "a stamp of the row comes from a column that is kept to the minute only",
    "received_equals_arrived": "arrival and receipt are the same second: perhaps a unit's own activity",
    "repeated_id": "another row of the export has the same id; the call id got a number",
    "repeated_row": "another row of the export is the same, word for word",
    "batch_closed": "many calls were closed in the same second, or minute where the column has no seconds",
    "reopened_after_last_close": "the call was opened again later than the last close that the export knows",
    "desk_only": "only desks of the centre are named as units; their times are no unit's times",
    "arrival_without_time": "the words say that a unit came, and there is no time of arrival",
    "contradicting_words": "the words say two different things about the end, so that they settle nothing",
    "arrived_although:<words>": "a unit came, and the words say something else besides",
}
"""Every flag and what it means; docs/calls-table.md is checked against it."""


@dataclass
class _Flags:
    """Flags by name: one boolean a row."""

    size: int
    found: dict[str, pl.Series]

    def add(self, name: str, rows: pl.Series) -> None:
        if rows.dtype == pl.Boolean and rows.any():
            self.found[name] = rows.fill_null(value=False)


def flag_rows(
    table: pl.DataFrame,
    stamps: Mapping[str, StampColumn],
    *,
    outcomes: Outcomes,
    units: NamedUnits,
    repeated: pl.Series,
    same_row: pl.Series,
    profile: Profile,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The table with its column `flags`, and how many rows have each."""
    flags = _Flags(table.height, {})
    for name in INTERVALS:
        flags.add(f"negative:{name}", table[name] < 0)
        flags.add(f"zero:{name}", table[name] == 0)
        flags.add(f"over_24h:{name}", table[name] > DAY)
    received = stamps["received"].instants
    minute = repeated & False
    for name, column in stamps.items():
        if not column.present:
            flags.add(f"unreadable:{name}_at", column.unreadable)
            continue
        stamp = f"{name}_at"
        flags.add(f"before_received:{stamp}", column.instants < received)
        flags.add(f"unreadable:{stamp}", column.unreadable)
        flags.add(f"date_only:{stamp}", column.date_only)
        flags.add(f"repeated_hour:{stamp}", column.repeated)
        flags.add(f"skipped_hour:{stamp}", column.skipped)
        word = "midnight_rollover_corrected" if column.corrected else "midnight_rollover"
        flags.add(f"{word}:{stamp}", column.rolled)
        if column.derived:
            flags.add(f"derived:{stamp}", column.instants.is_not_null())
        if column.minute:
            minute = minute | column.instants.is_not_null()
    flags.add("minute_stamps", minute)
    arrived = stamps["first_on_scene"]
    flags.add(
        "received_equals_arrived",
        (table["response_seconds"] == 0) & (received == arrived.instants) & ~minute,
    )
    flags.add("repeated_id", repeated)
    flags.add("repeated_row", same_row)
    flags.add("batch_closed", batch_closed(stamps["closed"], profile.batch_size))
    flags.add("reopened_after_last_close", stamps["reopened"].instants > stamps["closed"].instants)
    flags.add("desk_only", units.desk_only)
    came = outcomes.contact.is_not_null()
    flags.add("arrival_without_time", came & arrived.instants.is_null())
    flags.add("contradicting_words", outcomes.contradiction)
    for words in outcomes.although.unique().drop_nulls().sort():
        flags.add(f"arrived_although:{words}", outcomes.although == words)
    counts = {name: int(rows.sum()) for name, rows in flags.found.items()}
    return table.with_columns(_as_list(flags)), counts


def batch_closed(closed: StampColumn, size: int) -> pl.Series:
    """Rows whose close shares its second with so many others.

    In a column of minutes, its minute, and with five times as many.
    """
    instants = closed.instants.dt.truncate("1s")
    least = size * 5 if closed.minute else size
    if instants.null_count() == len(instants):
        return instants.is_null() & False
    frame = pl.DataFrame({"t": instants})
    return frame.select((pl.len().over("t") >= least) & pl.col("t").is_not_null()).to_series()


def _as_list(flags: _Flags) -> pl.Series:
    """Lists from booleans, each distinct set of flags written once."""
    names = list(flags.found)
    if not names:
        return pl.Series("flags", [[]] * flags.size, dtype=pl.List(pl.String))
    words: list[pl.Series] = []
    for start in range(0, len(names), _WORD_BITS):
        some = names[start : start + _WORD_BITS]
        frame = pl.DataFrame([flags.found[name].cast(pl.Int64).alias(str(i)) for i, name in enumerate(some)])
        words.append(frame.select(pl.sum_horizontal(pl.col(str(i)) * (1 << i) for i in range(len(some)))).to_series())
    keys = pl.DataFrame([word.alias(f"w{i}") for i, word in enumerate(words)])
    distinct = keys.unique(maintain_order=True)
    lists = [
        [name for at, name in enumerate(names) if row[at // _WORD_BITS] >> (at % _WORD_BITS) & 1]
        for row in distinct.rows()
    ]
    table = distinct.with_columns(pl.Series("flags", lists, dtype=pl.List(pl.String)))
    return keys.join(table, on=keys.columns, how="left", maintain_order="left")["flags"]
