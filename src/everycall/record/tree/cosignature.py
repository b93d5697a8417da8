"""Cosignatures of version 1: a witness says when it saw a checkpoint (C2SP tlog-cosignature, Ed25519).

What is signed is two lines, one that says what it is and one with the time, and the checkpoint's text after them.
Whether the checkpoint is consistent with what the witness saw before, the witness must have checked first.
"""

from everycall.record.tree.checkpoint import Checkpoint
from everycall.record.tree.errors import Fault, InvalidKey, InvalidNote, UnverifiedNote
from everycall.record.tree.keys import Algorithm, SigningKey, VerifierKey
from everycall.record.tree.note import SignatureLine, check_text
from everycall.record.tree.strict import shown

HEADER = "cosignature/v1\n"
"""First line of every message that a cosigning key signs."""

LARGEST_TIME = 2**63 - 1
"""Seconds since 1970 in the latest time that can be signed."""

_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


def signed_message(text: str, seconds: int) -> bytes:
    """What a cosigning key signs for a checkpoint's text at a time in seconds UTC since 1970."""
    return f"{HEADER}time {seconds}\n{text}".encode()


def cosign(text: str, key: SigningKey, seconds: int) -> SignatureLine:
    """Cosign a checkpoint.

    Args:
        text: Text of the note, a checkpoint.
        key: A cosigning key.
        seconds: Now, in seconds UTC since 1970.

    Raises:
        InvalidCheckpoint: The text is not a checkpoint; nothing else is cosigned.
        InvalidKey: The key is not for cosignatures.
        InvalidNote: The text cannot be that of a note, or the time is out of range.
    """
    check_text(text)
    Checkpoint.parse(text)
    verifier = key.verifier
    if verifier.algorithm != Algorithm.COSIGNATURE_V1:
        raise InvalidKey(Fault.WRONG_ALGORITHM, f"The key of {shown(verifier.name)} is not a cosigning key.")
    if not 0 <= seconds <= LARGEST_TIME:
        raise InvalidNote(Fault.BAD_NUMBER, f"A cosignature cannot be of the time {seconds}.")
    signature = seconds.to_bytes(_TIME_BYTES) + key.sign(signed_message(text, seconds))
    return SignatureLine(verifier.name, verifier.key_id, signature)


def verify_cosignature(text: str, key: VerifierKey, signature: bytes) -> int:
    """Verify the signature of a line whose name and key id are the key's.

    Returns:
        When it was made, in seconds UTC since 1970. Whether that is recent enough is for the caller to say.

    Raises:
        InvalidCheckpoint: The text is not a checkpoint.
        UnverifiedNote: The signature is malformed or not the key's.
    """
    Checkpoint.parse(text)
    if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise UnverifiedNote(
            Fault.WRONG_LENGTH,
            f"A cosignature has {_TIME_BYTES + _SIGNATURE_BYTES} bytes, that of {shown(key.name)} {len(signature)}.",
        )
    seconds = int.from_bytes(signature[:_TIME_BYTES])
    if seconds > LARGEST_TIME:
        raise UnverifiedNote(Fault.TOO_LARGE, f"The cosignature of {shown(key.name)} names a time that cannot be.")
    if not key.verifies(signed_message(text, seconds), signature[_TIME_BYTES:]):
        raise UnverifiedNote(Fault.BAD_SIGNATURE, f"The cosignature of {shown(key.name)} is not over this checkpoint.")
    return seconds
