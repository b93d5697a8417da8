"""What goes into a record: entries, the batch one command makes of them, the sealed values beside them.

Invariants, checked when a value is made, so that the writer never meets a batch that cannot be stored:

- an entry has between 1 and 65,535 bytes, so that a leaf of the log is always cheap to read and to prove;
- a tag, a command id, a seal's reference and its token are printable text of 1 to 255 characters, so that
  they can be looked up, shown and typed;
- a batch writes something, and without a command it carries no fingerprint and no answer.
"""

from dataclasses import dataclass

from everycall.record.errors import InvalidEntry

LARGEST_ENTRY = 65_535
"""Bytes of the largest entry; what is larger than an event is a blob, named by its hash in the event."""

LONGEST_NAME = 255
"""Characters of the longest tag, command id, seal reference or token."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, as the exact bytes that were made, with the tags that find it.

    Attributes:
        data: What is stored, hashed and given back; never read or changed here.
        tags: Index tags such as ``call:C000001`` or ``incident:2026-000001``; a tag given twice counts once.

    Raises:
        InvalidEntry: The bytes are none or too many, or a tag is not printable text of 1 to 255 characters.
    """

    data: bytes
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < len(self.data) <= LARGEST_ENTRY:
            raise InvalidEntry(
                f"An entry has 1 to {LARGEST_ENTRY:,} bytes, this one {len(self.data):,}: "
                "put what is larger into a blob and its hash into the event."
            )
        for tag in self.tags:
            _check_name(tag, "An index tag")


@dataclass(frozen=True, slots=True)
class SealRow:
    """A sealed value as it is stored beside the log, in the same transaction as the events that refer to it.

    Attributes:
        reference: The random name by which events mention the value.
        key: The value's own random key share; of no use without the store key, and erased with the value.
        nonce: The nonce under which the value was encrypted.
        ciphertext: Salt and value, encrypted and authenticated.
        token: What a search for an equal value looks for; None when the value is not searchable.

    Raises:
        InvalidEntry: The reference or the token is not printable text of 1 to 255 characters.
    """

    reference: str
    key: bytes
    nonce: bytes
    ciphertext: bytes
    token: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.reference, "A seal's reference")
        if self.token is not None:
            _check_name(self.token, "A seal's token")


@dataclass(frozen=True, slots=True)
class Batch:
    """What one command made: committed whole or not at all.

    Attributes:
        first: Sequence of its first entry; sequences are 1, 2, 3 … without a gap. A batch without entries
            (a command that was refused, kept for its answer) names the sequence that comes next.
        entries: The events, in order.
        command: The id the client made for its command, unique in the record; None where there was no
            command.
        fingerprint: Keyed hash of the command's content, to tell a retry from another command with the same
            id.
        answer: What was answered, so that a retry gets the first answer.
        seals: The sealed values that the entries refer to.

    Raises:
        InvalidEntry: The batch writes nothing, starts below 1, or has an unusable command id.
    """

    first: int
    entries: tuple[Entry, ...]
    command: str | None = None
    fingerprint: bytes = b""
    answer: bytes = b""
    seals: tuple[SealRow, ...] = ()

    def __post_init__(self) -> None:
        if self.first < 1:
            raise InvalidEntry(f"Sequences start at 1, this batch at {self.first}.")
        if self.command is not None:
            _check_name(self.command, "A command id")
        elif self.fingerprint or self.answer:
            raise InvalidEntry("A fingerprint and an answer belong to a command: give the batch its command id.")
        elif not self.entries:
            raise InvalidEntry("A batch holds at least one entry or a command.")


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """A command as the record knows it: what a retry is compared with and answered from.

    Attributes:
        command: The client's id.
        fingerprint: Keyed hash of the first command's content.
        first: Sequence of the first entry that it made.
        count: How many entries it made, one after the other from `first`; possibly none.
        answer: What was answered.
    """

    command: str
    fingerprint: bytes
    first: int
    count: int
    answer: bytes


def index_tag(kind: str, value: str) -> str:
    """Make an index tag from a value that came from outside, whatever is in it.

    A number from another agency may hold anything; a tag must be printable text. Each run of characters that
    are not printable, and of blanks, becomes one blank, and what is longer than a tag may be is cut. The same
    value always gives the same tag, so looking up by ``index_tag(kind, value)`` finds what was written by it.

    Args:
        kind: What the value names, such as ``incident`` or ``external``.
        value: The value, of any content.

    Returns:
        ``kind:value`` as a usable tag.
    """
    printable = "".join(character if character.isprintable() else " " for character in value)
    return f"{kind}:{' '.join(printable.split())}"[:LONGEST_NAME]


def _check_name(name: str, what: str) -> None:
    # isprintable also refuses lone surrogates, which no store can encode, and NUL, which cuts text in C
    # tools.
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidEntry(f"{what} is printable text of 1 to {LONGEST_NAME} characters, not {name[:60]!r}.")
