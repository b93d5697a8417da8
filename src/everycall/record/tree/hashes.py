"""The hashes of the tree: RFC 6962 §2.1, unchanged in RFC 9162 §2.1.1, over SHA-256.

A leaf and an inner node are hashed with different first bytes, so that nobody can pass one off as the other. The tree
over ``n > 1`` entries has on its left the largest power of two below ``n``; so a complete subtree, once there, never
changes, and what is appended touches the right edge only.
"""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
"""Bytes of every hash in the tree."""

EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without entries."""

LARGEST_SIZE = 2**63 - 1
"""Entries of the largest tree that is read or written: what a signed 64-bit number holds, as other programs use."""

LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry: its stored bytes, nothing else."""
    return sha256(LEAF_PREFIX + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over the two below it.

    Both must be hashes of 32 bytes. That is checked where hashes come in, not here, where millions pass.
    """
    return sha256(NODE_PREFIX + left + right).digest()


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root over adjacent complete subtrees, the largest and leftmost first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root
