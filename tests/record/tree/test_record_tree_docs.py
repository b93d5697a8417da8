"""docs/record-tree.md: its verifier runs and agrees with ours, and it names every reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plain_tree
import pytest
from cryptography.exceptions import InvalidSignature
from tree_keys import LOG, PAPER, STRANGER

from everycall.record.tree import (
    Checkpoint,
    Fault,
    ProofFile,
    TreeError,
    cosign,
    make_inclusion_proof,
    sign_note,
    with_signatures,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parents[3] / "docs" / "record-tree.md").read_text("utf-8")
ORIGIN = "centre.example/record"


@pytest.fixture(scope="module")
def verify() -> Callable[[bytes, bytes, str, str], int]:
    """The verifier of the page, as a stranger would copy it."""
    (source,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - the page's own example
    function: Callable[[bytes, bytes, str, str], int] = names["verify"]
    return function


def proof_of(index: int, size: int) -> bytes:
    text = Checkpoint(ORIGIN, size, plain_tree.mth(0, size)).encode()
    note = with_signatures(sign_note(text, [STRANGER, LOG]), [cosign(text, PAPER, 1)])
    return ProofFile(index, make_inclusion_proof(index, size, plain_tree.node), note.encode(), b"more").encode()


def test_the_pages_verifier_finds_each_entry_where_it_is(verify: Callable[[bytes, bytes, str, str], int]) -> None:
    for size in (1, 2, 3, 7, 8, 20):
        for index in range(size):
            assert verify(b"entry %d" % index, proof_of(index, size), ORIGIN, LOG.verifier.encode()) == index


def test_the_pages_verifier_refuses_other_entries_logs_and_keys(
    verify: Callable[[bytes, bytes, str, str], int],
) -> None:
    proof, key = proof_of(3, 8), LOG.verifier.encode()
    with pytest.raises(AssertionError):
        verify(b"entry 4", proof, ORIGIN, key)
    with pytest.raises(AssertionError):
        verify(b"entry 3", proof, "other.example", key)
    with pytest.raises(AssertionError):
        verify(b"entry 3", proof, ORIGIN, PAPER.verifier.encode())
    with pytest.raises(ValueError, match="did not sign"):
        verify(b"entry 3", proof.replace(b"\xe2\x80\x94 centre", b"\xe2\x80\x94 center"), ORIGIN, key)


def test_what_the_pages_verifier_refuses_ours_refuses_too(verify: Callable[[bytes, bytes, str, str], int]) -> None:
    proof = proof_of(3, 8)
    refused = 0
    for bit in range(0, 8 * len(proof), 3):
        changed = plain_tree.flipped(proof, bit)
        try:
            verify(b"entry 3", changed, ORIGIN, LOG.verifier.encode())
        except (AssertionError, ValueError, InvalidSignature):
            refused += 1
            with pytest.raises(TreeError):
                ProofFile.parse(changed).verify(plain_tree.leaf(3), origin=ORIGIN, log_keys=[LOG.verifier])
    assert refused > 1000


def test_every_reason_stands_in_the_table() -> None:
    told = PAGE.partition("## Why something was refused")[2].partition("\n## ")[0]
    assert {
        word for row in re.findall(r"^\| (`.*?) \|", told, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)
    } == set(Fault)
