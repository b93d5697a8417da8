"""Keys that sign and verify notes: Ed25519 (RFC 8032), as texts in the form that C2SP signed-note gives them.

A public key is ``name+key id+key``, a secret one ``PRIVATE+KEY+name+key id+key``: the key id in 8 hexadecimal digits,
the key in Base 64 after a byte that says what it signs. The id hashes name, that byte and the public key, so the two
kinds of one key have different ids.

Invariants: a text has one spelling and its id is that of its key; a secret shows in no message and no ``repr``; a
public key for which anybody could make signatures is refused.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from everycall.record.tree.errors import Fault, InvalidKey
from everycall.record.tree.note import KEY_ID_BYTES, is_key_name
from everycall.record.tree.strict import decode_base64, shown, write_base64

KEY_BYTES = 32
"""Bytes of a public key, and of the secret it is made from."""

LONGEST_NAME = 255
"""Characters of the longest name of a key."""

_SECRET_START = "PRIVATE+KEY+"  # noqa: S105 - what such texts start with
_LONGEST_KEY_TEXT = 512
_HEX_ID = re.compile(r"[0-9a-f]{8}")

# The curve of RFC 8032 §5.1: -x² + y² = 1 + d x² y² over the integers modulo p.
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


class Algorithm(IntEnum):
    """What a key signs; its byte in the texts of keys."""

    ED25519 = 0x01
    """The text of a note (signed-note): a log's own key."""
    COSIGNATURE_V1 = 0x04
    """A checkpoint with the time (tlog-cosignature): a witness's key."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key.

    Attributes:
        name: Whose it is; by custom an address without scheme.
        algorithm: What it signs.
        public: Its 32 bytes.

    Raises:
        InvalidKey: The name cannot stand in a note, or the bytes are not a usable key.
    """

    name: str
    algorithm: Algorithm
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise InvalidKey(Fault.WRONG_LENGTH, f"A public key has {KEY_BYTES} bytes, this one {len(self.public)}.")
        if not _is_sound(self.public):
            raise InvalidKey(Fault.WEAK_KEY, "This public key is not one that only its owner can sign for.")

    @property
    def key_id(self) -> bytes:
        """The 4 bytes before its signatures."""
        hashed = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(hashed).digest()[:KEY_ID_BYTES]

    def encode(self) -> str:
        """The text of the key."""
        return _encode(self.name, self.key_id, self.algorithm, self.public)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a public key.

        Raises:
            InvalidKey: It is not exactly one.
        """
        name, key_id, algorithm, public = _parse(text)
        key = cls(name, algorithm, public)
        if key.key_id != key_id:
            raise InvalidKey(Fault.WRONG_KEY_ID, f"The key id of {shown(name)} does not belong to its key.")
        return key

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the bare Ed25519 signature of 64 bytes is this key's over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A secret key; its owner's alone.

    Args:
        name: Whose it is.
        algorithm: What it shall sign.
        secret: Its 32 bytes.

    Raises:
        InvalidKey: The name cannot stand in a note, or the secret is not 32 bytes.
    """

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, algorithm: Algorithm, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise InvalidKey(Fault.WRONG_LENGTH, f"A secret key has {KEY_BYTES} bytes, this one {len(secret)}.")
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.verifier = VerifierKey(name, algorithm, self._private.public_key().public_bytes_raw())
        """The public key that goes with it."""

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier.name!r}, {self.verifier.algorithm.name})"

    @classmethod
    def make(cls, name: str, algorithm: Algorithm) -> Self:
        """Make a new random key.

        Raises:
            InvalidKey: The name cannot stand in a note.
        """
        secret = Ed25519PrivateKey.generate().private_bytes_raw()
        return cls(name, algorithm, secret)

    def encode(self) -> str:
        """The text of the key: secret."""
        secret = self._private.private_bytes_raw()
        return _SECRET_START + _encode(self.verifier.name, self.verifier.key_id, self.verifier.algorithm, secret)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a secret key.

        Raises:
            InvalidKey: It is not exactly one.
        """
        if not text.startswith(_SECRET_START):
            raise InvalidKey(Fault.BAD_LINE, "The text of a secret key starts with PRIVATE+KEY+.")
        name, key_id, algorithm, secret = _parse(text.removeprefix(_SECRET_START))
        key = cls(name, algorithm, secret)
        if key.verifier.key_id != key_id:
            raise InvalidKey(Fault.WRONG_KEY_ID, f"The key id of {shown(name)} does not belong to its key.")
        return key

    def sign(self, message: bytes) -> bytes:
        """The bare Ed25519 signature over a message, 64 bytes."""
        return self._private.sign(message)


def _check_name(name: str) -> None:
    # Printable, which the standard does not ask for: people compare names by eye.
    if len(name) > LONGEST_NAME or not is_key_name(name) or not name.isprintable():
        raise InvalidKey(
            Fault.BAD_NAME,
            f"A key's name is 1 to {LONGEST_NAME} printable characters without blanks and plus signs: {shown(name)}.",
        )


def _encode(name: str, key_id: bytes, algorithm: Algorithm, key: bytes) -> str:
    return f"{name}+{key_id.hex()}+{write_base64(bytes([algorithm]) + key)}"


def _parse(text: str) -> tuple[str, bytes, Algorithm, bytes]:
    """Name, key id, algorithm and bytes of a key's text; no message shows the key, as it may be a secret."""
    if len(text) > _LONGEST_KEY_TEXT:
        raise InvalidKey(Fault.TOO_LONG, f"The text of a key has at most {_LONGEST_KEY_TEXT} characters.")
    # Base 64 may have plus signs, names have none.
    name, first, rest = text.partition("+")
    key_id, second, encoded = rest.partition("+")
    if not first or not second:
        raise InvalidKey(Fault.BAD_LINE, "The text of a key is a name, an id and Base 64, joined by plus signs.")
    _check_name(name)
    if not _HEX_ID.fullmatch(key_id):
        raise InvalidKey(Fault.BAD_NUMBER, "A key id is 8 hexadecimal digits, lower case.")
    data = decode_base64(encoded)
    if data is None:
        raise InvalidKey(Fault.BAD_BASE64, "The key is not in standard Base 64 with padding.")
    if not data:
        raise InvalidKey(Fault.WRONG_LENGTH, "A key's text has no key in it.")
    try:
        algorithm = Algorithm(data[0])
    except ValueError:
        raise InvalidKey(
            Fault.UNKNOWN_ALGORITHM, f"The key of {shown(name)} is for algorithm 0x{data[0]:02x}, not 0x01 or 0x04."
        ) from None
    if len(data) != 1 + KEY_BYTES:
        raise InvalidKey(Fault.WRONG_LENGTH, f"A key has {KEY_BYTES} bytes, this one {len(data) - 1}.")
    return name, bytes.fromhex(key_id), algorithm, data[1:]


def _is_sound(public: bytes) -> bool:
    """Whether 32 bytes are a point of the curve, in its one spelling, and not of order 1, 2, 4 or 8.

    For a point of small order a signature can be made that is good for many messages. Their y solve ``y = ±1`` (order 1
    and 2), ``y = 0`` (order 4) and ``d y⁴ + 2 y² = 1`` (order 8: doubled, they have ``y = 0``).
    """
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _P or y in {0, 1, _P - 1}:
        return False
    square = y * y % _P
    if (_D * square * square + 2 * square - 1) % _P == 0:
        return False
    # x² = (y² - 1) / (d y² + 1) must be a square; so is the product of the two then.
    product = (square - 1) * (_D * square + 1)
    return pow(product, (_P - 1) // 2, _P) == 1
