"""Opening a SQLite file as a record, or refusing it with the reason.

Nothing here opens the database file by itself, not even to look at its first bytes: POSIX drops all of a
process's locks on a file as soon as the process closes *any* descriptor of it, so a look aside would take
away the locks of SQLite's own connections to the same file, and the next process to come would believe itself
alone.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from everycall.record.errors import (
    DamagedRecord,
    DiskFailed,
    NewerRecord,
    NotARecord,
    RecordAccessDenied,
    RecordBusy,
    RecordError,
    RecordMissing,
)
from everycall.record.sqlite_schema import APPLICATION_ID, FORMAT, FORMAT_NAME, SCHEMA, stored_schema

SYNCHRONOUS = "FULL"
"""A commit returns after its bytes are on the disk; with NORMAL a power cut undoes acknowledged commits."""

BUSY_SECONDS = 5.0
"""How long a connection waits for somebody else's lock, such as a backup's."""

CACHE_KIB = 65_536
"""Page cache of the writer, in KiB: ids and references are random, so all of their index is in use."""


def look_at_path(path: Path, *, read_only: bool) -> None:
    """Refuse what can be seen to be no record, or not ours to open, without opening it.

    Raises:
        RecordMissing: There is nothing.
        NotARecord: It is a folder, another special file, or empty.
        RecordAccessDenied: This user may not read it, or not write it.
    """
    try:
        is_file, size = path.is_file(), path.stat().st_size
    except FileNotFoundError:
        raise RecordMissing(f"There is no record at {path}: check the name, or make a record there first.") from None
    except PermissionError:
        raise RecordAccessDenied(f"You may not look into the folder of {path}: ask its owner.") from None
    except OSError as problem:
        raise NotARecord(f"{path} cannot be a record ({problem.strerror}): check the name.") from None
    if not is_file:
        raise NotARecord(f"{path} is a folder or a device, not a record: name the record's file.")
    if size == 0:
        raise NotARecord(f"{path} is empty, so it is not a record: restore it from a backup, or take it away.")
    if not os.access(path, os.R_OK):
        raise RecordAccessDenied(f"You may not read {path}: ask its owner for permission.")
    if not read_only and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise RecordAccessDenied(
            f"You may not write {path} and its folder: open it for reading only, or ask its owner."
        )


def connect(path: Path, *, read_only: bool, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode; no statement has run on it yet, so the file has not been looked at."""
    mode = "ro" if read_only else "rwc" if create else "rw"
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # connections are handed from thread to thread, never shared at one time
        cached_statements=512,
    )


def prepare_writer(connection: sqlite3.Connection, path: Path) -> None:
    """Set what makes a commit durable, and check that it is set.

    Raises:
        RecordAccessDenied: The file system cannot hold a write-ahead log.
    """
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise RecordAccessDenied(
            f"The file system of {path} does not support a write-ahead log (journal mode stayed {mode!r}): "
            "keep the record on a local disk."
        )
    connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
    # Where fsync alone leaves bytes in the drive's cache (macOS), ask for the stronger call.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    # The writer checkpoints after it has answered; SQLite would do it in a commit that people wait for.
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")


def identify(connection: sqlite3.Connection, path: Path) -> dict[str, str]:
    """Check that a database is a record that this program reads.

    Returns:
        The table `meta`: what the file says about itself.

    Raises:
        NotARecord: It is something else, or somebody else's database.
        NewerRecord: It is a record of a later format.
        DamagedRecord: It says that it is a record, but is not built like one.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise NotARecord(f"{path} is a database of another program, not a record: name the record's file.")
    if version > FORMAT:
        raise NewerRecord(
            f"{path} is a record of format {version}, and this Everycall reads formats up to {FORMAT}: "
            "update Everycall."
        )
    if version != FORMAT or stored_schema(connection) != set(SCHEMA):
        raise DamagedRecord(
            f"{path} says that it is a record, but its tables are not those of one: somebody changed them. "
            "Keep the file as evidence and restore a backup."
        )
    meta = {str(name): str(value) for name, value in connection.execute("SELECT name, value FROM meta")}
    if meta.get("format") != FORMAT_NAME or "centre" not in meta:
        raise DamagedRecord(
            f"{path} does not say which centre's record it is: keep the file as evidence, restore a backup."
        )
    return meta


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about a file into the record's own, each with what to do about it."""
    try:
        yield
    except sqlite3.Error as problem:
        raise explain(problem, path) from problem


def explain(problem: sqlite3.Error, path: Path) -> RecordError:
    """The record's own error for one of SQLite's."""
    code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # without the extended part
    if code == sqlite3.SQLITE_NOTADB:
        return NotARecord(
            f"{path} is not a record, or its first bytes are destroyed: check the name, or restore a backup."
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return DamagedRecord(
            f"{path} is damaged ({problem}): keep the file as evidence, restore a backup, and test the disk."
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return RecordBusy(f"Another program keeps {path} locked: end it, or wait until it has finished.")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return RecordAccessDenied(
            f"{path} cannot be opened here ({problem}): even a reader makes two small files beside a record. "
            "Copy the record to a folder that you may write to, or ask the folder's owner for permission."
        )
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}:
        return DiskFailed(f"{path} cannot be used ({problem}): make room on its disk, or test and replace it.")
    return DamagedRecord(f"{path} cannot be read ({problem}): keep the file as evidence, and restore a backup.")
