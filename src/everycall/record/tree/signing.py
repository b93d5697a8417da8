"""Signing notes, and finding out who signed one (C2SP signed-note, Signatures).

Invariants:

- a signature by an unknown key is counted and otherwise ignored, even if it shares name or id with a known one;
- a signature by a known key that does not verify makes the whole note worthless, and so does a second by the same key;
- a note that no known key signed is worthless.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from everycall.record.tree.checkpoint import Checkpoint
from everycall.record.tree.cosignature import HEADER, verify_cosignature
from everycall.record.tree.errors import Fault, InvalidCheckpoint, InvalidKey, InvalidNote, UnverifiedNote
from everycall.record.tree.keys import Algorithm, SigningKey, VerifierKey
from everycall.record.tree.note import Note, SignatureLine, check_text
from everycall.record.tree.strict import shown

_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that is a known key's.

    Attributes:
        key: Whose.
        seconds: When, in seconds UTC since 1970, for cosignatures; None for the others, which carry no time.
    """

    key: VerifierKey
    seconds: int | None


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A note that known keys signed.

    Attributes:
        text: What they signed.
        signatures: By whom; at least one, each key once.
        unknown: How many signatures more it carries, by keys that are not known.
    """

    text: str
    signatures: tuple[VerifiedSignature, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A checkpoint that its log signed.

    Attributes:
        checkpoint: What it says.
        log_signatures: The log's signatures; at least one.
        cosignatures: Those of known witnesses, each once, with their times.
        unknown: How many signatures more it carries, by keys that are not known.
    """

    checkpoint: Checkpoint
    log_signatures: tuple[VerifiedSignature, ...]
    cosignatures: tuple[VerifiedSignature, ...]
    unknown: int


def sign(text: str, key: SigningKey) -> SignatureLine:
    """Sign the text of a note.

    Raises:
        InvalidNote: The text cannot be that of a note, or would be taken for a cosignature.
        InvalidKey: The key is a cosigning key: that signs checkpoints, with the time.
    """
    check_text(text)
    if text.startswith(HEADER):
        raise InvalidNote(Fault.OTHER_PURPOSE, "A text that starts like a cosignature is not signed as a note.")
    if key.verifier.algorithm != Algorithm.ED25519:
        raise InvalidKey(Fault.WRONG_ALGORITHM, f"The key of {shown(key.verifier.name)} does not sign plain notes.")
    return SignatureLine(key.verifier.name, key.verifier.key_id, key.sign(text.encode()))


def sign_note(text: str, keys: Iterable[SigningKey]) -> Note:
    """Make a note with a signature by each key.

    Raises:
        InvalidNote: The text cannot be that of a note, there is no key, or one is given twice.
        InvalidKey: One of the keys is a cosigning key.
    """
    return with_signatures(Note(text, tuple(sign(text, key) for key in keys)), ())


def with_signatures(note: Note, lines: Iterable[SignatureLine]) -> Note:
    """The note with signature lines added at its end.

    Raises:
        InvalidNote: There would be too many, or two by the same key.
    """
    together = (*note.signatures, *lines)
    if len({(line.name, line.key_id) for line in together}) < len(together):
        raise InvalidNote(Fault.DUPLICATE_SIGNATURE, "A note has one signature by each key.")
    return Note(note.text, together)


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> VerifiedNote:
    """Verify a note by the keys that are known.

    Raises:
        UnverifiedNote: A known key's signature is wrong or stands twice, or there is none.
        InvalidCheckpoint: A known cosigning key's signature is on a text that is not a checkpoint.
        InvalidKey: Two different known keys have the same name and id.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise InvalidKey(Fault.AMBIGUOUS_KEYS, f"Two different keys are both {shown(key.name)} with the same id.")
    verified: dict[VerifierKey, VerifiedSignature] = {}
    unknown = 0
    for line in note.signatures:
        signer = known.get((line.name, line.key_id))
        if signer is None:
            unknown += 1
        elif signer in verified:
            raise UnverifiedNote(Fault.DUPLICATE_SIGNATURE, f"{shown(signer.name)} signed twice with one key.")
        else:
            verified[signer] = VerifiedSignature(signer, _verify(note.text, signer, line.signature))
    if not verified:
        raise UnverifiedNote(Fault.NO_KNOWN_SIGNATURE, f"None of the {unknown} signatures is by a known key.")
    return VerifiedNote(note.text, tuple(verified.values()), unknown)


def open_checkpoint(
    data: bytes, *, origin: str, log_keys: Iterable[VerifierKey], witness_keys: Iterable[VerifierKey] = ()
) -> VerifiedCheckpoint:
    """Read and verify a checkpoint of a log.

    Args:
        data: The signed note.
        origin: Which log it must be of.
        log_keys: The log's keys: the present one, and those that it rotated away from where they still count.
        witness_keys: Witnesses whose cosignatures are wanted; how many are enough is for the caller to say.

    Raises:
        InvalidNote: The bytes are not a signed note.
        InvalidCheckpoint: The note is not a checkpoint, or is another log's.
        UnverifiedNote: The log did not sign it, or a known key's signature is wrong or stands twice.
        InvalidKey: A log's key is a cosigning key, a witness's is not, or two keys cannot be told apart.
    """
    of_log, of_witnesses = set(log_keys), set(witness_keys)
    _check_algorithm(of_log, Algorithm.ED25519, "a log's own key")
    _check_algorithm(of_witnesses, Algorithm.COSIGNATURE_V1, "a cosigning key")
    note = Note.parse(data)
    verified = verify_note(note, of_log | of_witnesses)
    checkpoint = Checkpoint.parse(verified.text)
    if checkpoint.origin != origin:
        raise InvalidCheckpoint(
            Fault.WRONG_ORIGIN, f"This checkpoint is of the log {shown(checkpoint.origin)}, not {shown(origin)}."
        )
    by_log = tuple(each for each in verified.signatures if each.key in of_log)
    if not by_log:
        raise UnverifiedNote(Fault.NO_KNOWN_SIGNATURE, f"The log {shown(origin)} itself did not sign this checkpoint.")
    by_witnesses = tuple(each for each in verified.signatures if each.key in of_witnesses)
    return VerifiedCheckpoint(checkpoint, by_log, by_witnesses, verified.unknown)


def _check_algorithm(keys: Iterable[VerifierKey], algorithm: Algorithm, what: str) -> None:
    for key in keys:
        if key.algorithm != algorithm:
            raise InvalidKey(Fault.WRONG_ALGORITHM, f"The key of {shown(key.name)} is not {what}.")


def _verify(text: str, key: VerifierKey, signature: bytes) -> int | None:
    if key.algorithm == Algorithm.COSIGNATURE_V1:
        return verify_cosignature(text, key, signature)
    if len(signature) != _SIGNATURE_BYTES:
        raise UnverifiedNote(
            Fault.WRONG_LENGTH, f"A signature has {_SIGNATURE_BYTES} bytes, that of {shown(key.name)} {len(signature)}."
        )
    if not key.verifies(text.encode(), signature):
        raise UnverifiedNote(Fault.BAD_SIGNATURE, f"The signature of {shown(key.name)} is not over this text.")
    return None
