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
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from everycall.centre.process import collector_at_ease
from everycall.centre.rows import (
    AGENCY_NOT_SAID,
    NOTHING_SAID,
    RECEIVED_MISSING,
    SELF_INITIATED_NOT_SAID,
    UNITS,
)
from everycall.core.actors import Actor
from everycall.core.assignments import MarkStampMissing, ReportStamp
from everycall.core.calls import StampCall, TakeCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.facts import GROUP_PREFIX, FactGiven
from everycall.core.linking import Link
from everycall.core.needs import Classify, NeedAsked, Prioritise
from everycall.core.outcomes import (
    Advised,
    CancelledByCaller,
    Declined,
    Duplicate,
    GoneOnArrival,
    HandedOver,
    NoEmergency,
    NotEstablished,
    NotReached,
    NotRecorded,
    Outcome,
    Responded,
    Unfounded,
)
from everycall.core.places import PlaceGiven
from everycall.core.settling import Settle
from everycall.core.units import EnrolAgency
from everycall.core.vocabulary import (
    CALL_STAMP_NAMES,
    STAMP_NAMES,
    CallStampName,
    MissingReason,
    OutcomeName,
    StampName,
)
from everycall.engine.answers import Answer, Done, Spooled, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    import polars as pl

    from everycall.core.vocabulary import Channel, Contact, Service
    from everycall.engine.loop import Engine

IMPORTER: Final = Actor(person="importer", role="importer")
_IN_FLIGHT: Final = 4_096
_ABSENT: Final = "not_in_export"
LONGEST_WORD: Final = 240
LONGEST_NAME: Final = 120
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


@dataclass(slots=True)
class Row:
    """One call of the table, in plain values; instants are microseconds UTC."""

    call: str
    incident: str
    service: Service
    channel: Channel
    agency: str | None
    self_initiated: bool | None
    units: int | None
    original_id: str | None
    place: PlaceGiven | None
    first_type: str | None
    last_type: str | None
    first_priority: str | None
    last_priority: str | None
    outcome: OutcomeName | None
    basis: str
    contact: Contact
    groups: tuple[FactGiven, ...]
    stamps: dict[CallStampName, int]
    missing: dict[CallStampName, MissingReason]
    assignments: list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]] = field(default_factory=list)


@dataclass(slots=True)
class ReplaySummary:
    """What a replay sent."""

    calls: int = 0
    commands: int = 0
    entries: int = 0


def _word(text: str | None) -> str | None:
    return None if text is None or not text else text[:LONGEST_WORD]


def _name(text: str | None) -> str | None:
    return None if text is None or not text else text[:LONGEST_NAME]


def rows_of(calls: pl.DataFrame, assignments: pl.DataFrame) -> Iterator[Row]:
    """The rows of a calls table, each with its assignments."""
    instants = _as_instants(calls)
    units = _units_by_call(assignments)
    groups = [name for name in calls.columns if name.startswith("group_")]
    stamps = [name for name in CALL_STAMP_NAMES if f"{name}_at" in calls.columns]
    # A row is given in the table's own order: `export_row` is what ties it to the export.
    for held in instants.iter_rows(named=True):
        taken: dict[CallStampName, int] = {}
        missing: dict[CallStampName, MissingReason] = {}
        for name in stamps:
            at = held[f"{name}_at"]
            if at is not None:
                taken[name] = at
            elif (reason := held[f"{name}_at_missing"]) not in (None, _ABSENT):
                missing[name] = reason
        yield Row(
            call=held["call"],
            incident=held["incident"],
            service=held["service"],
            channel=held["channel"],
            agency=_name(held["agency"]),
            self_initiated=held["self_initiated"],
            units=held["units"],
            original_id=_word(held["original_id"]),
            place=_place(held),
            first_type=_word(held["first_type"]),
            last_type=_word(held["last_type"]),
            first_priority=_word(held["first_priority"]),
            last_priority=_word(held["last_priority"]),
            outcome=held["outcome"],
            basis=held["outcome_basis"] or "",
            contact=held["contact_made"] or "not_said",
            groups=tuple(
                FactGiven(
                    name=f"{GROUP_PREFIX}{name.removeprefix('group_')}",
                    value=str(held[name]),
                    source="export",
                )
                for name in groups
                if held[name] is not None
            ),
            stamps=taken,
            missing=missing,
            assignments=units.get(held["call"], []),
        )


def known_stamps(frame: pl.DataFrame) -> list[str]:
    """The stamps that the export has a column for.

    Those that are not everywhere missing as `not_in_export`.
    """
    return [
        name.removesuffix("_at")
        for name in frame.columns
        if name.endswith("_at")
        and f"{name}_missing" in frame.columns
        and not (frame.height and (frame[f"{name}_missing"] == _ABSENT).all())
    ]


