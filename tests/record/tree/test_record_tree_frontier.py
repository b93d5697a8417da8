"""Hashes and the frontier: the root after each entry is that of the definition."""

from __future__ import annotations

import hashlib

import plain_tree
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycall.record.tree import EMPTY_ROOT, LARGEST_SIZE, Fault, Frontier, InvalidFrontier, leaf_hash, node_hash


def test_a_leaf_and_a_node_of_the_same_bytes_have_different_hashes() -> None:
    left, right = plain_tree.leaf(0), plain_tree.leaf(1)
    assert leaf_hash(left + right) == hashlib.sha256(b"\x00" + left + right).digest()
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert leaf_hash(left + right) != node_hash(left, right)


def test_the_empty_tree_has_the_hash_of_nothing_and_is_not_a_tree_of_one_empty_entry() -> None:
    assert Frontier().root == EMPTY_ROOT == hashlib.sha256(b"").digest()
    assert Frontier().extended([leaf_hash(b"")]).root != EMPTY_ROOT


def test_the_root_after_each_entry_is_that_of_the_definition() -> None:
    frontier = Frontier()
    for size in range(1, 300):
        frontier = frontier.extended([plain_tree.leaf(size - 1)])
        assert frontier.size == size
        assert frontier.root == plain_tree.mth(0, size)


@given(st.lists(st.integers(0, 90), max_size=8))
def test_it_does_not_matter_in_which_groups_entries_are_appended(groups: list[int]) -> None:
    frontier = Frontier()
    for group in groups:
        frontier = frontier.extended(plain_tree.leaf(frontier.size + number) for number in range(group))
    assert frontier == Frontier().extended(plain_tree.leaves(sum(groups)))
    assert frontier.root == plain_tree.mth(0, sum(groups))


@given(st.integers(0, 2000))
def test_a_frontier_read_back_is_the_same(size: int) -> None:
    frontier = Frontier().extended(plain_tree.leaves(size))
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


def test_appending_leaves_the_old_frontier_as_it_was() -> None:
    before = Frontier().extended(plain_tree.leaves(5))
    root = before.root
    before.extended(plain_tree.leaves(4))
    assert (before.size, before.root) == (5, root)


def test_the_largest_tree_can_be_and_nothing_can_be_appended_to_it() -> None:
    largest = Frontier(LARGEST_SIZE, tuple(plain_tree.leaves(63)))
    assert Frontier.from_bytes(largest.to_bytes()) == largest
    with pytest.raises(InvalidFrontier) as caught:
        largest.extended([plain_tree.leaf(0)])
    assert caught.value.fault == Fault.TOO_LARGE


FIVE = Frontier().extended(plain_tree.leaves(5)).to_bytes()


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.WRONG_LENGTH),
        (bytes(7), Fault.WRONG_LENGTH),
        (bytes(9), Fault.WRONG_LENGTH),
        (FIVE[:-1], Fault.WRONG_LENGTH),
        (FIVE + b"\n", Fault.WRONG_LENGTH),
        (FIVE[:-32], Fault.WRONG_LENGTH),
        (FIVE + bytes(32), Fault.WRONG_LENGTH),
        ((7).to_bytes(8) + FIVE[8:], Fault.WRONG_LENGTH),
        (b"5" + FIVE[1:], Fault.WRONG_LENGTH),
        ((2**63).to_bytes(8) + bytes(32), Fault.TOO_LARGE),
        (b"\xff" * 8 + bytes(64 * 32), Fault.TOO_LARGE),
    ],
)
def test_bytes_that_are_not_exactly_a_frontier_are_refused(data: bytes, fault: Fault) -> None:
    with pytest.raises(InvalidFrontier) as caught:
        Frontier.from_bytes(data)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("size", "peaks", "fault"),
    [
        (-1, (bytes(32),), Fault.BAD_NUMBER),
        (2**63, (bytes(32),), Fault.TOO_LARGE),
        (1, (), Fault.WRONG_LENGTH),
        (1, (bytes(31),), Fault.WRONG_LENGTH),
        (3, (bytes(32), bytes(33)), Fault.WRONG_LENGTH),
    ],
)
def test_a_frontier_that_cannot_be_is_not_made(size: int, peaks: tuple[bytes, ...], fault: Fault) -> None:
    with pytest.raises(InvalidFrontier) as caught:
        Frontier(size, peaks)
    assert caught.value.fault == fault


@pytest.mark.parametrize("leaf", [b"", bytes(31), bytes(33), b"a" * 64])
def test_only_leaf_hashes_are_appended_never_entries(leaf: bytes) -> None:
    with pytest.raises(InvalidFrontier) as caught:
        Frontier().extended([plain_tree.leaf(0), leaf])
    assert caught.value.fault == Fault.WRONG_LENGTH
