"""Seals: personal values kept beside the log, so that no event ever holds one.

An event carries a *reference* (random, says nothing) and a *commitment* (a salted hash: whoever sees the
value later can check that it is the one that was meant; whoever does not, cannot guess it). The value lies in
a row of its own, encrypted. A *token*, where search is needed, is equal for equal values, and only who holds
the store key can make it.

How a value is kept: salt (128 random bits) and value are encrypted by AES-256-GCM under a key that serves
this value only, made by HMAC-SHA-256 from the store key and the row's random 256-bit share. Without the store
key no row opens, and without the share the store key does not open it either. The reference is authenticated
with it, so that rows cannot be exchanged. The commitment is SHA-256 over salt and value.

This is the first form. A plain hash of a telephone number is guessed in seconds, so everything here that must
be compared is keyed or salted.
"""

import hashlib
import hmac
import os
import unicodedata
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from everycall.record.durable import write_new_file
from everycall.record.entries import SealRow
from everycall.record.errors import KeyMissing, RecordAccessDenied, SealDoesNotOpen, WrongKey

KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
REFERENCE_BYTES = 16


class Sealed(NamedTuple):
    """A value sealed: what the event carries, and the row that goes beside it.

    Attributes:
        reference: Random name of the value, 32 hexadecimal digits.
        commitment: Salted SHA-256 of the value, 64 hexadecimal digits.
        token: Match token of a searchable value, 64 hexadecimal digits; None for the others.
        row: To be written in the same batch as the event that carries the reference.
    """

    reference: str
    commitment: str
    token: str | None
    row: SealRow


class StoreKey:
    """The 32 secret bytes of a record's seals.

    Args:
        secret: The bytes.

    Raises:
        WrongKey: They are not 32.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise WrongKey(f"A store key has {KEY_BYTES} bytes, this one {len(secret)}: restore it from a backup.")
        self._secret = secret

    @property
    def name(self) -> str:
        """What the record says about its key, to tell another's file; it gives nothing of the key away."""
        return self.derive("name of the key").hex()[:16]

    def derive(self, purpose: str) -> bytes:
        """A key for one purpose, which says nothing about the keys for the others."""
        return hmac.digest(self._secret, b"everycall record 1: " + purpose.encode("ascii"), "sha256")

    @staticmethod
    def path_beside(record: Path) -> Path:
        """Where the key file of a record lies."""
        return record.with_name(record.name + ".key")

    @classmethod
    def create_beside(cls, record: Path) -> Self:
        """Make a random key and its file, readable by its owner only, durable on return.

        Raises:
            FileExistsError: There is a key file already; it is left alone.
            OSError: It could not be written.
        """
        secret = os.urandom(KEY_BYTES)
        write_new_file(cls.path_beside(record), secret, mode=0o600)
        return cls(secret)

    @classmethod
    def load_beside(cls, record: Path, *, expected: str) -> Self:
        """Read the key file of a record.

        Args:
            record: The record's file.
            expected: The name of its key, as the record says.

        Raises:
            KeyMissing: There is no key file.
            RecordAccessDenied: This user may not read it.
            WrongKey: It is damaged or another record's.
        """
        path = cls.path_beside(record)
        try:
            key = cls(path.read_bytes())
        except FileNotFoundError:
            raise KeyMissing(
                f"The key file {path} is missing. The events of the record stay readable, but its sealed "
                "values (names, numbers, exact places) do not open without it: restore it from a backup."
            ) from None
        except OSError as problem:
            raise RecordAccessDenied(
                f"The key file {path} cannot be read ({problem.strerror}). The events of the record stay "
                "readable, but its sealed values do not open without it: ask its owner."
            ) from None
        if key.name != expected:
            raise WrongKey(f"The key file {path} belongs to another record: restore the right one from a backup.")
        return key


class Sealer:
    """Seals and opens values, and makes fingerprints, under one store key.

    Args:
        key: The record's store key.
    """

    def __init__(self, key: StoreKey) -> None:
        self._value_key = key.derive("keys of values")
        self._token_key = key.derive("match tokens")
        self._fingerprint_key = key.derive("fingerprints of commands")

    def seal(self, value: str, *, searchable: bool) -> Sealed:
        """Seal a personal value.

        Args:
            value: Any text, as it came, characters that no encoding knows included.
            searchable: Whether equal values shall be found by `token`. Tokens show whoever reads the store
                which values are equal, so only what has to be found should have one.
        """
        # One call for all: a system call costs more than its bytes.
        random = os.urandom(REFERENCE_BYTES + KEY_BYTES + SALT_BYTES + NONCE_BYTES)
        reference = random[:16].hex()
        share, salt, nonce = random[16:48], random[48:64], random[64:]
        salted = salt + _encode(value)
        ciphertext = self._cipher(share).encrypt(nonce, salted, reference.encode("ascii"))
        token = self.token(value) if searchable else None
        row = SealRow(reference=reference, key=share, nonce=nonce, ciphertext=ciphertext, token=token)
        return Sealed(reference, hashlib.sha256(salted).hexdigest(), token, row)

    def open(self, row: SealRow, commitment: str) -> str:
        """Give the value of a row back, if it is the one that the event meant.

        Args:
            row: From the record.
            commitment: From the event.

        Raises:
            SealDoesNotOpen: The row was changed or belongs to another key, or its value is not the one
                committed to.
        """
        try:
            salted = self._cipher(row.key).decrypt(row.nonce, row.ciphertext, row.reference.encode("utf-8"))
        except (InvalidTag, ValueError):
            raise SealDoesNotOpen(
                f"The sealed value {row.reference} does not open: it was changed, or sealed by another key. "
                "Restore the row or the key file from a backup."
            ) from None
        if hashlib.sha256(salted).hexdigest() != commitment:
            raise SealDoesNotOpen(
                f"The sealed value {row.reference} is not the one its event committed to: it was replaced. "
                "Keep the record as evidence."
            )
        return salted[SALT_BYTES:].decode("utf-8", "surrogatepass")

    def token(self, value: str) -> str:
        """The match token by which values are found that are equal once `normalised`."""
        return hmac.digest(self._token_key, _encode(normalised(value)), "sha256").hex()

    def fingerprint(self, data: bytes) -> bytes:
        """A keyed hash (BLAKE2b, 32 bytes) of a command's content, to tell a retry from another command.

        A plain hash would let a guesser with the log test every telephone number there is.
        """
        # Not HMAC by OpenSSL: that gives up the interpreter's lock, and waits for it beside the busy writer.
        return hashlib.blake2b(data, key=self._fingerprint_key, digest_size=32).digest()

    def _cipher(self, share: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._value_key, share, "sha256"))


def normalised(value: str) -> str:
    """A value as search compares it: without case, blanks, punctuation and differences of encoding.

    ``+1 (612) 555-0100`` and ``16125550100`` are equal, ``O'Brien`` and ``OBRIEN`` too. Letters, their marks
    and digits stay in every script. A value that has none of them stays as it is, so that two of those are
    not all equal.
    """
    folded = unicodedata.normalize("NFKC", value).casefold()
    if folded.isascii():
        kept = "".join(filter(str.isalnum, folded))
    else:
        kept = "".join(character for character in folded if unicodedata.category(character)[0] in "LMN")
    return kept or folded


def _encode(value: str) -> bytes:
    # A call that came with broken characters is still a call: what cannot be encoded is kept as it is.
    return value.encode("utf-8", "surrogatepass")
