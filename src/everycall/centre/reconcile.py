"""Reconciliation: what reached the telephone switch against what the record holds, call by call.

How calls are found:

1. By the switch's id, where the record has it as the call's number in another system, and the times agree.
2. The rest by time, one to one, within a tolerance: emergency lines with calls by 911 or 112, other lines
   with calls by ten-digit line, lines that are not said with either.
3. What is left, with calls of the other kind of line and with calls whose channel may be the telephone.

Each step finds as many as can be found by itself; none takes from an earlier one. Only 1 is certain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from everycall.centre.reconcile_match import (
    FEWEST_FOR_SKEW,
    SECOND,
    by_chance,
    doubtful,
    estimated_skew,
    match_times,
)
from everycall.centre.reconcile_record import EMERGENCY_CHANNELS, OTHER_LINE_CHANNELS, TELEPHONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl

    from everycall.centre.reconcile_record import RecordCall, RecordSide

How = Literal["id", "time", "other_line", "not_found", "not_compared"]
Basis = Literal["ring", "answer", "receipt"]

LEG_GAP: Final = 3_600 * SECOND
"""Microseconds: rows with one id less than this apart are legs of one call."""

ID_WINDOW: Final = 600 * SECOND
"""Microseconds around the usual distance in which an equal id means the same call."""

_MOST: Final = 0.5


@dataclass(slots=True)
class SwitchCall:
    """One call at the switch; instants are microseconds UTC, as the switch has them.

    Attributes:
        row: its line in the file.
        at: when it reached the switch.
        answered_at: when it was answered, where that is known.
        answered: whether it was; None where the log does not say.
        emergency: whether it came on an emergency line; None where the log does not say.
        line: the line.
        duration: seconds of talk.
        wait: seconds until it was answered, or given up.
        key: the switch's id.
        legs: rows that make it up.
        point: the instant that is compared, with the skew added.
        how: how it was found in the record.
        call: the call of the record that was found.
        doubtful: another lies equally near, so that which is which is not known.
    """

    row: int
    at: int
    answered_at: int | None
    answered: bool | None
    emergency: bool | None
    line: str | None
    duration: int | None
    wait: int | None
    key: str | None
    legs: int = 1
    point: int = 0
    how: How = "not_found"
    call: RecordCall | None = None
    doubtful: bool = False


@dataclass(slots=True)
class Reconciliation:
    """The outcome.

    Attributes:
        record: the record's side.
        calls: the calls at the switch, in order of time.
        absent: calls of the record, certainly by telephone and in the log's time, that are not at the switch.
        tolerance: microseconds.
        skew: microseconds added to the switch's times.
        skew_from: where that comes from.
        basis: which times are compared.
        ids: pairs of equal ids that were taken for the same call.
        foreign_ids: equal ids whose times do not agree: another numbering.
        repeated_rows: rows of the log that are legs of a call already counted.
        chance: how many would match by time if the two had nothing to do with each other.
        record_compared: calls of the record, certainly by telephone, in the log's time.
        record_outside: those outside it.
    """

    record: RecordSide
    calls: list[SwitchCall]
    tolerance: int
    basis: Basis = "receipt"
    skew: int = 0
    skew_from: Literal["given", "ids", "times", "none"] = "none"
    absent: list[RecordCall] = field(default_factory=list)
    ids: int = 0
    foreign_ids: int = 0
    repeated_rows: int = 0
    chance: int = 0
    record_compared: int = 0
    record_outside: int = 0

    def count(self, *, how: Iterable[How] | None = None, answered: bool | str | None = "any") -> int:
        """Calls at the switch by how they were found, and by whether they were answered."""
        wanted = None if how is None else frozenset(how)
        return sum(
            (wanted is None or call.how in wanted) and (answered == "any" or call.answered is answered)
            for call in self.calls
        )

    @property
    def anything_compared(self) -> bool:
        """Whether there is any call in the time of both."""
        return any(call.how != "not_compared" for call in self.calls)

    @property
    def all_entered(self) -> bool:
        """Whether each call at the switch has one in the record, certainly, probably or perhaps."""
        return not self.never_entered

    @property
    def never_entered(self) -> list[SwitchCall]:
        """Calls at the switch for which the record has none."""
        return [call for call in self.calls if call.how == "not_found"]


def switch_calls(frame: pl.DataFrame) -> tuple[list[SwitchCall], int]:
    """The calls of a switch's log in order of time, and how many rows were legs of a call that is counted.

    Rows with the same id less than an hour apart are one call. Rows without an id are one only if line,
    caller's number and second are the same.
    """
    import polars as pl  # noqa: PLC0415 - an extra: only who reads tables needs it

    plain = frame.with_columns(pl.col("at", "answered_at").dt.epoch("us")).sort("at", "row")
    calls: list[SwitchCall] = []
    last: dict[tuple[object, ...], SwitchCall] = {}
    repeated = 0
    for held in plain.iter_rows(named=True):
        call = SwitchCall(
            row=held["row"],
            at=held["at"],
            answered_at=held["answered_at"],
            answered=held["answered"],
            emergency=held["emergency"],
            line=held["line"],
            duration=held["duration_seconds"],
            wait=held["wait_seconds"],
            key=held["call"],
        )
        if call.answered_at is None and call.answered and call.wait is not None:
            call.answered_at = call.at + call.wait * SECOND
        same: tuple[object, ...] | None = None
        if call.key is not None:
            same = ("id", call.key)
        elif held["number"] is not None:
            same = ("number", held["number"], call.line, call.at)
        earlier = None if same is None else last.get(same)
        if earlier is not None and call.at - earlier.at < LEG_GAP:
            _add_leg(earlier, call)
            repeated += 1
            continue
        if same is not None:
            last[same] = call
        calls.append(call)
    return calls, repeated


def _add_leg(call: SwitchCall, leg: SwitchCall) -> None:
    call.legs += 1
    if leg.answered:
        call.answered = True
        call.answered_at = leg.answered_at if call.answered_at is None else call.answered_at
        call.duration = max((d for d in (call.duration, leg.duration) if d is not None), default=None)
    elif call.answered is None:
        call.answered = leg.answered
    if leg.emergency:
        call.emergency = True


def reconcile_calls(
    record: RecordSide,
    calls: list[SwitchCall],
    *,
    tolerance: int,
    skew: int | None = None,
    emergency_only: bool = False,
    repeated_rows: int = 0,
) -> Reconciliation:
    """Find the switch's calls in the record. Times are microseconds.

    Args:
        record: the record's side.
        calls: the calls at the switch, in order of time.
        tolerance: how far apart two times may be.
        skew: to be added to the switch's times; worked out where it is None.
        emergency_only: leave out lines that are not for emergencies, and calls of the record that came on
            those.
        repeated_rows: for the report.
    """
    held = list(record.calls)
    if emergency_only:
        calls = [call for call in calls if call.emergency is not False]
        held = [call for call in held if call.channel not in OTHER_LINE_CHANNELS]
    found = Reconciliation(record=record, calls=calls, tolerance=tolerance, repeated_rows=repeated_rows)
    found.basis = _basis(held, calls)
    points = {call.call: _record_point(call, found.basis) for call in held}
    held.sort(key=lambda call: points[call.call])
    for call in calls:
        call.point = _switch_point(call, found.basis)
    by_id = _by_id(calls, held, points, found)
    _settle_skew(found, skew, by_id, [points[call.call] for call in held if call.is_telephone])
    for call in calls:
        call.point += found.skew
    calls.sort(key=lambda call: (call.point, call.row))
    for switch, known in by_id:
        switch.how, switch.call = "id", known
    for call in calls:
        if call.how != "id" and not record.begins - tolerance <= call.point <= record.ends + tolerance:
            call.how = "not_compared"
    _by_time(found, held, points)
    _absent(found, held, points)
    calls.sort(key=lambda call: (call.at, call.row))
    return found


def _basis(held: Sequence[RecordCall], calls: Sequence[SwitchCall]) -> Basis:
    """Which times mean the same on both sides."""
    telephone = [call for call in held if call.is_telephone] or held
    rings = sum(call.time("ringing") is not None for call in telephone)
    answered = [call for call in calls if call.answered]
    answers = sum(call.answered_at is not None for call in answered)
    if telephone and rings >= _MOST * len(telephone):
        return "ring"
    if answered and answers >= _MOST * len(answered):
        return "answer"
    return "receipt"


def _record_point(call: RecordCall, basis: Basis) -> int:
    if basis == "answer":
        answered = call.time("answered")
        return call.received_at if answered is None else answered
    return call.received_at


def _switch_point(call: SwitchCall, basis: Basis) -> int:
    return call.answered_at if basis == "answer" and call.answered_at is not None else call.at


def _by_id(
    calls: Sequence[SwitchCall],
    held: Sequence[RecordCall],
    points: dict[str, int],
    found: Reconciliation,
) -> list[tuple[SwitchCall, RecordCall]]:
    """Calls with the same id at about the usual distance."""
    here: dict[str, list[RecordCall]] = {}
    for call in held:
        if call.external:
            here.setdefault(call.external, []).append(call)
    there: dict[str, list[SwitchCall]] = {}
    for switch in calls:
        if switch.key and switch.key in here:
            there.setdefault(switch.key, []).append(switch)
    single = [(switches[0], here[key][0]) for key, switches in there.items() if len(switches) == len(here[key]) == 1]
    distances = [points[known.call] - switch.point for switch, known in single]
    usual = int(median(distances)) if distances else 0
    agree = sum(abs(distance - usual) <= ID_WINDOW for distance in distances)
    if distances and agree < _MOST * len(distances):
        found.foreign_ids = len(distances)
        return []
    pairs: list[tuple[SwitchCall, RecordCall]] = []
    for key, switches in there.items():
        matched = match_times(
            [switch.point + usual for switch in switches], [points[c.call] for c in here[key]], ID_WINDOW
        )
        pairs += [(switches[i], here[key][j]) for i, j in matched]
    found.foreign_ids = len(there) - len({switch.key for switch, _ in pairs})
    found.ids = len(pairs)
    return pairs


def _settle_skew(
    found: Reconciliation,
    given: int | None,
    by_id: Sequence[tuple[SwitchCall, RecordCall]],
    telephone: Sequence[int],
) -> None:
    if given is not None:
        found.skew, found.skew_from = given, "given"
        return
    if len(by_id) >= FEWEST_FOR_SKEW:
        basis = found.basis
        usual = int(median(_record_point(known, basis) - switch.point for switch, known in by_id))
        if abs(usual) >= SECOND:
            found.skew, found.skew_from = usual, "ids"
        return
    there = sorted(switch.point for switch in found.calls)
    found.skew = estimated_skew(there, telephone, found.tolerance)
    found.skew_from = "times" if found.skew else "none"


def _by_time(found: Reconciliation, held: Sequence[RecordCall], points: dict[str, int]) -> None:
    taken = {call.call.call for call in found.calls if call.call is not None}
    compared = [call for call in found.calls if call.how == "not_found"]
    emergency = [call for call in held if call.channel in EMERGENCY_CHANNELS]
    other = [call for call in held if call.channel in OTHER_LINE_CHANNELS]
    telephone = [call for call in held if call.channel in TELEPHONE]
    steps: tuple[tuple[How, list[SwitchCall], Sequence[RecordCall]], ...] = (
        ("time", [call for call in compared if call.emergency is True], emergency),
        ("time", [call for call in compared if call.emergency is False], other),
        ("time", [call for call in compared if call.emergency is None], telephone),
        ("other_line", compared, held),
    )
    for how, switches, candidates in steps:
        left = [call for call in switches if call.how == "not_found"]
        right = [call for call in candidates if call.call not in taken]
        here, there = [call.point for call in left], [points[call.call] for call in right]
        if how == "time":
            found.chance += by_chance(here, there, found.tolerance)
        for number in doubtful(here, there, found.tolerance):
            left[number].doubtful = True
        for i, j in match_times(here, there, found.tolerance):
            left[i].how, left[i].call = how, right[j]
            taken.add(right[j].call)


def _absent(found: Reconciliation, held: Sequence[RecordCall], points: dict[str, int]) -> None:
    """Calls of the record that are not at the switch, in the time that the log covers."""
    if not found.calls:
        return
    taken = {call.call.call for call in found.calls if call.call is not None}
    first, last = found.calls[0].point - found.tolerance, found.calls[-1].point + found.tolerance
    for call in held:
        if not call.is_telephone:
            continue
        if not first <= points[call.call] <= last:
            found.record_outside += 1
            continue
        found.record_compared += 1
        if call.call not in taken:
            found.absent.append(call)
