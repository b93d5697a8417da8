"""The verb `replay`: a city's export through the core into a record.

Returns 0 when the record holds the whole export and balances, 1 when it does not, 2 when it could not be
made: the export cannot be read, the record cannot be written or is another's, an extra is missing.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from everycall.centre.balance_view import balance_of, print_sheet
from everycall.centre.process import told_by_the_verb
from everycall.core.events import UnreadableEventError
from everycall.exchange.errors import ExchangeError
from everycall.record import RecordError
from everycall.simulate.replay import Replay, ReplayError, ReplayStoppedError
from everycall.simulate.replay_rows import rows_of
from everycall.terminal import errors as on_errors
from everycall.terminal import printer, visible

if TYPE_CHECKING:
    from rich.console import Console

    from everycall.exchange.imported import Imported
    from everycall.simulate.replay import ReplaySummary


def replay(
    source: Path,
    /,
    *,
    record: Annotated[Path, Parameter(name=["--record", "-r"])],
    profile: str | None = None,
    centre: str | None = None,
    resume: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Send every call of a city's export through the core, as commands at their own times, into a new record.

    Args:
        source: The export, as `everycall import` reads it.
        record: The record to make; nothing may be there yet.
        profile: How to read the export: a built-in profile's name or a .toml file. Without it the header
            tells.
        centre: The name of the centre in the record. Without it, that of the profile.
        resume: Go on with a replay that was cut off: the record is there, and export and profile are the same.
    """
    errors = on_errors()
    console = printer()
    try:
        with errors.status("reading the export"):
            imported = _read(source, profile)
        began = time.perf_counter()
        with told_by_the_verb():
            summary = _replay(imported, record, centre, errors, resume=resume)
            sheet = balance_of(record)
    except ModuleNotFoundError as error:
        if error.name not in ("polars", "fastexcel"):
            raise
        errors.print("[red]error:[/red] This verb reads tables: install everycall\\[tables].")
        return 2
    except ReplayStoppedError as error:
        again = shlex.join(
            ["everycall", "replay", str(source), "--record", str(record), "--resume"]
            + (["--profile", profile] if profile else [])
        )
        told = f"{error} What it holds stays: make room on its disk, then go on with {again}"
        errors.print(f"error: {visible(told)}", markup=False)
        return 2
    except (ExchangeError, RecordError, ReplayError, UnreadableEventError, OSError) as error:
        errors.print(f"error: {visible(str(error))}", markup=False)
        return 2
    for limit in imported.profile.limits:
        console.print(f"Know this: {visible(limit)}", markup=False)
    console.print(
        f"{imported.quality.rows_in:,} rows: {imported.calls.height:,} calls, {imported.rejects.height:,} rejects"
    )
    if resume:
        new = summary.commands - summary.known
        console.print(f"{summary.known:,} commands were in the record already, {new:,} were sent now")
    balanced = print_sheet(sheet, console)
    took = time.perf_counter() - began
    show = f"everycall show {shlex.quote(str(record))} C000001"
    console.print(f"{took:.1f} s. Now try: {visible(show)}", markup=False, soft_wrap=True)
    return 0 if balanced and not sheet.cut_off else 1


def _read(source: Path, profile: str | None) -> Imported:
    from everycall.exchange.imported import read_export  # noqa: PLC0415 - needs the extra
    from everycall.exchange.profiles import find_profile  # noqa: PLC0415

    return read_export(source, profile=None if profile is None else find_profile(profile))


def _replay(imported: Imported, path: Path, name: str | None, errors: Console, *, resume: bool) -> ReplaySummary:
    from everycall.simulate.replay_record import facts_of, new_record, resumed_record  # noqa: PLC0415 - needs the extra

    facts = facts_of(imported)
    rows = list(rows_of(imported.calls, imported.assignments))
    opened = resumed_record(path, name, facts) if resume else new_record(path, name or imported.profile.name, facts)
    with opened as held:
        with Progress(
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
        ) as shown:
            task = shown.add_task("calls", total=len(rows))
            sent = Replay(held.engine, held.clock, held.recorded if resume else None)
            summary = sent.run(rows, lambda done: shown.update(task, completed=done))
        held.record.flush()
    return summary
