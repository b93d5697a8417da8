"""Salvage: what can be saved of a call that cannot be taken as it came (rule 1 of the house)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from everycall.core.base import LONGEST_WORDS
from everycall.core.calls import TakeCall
from everycall.core.facts import FactGiven
from everycall.core.sealed import Private
from everycall.engine.sealing import holds_sealed

if TYPE_CHECKING:
    from everycall.core.commands import Command

MALFORMED: Final = "call.malformed"
"""The fact by which a call says that it did not come as it should: its sealed words hold what came."""

LONGEST_ID: Final = 120
_MOST_NEEDS: Final = 20
_MOST_FACTS: Final = 40


def salvaged(data: bytes) -> TakeCall:
    """A call out of bytes that are no command: each field that can be read, and the bytes as sealed words."""
    words = Private(value=data[:LONGEST_WORDS].decode("utf-8", errors="backslashreplace"))
    fields = _readable_fields(data)
    facts = fields.pop("facts", ())
    mark = FactGiven(name=MALFORMED, value=True, source="door")
    return TakeCall(**{**fields, "words": words, "facts": (*facts, mark)})


def _readable_fields(data: bytes) -> dict[str, Any]:
    """The fields of the body that are as they should be; their types differ."""
    try:
        body = msgspec.json.decode(data, type=dict[str, Any]).get("body")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if not isinstance(body, dict) or body.get("do") != "take_call":
        return {}
    found: dict[str, Any] = {}
    for name in TakeCall.__struct_fields__:
        if name in body and name != "words":
            try:
                taken = msgspec.convert({"do": "take_call", name: body[name]}, TakeCall)
            except (msgspec.ValidationError, RecursionError):
                continue
            if not holds_sealed(taken):  # a seal that a sender names could be another call's
                found[name] = getattr(taken, name)
    return found


def reduced(body: TakeCall) -> TakeCall:
    """A call that is too large for one entry: what helps to send somebody, and all of it as sealed words."""
    whole = json.dumps(msgspec.to_builtins(body))
    mark = FactGiven(name=MALFORMED, value=True, source="engine")
    needs = tuple([replace(need, words=None) for need in body.needs[:_MOST_NEEDS]])
    return replace(body, needs=needs, words=Private(value=whole), facts=(*body.facts[:_MOST_FACTS], mark))


def bare(body: TakeCall) -> TakeCall:
    """A call at which the program failed: that it came, on which channel, and all of it as sealed words."""
    mark = FactGiven(name=MALFORMED, value=True, source="engine")
    return TakeCall(
        channel=body.channel,
        ringing=body.ringing,
        unsafe_to_ring=body.unsafe_to_ring,
        self_initiated=body.self_initiated,
        words=Private(value=json.dumps(msgspec.to_builtins(body))),
        facts=(mark,),
    )


def usable_id(command: Command) -> Command:
    """The command under an id that every store takes: its own, or for a call one made from it."""
    held = command.id
    if 0 < len(held) <= LONGEST_ID and held.isprintable():
        return command
    digest = hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()
    return replace(command, id=f"mended:{digest}")
