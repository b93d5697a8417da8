"""The record in one SQLite file: what one machine needs, and nothing to look after.

Beside the file `centre.record` lie `centre.record.key` (the store key, see `seals`), `centre.record.lock`
(who writes) and, while it is open, SQLite's own `centre.record-wal` and `centre.record-shm`.
"""

import contextlib
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from everycall.record.durable import locked, sync_folder
from everycall.record.entries import Batch, SealRow, StoredCommand
from everycall.record.errors import (
    DiskFailed,
    InvalidEntry,
    ReadOnlyRecord,
    RecordAccessDenied,
    RecordBusy,
    RecordExists,
)
from everycall.record.group_commit import GroupCommitter
from everycall.record.seals import Sealer, StoreKey
from everycall.record.sqlite_open import connect, explained, identify, look_at_path, prepare_writer
from everycall.record.sqlite_read import SqliteReader
from everycall.record.sqlite_schema import FORMAT_NAME, write_schema
from everycall.record.sqlite_write import BatchWork, BlobWork, SqliteWriter, Work, sha256_of

CHECKPOINT_AFTER_COMMITS = 256
CHECKPOINT_AFTER_WEIGHT = 65_536
"""When the write-ahead log is moved into the file: after so many commits or rows, some 10 to 100 MB."""

LARGEST_BLOB = 256 * 1024 * 1024
"""Bytes; a blob is read and written in one piece, and SQLite ends at 1 GB."""

_log = logging.getLogger(__name__)


