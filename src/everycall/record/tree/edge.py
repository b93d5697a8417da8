"""The tiled edge: what must be remembered to append to a tree that is kept as tiles.

Invariant: the partial tiles are as wide as the size asks for. That they and the frontier stand for the same hashes
holds for what `TiledEdge.grown` and `TileReader.edge` make.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from everycall.record.tree.errors import Fault, InvalidFrontier
from everycall.record.tree.frontier import TILE_HEIGHT, Frontier
from everycall.record.tree.hashes import HASH_BYTES
from everycall.record.tree.tiles import TILE_WIDTH, Tile


@dataclass(frozen=True, slots=True)
class TiledEdge:
    """The right edge of a tree with its partial tiles; a value, never changed.

    A new tree starts with ``TiledEdge()``; that of a stored one comes from `TileReader.edge`, which verifies it.

    Attributes:
        frontier: Size and peaks.
        partial: For each level of tiles the content of its partial tile; empty where there is none.

    Raises:
        InvalidFrontier: The partial tiles are not as many and as wide as the size asks for.
    """

    frontier: Frontier = field(default_factory=Frontier)
    partial: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        widths = []
        level_size = self.frontier.size
        while level_size:
            widths.append(level_size % TILE_WIDTH)
            level_size >>= TILE_HEIGHT
        if [len(each) for each in self.partial] != [HASH_BYTES * width for width in widths]:
            raise InvalidFrontier(
                Fault.WRONG_LENGTH, f"These partial tiles are not those of a tree of {self.frontier.size} entries."
            )

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
            first = self.frontier.size >> (TILE_HEIGHT * (level + 1))
            content = partial[level] + b"".join(hashes)
            step = TILE_WIDTH * HASH_BYTES
            for number, start in enumerate(range(0, len(content), step)):
                piece = content[start : start + step]
                written.append((Tile(level, first + number, len(piece) // HASH_BYTES), piece))
            partial[level] = content[len(content) - len(content) % step :]
        return TiledEdge(frontier, tuple(partial)), written
