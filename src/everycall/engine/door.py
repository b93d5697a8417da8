"""The door: bytes from outside become a command.

A call is never refused here either: what cannot be read is taken as a call with its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.base import LONGEST_WORDS
from everycall.core.calls import TakeCall
from everycall.core.commands import Command, decode_command
from everycall.core.facts import FactGiven
from everycall.core.refusals import Refusal
from everycall.core.sealed import Private

if TYPE_CHECKING:
    from everycall.core.actors import Actor

_LARGEST: Final = 1 << 20
_LONGEST_ID: Final = 120


class _Loose(msgspec.Struct):
    id: str | None = None
    body: dict[str, object] | None = None


def read_command(data: bytes, actor: Actor, fallback_id: str) -> Command | Refusal:
    """Read a command for an actor who is known already; the sender's own word for it does not count.

    What was meant to take a call and is malformed is taken all the same: its bytes become the sealed words of
    a call with nothing else known.
    """
    try:
        command = decode_command(data[:_LARGEST]) if len(data) <= _LARGEST else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        trouble = str(error)
    else:
        if command is not None:
            return msgspec.structs.replace(command, actor=actor)
        trouble = f"it has {len(data):,} bytes; a command has at most {_LARGEST:,}"
    if b"take_call" not in data[:_LARGEST]:
        return Refusal(
            code="malformed",
            rule="house:1",
            because=f"This is no command: {trouble}.",
            instead="Mend it as the message says. To get somebody help, send take_call: it is never refused.",
        )
    return Command(id=_loose_id(data) or fallback_id, actor=actor, body=_salvaged(data))


def _loose_id(data: bytes) -> str | None:
    try:
        found = msgspec.json.decode(data, type=_Loose).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if found is not None and 0 < len(found) <= _LONGEST_ID else None


def _salvaged(data: bytes) -> TakeCall:
    words = data[:LONGEST_WORDS].decode("utf-8", errors="backslashreplace")
    return TakeCall(
        words=Private(value=words), facts=(FactGiven(name="call.malformed", value=True, source="door"),)
    )
