"""What every store of a record must do. A store's tests subclass `RecordSuite` and say how one is made."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from everycall.record import (
    Batch,
    BatchRefused,
    BlobMissing,
    CommandAlreadyRecorded,
    Entry,
    InvalidEntry,
    NotTheNextSequence,
    ReadOnlyRecord,
    RecordClosed,
    RecordStore,
    SealRow,
    StoredCommand,
)
from everycall.record.entries import LARGEST_ENTRY
from everycall.record.sqlite_read import ROWS_AT_ONCE

MORE_THAN_ONE_PAGE = 2 * ROWS_AT_ONCE + 3
"""Entries enough for a streaming read to go back to the store several times."""


def one(first: int, data: bytes = b"event", *tags: str, command: str | None = None) -> Batch:
    return Batch(first, (Entry(data, tags),), command)


def many(first: int, count: int, *tags: str) -> Batch:
    return Batch(first, tuple(Entry(b"event %d" % (first + i), tags) for i in range(count)))


def seal(reference: str, token: str | None = None) -> SealRow:
    return SealRow(reference, b"key of " + reference.encode(), b"nonce", b"ciphertext", token)


class RecordSuite(ABC):
    """The contract of `RecordStore`, as tests."""

    @abstractmethod
    def create(self, path: Path) -> RecordStore:
        """Make a new record, open for writing."""

    @abstractmethod
    def reopen(self, path: Path, *, read_only: bool = False) -> RecordStore:
        """Open it again."""

    # Order.

    def test_a_new_record_is_empty_and_knows_its_centre(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            assert record.length() == 0
            assert list(record.read()) == []
            assert record.centre == "centre.example"

    def test_entries_come_back_as_the_bytes_they_were_in_their_order(self, tmp_path: Path) -> None:
        data = [b"\x00", b"\xff\xfe", "ünï".encode(), b"x" * LARGEST_ENTRY, b"'; DROP TABLE entry; --"]
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, tuple(Entry(bytes_) for bytes_ in data[:2])))
            record.append(Batch(3, tuple(Entry(bytes_) for bytes_ in data[2:])))
            assert list(record.read()) == list(enumerate(data, 1))
            assert record.length() == 5

    @pytest.mark.parametrize("first", [1, 2, 4, 5, 1000])
    def test_a_batch_that_is_not_next_is_refused_and_the_record_goes_on(self, tmp_path: Path, first: int) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(many(1, 2))
            with pytest.raises(NotTheNextSequence, match="next sequence is 3"):
                record.append(one(first, b"wrong", "tag:wrong", command="wrong"))
            record.append(one(3, b"right"))
            assert [data for _, data in record.read()] == [b"event 1", b"event 2", b"right"]
            assert list(record.by_tag("tag:wrong")) == []
            assert record.find_command("wrong") is None

    def test_after_a_refused_batch_those_decided_upon_it_are_refused_too(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            futures = [record.submit(one(first)) for first in (1, 2, 7, 8, 9)]
            wait(futures)
            kinds = [type(future.exception()) for future in futures]
            assert kinds == [type(None)] * 2 + [NotTheNextSequence] * 3
            assert record.length() == 2

    def test_parts_of_the_log_can_be_read(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(many(1, 9))
            assert [sequence for sequence, _ in record.read(4, 6)] == [4, 5, 6]
            assert [sequence for sequence, _ in record.read(8)] == [8, 9]
            assert [sequence for sequence, _ in record.read(8, 99)] == [8, 9]
            assert list(record.read(10)) == []
            assert list(record.read(6, 5)) == []
            with pytest.raises(ValueError, match="start at 1"):
                record.read(0)

    def test_a_long_log_streams_without_a_gap(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(many(1, MORE_THAN_ONE_PAGE, "tag:all"))
            expected = [(i, b"event %d" % i) for i in range(1, MORE_THAN_ONE_PAGE + 1)]
            assert list(record.read()) == expected
            assert list(record.by_tag("tag:all")) == expected

    # Whole or not at all.

    def test_a_batch_is_whole_or_not_there(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (Entry(b"a"),), "first", seals=(seal("s1"),)))
            twice = Batch(2, (Entry(b"b", ("tag:b",)), Entry(b"c")), "second", b"", b"", (seal("s2"), seal("s1")))
            with pytest.raises(BatchRefused):
                record.append(twice)
            assert record.length() == 1
            assert list(record.by_tag("tag:b")) == []
            assert record.find_command("second") is None
            assert record.seal_row("s2") is None

    def test_one_refused_batch_does_not_take_its_neighbours_along(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(one(1, command="known"))
            batches = [one(2, b"two"), one(3, command="known"), one(3, b"three"), one(5), one(4, b"four")]
            futures = [record.submit(batch) for batch in batches]
            wait(futures)
            kinds = [type(future.exception()) for future in futures]
            assert kinds == [type(None), CommandAlreadyRecorded, type(None), NotTheNextSequence, type(None)]
            assert [data for _, data in record.read(2)] == [b"two", b"three", b"four"]

    # Commands.

    def test_a_command_is_found_with_what_it_made_and_its_first_answer(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(one(1))
            record.append(Batch(2, (Entry(b"a"), Entry(b"b")), "c-1", b"print", b"answer"))
            assert record.find_command("c-1") == StoredCommand("c-1", b"print", 2, 2, b"answer")
            assert record.find_command("c-2") is None

    def test_a_refused_command_keeps_its_answer_without_an_entry(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (), "refused", b"print", b"no, because"))
            record.append(one(1, command="taken"))
            assert record.find_command("refused") == StoredCommand("refused", b"print", 1, 0, b"no, because")
            assert record.length() == 1

    def test_a_command_is_recorded_once(self, tmp_path: Path) -> None:
        path = tmp_path / "a.record"
        with self.create(path) as record:
            record.append(Batch(1, (Entry(b"a"),), "c-1", b"print", b"first answer"))
        with self.reopen(path) as record:
            with pytest.raises(CommandAlreadyRecorded, match="c-1"):
                record.append(Batch(2, (Entry(b"b"),), "c-1", b"print", b"second answer"))
            found = record.find_command("c-1")
            assert found is not None
            assert found.answer == b"first answer"
            assert record.length() == 1

    def test_a_command_submitted_twice_at_once_is_recorded_once(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            futures = [record.submit(one(1, command="same")), record.submit(one(2, command="same"))]
            wait(futures)
            assert [type(future.exception()) for future in futures] == [type(None), CommandAlreadyRecorded]

    # Tags.

    def test_entries_are_found_by_each_of_their_tags(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (Entry(b"a", ("call:1", "unit:7")), Entry(b"b", ("call:2",)), Entry(b"c"))))
            record.append(one(4, b"d", "unit:7", "unit:7", "call:1"))
            assert list(record.by_tag("call:1")) == [(1, b"a"), (4, b"d")]
            assert list(record.by_tag("unit:7")) == [(1, b"a"), (4, b"d")]
            assert list(record.by_tag("call:2")) == [(2, b"b")]
            assert list(record.by_tag("call")) == []
            assert list(record.by_tag("CALL:1")) == []

    def test_tags_are_found_by_how_they_begin_each_once(self, tmp_path: Path) -> None:
        tags = (
            "external:P18_1",
            "external:P18%2",
            "external:P18-1",
            "externalé",
            "incident:1",
            "External:P18-1",
        )
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (Entry(b"a", tags), Entry(b"b", tags))))
            assert list(record.find_tags("external:P18")) == sorted(tags[:3])
            assert list(record.find_tags("external:P18_")) == ["external:P18_1"]
            assert list(record.find_tags("external:P18-1")) == ["external:P18-1"]
            assert list(record.find_tags("")) == sorted(tags)
            assert list(record.find_tags("x")) == []

    @pytest.mark.parametrize("odd", ["", "\x00", "\ud800", "tag:\n", "a" * 10_000, "%", "' OR 1=1 --"])
    def test_looking_for_what_nobody_can_store_finds_nothing(self, tmp_path: Path, odd: str) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(one(1, b"a", "tag:a", command="c"))
            assert list(record.by_tag(odd)) == []
            assert record.find_command(odd) is None
            assert record.seal_row(odd) is None
            assert list(record.seals_by_token(odd)) == []
            if odd:
                assert list(record.find_tags(odd)) == []
            with pytest.raises(BlobMissing):
                record.blob(odd)

    # Seals and blobs.

    def test_sealed_values_are_found_by_reference_and_by_token(self, tmp_path: Path) -> None:
        rows = (seal("s1", "token-a"), seal("s2"), seal("s3", "token-a"), seal("s4", "token-b"))
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (Entry(b"a"),), seals=rows))
            assert [record.seal_row(row.reference) for row in rows] == list(rows)
            assert list(record.seals_by_token("token-a")) == [rows[0], rows[2]]
            assert list(record.seals_by_token("token-c")) == []

    def test_many_values_with_one_token_are_all_found(self, tmp_path: Path) -> None:
        rows = tuple(seal(f"s{i:05}", "token") for i in range(MORE_THAN_ONE_PAGE))
        with self.create(tmp_path / "a.record") as record:
            record.append(Batch(1, (Entry(b"a"),), seals=rows))
            assert list(record.seals_by_token("token")) == list(rows)

    @pytest.mark.parametrize("data", [b"", b"a", b"\x00" * 300_000])
    def test_a_blob_is_kept_once_by_its_hash(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "a.record"
        with self.create(path) as record:
            name = record.put_blob(data)
            assert record.put_blob(data) == name == sha256(data).hexdigest()
            record.append(one(1))  # blobs have no sequence
        with self.reopen(path) as record:
            assert record.blob(name) == data
            with pytest.raises(BlobMissing):
                record.blob("0" * 64)

    # While it is written; closing and opening again.

    def test_everything_is_there_after_reopening(self, tmp_path: Path) -> None:
        path = tmp_path / "a.record"
        with self.create(path) as record:
            record.append(Batch(1, (Entry(b"a", ("tag:a",)),), "c", b"p", b"r", (seal("s", "t"),)))
            expected = self.everything(record)
        for read_only in (False, True):
            with self.reopen(path, read_only=read_only) as record:
                assert self.everything(record) == expected
        with self.reopen(path) as record:
            record.append(one(2))

    @staticmethod
    def everything(record: RecordStore) -> list[object]:
        return [
            record.centre,
            dict(record.facts),
            record.length(),
            list(record.read()),
            list(record.find_tags("")),
            list(record.by_tag("tag:a")),
            record.find_command("c"),
            record.seal_row("s"),
            list(record.seals_by_token("t")),
        ]

    def test_many_producers_make_one_gapless_log_of_whole_batches(self, tmp_path: Path) -> None:
        turn = threading.Lock()
        with self.create(tmp_path / "a.record") as record:
            following = 1

            def produce(name: str) -> None:
                nonlocal following
                for number in range(25):
                    size = 1 + number % 3
                    with turn:
                        entries = tuple(Entry(f"{name} {number} {i}/{size}".encode()) for i in range(size))
                        future = record.submit(Batch(following, entries, f"{name}-{number}"))
                        following += size
                    future.result()
                    assert record.find_command(f"{name}-{number}") is not None

            run_together([partial(produce, name) for name in "abcdefgh"])
            log = [data.decode().rsplit(" ", 1) for _, data in record.read()]
            assert record.length() == len(log) == following - 1
            for (batch, part), (next_batch, next_part) in pairwise(log):
                i, size = map(int, part.split("/"))
                if i + 1 < size:
                    assert (next_batch, next_part) == (batch, f"{i + 1}/{size}")
                else:
                    assert next_part.startswith("0/")
            numbers: dict[str, list[int]] = {}
            for batch, part in log:
                if part.startswith("0/"):
                    name, number = batch.split()
                    numbers.setdefault(name, []).append(int(number))
            assert numbers == {name: list(range(25)) for name in "abcdefgh"}

    def test_reads_during_writes_see_a_log_that_only_grows(self, tmp_path: Path) -> None:
        with (
            self.create(tmp_path / "a.record") as record,
            self.reopen(tmp_path / "a.record", read_only=True) as reader,
        ):
            done = threading.Event()

            def write() -> None:
                for first in range(1, 400, 2):
                    record.submit(many(first, 2, "tag:all"))
                record.flush()
                done.set()

            def read(store: RecordStore) -> None:
                before = 0
                while True:
                    last_look = done.is_set()
                    seen = list(store.read())
                    assert seen == [(i, b"event %d" % i) for i in range(1, len(seen) + 1)]
                    assert len(seen) % 2 == 0
                    assert len(seen) >= before
                    before = len(seen)
                    assert len(list(store.by_tag("tag:all"))) >= before
                    if last_look:
                        assert before == 400
                        return

            run_together([write, lambda: read(record), lambda: read(reader)])

    def test_a_read_that_was_begun_ends_where_the_log_ended_then(self, tmp_path: Path) -> None:
        with self.create(tmp_path / "a.record") as record:
            record.append(many(1, MORE_THAN_ONE_PAGE))
            reading = record.read()
            next(reading)
            record.append(one(MORE_THAN_ONE_PAGE + 1))
            assert [sequence for sequence, _ in reading][-1] == MORE_THAN_ONE_PAGE

    def test_closing_writes_what_is_queued(self, tmp_path: Path) -> None:
        path = tmp_path / "a.record"
        with self.create(path) as record:
            futures = [record.submit(one(first)) for first in range(1, 201)]
        assert all(future.done() and future.exception() is None for future in futures)
        with self.reopen(path) as record:
            assert record.length() == 200

    def test_a_closed_record_takes_nothing_and_says_so(self, tmp_path: Path) -> None:
        record = self.create(tmp_path / "a.record")
        record.close()
        record.close()
        with pytest.raises(RecordClosed, match="open it again"):
            record.submit(one(1))
        with pytest.raises(RecordClosed, match="open it again"):
            record.put_blob(b"a")
        with pytest.raises(RecordClosed, match="open it again"):
            list(record.by_tag("tag"))

    def test_flush_returns_when_all_is_durable(self, tmp_path: Path) -> None:
        path = tmp_path / "a.record"
        with self.create(path) as record, self.reopen(path, read_only=True) as reader:
            record.flush()
            for first in range(1, 501):
                record.submit(one(first))
            record.flush()
            assert reader.length() == record.length() == 500

    def test_a_reader_cannot_write(self, tmp_path: Path) -> None:
        path = tmp_path / "a.record"
        self.create(path).close()
        with self.reopen(path, read_only=True) as reader:
            writes: list[Callable[[], object]] = [
                lambda: reader.submit(one(1)),
                lambda: reader.append(one(1)),
                lambda: reader.put_blob(b"a"),
                reader.flush,
            ]
            for write in writes:
                with pytest.raises(ReadOnlyRecord, match="opened for reading"):
                    write()

    def test_a_blob_too_large_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("everycall.record.sqlite_log.LARGEST_BLOB", 1000)
        with closing(self.create(tmp_path / "a.record")) as record:
            record.put_blob(b"x" * 1000)
            with pytest.raises(InvalidEntry, match="split it"):
                record.put_blob(b"x" * 1001)


def run_together(jobs: list[Callable[[], None]]) -> None:
    """Run jobs in threads; what one of them raises fails the test."""
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as failure:  # noqa: BLE001 - handed to the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if failures:
        raise failures[0]
