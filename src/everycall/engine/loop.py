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

import msgspec
from msgspec.structs import replace

from everycall.core.actors import SYSTEM
from everycall.core.balance import Balance
from everycall.core.calls import TakeCall
from everycall.core.commands import Command, decode_command, encode_command
from everycall.core.decide import decide, tick
from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.given import Given
from everycall.core.refusals import Refusal
from everycall.core.state import State
from everycall.engine.answers import (
    OTHER_CONTENT,
    TOO_LARGE,
    TOO_LARGE_TO_RECALL,
    UNUSABLE_ID,
    Answer,
    Done,
    Spooled,
    Unavailable,
    decode_answer,
    encode_answer,
    malformed,
)
from everycall.engine.entries import encoded, made_by
from everycall.engine.policies import PolicyDesk
from everycall.engine.ports import LogFailedError, NoTravelTimes
from everycall.engine.recall import TooLargeToRecallError, named_but_absent, names_absent, recalled
from everycall.engine.salvage import MALFORMED, bare, reduced, usable_id
from everycall.engine.sealing import sealed_command
from everycall.engine.spooling import SpooledCalls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from everycall.core.event import Event
    from everycall.core.policies import Evaluator
    from everycall.engine.ports import Certificates, Clock, Evaluators, Log, Seals, Spool, TravelTimes

MOST_REMEMBERED: Final = 1 << 21
"""Command ids of a new log that are remembered by their hash, some 64 bytes each."""
_log: Final = logging.getLogger(__name__)