def _as_instants(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 - an extra: only who reads tables needs it

    wanted = [name for name in frame.columns if not name.startswith("original_") or name == "original_id"]
    return frame.select(
        pl.col(name).dt.epoch("us") if isinstance(frame.schema[name], pl.Datetime) else pl.col(name) for name in wanted
    )


def _units_by_call(
    assignments: pl.DataFrame,
) -> dict[str, list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]]]:
    found: dict[str, list[tuple[str, dict[StampName, int], dict[StampName, MissingReason]]]] = {}
    for held in _as_instants(assignments).iter_rows(named=True):
        taken: dict[StampName, int] = {}
        missing: dict[StampName, MissingReason] = {}
        for name in STAMP_NAMES:
            at = held[f"{name}_at"]
            if at is not None:
                taken[name] = at
            elif (reason := held[f"{name}_at_missing"]) not in (None, _ABSENT):
                missing[name] = reason
        unit = _name(held["unit"]) or "not named"
        found.setdefault(held["call"], []).append((unit, taken, missing))
    return found


def _place(held: Mapping[str, object]) -> PlaceGiven | None:
    place = PlaceGiven(
        area=_word(cast("str | None", held["area"])),
        district=_word(cast("str | None", held["district"])),
        neighbourhood=_word(cast("str | None", held["neighbourhood"])),
        postal_code=_word(cast("str | None", held["postal_code"])),
        latitude_e7=cast("int | None", held["latitude_e7"]),
        longitude_e7=cast("int | None", held["longitude_e7"]),
        source="export",
    )
    return None if place == PlaceGiven(source="export") else place


_OUTCOMES: Final[dict[OutcomeName, Callable[[Row, str | None, str], Outcome]]] = {
    "responded": lambda row, unit, said: Responded(assignment=unit, contact=row.contact, export=said),
    "gone_on_arrival": lambda _, unit, said: GoneOnArrival(assignment=unit, export=said),
    "unfounded": lambda _, unit, said: Unfounded(assignment=unit, export=said),
    "handed_over": lambda _, __, said: HandedOver(to="not named in the export", export=said),
    "cancelled_by_caller": lambda _, __, said: CancelledByCaller(confirmed="not_said", export=said),
    "advised": lambda _, __, said: Advised(export=said),
    "duplicate": lambda _, __, said: Duplicate(export=said),
    "no_emergency": lambda _, __, said: NoEmergency(confirmed_by="export", export=said),
    "not_established": lambda _, __, said: NotEstablished(export=said),
    "declined": lambda _, __, said: Declined(ground="as in the export", authority="not named", export=said),
    "not_reached": lambda _, __, said: NotReached(why="as in the export", export=said),
    "not_recorded": lambda _, __, said: NotRecorded(export=said),
}


def outcome_of(row: Row, assignment: str | None) -> Outcome | None:
    """The outcome that the table tells, with the export's words as evidence; None while the call is open."""
    if row.outcome is None:
        return None
    return _OUTCOMES[row.outcome](row, assignment, row.basis[:LONGEST_WORD] or NOTHING_SAID)


class Replay:
    """Sends the calls of a table through an engine. The engine's clock must be the replay's."""

    def __init__(self, engine: Engine, clock: ReplayClock) -> None:
        """Drive this engine by this clock."""
        self._engine = engine
        self._clock = clock
        self._waiting: deque[tuple[Command, Future[Answer]]] = deque()
        self._incident_of: dict[str, str] = {}
        self._number = 0
        self.summary = ReplaySummary()

    def run(self, rows: Sequence[Row], progress: Callable[[int], None] | None = None) -> ReplaySummary:
        """Replay all rows in order of time.

        Raises:
            ReplayError: a command was refused.
            ReplayStoppedError: the record cannot be written.
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
        joins = self._incident_of.get(row.incident) if row.incident in shared else None
        if joins is not None and joins not in self._engine.state.incidents:
            joins = None
        yield TakeCall(
            channel=row.channel,
            received_at=row.stamps.get("received", began),
            needs=(NeedAsked(service=row.service, type=row.first_type, priority=row.first_priority),),
            place=row.place,
            facts=row.groups + _said_of(row),
            external=row.original_id,
            open_incident=joins is None,
            incident_external=_word(row.incident),
            agency=row.agency,
            self_initiated=bool(row.self_initiated),
            reconstructed=True,
        )
        if self._engine.failure is not None:
            self._settle_all()
        state = self._engine.state
        call = f"C{state.counters['call']:06d}"
        if joins is not None:
            yield Link(call=call, incident=joins)
        incident = state.needs[f"{call}-1"].incident
        if incident is None:
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
                    made[which] = f"A{state.counters['assignment']:06d}"
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

    def _send(self, body: AnyCommand) -> None:
        self._number += 1
        command = Command(id=f"replay:{self._number}", actor=IMPORTER, body=body, at=self._at)
        if self._engine.failure is not None:
            self._settle_all()  # says why; ids that come from the state would be wrong from here on
        self._waiting.append((command, self._engine.submit(command)))
        self.summary.commands += 1
        while len(self._waiting) > _IN_FLIGHT or (self._waiting and self._waiting[0][1].done()):
            self._check(*self._waiting.popleft())

    def _settle_all(self) -> None:
        while self._waiting:
            self._check(*self._waiting.popleft())

    @staticmethod
    def _check(command: Command, promised: Future[Answer]) -> None:
        answer = promised.result()
        if isinstance(answer, (Spooled, Unavailable)):
            raise ReplayStoppedError(f"The replay stopped at {command.id}. {answer.because}")
        if not isinstance(answer, Done):
            raise ReplayError(f"{type(command.body).__name__} of the replay was answered: {answer}")


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
