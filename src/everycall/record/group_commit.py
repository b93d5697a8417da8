"""Group commit: many threads submit, one thread commits all that waits in one transaction.

A disk makes some hundreds or thousands of commits a second durable, however large each is; so whatever
arrived while the last one was being made durable goes into the next together.

Invariants:

- work is committed in the order in which it was submitted;
- each future is settled exactly once: with no error only after its work is durable, otherwise with the
  reason;
- once a commit has failed, or the thread has died of anything else, the writer is *broken*: what is queued
  and what is submitted later fails with `RecordBroken`. The submitter's state is ahead of the disk then and
  has to be rebuilt;
- what waits is bounded: past `ROOM`, submitting waits, so that a replay of a million commands stays flat in
  memory.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar

from everycall.record.errors import RecordBroken, RecordClosed

ROOM = 32_768
"""How much weight may wait before submitting waits. A unit is about one row, some hundred bytes."""

LARGEST_GROUP = 8_192
"""Weight after which a group is closed: larger transactions gain nothing and delay their first answer."""

LONGEST_GATHERING = 0.0005
"""Seconds to wait for as many as were in the last group, once the first has come.

Those who were just answered are about to come again, all within moments. Without waiting, the first of them
goes alone and the others wait for its disk write: 16 producers got two thirds of the rate, at twice the p99.
Who submits alone never waits, since the last group was of one.
"""


class Work(Protocol):
    """Something to be committed."""

    @property
    def weight(self) -> int:
        """About how many rows it writes; at least 1."""
        ...


WorkType = TypeVar("WorkType", bound=Work)


class _Pending(Future[None], Generic[WorkType]):
    """Work and the future of it, which nobody can cancel: a submitted command cannot be taken back."""

    def __init__(self, work: WorkType) -> None:
        super().__init__()
        self.work = work

    def cancel(self) -> bool:
        return False


class GroupCommitter(Generic[WorkType]):
    """One writer thread and the queue before it.

    Args:
        commit: Makes a group durable in one transaction, and returns for each piece of work None, or why that
            piece alone was refused. Whatever it raises breaks the writer.
        after: Housekeeping that may follow a commit, given the group's weight; runs after the answers went
            out.
        name: Of the thread, for whoever looks at the process.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[WorkType]], Sequence[Exception | None]],
        *,
        after: Callable[[int], None],
        name: str,
    ) -> None:
        self._commit = commit
        self._after = after
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._queue: deque[_Pending[WorkType]] = deque()
        self._in_hand: list[_Pending[WorkType]] = []
        self._waiting_weight = 0
        self._submitted = 0
        self._done = 0
        self._awaited = 0
        self._last_count = 0
        self._closing = False
        self._failure: BaseException | None = None
        # A daemon, so that a program that dies of an error does not hang on its own record; nothing is lost
        # by it that was acknowledged. `close` is how the queue is written out.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, work: WorkType) -> Future[None]:
        """Queue work, waiting for room when much is queued.

        Args:
            work: What to commit.

        Returns:
            A future that is done when the work is durable. It cannot be cancelled. Its callbacks run in the
            writer thread: they must be short, and must not wait for another commit.

        Raises:
            RecordBroken: The writer has failed earlier.
            RecordClosed: The writer was closed.
        """
        pending = _Pending(work)
        with self._lock:
            # The writer's own callbacks may submit but never wait for room: only the writer makes room.
            while self._waiting_weight > ROOM and self._failure is None and not self._in_writer():
                self._room.wait()
            if self._failure is not None:
                raise _broken(self._failure)
            if self._closing:
                raise RecordClosed("The record was closed: open it again to write.")
            self._queue.append(pending)
            self._waiting_weight += work.weight
            self._submitted += 1
            if len(self._queue) == self._awaited:
                self._arrived.notify()
        return pending

    def wait(self, future: Future[None]) -> None:
        """Wait for a future of this committer, and raise what it failed with.

        Raises:
            RuntimeError: Called in the writer thread, which would wait for itself.
        """
        if self._in_writer():
            raise RuntimeError("a callback of a commit must not wait for another commit")
        future.result()

    def flush(self) -> None:
        """Return when all that was submitted before is durable or refused.

        Raises:
            RecordBroken: The writer has failed; what was queued is not durable.
            RuntimeError: Called in the writer thread, which would wait for itself.
        """
        if self._in_writer():
            raise RuntimeError("a callback of a commit must not wait for another commit")
        with self._lock:
            submitted = self._submitted
            while self._done < submitted and self._failure is None:
                self._settled.wait()
            if self._failure is not None:
                raise _broken(self._failure)

    def close(self) -> None:
        """Commit what is queued and end the thread; does nothing the second time.

        Raises:
            RuntimeError: Called in the writer thread, which would wait for itself.
        """
        if self._in_writer():
            raise RuntimeError("a callback of a commit must not close the record")
        with self._lock:
            self._closing = True
            self._arrived.notify()
            self._room.notify_all()
        self._thread.join()

    def _in_writer(self) -> bool:
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        try:
            while group := self._take():
                verdicts = self._commit([pending.work for pending in group])
                self._answer(verdicts)
                self._after(sum(pending.work.weight for pending in group))
        except BaseException as failure:  # noqa: BLE001 - whatever it was, every future must hear of it
            self._break(failure)

    def _take(self) -> Sequence[_Pending[WorkType]]:
        """The next group, or nothing when the committer was closed and all is written."""
        with self._lock:
            self._awaited = 1
            while not self._queue and not self._closing:
                self._arrived.wait()
            if len(self._queue) < self._last_count and not self._closing:
                self._awaited = self._last_count  # `submit` wakes us when that many have come
                self._arrived.wait(LONGEST_GATHERING)
            weight = 0
            while self._queue and weight < LARGEST_GROUP:
                pending = self._queue.popleft()
                self._in_hand.append(pending)
                weight += pending.work.weight
            self._waiting_weight -= weight
            self._last_count = len(self._in_hand)
            self._awaited = 0
            # Waking a producer for every freed place would have the two threads trade the interpreter's lock
            # all the time; half a queue of room is worth waking for.
            if self._waiting_weight <= ROOM // 2:
                self._room.notify_all()
            return tuple(self._in_hand)

    def _answer(self, verdicts: Sequence[Exception | None]) -> None:
        for pending, verdict in zip(self._in_hand, verdicts, strict=True):
            if verdict is None:
                pending.set_result(None)
            else:
                pending.set_exception(verdict)
        with self._lock:
            self._done += len(self._in_hand)
            self._in_hand.clear()
            self._settled.notify_all()

    def _break(self, failure: BaseException) -> None:
        with self._lock:
            self._failure = failure
            lost = [*self._in_hand, *self._queue]
            self._in_hand.clear()
            self._queue.clear()
            self._done += len(lost)
        for pending in lost:
            if not pending.done():
                pending.set_exception(_broken(failure))
        with self._lock:
            self._room.notify_all()
            self._settled.notify_all()


def _broken(failure: BaseException) -> RecordBroken:
    broken = RecordBroken(
        f"The record cannot be written since its writer failed ({type(failure).__name__}: {failure}). "
        "Put this right, then open the record again; until then, calls go to the spool."
    )
    broken.__cause__ = failure
    return broken
