"""The engine's ports in memory: the real interfaces, with failures to order."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from everycall.core.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START = 1_600_000_000_000_000
"""An instant in September 2020; any would do."""


class SetClock:
    """A clock that stands where it is set, and may go back."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += int(seconds * 1_000_000)


class DiskFullError(OSError):
    """What the memory log raises when it is told to fail."""


@dataclass(frozen=True)
class Known:
    fingerprint: bytes
    answer: bytes


@dataclass
class Disk:
    """What survives: entries, commands and seals, and nothing else."""

    entries: list[bytes] = field(default_factory=list)
    tags: dict[str, list[int]] = field(default_factory=dict)
    commands: dict[str, Known] = field(default_factory=dict)
    seals: dict[str, str] = field(default_factory=dict)
    spool: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    first: int
    entries: tuple[tuple[bytes, tuple[str, ...]], ...]
    command: str | None
    known: Known
    seals: tuple[tuple[str, str], ...]
    future: Future[None]


class MemoryLog:
    """A log over a disk in memory. It commits at once, or when it is let, or fails from a batch on."""

    largest: int = 65_535

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.broken: Exception | None = None
        self.fails_at: int | None = None
        """How many batches more are taken before the log fails; None for never."""
        self.reads_fail = False
        self._held = False
        self._queue: deque[Batch] = deque()
        self._submitted = len(disk.entries)
        self._lock = threading.RLock()

    @property
    def centre(self) -> str:
        return "memory"

    def length(self) -> int:
        return len(self.disk.entries)

    def read(self, first: int = 1, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        self._reading()
        yield from list(enumerate(self.disk.entries[:last], 1))[first - 1 :]

    def by_tag(self, tag: str) -> Iterator[tuple[int, bytes]]:
        self._reading()
        for sequence in list(self.disk.tags.get(tag, ())):
            yield sequence, self.disk.entries[sequence - 1]

    def find_command(self, command: str) -> Known | None:
        self._reading()
        return self.disk.commands.get(command)

    def _reading(self) -> None:
        if self.reads_fail:
            raise DiskFullError("cannot be read")

    def submit(
        self,
        first: int,
        entries: Sequence[tuple[bytes, tuple[str, ...]]],
        command: str | None,
        fingerprint: bytes,
        answer: bytes,
        seals: Sequence[object],
    ) -> Future[None]:
        with self._lock:
            if self.broken is not None:
                raise self.broken
            if command is not None and (not command or not command.isprintable()):
                raise ValueError(f"not a command id: {command!r}")
            if any(not 0 < len(data) <= self.largest for data, _ in entries):
                raise ValueError("an entry is too large")
            if first != self._submitted + 1:
                raise AssertionError(f"a gap: {first} after {self._submitted}")
            rows = tuple(row for row in seals if isinstance(row, tuple))
            batch = Batch(first, tuple(entries), command, Known(fingerprint, answer), rows, Future())
            self._submitted += len(entries)
            self._queue.append(batch)
            if self.fails_at is not None:
                self.fails_at -= 1
                if self.fails_at < 0:
                    self.broken = DiskFullError("no space left")
                    self._break()
                    return batch.future
        if not self._held:
            self.release()
        return batch.future

    def hold(self) -> None:
        """Commit nothing until `release`."""
        self._held = True

    def release(self) -> None:
        """Commit all that waits, in order: whoever comes meanwhile waits for whoever is at it."""
        with self._lock:
            self._held = False
            while self._queue:
                self._commit(self._queue.popleft())

    def break_now(self) -> None:
        """Fail: what waits is lost, and nothing is taken any more."""
        with self._lock:
            self.broken = DiskFullError("no space left")
            self._break()

    def _commit(self, batch: Batch) -> None:
        disk = self.disk
        if batch.command is not None and batch.command in disk.commands:
            raise AssertionError(f"{batch.command} is in the log already")
        for sequence, (data, tags) in enumerate(batch.entries, batch.first):
            disk.entries.append(data)
            for tag in dict.fromkeys(tags):
                disk.tags.setdefault(tag, []).append(sequence)
        if batch.command is not None:
            disk.commands[batch.command] = batch.known
        disk.seals.update(batch.seals)
        batch.future.set_result(None)

    def _break(self) -> None:
        while self._queue:
            self._queue.popleft().future.set_exception(self.broken or DiskFullError("no space left"))


class MemorySpool:
    """Items on the disk; `put` can be told to fail."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._read = 0
        self.fails = False

    def put(self, data: bytes) -> None:
        if self.fails:
            raise DiskFullError("no space left for the spool")
        self._disk.spool.append(data)

    def waiting(self) -> Sequence[bytes]:
        self._read = len(self._disk.spool)
        return list(self._disk.spool)

    def drained(self) -> None:
        del self._disk.spool[: self._read]
        self._read = 0


class MemorySeals:
    """References with a running number; what they stand for lies on the disk."""

    def __init__(self) -> None:
        self._count = 0

    def seal(self, value: str, *, searchable: bool) -> tuple[Sealed, object]:
        self._count += 1
        digest = hashlib.sha256(f"{self._count} {value}".encode("utf-8", "surrogatepass")).hexdigest()
        token = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest() if searchable else None
        return Sealed(reference=f"S{digest[:20]}", commitment=digest, token=token), (f"S{digest[:20]}", value)

    def fingerprint(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, key=b"key", digest_size=32).digest()

    def lock(self, data: bytes) -> bytes:
        return data[::-1].hex().encode()

    def unlock(self, data: bytes) -> bytes:
        return bytes.fromhex(data.decode())[::-1]
