"""The verbs `whatif` and `policy diff`, as far as they read a record. They write nothing to it."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from csv import writer as csv_writer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfoNotFoundError

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from everycall.core.events import UnreadableEventError
from everycall.policy.diff_cli import UnreadablePolicyError, policy_at, run_diff
from everycall.record import RecordError
from everycall.simulate.whatif import Study, calls_for
from everycall.simulate.whatif_past import past_of
from everycall.simulate.whatif_view import COLUMNS, as_json, lines_of, row_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from everycall.policy.rules import Policy
    from everycall.simulate.whatif import Treated, WhatIf

Json = Annotated[bool, Parameter(name="--json")]


def whatif(
    record: Path,
    /,
    *,
    policy: Path,
    against: Path | None = None,
    csv: Annotated[Path | None, Parameter(name="--csv")] = None,
    json: Json = False,
) -> int:
    """Say which past calls of a record another policy would have treated otherwise. The record stays as it is.

    Args:
        record: The record.
        policy: The version in question.
        against: The version to compare with; without it, what the record says was decided.
        csv: A table to write, a row a need: ids and codes only. Nothing may be there.
        json: Print it as JSON instead.
    """
    errors = _errors()
    try:
        version = policy_at(policy)
        other = None if against is None else policy_at(against)
        found = _studied(record, version, other, csv, errors)
    except FileExistsError:
        errors.print(Text(f"error: {csv} is there already. Name another file with --csv."))
        return 2
    except ZoneInfoNotFoundError as error:
        errors.print(Text(f"error: {error.args[0]}. Name a time zone as IANA does, or install tzdata."))
        return 2
    except (UnreadablePolicyError, RecordError, UnreadableEventError) as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except OSError as error:
        name = error.filename or csv
        errors.print(Text(f"error: {error.strerror or error}: {name}. Name files that can be read, and written."))
        return 2
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(as_json(found)), indent=2).decode() + "\n")
        return 0
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    for line in lines_of(found):
        console.print(Text(line))
    return 0


def _studied(record: Path, policy: Policy, against: Policy | None, table: Path | None, errors: Console) -> WhatIf:
    with ExitStack() as opened:
        status = opened.enter_context(errors.status("reading the record"))
        past = opened.enter_context(
            past_of(record, lambda done, length: status.update(f"reading the record: {done:,} of {length:,}"))
        )
        study = Study(policy, against=against, reconstructed=past.facts.get("reconstructed") == "yes")
        each: Callable[[Treated], None] | None = None
        if table is not None:
            writer = csv_writer(opened.enter_context(table.open("x", encoding="utf-8", newline="")))
            writer.writerow(COLUMNS)
            each = lambda treated: writer.writerow(row_of(treated))  # noqa: E731 - one line, used once
        return study.run(past.decisions, each)


def diff(
    old: Path,
    new: Path,
    /,
    *,
    record: Annotated[Path | None, Parameter(name=["--record", "-r"])] = None,
    json: Json = False,
    seconds: float = 60.0,
) -> int:
    """Say which calls get less and which get more under a new version. Exit status 1 if any gets less.

    Args:
        old: The version to compare with.
        new: The version in question.
        record: A record whose past calls are counted in each group; it is only read.
        json: Print it as JSON instead.
        seconds: How long to search; what is not shown by then is said to be not established.
    """
    if record is None:
        return run_diff(old, new, json=json, seconds=seconds)

    try:
        with past_of(record) as past:
            return run_diff(
                old,
                new,
                json=json,
                seconds=seconds,
                past=lambda before, after: calls_for(before, after, past.decisions),
            )
    except (RecordError, UnreadableEventError) as error:
        _errors().print(Text(f"error: {error}"))
        return 2


def _errors() -> Console:
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
