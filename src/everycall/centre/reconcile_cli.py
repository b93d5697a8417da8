"""The verb `reconcile`: a telephone switch's log against the record."""

from __future__ import annotations

import sys
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cyclopts import Parameter

from everycall.core.events import UnreadableEventError
from everycall.record import RecordError
from everycall.terminal import errors as on_errors
from everycall.terminal import printer, visible

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import Console

    from everycall.centre.reconcile import Reconciliation
    from everycall.centre.reconcile_hours import HourlyReconciliation
    from everycall.centre.reconcile_record import RecordSide
    from everycall.exchange.switch_log import SwitchLog

LARGEST_SECONDS = 86_400
"""Of a tolerance or a skew; beyond a day nothing is the same call any more."""


class UnusableError(Exception):
    """What was given cannot be compared; the text says why and what to do."""


def reconcile(
    record: Path,
    switch_log: Path,
    /,
    *,
    tolerance: float = 30.0,
    skew: float | None = None,
    zone: str | None = None,
    profile: Path | None = None,
    emergency_only: bool = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json: bool = False,
) -> int:
    """Compare a telephone switch's log with the record: requests that were never entered.

    Exit status 0 if all were entered, 1 if some were not, 2 if the two cannot be compared.

    Args:
        record: The record.
        switch_log: The switch's log, one row a call, or an hourly table of calls. CSV (also .gz, .zip), Excel
            or Parquet.
        tolerance: Seconds that a call's times may be apart in the two.
        skew: Seconds to add to the switch's times. Without it, it is estimated where the times say so.
        zone: The time zone of times without an offset, such as America/Chicago. Without it, that of the
            profile, or of the record.
        profile: A profile (.toml) that says how to read the log. Without it the header tells.
        emergency_only: Compare only what came on emergency lines.
        output: Write what does not match here: .csv, .csv.gz or .parquet.
        json: Print it as JSON instead.
    """
    errors = on_errors()
    try:
        from everycall.exchange.errors import ExchangeError  # noqa: PLC0415 - the table libraries are an extra
        from everycall.exchange.switch_log import read_switch_log  # noqa: F401, PLC0415 - is it installed?
    except ModuleNotFoundError as error:
        if error.name not in ("polars", "fastexcel"):
            raise
        errors.print("error: This verb reads tables: install everycall[tables].", markup=False)
        return 2
    try:
        from everycall.exchange.calls_table import keep_inputs  # noqa: PLC0415 - needs the extra

        keep_inputs((record, switch_log), (output,))
        zone_shown, log, found = _compared(
            record,
            switch_log,
            tolerance=tolerance,
            skew=skew,
            zone=zone,
            profile=profile,
            emergency_only=emergency_only,
            errors=errors,
        )
        written = _write(found, output)
    except (RecordError, UnreadableEventError, ExchangeError, UnusableError) as error:
        errors.print(f"error: {visible(str(error))}", markup=False)
        return 2
    from everycall.centre import reconcile_output as made  # noqa: PLC0415 - needs the extra

    if json:
        sys.stdout.write(made.as_json(found, log) + "\n")
    else:
        console = printer()
        made.show(found, log, console, zone_shown)
        if written is not None:
            console.print(visible(written), markup=False, soft_wrap=True)
    return 0 if found.all_entered else 1


def _compared(
    record: Path,
    switch_log: Path,
    *,
    tolerance: float,
    skew: float | None,
    zone: str | None,
    profile: Path | None,
    emergency_only: bool,
    errors: Console,
) -> tuple[tzinfo, SwitchLog, Reconciliation | HourlyReconciliation]:
    from everycall.centre import reconcile_output as made  # noqa: PLC0415 - needs the extra
    from everycall.centre.reconcile_record import read_record  # noqa: PLC0415 - with it

    if not 0 <= tolerance <= LARGEST_SECONDS:
        raise UnusableError(f"a tolerance of {tolerance:g} s: give 0 to {LARGEST_SECONDS}")
    if skew is not None and not abs(skew) <= LARGEST_SECONDS:
        raise UnusableError(f"a skew of {skew:g} s: give at most {LARGEST_SECONDS}; is it the time zone (--zone)?")
    with errors.status("reading the record") as status:
        side = read_record(record)
        status.update("reading the log")
        log = _read_log(switch_log, profile, zone, side)
        status.update("comparing")
        found = made.compared(
            side,
            log,
            tolerance=round(tolerance * 1_000_000),
            skew=None if skew is None else round(skew * 1_000_000),
            emergency_only=emergency_only,
        )
    if not found.anything_compared:
        raise UnusableError(
            "nothing can be compared: the log and the record are of different times. Is it the right log, and "
            "its time zone (--zone)?"
        )
    return _zone(zone or side.zone or log.profile.zone), log, found


def _write(found: Reconciliation | HourlyReconciliation, output: Path | None) -> str | None:
    if output is None:
        return None
    from everycall.centre.reconcile_output import frame_of  # noqa: PLC0415 - needs the extra
    from everycall.exchange.calls_table import write_table  # noqa: PLC0415

    frame = frame_of(found)
    write_table(frame, output, spreadsheet=True)
    return f"{frame.height:,} rows in {output}"


def _read_log(path: Path, profile: Path | None, zone: str | None, side: RecordSide) -> SwitchLog:
    from everycall.exchange.errors import ProfileError, UnknownHeaderError  # noqa: PLC0415 - needs the extra
    from everycall.exchange.switch_log import read_switch_log, read_switch_profile  # noqa: PLC0415

    _zone(zone or "")
    try:
        return read_switch_log(
            path,
            profile=None if profile is None else read_switch_profile(profile),
            zone=zone or side.zone,
        )
    except UnknownHeaderError as error:
        raise UnusableError(
            f"{path.name}: no column is known as the time of a call; the file has {', '.join(error.unplaced)}. "
            'Say which it is in a profile: name = "ours", title = "our switch", kind = "calls", zone = '
            '"America/Chicago", and under [names] time = ["that column"]; then --profile ours.toml'
        ) from error
    except ProfileError as error:
        if zone or profile is not None or "no offset" not in str(error):
            raise
        raise UnusableError(f"{error}: --zone America/Chicago") from error


def _zone(name: str) -> tzinfo:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnusableError(f"{name!r} is no time zone; one is named like America/Chicago") from error
