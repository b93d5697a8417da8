"""Proofs as texts: one spelling, and a file that shows to an outsider that an entry is in the log."""

from __future__ import annotations

import base64

import plain_tree
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_keys import LOG, PAPER, STRANGER

from everycall.record.tree import (
    Checkpoint,
    Fault,
    InvalidCheckpoint,
    InvalidNote,
    InvalidProof,
    ProofFile,
    TreeError,
    cosign,
    make_inclusion_proof,
    read_hash_lines,
    sign_note,
    with_signatures,
    write_hash_lines,
)

ORIGIN = "centre.example/record"
TEXT = Checkpoint(ORIGIN, 600, plain_tree.mth(0, 600)).encode()
CHECKPOINT = with_signatures(sign_note(TEXT, [LOG]), [cosign(TEXT, PAPER, 1)]).encode()
PROOF = ProofFile(299, make_inclusion_proof(299, 600, plain_tree.node), CHECKPOINT)
DATA = PROOF.encode()
HEAD, NOTE = DATA.split(b"\n\n", 1)
LINES = HEAD.split(b"\n")
HASH = base64.b64encode(plain_tree.leaf(0)).decode()


def test_a_proof_file_is_header_index_hashes_blank_line_and_checkpoint() -> None:
    lines = [base64.b64encode(each).decode() for each in plain_tree.path(299, 0, 600)]
    text = "\n".join(["c2sp.org/tlog-proof@v1", "index 299", *lines]) + "\n\n"
    assert text.encode() + CHECKPOINT == DATA
    assert ProofFile.parse(DATA) == PROOF


def test_it_shows_that_the_entry_is_in_the_log_and_who_says_so() -> None:
    verified = ProofFile.parse(DATA).verify(
        plain_tree.leaf(299), origin=ORIGIN, log_keys=[LOG.verifier], witness_keys=[PAPER.verifier]
    )
    assert verified.checkpoint.size == 600
    assert [each.seconds for each in verified.cosignatures] == [1]


def test_it_shows_nothing_about_another_entry_another_log_or_by_another_key() -> None:
    for leaf, origin, key in [
        (plain_tree.leaf(298), ORIGIN, LOG),
        (plain_tree.leaf(299), "other.example", LOG),
        (plain_tree.leaf(299), ORIGIN, STRANGER),
    ]:
        with pytest.raises(TreeError):
            PROOF.verify(leaf, origin=origin, log_keys=[key.verifier])


def test_extra_data_is_carried_and_the_tree_of_one_entry_needs_no_hashes() -> None:
    text = Checkpoint(ORIGIN, 1, plain_tree.mth(0, 1)).encode()
    for extra in (None, b"", b"why", bytes(65_536)):
        proof = ProofFile(0, (), sign_note(text, [LOG]).encode(), extra)
        assert ProofFile.parse(proof.encode()) == proof
        proof.verify(plain_tree.leaf(0), origin=ORIGIN, log_keys=[LOG.verifier])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=64))
def test_hash_lines_are_read_back(hashes: list[bytes]) -> None:
    assert list(read_hash_lines(write_hash_lines(hashes))) == hashes


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("\n", Fault.BLANK_LINE),
        (HASH, Fault.NO_FINAL_NEWLINE),
        (f"{HASH}\n\n", Fault.BLANK_LINE),
        (f"\n{HASH}\n", Fault.BLANK_LINE),
        (f"{HASH}\n\n{HASH}\n", Fault.BLANK_LINE),
        (f"{HASH}\r\n", Fault.BAD_BASE64),
        (f"{HASH} \n", Fault.BAD_BASE64),
        (f" {HASH}\n", Fault.BAD_BASE64),
        (f"{HASH}{HASH}\n", Fault.BAD_BASE64),
        (f"{HASH[:-1]}\n", Fault.BAD_BASE64),
        (f"{HASH}=\n", Fault.BAD_BASE64),
        (f"-{HASH[1:]}\n", Fault.BAD_BASE64),
        (f"_{HASH[1:]}\n", Fault.BAD_BASE64),
        (f"\uff21{HASH[1:]}\n", Fault.BAD_BASE64),
        (f"{HASH[:40]}\n", Fault.WRONG_LENGTH),
        (f"{HASH[:40]}{HASH}\n", Fault.WRONG_LENGTH),
        (f"{plain_tree.leaf(0).hex()}\n", Fault.WRONG_LENGTH),
        (f"{HASH}\n" * 65, Fault.PROOF_TOO_LONG),
        ("\n" * 1_000_000, Fault.PROOF_TOO_LONG),
    ],
)
def test_what_is_not_exactly_lines_of_hashes_is_refused(text: str, fault: Fault) -> None:
    with pytest.raises(InvalidProof) as caught:
        read_hash_lines(text)
    assert caught.value.fault == fault


def head(*lines: bytes) -> bytes:
    return b"\n".join(lines) + b"\n\n" + NOTE


