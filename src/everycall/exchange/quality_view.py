"""The quality report on a terminal: limits first, then the balance, then what is odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.markup import escape
from rich.table import Table

from everycall.terminal import visible

if TYPE_CHECKING:
    from rich.console import Console

    from everycall.exchange.quality import ColumnQuality, QualityReport

_CHANCE: Final = 1 / 60
"""By chance one stamp in sixty falls on a whole minute."""


def show(report: QualityReport, console: Console, *, agencies: bool = False) -> None:
    """Print the report.

    Args:
        report: what to print.
        console: where.
        agencies: each agency's counts too.
    """
    console.print(f"[bold]{_safe(report.source)}[/bold]: {_safe(report.title)} (profile {_safe(report.profile)})")
    if report.limits:
        console.print("What this file cannot show:")
        for limit in report.limits:
            console.print(f"  - {_safe(limit)}", soft_wrap=True)
    console.print(
        f"{report.rows_in:,} rows in = {report.calls:,} calls + {report.rejects:,} rejects"
        + (f"; {report.blank_lines:,} blank lines" if report.blank_lines else "")
    )
    for reason, times in report.reject_reasons.items():
        console.print(f"  rejected {times:,}: {_safe(reason)}", soft_wrap=True)
    if report.first_received:
        console.print(f"received from {report.first_received} to {report.last_received}")
    console.print(_outcomes(report))
    console.print(_columns(report, ""))
    console.print(
        "neg.: before the receipt, or below zero; zero: at the receipt, or 0 s; :00: whole minutes; "
        "DST: in a repeated or skipped hour; roll: with the date of the day before",
        style="dim",
    )
    names = sorted({column.agency for column in report.columns if column.agency})
    if agencies:
        for name in names:
            console.print(_columns(report, name))
    elif names:
        console.print(f"{len(names)} agencies: --agencies shows each, --quality FILE.json holds all")
    _odd(report, console)


def _outcomes(report: QualityReport) -> Table:
    table = Table(title="Outcomes", title_justify="left", box=None, pad_edge=False)
    table.add_column("outcome")
    table.add_column("calls", justify="right")
    table.add_column("share", justify="right")
    for outcome, times in report.outcomes.items():
        table.add_row(outcome, f"{times:,}", f"{times / max(report.calls, 1):.1%}")
    return table


def _columns(report: QualityReport, agency: str) -> Table:
    title = f"Columns, {agency}" if agency else "Columns, all agencies"
    table = Table(title=_safe(title), title_justify="left", box=None, pad_edge=False)
    table.add_column("column", no_wrap=True)
    for name in ("missing", "%", "unread", "neg.", "zero", ">24 h", ":00", "DST", "roll"):
        table.add_column(name, justify="right", no_wrap=True)
    absent: list[str] = []
    for column in report.columns:
        if column.agency != agency:
            continue
        if column.missing == column.rows and not column.unreadable:
            absent.append(column.column)
            continue
        table.add_row(
            _safe(column.column),
            _count(column.missing),
            f"{column.missing / max(column.rows, 1):.0%}",
            _count(column.unreadable),
            _count(column.negative),
            _count(column.zero),
            _count(column.over_24h),
            _minutes(column),
            _count(column.repeated_hour + column.skipped_hour),
            _count(column.midnight_rollover),
        )
    if absent:
        table.caption = "never given: " + _safe(", ".join(absent))
        table.caption_justify = "left"
    return table


def _odd(report: QualityReport, console: Console) -> None:
    shown = {
        "self-initiated (declared)": report.self_initiated,
        "rows with a repeated id": report.repeated_ids,
        "of them word for word the same": report.repeated_rows,
        "closed together with many others": report.batch_closed,
        **{
            name: times
            for name, times in report.flags.items()
            if ":" not in name and name not in {"repeated_id", "repeated_row", "batch_closed"}
        },
        **{n: t for n, t in report.flags.items() if n.startswith(("derived:", "arrived_although:", "date_only:"))},
    }
    for name, times in shown.items():
        if times:
            console.print(f"{_safe(name)}: {times:,}")
    for column, words in report.unlisted_words.items():
        some = sorted(words.items(), key=lambda item: (-item[1], item[0]))
        text = ", ".join(f"{word} ({times:,})" for word, times in some[:8])
        more = f" and {len(some) - 8} more" if len(some) > 8 else ""  # noqa: PLR2004 - as many as shown
        console.print(
            f"words of {_safe(column)} that the profile does not list, so that they settle nothing: "
            f"{_safe(text)}{more}",
            soft_wrap=True,
        )
    if report.columns_not_found:
        console.print(f"columns of the profile that are not in the file: {_safe(', '.join(report.columns_not_found))}")
    for remark in report.remarks:
        console.print(f"[dim]{_safe(remark)}[/dim]")


def _safe(text: str) -> str:
    """Words from the file or its profile: neither rich's markup nor the terminal obeys them."""
    return escape(visible(text))


def _count(number: int) -> str:
    return f"{number:,}" if number else "·"


def _minutes(column: ColumnQuality) -> str:
    if column.minute_column:
        return "all"
    there = column.rows - column.missing
    return f"{column.whole_minute:,}" if column.whole_minute > 2 * _CHANCE * max(there, 1) else "·"
