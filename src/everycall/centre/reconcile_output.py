"""A reconciliation from a log as it was read, and its outcome as table and as JSON. Without any number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from everycall.centre.reconcile import Reconciliation, SwitchCall, reconcile_calls, switch_calls
from everycall.centre.reconcile_hours import HourlyReconciliation, reconcile_hours
from everycall.centre.reconcile_match import SECOND
from everycall.centre.reconcile_view import answered_text, line_text, print_calls, print_hours
from everycall.exchange.switch_log import built_in_switch_profiles
from everycall.terminal import json_text, visible

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import Console

    from everycall.centre.reconcile_record import RecordCall, RecordSide
    from everycall.exchange.switch_log import SwitchLog

_INSTANT = pl.Datetime("us", "UTC")


def compared(
    side: RecordSide, log: SwitchLog, *, tolerance: int, skew: int | None, emergency_only: bool
) -> Reconciliation | HourlyReconciliation:
    """Compare a log with a record, by calls or by hours as the log is made. Times are microseconds."""
    if log.profile.kind == "hours":
        return hours_of(side, log, emergency_only=emergency_only)
    return calls_of(side, log, tolerance=tolerance, skew=skew, emergency_only=emergency_only)


def frame_of(found: Reconciliation | HourlyReconciliation) -> pl.DataFrame:
    """What does not match, call by call; or every hour that was compared."""
    return calls_frame(found) if isinstance(found, Reconciliation) else hours_frame(found)


def calls_of(
    side: RecordSide, log: SwitchLog, *, tolerance: int, skew: int | None, emergency_only: bool
) -> Reconciliation:
    """Compare a log of calls."""
    calls, repeated = switch_calls(log.frame)
    return reconcile_calls(
        side,
        calls,
        tolerance=tolerance,
        skew=skew,
        emergency_only=emergency_only,
        repeated_rows=repeated,
    )


def hours_of(side: RecordSide, log: SwitchLog, *, emergency_only: bool) -> HourlyReconciliation:
    """Compare an hourly table; which of its groups are emergency lines is told by their names."""
    names = next(profile.emergency for profile in built_in_switch_profiles() if profile.emergency.lines)
    own = log.profile.emergency if log.profile.emergency.lines else names
    return reconcile_hours(side, log.frame, own.lines, own.not_lines or r"(?!)", emergency_only=emergency_only)


def show(found: Reconciliation | HourlyReconciliation, log: SwitchLog, console: Console, zone: tzinfo) -> None:
    """Print it, with what the log itself cannot show first."""
    for limit in log.profile.limits:
        console.print(f"Know this: {visible(limit)}", markup=False)
    if log.rejects.height:
        console.print(
            f"{log.rejects.height:,} of {log.rows_in:,} rows of the log have no time that can be read and are "
            "not compared.",
            markup=False,
        )
    if isinstance(found, Reconciliation):
        print_calls(found, console, zone)
    else:
        print_hours(found, console, zone)


def calls_frame(found: Reconciliation) -> pl.DataFrame:
    """What does not match: calls at the switch without one in the record, the other way, and the doubtful."""
    rows: list[dict[str, object]] = [
        {"status": status, "row": call.row, "at": call.at, "line": line_text(call.line) or None}
        | {"answered": answered_text(call), "wait_seconds": call.wait, "duration_seconds": call.duration}
        | {"call": None if call.call is None else call.call.call, "channel": None, "doubtful": call.doubtful}
        for call in found.calls
        if (status := _status(call)) is not None
    ]
    nothing: dict[str, object] = {"row": None, "line": None, "answered": None, "doubtful": False}
    rows += [
        nothing
        | {"status": "not_at_the_switch", "at": call.received_at, "wait_seconds": None, "duration_seconds": None}
        | {"call": call.call, "channel": call.channel}
        for call in found.absent
    ]
    schema = {
        "status": pl.String(),
        "row": pl.Int64(),
        "at": pl.Int64(),
        "line": pl.String(),
        "answered": pl.String(),
        "wait_seconds": pl.Int64(),
        "duration_seconds": pl.Int64(),
        "call": pl.String(),
        "channel": pl.String(),
        "doubtful": pl.Boolean(),
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("at").cast(_INSTANT)).sort("at", "row", maintain_order=True)


def _status(call: SwitchCall) -> str | None:
    if call.how == "not_found":
        return "not_in_the_record"
    if call.how in ("not_compared", "other_line"):
        return {"not_compared": "outside_the_record", "other_line": "perhaps_on_another_line"}[call.how]
    return "doubtful" if call.doubtful else None


def calls_json(found: Reconciliation, log: SwitchLog) -> dict[str, Any]:
    """The outcome; its values differ in kind."""

    def counted(*, which: bool | str | None) -> dict[str, int]:
        return {
            "received": found.count(answered=which),
            "by_id": found.count(how=["id"], answered=which),
            "by_time": found.count(how=["time"], answered=which),
            "on_another_line": found.count(how=["other_line"], answered=which),
            "not_in_the_record": found.count(how=["not_found"], answered=which),
            "outside_the_record": found.count(how=["not_compared"], answered=which),
        }

    return {
        "kind": "calls",
        "centre": found.record.centre,
        "reconstructed": found.record.reconstructed,
        "compared": found.basis,
        "tolerance_seconds": found.tolerance / SECOND,
        "skew_seconds": found.skew / SECOND,
        "skew_from": found.skew_from,
        "switch": {
            "rows": log.rows_in,
            "rejects": log.rejects.height,
            "repeated_rows": found.repeated_rows,
            "all": counted(which="any"),
            "answered": counted(which=True),
            "abandoned": counted(which=False),
            "not_said": counted(which=None),
        },
        "record": {
            "compared": found.record_compared,
            "at_the_switch": found.record_compared - len(found.absent),
            "not_at_the_switch": len(found.absent),
            "outside_the_log": found.record_outside,
        },
        "doubtful": sum(call.doubtful for call in found.calls),
        "by_chance": found.chance,
        "foreign_ids": found.foreign_ids,
        "not_in_the_record": [
            {
                "row": call.row,
                "at": call.at,
                "line": line_text(call.line),
                "answered": call.answered,
                "wait_seconds": call.wait,
                "duration_seconds": call.duration,
                "doubtful": call.doubtful,
            }
            for call in found.never_entered
        ],
        "not_at_the_switch": [_record_call(call) for call in found.absent],
        "all_entered": found.all_entered,
    }


def _record_call(call: RecordCall) -> dict[str, object]:
    return {"call": call.call, "at": call.received_at, "channel": call.channel}


def hours_frame(found: HourlyReconciliation) -> pl.DataFrame:
    """Every hour that was compared."""
    hours = sorted((hour for group in found.groups for hour in group.hours), key=lambda h: (h.begins, h.group))
    return pl.DataFrame(
        {
            "hour": pl.Series([hour.begins for hour in hours], dtype=pl.Int64).cast(_INSTANT),
            "lines": pl.Series([hour.group for hour in hours], dtype=pl.String),
            **{
                name: pl.Series([getattr(hour, name) for hour in hours], dtype=pl.Int64)
                for name in ("answered", "abandoned", "total", "entered", "missing", "missing_answered")
            },
        }
    )


def hours_json(found: HourlyReconciliation, log: SwitchLog) -> dict[str, Any]:
    """The outcome; its values differ in kind."""
    return {
        "kind": "hours",
        "centre": found.record.centre,
        "reconstructed": found.record.reconstructed,
        "rows": log.rows_in,
        "rejects": log.rejects.height,
        "channels_told_apart": found.told_apart,
        "perhaps_by_telephone": found.perhaps,
        "hours_outside_the_record": len(found.outside),
        "hours_that_do_not_add_up": found.do_not_add_up,
        "groups": [
            {
                "lines": group.name,
                "channels": list(group.channels),
                "hours": len(group.hours),
                "hours_without_count": group.no_count,
                **{
                    name: group.sum(name)
                    for name in ("total", "answered", "abandoned", "entered", "missing", "missing_answered")
                },
                "hours_with_missing": len(group.short),
            }
            for group in found.groups
        ],
        "all_entered": found.all_entered,
    }


def as_json(found: Reconciliation | HourlyReconciliation, log: SwitchLog) -> str:
    """For people and programs."""
    content = calls_json(found, log) if isinstance(found, Reconciliation) else hours_json(found, log)
    return json_text(msgspec.json.encode(content))
