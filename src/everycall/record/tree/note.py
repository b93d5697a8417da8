"""Signed notes: a text, a blank line, and signature lines (C2SP signed-note). How they are written; not who signed.

Invariants: a note that is read gives the same bytes when written; the text ends with a newline and is what a signature
is over. Text and signatures are parted by the last blank line, so the text may hold blank lines of its own.
"""

from dataclasses import dataclass

from everycall.record.tree.errors import Fault, InvalidNote
from everycall.record.tree.strict import read_base64, shown, write_base64

LARGEST_NOTE = 1_000_000
"""Bytes of the largest note that is read or written."""

MOST_SIGNATURES = 100
"""Signature lines of a note; the standard asks for at least 16 to be taken."""

KEY_ID_BYTES = 4
"""Bytes before a signature that name its key."""

_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature as it stands in a note; whether it is any good is not known yet.

    Attributes:
        name: Name of the key.
        key_id: The 4 bytes that tell keys of one name apart.
        signature: What the key's algorithm made; for cosignatures the time is in it.

    Raises:
        InvalidNote: The name or the lengths cannot stand in a note.
    """

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise InvalidNote(Fault.BAD_NAME, f"A key's name has no blanks and no plus sign: {shown(self.name)}.")
        if len(self.key_id) != KEY_ID_BYTES or not self.signature:
            raise InvalidNote(Fault.WRONG_LENGTH, "A signature line holds 4 bytes of key id and a signature.")

    def encode(self) -> str:
        """The line, without its newline."""
        return f"{_DASH}{self.name} {write_base64(self.key_id + self.signature)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note, read but not verified: nothing in it may be believed yet.

    Attributes:
        text: What is signed, with its final newline.
        signatures: The signature lines, in order; at least one.

    Raises:
        InvalidNote: Text and signatures cannot be a note.
    """

    text: str
    signatures: tuple[SignatureLine, ...]

    def __post_init__(self) -> None:
        check_text(self.text)
        if not self.signatures:
            raise InvalidNote(Fault.NO_SIGNATURES, "A signed note has at least one signature.")
        if len(self.signatures) > MOST_SIGNATURES:
            raise InvalidNote(
                Fault.TOO_MANY_SIGNATURES,
                f"A note has at most {MOST_SIGNATURES} signatures, this one {len(self.signatures)}.",
            )
        if len(self.encode()) > LARGEST_NOTE:
            raise InvalidNote(Fault.TOO_LONG, f"A note has at most {LARGEST_NOTE:,} bytes.")

    def encode(self) -> bytes:
        """The note as bytes."""
        return (self.text + "\n" + "".join(line.encode() + "\n" for line in self.signatures)).encode()

    @classmethod
    def parse(cls, data: bytes) -> "Note":
        """Read a signed note.

        Raises:
            InvalidNote: The bytes are not exactly a signed note.
        """
        if len(data) > LARGEST_NOTE:
            raise InvalidNote(Fault.TOO_LONG, f"A note has at most {LARGEST_NOTE:,} bytes, this one {len(data):,}.")
        try:
            content = data.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise InvalidNote(Fault.NOT_UTF8, f"A note is UTF-8; byte {problem.start} of this one is not.") from None
        _check_characters(content)
        if not content.endswith("\n"):
            raise InvalidNote(Fault.NO_FINAL_NEWLINE, "A note ends with a newline.")
        text, separator, rest = content.rpartition("\n\n")
        if not separator:
            raise InvalidNote(Fault.MISSING_LINE, "A blank line parts a note's text from its signatures.")
        if not rest:
            raise InvalidNote(Fault.NO_SIGNATURES, "After its blank line a note has signatures.")
        lines = rest.removesuffix("\n").split("\n", MOST_SIGNATURES)
        if len(lines) > MOST_SIGNATURES:
            raise InvalidNote(Fault.TOO_MANY_SIGNATURES, f"A note has at most {MOST_SIGNATURES} signatures.")
        return cls(text + "\n", tuple(_parse_line(line) for line in lines))


def is_key_name(name: str) -> bool:
    """Whether a key may have this name: not empty, no Unicode blanks, no plus sign, nothing a note cannot hold."""
    return bool(name) and not any(each.isspace() or each == "+" or each < " " or _is_surrogate(each) for each in name)


def check_text(text: str) -> None:
    """Check that a text can be signed as a note.

    Raises:
        InvalidNote: It holds control characters or what UTF-8 cannot write, or does not end with a newline.
    """
    _check_characters(text)
    if not text.endswith("\n"):
        raise InvalidNote(Fault.NO_FINAL_NEWLINE, "A note's text ends with a newline.")
    if any(map(_is_surrogate, text)):
        raise InvalidNote(Fault.NOT_UTF8, "A note's text has a character that UTF-8 cannot write.")


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _check_characters(content: str) -> None:
    for character in content:
        if character < " " and character != "\n":
            raise InvalidNote(
                Fault.CONTROL_CHARACTER, f"A note has no control characters but newlines; this has {character!r}."
            )


def _parse_line(line: str) -> SignatureLine:
    name, separator, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not separator:
        raise InvalidNote(
            Fault.BAD_LINE, f"A signature line is an em dash, a name and Base 64 with one blank each: {shown(line)}."
        )
    data = read_base64(encoded, "A signature", InvalidNote)
    if len(data) <= KEY_ID_BYTES:
        raise InvalidNote(Fault.WRONG_LENGTH, f"A signature has more than {KEY_ID_BYTES} bytes, this one {len(data)}.")
    return SignatureLine(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
