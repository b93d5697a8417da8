"""The verb `policy diff`: which calls get less, which get more, each with an example.

It reads two texts and writes nothing. A record's past calls are handed in by the room that may read records.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.text import Text

from everycall.policy.difference.compare import compare
from everycall.policy.difference.past import with_past_calls
from everycall.policy.difference.view import lines_of
from everycall.policy.output import even_if_nobody_reads
from everycall.policy.text import PolicyError, read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from everycall.policy.difference.result import Difference
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy

    PastCalls = Callable[[Policy, Policy], Iterable[Call]]
    """The past calls of a record, as two policies together would see them."""

MISSING: Final = "This verb proves what it says: install everycall[policy]."
_EXTRA: Final = ("z3", "pysat")


class UnreadablePolicyError(Exception):
    """A policy's text cannot be read; the message says why and what to do."""


def diff(old: Path, new: Path, /, *, json: bool = False, seconds: float = 60.0) -> int:
    """Say which calls get less and which get more under a new version. Exit status 1 if any gets less.

    Args:
        old: The version to compare with.
        new: The version in question.
        json: Print it as JSON instead.
        seconds: How long to search; what is not shown by then is said to be not established.
    """
    return run_diff(old, new, json=json, seconds=seconds)


def run_diff(old: Path, new: Path, *, json: bool, seconds: float, past: PastCalls | None = None) -> int:
    """Compare two texts, print what was found, and return the exit status.

    Args:
        old: The version to compare with.
        new: The version in question.
        json: Print it as JSON instead.
        seconds: How long to search.
        past: What gives the past calls to count, if there is a record.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        before, after = policy_at(old), policy_at(new)
        with errors.status("comparing") as status:
            difference = compare_with_engines(
                before, after, seconds, lambda direction, count: status.update(f"comparing: {count} groups {direction}")
            )
            if past is not None:
                status.update("counting past calls")
                difference = with_past_calls(difference, before, after, past(before, after))
    except UnreadablePolicyError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        errors.print(Text(f"error: {MISSING}"))
        return 2
    with even_if_nobody_reads():
        if json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(as_json(difference)), indent=2).decode() + "\n")
        else:
            console = Console(highlight=False, emoji=False, soft_wrap=True)
            for line in lines_of(difference):
                console.print(Text(line, style="bold" if line.startswith("CAREFUL") else ""))
    return 0 if difference.nothing_less else 1


def policy_at(path: Path) -> Policy:
    """Read a policy's file.

    Raises:
        UnreadablePolicyError: There is no such file, or it is no policy.
    """
    try:
        return read_policy(path.read_bytes())
    except OSError as error:
        raise UnreadablePolicyError(f"{path}: {error.strerror}. Name a policy's file that can be read.") from error
    except PolicyError as error:
        raise UnreadablePolicyError(f"{path} cannot be read as a policy. {error}") from error


def compare_with_engines(
    old: Policy, new: Policy, seconds: float, progress: Callable[[str, int], None] | None = None
) -> Difference:
    """Compare two versions with both engines of the house.

    Raises:
        ModuleNotFoundError: The engines are not installed.
    """
    from everycall.policy.bit_vectors import Z3Engine  # noqa: PLC0415 - needs the extra
    from everycall.policy.clauses import CadicalEngine  # noqa: PLC0415 - with it

    # The clauses first: that engine learns from one question for the next, and most questions are its.
    return compare(old, new, engines=(CadicalEngine, Z3Engine), seconds=seconds, progress=progress)


def as_json(difference: Difference) -> dict[str, object]:
    """The difference for programs, with its two verdicts said."""
    content = msgspec.to_builtins(difference)
    return {"nothing_less": difference.nothing_less, "established": difference.established, **content}