FIRST, INDEX, *HASHES = LINES


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.MISSING_LINE),
        (HEAD + b"\n", Fault.MISSING_LINE),
        (HEAD + b"\n" + NOTE.partition(b"\n\n")[0], Fault.MISSING_LINE),
        (DATA.replace(b"\n", b"\r\n"), Fault.MISSING_LINE),
        (b"\n" + DATA, Fault.BAD_LINE),
        (b"\n\n" + DATA, Fault.BAD_LINE),
        (b" " + DATA, Fault.BAD_LINE),
        (b"\xef\xbb\xbf" + DATA, Fault.NOT_ASCII),
        (NOTE, Fault.BAD_LINE),
        (DATA.replace(b"@v1", b"@v2"), Fault.BAD_LINE),
        (DATA.replace(b"@v1", b"@v1 "), Fault.BAD_LINE),
        (DATA.replace(b"@v1\n", b"@v1\r\n"), Fault.BAD_LINE),
        (DATA.replace(b"c2sp", b"C2SP"), Fault.BAD_LINE),
        (head(FIRST), Fault.BAD_LINE),
        (head(FIRST, *HASHES), Fault.BAD_LINE),
        (head(INDEX, *HASHES), Fault.BAD_LINE),
        (head(FIRST, INDEX, INDEX, *HASHES), Fault.BAD_BASE64),
        (head(FIRST, *HASHES, INDEX), Fault.BAD_LINE),
        (head(FIRST, INDEX, b"extra YQ==", *HASHES), Fault.BAD_BASE64),
        (head(FIRST, b"extra YQ==", b"extra YQ==", INDEX, *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"extra YQ==", *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"extra", INDEX, *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"Extra YQ==", INDEX, *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"extra YQ", INDEX, *HASHES), Fault.BAD_BASE64),
        (head(FIRST, b"extra YR==", INDEX, *HASHES), Fault.BAD_BASE64),
        (head(FIRST, b"extra  YQ==", INDEX, *HASHES), Fault.BAD_BASE64),
        (head(FIRST, b"extra " + base64.b64encode(bytes(65_537)), INDEX, *HASHES), Fault.TOO_LONG),
        (head(FIRST, b"index", *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"index ", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"Index 299", *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"index  299", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"index\t299", *HASHES), Fault.BAD_LINE),
        (head(FIRST, b"index 299 ", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"index +299", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"index -299", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"index 0299", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, b"index 2_99", *HASHES), Fault.BAD_NUMBER),
        (head(FIRST, "index \u0662\u0669\u0669".encode(), *HASHES), Fault.NOT_ASCII),
        (head(FIRST, b"index 9223372036854775808", *HASHES), Fault.TOO_LARGE),
        (head(FIRST, INDEX, *HASHES[:-1], HASHES[-1][:-1]), Fault.BAD_BASE64),
        (head(FIRST, INDEX, *HASHES[:-1], HASHES[-1][:40]), Fault.WRONG_LENGTH),
        (head(FIRST, INDEX, *HASHES * 10), Fault.PROOF_TOO_LONG),
        (head(FIRST, INDEX, *HASHES, b"caf\xe9"), Fault.NOT_ASCII),
        (DATA + bytes(2_000_000), Fault.TOO_LONG),
    ],
)
def test_what_is_not_exactly_a_proof_file_is_refused(data: bytes, fault: Fault) -> None:
    with pytest.raises(InvalidProof) as caught:
        ProofFile.parse(data)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"\n\n\n" + NOTE,
        head(FIRST, INDEX, *HASHES[:2], b"", *HASHES[2:]),
        DATA + b"\n",
        DATA[:-1],
        HEAD + b"\n\n",
    ],
)
def test_what_is_right_but_for_its_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises((InvalidNote, InvalidCheckpoint)):
        ProofFile.parse(data)


@pytest.mark.parametrize(
    ("index", "proof", "extra", "fault"),
    [
        (-1, (), None, Fault.BAD_NUMBER),
        (2**63, (), None, Fault.TOO_LARGE),
        (0, (bytes(31),), None, Fault.WRONG_LENGTH),
        (0, (bytes(32),) * 65, None, Fault.PROOF_TOO_LONG),
        (0, (), bytes(65_537), Fault.TOO_LONG),
    ],
)
def test_a_proof_file_that_could_not_be_read_back_is_not_made(
    index: int, proof: tuple[bytes, ...], extra: bytes | None, fault: Fault
) -> None:
    with pytest.raises(InvalidProof) as caught:
        ProofFile(index, proof, CHECKPOINT, extra)
    assert caught.value.fault == fault


def test_an_index_beyond_the_checkpoint_is_found_when_it_is_verified() -> None:
    beyond = ProofFile(600, PROOF.proof, CHECKPOINT)
    with pytest.raises(InvalidProof) as caught:
        beyond.verify(plain_tree.leaf(299), origin=ORIGIN, log_keys=[LOG.verifier])
    assert caught.value.fault == Fault.BEYOND_THE_TREE


def test_each_flipped_bit_costs_at_least_the_signature_it_is_in() -> None:
    for bit in range(8 * len(DATA)):
        try:
            found = ProofFile.parse(plain_tree.flipped(DATA, bit)).verify(
                plain_tree.leaf(299), origin=ORIGIN, log_keys=[LOG.verifier], witness_keys=[PAPER.verifier]
            )
        except TreeError:
            continue
        # A flip in the witness's name or id makes it unknown, so it no longer counts; what the log said stays.
        assert bit // 8 > DATA.rindex("\u2014".encode())
        assert (found.checkpoint.encode(), found.cosignatures, found.unknown) == (TEXT, (), 1)
