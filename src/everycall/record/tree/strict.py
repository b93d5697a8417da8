"""The pieces that all texts here are made of, each with exactly one spelling.

Two spellings of one thing let two readers see two things, so what has a second spelling is refused: a number has no
sign, blank, underscore, leading zero or digit of another script; Base 64 is the standard alphabet with its padding and
with unused bits zero (RFC 4648 §3.5 and §4).
"""

import base64
import re

from everycall.record.tree.errors import Fault, TreeError
from everycall.record.tree.hashes import LARGEST_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_DIGITS_OF_LARGEST = len(str(LARGEST_SIZE))
_SHOWN = 60


def shown(text: str) -> str:
    """A text from outside as an error may show it: cut, and without characters that steer a terminal."""
    return ascii(text[:_SHOWN])


def read_decimal(text: str, what: str, error: type[TreeError]) -> int:
    """Read a number from 0 to 2^63 - 1.

    Args:
        text: ASCII digits without leading zeros.
        what: What the number is, for the message: "The tree size".
        error: What to raise.

    Raises:
        TreeError: Of the given type: `BAD_NUMBER` or `TOO_LARGE`.
    """
    if not _DECIMAL.fullmatch(text):
        raise error(Fault.BAD_NUMBER, f"{what} is written in decimal digits without leading zeros, not {shown(text)}.")
    # Compared by length first, since reading a number of a million digits takes long.
    if len(text) > _DIGITS_OF_LARGEST or int(text) > LARGEST_SIZE:
        raise error(Fault.TOO_LARGE, f"{what} is at most 2^63 - 1, not {shown(text)}.")
    return int(text)


def read_base64(text: str, what: str, error: type[TreeError], *, length: int | None = None) -> bytes:
    """Read bytes in standard Base 64, spelled as the encoder would.

    Args:
        text: The Base 64.
        what: What the bytes are, for the message.
        error: What to raise.
        length: How many bytes there must be; None for any number.

    Raises:
        TreeError: Of the given type: `BAD_BASE64` or `WRONG_LENGTH`.
    """
    data = decode_base64(text)
    if data is None:
        raise error(Fault.BAD_BASE64, f"{what} is not in standard Base 64 with padding: {shown(text)}.")
    if length is not None and len(data) != length:
        raise error(Fault.WRONG_LENGTH, f"{what} has {length} bytes, this one {len(data)}.")
    return data


def decode_base64(text: str) -> bytes | None:
    """Bytes in standard Base 64, or None if that is not how the encoder spells them."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if write_base64(data) == text else None


def write_base64(data: bytes) -> str:
    """Bytes in standard Base 64 with padding."""
    return base64.b64encode(data).decode("ascii")
