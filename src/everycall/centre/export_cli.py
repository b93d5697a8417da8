"""The verb `export`: a record as calls table and assignments table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from everycall.core.events import UnreadableEventError
from everycall.record import RecordError
from everycall.terminal import Terminal, visible
from everycall.terminal import errors as on_errors


def export(
    record: Path,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    assignments: Path | None = None,
    spreadsheet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a record as calls table, and its assignments table beside it.

    Args:
        record: The record.
        output: The calls table to write: .parquet, .csv or .csv.gz.
        assignments: Where the assignments table goes; without it, beside the output as NAME.assignments.
        spreadsheet: For CSV that is to be opened in a spreadsheet: cells that it would take for formulas get an
            apostrophe before them. Not to be read back as tables.
    """
    errors = on_errors()
    try:
        from everycall.centre.export import tables_of  # noqa: PLC0415 - needs the extra
        from everycall.exchange.calls_table import keep_inputs, write_table  # noqa: PLC0415 - with it
        from everycall.exchange.errors import ExchangeError  # noqa: PLC0415 - with it
        from everycall.exchange.spreadsheets import csv_only  # noqa: PLC0415 - with it
    except ModuleNotFoundError as error:
        if error.name != "polars":
            raise
        errors.print("error: This verb writes tables: install everycall[tables].", markup=False)
        return 2
    beside = assignments or beside_of(output)
    try:
        keep_inputs((record,), (output, beside))
        if spreadsheet:
            csv_only((output, beside))
        with errors.status("reading the record") as status:
            calls, units, facts = tables_of(
                record, lambda done, length: status.update(f"reading the record: {done:,} of {length:,}")
            )
        about = {f"everycall.{name}": value for name, value in facts.items()}
        write_table(calls, output, about, spreadsheet=spreadsheet)
        write_table(units, beside, about, spreadsheet=spreadsheet)
    except (RecordError, UnreadableEventError, ExchangeError) as error:
        errors.print(f"error: {visible(str(error))}", markup=False)
        return 2
    console = Terminal(highlight=False, emoji=False, soft_wrap=True)
    console.print(f"{calls.height:,} calls and needs in {visible(str(output))}", markup=False)
    console.print(f"{units.height:,} assignments in {visible(str(beside))}", markup=False)
    return 0


def beside_of(output: Path) -> Path:
    """calls.parquet has calls.assignments.parquet beside it."""
    name, _, suffix = output.name.partition(".")
    return output.with_name(f"{name}.assignments.{suffix}" if suffix else f"{name}.assignments")
