"""Replay: a city's calls through the core, as commands at their own times.

The calls table says what was asked, when, and how it ended; this makes the commands that a centre would have
received, in order of time, and sends them
through the engine's one door. Nothing is decided here. What the export does not say is marked missing with
its reason, and a need whose end it does not tell is settled as
`not_recorded`. All that comes of it is marked *reconstructed*.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from everycall.centre.process import collector_at_ease
from everycall.centre.rows import (
    AGENCY_NOT_SAID,
    EXPORT_FLAG,
    EXPORT_ROW,
    RECEIVED_MISSING,
    SELF_INITIATED_NOT_SAID,
    UNITS,
    facts_of_flags,
)
from everycall.core.actors import Actor
from everycall.core.assignments import MarkStampMissing, ReportStamp, StampReported, UnitAssigned
from everycall.core.calls import CallTaken, StampCall, TakeCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.facts import FactGiven
from everycall.core.incidents import IncidentOpened
from everycall.core.linking import Link
from everycall.core.needs import Classify, NeedAsked, Prioritise
from everycall.core.settling import Settle
from everycall.core.units import EnrolAgency
from everycall.core.vocabulary import STAMP_NAMES, CallStampName, StampName
from everycall.engine.answers import OTHER_CONTENT, Answer, Done, Spooled, Unavailable
from everycall.simulate.replay_rows import outcome_of, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from everycall.core.event import Event
    from everycall.core.vocabulary import Service
    from everycall.engine.loop import Engine
    from everycall.simulate.replay_rows import Row

IMPORTER: Final = Actor(person="importer", role="importer")
_IN_FLIGHT: Final = 4_096
_FIRST: Final = frozenset({"first_dispatched", "first_en_route", "first_on_scene", "first_cleared"})


class ReplayClock:
    """The clock of a replay: it stands at the time of the command that comes next, and never goes back."""

    def __init__(self) -> None:
        """Stand at the beginning of time."""
        self.at = 0

    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        return self.at


class ReplayError(RuntimeError):
    """The core refused a report of the export, which rule 4 of the house forbids: a fault of this program."""


class ReplayStoppedError(ReplayError):
    """The record could not be written any more."""


class OtherReplayError(ReplayError):
    """The record is not that of this replay, so it cannot be gone on with."""


@dataclass(slots=True)
class ReplaySummary:
    """What a replay sent; `known` are the commands that were in the record already."""

    calls: int = 0
    commands: int = 0
    known: int = 0
    entries: int = 0


class Replay:
    """Sends the calls of a table through an engine. The engine's clock must be the replay's.

    The same table gives the same commands under the same ids, whatever the record holds of them already: what
    a command made is taken from its events or, where it is in the record, from its first answer. So a replay
    that was cut off is gone on with by sending it all again.
    """

    def __init__(
        self, engine: Engine, clock: ReplayClock, recorded: Callable[[str], tuple[str, ...] | None] | None = None
    ) -> None:
        """Drive this engine by this clock. `recorded`: what a command made that is in the record already."""
        self._engine = engine
        self._clock = clock
        self._recorded = recorded
        self._call = self._incident = self._assignment = ""
        self._happened = False
        self._before = engine.sequence
        engine.observe(self._note)
        self._waiting: deque[tuple[Command, Future[Answer]]] = deque()
        self._incident_of: dict[str, str] = {}
        self._number = 0
        self.summary = ReplaySummary()

    def run(self, rows: Sequence[Row], progress: Callable[[int], None] | None = None) -> ReplaySummary:
        """Replay all rows in order of time.

        Raises:
            ReplayError: a command was refused.
            ReplayStoppedError: the record cannot be written.
            OtherReplayError: the record has other commands under the same ids.
        """
        with collector_at_ease():
            return self._run(rows, progress)

    def _run(self, rows: Sequence[Row], progress: Callable[[int], None] | None) -> ReplaySummary:
        self._enrol(rows)
        shared = _shared_incidents(rows)
        # Only what is under way is on the heap: rows enter when their time has come.
        order = sorted(range(len(rows)), key=lambda number: (_begins(rows[number]), number))
        heap: list[tuple[int, int, Iterator[AnyCommand | None]]] = []
        ahead = iter(order)
        upcoming = next(ahead, None)
        done = 0
        while heap or upcoming is not None:
            if upcoming is not None and (not heap or _begins(rows[upcoming]) <= heap[0][0]):
                steps = self._steps(rows[upcoming], shared)
                self._push(heap, upcoming, steps)
                upcoming = next(ahead, None)
                continue
            at, number, steps = heapq.heappop(heap)
            del at
            if not self._push(heap, number, steps):
                done += 1
                if progress is not None and done % 1_000 == 0:
                    progress(done)
        self._settle_all()
        if progress is not None:
            progress(done)
        self.summary.calls = len(rows)
        self.summary.entries = self._engine.sequence
        return self.summary

    def _push(
        self,
        heap: list[tuple[int, int, Iterator[AnyCommand | None]]],
        number: int,
        steps: Iterator[AnyCommand | None],
    ) -> bool:
        """Let a row go on until it waits for a later time; False when it is done."""
        for step in steps:
            if step is None:
                heapq.heappush(heap, (self._next_at, number, steps))
                return True
            self._send(step)
        return False

    def _enrol(self, rows: Sequence[Row]) -> None:
        agencies: dict[str, dict[Service, None]] = {}
        for row in rows:
            if row.agency is not None:
                agencies.setdefault(row.agency, {})[row.service] = None
        self._clock.at = max(self._clock.at, min((_begins(row) for row in rows), default=0))
        self._at = self._clock.at
        for agency, services in sorted(agencies.items()):
            self._send(EnrolAgency(agency=agency, services=tuple(services)))

    def _steps(self, row: Row, shared: frozenset[str]) -> Iterator[AnyCommand | None]:
        """The commands of one row; None where the next belongs to a later time, which `_next_at` tells."""
        began = _begins(row)
        moments = _moments(row, began)
        self._at = began
        self._clock.at = max(self._clock.at, began)
        joins = self._joins(row) if row.incident in shared else None
        yield TakeCall(
            channel=row.channel,
            received_at=row.stamps.get("received", began),
            needs=(NeedAsked(service=row.service, type=row.first_type, priority=row.first_priority),),
            place=row.place,
            facts=row.groups + _said_of(row),
            external=row.original_id,
            open_incident=joins is None,
            incident_external=word_of(row.incident),
            agency=row.agency,
            self_initiated=bool(row.self_initiated),
            reconstructed=True,
        )
        call = self._call
        if joins is not None:
            yield Link(call=call, incident=joins)
        incident = joins or self._incident
        if not incident:
            raise ReplayError(f"Call {row.call} came into no incident.")
        if row.incident in shared:
            self._incident_of[row.incident] = incident
        made: dict[int, str] = {}
        for at, which, name, stamped in moments:
            if at > self._clock.at:
                self._next_at = at
                yield None
                self._clock.at = max(self._clock.at, at)
            self._at = stamped
            if which is None:
                yield StampCall(call=call, stamp=cast("CallStampName", name), at=stamped)
            else:
                known = made.get(which)
                yield ReportStamp(
                    unit=row.assignments[which][0],
                    incident=None if known is not None else incident,
                    assignment=known,
                    stamp=cast("StampName", name),
                    at=stamped,
                )
                if known is None:
                    made[which] = self._assignment
        self._at = self._clock.at
        yield from self._end(row, call, made)

    def _end(self, row: Row, call: str, made: Mapping[int, str]) -> Iterator[AnyCommand]:
        """What the export says of a call as a whole, at the last of its times."""
        for name, reason in row.missing.items():
            if name != "received" and not (name in _FIRST and row.assignments):
                yield StampCall(call=call, stamp=name, missing=reason)
        if row.last_type is not None:
            yield Classify(call=call, type=row.last_type, reason="not_recorded")
        if row.last_priority is not None:
            yield Prioritise(need=f"{call}-1", priority=row.last_priority, reason="not_recorded")
        for which, assignment in made.items():
            _, taken, missing = row.assignments[which]
            for stamp, reason in missing.items():
                if stamp not in ("clear", "cancelled"):
                    yield MarkStampMissing(assignment=assignment, stamp=stamp, reason=reason)
            if row.outcome is not None and "clear" not in taken and "cancelled" not in taken:
                # The call is over, so the unit is: only when is not known.
                yield MarkStampMissing(
                    assignment=assignment, stamp="clear", reason=missing.get("clear", "not_in_export")
                )
        outcome = outcome_of(row, next(iter(made.values()), None))
        if outcome is not None:
            yield Settle(needs=(f"{call}-1",), outcome=outcome)

    def _joins(self, row: Row) -> str | None:
        """The incident of an earlier row that a call joins; none where that has left memory.

        What has left it by now is not what had left it when a command was recorded: then the record says.
        """
        joins = self._incident_of.get(row.incident)
        if joins is None:
            return None
        made = None if self._recorded is None else self._recorded(_id(self._number + 1))
        if made is not None:
            return None if any(_is_incident(key) for key in made) else joins
        return joins if joins in self._engine.state.incidents else None

    def _send(self, body: AnyCommand) -> None:
        self._number += 1
        command = Command(id=_id(self._number), actor=IMPORTER, body=body, at=self._at)
        self._call = self._incident = self._assignment = ""
        self._happened = False
        promised = self._engine.submit(command)
        self._waiting.append((command, promised))
        self.summary.commands += 1
        if self._engine.failure is not None:
            self._settle_all()  # says why; what a command that was not recorded made is nothing
        if self._recorded is not None and not self._happened and promised.done():
            answer = promised.result()
            if isinstance(answer, Done) and answer.last <= self._before:
                self.summary.known += 1
                self._note_answer(answer)
        while len(self._waiting) > _IN_FLIGHT or (self._waiting and self._waiting[0][1].done()):
            self._check(*self._waiting.popleft())

    def _note(self, event: Event) -> None:
        """What the command that is under way makes."""
        self._happened = True
        if isinstance(event, CallTaken):
            self._call = event.call
        elif isinstance(event, IncidentOpened):
            self._incident = event.incident
        elif isinstance(event, (UnitAssigned, StampReported)):
            self._assignment = event.assignment

    def _note_answer(self, answer: Done) -> None:
        """The same of a command that was recorded before."""
        for key in answer.made:
            if _is_incident(key):
                self._incident = self._incident or key
            elif key.startswith("C") and "-" not in key:
                self._call = self._call or key
            elif key.startswith("A"):
                self._assignment = self._assignment or key

    def _settle_all(self) -> None:
        while self._waiting:
            self._check(*self._waiting.popleft())

    def _check(self, command: Command, promised: Future[Answer]) -> None:
        answer = promised.result()
        if isinstance(answer, (Spooled, Unavailable)):
            failure = self._engine.failure
            cause = answer.because if failure is None else str(failure.__cause__ or failure)
            raise ReplayStoppedError(f"The replay stopped at {command.id}: the record cannot be written ({cause}).")
        if answer == OTHER_CONTENT:
            raise OtherReplayError(
                f"The record has another {command.id} than this replay would send: another version of Everycall "
                "began it. Make a new record."
            )
        if not isinstance(answer, Done):
            raise ReplayError(f"{type(command.body).__name__} of the replay was answered: {answer}")


def _id(number: int) -> str:
    return f"replay:{number}"


def _is_incident(key: str) -> bool:
    return key[:1].isdigit()


def _said_of(row: Row) -> tuple[FactGiven, ...]:
    """What the export says of a call that has no field of its own.

    A call enters at the earliest time that is known of it; where that was not its receipt, a fact says so.
    """
    said: list[FactGiven] = []
    if "received" in row.missing:
        said.append(FactGiven(name=RECEIVED_MISSING, value=row.missing["received"], source="export"))
    if row.self_initiated is None:
        said.append(FactGiven(name=SELF_INITIATED_NOT_SAID, value=True, source="export"))
    if row.agency is None:
        said.append(FactGiven(name=AGENCY_NOT_SAID, value=True, source="export"))
    if row.units is not None:
        said.append(FactGiven(name=UNITS, value=row.units, source="export"))
    if row.export_row is not None:
        said.append(FactGiven(name=EXPORT_ROW, value=row.export_row, source="export"))
    said += [FactGiven(name=EXPORT_FLAG, value=flag, source="export") for flag in facts_of_flags(row.flags)]
    return tuple(said)


def _shared_incidents(rows: Sequence[Row]) -> frozenset[str]:
    seen: set[str] = set()
    shared: set[str] = set()
    for row in rows:
        (shared if row.incident in seen else seen).add(row.incident)
    return frozenset(shared)


def _begins(row: Row) -> int:
    """When a call began: received, or the earliest time that is known of it."""
    received = row.stamps.get("received")
    if received is not None:
        return received
    known = [*row.stamps.values(), *(at for _, taken, _ in row.assignments for at in taken.values())]
    return min(known, default=0)


def _moments(row: Row, began: int) -> list[tuple[int, int | None, str, int]]:
    """When which time is reported: at that time, but never before the call; the stamp itself stays as it is.

    The times of the first unit stand on its assignment where the table has one.
    """
    found: list[tuple[int, int | None, str, int]] = []
    for name, at in row.stamps.items():
        if name != "received" and not (name in _FIRST and row.assignments):
            found.append((max(at, began), None, name, at))
    for which, (_, taken, _) in enumerate(row.assignments):
        found.extend((max(at, began), which, name, at) for name, at in taken.items())
    found.sort(key=lambda moment: (moment[0], moment[1] is not None, moment[1] or 0, _rank(moment[2])))
    return found


def _rank(name: str) -> int:
    return STAMP_NAMES.index(name) if name in STAMP_NAMES else -1
