"""The verb `replay`: a city's export through the core into a record."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from everycall.centre.balance_view import print_balance
from everycall.centre.embedded import EmbeddedCentre
from everycall.exchange.errors import ExchangeError
from everycall.record import RecordError
from everycall.simulate.replay import Replay, ReplayClock, ReplayStoppedError, known_stamps, rows_of

if TYPE_CHECKING:
    from everycall.exchange.imported import Imported


def replay(
    source: Path,
    /,
    *,
    record: Annotated[Path, Parameter(name=["--record", "-r"])],
    profile: str | None = None,
    centre: str | None = None,
) -> int:
    """Send every call of a city's export through the core, as commands at their own times, into a new record.

    Args:
        source: The export, as `everycall import` reads it.
        record: The record to make; nothing may be there yet.
        profile: How to read the export: a built-in profile's name or a .toml file. Without it the header
        tells.
        centre: The name of the centre in the record. Without it, that of the profile.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        with errors.status("reading the export"):
            imported = _read(source, profile)
        began = time.perf_counter()
        _replay(imported, record, centre, errors)
    except ModuleNotFoundError as error:
        if error.name not in ("polars", "fastexcel"):
            raise
        errors.print("[red]error:[/red] This verb reads tables: install everycall\\[tables].")
        return 2
    except ExchangeError as error:
        errors.print(f"error: {error}", markup=False)
        return 2
    except (RecordError, ReplayStoppedError) as error:
        errors.print(f"error: {error}", markup=False)
        return 2
    console = Console(highlight=False, emoji=False)
    for limit in imported.profile.limits:
        console.print(f"Know this: {limit}", markup=False)
    console.print(
        f"{imported.quality.rows_in:,} rows: {imported.calls.height:,} calls, {imported.rejects.height:,} rejects"
    )
    balanced = print_balance(record, console)
    console.print(f"{time.perf_counter() - began:.1f} s. Now try: everycall show {record} C000001", markup=False)
    return 0 if balanced else 1


def _read(source: Path, profile: str | None) -> Imported:
    from everycall.exchange.imported import read_export  # noqa: PLC0415 - needs the extra
    from everycall.exchange.profiles import find_profile  # noqa: PLC0415

    return read_export(source, profile=None if profile is None else find_profile(profile))


def _replay(imported: Imported, path: Path, name: str | None, errors: Console) -> None:
    clock = ReplayClock()
    rows = list(rows_of(imported.calls, imported.assignments))
    facts = {
        "reconstructed": "yes",
        "profile": imported.profile.name,
        "profile_sha256": imported.profile.sha256,
        "source": imported.quality.source,
        "source_sha256": imported.quality.source_sha256,
        "zone": imported.profile.zone,
        "limits": "\n".join(imported.profile.limits),
        "stamps": " ".join(known_stamps(imported.calls)),
        "unit_stamps": " ".join(known_stamps(imported.assignments)),
        # Where pick-up is both receipt and answer, the wait for an answer is not known, and not zero.
        "no_intervals": "answer_seconds"
        if imported.calls["answer_seconds"].null_count() == imported.calls.height
        else "",
        "rows_in": str(imported.quality.rows_in),
        "rejects": str(imported.rejects.height),
        "calls_in_export": str(len(rows)),
    }
    with EmbeddedCentre.create(path, centre=name or imported.profile.name, facts=facts, clock=clock) as centre:
        with Progress(
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
        ) as shown:
            task = shown.add_task("calls", total=len(rows))
            Replay(centre.engine, clock).run(rows, lambda done: shown.update(task, completed=done))
        centre.record.flush()
