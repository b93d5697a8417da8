# ruff: noqa: N818 - each name says what happened, as in the record's other errors
"""What can be wrong with a tree, a proof, a tile, a note, a checkpoint or a key.

One exception type a kind of thing, and in each a `Fault`: the one reason, for programs and tests to compare. The text
is a sentence for the user, followed by what to do.
"""

from enum import StrEnum
from typing import ClassVar

from everycall.record.errors import RecordError


class Fault(StrEnum):
    """Why something was refused; a closed list."""

    # How it is written.
    NOT_UTF8 = "not_utf8"
    NOT_ASCII = "not_ascii"
    CONTROL_CHARACTER = "control_character"
    NO_FINAL_NEWLINE = "no_final_newline"
    BLANK_LINE = "blank_line"
    MISSING_LINE = "missing_line"
    BAD_LINE = "bad_line"
    BAD_NAME = "bad_name"
    BAD_NUMBER = "bad_number"
    BAD_BASE64 = "bad_base64"
    BAD_PATH = "bad_path"
    TOO_LONG = "too_long"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing_bytes"
    WRONG_LENGTH = "wrong_length"
    # What it says of a tree.
    TOO_LARGE = "too_large"
    EMPTY_TREE = "empty_tree"
    BEYOND_THE_TREE = "beyond_the_tree"
    SHRINKS = "shrinks"
    PROOF_TOO_SHORT = "proof_too_short"
    PROOF_TOO_LONG = "proof_too_long"
    WRONG_ROOT = "wrong_root"
    WRONG_HASHES = "wrong_hashes"
    # Who says it.
    WRONG_ORIGIN = "wrong_origin"
    NO_SIGNATURES = "no_signatures"
    TOO_MANY_SIGNATURES = "too_many_signatures"
    DUPLICATE_SIGNATURE = "duplicate_signature"
    BAD_SIGNATURE = "bad_signature"
    NO_KNOWN_SIGNATURE = "no_known_signature"
    OTHER_PURPOSE = "other_purpose"
    # With which key.
    UNKNOWN_ALGORITHM = "unknown_algorithm"
    WRONG_ALGORITHM = "wrong_algorithm"
    WRONG_KEY_ID = "wrong_key_id"
    WEAK_KEY = "weak_key"
    AMBIGUOUS_KEYS = "ambiguous_keys"


class TreeError(RecordError):
    """Something of the tree was refused.

    Args:
        fault: The reason.
        what: The sentence about it; what to do is added.

    Attributes:
        fault: The reason.
        advice: What to do, the same for each kind of thing.
    """

    advice: ClassVar[str] = "Ask for it again from where it came from."

    def __init__(self, fault: Fault, what: str) -> None:
        super().__init__(fault, what)
        self.fault = fault
        self._what = what

    def __str__(self) -> str:
        return f"{self._what} {self.advice}"


class InvalidProof(TreeError):
    """A proof is malformed, or does not prove what it should."""

    advice = "Ask for the proof again; if it stays so, keep it with the checkpoint as evidence: something was changed."


class InvalidFrontier(TreeError):
    """A frontier cannot be read, or what should be appended to it is not a leaf hash."""

    advice = "Build the frontier again from the entries of the record."


class InvalidTile(TreeError):
    """A tile's path or its content is malformed, or its hashes do not belong to the tree."""

    advice = "Fetch it again; if it stays so, keep it with the checkpoint as evidence: something was changed."


class InvalidNote(TreeError):
    """Bytes that should be a signed note are none."""

    advice = "Fetch it again, byte for byte; an editor or a mail program may have changed it."


class UnverifiedNote(TreeError):
    """A note is well formed, but its signatures do not show that it may be believed."""

    advice = "Do not believe what it says; check that you hold the right public key, and keep the note as evidence."


class InvalidCheckpoint(TreeError):
    """A note's text is not a checkpoint, or is that of another log."""

    advice = "Fetch the checkpoint again, and check which log it should be of."


class InvalidKey(TreeError):
    """The text of a key is malformed, or the key cannot be used for this."""

    advice = "Copy the key again from its owner's announcement or your backup."


class KeyFileExists(RecordError):
    """A key was to be written where a file already is."""


class KeyFileUnreadable(RecordError):
    """There is no key file there, or it cannot be read."""


class KeyFileExposed(RecordError):
    """Others than its owner can reach a key file."""
