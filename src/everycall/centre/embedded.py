"""The embedded centre: the engine over a record in one SQLite file, its seals and its spool beside it."""

from __future__ import annotations

import base64
import contextlib
import time
from typing import TYPE_CHECKING, Self

import msgspec

from everycall.centre.policies import RecordCertificates, RecordPolicies
from everycall.core.sealed import Sealed
from everycall.engine.loop import Engine
from everycall.record import Batch, Entry, Sealer, SealRow, Spool, SqliteRecord
from everycall.record.entries import LARGEST_ENTRY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from everycall.engine.answers import Answer
    from everycall.engine.ports import Certificates, Clock, Evaluators, KnownCommand, TravelTimes
    from everycall.record.spool import SpooledItem


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1_000


class RecordLog:
    """A SQLite record as the engine's log."""

    def __init__(self, record: SqliteRecord) -> None:
        """Write into this record."""
        self.record = record

    @property
    def centre(self) -> str:
        """The centre whose record it is."""
        return self.record.centre

    @property
    def largest(self) -> int:
        """Bytes of the largest entry."""
        return LARGEST_ENTRY

    def length(self) -> int:
        """The sequence of the last durable entry."""
        return self.record.length()

    def read(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The durable entries in order."""
        return self.record.read(first, last)

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        """The durable entries that carry a tag."""
        return self.record.by_tag(tag)

    def find_command(self, command: str) -> KnownCommand | None:
        """A durable command by its id."""
        return self.record.find_command(command)

    def submit(
        self,
        first: int,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: str | None,
        fingerprint: bytes,
        answer: bytes,
        seals: Sequence[object],
    ) -> Future[None]:
        """Append what one command made."""
        return self.record.submit(
            Batch(
                first=first,
                entries=tuple([Entry(data, tags) for data, tags in entries]),
                command=command,
                fingerprint=fingerprint,
                answer=answer,
                seals=tuple([row for row in seals if isinstance(row, SealRow)]),
            )
        )


class _Locked(msgspec.Struct, frozen=True):
    reference: str
    commitment: str
    key: str
    nonce: str
    ciphertext: str


class RecordSeals:
    """The record's sealer as the engine's seals."""

    def __init__(self, sealer: Sealer) -> None:
        """Seal with this sealer."""
        self._sealer = sealer

    def seal(self, value: str, *, searchable: bool) -> tuple[Sealed, object]:
        """A reference for the event, and the row that the record keeps."""
        sealed = self._sealer.seal(value, searchable=searchable)
        return Sealed(reference=sealed.reference, commitment=sealed.commitment, token=sealed.token), sealed.row

    def fingerprint(self, data: bytes) -> bytes:
        """A keyed hash of a command."""
        return self._sealer.fingerprint(data)

    def lock(self, data: bytes) -> bytes:
        """Bytes for the spool: a call that waits beside the record is as personal as one in it."""
        sealed = self._sealer.seal(data.decode("utf-8", "surrogateescape"), searchable=False)
        row = sealed.row
        return msgspec.json.encode(
            _Locked(
                reference=row.reference,
                commitment=sealed.commitment,
                key=base64.b64encode(row.key).decode("ascii"),
                nonce=base64.b64encode(row.nonce).decode("ascii"),
                ciphertext=base64.b64encode(row.ciphertext).decode("ascii"),
            )
        )

    def unlock(self, data: bytes) -> bytes:
        """What `lock` was given."""
        held = msgspec.json.decode(data, type=_Locked)
        row = SealRow(
            reference=held.reference,
            key=base64.b64decode(held.key),
            nonce=base64.b64decode(held.nonce),
            ciphertext=base64.b64decode(held.ciphertext),
        )
        return self._sealer.open(row, held.commitment).encode("utf-8", "surrogateescape")


class RecordSpool:
    """The spool beside a record, as the engine's."""

    def __init__(self, spool: Spool) -> None:
        """Keep calls in this spool."""
        self._spool = spool
        self._last: SpooledItem | None = None

    def put(self, data: bytes) -> None:
        """Keep one item, durably."""
        self._spool.put(data)

    def waiting(self) -> Sequence[bytes]:
        """The items in order."""
        items = list(self._spool.items())
        self._last = items[-1] if items else None
        return [item.data for item in items]

    def drained(self) -> None:
        """What `waiting` gave last is in the record."""
        if self._last is not None:
            self._spool.clear(self._last)
            self._last = None


def spool_path(record: Path) -> Path:
    """Where calls wait when a record cannot be written."""
    return record.with_name(record.name + ".spool")


class EmbeddedCentre:
    """An engine over one record file. Close it, or use it in a `with`."""

    def __init__(
        self,
        record: SqliteRecord,
        path: Path,
        clock: Clock | None = None,
        *,
        evaluators: Evaluators | None = None,
        certificates: Certificates | None = None,
        travel: TravelTimes | None = None,
        new: bool = False,
    ) -> None:
        """Drive this record; what waits in its spool enters first. `new`: it was just made.

        Policies and certificates are those that the record keeps, unless others are handed in.
        """
        self.path = path
        self.record = record
        self.engine = Engine(
            RecordLog(record),
            clock or SystemClock(),
            RecordSeals(record.sealer()),
            evaluators=evaluators or RecordPolicies(record),
            certificates=certificates or RecordCertificates(record),
            travel=travel,
            spool=RecordSpool(Spool(spool_path(path))),
            new_log=new,
        )
        self.engine.drain()

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        centre: str,
        facts: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        evaluators: Evaluators | None = None,
        certificates: Certificates | None = None,
        travel: TravelTimes | None = None,
    ) -> Self:
        """Make a new record and an engine over it."""
        record = SqliteRecord.create(path, centre=centre, facts=facts)
        return cls._over(record, path, clock, evaluators, certificates, travel, new=True)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        clock: Clock | None = None,
        evaluators: Evaluators | None = None,
        certificates: Certificates | None = None,
        travel: TravelTimes | None = None,
    ) -> Self:
        """Open a record and build the state from it."""
        return cls._over(SqliteRecord.open(path), path, clock, evaluators, certificates, travel)

    @classmethod
    def _over(
        cls,
        record: SqliteRecord,
        path: Path,
        clock: Clock | None,
        evaluators: Evaluators | None,
        certificates: Certificates | None,
        travel: TravelTimes | None,
        *,
        new: bool = False,
    ) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(record.close)
            made = cls(record, path, clock, evaluators=evaluators, certificates=certificates, travel=travel, new=new)
            undo.pop_all()
        return made

    def recover(self) -> list[Answer]:
        """After the record failed: open it again and let in the calls that waited, with their own times.

        Raises:
            RecordError: it cannot be opened yet; calls go on to the spool.
        """
        self.record.close()
        self.record = SqliteRecord.open(self.path)
        return self.engine.recover(RecordLog(self.record))

    def close(self) -> None:
        """Write what is queued and let go of the file."""
        self.record.close()

    def __enter__(self) -> Self:
        """Nothing to begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
