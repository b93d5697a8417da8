"""Keys for the tests of notes and checkpoints, and a second way to make and sign them, by hand."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from everycall.record.tree import Algorithm, SigningKey

LOG = SigningKey("centre.example/record", Algorithm.ED25519, b"\x11" * 32)
ROTATED = SigningKey("centre.example/record", Algorithm.ED25519, b"\x12" * 32)
PAPER = SigningKey("paper.example/witness", Algorithm.COSIGNATURE_V1, b"\x21" * 32)
COURT = SigningKey("court.example/witness", Algorithm.COSIGNATURE_V1, b"\x22" * 32)
STRANGER = SigningKey("stranger.example", Algorithm.ED25519, b"\x31" * 32)


def by_hand(name: str, algorithm: int, secret: bytes) -> tuple[bytes, bytes]:
    """Key id and public key, put together from the standard's formula."""
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4], public


def line_by_hand(name: str, secret: bytes, message: bytes, *, algorithm: int = 1, before: bytes = b"") -> str:
    """A signature line, put together from the standard's formula."""
    key_id, _ = by_hand(name, algorithm, secret)
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(message)
    return f"\u2014 {name} {base64.b64encode(key_id + before + signature).decode()}\n"
