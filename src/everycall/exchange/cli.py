"""The verb `import`: an export in, the calls table out, and what is to be said about its quality.

Returns 0 when the table was made, 1 when the file could not be read or does not fit, 2 when the command or
its surroundings are wrong (an unusable
profile, an output that cannot be written, a missing extra).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from everycall.exchange.errors import (
    ExchangeError,
    MissingExtraError,
    OutputError,
    ProfileError,
    UnknownHeaderError,
)
from everycall.terminal import Terminal, printer, visible
from everycall.terminal import errors as on_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from everycall.exchange.imported import Imported

TABLE_LIBRARIES = ("polars", "fastexcel")


def import_export(
    source: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    profile: str | None = None,
    quality: Path | None = None,
    rejects: Path | None = None,
    assignments: Path | None = None,
    start_profile: Path | None = None,
    agencies: bool = False,
    spreadsheet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Import a city's export into the calls table, with a quality report.

    Args:
        source: CSV (also .gz, .zip), Excel, Parquet, or Portland's Atom feed.
        output: The calls table to write: .parquet, .csv or .csv.gz. Without it only the quality report is
            shown.
        profile: How to read the file: the name of a built-in profile or a .toml file. Without it the header
            tells.
        quality: Write the quality report as JSON here as well.
        rejects: Where rows that became no call are kept. Without it, beside the output as NAME.rejects.csv if
            there are any.
        assignments: Write the assignments table here as well.
        start_profile: Write a profile for this file to fill in, and import nothing.
        agencies: Show the counts of each agency too.
        spreadsheet: For CSV that is to be opened in a spreadsheet: cells that it would take for formulas get an
            apostrophe before them. The rejects always do.
    """
    errors = on_errors()
    try:
        from everycall.exchange.calls_table import keep_inputs  # noqa: PLC0415 - needs the extra
        from everycall.exchange.spreadsheets import csv_only  # noqa: PLC0415 - with it

        with _telling(errors) as tell:
            keep_inputs(
                (source, Path(profile) if profile else None), (output, quality, rejects, assignments, start_profile)
            )
            if spreadsheet:
                csv_only((output, assignments))
            if start_profile is not None:
                return _start(source, start_profile, errors)
            try:
                imported = _read(source, profile, tell)
            except UnknownHeaderError:
                if profile is None and _hours(source, output, spreadsheet=spreadsheet):
                    return 0
                raise
            written = _write(imported, output, quality, rejects, assignments, tell, spreadsheet=spreadsheet)
        _show(imported, written, agencies=agencies)
    except (ProfileError, OutputError, MissingExtraError) as error:
        errors.print(f"[red]error:[/red] {_safe(str(error))}")
        return 2
    except ExchangeError as error:
        errors.print(f"[red]error:[/red] {_safe(str(error))}")
        return 1
    except ModuleNotFoundError as error:
        if error.name not in TABLE_LIBRARIES:
            raise
        errors.print(f"[red]error:[/red] {_safe(str(MissingExtraError(error.name)))}")
        return 2
    return 0


def _read(source: Path, profile: str | None, tell: Callable[[str], None]) -> Imported:
    from everycall.exchange.imported import read_export  # noqa: PLC0415 - needs the extra
    from everycall.exchange.profiles import find_profile  # noqa: PLC0415 - with it

    return read_export(source, profile=find_profile(profile) if profile else None, progress=tell)


def _hours(source: Path, output: Path | None, *, spreadsheet: bool) -> bool:
    """Whether the file is an hourly table of telephone calls; if so, show its sums and write its hours."""
    from everycall.exchange.calls_table import write_table  # noqa: PLC0415 - needs the extra
    from everycall.exchange.switch_log import read_hours  # noqa: PLC0415 - with it

    table = read_hours(source)
    if table is None:
        return False
    console = Terminal(highlight=False, emoji=False, soft_wrap=True)
    console.print(f"[bold]{_safe(source.name)}[/bold]: {_safe(table.profile.title)}; no calls, counts by hour")
    for limit in table.profile.limits:
        console.print(f"  - {_safe(limit)}")
    console.print(f"{table.rows_in:,} rows in = {table.hours:,} hours + {table.rejects.height:,} rejects")
    for group, answered, abandoned, total in table.sums():
        console.print(f"{_safe(group)}: {total:,} calls = {answered:,} answered + {abandoned:,} abandoned")
    if output is not None:
        write_table(table.frame, output, spreadsheet=spreadsheet)
        console.print(f"hours: {_safe(str(output))}")
    return True


def _write(
    imported: Imported,
    output: Path | None,
    quality: Path | None,
    rejects: Path | None,
    assignments: Path | None,
    tell: Callable[[str], None],
    *,
    spreadsheet: bool,
) -> list[tuple[str, Path]]:
    """Write what was asked for; the calls table last, so that a table that is there has its companions."""
    from everycall.exchange.calls_table import write_file, write_table  # noqa: PLC0415 - needs the extra

    tell("writing")
    written: list[tuple[str, Path]] = []
    if rejects is None and output is not None and output.name:
        beside = output.with_name(output.name.split(".")[0] + ".rejects.csv")
        rejects = beside if imported.rejects.height or beside.exists() else None
    if rejects is not None:
        write_table(imported.rejects, rejects, spreadsheet=True)
        written.append(("rejects", rejects))
    if quality is not None:
        write_file(imported.quality.to_json(), quality)
        written.append(("quality report", quality))
    if assignments is not None:
        write_table(imported.assignments, assignments, imported.metadata(), spreadsheet=spreadsheet)
        written.append(("assignments table", assignments))
    if output is not None:
        write_table(imported.calls, output, imported.metadata(), spreadsheet=spreadsheet)
        written.append(("calls table", output))
    return written


def _show(imported: Imported, written: list[tuple[str, Path]], *, agencies: bool) -> None:
    from everycall.exchange.quality_view import show  # noqa: PLC0415 - needs the extra

    console = printer()
    show(imported.quality, console, agencies=agencies)
    for what, path in written:
        console.print(f"{what}: {_safe(str(path))}", soft_wrap=True)
    if not any(what == "calls table" for what, _ in written):
        console.print("no table was written: give -o calls.parquet")


def _start(source: Path, target: Path, console: Console) -> int:
    from everycall.exchange.calls_table import write_file  # noqa: PLC0415 - needs the extra
    from everycall.exchange.reading import read_raw  # noqa: PLC0415 - with it
    from everycall.exchange.starter import start_profile  # noqa: PLC0415 - with it

    if target.exists():
        raise OutputError(
            f"{target} is there already, and a profile that was filled in is not overwritten; name another"
        )
    text = start_profile(read_raw(source), target.stem)
    write_file(text.encode(), target)
    console.print(
        f"wrote {_safe(str(target))}: fill in the zone, check the lines marked GUESS and UNCERTAIN, then "
        f"everycall import {_safe(source.name)} --profile {_safe(target.name)} -o calls.parquet"
    )
    return 0


@contextlib.contextmanager
def _telling(console: Console) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done; elsewhere be silent."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("reading") as status:
        yield lambda text: status.update(_safe(text))


def _safe(text: str) -> str:
    """Text for rich: brackets are not its markup, and nothing in it steers the terminal."""
    from rich.markup import escape  # noqa: PLC0415 - one word

    return escape(visible(text))
