"""The verb `policy show`: decision tables that a chief can read."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from everycall.policy.output import NotWrittenError, write_file
from everycall.policy.tables.tables import tables_of
from everycall.policy.text import PolicyError, read_policy

if TYPE_CHECKING:
    from everycall.policy.rules import Policy
    from everycall.policy.tables.tables import Table

_WIDEST: Final = 200
_NARROW: Final = 16
_GENERATOR: Final = b'<meta name="generator" content="everycall policy show">'
"""Stands in the template of the page."""


def show_policy(
    policy: Path,
    /,
    *,
    as_: Annotated[Literal["table", "html", "text"], Parameter(name="--as")] = "table",
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
) -> int:
    """Show a policy as decision tables, in the terminal or as a page of HTML.

    Args:
        policy: The policy's text.
        as_: `table` for the terminal, `html` for a page, `text` for the file as it stands.
        output: Where to write it; without it, to the terminal.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        text = policy.read_bytes()
        read = read_policy(text)
        if as_ == "html":
            # Only here: a dispatch floor reads its policy in the terminal.
            from everycall.policy.tables.page import page_of  # noqa: PLC0415

            shown = page_of(read)
        elif as_ == "text":
            shown = text.decode()
        elif output is None:
            show_tables(read, Console(highlight=False, emoji=False))
            return 0
        else:
            told = StringIO()
            show_tables(read, Console(file=told, width=_WIDEST, highlight=False, emoji=False))
            shown = told.getvalue()
        if output is None:
            sys.stdout.write(shown)
        else:
            what, ours = ("page", is_page) if as_ == "html" else ("text", None)
            write_file(output, shown.encode(), what=what, ours=ours)
    except PolicyError as error:
        errors.print(Text(str(error)))
        return 2
    except NotWrittenError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except OSError as error:
        errors.print(Text(f"error: {error.strerror}: {error.filename}. Name a policy's file that can be read."))
        return 2
    except ModuleNotFoundError as error:
        errors.print(Text(f"error: {error.name} is missing. Install it with: pip install 'everycall[policy]'."))
        return 2
    return 0


def is_page(begins: bytes) -> bool:
    """Whether a file that begins so is a page that this verb wrote."""
    return begins.lower().startswith(b"<!doctype html>") and _GENERATOR in begins


def show_tables(policy: Policy, console: Console) -> None:
    """Print all tables of a policy."""
    heading = policy.heading
    console.print(Text(f"{heading.title} ({heading.version})", style="bold"))
    console.print(Text(f"{heading.author}; {heading.authority}. {heading.reason}"))
    console.print(Text(f"SHA-256 {policy.hash}", style="dim"))
    for table in tables_of(policy):
        console.print()
        console.print(Text(table.title, style="bold") + Text(f"  {table.says}", style="dim"))
        console.print(_grid(table, console.width))


def _grid(table: Table, width: int) -> Grid:
    """As a grid where that fits; else one row a rule, with what it asks and what it gives side by side."""
    names = (*table.asks, *table.gives)
    if len(names) * _NARROW <= width:
        grid = Grid(show_lines=True)
        for name in names:
            grid.add_column(name, overflow="fold")
        for row in table.rows:
            grid.add_row(*[Text(cell) for cell in row])
        return grid
    grid = Grid(show_lines=True, expand=True)
    grid.add_column(" / ".join(table.asks[:1]), overflow="fold", ratio=3)
    grid.add_column("asks", overflow="fold", ratio=4)
    grid.add_column("gives", overflow="fold", ratio=5)
    split = len(table.asks)
    for row in table.rows:
        line = f" (line {row[1]})" if "line" in table.asks and row[1] else ""
        asks = [
            f"{name}: {cell}"
            for name, cell in zip(table.asks[1:], row[1:split], strict=True)
            if cell and name != "line"
        ]
        gives = [f"{name}: {cell}" for name, cell in zip(table.gives, row[split:], strict=True) if cell]
        grid.add_row(Text(row[0] + line), Text("\n".join(asks) or "any call"), Text("\n".join(gives)))
    return grid
