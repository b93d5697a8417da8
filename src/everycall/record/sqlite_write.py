"""The one transaction of the record: a group of batches and blobs written to SQLite, whole.

Rows go in by statements of many rows each. Python's sqlite3 gives up the interpreter's lock around every
step, and a thread that has given it up waits up to 5 ms to get it back while another one computes; row by
row, a thousand rows took 1.6 s beside a busy thread, in one statement 20 ms.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from everycall.record.entries import Batch
from everycall.record.errors import BatchRefused, CommandAlreadyRecorded, DamagedRecord, NotTheNextSequence

MOST_ROWS = 1_024
"""Rows of the largest statement: at five columns well below SQLite's limit of 32,766 parameters."""

TABLES = {
    "entry": "sequence, data",
    "tag": "tag, sequence",
    "command": "command, fingerprint, first, count, answer",
    "seal": "reference, key, nonce, ciphertext, token",
}

Row = tuple[int | str | bytes | None, ...]


@dataclass(frozen=True, slots=True)
class BatchWork:
    """A batch on its way to the disk."""

    batch: Batch

    @property
    def weight(self) -> int:
        """About how many rows it writes."""
        return 1 + 2 * len(self.batch.entries) + len(self.batch.seals)


@dataclass(frozen=True, slots=True)
class BlobWork:
    """A blob on its way to the disk."""

    sha256: str
    data: bytes

    @property
    def weight(self) -> int:
        """What it takes, in rows of 1 KiB."""
        return 1 + len(self.data) // 1024


Work = BatchWork | BlobWork


class SqliteWriter:
    """Writes groups to one SQLite database; used by one thread at a time.

    Args:
        connection: Prepared for writing, in autocommit mode.
        path: Of the database, for the messages.
        length: How many entries it has.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, length: int) -> None:
        self.length = length
        self._connection = connection
        self._path = path

    def commit(self, group: Sequence[Work]) -> Sequence[Exception | None]:
        """Make a group durable, leaving out what cannot be taken.

        Returns:
            For each piece of work None, or why it was refused.

        Raises:
            sqlite3.Error: The transaction failed; what reached the disk is unknown.
            DamagedRecord: Somebody else has written to the log.
        """
        try:
            return self._commit_together(group)
        except sqlite3.IntegrityError:
            # Some piece breaks a rule of the schema; find out which, and take the others.
            return self._commit_one_by_one(group)

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database file, as far as no reader needs it.

        Raises:
            sqlite3.Error: The disk is full or failing; the log itself stays durable.
        """
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _commit_together(self, group: Sequence[Work]) -> Sequence[Exception | None]:
        verdicts: list[Exception | None] = []
        taken: list[Batch] = []
        length = self.length
        with self._transaction():
            for work in group:
                verdict = None
                if isinstance(work, BlobWork):
                    self._insert_blob(work)
                elif (verdict := _gap(work.batch, length)) is None:
                    taken.append(work.batch)
                    length += len(work.batch.entries)
                verdicts.append(verdict)
            self._insert_batches(taken)
        self.length = length
        return verdicts

    def _commit_one_by_one(self, group: Sequence[Work]) -> Sequence[Exception | None]:
        verdicts: list[Exception | None] = []
        length = self.length
        with self._transaction():
            (found,) = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM entry").fetchone()
            if found != length:
                raise DamagedRecord(
                    f"Somebody else has written to {self._path} (it has {found} entries, not {length}): "
                    "end that program, and open the record again."
                )
            for work in group:
                if isinstance(work, BlobWork):
                    self._insert_blob(work)
                    verdicts.append(None)
                    continue
                verdict = _gap(work.batch, length) or self._insert_alone(work.batch)
                if verdict is None:
                    length += len(work.batch.entries)
                verdicts.append(verdict)
        self.length = length
        return verdicts

    def _insert_alone(self, batch: Batch) -> Exception | None:
        known = self._connection.execute("SELECT 1 FROM command WHERE command = ?", (batch.command,)).fetchone()
        if known is not None:
            return CommandAlreadyRecorded(
                f"The command {batch.command} is recorded already: look its answer up, do not write it again."
            )
        self._connection.execute("SAVEPOINT batch")
        try:
            self._insert_batches([batch])
        except sqlite3.IntegrityError as problem:
            self._connection.execute("ROLLBACK TO batch")
            self._connection.execute("RELEASE batch")
            return BatchRefused(
                f"The batch at {batch.first} breaks a rule of the record ({problem}); it was not written."
            )
        self._connection.execute("RELEASE batch")
        return None

    def _insert_batches(self, batches: Sequence[Batch]) -> None:
        entries: list[Row] = []
        tags: list[Row] = []
        commands: list[Row] = []
        seals: list[Row] = []
        for batch in batches:
            for sequence, entry in enumerate(batch.entries, batch.first):
                entries.append((sequence, entry.data))
                tags += [(tag, sequence) for tag in dict.fromkeys(entry.tags)]
            if batch.command is not None:
                commands.append((batch.command, batch.fingerprint, batch.first, len(batch.entries), batch.answer))
            seals += [(seal.reference, seal.key, seal.nonce, seal.ciphertext, seal.token) for seal in batch.seals]
        self._insert("entry", entries)
        tags.sort()  # neighbours in the index together: a page is touched once
        self._insert("tag", tags)
        self._insert("command", commands)
        self._insert("seal", seals)

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows by statements of 2^n rows, so that a few prepared ones serve all counts."""
        done = 0
        while left := len(rows) - done:
            size = MOST_ROWS if left >= MOST_ROWS else 1 << (left.bit_length() - 1)
            chunk = rows[done : done + size]
            self._connection.execute(_insertion(table, size), tuple(chain.from_iterable(chunk)))
            done += size

    def _insert_blob(self, blob: BlobWork) -> None:
        self._connection.execute(
            "INSERT INTO blob (sha256, data) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM blob WHERE sha256 = ?1)",
            (blob.sha256, blob.data),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        # IMMEDIATE, so that a lock held by somebody else shows before anything is written.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # The first error is the one that matters; after some of them SQLite has rolled back by itself.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


@cache
def _insertion(table: str, rows: int) -> str:
    columns = TABLES[table]
    row = f"({','.join('?' * (columns.count(',') + 1))})"
    return f"INSERT INTO {table} ({columns}) VALUES {','.join([row] * rows)}"  # noqa: S608 - from TABLES only


def _gap(batch: Batch, length: int) -> NotTheNextSequence | None:
    if batch.first == length + 1:
        return None
    return NotTheNextSequence(
        f"The batch starts at {batch.first}, but the next sequence is {length + 1}: "
        "rebuild the state from the record, then decide the command again."
    )


def sha256_of(data: bytes) -> str:
    """The name of a blob: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
