"""Answers: what the sender of a command gets, after its events are durable (rule 5 of the house)."""

from __future__ import annotations

from typing import Final

import msgspec

from everycall.core.base import Frozen, Identifier, Instant
from everycall.core.refusals import Refusal
from everycall.engine.salvage import LONGEST_ID


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


OTHER_CONTENT: Final = Refusal(
    code="id_used_already",
    rule="house:5",
    because="A command with this id and other content was answered before.",
    instead="Give each command an id of its own; send the same content only to hear the first answer again.",
)

UNUSABLE_ID: Final = Refusal(
    code="unusable_id",
    rule="house:5",
    because=f"The id of a command is printable text of 1 to {LONGEST_ID} characters.",
    instead="Give it such an id, for instance a UUID.",
)
TOO_LARGE: Final = Refusal(
    code="too_large",
    rule="house:5",
    because="What this command would record is larger than one entry of the record may be.",
    instead="Say it in several commands.",
)

TOO_LARGE_TO_RECALL: Final = Refusal(
    code="too_large",
    rule="house:5",
    because="What this command names left memory, and is larger than the entry that would bring it back may be.",
    instead="Take a new call for what is to be done, and name this one in a note; what is recorded of it stays.",
)

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


def malformed(trouble: str) -> Refusal:
    """The refusal of what is no command; a call is never refused for that."""
    return Refusal(
        code="malformed",
        rule="house:1",
        because=f"This is no command: {trouble}.",
        instead="Mend it as the message says. To get somebody help, send take_call: it is never refused.",
    )
