"""The record in SQLite: the common suite, and what only this store promises."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("record_suite")

from record_suite import RecordSuite, many, one, seal  # noqa: E402

from everycall.record import (  # noqa: E402 - the line above must come first
    Batch,
    BatchRefused,
    CommandAlreadyRecorded,
    DamagedRecord,
    Entry,
    RecordBroken,
    RecordBusy,
    RecordExists,
    SqliteRecord,
)
from everycall.record.sqlite_schema import APPLICATION_ID, FORMAT  # noqa: E402
from everycall.record.sqlite_write import BatchWork, BlobWork, Work, sha256_of  # noqa: E402


class TestSqliteRecord(RecordSuite):
    def create(self, path: Path) -> SqliteRecord:
        return SqliteRecord.create(path, centre="centre.example")

    def reopen(self, path: Path, *, read_only: bool = False) -> SqliteRecord:
        return SqliteRecord.open(path, read_only=read_only)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A closed record with a little of everything."""
    path = tmp_path / "a.record"
    with SqliteRecord.create(path, centre="centre.example", facts={"made_from": "a test"}) as record:
        record.append(Batch(1, (Entry(b"a", ("tag:a",)), Entry(b"b")), "c", b"p", b"r", (seal("s", "t"),)))
        record.append(one(3, b"c", "tag:a"))
        record.put_blob(b"blob")
    return path


