"""Reading a tree from its tiles: roots, proofs and leaf hashes, each tile checked against the root before use.

Invariant: no hash is used that the given root does not vouch for. The partial tiles together make the root; a full
tile makes one hash of the tile above it, and that is checked in the same way. So a store, a cache or a web server
may hand over anything: what comes out is right, or `InvalidTile` is raised.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator

from everycall.record.tree.edge import TiledEdge
from everycall.record.tree.errors import Fault, InvalidProof, InvalidTile
from everycall.record.tree.frontier import TILE_HEIGHT, Frontier
from everycall.record.tree.hashes import EMPTY_ROOT, HASH_BYTES, LARGEST_SIZE, fold_peaks, node_hash
from everycall.record.tree.proofs import make_consistency_proof, make_inclusion_proof, range_root
from everycall.record.tree.tiles import TILE_WIDTH, Tile, edge_tiles

Fetch = Callable[[Tile], bytes]
"""Gives the content of a tile, exactly as wide as asked: whoever has a wider one cuts it. What it raises passes."""

TILES_KEPT = 64
"""Full tiles that a reader keeps, some 50 KB each, unless told otherwise."""


class TileReader:
    """The tree of a verified checkpoint, read from tiles.

    Args:
        size: Entries of the tree, from the checkpoint.
        root: Its root, from the checkpoint.
        fetch: Gives tiles; called for each tile once while it is kept.
        kept: How many full tiles to keep; those used last stay.

    Raises:
        InvalidTile: The size is out of range, the root is no hash, or the tree is empty and the root is not
            that of the empty tree.
    """

    def __init__(self, size: int, root: bytes, fetch: Fetch, *, kept: int = TILES_KEPT) -> None:
        if size < 0:
            raise InvalidTile(Fault.BAD_NUMBER, f"A tree cannot have {size} entries.")
        if size > LARGEST_SIZE:
            raise InvalidTile(Fault.TOO_LARGE, "A tree has at most 2^63 - 1 entries.")
        if len(root) != HASH_BYTES:
            raise InvalidTile(Fault.WRONG_LENGTH, f"A root hash has {HASH_BYTES} bytes, this one {len(root)}.")
        if size == 0 and root != EMPTY_ROOT:
            raise InvalidTile(Fault.WRONG_ROOT, "This is not the root of the empty tree.")
        self.size = size
        self.root = root
        self._fetch = fetch
        self._edge: dict[int, _Rows] | None = None
        self._full: OrderedDict[tuple[int, int], _Rows] = OrderedDict()
        self._kept = kept

    def node(self, height: int, index: int) -> bytes:
        """Root of the complete subtree over entries ``index << height`` to ``(index + 1) << height``.

        Raises:
            InvalidProof: The tree has no such subtree.
            InvalidTile: A tile is not that of the tree.
        """
        if height < 0 or index < 0 or (index + 1) << height > self.size:
            raise InvalidProof(
                Fault.BEYOND_THE_TREE, f"Subtree {index} of height {height} is not in a tree of {self.size} entries."
            )
        level, within = divmod(height, TILE_HEIGHT)
        first = index << within
        rows = self._rows(level, first // TILE_WIDTH)
        return rows[within][(first % TILE_WIDTH) >> within]

    def leaf_hashes(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The leaf hashes of entries `start` to `end` (not included; None for all), in order.

        Raises:
            InvalidProof: The range is not in the tree.
            InvalidTile: A tile is not that of the tree.
        """
        end = self.size if end is None else end
        if not 0 <= start <= end <= self.size:
            raise InvalidProof(
                Fault.BEYOND_THE_TREE, f"Entries {start} to {end} are not in a tree of {self.size} entries."
            )
        while start < end:
            leaves = self._rows(0, start // TILE_WIDTH)[0]
            first = start % TILE_WIDTH
            piece = leaves[first : first + end - start]
            yield from piece
            start += len(piece)

    def root_at(self, size: int) -> bytes:
        """Root that the tree had at an earlier size.

        Raises:
            InvalidProof: The tree never had that size.
            InvalidTile: A tile is not that of the tree.
        """
        self._check_size(size)
        return range_root(0, size, self.node)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Prove that an entry is in the tree, or was at an earlier size.

        Raises:
            InvalidProof: There is no such entry or size.
            InvalidTile: A tile is not that of the tree.
        """
        size = self.size if size is None else size
        self._check_size(size)
        return make_inclusion_proof(index, size, self.node)

    def consistency_proof(self, first: int, second: int | None = None) -> tuple[bytes, ...]:
        """Prove that the tree, or what it was at `second` entries, grew from that of `first` entries.

        Raises:
            InvalidProof: The earlier tree is empty or larger than the later, or the tree never had these sizes.
            InvalidTile: A tile is not that of the tree.
        """
        second = self.size if second is None else second
        self._check_size(second)
        return make_consistency_proof(first, second, self.node)

    def edge(self) -> TiledEdge:
        """What is needed to go on appending to the tree.

        Raises:
            InvalidTile: A tile is not that of the tree.
        """
        rows = self._edge_rows()
        partial = tuple(b"".join(rows[level][0]) if level in rows else b"" for level in range(self._levels()))
        peaks = [peak for level in sorted(rows, reverse=True) for peak in _peaks(rows[level])]
        return TiledEdge(Frontier(self.size, tuple(peaks)), partial)

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise InvalidProof(
                Fault.BEYOND_THE_TREE, f"The tree has {self.size} entries: there is no tree of {size} in it."
            )

    def _levels(self) -> int:
        return -(-self.size.bit_length() // TILE_HEIGHT)

    def _rows(self, level: int, index: int) -> "_Rows":
        """A tile of the tree, verified."""
        edge = self._edge_rows()
        if index == self.size >> (TILE_HEIGHT * (level + 1)):
            return edge[level]
        if (level, index) in self._full:
            self._full.move_to_end((level, index))
            return self._full[level, index]
        tile = Tile(level, index)
        rows = _rows_over(tile.hashes(self._fetch(tile)))
        parent = self._rows(level + 1, index // TILE_WIDTH)
        if rows[TILE_HEIGHT][0] != parent[0][index % TILE_WIDTH]:
            raise InvalidTile(Fault.WRONG_HASHES, f"The hashes of {tile.path} do not lead to the root of the tree.")
        self._full[level, index] = rows
        if len(self._full) > self._kept:
            self._full.popitem(last=False)
        return rows

    def _edge_rows(self) -> "dict[int, _Rows]":
        """The partial tiles of the tree, verified together."""
        if self._edge is None:
            tiles = list(edge_tiles(self.size))
            edge = {tile.level: _rows_over(tile.hashes(self._fetch(tile))) for tile in tiles}
            peaks = [peak for level in sorted(edge, reverse=True) for peak in _peaks(edge[level])]
            if fold_peaks(peaks) != self.root:
                raise InvalidTile(
                    Fault.WRONG_HASHES,
                    f"The hashes of {' and '.join(tile.path for tile in tiles)} do not make the root of the tree.",
                )
            self._edge = edge
        return self._edge


_Rows = list[list[bytes]]
"""The hashes of a tile, and above them the nodes that they make: row ``k`` holds complete subtrees of ``2**k``."""


def _rows_over(hashes: list[bytes]) -> _Rows:
    rows = [hashes]
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=False)]
        rows.append(hashes)
    return rows


def _peaks(rows: _Rows) -> list[bytes]:
    """The complete subtrees of a partial tile, the largest first: the last of each row that has no partner."""
    return [row[-1] for row in reversed(rows) if len(row) % 2]
