"""What is no record, or not ours to open, is refused: by its own error, with a sentence on what to do."""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from everycall.record import (
    Batch,
    DamagedRecord,
    DiskFailed,
    Entry,
    NewerRecord,
    NotARecord,
    RecordAccessDenied,
    RecordBusy,
    RecordError,
    RecordExists,
    RecordMissing,
    SqliteRecord,
)
from everycall.record.sqlite_open import explain, prepare_writer
from everycall.record.sqlite_schema import APPLICATION_ID


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "a.record"
    with SqliteRecord.create(path, centre="centre.example") as made:
        for first in range(1, 101):
            made.append(Batch(first, (Entry(b"x" * 1000, ("tag:a",)),)))
    return path


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def nothing(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("gone"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("call,type,time\n" * 100)


def one_byte(path: Path) -> None:
    path.write_bytes(b"S")


def header_only(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def foreign_database(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, data BLOB)")


def empty_foreign_database(path: Path) -> None:
    path.unlink()
    execute(path, "VACUUM")
    execute(path, "PRAGMA user_version = 1")


def foreign_application(path: Path) -> None:
    execute(path, "PRAGMA application_id = 1196444487")


def newer(path: Path) -> None:
    execute(path, "PRAGMA user_version = 2")


def much_newer(path: Path) -> None:
    execute(path, "PRAGMA user_version = 2147483647", "ALTER TABLE entry RENAME TO leaf")


def no_format(path: Path) -> None:
    execute(path, "PRAGMA user_version = 0")


def negative_format(path: Path) -> None:
    execute(path, "PRAGMA user_version = -1")


def claims_only(path: Path) -> None:
    path.unlink()
    execute(path, f"PRAGMA application_id = {APPLICATION_ID}", "PRAGMA user_version = 1")


def trigger_dropped(path: Path) -> None:
    execute(path, "DROP TRIGGER entry_stays")


def column_added(path: Path) -> None:
    execute(path, "ALTER TABLE entry ADD COLUMN note TEXT")


def centre_removed(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'meta_stays'").fetchone()
        connection.execute("DROP TRIGGER meta_stays")
        connection.execute("DELETE FROM meta WHERE name = 'centre'")
        connection.execute(sql)


def first_bytes_destroyed(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def schema_page_destroyed(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\xff" * 3996 + content[4096:])


def end_cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


REFUSED: list[tuple[Callable[[Path], None], type[RecordError], str]] = [
    (nothing, RecordMissing, "There is no record at .*: check the name"),
    (link_to_nothing, RecordMissing, "There is no record"),
    (folder, NotARecord, "is a folder or a device"),
    (pipe, NotARecord, "is a folder or a device"),
    (empty, NotARecord, "is empty.*backup"),
    (one_byte, NotARecord, "another program"),
    (text, NotARecord, "is not a record"),
    (first_bytes_destroyed, NotARecord, "first bytes are destroyed"),
    (header_only, DamagedRecord, "damaged"),
    (foreign_database, NotARecord, "another program"),
    (empty_foreign_database, NotARecord, "another program"),
    (foreign_application, NotARecord, "another program"),
    (newer, NewerRecord, "format 2.*update Everycall"),
    (much_newer, NewerRecord, "format 2147483647.*update Everycall"),
    (no_format, DamagedRecord, "tables are not those"),
    (negative_format, DamagedRecord, "tables are not those"),
    (claims_only, DamagedRecord, "tables are not those"),
    (trigger_dropped, DamagedRecord, "tables are not those.*evidence"),
    (column_added, DamagedRecord, "tables are not those"),
    (centre_removed, DamagedRecord, "which centre"),
    (schema_page_destroyed, DamagedRecord, "damaged.*backup"),
    (end_cut_off, DamagedRecord, "damaged.*backup"),
]


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize(("spoil", "error", "sentence"), REFUSED, ids=[row[0].__name__ for row in REFUSED])
def test_what_is_no_record_is_refused_and_left_alone(
    record: Path,
    spoil: Callable[[Path], None],
    error: type[RecordError],
    sentence: str,
    read_only: bool,
) -> None:
    spoil(record)
    before = record.read_bytes() if record.is_file() else None
    with pytest.raises(RecordError, match=sentence) as caught:
        SqliteRecord.open(record, read_only=read_only).close()
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    assert str(record) in str(caught.value)
    assert before == (record.read_bytes() if record.is_file() else None)


def test_a_name_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotARecord, match="check the name"):
        SqliteRecord.open(tmp_path / "file" / "a.record")
    with pytest.raises(NotARecord, match="check the name"):
        SqliteRecord.open(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", ["a b.record", "a%20b.record", "a?mode=memory.record", "a#b.record", "ä.record"])
def test_any_file_name_is_a_file_name(tmp_path: Path, name: str) -> None:
    with SqliteRecord.create(tmp_path / name, centre="c") as record:
        record.append(Batch(1, (Entry(b"a"),)))
    assert (tmp_path / name).is_file()
    with SqliteRecord.open(tmp_path / name) as record:
        assert record.length() == 1


def test_opening_a_foreign_file_makes_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    execute(path, "CREATE TABLE t (a)")
    with pytest.raises(NotARecord):
        SqliteRecord.open(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.db"]


def test_damage_inside_is_found_when_it_is_read(record: Path) -> None:
    content = bytearray(record.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    record.write_bytes(content)
    with SqliteRecord.open(record, read_only=True) as opened:
        with pytest.raises(DamagedRecord, match=r"damaged.*restore a backup"):
            list(opened.read())
        assert opened.faults()


@pytest.mark.parametrize("taken", ["a.record", "a.record.key"])
def test_making_a_record_never_overwrites(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_bytes(b"precious")
    with pytest.raises(RecordExists, match="exists already"):
        SqliteRecord.create(tmp_path / "a.record", centre="c")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {taken: b"precious"}


def test_a_dangling_link_is_not_followed_when_a_record_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.record").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordExists):
        SqliteRecord.create(tmp_path / "a.record", centre="c")


def test_a_record_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(RecordAccessDenied, match="no folder"):
        SqliteRecord.create(tmp_path / "missing" / "a.record", centre="c")


def test_a_record_that_could_not_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("everycall.record.sqlite_log.write_schema", failing)
    with pytest.raises(DiskFailed, match="No space left"):
        SqliteRecord.create(tmp_path / "a.record", centre="c")
    assert [path.name for path in tmp_path.iterdir()] == ["a.record.lock"]
    monkeypatch.undo()
    SqliteRecord.create(tmp_path / "a.record", centre="c").close()


def test_while_somebody_makes_a_record_nobody_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.record"

    def second(*_: object) -> None:
        with pytest.raises(RecordBusy):
            SqliteRecord.create(path, centre="second")
        raise OSError(5, "enough")

    monkeypatch.setattr("everycall.record.sqlite_log.StoreKey.create_beside", second)
    with pytest.raises(DiskFailed):
        SqliteRecord.create(path, centre="first")


def test_an_opening_that_fails_lets_go_of_the_lock(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("everycall.record.sqlite_log.prepare_writer", failing)
    with pytest.raises(DamagedRecord):
        SqliteRecord.open(record)
    monkeypatch.undo()
    SqliteRecord.open(record).close()


def test_a_file_system_without_a_write_ahead_log_is_refused(record: Path) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            return super().execute("SELECT 'delete'" if "journal_mode" in sql else sql, parameters)

    with (
        closing(sqlite3.connect(record, factory=Connection)) as connection,
        pytest.raises(RecordAccessDenied, match="local disk"),
    ):
        prepare_writer(connection, record)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (sqlite3.SQLITE_BUSY, RecordBusy),
        (sqlite3.SQLITE_BUSY | 5 << 8, RecordBusy),
        (sqlite3.SQLITE_CANTOPEN, RecordAccessDenied),
        (sqlite3.SQLITE_FULL, DiskFailed),
        (sqlite3.SQLITE_IOERR_FSYNC, DiskFailed),
        (sqlite3.SQLITE_CORRUPT, DamagedRecord),
        (sqlite3.SQLITE_NOTADB, NotARecord),
        (sqlite3.SQLITE_SCHEMA, DamagedRecord),
    ],
)
def test_each_of_sqlites_errors_has_a_sentence(code: int, error: type[RecordError]) -> None:
    problem = sqlite3.OperationalError("what sqlite says")
    problem.sqlite_errorcode = code
    explained = explain(problem, Path("a.record"))
    assert type(explained) is error
    assert "a.record" in str(explained)


# Permissions do not hold the superuser, so the question is asked in a process that is somebody else, or the
# owner under the same permissions.

OPEN_AND_SAY = """
import os, sys
from everycall.record import RecordError, SqliteRecord
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
try:
    if sys.argv[2] == "create":
        SqliteRecord.create(sys.argv[1], centre="c").close()
    else:
        SqliteRecord.open(sys.argv[1], read_only=sys.argv[2] == "read").close()
    print("opened")
except RecordError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "wish", "said"),
    [
        (0o444, 0o555, "write", "RecordAccessDenied You may not write .* open it for reading only"),
        (0o666, 0o555, "write", "RecordAccessDenied You may not write .* open it for reading only"),
        (0o000, 0o555, "read", "RecordAccessDenied You may not read .*ask its owner"),
        (0o444, 0o555, "read", "RecordAccessDenied .*Copy the record to a folder"),
        (0o444, 0o777, "read", "opened"),
        (0o444, 0o000, "read", "RecordAccessDenied You may not look into the folder"),
        (0o444, 0o555, "create", "RecordAccessDenied .*ask the folder's owner"),
    ],
)
def test_without_permission_the_sentence_says_whom_to_ask(
    public_folder: Path, file_mode: int, folder_mode: int, wish: str, said: str
) -> None:
    path = public_folder / "a.record"
    SqliteRecord.create(path, centre="c").close()
    path.chmod(file_mode)
    public_folder.chmod(folder_mode)
    wanted = public_folder / ("b.record" if wish == "create" else "a.record")
    child = subprocess.run(
        [sys.executable, "-c", OPEN_AND_SAY, wanted, wish], capture_output=True, text=True, check=True
    )
    assert re.match(said, child.stdout), child.stdout
