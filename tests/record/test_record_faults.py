"""When the disk is full, the writer fails or its thread dies, everybody is told, and at once."""

import logging
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest

from everycall.record import Batch, Entry, NotTheNextSequence, RecordBroken, RecordClosed, SqliteRecord
from everycall.record import group_commit as module
from everycall.record.group_commit import GroupCommitter
from everycall.record.sqlite_write import SqliteWriter, Work


def one(first: int, data: bytes = b"event", command: str | None = None) -> Batch:
    return Batch(first, (Entry(data),), command)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.record"


# A full disk.


def fill(record: SqliteRecord) -> tuple[int, list[Future[None]]]:
    """Append until it fails, then submit some more; returns how many were acknowledged and what failed."""
    acknowledged, failed = 0, []
    while True:
        futures = [record.submit(one(acknowledged + 1 + i, b"x" * 60_000, f"c-{acknowledged + i}")) for i in range(5)]
        wait(futures)
        failed = [future for future in futures if future.exception()]
        acknowledged += len(futures) - len(failed)
        if failed:
            return acknowledged, failed


def test_a_full_disk_breaks_the_writer_and_keeps_what_was_acknowledged(path: Path) -> None:
    record = SqliteRecord.create(path, centre="c")
    assert record._writer is not None
    record._writer._connection.execute("PRAGMA max_page_count = 400")
    acknowledged, failed = fill(record)
    assert acknowledged > 10
    for future in failed:
        error = future.exception()
        assert isinstance(error, RecordBroken)
        assert "full" in str(error)
        assert "spool" in str(error)
    with pytest.raises(RecordBroken, match="full"):
        record.submit(one(acknowledged + 1))
    with pytest.raises(RecordBroken, match="full"):
        record.append(one(acknowledged + 1))
    with pytest.raises(RecordBroken, match="full"):
        record.flush()
    with pytest.raises(RecordBroken, match="full"):
        record.put_blob(b"a")
    assert record.length() == acknowledged
    assert len(list(record.read())) == acknowledged, "what is written stays readable while the writer is broken"
    record.close()
    with SqliteRecord.open(path) as record:
        assert record.length() == acknowledged
        record.append(one(acknowledged + 1))
        assert record.faults() == []


