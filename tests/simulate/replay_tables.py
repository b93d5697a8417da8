"""Calls tables that no city ever exported, for the tests of the replay."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from everycall.centre.balance_view import BalanceSheet, balance_of
from everycall.centre.embedded import EmbeddedCentre
from everycall.centre.export import tables_of
from everycall.core.vocabulary import APCO_DISPOSITION_OF, AUDIT_CODE_OF, STAMP_NAMES
from everycall.exchange.calls_table import ASSIGNMENTS, CALL_STAMP_COLUMNS, CALLS, schema_of, validate
from everycall.simulate.replay import Replay, ReplayClock
from everycall.simulate.replay_rows import known_stamps, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOON = 1_590_000_000
"""Seconds since 1970; any would do."""

Given = dict[str, Any]
"""Columns of a row that differ from a plain call; their types differ."""


def at(seconds: float) -> int:
    """An instant so many seconds after noon."""
    return int((NOON + seconds) * 1_000_000)


def call(key: str, **given: Any) -> Given:
    """A row of the calls table: a plain police call, changed by what is given. Stamps are seconds after noon.

    A stamp that is given as text is missing for that reason; one that is not given at all is not in the
    export.
    """
    row: Given = {
        "centre": "marlow_bay",
        "call": key,
        "need": 1,
        "incident": key,
        "original_id": key,
        "export_row": 1,
        "service": "police",
        "channel": "emergency_voice",
        "self_initiated": False,
        "reconstructed": True,
        "first_type": "Alarm",
        "agency": "MBPD",
        "outcome": "not_recorded",
        "outcome_basis": "Disposition=",
        "flags": [],
        "received_at": 0,
    }
    row |= given
    for name in CALL_STAMP_COLUMNS:
        value = row.get(name)
        if isinstance(value, str):
            row[name], row[f"{name}_missing"] = None, value
        elif value is None:
            row[f"{name}_missing"] = "not_in_export"
        else:
            row[name] = at(value)
    outcome = row["outcome"]
    row["audit_code"] = "open" if outcome is None else AUDIT_CODE_OF[outcome]
    row["apco_code"] = None if outcome is None else APCO_DISPOSITION_OF[outcome]
    if outcome is None:
        row["outcome_basis"] = None
    if outcome in ("responded", "unfounded"):
        row.setdefault("contact_made", "not_said")
    elif outcome == "gone_on_arrival":
        row["contact_made"] = "no"
    return row


def assignment(key: str, of: str, unit: str = "U1", **given: Any) -> Given:
    """A row of the assignments table; stamps as in `call`."""
    row: Given = {"centre": "marlow_bay", "call": of, "incident": of, "assignment": key, "unit": unit, "agency": "MBPD"}
    for stamp in STAMP_NAMES:
        value = given.get(stamp)
        if isinstance(value, str):
            row[f"{stamp}_at_missing"] = value
        elif value is None:
            row[f"{stamp}_at_missing"] = "not_in_export"
        else:
            row[f"{stamp}_at"] = at(value)
    return row


def frame(rows: Sequence[Given], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Rows as a table."""
    groups = sorted({name for row in rows for name in row if name.startswith("group_")})
    wanted = {**schema, **dict.fromkeys(groups, pl.String())}
    return pl.DataFrame(
        {
            name: pl.Series(
                [row.get(name) for row in rows],
                dtype=pl.Int64() if isinstance(dtype, pl.Datetime) else dtype,
            ).cast(dtype)
            for name, dtype in wanted.items()
        }
    )


def tables(calls: Sequence[Given], units: Sequence[Given] = ()) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables, checked as an import's are."""
    table = frame(calls, schema_of(CALLS))
    validate(table)
    return table, frame(units, schema_of(ASSIGNMENTS))


class Replayed:
    """What came of a replay: the balance, and the tables that the record is exported as."""

    def __init__(self, calls: pl.DataFrame, units: pl.DataFrame, record: Path | None = None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = record or Path(folder) / "replayed.record"
            clock = ReplayClock()
            facts = {
                "reconstructed": "yes",
                "stamps": " ".join(known_stamps(calls)),
                "unit_stamps": " ".join(known_stamps(units)),
            }
            with EmbeddedCentre.create(path, centre="marlow_bay", facts=facts, clock=clock) as centre:
                rows = list(rows_of(calls, units))
                Replay(centre.engine, clock).run(rows)
                live = centre.engine.state.encoded()
            with EmbeddedCentre.open(path) as again:
                if again.engine.state.encoded() != live:
                    raise AssertionError("the state built again is not the live one")
            self.sheet: BalanceSheet = balance_of(path)
            self.calls, self.units, _ = tables_of(path)

    def row(self, original_id: str) -> Given:
        """The exported row of a call."""
        found = self.calls.filter(pl.col("original_id") == original_id)
        if found.height != 1:
            raise AssertionError(f"{found.height} rows of {original_id}")
        return found.row(0, named=True)


def replayed(calls: Sequence[Given], units: Sequence[Given] = ()) -> Replayed:
    """Replay these rows."""
    return Replayed(*tables(calls, units))


KEPT = [
    name
    for name in schema_of(CALLS)
    # Ids are the record's own, and intervals follow.
    if name not in ("call", "incident", "centre") and not name.endswith("_seconds")
]
"""The columns that come back as they went."""


def differences(before: pl.DataFrame, after: pl.DataFrame) -> dict[str, list[tuple[object, object]]]:
    """Columns in which two calls tables differ, with the first few values."""
    groups = [name for name in before.columns if name.startswith("group_")]
    # A table with repeated ids is compared in an order that both sides have.
    order = ["original_id", *(name for name in KEPT if name.endswith("_at")), "first_type", "last_type"]
    left = before.sort(order, nulls_last=True, maintain_order=True)
    right = after.sort(order, nulls_last=True, maintain_order=True)
    found: dict[str, list[tuple[object, object]]] = {}
    for name in [*KEPT, *groups]:
        there = right[name] if name in right.columns else pl.Series(name, [None] * right.height, dtype=pl.String)
        differ = ~left[name].eq_missing(there)
        if differ.any():
            found[name] = list(zip(left[name].filter(differ)[:3], there.filter(differ)[:3], strict=True))
    return found
