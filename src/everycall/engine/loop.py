"""The loop: seal, tick, decide, evolve, append; answer when it is durable.

Invariants:

1. A command is answered after its events are durable, or the sender is told that they are not (rule 5 of the
   house).
2. The state runs ahead of the log so that commits can be grouped. When a commit fails, the state is thrown
   away and built again from the log.
3. `now` never goes back, whatever the clock does.
4. The same command id with the same content gets the first answer; with other content it is refused.
5. One thread drives it; futures are completed by the log's writer.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.actors import SYSTEM, Actor
from everycall.core.balance import Balance
from everycall.core.calls import CallTaken, TakeCall
from everycall.core.commands import Command, decode_command, encode_command
from everycall.core.decide import decide, tick
from everycall.core.events import VERSION, Envelope, decode_event, encode_event
from everycall.core.evolve import evolve
from everycall.core.given import Given
from everycall.core.refusals import Refusal
from everycall.core.state import State
from everycall.engine.answers import Answer, Done, Spooled, Unavailable, decode_answer, encode_answer
from everycall.engine.ports import NoTravelTimes
from everycall.engine.recall import named_but_absent, recalled
from everycall.engine.sealing import sealed_command
from everycall.engine.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from everycall.core.event import Event
    from everycall.core.policies import Evaluator
    from everycall.engine.ports import Clock, Log, Seals, Spool, TravelTimes

MOST_REMEMBERED: Final = 1 << 21
"""Command ids of a new log that are remembered by their hash, some 64 bytes each."""
_log: Final = logging.getLogger(__name__)
_MADE: Final = (
    "call",
    "incident",
    "new",
    "assignment",
    "hand_over",
    "instruction",
    "review",
    "note",
    "patient",
    "act",
)
_OTHER_CONTENT: Final = Refusal(
    code="id_used_already",
    rule="house:5",
    because="A command with this id and other content was answered before.",
    instead="Give each command an id of its own; send the same content only to hear the first answer again.",
)

Feed = "Callable[[Sequence[tuple[int, bytes]]], None]"


class Engine:
    """One centre's loop over its ports. Not thread-safe: one thread calls it."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        seals: Seals,
        *,
        evaluator: Evaluator | None = None,
        travel: TravelTimes | None = None,
        spool: Spool | None = None,
    ) -> None:
        """Build the state from the log, then be ready. `evaluator` counts once its policy is in force."""
        self._log = log
        self._clock = clock
        self._seals = seals
        self.evaluator = evaluator
        self._travel = travel or NoTravelTimes()
        self._spool = spool
        self._feeds: list[Callable[[Sequence[tuple[int, bytes]]], None]] = []
        self._observers: list[Callable[[Event], None]] = []
        self._submitted: set[int] | None = None
        self._under_way: dict[str, tuple[bytes, Future[Answer]]] = {}
        self._failure: BaseException | None = None
        self.state = State()
        self.balance = Balance()
        self.now = 0
        self._next = 1
        self._rebuild()

    def _rebuild(self) -> None:
        """The state and the balance as the log has them; replay only evolves."""
        state, balance = State(), Balance()
        now = 0
        sequence = 0
        for found, data in self._log.read():
            sequence = found
            envelope = decode_event(data)
            evolve(state, envelope.body)
            balance.add(envelope.body)
            now = envelope.recorded_at
        self.state, self.balance = state, balance
        self.now = max(self.now, now)
        self._next = sequence + 1
        # Of a log that was empty all ids are known that can be in it, so most look-ups are spared.
        self._submitted = set() if sequence == 0 else None

    def follow(self, feed: Callable[[Sequence[tuple[int, bytes]]], None]) -> None:
        """Hand every durable batch to `feed`, in order, from the log's writer thread."""
        self._feeds.append(feed)

    def observe(self, observer: Callable[[Event], None]) -> None:
        """Tell `observer` of each event just before the state evolves by it."""
        self._observers.append(observer)

    @property
    def failure(self) -> BaseException | None:
        """Why the log cannot be written, if it cannot."""
        return self._failure

    @property
    def sequence(self) -> int:
        """The sequence of the last entry that was made, durable or not yet."""
        return self._next - 1

    @property
    def spooled(self) -> int:
        """Calls that wait beside the log."""
        return 0 if self._spool is None else len(self._spool.waiting())

    def handle(self, command: Command) -> Answer:
        """Take one command and wait for its answer."""
        return self.submit(command).result()

    def submit(self, command: Command) -> Future[Answer]:
        """Take one command; the answer comes when its events are durable."""
        if self._failure is not None:
            return _finished(self._without_log(command))
        content = encode_command(command)
        fingerprint = self._seals.fingerprint(content)
        known = self._known(command.id, fingerprint)
        if known is not None:
            return known
        self.advance()
        self._recall(command)
        sealed, rows = sealed_command(command, self._seals)
        now = self.now
        at = now if command.at is None else command.at
        travel = self._travel.to(getattr(command.body, "incident", "") or "")
        decided = decide(self.state, sealed, Given(now=now, at=at, evaluator=self.evaluator, travel=travel))
        answer: Answer
        if isinstance(decided, Refusal):
            answer = decided
            return self._append((), command, fingerprint, answer, encode_answer(answer), ())
        first = self._next
        entries = self._apply(decided, command.id, fingerprint, at, command.actor)
        answer = Done(command=command.id, at=now, first=first, last=self._next - 1, made=_made(decided))
        return self._append(entries, command, fingerprint, answer, encode_answer(answer), rows)

    def advance(self) -> None:
        """Let time pass: apply ticks until nothing more is due now."""
        if self._failure is not None:
            return
        self.now = max(self.now, self._clock.now())
        while events := tick(self.state, self.now):
            first = self._next
            due = getattr(events[0], "due", None) or getattr(events[0], "at", None) or self.now
            entries = self._apply(events, f"tick:{first}", b"", due, SYSTEM)
            self._submit(first, entries, None, b"", b"", ())

    def _known(self, command: str, fingerprint: bytes) -> Future[Answer] | None:
        under_way = self._under_way.get(command)
        if under_way is not None:
            return under_way[1] if under_way[0] == fingerprint else _finished(_OTHER_CONTENT)
        if self._submitted is not None:
            if len(self._submitted) > MOST_REMEMBERED:
                self._submitted = None
            elif (mark := hash(command)) not in self._submitted:
                self._submitted.add(mark)
                return None
        known = self._log.find_command(command)
        if known is None:
            return None
        return _finished(decode_answer(known.answer) if known.fingerprint == fingerprint else _OTHER_CONTENT)

    def _recall(self, command: Command) -> None:
        for key in named_but_absent(self.state, command.body, self._log):
            if key in self.state.calls or key in self.state.incidents:
                continue  # an earlier one brought it along
            back = recalled(self._log, key, self.now)
            if back is not None:
                first = self._next
                entries = self._apply([back], f"recall:{first}", b"", self.now, SYSTEM)
                self._submit(first, entries, None, b"", b"", ())

    def _apply(
        self, events: Sequence[Event], command: str, fingerprint: bytes, at: int, actor: Actor
    ) -> list[tuple[bytes, tuple[str, ...]]]:
        """Evolve by these events and make their bytes."""
        entries: list[tuple[bytes, tuple[str, ...]]] = []
        centre = self._log.centre
        digest = fingerprint.hex()
        state, balance, now = self.state, self.balance, self.now
        for event in events:
            envelope = Envelope(
                centre=centre,
                sequence=self._next,
                command=command,
                command_hash=digest,
                occurred_at=at,
                recorded_at=now,
                actor=actor,
                version=VERSION,
                body=event,  # type: ignore[arg-type]  # every event class stands in the union, which a test checks
            )
            entries.append((encode_event(envelope), tags_of(event)))
            for observer in self._observers:
                observer(event)
            evolve(state, event)
            balance.add(event)
            self._next += 1
        return entries

    def _append(
        self,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: Command,
        fingerprint: bytes,
        answer: Answer,
        encoded: bytes,
        rows: Sequence[object],
    ) -> Future[Answer]:
        promise: Future[Answer] = Future()
        self._under_way[command.id] = (fingerprint, promise)
        first = self._next - len(entries)
        committed = self._submit(first, entries, command.id, fingerprint, encoded, rows)

        def answer_it(done: Future[None]) -> None:
            error = done.exception()
            if error is None:
                self._under_way.pop(command.id, None)
                promise.set_result(answer)
            else:
                self._under_way.pop(command.id, None)
                promise.set_result(self._without_log(command))

        committed.add_done_callback(answer_it)
        return promise

    def _submit(
        self,
        first: int,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: str | None,
        fingerprint: bytes,
        encoded: bytes,
        rows: Sequence[object],
    ) -> Future[None]:
        try:
            committed = self._log.submit(first, entries, command, fingerprint, encoded, rows)
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the call must not be lost
            committed = Future()
            committed.set_exception(error)

        def after(done: Future[None]) -> None:
            error = done.exception()
            if error is not None:
                if self._failure is None:
                    _log.critical("The log cannot be written: %s", error)
                self._failure = error
            elif self._feeds:
                durable = [(first + number, data) for number, (data, _) in enumerate(entries)]
                for feed in self._feeds:
                    feed(durable)

        committed.add_done_callback(after)
        return committed

    def _without_log(self, command: Command) -> Answer:
        """The log fails: a call is spooled, anything else is answered at once."""
        because = f"The record cannot be written: {self._failure}."
        if self._spool is None or not isinstance(command.body, TakeCall):
            return Unavailable(command=command.id, because=because)
        at = max(self.now, self._clock.now())
        timed = command if command.at is not None else replace(command, at=at)
        self._spool.put(self._seals.lock(encode_command(timed)))
        return Spooled(command=command.id, at=at, because=because)

    def recover(self, log: Log) -> list[Answer]:
        """Go on with a log that was opened again: the state from it, then what was spooled, in order.

        A command that was spooled although it had just become durable is known by its id and enters once.
        """
        self._log = log
        self._failure = None
        self._under_way.clear()
        self._rebuild()
        if self._spool is None:
            return []
        answers: list[Answer] = []
        for item in self._spool.waiting():
            answers.append(self.handle(decode_command(self._seals.unlock(item))))
            if self.failure is not None:
                return answers
        self._spool.drained()
        return answers


def _finished(answer: Answer) -> Future[Answer]:
    done: Future[Answer] = Future()
    done.set_result(answer)
    return done


def _made(events: Sequence[Event]) -> tuple[str, ...]:
    """The ids that these events made, in order: what the sender needs for the next command."""
    made: dict[str, None] = {}
    for event in events:
        for name in _MADE:
            value = getattr(event, name, None)
            if isinstance(value, str):
                made[value] = None
        if isinstance(event, CallTaken):
            for need in event.needs:
                made[need.need] = None
    return tuple(made)
