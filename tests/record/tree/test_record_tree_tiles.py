"""Tiles: their names, which are written when, and that nothing is read from them that the root does not vouch for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plain_tree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.record.tree import (
    EMPTY_ROOT,
    LARGEST_SIZE,
    Bundle,
    Fault,
    Frontier,
    InvalidFrontier,
    InvalidProof,
    InvalidTile,
    Tile,
    TiledEdge,
    TileReader,
    bundles_written,
    edge_tiles,
    tiles_written,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LARGE = 70_000
"""The size that has two levels of full tiles and a third that is partial."""


class Store:
    """Keeps the widest form of each tile, as a store would, and remembers what was fetched."""

    def __init__(self) -> None:
        self.edge = TiledEdge()
        self.kept: dict[tuple[int, int], bytes] = {}
        self.fetched: list[Tile] = []

    def append(self, hashes: Iterable[bytes]) -> list[Tile]:
        self.edge, written = self.edge.grown(hashes)
        self.kept.update({(tile.level, tile.index): data for tile, data in written})
        return [tile for tile, _ in written]

    def fetch(self, tile: Tile) -> bytes:
        self.fetched.append(tile)
        return self.kept[tile.level, tile.index][: tile.width * 32]

    def reader(self, size: int | None = None) -> TileReader:
        size = self.edge.frontier.size if size is None else size
        return TileReader(size, plain_tree.mth(0, size), self.fetch)


@pytest.fixture(scope="module")
def large() -> Store:
    store = Store()
    store.append(plain_tree.leaves(LARGE))
    return store


def small(size: int) -> Store:
    store = Store()
    store.append(plain_tree.leaves(size))
    return store


PATHS = [
    (Tile(0, 0), "tile/0/000"),
    (Tile(0, 0, 1), "tile/0/000.p/1"),
    (Tile(1, 5, 255), "tile/1/005.p/255"),
    (Tile(0, 999), "tile/0/999"),
    (Tile(0, 1000), "tile/0/x001/000"),
    (Tile(0, 1_234_067, 8), "tile/0/x001/x234/067.p/8"),
    (Tile(2, 1_000_000), "tile/2/x001/x000/000"),
    (Tile(7, 0, 127), "tile/7/000.p/127"),
]


@pytest.mark.parametrize(("tile", "path"), PATHS)
def test_a_tile_has_one_path_and_is_read_back_from_it(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@given(st.integers(0, 3), st.integers(0, 2**30), st.integers(1, 256))
def test_paths_of_tiles_and_bundles_are_read_back(level: int, index: int, width: int) -> None:
    tile, bundle = Tile(level, index, width), Bundle(index, width)
    assert Tile.parse(tile.path) == tile
    assert Bundle.parse(bundle.path) == bundle
    assert bundle.path.removeprefix("tile/entries/") == Tile(0, index, width).path.removeprefix("tile/0/")


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("", Fault.BAD_PATH),
        ("tile", Fault.BAD_PATH),
        ("tile/", Fault.BAD_PATH),
        ("tile/0", Fault.BAD_PATH),
        ("tile/0/", Fault.BAD_PATH),
        ("/tile/0/000", Fault.BAD_PATH),
        ("tile/0/000/", Fault.BAD_PATH),
        ("tile//000", Fault.BAD_PATH),
        ("Tile/0/000", Fault.BAD_PATH),
        ("tile/0/0", Fault.BAD_PATH),
        ("tile/0/00", Fault.BAD_PATH),
        ("tile/0/0000", Fault.BAD_PATH),
        ("tile/0/1000", Fault.BAD_PATH),
        ("tile/0/x000", Fault.BAD_PATH),
        ("tile/0/X001/000", Fault.BAD_PATH),
        ("tile/0/001/000", Fault.BAD_PATH),
        ("tile/0/x001/x000", Fault.BAD_PATH),
        ("tile/0/x001//000", Fault.BAD_PATH),
        ("tile/0/x000/005", Fault.BAD_PATH),
        ("tile/0/x000/x001/005", Fault.BAD_PATH),
        ("tile/0/x1/000", Fault.BAD_PATH),
        ("tile/0/+01", Fault.BAD_PATH),
        ("tile/0/-01", Fault.BAD_PATH),
        ("tile/0/1_0", Fault.BAD_PATH),
        ("tile/0/ 01", Fault.BAD_PATH),
        ("tile/0/0x1", Fault.BAD_PATH),
        ("tile/0/\u0660\u0660\u0660", Fault.BAD_PATH),
        ("tile/0/\uff10\uff10\uff10", Fault.BAD_PATH),
        ("tile/00/000", Fault.BAD_PATH),
        ("tile/01/000", Fault.BAD_PATH),
        ("tile/+1/000", Fault.BAD_PATH),
        ("tile/-1/000", Fault.BAD_PATH),
        ("tile/\u0661/000", Fault.BAD_PATH),
        ("tile/100/000", Fault.BAD_PATH),
        ("tile/entry/000", Fault.BAD_PATH),
        ("tile/entries/000", Fault.BAD_PATH),
        ("tile/data/000", Fault.BAD_PATH),
        ("tile/0/000.p", Fault.BAD_PATH),
        ("tile/0/000.p/", Fault.BAD_PATH),
        ("tile/0/000.p/0", Fault.BAD_PATH),
        ("tile/0/000.p/01", Fault.BAD_PATH),
        ("tile/0/000.p/+1", Fault.BAD_PATH),
        ("tile/0/000.p/-1", Fault.BAD_PATH),
        ("tile/0/000.p/1 ", Fault.BAD_PATH),
        ("tile/0/000.p/256", Fault.BAD_PATH),
        ("tile/0/000.p/257", Fault.BAD_PATH),
        ("tile/0/000.p/999", Fault.BAD_PATH),
        ("tile/0/000.p/1000", Fault.BAD_PATH),
        ("tile/0/000.P/1", Fault.BAD_PATH),
        ("tile/0/000p/1", Fault.BAD_PATH),
        ("tile/0/000,p/1", Fault.BAD_PATH),
        ("tile/0/000.p/1/", Fault.BAD_PATH),
        ("tile/0/000.p/1.p/1", Fault.BAD_PATH),
        ("tile/0/000\n", Fault.BAD_PATH),
        ("tile/0/000\r\n", Fault.BAD_PATH),
        ("tile/0/000\x00", Fault.BAD_PATH),
        (" tile/0/000", Fault.BAD_PATH),
        ("tile/0/../000", Fault.BAD_PATH),
        ("tile\\0\\000", Fault.BAD_PATH),
        ("tile/0/%30", Fault.BAD_PATH),
        ("tile/64/000", Fault.BAD_NUMBER),
        ("tile/99/000", Fault.BAD_NUMBER),
        ("tile/7/000", Fault.TOO_LARGE),
        ("tile/7/000.p/128", Fault.TOO_LARGE),
        ("tile/8/000.p/1", Fault.TOO_LARGE),
        ("tile/63/000.p/1", Fault.TOO_LARGE),
        ("tile/0/x036/x028/x797/x018/x963/968", Fault.TOO_LARGE),
        ("tile/0/" + "x999/" * 10 + "999", Fault.TOO_LARGE),
        ("tile/0/" + "x999/" * 100_000 + "999", Fault.TOO_LONG),
    ],
)
def test_what_is_not_exactly_a_tiles_path_is_refused(path: str, fault: Fault) -> None:
    with pytest.raises(InvalidTile) as caught:
        Tile.parse(path)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/entry/000", "tile/Entries/000", "tile/entries/x000/000", "entries/000"]
)
def test_what_is_not_exactly_a_bundles_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidTile) as caught:
        Bundle.parse(path)
    assert caught.value.fault == Fault.BAD_PATH


@pytest.mark.parametrize(
    ("level", "index", "width", "fault"),
    [
        (-1, 0, 1, Fault.BAD_NUMBER),
        (64, 0, 1, Fault.BAD_NUMBER),
        (0, -1, 1, Fault.BAD_NUMBER),
        (0, 0, 0, Fault.BAD_NUMBER),
        (0, 0, -1, Fault.BAD_NUMBER),
        (0, 0, 257, Fault.BAD_NUMBER),
        (0, 2**55 - 1, 256, Fault.TOO_LARGE),
        (0, 2**55, 1, Fault.TOO_LARGE),
        (7, 0, 128, Fault.TOO_LARGE),
    ],
)
def test_a_tile_that_no_tree_has_is_not_named(level: int, index: int, width: int, fault: Fault) -> None:
    with pytest.raises(InvalidTile) as caught:
        Tile(level, index, width)
    assert caught.value.fault == fault


def test_the_last_tile_of_the_largest_tree_can_be_named() -> None:
    last = Tile(0, 2**55 - 1, 255)
    assert (last.index * 256) + last.width == LARGEST_SIZE
    assert Tile.parse(last.path) == last
    assert list(edge_tiles(LARGEST_SIZE)) == [
        *(Tile(level, 2 ** (55 - 8 * level) - 1, 255) for level in range(7)),
        Tile(7, 0, 127),
    ]


@pytest.mark.parametrize(("width", "length"), [(1, 0), (1, 31), (1, 33), (1, 64), (2, 32), (256, 8191), (256, 8193)])
def test_a_tile_of_another_length_than_its_name_says_is_refused(width: int, length: int) -> None:
    with pytest.raises(InvalidTile) as caught:
        Tile(0, 0, width).hashes(bytes(length))
    assert caught.value.fault == Fault.WRONG_LENGTH


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
@settings(max_examples=30)
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    bundle = Bundle(0, len(entries))
    assert bundle.decode(bundle.encode(entries)) == entries


def test_a_bundle_is_each_entry_after_its_length_in_two_bytes() -> None:
    assert Bundle(0, 2).encode([b"one", b""]) == b"\x00\x03one\x00\x00"
    assert len(Bundle(0, 1).encode([bytes(65_535)])) == 65_537


@pytest.mark.parametrize(
    ("width", "data", "fault"),
    [
        (1, b"", Fault.TRUNCATED),
        (1, b"\x00", Fault.TRUNCATED),
        (1, b"\x00\x03on", Fault.TRUNCATED),
        (1, b"\x03\x00one", Fault.TRUNCATED),
        (2, b"\x00\x03one", Fault.TRUNCATED),
        (2, b"\x00\x03one\x00", Fault.TRUNCATED),
        (1, b"\x00\x03one\n", Fault.TRAILING_BYTES),
        (1, b"\x00\x03one\x00\x00", Fault.TRAILING_BYTES),
        (1, b"\x00\x00\x00", Fault.TRAILING_BYTES),
    ],
)
def test_what_is_not_exactly_a_bundle_is_refused(width: int, data: bytes, fault: Fault) -> None:
    with pytest.raises(InvalidTile) as caught:
        Bundle(0, width).decode(data)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("width", "entries", "fault"),
    [(1, [], Fault.WRONG_LENGTH), (1, [b"a", b"b"], Fault.WRONG_LENGTH), (1, [bytes(65_536)], Fault.TOO_LONG)],
)
def test_a_bundle_that_cannot_be_read_back_is_not_made(width: int, entries: list[bytes], fault: Fault) -> None:
    with pytest.raises(InvalidTile) as caught:
        Bundle(0, width).encode(entries)
    assert caught.value.fault == fault


def test_the_tiles_of_a_tree_of_70_000_are_those_that_the_standard_counts() -> None:
    tiles = list(tiles_written(0, LARGE))
    assert len(tiles) == 273 + 1 + 1 + 1 + 1
    assert [tile for tile in tiles if tile.width < 256] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(edge_tiles(LARGE)) == [tile for tile in tiles if tile.width < 256]
    assert list(bundles_written(0, LARGE)) == [Bundle(number) for number in range(273)] + [Bundle(273, 112)]


@pytest.mark.parametrize(
    ("before", "after", "tiles"),
    [
        (0, 0, []),
        (7, 7, []),
        (0, 1, [Tile(0, 0, 1)]),
        (1, 3, [Tile(0, 0, 3)]),
        (255, 256, [Tile(0, 0), Tile(1, 0, 1)]),
        (256, 257, [Tile(0, 1, 1)]),
        (250, 520, [Tile(0, 0), Tile(0, 1), Tile(0, 2, 8), Tile(1, 0, 2)]),
        (65_535, 65_536, [Tile(0, 255), Tile(1, 0), Tile(2, 0, 1)]),
    ],
)
def test_growth_writes_the_tiles_that_changed(before: int, after: int, tiles: list[Tile]) -> None:
    assert list(tiles_written(before, after)) == tiles
    assert list(bundles_written(before, after)) == [Bundle(tile.index, tile.width) for tile in tiles if tile.level == 0]


def test_what_is_written_is_what_the_sizes_say_and_holds_what_the_standard_defines(large: Store) -> None:
    for tile in tiles_written(0, LARGE):
        step = 256**tile.level
        first = tile.index * 256
        expected = [plain_tree.mth(step * number, step * (number + 1)) for number in range(first, first + tile.width)]
        assert tile.hashes(large.kept[tile.level, tile.index]) == expected


@given(st.lists(st.sampled_from([0, 1, 2, 100, 255, 256, 257, 700]), max_size=6))
@settings(max_examples=30)
def test_it_does_not_matter_in_which_steps_a_tiled_tree_grows(steps: list[int]) -> None:
    store, size = Store(), 0
    for step in steps:
        written = store.append([plain_tree.leaf(size + number) for number in range(step)])
        assert written == list(tiles_written(size, size + step))
        size += step
    assert store.kept == small(size).kept
    assert store.edge == small(size).edge
    assert store.edge.frontier == Frontier().extended(plain_tree.leaves(size))
    assert store.reader().edge() == store.edge


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 65_535, 65_536, 65_537, 69_999, LARGE])
def test_appending_goes_on_from_tiles_that_were_read_back(large: Store, size: int) -> None:
    edge = large.reader(size).edge()
    assert edge.frontier == Frontier().extended(plain_tree.leaves(size))
    grown, _ = edge.grown([plain_tree.leaf(size)])
    assert grown.frontier.root == plain_tree.mth(0, size + 1)


@pytest.mark.parametrize("partial", [(), (b"",), (bytes(31),), (bytes(64),), (bytes(32), b""), (b"", bytes(32))])
def test_an_edge_whose_tiles_are_not_those_of_its_size_is_not_made(partial: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidFrontier) as caught:
        TiledEdge(Frontier(1, (bytes(32),)), partial)
    assert caught.value.fault == Fault.WRONG_LENGTH


@given(st.data())
@settings(max_examples=40)
def test_roots_and_proofs_from_tiles_are_those_of_the_definition(large: Store, data: st.DataObject) -> None:
    sizes = st.one_of(
        st.integers(1, LARGE), st.sampled_from([1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, LARGE])
    )
    size = data.draw(sizes)
    reader = large.reader(size)
    second = min(size, data.draw(sizes))
    first = min(second, data.draw(sizes))
    index = data.draw(st.integers(0, second - 1))
    assert reader.root_at(second) == plain_tree.mth(0, second)
    inclusion = reader.inclusion_proof(index, second)
    assert list(inclusion) == plain_tree.path(index, 0, second)
    verify_inclusion(plain_tree.leaf(index), index, second, inclusion, plain_tree.mth(0, second))
    consistency = reader.consistency_proof(first, second)
    assert list(consistency) == plain_tree.subproof(first, 0, second, complete=True)
    verify_consistency(first, second, plain_tree.mth(0, first), plain_tree.mth(0, second), consistency)


def test_without_another_size_proofs_are_of_the_whole_tree() -> None:
    reader = small(600).reader()
    assert list(reader.inclusion_proof(299)) == plain_tree.path(299, 0, 600)
    assert list(reader.consistency_proof(299)) == plain_tree.subproof(299, 0, 600, complete=True)


def test_leaf_hashes_are_read_in_order_from_any_place_to_any_other() -> None:
    reader = small(600).reader()
    assert list(reader.leaf_hashes()) == plain_tree.leaves(600)
    for start, end in [(0, 0), (0, 1), (255, 257), (256, 256), (256, 512), (100, 600), (599, 600), (600, 600)]:
        assert list(reader.leaf_hashes(start, end)) == plain_tree.leaves(600)[start:end]


def test_the_empty_tree_is_read_without_a_tile() -> None:
    store = Store()
    reader = store.reader()
    assert reader.root_at(0) == EMPTY_ROOT
    assert list(reader.leaf_hashes()) == []
    assert reader.edge() == TiledEdge()
    assert store.fetched == []


def test_a_tile_is_fetched_once_while_it_is_kept_and_only_what_is_needed(large: Store) -> None:
    large.fetched.clear()
    reader = TileReader(LARGE, plain_tree.mth(0, LARGE), large.fetch)
    for index in (0, 1, 255):
        reader.inclusion_proof(index)
    # The three partial tiles, the leaf's own tile and the full one above it.
    assert sorted(large.fetched) == sorted([*edge_tiles(LARGE), Tile(0, 0), Tile(1, 0)])
    large.fetched.clear()
    forgetful = TileReader(LARGE, plain_tree.mth(0, LARGE), large.fetch, kept=0)
    assert list(forgetful.inclusion_proof(300)) == plain_tree.path(300, 0, LARGE)


def test_of_a_reader_that_keeps_two_tiles_the_one_used_last_stays() -> None:
    store = small(1000)
    reader = TileReader(1000, plain_tree.mth(0, 1000), store.fetch, kept=2)
    for index in (0, 256, 0, 512):
        next(reader.leaf_hashes(index))
    store.fetched.clear()
    next(reader.leaf_hashes(0))
    assert store.fetched == []
    next(reader.leaf_hashes(256))
    assert store.fetched == [Tile(0, 1)]


def test_a_flipped_bit_in_any_hash_of_any_tile_is_found_by_whoever_reads_the_tile() -> None:
    size = 600
    honest = small(size)
    for (level, index), data in honest.kept.items():
        for place in range(0, len(data), 32):
            tampered = small_copy(honest)
            tampered.kept[level, index] = plain_tree.flipped(data, 8 * place + place // 32 % 256)
            reader = tampered.reader(size)
            with pytest.raises(InvalidTile) as caught:
                next(reader.leaf_hashes(index * 256 if level == 0 else 0))
            assert caught.value.fault == Fault.WRONG_HASHES


def small_copy(store: Store) -> Store:
    copy = Store()
    copy.kept = dict(store.kept)
    copy.edge = store.edge
    return copy


def test_a_full_tile_of_level_1_that_lies_is_found(large: Store) -> None:
    store = small_copy(large)
    store.kept[1, 0] = plain_tree.flipped(store.kept[1, 0], 77)
    with pytest.raises(InvalidTile) as caught:
        store.reader(LARGE).inclusion_proof(0)
    assert caught.value.fault == Fault.WRONG_HASHES
    assert "tile/1/000" in str(caught.value)


def test_tiles_exchanged_within_a_level_or_between_levels_are_found() -> None:
    store = small(600)
    for one, other in [((0, 0), (0, 1)), ((0, 1), (0, 0))]:
        swapped = small_copy(store)
        swapped.kept[one] = store.kept[other]
        with pytest.raises(InvalidTile):
            list(swapped.reader(600).leaf_hashes())


def test_a_tree_that_a_lying_store_made_anew_does_not_pass_for_the_signed_one() -> None:
    """All tiles agree with each other, and not with the checkpoint."""
    forged = Store()
    forged.append([plain_tree.leaf(10_000), *plain_tree.leaves(600)[1:]])
    reader = TileReader(600, plain_tree.mth(0, 600), forged.fetch)
    for read in (
        lambda: reader.inclusion_proof(500),
        lambda: reader.consistency_proof(3),
        lambda: list(reader.leaf_hashes()),
        reader.edge,
        lambda: reader.root_at(600),
    ):
        with pytest.raises(InvalidTile) as caught:
            read()
        assert caught.value.fault == Fault.WRONG_HASHES


@pytest.mark.parametrize(
    "change", [lambda data: data[:-1], lambda data: data + b"\n", lambda _: b"", lambda data: data[:-32]]
)
def test_a_tile_that_comes_too_short_or_too_long_is_refused(change: Callable[[bytes], bytes]) -> None:
    store = small(600)
    for broken in (Tile(0, 0), Tile(0, 2, 88), Tile(1, 0, 2)):

        def fetch(tile: Tile, broken: Tile = broken) -> bytes:
            data = store.fetch(tile)
            return change(data) if tile == broken else data

        with pytest.raises(InvalidTile) as caught:
            list(TileReader(600, plain_tree.mth(0, 600), fetch).leaf_hashes())
        assert caught.value.fault == Fault.WRONG_LENGTH


def test_what_the_fetching_raises_passes_through() -> None:
    def fetch(tile: Tile) -> bytes:
        raise FileNotFoundError(tile.path)

    with pytest.raises(FileNotFoundError, match="tile/0/000"):
        TileReader(2, plain_tree.mth(0, 2), fetch).inclusion_proof(0)


@pytest.mark.parametrize(
    ("size", "root", "fault"),
    [
        (-1, bytes(32), Fault.BAD_NUMBER),
        (2**63, bytes(32), Fault.TOO_LARGE),
        (5, bytes(31), Fault.WRONG_LENGTH),
        (5, b"", Fault.WRONG_LENGTH),
        (0, bytes(32), Fault.WRONG_ROOT),
    ],
)
def test_a_reader_of_a_tree_that_cannot_be_is_not_made(size: int, root: bytes, fault: Fault) -> None:
    with pytest.raises(InvalidTile) as caught:
        TileReader(size, root, Store().fetch)
    assert caught.value.fault == fault


def test_what_is_not_in_the_tree_is_not_read_from_its_tiles() -> None:
    reader = small(600).reader(550)
    attempts: list[tuple[Callable[[], object], Fault]] = [
        (lambda: reader.inclusion_proof(550), Fault.BEYOND_THE_TREE),
        (lambda: reader.inclusion_proof(0, 551), Fault.BEYOND_THE_TREE),
        (lambda: reader.inclusion_proof(-1), Fault.BAD_NUMBER),
        (lambda: reader.inclusion_proof(0, -1), Fault.BEYOND_THE_TREE),
        (lambda: reader.consistency_proof(0), Fault.EMPTY_TREE),
        (lambda: reader.consistency_proof(551), Fault.SHRINKS),
        (lambda: reader.consistency_proof(5, 551), Fault.BEYOND_THE_TREE),
        (lambda: reader.root_at(551), Fault.BEYOND_THE_TREE),
        (lambda: reader.root_at(-1), Fault.BEYOND_THE_TREE),
        (lambda: list(reader.leaf_hashes(0, 551)), Fault.BEYOND_THE_TREE),
        (lambda: list(reader.leaf_hashes(-1)), Fault.BEYOND_THE_TREE),
        (lambda: list(reader.leaf_hashes(5, 4)), Fault.BEYOND_THE_TREE),
        (lambda: reader.node(0, 550), Fault.BEYOND_THE_TREE),
        (lambda: reader.node(10, 0), Fault.BEYOND_THE_TREE),
        (lambda: reader.node(-1, 0), Fault.BEYOND_THE_TREE),
        (lambda: reader.node(0, -1), Fault.BEYOND_THE_TREE),
    ]
    for attempt, fault in attempts:
        with pytest.raises(InvalidProof) as caught:
            attempt()
        assert caught.value.fault == fault


@given(st.data())
@settings(max_examples=60)
def test_each_complete_subtree_is_given(large: Store, data: st.DataObject) -> None:
    height = data.draw(st.integers(0, 16))
    index = data.draw(st.integers(0, (LARGE >> height) - 1))
    assert large.reader(LARGE).node(height, index) == plain_tree.node(height, index)


def test_the_number_of_tiles_read_for_a_proof_grows_with_the_height_only(large: Store) -> None:
    large.fetched.clear()
    TileReader(LARGE, plain_tree.mth(0, LARGE), large.fetch).inclusion_proof(12_345)
    assert len(large.fetched) <= 2 * math.ceil(math.log(LARGE, 256))
