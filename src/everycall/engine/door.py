"""The door: bytes from outside become a command.

Invariants:

1. A call is never refused here either: what was meant to take one is taken, with whatever of it can be read.
2. Who acts is known already; the sender's own word for it does not count.
3. A sealed value comes from the record, never from outside: a sender could name another call's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.base import Frozen, Identifier, Instant
from everycall.core.calls import TakeCall
from everycall.core.commands import AnyCommand, Command
from everycall.engine.answers import malformed
from everycall.engine.salvage import LONGEST_ID, salvaged
from everycall.engine.sealing import holds_sealed

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.refusals import Refusal

LARGEST: Final = 1 << 20
"""Bytes of the largest command."""


class Incoming(Frozen, frozen=True, kw_only=True):
    """A command as it comes: like `Command`, but whoever it says acts is not read."""

    body: AnyCommand
    id: Identifier | None = None
    at: Instant | None = None
    actor: msgspec.Raw = msgspec.Raw(b"null")


class _WithId(msgspec.Struct):
    id: str | None = None


class _WithTime(msgspec.Struct):
    at: Instant | None = None


_decoder: Final = msgspec.json.Decoder(Incoming)


def read_command(data: bytes, actor: Actor, fallback_id: str) -> Command | Refusal:
    """Read a command for an actor who is known already.

    Args:
        data: JSON.
        actor: who sends it.
        fallback_id: the id of a call whose sender gave none that can be used.
    """
    try:
        if len(data) > LARGEST:
            trouble = f"it has {len(data):,} bytes; a command has at most {LARGEST:,}"
        else:
            incoming = _decoder.decode(data)
            if holds_sealed(incoming.body):
                trouble = "a sealed value comes from the record, not from outside"
            elif incoming.id is not None and incoming.id.isprintable():
                return Command(id=incoming.id, actor=actor, body=incoming.body, at=incoming.at)
            elif isinstance(incoming.body, TakeCall):
                return Command(id=fallback_id, actor=actor, body=incoming.body, at=incoming.at)
            else:
                trouble = "it has no printable id of its own"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        trouble = str(error)
    # Some send two bytes a character; a call is a call.
    if b"take_call" not in data.replace(b"\0", b""):
        return malformed(trouble)
    return Command(id=_id_of(data) or fallback_id, actor=actor, body=salvaged(data), at=_time_of(data))


def _id_of(data: bytes) -> str | None:
    try:
        found = msgspec.json.decode(data, type=_WithId).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    usable = found is not None and 0 < len(found) <= LONGEST_ID and found.isprintable()
    return found if usable else None


def _time_of(data: bytes) -> int | None:
    try:
        return msgspec.json.decode(data, type=_WithTime).at
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
