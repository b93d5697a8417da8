"""Checkpoints: the text that a log signs about its tree (C2SP tlog-checkpoint). How it is written; not who signed.

Invariant: a checkpoint that is read gives the same text when written, and says of the empty tree what is true of it.
"""

from dataclasses import dataclass
from typing import Self

from everycall.record.tree.errors import Fault, InvalidCheckpoint
from everycall.record.tree.hashes import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE
from everycall.record.tree.strict import read_base64, read_decimal, shown, write_base64

LONGEST_ORIGIN = 255
"""Characters of the longest origin that is read or written."""

LONGEST_CHECKPOINT = 65_536
"""Characters of the longest checkpoint that is read or written."""

_FIXED_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's tree at a size.

    Attributes:
        origin: Which log: printable text, by custom an address without scheme, as ``centre.example/record``.
        size: Entries of the tree.
        root: Its root hash.
        extensions: Further lines, not empty, of meaning to the log only.

    Raises:
        InvalidCheckpoint: One of them cannot stand in a checkpoint.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Stricter than the standard, which asks for a line: what is not printable cannot be compared by eye.
        if not 0 < len(self.origin) <= LONGEST_ORIGIN or not self.origin.isprintable():
            raise InvalidCheckpoint(
                Fault.BAD_NAME, f"An origin is 1 to {LONGEST_ORIGIN} printable characters, not {shown(self.origin)}."
            )
        if self.size < 0:
            raise InvalidCheckpoint(Fault.BAD_NUMBER, f"A tree cannot have {self.size} entries.")
        if self.size > LARGEST_SIZE:
            raise InvalidCheckpoint(Fault.TOO_LARGE, "A tree has at most 2^63 - 1 entries.")
        if len(self.root) != HASH_BYTES:
            raise InvalidCheckpoint(
                Fault.WRONG_LENGTH, f"A root hash has {HASH_BYTES} bytes, this one {len(self.root)}."
            )
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise InvalidCheckpoint(Fault.EMPTY_TREE, "The tree has no entries, but the root is not the empty tree's.")
        for line in self.extensions:
            if not line:
                raise InvalidCheckpoint(Fault.BLANK_LINE, "No line of a checkpoint is blank.")
            if any(character < " " for character in line):
                raise InvalidCheckpoint(Fault.CONTROL_CHARACTER, f"An extension is one line of text: {shown(line)}.")
        if len(self.encode()) > LONGEST_CHECKPOINT:
            raise InvalidCheckpoint(Fault.TOO_LONG, f"A checkpoint has at most {LONGEST_CHECKPOINT:,} characters.")

    def encode(self) -> str:
        """The text that is signed, with its final newline."""
        lines = (self.origin, str(self.size), write_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a note as a checkpoint.

        Raises:
            InvalidCheckpoint: It is not exactly a checkpoint.
        """
        if len(text) > LONGEST_CHECKPOINT:
            raise InvalidCheckpoint(Fault.TOO_LONG, f"A checkpoint has at most {LONGEST_CHECKPOINT:,} characters.")
        if not text.endswith("\n"):
            raise InvalidCheckpoint(Fault.NO_FINAL_NEWLINE, "A checkpoint ends with a newline.")
        lines = text.removesuffix("\n").split("\n")
        if "" in lines:
            raise InvalidCheckpoint(Fault.BLANK_LINE, "No line of a checkpoint is blank.")
        if len(lines) < _FIXED_LINES:
            raise InvalidCheckpoint(Fault.MISSING_LINE, "A checkpoint has an origin, a size and a root, a line each.")
        origin, size, root, *extensions = lines
        return cls(
            origin,
            read_decimal(size, "The tree size", InvalidCheckpoint),
            read_base64(root, "The root hash", InvalidCheckpoint, length=HASH_BYTES),
            tuple(extensions),
        )
