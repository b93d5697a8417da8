"""Answers: what the sender of a command gets, after its events are durable (rule 5 of the house)."""

from __future__ import annotations

from typing import Final

import msgspec

from everycall.core.base import Frozen, Identifier, Instant
from everycall.core.refusals import Refusal


class Done(Frozen, frozen=True, kw_only=True, tag_field="answer", tag="done"):
    """The command's events are in the record, from `first` to `last`. `made` are the ids that it made."""

    command: Identifier
    at: Instant
    first: int
    last: int
    made: tuple[Identifier, ...] = ()


class Spooled(Frozen, frozen=True, kw_only=True, tag_field="answer", tag="spooled"):
    """The store failed: the call is kept beside it and will enter the record in order when it is back."""

    command: Identifier
    at: Instant
    because: str
    instead: str = "Work on paper; times can be entered late."


class Unavailable(Frozen, frozen=True, kw_only=True, tag_field="answer", tag="unavailable"):
    """The store failed and this is no call: nothing was recorded, and the sender is told at once."""

    command: Identifier
    because: str
    instead: str = "Write it down with its time, and send it again when the store is back."


Answer = Done | Refusal | Spooled | Unavailable

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Done | Refusal)


def encode_answer(answer: Done | Refusal) -> bytes:
    """What is kept beside the command, so that a retry gets the first answer."""
    return _encoder.encode(answer)


def decode_answer(data: bytes) -> Done | Refusal:
    """The first answer."""
    answer: Done | Refusal = _decoder.decode(data)
    return answer
