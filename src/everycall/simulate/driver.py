"""The driver: people and units as processes on one clock, whose commands go through the engine.

A heap of (microseconds, sequence) wakes the processes; each is a generator that yields the seconds until it
goes on. No dispatch logic lives here: what a process decides upon it reads from the events and the state that
the engine made.

A refusal that no script expected is a fault: it is counted, the process that met it ends, and the day's
summary tells.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, TypeVar

from everycall.core.base import SECOND
from everycall.core.commands import Command
from everycall.core.refusals import Refusal
from everycall.core.retiring import Recalled
from everycall.engine.answers import Done

if TYPE_CHECKING:
    from concurrent.futures import Future

    from everycall.core.actors import Actor
    from everycall.core.base import CommandBody
    from everycall.core.event import Event
    from everycall.core.state import State
    from everycall.engine.answers import Answer
    from everycall.engine.loop import Engine

Process = Generator[int, None, None]
"""Yields the seconds until it goes on."""

E = TypeVar("E")


class SimulatedClock:
    """A clock that stands until it is set; microseconds UTC."""

    def __init__(self, now: int) -> None:
        """Stand at an instant."""
        self.time = now

    def now(self) -> int:
        """The instant at which it stands."""
        return self.time


class UnexpectedRefusalError(Exception):
    """A process was refused something that its script takes for granted."""


class RecordLostError(Exception):
    """The record cannot be written any more, so nothing more happens; the text says why."""


@dataclass(slots=True)
class Met:
    """A refusal as it was met: at which command, in which process."""

    command: str
    process: str
    refusal: Refusal


@dataclass(slots=True)
class Made:
    """What a command made: its events, or the refusal that was expected."""

    events: list[Event] = field(default_factory=list)
    refusal: Refusal | None = None

    def one(self, kind: type[E]) -> E:
        """The first event of a kind.

        Raises:
            LookupError: there is none.
        """
        for event in self.events:
            if isinstance(event, kind):
                return event
        raise LookupError(f"no {kind.__name__} among {[type(event).__name__ for event in self.events]}")

    def all(self, kind: type[E]) -> list[E]:
        """Every event of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


class Driver:
    """Runs processes over an engine. `seed` gives each purpose its own random numbers."""

    def __init__(self, engine: Engine, clock: SimulatedClock, seed: int) -> None:
        """Drive this engine by this clock."""
        self.engine = engine
        self.clock = clock
        self.seed = seed
        self.sent: Counter[str] = Counter()
        self.happened: Counter[str] = Counter()
        self.expected: list[Met] = []
        self.unexpected: list[Met] = []
        self._heap: list[tuple[int, int, str, Process]] = []
        self._count = 0
        self._commands = 0
        self._fresh: list[Event] = []
        self._answers: list[tuple[str, Future[Answer]]] = []
        self._running = ""
        engine.observe(self._fresh.append)
        engine.observe(self._count_event)

    @property
    def state(self) -> State:
        """The engine's state."""
        return self.engine.state

    @property
    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        return self.clock.time

    def _count_event(self, event: Event) -> None:
        self.happened[type(event).__name__] += 1

    def dice(self, purpose: str) -> Random:
        """Random numbers of their own for a purpose, the same for the same seed on any machine."""
        return Random(f"{self.seed}/{purpose}")  # noqa: S311 - a simulation, no secrets

    def at(self, instant: int, name: str, process: Process) -> None:
        """Begin a process at an instant."""
        self._count += 1
        heapq.heappush(self._heap, (max(instant, self.now), self._count, name, process))

    def spawn(self, name: str, process: Process) -> None:
        """Begin a process now."""
        self.at(self.now, name, process)

    def run(self, until: int) -> None:
        """Run what is to happen up to an instant, then let the clock stand there."""
        while self._heap and self._heap[0][0] <= until:
            instant, _, name, process = heapq.heappop(self._heap)
            self._pass_time(instant)
            self._running = name
            try:
                wait = next(process)
            except StopIteration:
                continue
            except UnexpectedRefusalError:
                continue  # counted where it was met
            self.at(instant + max(wait, 0) * SECOND, name, process)
        self._pass_time(until)

    def _pass_time(self, until: int) -> None:
        """Let time pass as in a running centre, which ticks every second."""
        while self.clock.time < until:
            self.clock.time = min(self.clock.time + SECOND, until)
            self.engine.advance()
            self.still_recorded()

    def still_recorded(self) -> None:
        """Go on only while what happens is recorded: the state that processes look at falls back with the record.

        Raises:
            RecordLostError: it cannot be written.
        """
        failure = self.engine.failure
        if failure is not None:
            raise RecordLostError(f"the record cannot be written any more ({failure.__cause__ or failure})")

    def do(self, actor: Actor, body: CommandBody, *, at: int | None = None, refused: str | None = None) -> Made:
        """Send one command.

        Args:
            actor: Who sends it.
            body: The command.
            at: When it happened, if that is not now; microseconds UTC.
            refused: The code of the refusal that the script expects.

        Raises:
            UnexpectedRefusalError: it was refused, or not refused, against the script.
            RecordLostError: the record cannot be written.
        """
        self._commands += 1
        name = type(body).__name__
        self.sent[name] += 1
        self.engine.advance()
        self._fresh.clear()
        command = Command(id=f"day-{self._commands:06d}", actor=actor, body=body, at=at)  # type: ignore[arg-type]  # in the union
        answer = self.engine.submit(command)
        made = [event for event in self._fresh if not isinstance(event, Recalled)]
        at_once = answer.result() if answer.done() else None
        self.still_recorded()
        if made and refused is None and not isinstance(at_once, Refusal):
            self._answers.append((name, answer))  # durable a little later
            return Made(events=made)
        told = answer.result()
        self.still_recorded()
        if isinstance(told, Refusal) and told.code == refused:
            self.expected.append(Met(name, self._running, told))
            return Made(refusal=told)
        if not isinstance(told, Refusal):
            told = Refusal(
                code="not_refused", rule="script", because=f"{name} was to be refused: {refused}", instead=""
            )
        self.unexpected.append(Met(name, self._running, told))
        raise UnexpectedRefusalError(f"{name} in {self._running}: {told.code}: {told.because}")

    def settle_answers(self) -> int:
        """Wait until every command is answered; the number of those that were not done."""
        bad = sum(1 for _, answer in self._answers if not isinstance(answer.result(), Done))
        self._answers.clear()
        return bad
