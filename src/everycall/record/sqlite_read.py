"""Reading a record in SQLite, from any thread, while it is written.

Long reads go in short transactions of some hundred rows each. One long transaction would keep the
write-ahead log from being moved into the file for as long as somebody reads; since entries are never changed,
the pieces together are what one transaction would have seen.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from everycall.record.entries import SealRow, StoredCommand
from everycall.record.errors import BlobMissing, DamagedRecord, RecordClosed
from everycall.record.sqlite_open import connect, explained
from everycall.record.sqlite_write import sha256_of

ROWS_AT_ONCE = 256
"""At 64 KiB an entry never more than 16 MiB in memory."""

_COMMAND = "SELECT command, fingerprint, first, count, answer FROM command WHERE command = ?"
_SEAL_COLUMNS = "reference, key, nonce, ciphertext, token"
_SEAL = f"SELECT {_SEAL_COLUMNS} FROM seal WHERE reference = ?"  # noqa: S608 - a constant of this module


class SqliteReader:
    """A pool of reading connections; each read borrows one.

    Args:
        path: Of the database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = False

    def length(self) -> int:
        """The sequence of the last entry."""
        with self._borrowed() as connection:
            (length,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM entry").fetchone()
        return int(length)

    def read(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Entries from `first` to `last`, both included.

        Raises:
            DamagedRecord: An entry between them is missing.
        """
        while first <= last:
            with self._borrowed() as connection:
                rows: list[tuple[int, bytes]] = connection.execute(
                    "SELECT sequence, data FROM entry WHERE sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?",
                    (first, last, ROWS_AT_ONCE),
                ).fetchall()
            for sequence, data in rows:
                if sequence != first:
                    break
                yield sequence, data
                first += 1
            else:
                if rows:
                    continue
            raise DamagedRecord(f"{self._path} has no entry {first}: restore a backup and keep this file as evidence.")

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        """The entries with a tag."""
        after = 0
        while tag.isprintable():  # others, which cannot even be asked for, are never stored
            with self._borrowed() as connection:
                rows: list[tuple[int, bytes]] = connection.execute(
                    "SELECT sequence, data FROM tag JOIN entry USING (sequence)"
                    " WHERE tag = ? AND sequence > ? ORDER BY sequence LIMIT ?",
                    (tag, after, ROWS_AT_ONCE),
                ).fetchall()
            yield from rows
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1][0]

    def find_tags(self, prefix: str) -> Iterator[str]:
        """The different tags with a prefix, each by one step in the index however many entries carry it."""
        found = prefix
        statement = "SELECT tag FROM tag WHERE tag >= ? ORDER BY tag LIMIT 1"
        while prefix.isprintable():
            with self._borrowed() as connection:
                row: tuple[str] | None = connection.execute(statement, (found,)).fetchone()
            if row is None or not row[0].startswith(prefix):
                return
            (found,) = row
            yield found
            statement = "SELECT tag FROM tag WHERE tag > ? ORDER BY tag LIMIT 1"

    def find_command(self, command: str) -> StoredCommand | None:
        """A command by its client's id."""
        row = self._one(_COMMAND, command)
        return StoredCommand(*row) if row else None

    def blob(self, sha256: str) -> bytes:
        """A blob by its hash.

        Raises:
            BlobMissing: There is none.
            DamagedRecord: Its bytes do not have that hash.
        """
        row = self._one("SELECT data FROM blob WHERE sha256 = ?", sha256)
        if row is None:
            raise BlobMissing(
                f"{self._path} holds no blob {sha256}: check the hash, and that this is the right record."
            )
        data: bytes = row[0]
        if sha256_of(data) != sha256:
            raise DamagedRecord(
                f"The blob {sha256} in {self._path} was changed: keep the file as evidence, restore a backup."
            )
        return data

    def seal_row(self, reference: str) -> SealRow | None:
        """A sealed value by its reference."""
        row = self._one(_SEAL, reference)
        return SealRow(*row) if row else None

    def seals_by_token(self, token: str) -> Iterator[SealRow]:
        """The sealed values with a match token, in the order in which they were sealed."""
        after = 0
        while token.isprintable():
            with self._borrowed() as connection:
                rows = connection.execute(
                    f"SELECT rowid, {_SEAL_COLUMNS} FROM seal"  # noqa: S608 - a constant of this module
                    " WHERE token = ? AND rowid > ? ORDER BY rowid LIMIT ?",
                    (token, after, ROWS_AT_ONCE),
                ).fetchall()
            yield from (SealRow(*row[1:]) for row in rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1][0]

    def faults(self) -> list[str]:
        """Everything that is wrong with the file, by reading all of it; empty when it is sound."""
        faults: list[str] = []
        try:
            with self._borrowed() as connection:
                faults += [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
                for statement, sentence in _CROSS_CHECKS:
                    (found,) = connection.execute(statement).fetchone()
                    if found:
                        faults.append(sentence)
        except DamagedRecord as damage:
            faults.append(str(damage))
        return faults

    def close(self) -> None:
        """Close the idle connections; those in use close when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _one(self, statement: str, name: str) -> tuple[Any, ...] | None:
        """The first row for a name; the columns are as the schema's checks make them."""
        if not name.isprintable():
            return None
        with self._borrowed() as connection:
            row: tuple[Any, ...] | None = connection.execute(statement, (name,)).fetchone()
        return row

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        connection = self._take()
        try:
            with explained(self._path):
                yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise RecordClosed("The record was closed: open it again to read.")
            if self._idle:
                return self._idle.pop()
        with explained(self._path):
            return connect(self._path, read_only=True)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


_CROSS_CHECKS = (
    ("SELECT count(*) <> coalesce(max(sequence), 0) OR min(sequence) <> 1 FROM entry", "entries are missing"),
    (
        "SELECT EXISTS (SELECT 1 FROM tag WHERE sequence NOT IN (SELECT sequence FROM entry))",
        "a tag points to an entry that is not there",
    ),
    (
        "SELECT max(first + count - 1) > (SELECT coalesce(max(sequence), 0) FROM entry) FROM command",
        "a command names entries that are not there",
    ),
)
