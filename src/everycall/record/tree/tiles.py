"""Tiles: the tree as files that never change, each of up to 256 hashes (C2SP tlog-tiles).

Tile ``n`` of level ``l`` holds the hashes of the ``256**l``-entry subtrees from number ``256 * n`` on; level 0 holds
the leaf hashes. A tile that is not full is *partial* and has its width in its path. The widths of a partial tile are
prefixes of each other, so whoever holds a wider one holds them all. A bundle holds the entries themselves, as many as
the tile of level 0 with the same number has hashes.

Invariants: a path has one spelling; a tile or bundle that no tree can have is refused; data has exactly the width that
the path says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from everycall.record.tree.errors import Fault, InvalidTile
from everycall.record.tree.frontier import TILE_HEIGHT
from everycall.record.tree.hashes import HASH_BYTES, LARGEST_SIZE
from everycall.record.tree.strict import shown

TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes of a full tile, entries of a full bundle."""

LARGEST_BUNDLE_ENTRY = 0xFFFF
"""Bytes of the largest entry that a bundle can carry; its length stands in two bytes."""

_LENGTH_BYTES = 2
_LEVELS = 63  # the highest level that tlog-tiles lets a path name
_LONGEST_PATH = 64
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The name of a tile of hashes.

    Attributes:
        level: 0 for leaf hashes, one more for each 8 levels of the tree.
        index: Its number in the level, from 0.
        width: Its hashes: 256, or fewer for a partial tile.

    Raises:
        InvalidTile: No tree has such a tile.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= _LEVELS or self.index < 0 or not 0 < self.width <= TILE_WIDTH:
            raise InvalidTile(
                Fault.BAD_NUMBER, f"There is no tile {self.index} of width {self.width} at level {self.level}."
            )
        if (self.index * TILE_WIDTH + self.width) << (TILE_HEIGHT * self.level) > LARGEST_SIZE:
            raise InvalidTile(Fault.TOO_LARGE, f"Tile {self.index} of level {self.level} is beyond the largest tree.")

    @property
    def path(self) -> str:
        """Its path under the log's prefix, such as ``tile/0/x001/x234/067.p/8``."""
        return _path(str(self.level), self.index, self.width)

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path.

        Raises:
            InvalidTile: It is not the path of a tile of hashes, or not its one spelling.
        """
        level, index, width = _parsed(path)
        if level == "entries":
            raise InvalidTile(Fault.BAD_PATH, f"{shown(path)} is the path of a bundle of entries, not of hashes.")
        return cls(int(level), index, width)

    def hashes(self, data: bytes) -> list[bytes]:
        """The hashes in its content.

        Raises:
            InvalidTile: The content does not have exactly its width.
        """
        if len(data) != HASH_BYTES * self.width:
            raise InvalidTile(
                Fault.WRONG_LENGTH, f"{self.path} has {HASH_BYTES * self.width} bytes, this content {len(data)}."
            )
        return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


@dataclass(frozen=True, slots=True, order=True)
class Bundle:
    """The name of a bundle of entries.

    Attributes:
        index: Its number, from 0; its first entry has 256 times that index.
        width: Its entries: 256, or fewer for a partial bundle.

    Raises:
        InvalidTile: No tree has such a bundle.
    """

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        Tile(0, self.index, self.width)  # the same tree has both

    @property
    def path(self) -> str:
        """Its path under the log's prefix, such as ``tile/entries/x001/067``."""
        return _path("entries", self.index, self.width)

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path.

        Raises:
            InvalidTile: It is not the path of a bundle, or not its one spelling.
        """
        level, index, width = _parsed(path)
        if level != "entries":
            raise InvalidTile(Fault.BAD_PATH, f"{shown(path)} is the path of a tile of hashes, not of entries.")
        return cls(index, width)

    def encode(self, entries: Sequence[bytes]) -> bytes:
        """The content: each entry after its length in two bytes, big-endian.

        Raises:
            InvalidTile: There are not as many entries as the bundle is wide, or one is too long.
        """
        if len(entries) != self.width:
            raise InvalidTile(Fault.WRONG_LENGTH, f"{self.path} has {self.width} entries, not {len(entries)}.")
        if any(len(entry) > LARGEST_BUNDLE_ENTRY for entry in entries):
            raise InvalidTile(Fault.TOO_LONG, f"An entry of a bundle has at most {LARGEST_BUNDLE_ENTRY:,} bytes.")
        return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)

    def decode(self, data: bytes) -> list[bytes]:
        """The entries in its content. Whether they are the log's, their leaf hashes show.

        Raises:
            InvalidTile: The content is not exactly as many entries as the bundle is wide.
        """
        entries: list[bytes] = []
        start = 0
        for _ in range(self.width):
            body = start + _LENGTH_BYTES
            end = body + int.from_bytes(data[start:body])
            if end > len(data):  # also when the length itself is cut
                raise InvalidTile(
                    Fault.TRUNCATED, f"{self.path} breaks off in entry {len(entries) + 1} of {self.width}."
                )
            entries.append(data[body:end])
            start = end
        if start != len(data):
            raise InvalidTile(Fault.TRAILING_BYTES, f"{self.path} has {len(data) - start} bytes after its last entry.")
        return entries


def edge_tiles(size: int) -> Iterator[Tile]:
    """The partial tiles of a tree, the lowest level first; together they make its root (tlog-tiles)."""
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        if width := hashes % TILE_WIDTH:
            yield Tile(level, hashes // TILE_WIDTH, width)
        level += 1


def tiles_written(before: int, after: int) -> Iterator[Tile]:
    """The tiles that a tree has after it grew and did not have before, by level and number.

    Args:
        before: Entries before.
        after: Entries after.
    """
    level = 0
    while hashes := after >> (TILE_HEIGHT * level):
        had = before >> (TILE_HEIGHT * level)
        if hashes > had:
            for index in range(had // TILE_WIDTH, -(-hashes // TILE_WIDTH)):
                yield Tile(level, index, min(TILE_WIDTH, hashes - index * TILE_WIDTH))
        level += 1


def bundles_written(before: int, after: int) -> Iterator[Bundle]:
    """The bundles of entries that a tree has after it grew and did not have before."""
    for tile in tiles_written(before, after):
        if tile.level > 0:
            return
        yield Bundle(tile.index, tile.width)


def _path(level: str, index: int, width: int) -> str:
    elements = [f"{index % 1000:03}"]
    while index := index // 1000:
        elements.append(f"x{index % 1000:03}")
    partial = f".p/{width}" if width < TILE_WIDTH else ""
    return f"tile/{level}/{'/'.join(reversed(elements))}{partial}"


def _parsed(path: str) -> tuple[str, int, int]:
    if len(path) > _LONGEST_PATH:
        raise InvalidTile(Fault.TOO_LONG, f"A tile's path has at most {_LONGEST_PATH} characters, this {len(path)}.")
    found = _PATH.fullmatch(path)
    if not found:
        raise InvalidTile(Fault.BAD_PATH, f"{shown(path)} is not the path of a tile.")
    level = found["level"]
    index = int(found["index"].replace("/", "").replace("x", ""))
    width = int(found["width"] or TILE_WIDTH)
    # What stays: groups of zeros in front, widths above 255, the full width written out.
    if _path(level, index, width) != path:
        raise InvalidTile(Fault.BAD_PATH, f"{shown(path)} is not how a tile's path is written.")
    return level, index, width
