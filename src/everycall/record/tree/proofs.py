"""Proofs that an entry is in a tree, and that a tree only grew: RFC 6962 §2.1.1-2, RFC 9162 §2.1.3-4.

Making a proof needs hashes of complete subtrees: a `Node` function gives the root of the ``2**height`` entries from
``index * 2**height`` on. Verifying needs nothing but the proof. Each malformed or wrong proof raises `InvalidProof`
with its reason; a verifier that returns has shown its claim.

Nothing is proved of the empty tree: no entry is in it, and from it everything grows. A verifier that knows size 0 so
far has nothing to ask for.
"""

from collections.abc import Callable, Sequence

from everycall.record.tree.errors import Fault, InvalidProof
from everycall.record.tree.hashes import HASH_BYTES, LARGEST_SIZE, fold_peaks, node_hash

Node = Callable[[int, int], bytes]
"""(height, index) → root of the complete subtree over entries ``index << height`` to ``(index + 1) << height``."""


def range_root(start: int, end: int, node: Node) -> bytes:
    """Root of the tree over entries `start` to `end` (not included): MTH(D[start:end]) of RFC 6962 §2.1.

    Args:
        start: First entry; a multiple of every power of two up to the largest that fits into the range, as
            the ranges of proofs and the start of the tree are.
        end: First entry after the range.
        node: Gives the complete subtrees.
    """
    peaks = []
    while start < end:
        height = (end - start).bit_length() - 1
        peaks.append(node(height, start >> height))
        start += 1 << height
    return fold_peaks(peaks)


def make_inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """Prove that an entry is in a tree: PATH(m, D[n]) of RFC 6962 §2.1.1, RFC 9162 §2.1.3.1.

    Args:
        index: The entry, counted from 0.
        size: Entries of the tree.
        node: Gives the complete subtrees of the tree.

    Raises:
        InvalidProof: There is no such entry in the tree.
    """
    _check_index(index, size)
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return tuple(range_root(*each, node) for each in reversed(ranges))


