"""Inclusion and consistency: what is made is what RFC 6962 defines, and nothing else verifies."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import plain_tree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everycall.record.tree import (
    Fault,
    InvalidProof,
    make_consistency_proof,
    make_inclusion_proof,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from pathlib import Path

SIZES = range(1, 71)
OTHER = plain_tree.leaf(999_999)


def test_inclusion_of_each_entry_in_each_small_tree_is_made_as_defined_and_verifies() -> None:
    for size in SIZES:
        for index in range(size):
            proof = make_inclusion_proof(index, size, plain_tree.node)
            assert list(proof) == plain_tree.path(index, 0, size)
            verify_inclusion(plain_tree.leaf(index), index, size, proof, plain_tree.mth(0, size))


def test_consistency_of_all_pairs_of_small_trees_is_made_as_defined_and_verifies() -> None:
    for second in SIZES:
        for first in range(1, second + 1):
            proof = make_consistency_proof(first, second, plain_tree.node)
            assert list(proof) == plain_tree.subproof(first, 0, second, complete=True)
            verify_consistency(first, second, plain_tree.mth(0, first), plain_tree.mth(0, second), proof)


@given(st.data())
def test_inclusion_in_larger_trees(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 900))
    index = data.draw(st.integers(0, size - 1))
    proof = make_inclusion_proof(index, size, plain_tree.node)
    assert list(proof) == plain_tree.path(index, 0, size)
    verify_inclusion(plain_tree.leaf(index), index, size, proof, plain_tree.mth(0, size))


@given(st.data())
def test_consistency_of_larger_trees(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 900))
    first = data.draw(st.integers(1, second))
    proof = make_consistency_proof(first, second, plain_tree.node)
    assert list(proof) == plain_tree.subproof(first, 0, second, complete=True)
    verify_consistency(first, second, plain_tree.mth(0, first), plain_tree.mth(0, second), proof)


@given(st.data())
@settings(max_examples=30)
def test_a_flipped_bit_in_leaf_root_or_proof_of_an_inclusion_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    good = [plain_tree.leaf(index), plain_tree.mth(0, size), *plain_tree.path(index, 0, size)]
    for place in range(len(good)):
        for bit in range(0, 256, data.draw(st.integers(1, 37))):
            bad = [*good[:place], plain_tree.flipped(good[place], bit), *good[place + 1 :]]
            with pytest.raises(InvalidProof) as caught:
                verify_inclusion(bad[0], index, size, bad[2:], bad[1])
            assert caught.value.fault == Fault.WRONG_ROOT


@given(st.data())
@settings(max_examples=30)
def test_a_flipped_bit_in_roots_or_proof_of_a_consistency_is_refused(data: st.DataObject) -> None:
    second = data.draw(st.integers(1, 300))
    first = data.draw(st.integers(1, second))
    good = [plain_tree.mth(0, first), plain_tree.mth(0, second), *plain_tree.subproof(first, 0, second, complete=True)]
    for place in range(len(good)):
        for bit in range(0, 256, data.draw(st.integers(1, 37))):
            bad = [*good[:place], plain_tree.flipped(good[place], bit), *good[place + 1 :]]
            with pytest.raises(InvalidProof) as caught:
                verify_consistency(first, second, bad[0], bad[1], bad[2:])
            assert caught.value.fault == Fault.WRONG_ROOT


def test_no_other_place_in_the_tree_is_proved_by_a_proof() -> None:
    for size in range(1, 40):
        root = plain_tree.mth(0, size)
        for index in range(size):
            proof = plain_tree.path(index, 0, size)
            for other in range(size):
                if other != index:
                    with pytest.raises(InvalidProof):
                        verify_inclusion(plain_tree.leaf(index), other, size, proof, root)


def test_an_inclusion_proof_made_longer_or_shorter_at_any_place_is_refused() -> None:
    for size in (1, 2, 3, 7, 8, 21):
        root = plain_tree.mth(0, size)
        for index in range(size):
            leaf, proof = plain_tree.leaf(index), plain_tree.path(index, 0, size)
            for place in range(len(proof) + 1):
                for extra in (OTHER, leaf, root, bytes(32)):
                    with pytest.raises(InvalidProof) as caught:
                        verify_inclusion(leaf, index, size, [*proof[:place], extra, *proof[place:]], root)
                    assert caught.value.fault == Fault.PROOF_TOO_LONG
            for place in range(len(proof)):
                with pytest.raises(InvalidProof) as caught:
                    verify_inclusion(leaf, index, size, [*proof[:place], *proof[place + 1 :]], root)
                assert caught.value.fault == Fault.PROOF_TOO_SHORT


def test_a_consistency_proof_made_longer_or_shorter_at_any_place_is_refused() -> None:
    for second in (2, 3, 7, 8, 21):
        for first in range(1, second):
            before, after = plain_tree.mth(0, first), plain_tree.mth(0, second)
            proof = plain_tree.subproof(first, 0, second, complete=True)
            for place in range(len(proof) + 1):
                for extra in (OTHER, before, after, bytes(32)):
                    with pytest.raises(InvalidProof) as caught:
                        verify_consistency(first, second, before, after, [*proof[:place], extra, *proof[place:]])
                    assert caught.value.fault == Fault.PROOF_TOO_LONG
            for place in range(len(proof)):
                with pytest.raises(InvalidProof) as caught:
                    verify_consistency(first, second, before, after, [*proof[:place], *proof[place + 1 :]])
                assert caught.value.fault == Fault.PROOF_TOO_SHORT


def test_history_rewritten_before_the_first_checkpoint_is_not_consistent_by_any_of_the_rewriters_proofs() -> None:
    """Who changed one old entry has a proof for the new tree, but not from the old root."""

    def changed(start: int, end: int) -> bytes:
        if not start <= 3 < end:
            return plain_tree.mth(start, end)
        if end - start == 1:
            return OTHER
        middle = start + plain_tree.split(end - start)
        return plain_tree.inner(changed(start, middle), changed(middle, end))

    def node(height: int, index: int) -> bytes:
        return changed(index << height, (index + 1) << height)

    for first in range(4, 20):
        for second in range(first, 30):
            proof = make_consistency_proof(first, second, node)
            verify_consistency(first, second, changed(0, first), changed(0, second), proof)
            with pytest.raises(InvalidProof) as caught:
                verify_consistency(first, second, plain_tree.mth(0, first), changed(0, second), proof)
            assert caught.value.fault == Fault.WRONG_ROOT


def test_the_highest_trees_are_proved_too() -> None:
    """Made of a node function that answers without a tree behind it, as no machine holds 2^63 entries."""

    nodes = [bytes(32)]
    for _ in range(63):
        nodes.append(plain_tree.inner(nodes[-1], nodes[-1]))

    def same(height: int, index: int) -> bytes:
        assert (index + 1) << height <= size
        return nodes[height]

    size = 2**63 - 1
    root = root_from_inclusion(bytes(32), size - 1, size, make_inclusion_proof(size - 1, size, same))
    for index in (0, 1, 2**62 - 1, 2**62, size - 2, size - 1):
        proof = make_inclusion_proof(index, size, same)
        assert len(proof) <= 63
        verify_inclusion(bytes(32), index, size, proof, root)
    proof = make_consistency_proof(2**62 + 1, size, same)
    before = plain_tree.inner(nodes[62], nodes[0])
    verify_consistency(2**62 + 1, size, before, root, proof)


@pytest.mark.parametrize(
    ("index", "size", "fault"),
    [
        (0, 0, Fault.EMPTY_TREE),
        (5, 0, Fault.EMPTY_TREE),
        (1, 1, Fault.BEYOND_THE_TREE),
        (8, 8, Fault.BEYOND_THE_TREE),
        (2**62, 8, Fault.BEYOND_THE_TREE),
        (-1, 8, Fault.BAD_NUMBER),
        (-8, 8, Fault.BAD_NUMBER),
        (0, -8, Fault.BAD_NUMBER),
        (0, 2**63, Fault.TOO_LARGE),
        (2**63, 2**64, Fault.TOO_LARGE),
    ],
)
def test_an_entry_outside_the_tree_is_neither_proved_nor_verified(index: int, size: int, fault: Fault) -> None:
    with pytest.raises(InvalidProof) as caught:
        make_inclusion_proof(index, size, plain_tree.node)
    assert caught.value.fault == fault
    with pytest.raises(InvalidProof) as caught:
        verify_inclusion(plain_tree.leaf(0), index, size, [], plain_tree.leaf(0))
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        (0, 0, Fault.EMPTY_TREE),
        (0, 8, Fault.EMPTY_TREE),
        (8, 7, Fault.SHRINKS),
        (1, 0, Fault.SHRINKS),
        (-1, 8, Fault.BAD_NUMBER),
        (1, -8, Fault.BAD_NUMBER),
        (1, 2**63, Fault.TOO_LARGE),
        (2**63, 2**63, Fault.TOO_LARGE),
    ],
)
def test_growth_that_cannot_be_is_neither_proved_nor_verified(first: int, second: int, fault: Fault) -> None:
    with pytest.raises(InvalidProof) as caught:
        make_consistency_proof(first, second, plain_tree.node)
    assert caught.value.fault == fault
    with pytest.raises(InvalidProof) as caught:
        verify_consistency(first, second, plain_tree.leaf(0), plain_tree.leaf(0), [])
    assert caught.value.fault == fault


@pytest.mark.parametrize("bad", [b"", bytes(31), bytes(33), bytes(64), b"a"])
def test_hashes_of_another_length_are_refused_wherever_they_stand(bad: bytes) -> None:
    leaf, root, proof = plain_tree.leaf(2), plain_tree.mth(0, 5), plain_tree.path(2, 0, 5)
    attempts: list[tuple[bytes, list[bytes], bytes]] = [(bad, proof, root), (leaf, [*proof[:-1], bad], root)]
    for attempt in [*attempts, (leaf, [bad, *proof[1:]], root), (leaf, proof, bad)]:
        with pytest.raises(InvalidProof) as caught:
            verify_inclusion(attempt[0], 2, 5, attempt[1], attempt[2])
        assert caught.value.fault == Fault.WRONG_LENGTH
    proof = plain_tree.subproof(3, 0, 5, complete=True)
    before = plain_tree.mth(0, 3)
    for first, second, hashes in [(bad, root, proof), (before, bad, proof), (before, root, [bad, *proof[1:]])]:
        with pytest.raises(InvalidProof) as caught:
            verify_consistency(3, 5, first, second, hashes)
        assert caught.value.fault == Fault.WRONG_LENGTH


def test_a_hash_cut_at_another_place_does_not_pass() -> None:
    """Left 31 bytes and right 33 bytes hash to the same as 32 and 32."""
    left, right = plain_tree.leaf(0), plain_tree.leaf(1)
    with pytest.raises(InvalidProof) as caught:
        verify_inclusion(left[:31], 0, 2, [left[31:] + right], plain_tree.mth(0, 2))
    assert caught.value.fault == Fault.WRONG_LENGTH


def test_an_inner_node_is_not_accepted_as_an_entry_of_a_smaller_tree_by_its_bytes() -> None:
    """Its two hashes, taken as an entry, have another hash than the node."""
    entry = plain_tree.leaf(0) + plain_tree.leaf(1)
    leaf = plain_tree.entry_hash(entry)
    with pytest.raises(InvalidProof) as caught:
        verify_inclusion(leaf, 0, 2, [plain_tree.mth(2, 4)], plain_tree.mth(0, 4))
    assert caught.value.fault == Fault.WRONG_ROOT


def test_the_same_size_with_two_roots_is_a_fork() -> None:
    verify_consistency(5, 5, plain_tree.mth(0, 5), plain_tree.mth(0, 5), [])
    with pytest.raises(InvalidProof) as caught:
        verify_consistency(5, 5, plain_tree.mth(0, 5), OTHER, [])
    assert caught.value.fault == Fault.WRONG_ROOT
    with pytest.raises(InvalidProof) as caught:
        verify_consistency(5, 5, plain_tree.mth(0, 5), plain_tree.mth(0, 5), [plain_tree.mth(0, 5)])
    assert caught.value.fault == Fault.PROOF_TOO_LONG


def test_the_errors_say_what_is_wrong_and_what_to_do() -> None:
    with pytest.raises(InvalidProof) as caught:
        verify_inclusion(plain_tree.leaf(3), 3, 8, [], plain_tree.mth(0, 8))
    assert "inclusion proof of 0 hashes is too short" in str(caught.value)
    assert "Ask for the proof again" in str(caught.value)


def _hashes(case: dict[str, Any], name: str) -> list[bytes]:
    return [base64.b64decode(each, validate=True) for each in case[name] or []]


def _verified(verify: Any, *args: Any) -> bool:
    try:
        verify(*args)
    except InvalidProof:
        return False
    return True


@pytest.mark.shared
def test_each_published_case_of_inclusion_comes_out_as_published(shared_merkle: Path) -> None:
    outcomes = []
    for file in sorted((shared_merkle / "inclusion").rglob("*.json")):
        case = json.loads(file.read_bytes())
        leaf, root = base64.b64decode(case["leafHash"] or ""), base64.b64decode(case["root"] or "")
        good = _verified(verify_inclusion, leaf, case["leafIdx"], case["treeSize"], _hashes(case, "proof"), root)
        assert good != case["wantErr"], file
        outcomes.append(good)
    assert (outcomes.count(True), outcomes.count(False)) == (2, 29)


@pytest.mark.shared
def test_each_published_case_of_consistency_comes_out_as_published(shared_merkle: Path) -> None:
    outcomes = []
    for file in sorted((shared_merkle / "consistency").rglob("*.json")):
        case = json.loads(file.read_bytes())
        before, after = base64.b64decode(case["root1"] or ""), base64.b64decode(case["root2"] or "")
        sizes = case["size1"], case["size2"]
        good = _verified(verify_consistency, *sizes, before, after, _hashes(case, "proof"))
        assert good != case["wantErr"], file
        outcomes.append(good)
    assert (outcomes.count(True), outcomes.count(False)) == (2, 20)
