"""A reconciliation as people read it. No telephone number is shown: lines are cut to what tells them apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.table import Table

from everycall.centre.reconcile_match import CHANCE_SHIFT, SECOND
from everycall.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from rich.console import Console

    from everycall.centre.reconcile import Basis, How, Reconciliation, SwitchCall
    from everycall.centre.reconcile_hours import HourlyReconciliation

SHOWN: Final = 20
"""So many calls or hours are listed on the screen; all of them with `-o`."""

_DIGITS_OF_A_NUMBER: Final = 7

BASIS_WORDS: Final[dict[Basis, str]] = {
    "ring": "the first ring at the switch with the first ring in the record",
    "answer": "the answer at the switch (for calls nobody answered, their arrival) with the answer in the "
    "record, or its receipt where the record has no time of answer",
    "receipt": "the arrival at the switch with the receipt in the record; when the record's calls rang or "
    "were answered is not recorded, so the wait lies between the two",
}


def line_text(line: str | None) -> str:
    """A line's name; of one that is a telephone number the last two digits."""
    if line is None:
        return ""
    digits = "".join(filter(str.isdigit, line))
    return f"ends in {digits[-2:]}" if len(digits) >= _DIGITS_OF_A_NUMBER else line


def time_text(at: int, zone: tzinfo) -> str:
    """`2026-05-03 14:02:11`, in the zone."""
    return datetime.fromtimestamp(at // SECOND, tz=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def answered_text(call: SwitchCall) -> str:
    """Whether somebody answered."""
    return {True: "answered", False: "abandoned", None: "not said"}[call.answered]


def print_calls(found: Reconciliation, console: Console, zone: tzinfo) -> None:
    """Print a reconciliation call by call."""
    seconds = found.tolerance / SECOND
    console.print(f"Reconciliation of {visible(found.record.centre)}, call by call", style="bold", markup=False)
    for line in _how_compared(found):
        console.print(line, markup=False)
    console.print()
    console.print(_counts(found))
    console.print()
    gone = found.never_entered
    abandoned = [call for call in gone if call.answered is False]
    console.print(f"Abandoned at the switch and not in the record: {len(abandoned):,}", style="bold", markup=False)
    console.print(
        f"Not in the record: {len(gone):,} calls at the switch have no call in the record within "
        f"{seconds:g} s of them that is not another's.",
        markup=False,
    )
    console.print(f"In the record and not at the switch: {len(found.absent):,} calls by telephone.", markup=False)
    unclear = sum(call.doubtful for call in found.calls)
    if unclear:
        console.print(
            f"Doubtful: for {unclear:,} calls at the switch another lies equally near, so which of them was "
            "entered is not known; how many were is.",
            markup=False,
        )
    for line in _certainty(found):
        console.print(line, markup=False)
    if gone:
        console.print()
        console.print(_call_list(gone, zone))
        if len(gone) > SHOWN:
            console.print(f"and {len(gone) - SHOWN:,} more: -o FILE writes all of them.", markup=False)


def _how_compared(found: Reconciliation) -> list[str]:
    lines = [f"Compared: {BASIS_WORDS[found.basis]}; {found.tolerance / SECOND:g} s apart at most."]
    if found.record.reconstructed:
        lines.append("The record was rebuilt from another system's export: it can hold no more than that system kept.")
    moved = abs(found.skew) / SECOND
    way = "later" if found.skew > 0 else "earlier"
    if found.skew and found.skew_from == "given":
        lines.append(f"The switch's times were taken as {moved:g} s {way}, as asked.")
    elif found.skew:
        source = "calls with the same id" if found.skew_from == "ids" else "all times together"
        lines.append(
            f"The record's times lie {moved:.1f} s {way} than the switch's, by the median ({source}): a clock "
            "that is wrong, or the delay until entry. That was taken off; --skew 0 does not."
        )
    if found.repeated_rows:
        lines.append(f"{found.repeated_rows:,} rows of the log are further legs of a call that counts once.")
    if found.foreign_ids:
        lines.append(
            f"{found.foreign_ids:,} ids of the switch stand in the record at quite other times: they are not "
            "taken for the same calls."
        )
    return lines


def _counts(found: Reconciliation) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("calls")
    for name in ("all", "answered", "abandoned"):
        table.add_column(name, justify="right")
    unsaid = found.count(answered=None)
    if unsaid:
        table.add_column("not said", justify="right")

    def row(name: str, how: Sequence[How] | None, style: str = "") -> None:
        cells = [found.count(how=how, answered=which) for which in ("any", True, False)]
        if unsaid:
            cells.append(found.count(how=how, answered=None))
        table.add_row(name, *(f"{count:,}" for count in cells), style=style)

    row("at the switch", None, "bold")
    row("  in the record, by the switch's id", ["id"])
    row("  probably in the record, by time", ["time"])
    row("  perhaps in the record, on another line", ["other_line"])
    row("  not in the record", ["not_found"])
    row("  outside the record's time", ["not_compared"])
    blanks = [""] * (3 if unsaid else 2)
    table.add_row("in the record, by telephone", f"{found.record_compared:,}", *blanks, style="bold")
    matched = found.record_compared - len(found.absent)
    table.add_row("  at the switch", f"{matched:,}", *blanks)
    table.add_row("  not at the switch", f"{len(found.absent):,}", *blanks)
    if found.record_outside:
        table.add_row("outside the log's time", f"{found.record_outside:,}", *blanks)
    return table


def _certainty(found: Reconciliation) -> list[str]:
    by_time = found.count(how=["time", "other_line"])
    if not by_time:
        return []
    text = (
        "By time means probably, not certainly: two different calls can come within "
        f"{found.tolerance / SECOND:g} s. The number not found is the smallest that fits the times."
    )
    if found.tolerance * 2 < CHANCE_SHIFT:
        text += (
            f" By chance alone, with the log moved by {CHANCE_SHIFT // SECOND // 60} minutes, about "
            f"{found.chance:,} would have matched by time."
        )
    return [text]


def _call_list(calls: Sequence[SwitchCall], zone: tzinfo) -> Table:
    table = Table(title="Not in the record", title_justify="left", box=None, pad_edge=False)
    for name in ("row", "time", "line", "", "wait s", "talk s", ""):
        table.add_column(name, justify="right" if name in ("row", "wait s", "talk s") else "left")
    # The abandoned ones first: nobody spoke with them.
    for call in sorted(calls, key=lambda call: (call.answered is not False, call.at))[:SHOWN]:
        table.add_row(
            str(call.row),
            time_text(call.at, zone),
            visible(line_text(call.line)),
            answered_text(call),
            "" if call.wait is None else str(call.wait),
            "" if call.duration is None else str(call.duration),
            "doubtful" if call.doubtful else "",
        )
    return table


def print_hours(found: HourlyReconciliation, console: Console, zone: tzinfo) -> None:
    """Print a reconciliation by hours."""
    console.print(f"Reconciliation of {visible(found.record.centre)}, by hours", style="bold", markup=False)
    for line in _hours_compared(found):
        console.print(line, markup=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("lines")
    for name in ("hours", "at the switch", "answered", "abandoned", "in the record"):
        table.add_column(name, justify="right")
    for group in found.groups:
        figures = [
            len(group.hours),
            *(group.sum(name) for name in ("total", "answered", "abandoned", "entered")),
        ]
        table.add_row(visible(group.name), *(f"{figure:,}" for figure in figures))
    console.print()
    console.print(table)
    console.print()
    for group in found.groups:
        over_all = group.sum("total") - group.sum("entered")
        console.print(
            f"{visible(group.name)}: in {len(group.short):,} of {len(group.hours):,} hours more calls reached the "
            f"switch than the record holds, {group.sum('missing'):,} more in these hours taken together"
            + (f"; over the whole time {over_all:,} more." if over_all > 0 else "; over the whole time no more."),
            markup=False,
        )
        console.print(
            f"  Calls that hung up do not explain {group.sum('missing_answered'):,} of them: so many more were "
            "answered than entered.",
            markup=False,
        )
    console.print(
        "A call is not always a new request: several may be about one incident that was entered once, and a "
        "line that is not for emergencies serves other ends too. Which calls are missing, counts do not say.",
        markup=False,
    )
    short = sorted((hour for group in found.groups for hour in group.short), key=lambda hour: -hour.missing)
    if short:
        console.print()
        listed = Table(title="Most missing in an hour", title_justify="left", box=None, pad_edge=False)
        for name in ("hour", "lines", "at the switch", "abandoned", "in the record", "more"):
            listed.add_column(name, justify="left" if name in ("hour", "lines") else "right")
        for hour in short[:SHOWN]:
            listed.add_row(
                time_text(hour.begins, zone)[:16],
                visible(hour.group),
                *(f"{n:,}" for n in (hour.total, hour.abandoned, hour.entered, hour.missing)),
            )
        console.print(listed)
        if len(short) > SHOWN:
            console.print(f"and {len(short) - SHOWN:,} more hours: -o FILE writes all.", markup=False)


def _hours_compared(found: HourlyReconciliation) -> list[str]:
    lines = ["Compared: calls that reached the switch in an hour with calls that the record has received in it."]
    if found.told_apart:
        for group in found.groups:
            channels = ", ".join(channel.replace("_", " ") for channel in group.channels)
            lines.append(f"Lines {visible(group.name)} with the record's channels {channels}.")
    else:
        lines.append(
            "The record's channels cannot be told apart: it does not say which calls came on which lines. All "
            "lines together are compared with all its calls that may have come by telephone."
        )
    if found.record.reconstructed:
        lines.append("The record was rebuilt from another system's export: it can hold no more than that system kept.")
    if found.perhaps:
        lines.append(
            f"{found.perhaps:,} calls of the record in these hours have a channel that may be the telephone "
            "(not recorded, another agency, an alarm); they are not counted."
        )
    if found.outside:
        lines.append(f"{len(found.outside):,} hours do not lie wholly within the record's time and were not compared.")
    unread = sum(group.no_count for group in found.groups)
    if unread:
        lines.append(f"{unread:,} hours have no count that can be read.")
    if found.do_not_add_up:
        lines.append(
            f"In {found.do_not_add_up:,} hours the table's total is not answered plus abandoned; the sum is used."
        )
    return lines
