"""Calls that wait beside the log while it cannot be written, and what is known of each without opening it.

Invariants:

1. A call waits once, however often its sender tries again.
2. Its fingerprint is that of what the sender sent, so that a retry after the log is back gets its answer.
3. It keeps the time at which it came, and calls enter in the order in which they came.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.calls import TakeCall
from everycall.core.commands import Command, decode_command, encode_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.engine.ports import Seals, Spool

_log: Final = logging.getLogger(__name__)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the spool. Only `locked`, the command itself, holds personal values.

    Attributes:
        command: its id.
        at: when it came, microseconds UTC.
        needs: how many it will bring into the balance.
        self_initiated: whether those are a unit's own work.
        fingerprint: keyed hash of what the sender sent, in hexadecimal digits.
        locked: the command, as only the centre's store can open it.
    """

    command: str
    at: int
    needs: int
    self_initiated: bool
    fingerprint: str
    locked: bytes


def read_items(items: Iterable[bytes]) -> tuple[dict[str, Waiting], list[bytes]]:
    """What waits, each call once, in order; and items that cannot be read, which nobody may throw away."""
    found: dict[str, Waiting] = {}
    unreadable: list[bytes] = []
    for data in items:
        try:
            item = msgspec.json.decode(data, type=Waiting)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable.append(data)
        else:
            found.setdefault(item.command, item)
    return found, unreadable


class SpooledCalls:
    """The spool as the engine sees it. Both the driving thread and the log's writer thread put calls here."""

    def __init__(self, spool: Spool, seals: Seals) -> None:
        """Read what waits already."""
        self._spool = spool
        self._seals = seals
        self._lock = threading.Lock()
        self._waiting, self._unreadable = read_items(spool.waiting())
        for item in self._unreadable:
            _log.critical("An item of %d bytes in the spool cannot be read; it stays there.", len(item))

    @property
    def calls(self) -> int:
        """How many calls wait."""
        return len(self._waiting) + len(self._unreadable)

    @property
    def needs(self) -> int:
        """How many needs wait with them; what cannot be read counts as one."""
        return sum(item.needs for item in list(self._waiting.values())) + len(self._unreadable)

    def find(self, command: str) -> Waiting | None:
        """A call that waits, by the id of its command."""
        return self._waiting.get(command)

    def put(self, command: Command, at: int, fingerprint: bytes) -> Waiting:
        """Keep a call; it is durable on return. One that waits already is not kept twice.

        Raises:
            Exception: whatever the spool raises when it cannot keep it either.
        """
        body = command.body
        with self._lock:
            held = self._waiting.get(command.id)
            if held is not None:
                return held
            item = Waiting(
                command=command.id,
                at=at,
                needs=(len(body.needs) or 1) if isinstance(body, TakeCall) else 0,
                self_initiated=isinstance(body, TakeCall) and body.self_initiated,
                fingerprint=fingerprint.hex(),
                locked=self._seals.lock(encode_command(command)),
            )
            self._spool.put(msgspec.json.encode(item))
            self._waiting[command.id] = item
            return item

    def opened(self, item: Waiting) -> Command | None:
        """The command of an item, or None where it does not open; it stays in the spool then."""
        try:
            return decode_command(self._seals.unlock(item.locked))
        except Exception:
            _log.exception("The spooled command %s does not open; it stays in the spool.", item.command)
            return None

    def reread(self) -> list[Waiting]:
        """What waits now, in the order in which it came."""
        with self._lock:
            self._waiting, self._unreadable = read_items(self._spool.waiting())
            return sorted(self._waiting.values(), key=lambda item: item.at)

    def entered(self, command: str) -> None:
        """A call is in the log; its item goes when all that could enter have."""
        self._waiting.pop(command, None)

    def drained(self) -> None:
        """All that could enter has: only what could not stays."""
        with self._lock:
            # What stays is put again before the rest is taken away, so that no crash can lose it.
            for data in (*self._unreadable, *map(msgspec.json.encode, self._waiting.values())):
                self._spool.put(data)
            self._spool.drained()