@contextlib.contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """What somebody with the sqlite3 program has."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_the_file_says_what_it_is(filled: Path) -> None:
    header = filled.read_bytes()[:100]
    assert header[:16] == b"SQLite format 3\0"
    assert header[68:72] == b"EVCL" == APPLICATION_ID.to_bytes(4, "big")
    assert int.from_bytes(header[60:64], "big") == FORMAT
    with plain(filled) as connection:
        meta = dict(connection.execute("SELECT name, value FROM meta"))
    assert meta["format"] == "everycall record"
    assert meta["centre"] == "centre.example"
    assert meta["made_from"] == "a test"


def test_a_closed_record_is_one_file_with_its_key_and_its_lock(filled: Path) -> None:
    assert sorted(path.name for path in filled.parent.iterdir()) == [
        "a.record",
        "a.record.key",
        "a.record.lock",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET data = x'00' WHERE sequence = 1",
        "UPDATE entry SET sequence = 9 WHERE sequence = 3",
        "DELETE FROM entry",
        "DELETE FROM entry WHERE sequence = 3",
        "REPLACE INTO entry VALUES (1, x'00')",
        "INSERT OR REPLACE INTO entry VALUES (3, x'00')",
        "INSERT INTO entry VALUES (1, x'00') ON CONFLICT DO UPDATE SET data = x'00'",
        "INSERT INTO entry VALUES (3, x'00')",
        "INSERT INTO entry VALUES (5, x'00')",
        "INSERT INTO entry VALUES (0, x'00')",
        "INSERT INTO entry VALUES (-1, x'00')",
        "INSERT INTO entry (data) VALUES (x'00')",
        "INSERT INTO entry VALUES (4, NULL)",
        "INSERT INTO entry VALUES (4, x'')",
        "INSERT INTO entry VALUES (4, 'text')",
        "INSERT INTO entry VALUES (4, zeroblob(65536))",
        "UPDATE tag SET tag = 'tag:b'",
        "DELETE FROM tag",
        "UPDATE command SET answer = x'00'",
        "DELETE FROM command",
        "REPLACE INTO command VALUES ('c', x'', 1, 0, x'')",
        "INSERT INTO command VALUES ('c', x'', 1, 0, x'')",
        "INSERT INTO command VALUES ('d', x'', 0, 0, x'')",
        "INSERT INTO command VALUES ('d', x'', 1, -1, x'')",
        "UPDATE seal SET token = 'other'",
        "REPLACE INTO seal VALUES ('s', x'', x'', x'', NULL)",
        "UPDATE blob SET data = x'00'",
        "DELETE FROM blob",
        "UPDATE meta SET value = 'other' WHERE name = 'centre'",
        "DELETE FROM meta",
    ],
)
def test_the_schema_itself_refuses_to_change_the_past(filled: Path, statement: str) -> None:
    with plain(filled) as connection:
        before = list(connection.iterdump())
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
        assert list(connection.iterdump()) == before


def test_the_next_entry_is_what_a_plain_connection_may_add(filled: Path) -> None:
    with plain(filled) as connection:
        connection.execute("INSERT INTO entry VALUES (4, x'00')")
    with SqliteRecord.open(filled) as record:
        assert record.length() == 4


def test_somebody_else_writing_the_log_breaks_the_writer(filled: Path) -> None:
    with SqliteRecord.open(filled) as record:
        with plain(filled) as connection:
            connection.execute("INSERT INTO entry VALUES (4, x'00')")
        with pytest.raises(RecordBroken, match="Somebody else has written"):
            record.append(one(4))
    with SqliteRecord.open(filled) as record:
        record.append(one(5))


def test_a_second_writer_is_refused_with_the_first_ones_process(filled: Path) -> None:
    with SqliteRecord.open(filled):
        with pytest.raises(RecordBusy, match=r"process \d+.*one writer"):
            SqliteRecord.open(filled)
        SqliteRecord.open(filled, read_only=True).close()
    SqliteRecord.open(filled).close()


def test_making_a_record_twice_at_once_is_refused(tmp_path: Path) -> None:
    with SqliteRecord.create(tmp_path / "a.record", centre="a"), pytest.raises(RecordExists):
        SqliteRecord.create(tmp_path / "a.record", centre="b")


def test_a_program_that_locks_the_file_too_long_breaks_the_writer(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everycall.record.sqlite_open.BUSY_SECONDS", 0.05)
    with SqliteRecord.open(filled) as record, plain(filled) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordBroken, match="locked"):
            record.append(one(4))
        connection.execute("ROLLBACK")
        with pytest.raises(RecordBroken):
            record.append(one(4))


def test_the_write_ahead_log_is_moved_into_the_file_now_and_then(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everycall.record.sqlite_log.CHECKPOINT_AFTER_COMMITS", 4)
    with SqliteRecord.open(filled) as record:
        for first in range(4, 204):
            record.append(one(first, b"x" * 2000))
        assert filled.stat().st_size > 100 * 2000
        assert Path(f"{filled}-wal").stat().st_size < 50 * 2000


def test_a_checkpoint_that_fails_is_a_warning_and_calls_go_on(
    filled: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("everycall.record.sqlite_log.CHECKPOINT_AFTER_COMMITS", 1)
    monkeypatch.setattr("everycall.record.sqlite_write.SqliteWriter.checkpoint", failing)
    with SqliteRecord.open(filled) as record:
        record.append(one(4))
        record.append(one(5))
    assert "look at the disk" in caplog.text


def test_a_changed_blob_is_noticed(filled: Path) -> None:
    with SqliteRecord.open(filled) as record:
        name = record.put_blob(b"other")
    with plain(filled) as connection:
        sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'blob_is_never_changed'").fetchone()[0]
        connection.execute("DROP TRIGGER blob_is_never_changed")
        connection.execute("UPDATE blob SET data = x'00' WHERE sha256 = ?", (name,))
        connection.execute(sql)
    with SqliteRecord.open(filled) as record, pytest.raises(DamagedRecord, match="was changed"):
        record.blob(name)


def test_a_missing_entry_is_noticed_by_reading_and_by_faults(filled: Path) -> None:
    with plain(filled) as connection:
        sql = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_stays'").fetchone()[0]
        connection.execute("DROP TRIGGER entry_stays")
        connection.execute("DELETE FROM entry WHERE sequence = 2")
        connection.execute(sql)
    with SqliteRecord.open(filled) as record:
        assert record.faults() == ["entries are missing"]
        with pytest.raises(DamagedRecord, match="no entry 2"):
            list(record.read())


def test_a_sound_record_has_no_faults(filled: Path) -> None:
    with SqliteRecord.open(filled, read_only=True) as record:
        assert record.faults() == []


def test_a_row_that_breaks_the_schema_is_refused_by_name(filled: Path) -> None:
    with SqliteRecord.open(filled) as record:
        with pytest.raises(BatchRefused, match="breaks a rule"):
            record.append(Batch(4, (Entry(b"x"),), seals=(seal("s"),)))
        record.append(many(4, 2))


def test_a_read_connection_in_use_while_the_record_closes_is_closed_with_it(filled: Path) -> None:
    record = SqliteRecord.open(filled)
    with record._reader._borrowed() as connection:
        record.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_blob_is_kept_when_a_batch_of_its_group_is_refused(filled: Path) -> None:
    blob = BlobWork(sha256_of(b"kept"), b"kept")
    with SqliteRecord.open(filled) as record:
        assert record._writer is not None
        group: list[Work] = [BatchWork(one(4, command="c")), blob, blob, BatchWork(one(4, b"good"))]
        verdicts = record._writer.commit(group)
        assert [type(verdict) for verdict in verdicts] == [CommandAlreadyRecorded, *[type(None)] * 3]
        assert record.blob(blob.sha256) == b"kept"
        assert list(record.read(4)) == [(4, b"good")]
