"""A record as calls table and assignments table: the contract with the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from everycall.centre.rows import RowMaker, TableRow
from everycall.core.events import decode_event
from everycall.exchange.calls_table import ASSIGNMENTS, CALLS, GROUP, INTERVALS, schema_of, validate
from everycall.record import SqliteRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def tables_of(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, Mapping[str, str]]:
    """The calls table, the assignments table, and what the record says about itself.

    Raises:
        RecordError: there is no usable record.
        UnreadableEventError: an entry cannot be read.
        TableError: the rows are no calls table: a fault of this program.
    """
    with SqliteRecord.open(path, read_only=True) as record:
        facts = dict(record.facts)
        maker = RowMaker(record.centre, facts)
        length = record.length()
        for sequence, data in record.read():
            maker.add(decode_event(data).body)
            if progress is not None and sequence % 10_000 == 0:
                progress(sequence, length)
        maker.finish()
    calls = _frame([row for rows in maker.calls.values() for row in rows], schema_of(CALLS))
    calls = _with_intervals(calls, facts)
    validate(calls)
    assignments = _frame([row for rows in maker.assignments.values() for row in rows], schema_of(ASSIGNMENTS))
    # One assignment can serve several calls of its incident; it stands once, with the first of them.
    return calls, assignments.unique("assignment", keep="first", maintain_order=True), facts


def _frame(rows: list[TableRow], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    groups = sorted({name for row in rows for name in row if name.startswith(GROUP)})
    wanted: dict[str, pl.DataType] = {**schema, **dict.fromkeys(groups, pl.String())}
    return pl.DataFrame(
        {
            name: pl.Series(name, [row.get(name) for row in rows], dtype=_plain(dtype)).cast(dtype)
            for name, dtype in wanted.items()
        }
    )


def _plain(dtype: pl.DataType) -> pl.DataType:
    """Instants come as integers: microseconds UTC."""
    return pl.Int64() if isinstance(dtype, pl.Datetime) else dtype


def _with_intervals(calls: pl.DataFrame, facts: Mapping[str, str]) -> pl.DataFrame:
    """Whole seconds, worked out here once: floor of the later minus floor of the earlier."""
    none = frozenset(facts.get("no_intervals", "").split())
    return calls.with_columns(
        [
            (
                pl.lit(None, dtype=pl.Int64)
                if name in none
                else pl.col(end).dt.epoch("us") // 1_000_000 - pl.col(start).dt.epoch("us") // 1_000_000
            ).alias(name)
            for name, (start, end) in INTERVALS.items()
        ]
    )