CHILD_ON_A_SMALL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from everycall.record import SqliteRecord
from test_record_faults import fill
record = SqliteRecord.create(sys.argv[1], centre="c")
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
acknowledged, failed = fill(record)
print(acknowledged, {type(future.exception()).__name__ for future in failed})
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
record.close()
"""


def test_a_write_that_the_system_refuses_breaks_the_writer_and_keeps_what_was_acknowledged(
    path: Path,
) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD_ON_A_SMALL_DISK, path, Path(__file__).parent],
        capture_output=True,
        text=True,
        check=True,
    )
    acknowledged, kinds = child.stdout.split(maxsplit=1)
    assert kinds == "{'RecordBroken'}\n"
    assert int(acknowledged) > 5
    with SqliteRecord.open(path) as record:
        found = record.length()
        assert found >= int(acknowledged)
        assert record.faults() == []
        for number in range(int(acknowledged)):
            assert record.find_command(f"c-{number}") is not None
        record.append(one(found + 1))


# A commit that fails, by a store that fails on demand.


class FailingWriter(SqliteWriter):
    """The real writer, failing at the commit after `good` good ones, once it was told to go on."""

    good = 2
    gate = threading.Event()

    def commit(self, group: Sequence[Work]) -> Sequence[Exception | None]:
        if type(self).good == 0:
            self.gate.wait(5)
            raise sqlite3.OperationalError("disk I/O error")
        type(self).good -= 1
        return super().commit(group)


@pytest.fixture
def failing(path: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteRecord:
    monkeypatch.setattr("everycall.record.sqlite_log.SqliteWriter", FailingWriter)
    FailingWriter.good, FailingWriter.gate = 2, threading.Event()
    return SqliteRecord.create(path, centre="c")


def test_after_a_failed_commit_all_that_is_queued_fails_with_the_same_error(failing: SqliteRecord) -> None:
    failing.append(one(1))
    failing.append(one(2))
    futures = [failing.submit(one(first)) for first in range(3, 30)]
    FailingWriter.gate.set()
    wait(futures, timeout=5)
    assert {type(future.exception()) for future in futures} == {RecordBroken}
    assert {str(future.exception()) for future in futures} == {str(futures[0].exception())}
    assert isinstance(futures[0].exception().__cause__, sqlite3.OperationalError)  # type: ignore[union-attr]
    FailingWriter.good = 100  # the disk recovers: the writer must not, its submitter is ahead of it
    with pytest.raises(RecordBroken, match="open the record again"):
        failing.append(one(3))
    assert failing.length() == 2
    failing.close()
    with SqliteRecord.open(failing.path) as record:
        assert record.length() == 2
        record.append(one(3))


def test_closing_a_broken_record_lets_go_of_it(failing: SqliteRecord) -> None:
    FailingWriter.good = 0
    FailingWriter.gate.set()
    with pytest.raises(RecordBroken):
        failing.append(one(1))
    failing.close()
    SqliteRecord.open(failing.path).close()


@pytest.mark.parametrize("blow", [SystemExit, KeyboardInterrupt, MemoryError, ZeroDivisionError])
def test_whatever_ends_the_writer_thread_every_future_hears_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, blow: type[BaseException]
) -> None:
    gate = threading.Event()

    def dying(*_: object) -> Sequence[None]:
        gate.wait(5)
        raise blow

    monkeypatch.setattr(SqliteWriter, "commit", dying)
    with SqliteRecord.create(path, centre="c") as record:
        futures = [record.submit(one(first)) for first in range(1, 20)]
        gate.set()
        wait(futures, timeout=5)
        assert {type(future.exception()) for future in futures} == {RecordBroken}
        with pytest.raises(RecordBroken, match=blow.__name__):
            record.submit(one(1))


@pytest.mark.parametrize("where", ["_take", "_answer", "_after"])
def test_a_writer_thread_that_dies_between_two_commits_leaves_nobody_waiting(
    path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    with SqliteRecord.create(path, centre="c") as record:
        assert record._committer is not None
        record.append(one(1))
        record.flush()

        def dying(*_: object) -> None:
            raise SystemExit

        monkeypatch.setattr(record._committer, where, dying)
        futures = [record.submit(one(2))]
        record._committer._thread.join(5)
        assert not record._committer._thread.is_alive()
        wait(futures, timeout=5)
        assert all(future.done() for future in futures), "answered, whatever the answer"
        with pytest.raises(RecordBroken, match="SystemExit"):
            record.append(one(3))
        with pytest.raises(RecordBroken, match="SystemExit"):
            record.flush()
    with SqliteRecord.open(path) as record:
        record.append(one(record.length() + 1))


# The committer by itself.


class Piece:
    def __init__(self, number: int, weight: int = 1) -> None:
        self.number = number
        self.weight = weight


class Disk:
    """A store of the committer's kind that notes its groups and waits until it is told to go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def commit(self, group: Sequence[Piece]) -> Sequence[Exception | None]:
        self.gate.wait(5)
        self.groups.append([piece.number for piece in group])
        return [NotTheNextSequence("odd") if piece.number % 2 else None for piece in group]


@pytest.fixture
def disk() -> Disk:
    return Disk()


def committer_on(disk: Disk, after: Callable[[int], None] = lambda _: None) -> GroupCommitter[Piece]:
    return GroupCommitter(disk.commit, after=after, name="test")


def test_what_waits_goes_together_in_order(disk: Disk) -> None:
    committer = committer_on(disk)
    disk.gate.clear()
    futures = [committer.submit(Piece(number)) for number in range(100)]
    disk.gate.set()
    wait(futures, timeout=5)
    committer.close()
    assert list(chain.from_iterable(disk.groups)) == list(range(100))
    assert len(disk.groups) <= 3
    assert [future.exception() is None for future in futures] == [number % 2 == 0 for number in range(100)]


