"""The spool: where calls go when the record cannot take them, so that none is lost meanwhile.

An append-only local file. Each item is framed as

    4 bytes  ``ECSP``
    4 bytes  length of the data, big-endian
    32 bytes SHA-256 of length and data
    data

and is on the disk, bytes and name, before `put` returns. A crash may leave a torn item at the end (its `put`
never returned); a failing disk may destroy some in the middle. Reading goes on at the next frame that is
whole, and says what it left out. Nothing is dropped unread: damaged bytes are kept aside when the spool is
cleared.

Draining is: read `items`, give each to the one door for commands, `clear` through the last one taken. A crash
in between repeats some, which is harmless because commands are known by their ids; the other order would lose
some.

The file holds commands as they came, personal values included, so only its owner may read it.
"""

import contextlib
import hashlib
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from everycall.record.durable import locked, sync_folder, write_all
from everycall.record.errors import InvalidEntry, SpoolFailed

MAGIC = b"ECSP"
LARGEST_ITEM = 16 * 1024 * 1024
"""Bytes. A command is some hundred; whatever claims to be larger is a damaged length."""

_LENGTH = struct.Struct(">I")
_HEADER_BYTES = len(MAGIC) + _LENGTH.size + hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class SpooledItem:
    """One whole item.

    Attributes:
        data: What was put.
        end: Offset in the file right after it; what `Spool.clear` takes.
    """

    data: bytes
    end: int


@dataclass(frozen=True, slots=True)
class SpoolDamage:
    """Bytes that are no whole item.

    Attributes:
        offset: Where they begin in the file.
        length: How many.
        torn: Whether they are the end of the file, as a crash leaves it; otherwise the disk or somebody
            has changed them.
    """

    offset: int
    length: int
    torn: bool


class Spool:
    """An append-only file of items; safe to use from several threads and processes.

    The file is made by the first `put`. Beside it lies `<name>.lock`, and `<name>.damaged` once there was
    damage.

    Args:
        path: The file, on a local disk that is not the record's, where there is another.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        self._lock_path = self.path.with_name(self.path.name + ".lock")
        self._damaged_path = self.path.with_name(self.path.name + ".damaged")
        self._lock = threading.Lock()

    def put(self, data: bytes) -> None:
        """Keep an item; it is durable on return.

        Args:
            data: 1 byte to 16 MiB.

        Raises:
            InvalidEntry: The data is empty or too large.
            SpoolFailed: The disk is full or failing; the item is not kept.
        """
        if not 0 < len(data) <= LARGEST_ITEM:
            raise InvalidEntry(
                f"The spool keeps items of 1 byte to {LARGEST_ITEM // 2**20} MiB, not of {len(data)} bytes."
            )
        with self._alone():
            # Opened each time: another process may have cleared it, which puts another file under the name.
            _append(self.path, _frame(data))

    def items(self) -> Iterator[SpooledItem]:
        """The whole items, in the order in which they were put.

        Raises:
            SpoolFailed: The file cannot be read.
        """
        return (part for part in _parts(self._content()) if isinstance(part, SpooledItem))

    def count(self) -> int:
        """How many whole items wait.

        Raises:
            SpoolFailed: The file cannot be read.
        """
        return sum(1 for _ in self.items())

    def damage(self) -> tuple[SpoolDamage, ...]:
        """What in the file is no whole item; show it to a person, it may be part of a call.

        Raises:
            SpoolFailed: The file cannot be read.
        """
        return tuple(part for part in _parts(self._content()) if isinstance(part, SpoolDamage))

    def clear(self, through: SpooledItem) -> None:
        """Remove items that have been taken over, up to and including one; what came later stays.

        Damaged bytes among them go to ``<name>.damaged`` first.

        Args:
            through: The last item that is durable elsewhere, as `items` gave it.

        Raises:
            ValueError: The spool was cleared by somebody else since the item was read; read it again.
            SpoolFailed: The disk is full or failing; the items stay.
        """
        with self._alone():
            content = self._content()
            parts = list(_parts(content))
            if through not in parts:
                raise ValueError("the spool was cleared since this item was read: read its items again")
            damaged = b"".join(
                content[part.offset : part.offset + part.length]
                for part in parts[: parts.index(through)]
                if isinstance(part, SpoolDamage)
            )
            if damaged:
                _append(self._damaged_path, damaged)
            self._replace(content[through.end :])

    def _replace(self, content: bytes) -> None:
        # Complete and durable before it takes the name: a crash leaves the old file or the new one.
        draft = self.path.with_name(self.path.name + ".new")
        draft.unlink(missing_ok=True)  # of an earlier clearing that was cut short
        _append(draft, content)
        draft.rename(self.path)
        sync_folder(self.path.parent)

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as problem:
            raise SpoolFailed(f"The spool {self.path} cannot be read ({problem}): look at the disk.") from problem

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the spool against other threads and processes, and explain what the disk refuses."""
        try:
            with self._lock, locked(self._lock_path, wait=True):
                yield
        except OSError as problem:
            raise SpoolFailed(
                f"The spool {self.path} cannot be written ({problem}): write the call down, look at the disk."
            ) from problem


def _append(path: Path, data: bytes) -> None:
    """Append bytes to a file, made when it is missing, and make them and its name durable."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    # Always, not only when we made the file: whoever made it may have died before the name was durable.
    sync_folder(path.parent)


def _frame(data: bytes) -> bytes:
    length = _LENGTH.pack(len(data))
    return MAGIC + length + hashlib.sha256(length + data).digest() + data


def _parts(content: bytes) -> Iterator[SpooledItem | SpoolDamage]:
    """Whole items, and what lies between them."""
    offset = good = 0
    while (offset := content.find(MAGIC, offset)) >= 0:
        item = _item_at(content, offset)
        if item is None:
            offset += 1
            continue
        if good < offset:
            yield SpoolDamage(good, offset - good, torn=False)
        yield item
        offset = good = item.end
    if good < len(content):
        yield SpoolDamage(good, len(content) - good, torn=True)


def _item_at(content: bytes, offset: int) -> SpooledItem | None:
    start = offset + _HEADER_BYTES
    header = content[offset + len(MAGIC) : start]
    if len(header) < _HEADER_BYTES - len(MAGIC):
        return None
    length, digest = header[: _LENGTH.size], header[_LENGTH.size :]
    end = start + int(_LENGTH.unpack(length)[0])
    data = content[start:end]
    if not data or end > len(content) or hashlib.sha256(length + data).digest() != digest:
        return None
    return SpooledItem(data, end)
