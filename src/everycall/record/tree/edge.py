"""The tiled edge: what must be remembered to append to a tree that is kept as tiles.

Invariant: the partial tiles hold exactly the hashes that the frontier stands for, so both have one root.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from everycall.record.tree.frontier import Frontier
from everycall.record.tree.hashes import HASH_BYTES
from everycall.record.tree.tiles import TILE_WIDTH, Tile


@dataclass(frozen=True, slots=True)
class TiledEdge:
    """The right edge of a tree with its partial tiles; a value, never changed.

    A new tree starts with ``TiledEdge()``; that of a stored one comes from `TileReader.edge`, which verifies it.

    Attributes:
        frontier: Size and peaks.
        partial: For each level of tiles the content of its partial tile; empty where there is none.
    """

    frontier: Frontier = Frontier()
    partial: tuple[bytes, ...] = ()

    def grown(self, leaf_hashes: Iterable[bytes]) -> "tuple[TiledEdge, list[tuple[Tile, bytes]]]":
        """Append leaf hashes.

        Returns:
            The new edge, and the tiles to write with their content: those of `tiles_written` for the old and
            the new size, in that order. A wider partial tile may replace the narrower one in a store, since
            that is its beginning.

        Raises:
            InvalidFrontier: A leaf hash is not 32 bytes, or the tree would be too large.
        """
        leaves = list(leaf_hashes)
        frontier, above = self.frontier.extended_with_tiles(leaves)
        additions = {0: leaves, **above} if leaves else {}
        partial = list(self.partial)
        written = []
        for level, hashes in sorted(additions.items()):
            if level == len(partial):
                partial.append(b"")
            first = (self.frontier.size >> (8 * level)) // TILE_WIDTH
            content = partial[level] + b"".join(hashes)
            step = TILE_WIDTH * HASH_BYTES
            for number, start in enumerate(range(0, len(content), step)):
                piece = content[start : start + step]
                written.append((Tile(level, first + number, len(piece) // HASH_BYTES), piece))
            partial[level] = content[len(content) - len(content) % step :]
        return TiledEdge(frontier, tuple(partial)), written