def test_a_group_is_closed_at_its_weight(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_GROUP", 10)
    committer = committer_on(disk)
    disk.gate.clear()
    for number in range(40):
        committer.submit(Piece(number, weight=3))
    disk.gate.set()
    committer.close()
    assert max(map(len, disk.groups)) == 4, "the piece that reaches the weight is the last one"


def test_submitting_waits_for_room_so_memory_stays_flat(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 100)
    committer = committer_on(disk)
    disk.gate.clear()
    submitted = 0

    def produce() -> None:
        nonlocal submitted
        for number in range(2000):
            committer.submit(Piece(number))
            submitted += 1

    producer = threading.Thread(target=produce)
    producer.start()
    time.sleep(0.1)
    assert producer.is_alive()
    assert 100 <= submitted <= 210, "room for 100, besides those already in the writer's hand"
    disk.gate.set()
    producer.join(5)
    assert submitted == 2000
    committer.flush()
    committer.close()
    assert list(chain.from_iterable(disk.groups)) == list(range(2000))


@pytest.mark.parametrize("how", ["break", "close"])
def test_who_waits_for_room_hears_of_the_end(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, how: Literal["break", "close"]
) -> None:
    monkeypatch.setattr(module, "ROOM", 0)
    committer = committer_on(disk)
    disk.gate.clear()
    committer.submit(Piece(0, weight=5))
    time.sleep(0.02)
    committer.submit(Piece(2, weight=5))
    heard: list[BaseException] = []

    def produce() -> None:
        try:
            committer.submit(Piece(4))
        except (RecordBroken, RecordClosed) as error:
            heard.append(error)

    producer = threading.Thread(target=produce)
    producer.start()
    time.sleep(0.02)
    if how == "break":
        monkeypatch.setattr(disk, "groups", None)  # the commit in hand fails when it notes itself
        disk.gate.set()
    else:
        threading.Timer(0.05, disk.gate.set).start()
        committer.close()
    producer.join(5)
    assert not producer.is_alive()
    assert [type(error) for error in heard] == [RecordBroken if how == "break" else RecordClosed]


def test_a_submitted_command_cannot_be_taken_back(disk: Disk) -> None:
    committer = committer_on(disk)
    disk.gate.clear()
    future = committer.submit(Piece(0))
    assert not future.cancel()
    disk.gate.set()
    future.result(5)
    committer.close()


def test_housekeeping_follows_the_answers_and_its_failure_breaks_the_writer(disk: Disk) -> None:
    answered_before: list[bool] = []
    futures: list[Future[None]] = []

    def after(weight: int) -> None:
        answered_before.append(futures[0].done())
        raise OSError(weight, "the house is on fire")

    committer = committer_on(disk, after)
    disk.gate.clear()
    futures.append(committer.submit(Piece(0, weight=7)))
    disk.gate.set()
    futures[0].result(5)
    committer._thread.join(5)
    with pytest.raises(RecordBroken, match="on fire"):
        committer.submit(Piece(2))
    assert answered_before == [True]
    committer.close()


def test_a_callback_that_fails_harms_nobody_else(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    def failing(_: Future[None]) -> None:
        raise ZeroDivisionError

    committer = committer_on(disk)
    disk.gate.clear()
    futures = [committer.submit(Piece(number)) for number in (0, 2)]
    futures[0].add_done_callback(failing)
    with caplog.at_level(logging.CRITICAL + 1, "concurrent.futures"):
        disk.gate.set()
        wait(futures, timeout=5)
        committer.submit(Piece(4)).result(5)
    committer.close()


def test_a_callback_may_submit_but_not_wait(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 0)
    committer = committer_on(disk)
    disk.gate.clear()
    future = committer.submit(Piece(0))
    refused: list[str] = []
    follow_ups: list[Future[None]] = []

    def callback(_: Future[None]) -> None:
        follow_ups.extend(committer.submit(Piece(2, weight=9)) for _ in range(3))
        waits: list[Callable[[], None]] = [
            lambda: committer.wait(follow_ups[0]),
            committer.flush,
            committer.close,
        ]
        for waiting in waits:
            try:
                waiting()
            except RuntimeError as error:
                refused.append(str(error))

    future.add_done_callback(callback)
    disk.gate.set()
    future.result(5)
    committer.flush()
    committer.close()
    assert len(refused) == 3
    assert all(follow_up.done() for follow_up in follow_ups)


def test_one_who_submits_alone_is_not_kept_waiting_for_company(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_GATHERING", 5.0)
    committer = committer_on(disk)
    start = time.monotonic()
    for number in range(0, 40, 2):
        committer.submit(Piece(number)).result(5)
    assert time.monotonic() - start < 1.0
    committer.close()


def test_company_that_does_not_come_is_waited_for_once(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_GATHERING", 0.1)
    committer = committer_on(disk)
    disk.gate.clear()
    futures = [committer.submit(Piece(number)) for number in range(0, 40, 2)]
    disk.gate.set()
    wait(futures, timeout=5)
    start = time.monotonic()
    for number in range(0, 40, 2):
        committer.submit(Piece(number)).result(5)
    assert time.monotonic() - start < 0.4, "once 0.1 s, not for each of the twenty"
    committer.close()


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(20, marks=pytest.mark.soak, id="often")])
def test_a_replay_of_many_small_batches_stays_flat_in_memory(path: Path, times: int) -> None:
    with SqliteRecord.create(path, centre="c") as record:
        before = 0
        for first in range(1, 20_000 * times + 1):
            record.submit(one(first, b"x" * 200, f"command-{first}"))
            if first == 10_000:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        record.flush()
        assert record.length() == 20_000 * times
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 110_000, f"{grown} KiB more, of which SQLite's page cache may take 65,536"