class SqliteRecord:
    """A record in a SQLite file; made by `create` or `open`, not by calling the class.

    Safe to use from many threads. Writing happens in one thread of its own; see `group_commit`.
    """

    def __init__(
        self, path: Path, meta: Mapping[str, str], resources: contextlib.ExitStack, *, read_only: bool
    ) -> None:
        self.path = path
        self._meta = meta
        self._resources = resources
        self._reader = SqliteReader(path)
        self._writer: SqliteWriter | None = None
        self._committer: GroupCommitter[Work] | None = None
        self._commits_since_checkpoint = 0
        self._weight_since_checkpoint = 0
        # Closed in the reverse order: first the queue is written, last goes the writing connection, as only
        # a connection that may write takes the write-ahead log away.
        if not read_only:
            self._writer = self._open_writer(resources)
        resources.callback(self._reader.close)
        if self._writer is not None:
            self._committer = GroupCommitter(
                self._writer.commit, after=self._keep_house, name=f"record writer of {path.name}"
            )
            resources.callback(self._committer.close)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, centre: str, facts: Mapping[str, str] | None = None) -> Self:
        """Make a new, empty record with its own store key, and open it for writing.

        The record appears under its name complete and durable, or not at all.

        Args:
            path: Where; nothing may be there, nor a key file beside it.
            centre: The centre whose record it is.
            facts: What else the file shall say about itself in words, such as what it was made from and when.

        Returns:
            The record, open for writing.

        Raises:
            RecordExists: A file or a key file is there already.
            RecordAccessDenied: The folder is missing or may not be written.
            RecordBusy: Somebody else is just making it.
        """
        place = Path(path).absolute()
        draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}.new")
        _refuse_existing(place)
        with _folder_explained(place), _only_writer(place):
            _refuse_existing(place)  # again: somebody may have been quicker
            # The key first: a record whose key was lost on the way could never keep a personal value.
            key = StoreKey.create_beside(place)
            try:
                meta = {**(facts or {}), "format": FORMAT_NAME, "centre": centre, "key": key.name}
                with contextlib.closing(connect(draft, read_only=False, create=True)) as connection:
                    prepare_writer(connection, draft)
                    write_schema(connection, meta)
                # Closing has moved the write-ahead log into the file and synced it; now its name.
                draft.rename(place)
            except BaseException:
                for left in (draft, *(Path(f"{draft}{end}") for end in ("-wal", "-shm", "-journal"))):
                    left.unlink(missing_ok=True)
                StoreKey.path_beside(place).unlink()
                raise
            sync_folder(place.parent)
        return cls.open(place)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, read_only: bool = False) -> Self:
        """Open a record; what a crash left behind is put in order by SQLite on the way.

        Args:
            path: The record's file.
            read_only: Whether only to read, which any number of processes may do at any time.

        Raises:
            RecordMissing: There is no such file.
            NotARecord: It is a folder, empty, or another program's.
            NewerRecord: Its format is of a later Everycall.
            DamagedRecord: Its bytes or its tables are not those of a record.
            RecordAccessDenied: This user may not read it, or not write it.
            RecordBusy: Another process has it open for writing.
        """
        place = Path(path).absolute()
        look_at_path(place, read_only=read_only)
        # Before anything is made beside it: a file that is no record is left as it was.
        with explained(place), contextlib.closing(connect(place, read_only=True)) as connection:
            meta = identify(connection, place)
        with contextlib.ExitStack() as resources:
            if not read_only:
                resources.enter_context(_only_writer(place))
            record = cls(place, MappingProxyType(meta), resources, read_only=read_only)
            record._resources = resources.pop_all()
        return record

    @property
    def centre(self) -> str:
        """The centre whose record this is."""
        return self._meta["centre"]

    @property
    def facts(self) -> Mapping[str, str]:
        """What the file says about itself in words."""
        return self._meta

    def submit(self, batch: Batch) -> Future[None]:
        """Queue a batch to be committed with whatever else waits.

        Args:
            batch: Of which `first` is the next sequence after everything submitted before.

        Returns:
            A future that is done when the batch is durable. It fails with `NotTheNextSequence`,
            `CommandAlreadyRecorded` or another `BatchRefused` when this batch alone is not taken, and with
            `RecordBroken` when the writer has failed. It always ends. Its callbacks run in the writer thread.

        Raises:
            RecordBroken: The writer has failed earlier: rebuild the state from a record opened again.
            RecordClosed: The record was closed.
            ReadOnlyRecord: The record was opened for reading.
        """
        return self._writing().submit(BatchWork(batch))

    def append(self, batch: Batch) -> None:
        """Write a batch and return when it is durable; raises what `submit` and its future would."""
        committer = self._writing()
        committer.wait(committer.submit(BatchWork(batch)))

    def flush(self) -> None:
        """Return when everything submitted so far is durable or was refused.

        Raises:
            RecordBroken: The writer has failed, so that something submitted may not be durable.
            ReadOnlyRecord: The record was opened for reading.
        """
        self._writing().flush()

    def length(self) -> int:
        """How many entries are durable: the sequence of the last one."""
        return self._reader.length() if self._writer is None else self._writer.length

    def read(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Entries with their sequences, in order, streaming, in constant memory.

        Args:
            first: Sequence of the first one.
            last: Sequence of the last one; by default, or when it is beyond, the last one durable now.

        Raises:
            ValueError: `first` is below 1.
            DamagedRecord: An entry is missing or cannot be read.
        """
        if first < 1:
            raise ValueError(f"sequences start at 1, not {first}")
        length = self.length()
        return self._reader.read(first, length if last is None else min(last, length))

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        """The entries that carry a tag, with their sequences, in order."""
        return self._reader.by_tag(tag)

    def find_tags(self, prefix: str) -> Iterator[str]:
        """The different tags that begin with a prefix, by their code points; "" gives all of them."""
        return self._reader.find_tags(prefix)

    def find_command(self, command: str) -> StoredCommand | None:
        """A command that is durable, by its client's id; one still in the queue is not found."""
        return self._reader.find_command(command)

    def put_blob(self, data: bytes) -> str:
        """Keep bytes that are larger than an event, by their hash; the same bytes are kept once.

        Returns:
            The SHA-256 in hexadecimal digits, when the blob is durable, so that an event may name it.

        Raises:
            InvalidEntry: More than 256 MiB.
            RecordBroken: The writer has failed.
        """
        if len(data) > LARGEST_BLOB:
            raise InvalidEntry(
                f"A blob has at most {LARGEST_BLOB // 2**20} MiB, this one {len(data) // 2**20}: split it."
            )
        sha256 = sha256_of(data)
        committer = self._writing()
        committer.wait(committer.submit(BlobWork(sha256, bytes(data))))
        return sha256

    def blob(self, sha256: str) -> bytes:
        """The bytes of a blob, checked against their hash.

        Raises:
            BlobMissing: The record has no such blob.
            DamagedRecord: The stored bytes have another hash.
        """
        return self._reader.blob(sha256)

    def seal_row(self, reference: str) -> SealRow | None:
        """A sealed value by its reference, still sealed."""
        return self._reader.seal_row(reference)

    def seals_by_token(self, token: str) -> Iterator[SealRow]:
        """The sealed values that carry a match token, oldest first."""
        return self._reader.seals_by_token(token)

    def sealer(self) -> Sealer:
        """What seals and opens this record's personal values, by the key file beside it.

        Raises:
            KeyMissing: The key file is not there.
            WrongKey: It is another record's.
        """
        return Sealer(StoreKey.load_beside(self.path, expected=self._meta["key"]))

    def faults(self) -> list[str]:
        """Read the whole file and say what is wrong with it; nothing when it is sound.

        It finds what breaks by accident, not what somebody changed with care.
        """
        return self._reader.faults()

    def close(self) -> None:
        """Write what is queued, then let go of the file; does nothing the second time."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_writer(self, resources: contextlib.ExitStack) -> SqliteWriter:
        with explained(self.path):
            connection = connect(self.path, read_only=False)
            resources.callback(connection.close)
            prepare_writer(connection, self.path)
            length = self._reader.length()
        return SqliteWriter(connection, self.path, length)

    def _writing(self) -> GroupCommitter[Work]:
        if self._committer is None:
            raise ReadOnlyRecord(f"{self.path} was opened for reading: open it for writing.")
        return self._committer

    def _keep_house(self, weight: int) -> None:
        """Checkpoint now and then, in the writer thread, after the answers went out."""
        self._commits_since_checkpoint += 1
        self._weight_since_checkpoint += weight
        if (
            self._commits_since_checkpoint < CHECKPOINT_AFTER_COMMITS
            and self._weight_since_checkpoint < CHECKPOINT_AFTER_WEIGHT
        ):
            return
        self._commits_since_checkpoint = self._weight_since_checkpoint = 0
        assert self._writer is not None  # noqa: S101 - this is its own callback
        try:
            self._writer.checkpoint()
        except sqlite3.Error as problem:
            # All that is acknowledged is durable in the write-ahead log; taking calls goes on while that can
            # grow.
            _log.warning(
                "%s: its write-ahead log could not be moved into it (%s): look at the disk",
                self.path,
                problem,
            )


@contextlib.contextmanager
def _only_writer(record: Path) -> Iterator[None]:
    """Be the only process that writes a record, as long as this lasts.

    The lock is on a file of its own. On the database file it would be lost, and SQLite's with it, by POSIX's
    rule that closing any descriptor of a file drops all locks of the process on it; and readers must not be
    kept out.
    """
    path = record.with_name(record.name + ".lock")
    with contextlib.ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(path, wait=False))
        except BlockingIOError:
            holder = path.read_text("ascii", "replace").strip() or "unknown"
            raise RecordBusy(
                f"{record} is being written by another program (process {holder}): a record has one writer. "
                "End that one first, or open the record for reading only."
            ) from None
        except OSError as problem:
            raise RecordAccessDenied(
                f"{path} cannot be written ({problem.strerror}): ask the folder's owner."
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield


@contextlib.contextmanager
def _folder_explained(record: Path) -> Iterator[None]:
    if not record.parent.is_dir():
        raise RecordAccessDenied(f"There is no folder {record.parent}: make it first.")
    try:
        with explained(record):
            yield
    except PermissionError as problem:
        raise RecordAccessDenied(f"{record} cannot be made ({problem}): ask the folder's owner.") from problem
    except OSError as problem:
        raise DiskFailed(f"{record} cannot be made ({problem}): look at the disk and the folder.") from problem


def _refuse_existing(record: Path) -> None:
    for path in (record, StoreKey.path_beside(record)):
        if os.path.lexists(path):
            raise RecordExists(f"{path} exists already: open the record, choose another name, or move it away.")
