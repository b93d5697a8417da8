"""The frontier: what must be remembered of a tree to append to it and to know its root.

Invariants:

- a tree of ``size`` entries is a row of complete subtrees, one for each one bit of ``size``, the largest first
  (RFC 9162 §2.1.2); the frontier holds their roots, its *peaks*, and the size;
- appending costs one hash an entry on average, the root at most 62, and neither reads anything older.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from everycall.record.tree.errors import Fault, InvalidFrontier
from everycall.record.tree.hashes import HASH_BYTES, LARGEST_SIZE, NODE_PREFIX, fold_peaks

TILE_HEIGHT = 8
"""Levels of the tree in a tile (tlog-tiles)."""

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree; a value, never changed.

    Attributes:
        size: Entries of the tree.
        peaks: Roots of its complete subtrees, the largest first.

    Raises:
        InvalidFrontier: The size is out of range, or the peaks are not as many as it needs or not hashes.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0:
            raise InvalidFrontier(Fault.BAD_NUMBER, f"A tree cannot have {self.size} entries.")
        if self.size > LARGEST_SIZE:
            raise InvalidFrontier(Fault.TOO_LARGE, "A tree has at most 2^63 - 1 entries.")
        if len(self.peaks) != self.size.bit_count():
            raise InvalidFrontier(
                Fault.WRONG_LENGTH,
                f"A frontier of {self.size} entries has {self.size.bit_count()} hashes, this one {len(self.peaks)}.",
            )
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise InvalidFrontier(Fault.WRONG_LENGTH, f"Each hash of a frontier has {HASH_BYTES} bytes.")

    @property
    def root(self) -> bytes:
        """Root hash of the tree."""
        return fold_peaks(self.peaks)

    def extended(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """The frontier after these leaf hashes were appended, in order.

        Raises:
            InvalidFrontier: One of them is not 32 bytes, or the tree would be too large.
        """
        return self.extended_with_tiles(leaf_hashes)[0]

    def extended_with_tiles(self, leaf_hashes: Iterable[bytes]) -> "tuple[Frontier, dict[int, list[bytes]]]":
        """The frontier after these leaf hashes, and the hashes that the growth adds to tiles of level 1 and above.

        Returns:
            The frontier, and for each level of tiles the roots of the subtrees that were completed, in order:
            at level ``L`` those of ``256**L`` entries.

        Raises:
            InvalidFrontier: One of the hashes is not 32 bytes, or the tree would be too large.
        """
        size, peaks = self.size, list(self.peaks)
        tile_hashes: dict[int, list[bytes]] = {}
        for leaf in leaf_hashes:
            if len(leaf) != HASH_BYTES:
                raise InvalidFrontier(Fault.WRONG_LENGTH, f"A leaf hash has {HASH_BYTES} bytes, this one {len(leaf)}.")
            node, height = leaf, 0
            # Each trailing one bit of the size is a complete subtree as high as the one just completed.
            while size >> height & 1:
                node = sha256(NODE_PREFIX + peaks.pop() + node).digest()
                height += 1
                if height % TILE_HEIGHT == 0:
                    tile_hashes.setdefault(height // TILE_HEIGHT, []).append(node)
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks)), tile_hashes

    def to_bytes(self) -> bytes:
        """The frontier as bytes: size in 8 bytes, big-endian, then the peaks."""
        return self.size.to_bytes(_SIZE_BYTES) + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a frontier back.

        That its hashes are the right ones shows only the comparison of its root with a signed checkpoint.

        Raises:
            InvalidFrontier: The bytes are not exactly a frontier.
        """
        size = int.from_bytes(data[:_SIZE_BYTES])
        if len(data) != _SIZE_BYTES + HASH_BYTES * size.bit_count():
            raise InvalidFrontier(
                Fault.WRONG_LENGTH, f"{len(data)} bytes are not the length of a frontier of the size they name."
            )
        peaks = (data[start : start + HASH_BYTES] for start in range(_SIZE_BYTES, len(data), HASH_BYTES))
        return cls(size, tuple(peaks))
