"""Proofs as texts: the lines of hashes, and an entry's whole proof in one file (C2SP tlog-proof).

Invariant: a proof that is read gives the same bytes when written.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from everycall.record.tree.checkpoint import Checkpoint
from everycall.record.tree.errors import Fault, InvalidProof
from everycall.record.tree.hashes import HASH_BYTES, LARGEST_SIZE
from everycall.record.tree.keys import VerifierKey
from everycall.record.tree.note import LARGEST_NOTE, Note
from everycall.record.tree.proofs import verify_inclusion
from everycall.record.tree.signing import VerifiedCheckpoint, open_checkpoint
from everycall.record.tree.strict import read_base64, read_decimal, shown, write_base64

MOST_HASHES = 64
"""Hashes of the longest proof: no tree is higher than 63, and a consistency proof starts with one more."""

LARGEST_EXTRA = 65_536
"""Bytes of extra data that a proof may carry."""

LARGEST_PROOF = LARGEST_NOTE + 100_000
"""Bytes of the largest proof file that is read."""

HEADER = "c2sp.org/tlog-proof@v1"
"""First line of a proof file."""

_EXTRA = "extra "
_INDEX = "index "


def write_hash_lines(proof: Iterable[bytes]) -> str:
    """The hashes of a proof in Base 64, a line each; the empty text for none."""
    return "".join(f"{write_base64(each)}\n" for each in proof)


def read_hash_lines(text: str) -> tuple[bytes, ...]:
    """Read the lines of a proof's hashes.

    Raises:
        InvalidProof: They are not exactly that, or more than any proof has.
    """
    if not text:
        return ()
    if not text.endswith("\n"):
        raise InvalidProof(Fault.NO_FINAL_NEWLINE, "Each line of a proof ends with a newline.")
    lines = text.removesuffix("\n").split("\n", MOST_HASHES)
    if len(lines) > MOST_HASHES:
        raise InvalidProof(Fault.PROOF_TOO_LONG, f"No proof has more than {MOST_HASHES} hashes.")
    if "" in lines:
        raise InvalidProof(Fault.BLANK_LINE, "There are no blank lines among the hashes of a proof.")
    return tuple(read_base64(line, "A hash of a proof", InvalidProof, length=HASH_BYTES) for line in lines)


@dataclass(frozen=True, slots=True)
class ProofFile:
    """What shows, without access to the log, that an entry is in it.

    Attributes:
        index: The entry, counted from 0.
        proof: Its inclusion proof.
        checkpoint: The signed note, byte for byte, with the cosignatures that it has.
        extra: Bytes that nothing vouches for; None when there are none.

    Raises:
        InvalidProof: One of them cannot stand in a proof file.
        InvalidNote: The checkpoint is not a signed note.
        InvalidCheckpoint: The note is not a checkpoint.
    """

    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if self.index < 0:
            raise InvalidProof(Fault.BAD_NUMBER, f"Indexes are not negative, as {self.index} is.")
        if self.index > LARGEST_SIZE:
            raise InvalidProof(Fault.TOO_LARGE, "An index is at most 2^63 - 1.")
        if len(self.proof) > MOST_HASHES:
            raise InvalidProof(Fault.PROOF_TOO_LONG, f"No proof has more than {MOST_HASHES} hashes.")
        if any(len(each) != HASH_BYTES for each in self.proof):
            raise InvalidProof(Fault.WRONG_LENGTH, f"Each hash of a proof has {HASH_BYTES} bytes.")
        if self.extra is not None and len(self.extra) > LARGEST_EXTRA:
            raise InvalidProof(Fault.TOO_LONG, f"Extra data has at most {LARGEST_EXTRA:,} bytes.")
        Checkpoint.parse(Note.parse(self.checkpoint).text)

    def encode(self) -> bytes:
        """The file's content."""
        extra = "" if self.extra is None else f"{_EXTRA}{write_base64(self.extra)}\n"
        head = f"{HEADER}\n{extra}{_INDEX}{self.index}\n{write_hash_lines(self.proof)}\n"
        return head.encode("ascii") + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "ProofFile":
        """Read a proof file.

        Raises:
            InvalidProof: The bytes are not exactly a proof.
            InvalidNote: What should be its checkpoint is not a signed note.
            InvalidCheckpoint: That note is not a checkpoint.
        """
        if len(data) > LARGEST_PROOF:
            raise InvalidProof(Fault.TOO_LONG, f"A proof has at most {LARGEST_PROOF:,} bytes, this one {len(data):,}.")
        # Neither the head nor the first line of a checkpoint is blank, so the first blank line is the right one.
        head, separator, checkpoint = data.partition(b"\n\n")
        if not separator:
            raise InvalidProof(Fault.MISSING_LINE, "A blank line parts a proof from its checkpoint.")
        try:
            first, _, rest = head.decode("ascii").partition("\n")
        except UnicodeDecodeError as problem:
            raise InvalidProof(Fault.NOT_ASCII, f"A proof is ASCII; byte {problem.start} is not.") from None
        if first != HEADER:
            raise InvalidProof(Fault.BAD_LINE, f"A proof starts with {HEADER}, not {shown(first)}.")
        extra = None
        if rest.startswith(_EXTRA):
            line, _, rest = rest.partition("\n")
            extra = read_base64(line.removeprefix(_EXTRA), "Extra data", InvalidProof)
        line, newline, hashes = rest.partition("\n")
        if not line.startswith(_INDEX):
            raise InvalidProof(Fault.BAD_LINE, f"A proof names the index of its entry, not {shown(line)}.")
        index = read_decimal(line.removeprefix(_INDEX), "The index", InvalidProof)
        return cls(index, read_hash_lines(hashes + newline), checkpoint, extra)

    def verify(
        self,
        leaf: bytes,
        *,
        origin: str,
        log_keys: Iterable[VerifierKey],
        witness_keys: Iterable[VerifierKey] = (),
    ) -> VerifiedCheckpoint:
        """Verify that the log signed the checkpoint and that the entry is in its tree.

        Args:
            leaf: Hash of the entry, from its bytes.
            origin: Which log it must be of.
            log_keys: The log's keys.
            witness_keys: Witnesses whose cosignatures are wanted; how many are enough is for the caller to say.

        Returns:
            The checkpoint, and who signed it.

        Raises:
            InvalidProof: The proof does not lead from the entry to the checkpoint's root.
            TreeError: The checkpoint is not to be believed, see `open_checkpoint`.
        """
        verified = open_checkpoint(self.checkpoint, origin=origin, log_keys=log_keys, witness_keys=witness_keys)
        tree = verified.checkpoint
        verify_inclusion(leaf, self.index, tree.size, self.proof, tree.root)
        return verified
