"""The verb `day`: a synthetic day of an invented town, what happened in it, its balance, and one story.

Returns 0 when the day was made and balances, 1 when it does not balance or the core refused what no script
expected, 2 when no record could be made.
"""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from everycall.centre.balance_view import print_balance
from everycall.centre.process import told_by_the_verb
from everycall.centre.show_cli import console_for, story_in
from everycall.centre.story_view import print_trimmed, show_story
from everycall.record import RecordError, SqliteRecord
from everycall.simulate.day import HOURS, DaySummary, run_day
from everycall.simulate.driver import RecordLostError
from everycall.terminal import errors as on_errors
from everycall.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

SHOWN: Final = "a whispered call whose cancellation closed nothing"
"""The story that is told at the end; the others are named with the command that shows them."""


def day(*, output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("day.record"), seed: int = 7) -> int:
    """Make a synthetic day of an invented town: some 290 calls through the whole of Everycall, into a record.

    Args:
        output: The record to make; nothing may be there.
        seed: Any number; each gives another day, and the same one the same day.
    """
    console = console_for()
    errors = on_errors()
    began = time.perf_counter()
    try:
        with told_by_the_verb(), _telling(errors) as tell:
            summary = run_day(output, seed=seed, progress=tell)
        took = time.perf_counter() - began
        _what_happened(summary, took, console)
        console.print()
        balanced = print_balance(output, console)
        _one_story(output, summary, console)
    except RecordLostError as error:
        told = f"The day was cut off: {error}. {output} holds a part of it: take it away, and name a disk with room."
        errors.print(Text("error: ", style="red") + Text(visible(told)))
        return 2
    except (RecordError, OSError) as error:
        errors.print(Text("error: ", style="red") + Text(visible(str(error))))
        return 2
    _next(output, summary, console)
    for met in summary.unexpected:
        told = f"refused against the script: {met.command} in {met.process}: {met.refusal.because}"
        errors.print(Text(told, style="red"))
    return 0 if balanced and summary.balanced and not summary.unexpected else 1


class _telling:  # noqa: N801 - used as a word: with _telling(console) as tell
    """Say on a terminal how far the day is; elsewhere be silent."""

    def __init__(self, console: Console) -> None:
        self._status = console.status("the day begins") if console.is_terminal else None

    def __enter__(self) -> Callable[[int, int], None]:
        if self._status is not None:
            self._status.__enter__()
        return self._hour

    def _hour(self, hours: int, of: int) -> None:
        if self._status is not None:
            self._status.update(f"hour {hours} of {of}")

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.__exit__(None, None, None)


def _what_happened(summary: DaySummary, took: float, console: Console) -> None:
    happened = summary.happened
    console.print(Text("A day in Rivermouth, an invented town", style="bold"))
    console.print(
        f"{summary.calls:,} calls in {HOURS} hours, {summary.commands:,} commands, {summary.events:,} events"
        f"; seed {summary.seed}, made in {took:.1f} s"
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for number, words in (
        (happened["UnitAssigned"], "units sent or reporting in, each with its own times"),
        (happened["StampMissing"], "times that nobody took, each with its reason"),
        (happened["StampCorrected"], "times corrected; the wrong ones stay, struck through"),
        (happened["ResponseWaiting"], "waits for want of a free unit, stamped by the system"),
        (happened["DeadlinePassed"], "deadlines passed, and who was to be told"),
        (happened["HandOverOffered"], "offers to the neighbour: accepted, refused and never answered"),
        (happened["ReviewOpened"], "needs declined or never reached, each looked at by oversight"),
        (len(summary.expected), "commands refused, each with its rule and what to do instead"),
    ):
        table.add_row(f"{number:,}", words)
    print_trimmed(Padding(table, (0, 0, 0, 2)), console)


def _one_story(output: Path, summary: DaySummary, console: Console) -> None:
    incident = summary.worth_a_look.get(SHOWN)
    if incident is None:
        return
    console.print()
    console.print(Rule(Text(SHOWN), style="dim", align="left"))
    with SqliteRecord.open(output, read_only=True) as record:
        story, zone = story_in(record, incident)
    show_story(story, console, zone)


def _next(output: Path, summary: DaySummary, console: Console) -> None:
    name = visible(shlex.quote(str(output)))
    rows = [(f"everycall show {name} {key}", words) for words, key in summary.worth_a_look.items()]
    rows.append((f"everycall balance {name}", "the balance, from the record's bytes"))
    rows.append((f"everycall export {name} -o calls.parquet", "what the audit reads"))
    console.print()
    console.print(Text("Try next", style="bold"))
    width = max(len(command) for command, _ in rows)
    for command, words in rows:
        # A command stays in one line, so that it can be copied.
        line = Text(f"  {command.ljust(width)}  ") + Text(words, style="dim")
        console.print(line, soft_wrap=True)
