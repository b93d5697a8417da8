"""Stamps: the times of calls and assignments.

Invariants (rule 7 of the house, "no time depends on another time"):

1. Any stamp can be reported alone, late, in any order; the same reports in any order give the same stamps.
2. Two reports of one stamp are both kept: the earliest stands, the others stand beside it as conflicts.
3. A correction stands over reports; what it corrects stays, struck.
4. A missing stamp carries a reason; a time, whenever it comes, ends the missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from everycall.core.base import Frozen, Instant, Word
from everycall.core.vocabulary import MissingReason

if TYPE_CHECKING:
    from collections.abc import Mapping

Name = TypeVar("Name", bound=str)


class Stamp(Frozen, frozen=True, kw_only=True):
    """One time, or the reason why there is none."""

    at: Instant | None = None
    missing: MissingReason | None = None
    source: Word = ""
    conflicts: tuple[Instant, ...] = ()
    struck: tuple[Instant, ...] = ()
    corrected: bool = False


def reported(stamps: Mapping[Name, Stamp], name: Name, at: int, source: str) -> dict[Name, Stamp]:
    """The stamps after a report of one time."""
    held = stamps.get(name)
    if held is None or held.at is None:
        return {**stamps, name: Stamp(at=at, source=source)}
    if held.at == at or at in held.conflicts:
        # The same time from a second source: which source is named must not depend on the order.
        if held.at == at and source < held.source and not held.corrected:
            return {**stamps, name: _with(held, at=at, source=source, conflicts=held.conflicts)}
        return dict(stamps)
    if held.corrected or held.at < at:
        return {
            **stamps,
            name: _with(held, at=held.at, source=held.source, conflicts=_sorted(held.conflicts, at)),
        }
    return {**stamps, name: _with(held, at=at, source=source, conflicts=_sorted(held.conflicts, held.at))}


def corrected(stamps: Mapping[Name, Stamp], name: Name, at: int, source: str) -> dict[Name, Stamp]:
    """The stamps after a correction: the new time stands, the old ones are struck."""
    held = stamps.get(name)
    old: tuple[int, ...] = ()
    struck: tuple[int, ...] = ()
    if held is not None:
        old = held.conflicts if held.at is None else (held.at, *held.conflicts)
        struck = held.struck
    new = Stamp(at=at, source=source, struck=struck + tuple(o for o in old if o != at), corrected=True)
    return {**stamps, name: new}


def marked_missing(stamps: Mapping[Name, Stamp], name: Name, reason: MissingReason, source: str) -> dict[Name, Stamp]:
    """The stamps after somebody said that one was not taken, and why. A time that is known stays."""
    held = stamps.get(name)
    if held is not None and held.at is not None:
        return dict(stamps)
    if held is not None and held.missing is not None and (held.missing, held.source) <= (reason, source):
        return dict(stamps)
    return {**stamps, name: Stamp(missing=reason, source=source)}


def time_of(stamps: Mapping[Name, Stamp], name: Name) -> int | None:
    """The time that stands, or nothing."""
    held = stamps.get(name)
    return None if held is None else held.at


def _with(held: Stamp, *, at: int, source: str, conflicts: tuple[int, ...]) -> Stamp:
    return Stamp(at=at, source=source, conflicts=conflicts, struck=held.struck, corrected=held.corrected)


def _sorted(conflicts: tuple[int, ...], more: int) -> tuple[int, ...]:
    return tuple(sorted({*conflicts, more}))