class Engine:
    """One centre's loop over its ports. Not thread-safe: one thread calls it."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        seals: Seals,
        *,
        evaluators: Evaluators | None = None,
        certificates: Certificates | None = None,
        travel: TravelTimes | None = None,
        spool: Spool | None = None,
        new_log: bool = False,
    ) -> None:
        """Build the state from the log; call `drain` to let in what waits beside it.

        Args:
            log: where events go.
            clock: what time it is.
            seals: how personal values are sealed.
            evaluators: where the policy in force is found; without it the house's own rules decide.
            certificates: where the certificate of a policy that is adopted is found.
            travel: travel times worked out beforehand.
            spool: where calls go while the log cannot be written.
            new_log: the log was just made, so that the ids of all its commands pass through this engine.
        """
        self._log = log
        self._clock = clock
        self._seals = seals
        self._policies = PolicyDesk(evaluators, certificates)
        self._travel = travel or NoTravelTimes()
        self._spooled = None if spool is None else SpooledCalls(spool, seals)
        self._feeds: list[Callable[[Sequence[tuple[int, bytes]]], None]] = []
        self._observers: list[Callable[[Event], None]] = []
        # Of a new log all ids are known that can be in it, so most look-ups are spared.
        self._submitted: set[int] | None = set() if new_log else None
        self._under_way: dict[str, tuple[bytes, Future[Answer]]] = {}
        self._latest: Future[None] | None = None
        self._failure: BaseException | None = None
        self._torn = False
        self._fallen = False
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
        self._torn = False

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
    def policy_missing(self) -> str | None:
        """The hash of the policy in force, if it cannot be found, so that the house's own rules decide."""
        return self._policies.missing

    def _evaluator(self) -> Evaluator | None:
        policy = self.state.policy
        return self._policies.in_force(None if policy is None else policy.policy, self.now)

    @property
    def sequence(self) -> int:
        """The sequence of the last entry that was made, durable or not yet."""
        return self._next - 1

    @property
    def spooled(self) -> int:
        """Calls that wait beside the log."""
        return 0 if self._spooled is None else self._spooled.calls

    @property
    def spooled_needs(self) -> int:
        """Needs that wait beside the log: received = outcomes + open + these."""
        return 0 if self._spooled is None else self._spooled.needs

    def handle(self, command: Command) -> Answer:
        """Take one command and wait for its answer."""
        return self.submit(command).result()

    def submit(self, command: Command) -> Future[Answer]:
        """Take one command; the answer comes when its events are durable. It never raises."""
        usable = usable_id(command)
        if usable is not command and not isinstance(command.body, TakeCall):
            return _finished(UNUSABLE_ID)
        return self._take(usable)

    def _take(self, command: Command, came_at: int | None = None, fingerprint: bytes = b"") -> Future[Answer]:
        """`came_at` and `fingerprint` are those of a call that waited in the spool."""
        try:
            content = encode_command(command)
            fingerprint = fingerprint or self._seals.fingerprint(content)
            if self._failure is not None:
                return _finished(self._without_log(command, fingerprint))
            known = self._known(command.id, fingerprint)
            if known is not None:
                return known
            self.advance()
            self._recall(command)
            if self._fallen:
                raise LogFailedError("The log failed while time passed.")
            # Read as if it had come from outside: what does not keep its limits could not be read back.
            return self._decide(_as_entitled(decode_command(content)), fingerprint, came_at)
        except LogFailedError as error:
            self._fail(error)
            return _finished(self._without_log(command, fingerprint))
        except TooLargeToRecallError as error:
            _log.critical("The command %s names what cannot be brought back: %s", command.id, error)
            return _finished(TOO_LARGE_TO_RECALL)
        except msgspec.ValidationError as error:
            return self._after_fault(command, fingerprint, came_at, error)
        except Exception as error:
            _log.exception("The command %s could not be carried out.", command.id)
            return self._after_fault(command, fingerprint, came_at, error)

    def _decide(self, command: Command, fingerprint: bytes, came_at: int | None = None) -> Future[Answer]:
        sealed, rows = sealed_command(command, self._seals)
        now = self.now
        at = command.at if command.at is not None else now if came_at is None else came_at
        travel = self._travel.to(getattr(command.body, "incident", "") or "")
        given = Given(
            now=now,
            at=at,
            evaluator=self._evaluator(),
            travel=travel,
            certificate=self._policies.certificate_for(command.body),
        )
        decided = decide(self.state, sealed, given)
        if isinstance(decided, Refusal):
            return self._append((), command, fingerprint, decided, ())
        first = self._next
        entries = encoded(
            decided,
            centre=self._log.centre,
            first=first,
            command=command.id,
            digest=fingerprint.hex(),
            at=at,
            now=now,
            actor=command.actor,
        )
        if any(len(data) > self._log.largest for data, _ in entries):
            body = command.body
            if not isinstance(body, TakeCall):
                return self._append((), command, fingerprint, TOO_LARGE, ())
            smaller = reduced(body)
            if body.facts and body.facts[-1].name == MALFORMED:
                smaller = bare(body)  # it was reduced already
            return self._decide(replace(command, body=smaller), fingerprint, came_at)
        self._evolve(decided)
        answer = Done(command=command.id, at=now, first=first, last=self._next - 1, made=made_by(decided))
        return self._append(entries, command, fingerprint, answer, rows)

    def advance(self) -> None:
        """Let time pass: apply ticks until nothing more is due now."""
        self.now = max(self.now, self._clock.now())
        while self._failure is None and (events := tick(self.state, self.now)):
            due: int | None = getattr(events[0], "due", None)
            if due is None:
                due = getattr(events[0], "at", self.now)
            assert due is not None  # noqa: S101 - an event of a tick has one or the other
            self._by_itself("tick", events, due)
        if self._failure is not None:
            self._fall_back()
        self._evaluator()  # so that it shows at once when the policy that came into force cannot be found

    def _by_itself(self, why: str, events: Sequence[Event], at: int) -> None:
        """What the centre does without a command."""
        first = self._next
        entries = encoded(
            events,
            centre=self._log.centre,
            first=first,
            command=f"{why}:{first}",
            digest="",
            at=at,
            now=self.now,
            actor=SYSTEM,
        )
        self._evolve(events)
        self._submit(first, entries, None, b"", b"", ())

    def _known(self, command: str, fingerprint: bytes) -> Future[Answer] | None:
        under_way = self._under_way.get(command)
        if under_way is not None:
            return under_way[1] if under_way[0] == fingerprint else _finished(OTHER_CONTENT)
        if self._submitted is not None:
            if len(self._submitted) > MOST_REMEMBERED:
                self._submitted = None
            elif (mark := hash(command)) not in self._submitted:
                self._submitted.add(mark)
                return None
        try:
            known = self._log.find_command(command)
        except Exception as error:
            raise LogFailedError(str(error)) from error
        if known is None:
            return None
        return _finished(decode_answer(known.answer) if known.fingerprint == fingerprint else OTHER_CONTENT)

    def _recall(self, command: Command) -> None:
        if not names_absent(self.state, command.body):
            return
        # The log gives what is durable, and what is named may have been retired a moment ago.
        self._let_latest_end()
        if self._failure is not None:
            raise LogFailedError("The log failed before.")
        for key in named_but_absent(self.state, command.body, self._log):
            if key in self.state.calls or key in self.state.incidents:
                continue  # an earlier one brought it along
            given = Given(now=self.now, at=self.now, evaluator=self._evaluator())
            back = recalled(self._log, key, given, self._log.largest)
            if back:
                self._by_itself("recall", back, self.now)

    def _evolve(self, events: Sequence[Event]) -> None:
        state, balance = self.state, self.balance
        self._torn = True  # until all of it is submitted, the state is not what the log will have
        for event in events:
            for observer in self._observers:
                observer(event)
            evolve(state, event)
            balance.add(event)
        self._next += len(events)

    def _append(
        self,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: Command,
        fingerprint: bytes,
        answer: Done | Refusal,
        rows: Sequence[object],
    ) -> Future[Answer]:
        promise: Future[Answer] = Future()
        self._under_way[command.id] = (fingerprint, promise)
        first = self._next - len(entries)
        came_at = self.now
        committed = self._submit(first, entries, command.id, fingerprint, encode_answer(answer), rows)

        def answer_it(done: Future[None]) -> None:
            try:
                failed = done.exception() is not None
                answered = self._kept_beside(command, fingerprint, came_at) if failed else answer
                self._under_way.pop(command.id, None)
                promise.set_result(answered)
            except BaseException as error:
                promise.set_exception(error)

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
        except Exception as error:
            self._let_latest_end(but=command)  # what came before is kept before it
            committed = Future()
            committed.set_exception(error)
        self._latest = committed
        self._torn = False

        def after(done: Future[None]) -> None:
            error = done.exception()
            if error is not None:
                self._fail(error)
            elif self._feeds and entries:
                durable = [(first + number, data) for number, (data, _) in enumerate(entries)]
                for feed in self._feeds:
                    try:
                        feed(durable)
                    except Exception:
                        _log.exception("A follower of the feed failed; what is durable stays so.")

        committed.add_done_callback(after)
        return committed

    def _fail(self, error: BaseException) -> None:
        if self._failure is None:
            _log.critical("The log cannot be written: %s", error)
            self._failure = error

    def _let_latest_end(self, but: str | None = None) -> None:
        """Wait until all that was submitted is durable or has failed, and is answered."""
        if self._latest is not None:
            self._latest.exception()
        for key, (_, promise) in list(self._under_way.items()):
            if key != but:
                promise.exception()

    def _fall_back(self) -> None:
        """The state goes that ran ahead of a log that failed, once, or that a fault left torn."""
        self._let_latest_end()
        if self._fallen or not (self._torn or self._failure is not None):
            return
        self._fallen = self._failure is not None
        try:
            self._rebuild()
        except Exception as error:
            _log.exception("The log cannot be read either; the state may hold what is not recorded.")
            self._fail(error)

    def _without_log(self, command: Command, fingerprint: bytes) -> Answer:
        """The log failed: what it has is answered, a call is spooled, anything else is told so at once."""
        self._fall_back()
        try:
            known = self._log.find_command(command.id)
        except Exception:
            known = None
        if known is not None:
            return decode_answer(known.answer) if known.fingerprint == fingerprint else OTHER_CONTENT
        return self._kept_beside(command, fingerprint, max(self.now, self._clock.now()))

    def _kept_beside(self, command: Command, fingerprint: bytes, came_at: int) -> Answer:
        because = f"The record cannot be written: {self._failure}."
        if self._failure is None:
            because = "The program failed at this call."
        if self._spooled is None or not isinstance(command.body, TakeCall):
            return Unavailable(command=command.id, because=because)
        try:
            item = self._spooled.put(command, came_at, fingerprint)
        except Exception as error:
            # The error is a sentence for the floor; its stack would bury it, call after call, on a full disk.
            _log.critical("The call %s could not be spooled: %s", command.id, error)
            return Unavailable(command=command.id, because=f"{because} The spool fails too: {error}.")
        if item.fingerprint != fingerprint.hex():
            return OTHER_CONTENT
        return Spooled(command=command.id, at=item.at, because=because)

    def _after_fault(
        self, command: Command, fingerprint: bytes, came_at: int | None, error: Exception
    ) -> Future[Answer]:
        """The program failed at a command: nothing of it happened, and a call is taken all the same."""
        self._fall_back()
        if self._failure is not None:
            return _finished(self._without_log(command, fingerprint))
        body = command.body
        if not isinstance(body, TakeCall):
            if isinstance(error, msgspec.ValidationError):
                return _finished(malformed(str(error)))
            return _finished(
                Refusal(
                    code="fault",
                    rule="house:5",
                    because=f"The program failed at this command ({type(error).__name__}); nothing was recorded.",
                    instead="Say it in other commands or in a note, and tell who keeps the system its id.",
                )
            )
        simple = replace(command, body=bare(body))
        try:
            mark = fingerprint or self._seals.fingerprint(encode_command(simple))
            return self._decide(simple, mark, came_at)
        except Exception:
            _log.exception("The call %s could not be taken in its barest form either.", command.id)
            self._fall_back()
            return _finished(self._kept_beside(simple, fingerprint, self.now if came_at is None else came_at))

    def recover(self, log: Log) -> list[Answer]:
        """Go on with a log that was opened again: the state from it, then what was spooled, in order."""
        self._let_latest_end()
        self._log = log
        self._failure = None
        self._fallen = False
        self._latest = None
        self._rebuild()
        return self.drain()

    def drain(self) -> list[Answer]:
        """Let in what waits beside the log, in the order in which it came and with its own times.

        A call that was spooled although it had just become durable is known by its id and enters once.
        """
        if self._spooled is None or not self._spooled.calls:
            return []
        answers: list[Answer] = []
        for item in self._spooled.reread():
            command = self._spooled.opened(item)
            if command is None:
                continue
            answer = self._take(command, item.at, bytes.fromhex(item.fingerprint)).result()
            if answer == OTHER_CONTENT:
                # Its id was used before, which could not be seen then. The call enters all the same.
                command = replace(command, id=f"spooled:{item.fingerprint[:64]}")
                answer = self._take(command, item.at, bytes.fromhex(item.fingerprint)).result()
            if self._failure is not None:
                self._fall_back()
                return answers
            if not isinstance(answer, (Spooled, Unavailable)):
                self._spooled.entered(item.command)
                answers.append(answer)
        self._spooled.drained()
        return answers


def _as_entitled(command: Command) -> Command:
    """Only an importer rebuilds calls; anybody else's call is a call, with its deadlines and its evidence."""
    body = command.body
    if isinstance(body, TakeCall) and body.reconstructed and command.actor.role != "importer":
        return replace(command, body=replace(body, reconstructed=False))
    return command


def _finished(answer: Answer) -> Future[Answer]:
    done: Future[Answer] = Future()
    done.set_result(answer)
    return done
