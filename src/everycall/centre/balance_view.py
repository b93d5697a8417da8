"""The balance of a record.

Needs received = needs with an outcome + open + spooled, from the bytes of the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from everycall.centre.embedded import spool_path
from everycall.core.balance import Balance, Tally, open_in
from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.state import State
from everycall.core.vocabulary import OUTCOME_NAMES
from everycall.engine.spooling import read_items
from everycall.record import Spool, SqliteRecord
from everycall.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console


UNBALANCED = "IT DOES NOT BALANCE: a need is missing or counted twice."


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What the record says, counted twice: by the fold over its events, and in the tables that they make."""

    centre: str
    facts: Mapping[str, str]
    entries: int
    balance: Balance
    open_requests: int
    open_self_initiated: int
    spooled: int
    spooled_self_initiated: int
    spool_damaged: int

    @property
    def unfinished(self) -> int:
        """How many calls of its export a rebuilt record lacks, because its replay was cut off."""
        if "calls_in_export" not in self.facts:
            return 0
        return max(int(self.facts["calls_in_export"]) - self.balance.calls, 0)

    @property
    def outcomes_lacking(self) -> int:
        """How many outcomes of its export a rebuilt record lacks, because its replay was cut off."""
        settled = self.balance.requests.settled + self.balance.self_initiated.settled
        return max(int(self.facts.get("outcomes_in_export", "0")) - settled, 0)

    @property
    def cut_off(self) -> bool:
        """Whether a rebuilt record lacks something that its export has."""
        return self.unfinished > 0 or self.outcomes_lacking > 0

    @property
    def holds(self) -> bool:
        """Whether every need is accounted for, by both counts."""
        requests, own = self.balance.requests, self.balance.self_initiated
        return (
            requests.received == requests.settled + self.open_requests
            and own.received == own.settled + self.open_self_initiated
            and requests.open == self.open_requests
            and own.open == self.open_self_initiated
            and not self.spool_damaged
        )


def balance_of(path: Path) -> BalanceSheet:
    """Count a record.

    Raises:
        RecordError: there is no usable record.
        UnreadableEventError: an entry cannot be read.
    """
    balance, state = Balance(), State()
    spool = Spool(spool_path(path))
    with SqliteRecord.open(path, read_only=True) as record:
        entries = 0
        for sequence, data in record.read():
            event = decode_event(data).body
            balance.add(event)
            evolve(state, event)
            entries = sequence
        requests, own = open_in(state)
        damaged = len(spool.damage()) if spool.path.exists() else 0
        waiting, unreadable = read_items([item.data for item in spool.items()] if spool.path.exists() else [])
        # One that entered just before a crash stands in both; it counts where it is recorded.
        still = [item for item in waiting.values() if record.find_command(item.command) is None]
        return BalanceSheet(
            centre=record.centre,
            facts=dict(record.facts),
            entries=entries,
            balance=balance,
            open_requests=requests,
            open_self_initiated=own,
            spooled=sum(item.needs for item in still if not item.self_initiated),
            spooled_self_initiated=sum(item.needs for item in still if item.self_initiated),
            spool_damaged=damaged + len(unreadable),
        )


def print_balance(path: Path, console: Console) -> bool:
    """Print the balance of a record; whether it holds."""
    return print_sheet(balance_of(path), console)


def print_sheet(sheet: BalanceSheet, console: Console) -> bool:
    """Print a balance; whether it holds."""
    requests, own = sheet.balance.requests, sheet.balance.self_initiated
    title = f"Balance of {visible(sheet.centre)}: {sheet.balance.calls:,} calls, {sheet.entries:,} entries"
    if sheet.facts.get("reconstructed") == "yes":
        title += ", reconstructed from an export"
    console.print(title, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    table.add_column("needs")
    table.add_column("requests", justify="right")
    table.add_column("self-initiated", justify="right")

    def row(name: str, left: int, right: int, style: str = "") -> None:
        table.add_row(name, f"{left:,}", f"{right:,}", style=style)

    spooled, own_spooled = sheet.spooled, sheet.spooled_self_initiated
    row("received", requests.received + spooled, own.received + own_spooled, "bold")
    for outcome in OUTCOME_NAMES:
        if requests.outcomes[outcome] or own.outcomes[outcome]:
            row(f"  {outcome.replace('_', ' ')}", requests.outcomes[outcome], own.outcomes[outcome])
    row("with an outcome", requests.settled, own.settled)
    row("open", sheet.open_requests, sheet.open_self_initiated)
    row("spooled", spooled, own_spooled)
    console.print(table)
    for line in _verdict(sheet, requests, own):
        console.print(line, markup=False)
    return sheet.holds


def _verdict(sheet: BalanceSheet, requests: Tally, own: Tally) -> list[str]:
    spooled, own_spooled = sheet.spooled, sheet.spooled_self_initiated
    asked = (
        f"requests: {requests.received + spooled:,} received = {requests.settled:,} with an outcome + "
        f"{sheet.open_requests:,} open + {spooled:,} spooled"
    )
    begun = (
        f"self-initiated: {own.received + own_spooled:,} received = {own.settled:,} with an outcome + "
        f"{sheet.open_self_initiated:,} open + {own_spooled:,} spooled"
    )
    lines = [asked, begun]
    if sheet.spool_damaged:
        lines.append(
            f"The spool holds {sheet.spool_damaged} damaged pieces that may be calls: look at them before "
            "anything is cleared."
        )
    if sheet.cut_off:
        lines.append(
            f"Its export has {sheet.unfinished:,} calls and {sheet.outcomes_lacking:,} outcomes more: the replay was "
            "cut off. Go on with it: everycall replay EXPORT --record RECORD --resume."
        )
    balanced = "It balances." if not sheet.cut_off else "What it holds balances; the rest is missing."
    lines.append(balanced if sheet.holds else UNBALANCED)
    return lines