def make_consistency_proof(first: int, second: int, node: Node) -> tuple[bytes, ...]:
    """Prove that a tree is the beginning of another: PROOF(m, D[n]) of RFC 6962 §2.1.2, RFC 9162 §2.1.4.1.

    Args:
        first: Entries of the earlier tree.
        second: Entries of the later one.
        node: Gives the complete subtrees of the later tree.

    Raises:
        InvalidProof: The earlier tree is empty or larger than the later.
    """
    _check_growth(first, second)
    ranges = []
    start, end = 0, second
    while first != end:
        middle = start + _left_size(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:
        # Whoever verifies knows the root of the earlier tree, but only the whole one.
        ranges.append((start, end))
    return tuple(range_root(*each, node) for each in reversed(ranges))


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that a tree must have if this proof is right: RFC 9162 §2.1.3.2, steps 1 to 4.

    Args:
        leaf: Hash of the entry.
        index: The entry, counted from 0.
        size: Entries of the tree.
        proof: The hashes, from the leaf's neighbour up.

    Raises:
        InvalidProof: It cannot be a proof for this place.
    """
    _check_index(index, size)  # step 1
    _check_hashes([leaf], "A leaf hash")
    _check_hashes(proof, "A hash of an inclusion proof")
    place, last = index, size - 1  # step 2: fn and sn
    root = leaf  # step 3
    for sibling in proof:  # step 4
        if last == 0:
            raise _too_long("inclusion", proof)
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        place >>= 1
        last >>= 1
    if last != 0:  # step 5, first half
        raise _too_short("inclusion", proof)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Verify that an entry is in a tree: RFC 9162 §2.1.3.2.

    Args:
        leaf: Hash of the entry.
        index: The entry, counted from 0.
        size: Entries of the tree.
        proof: The hashes, from the leaf's neighbour up.
        root: Root of the tree, from a checkpoint that was verified.

    Raises:
        InvalidProof: The proof is malformed or wrong.
    """
    _check_hashes([root], "A root hash")
    if root_from_inclusion(leaf, index, size, proof) != root:  # step 5
        raise InvalidProof(
            Fault.WRONG_ROOT, f"The inclusion proof of entry {index} does not lead to the root of the {size} entries."
        )


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Verify that a tree is the beginning of another: RFC 9162 §2.1.4.2.

    Args:
        first: Entries of the earlier tree.
        second: Entries of the later one; when it is the same size the proof is empty and the roots are equal.
        first_root: Root of the earlier tree.
        second_root: Root of the later tree.
        proof: The hashes.

    Raises:
        InvalidProof: The proof is malformed or wrong.
    """
    _check_growth(first, second)
    _check_hashes([first_root, second_root], "A root hash")
    _check_hashes(proof, "A hash of a consistency proof")
    if first == second:
        if proof:
            raise _too_long("consistency", proof)
        if first_root != second_root:
            raise InvalidProof(Fault.WRONG_ROOT, f"There are two different roots for the same {first} entries.")
        return
    earlier, later = _roots_from_consistency(first, second, first_root, proof)
    if earlier != first_root or later != second_root:  # step 7
        raise InvalidProof(
            Fault.WRONG_ROOT, f"The first {first} of {second} entries are not the {first} that were there before."
        )


def _roots_from_consistency(first: int, second: int, first_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots that the two trees must have if this proof is right: RFC 9162 §2.1.4.2, steps 1 to 6."""
    if not proof:  # step 1
        raise _too_short("consistency", proof)
    path = list(proof)
    if first.bit_count() == 1:  # step 2
        path.insert(0, first_root)
    place, last = first - 1, second - 1  # step 3: fn and sn
    while place & 1:  # step 4
        place >>= 1
        last >>= 1
    earlier = later = path[0]  # step 5: fr and sr
    for sibling in path[1:]:  # step 6
        if last == 0:
            raise _too_long("consistency", proof)
        if place & 1 or place == last:
            earlier = node_hash(sibling, earlier)
            later = node_hash(sibling, later)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            later = node_hash(later, sibling)
        place >>= 1
        last >>= 1
    if last != 0:  # step 7, the last of its comparisons
        raise _too_short("consistency", proof)
    return earlier, later


def _left_size(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_index(index: int, size: int) -> None:
    if size == 0:
        raise InvalidProof(Fault.EMPTY_TREE, "No entry is in an empty tree.")
    _check_numbers(index, size)
    if index >= size:
        raise InvalidProof(Fault.BEYOND_THE_TREE, f"Entry {index} is beyond a tree of {size} entries.")


def _check_growth(first: int, second: int) -> None:
    _check_numbers(first, second)
    if first > second:
        raise InvalidProof(Fault.SHRINKS, f"A tree of {first} entries cannot grow to {second}.")
    if first == 0:
        raise InvalidProof(Fault.EMPTY_TREE, "From the empty tree everything grows: there is nothing to prove.")


def _check_numbers(*numbers: int) -> None:
    for number in numbers:
        if number < 0:
            raise InvalidProof(Fault.BAD_NUMBER, f"Indexes and sizes are not negative, as {number} is.")
        if number > LARGEST_SIZE:
            raise InvalidProof(Fault.TOO_LARGE, "Indexes and sizes are at most 2^63 - 1.")


def _check_hashes(hashes: Sequence[bytes], what: str) -> None:
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise InvalidProof(Fault.WRONG_LENGTH, f"{what} has {HASH_BYTES} bytes, this one {len(each)}.")


def _too_long(kind: str, proof: Sequence[bytes]) -> InvalidProof:
    return InvalidProof(Fault.PROOF_TOO_LONG, f"This {kind} proof of {len(proof)} hashes is too long for its place.")


def _too_short(kind: str, proof: Sequence[bytes]) -> InvalidProof:
    return InvalidProof(Fault.PROOF_TOO_SHORT, f"This {kind} proof of {len(proof)} hashes is too short for its place.")
