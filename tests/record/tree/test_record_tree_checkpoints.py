"""Checkpoints and cosignatures: one spelling, one log, and signatures that say who and when."""

from __future__ import annotations

import base64

import plain_tree
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_keys import COURT, LOG, PAPER, ROTATED, STRANGER, line_by_hand

from everycall.record.tree import (
    EMPTY_ROOT,
    LARGEST_SIZE,
    Algorithm,
    Checkpoint,
    Fault,
    InvalidCheckpoint,
    InvalidKey,
    InvalidNote,
    Note,
    SignatureLine,
    SigningKey,
    TreeError,
    UnverifiedNote,
    VerifiedCheckpoint,
    cosign,
    open_checkpoint,
    sign_note,
    verify_note,
    with_signatures,
)

ORIGIN = "centre.example/record"
ROOT = plain_tree.mth(0, 600)
ROOT_TEXT = base64.b64encode(ROOT).decode()
TEXT = f"{ORIGIN}\n600\n{ROOT_TEXT}\n"
EMPTY_TEXT = base64.b64encode(EMPTY_ROOT).decode()
NOW = 1_790_000_000
SIGNED = sign_note(TEXT, [LOG])
COSIGNED = with_signatures(SIGNED, [cosign(TEXT, PAPER, NOW), cosign(TEXT, COURT, NOW + 1)])


def opened(data: bytes) -> VerifiedCheckpoint:
    witnesses = [PAPER.verifier, COURT.verifier]
    return open_checkpoint(data, origin=ORIGIN, log_keys=[LOG.verifier], witness_keys=witnesses)


def test_a_checkpoint_is_origin_size_and_root_on_a_line_each() -> None:
    checkpoint = Checkpoint(ORIGIN, 600, ROOT)
    assert checkpoint.encode() == TEXT
    assert Checkpoint.parse(TEXT) == checkpoint


def test_extension_lines_are_kept_in_order() -> None:
    text = f"{TEXT}second line\nund eine dritte: \u00e4\u00f6\u00fc\n"
    checkpoint = Checkpoint.parse(text)
    assert checkpoint.extensions == ("second line", "und eine dritte: \u00e4\u00f6\u00fc")
    assert checkpoint.encode() == text


@given(st.integers(0, LARGEST_SIZE), st.binary(min_size=32, max_size=32), st.lists(st.text("abc =+/", min_size=1)))
def test_a_checkpoint_read_back_is_the_same(size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint("a log of another sort", size, root if size else EMPTY_ROOT, tuple(extensions))
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint


@given(st.text(max_size=80))
def test_a_text_is_refused_or_written_back_as_it_was(text: str) -> None:
    for attempt in (text, TEXT + text, f"{ORIGIN}\n{text}\n{ROOT_TEXT}\n", f"{text}\n600\n{ROOT_TEXT}\n"):
        try:
            checkpoint = Checkpoint.parse(attempt)
        except InvalidCheckpoint:
            continue
        assert checkpoint.encode() == attempt


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.NO_FINAL_NEWLINE),
        ("\n", Fault.BLANK_LINE),
        (TEXT.removesuffix("\n"), Fault.NO_FINAL_NEWLINE),
        (TEXT + "\n", Fault.BLANK_LINE),
        ("\n" + TEXT, Fault.BLANK_LINE),
        (TEXT.replace("\n600", "\n\n600"), Fault.BLANK_LINE),
        (TEXT + "extension\n\nextension\n", Fault.BLANK_LINE),
        (TEXT + "extension", Fault.NO_FINAL_NEWLINE),
        (f"{ORIGIN}\n", Fault.MISSING_LINE),
        (f"{ORIGIN}\n600\n", Fault.MISSING_LINE),
        (f"600\n{ROOT_TEXT}\n", Fault.MISSING_LINE),
        (TEXT.replace("\n", "\r\n"), Fault.BAD_NUMBER),
        (f"{ORIGIN}\r\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\n600\r\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n600\n{ROOT_TEXT}\r\n", Fault.BAD_BASE64),
        (TEXT + "extension\r\n", Fault.CONTROL_CHARACTER),
        (TEXT + "ext\tension\n", Fault.CONTROL_CHARACTER),
        (f"{ORIGIN}\x00\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\x1b[1m\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\u2028\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\u202e\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\u200b\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"\ufeff{ORIGIN}\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        ("x" * 256 + f"\n600\n{ROOT_TEXT}\n", Fault.BAD_NAME),
        (f"{ORIGIN}\n-600\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n+600\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n-0\n{EMPTY_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n6_00\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n0600\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n00\n{EMPTY_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n 600\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n600 \n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n600.0\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n6e2\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n0x258\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n6,00\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n\u0666\u0660\u0660\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n\uff16\uff10\uff10\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n\u00b2\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\nsix hundred\n{ROOT_TEXT}\n", Fault.BAD_NUMBER),
        (f"{ORIGIN}\n{2**63}\n{ROOT_TEXT}\n", Fault.TOO_LARGE),
        (f"{ORIGIN}\n{2**64}\n{ROOT_TEXT}\n", Fault.TOO_LARGE),
        (f"{ORIGIN}\n{'9' * 60_000}\n{ROOT_TEXT}\n", Fault.TOO_LARGE),
        (f"{ORIGIN}\n600\n{ROOT_TEXT[:-1]}\n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n{ROOT_TEXT}=\n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n {ROOT_TEXT}\n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n{ROOT_TEXT} \n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n{'-' + ROOT_TEXT[1:]}\n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n{'_' + ROOT_TEXT[1:]}\n", Fault.BAD_BASE64),
        (f"{ORIGIN}\n600\n{ROOT.hex()}\n", Fault.WRONG_LENGTH),
        (f"{ORIGIN}\n600\n{base64.b64encode(ROOT[:31]).decode()}\n", Fault.WRONG_LENGTH),
        (f"{ORIGIN}\n600\n{base64.b64encode(ROOT + b'x').decode()}\n", Fault.WRONG_LENGTH),
        (f"{ORIGIN}\n600\n{base64.b64encode(ROOT[:5]).decode()}\n", Fault.WRONG_LENGTH),
        (f"{ORIGIN}\n0\n{ROOT_TEXT}\n", Fault.EMPTY_TREE),
        (TEXT + "x" * 65_536 + "\n", Fault.TOO_LONG),
    ],
)
def test_what_is_not_exactly_a_checkpoint_is_refused(text: str, fault: Fault) -> None:
    with pytest.raises(InvalidCheckpoint) as caught:
        Checkpoint.parse(text)
    assert caught.value.fault == fault


def test_base64_whose_unused_bits_are_not_zero_is_refused() -> None:
    """32 bytes leave two bits of the last letter unused: four letters would be read as the same byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(ROOT_TEXT[42])
    for other in range(last + 1, last + 4):
        spelled = f"{ROOT_TEXT[:42]}{alphabet[other]}="
        assert base64.b64decode(spelled) == ROOT
        with pytest.raises(InvalidCheckpoint) as caught:
            Checkpoint.parse(f"{ORIGIN}\n600\n{spelled}\n")
        assert caught.value.fault == Fault.BAD_BASE64


@pytest.mark.parametrize(
    ("origin", "size", "root", "extensions", "fault"),
    [
        ("", 1, ROOT, (), Fault.BAD_NAME),
        ("two\nlines", 1, ROOT, (), Fault.BAD_NAME),
        (ORIGIN, -1, ROOT, (), Fault.BAD_NUMBER),
        (ORIGIN, 2**63, ROOT, (), Fault.TOO_LARGE),
        (ORIGIN, 1, ROOT[:31], (), Fault.WRONG_LENGTH),
        (ORIGIN, 0, ROOT, (), Fault.EMPTY_TREE),
        (ORIGIN, 1, ROOT, ("",), Fault.BLANK_LINE),
        (ORIGIN, 1, ROOT, ("two\nlines",), Fault.CONTROL_CHARACTER),
        (ORIGIN, 1, ROOT, ("x" * 65_536,), Fault.TOO_LONG),
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_is_not_made(
    origin: str, size: int, root: bytes, extensions: tuple[str, ...], fault: Fault
) -> None:
    with pytest.raises(InvalidCheckpoint) as caught:
        Checkpoint(origin, size, root, extensions)
    assert caught.value.fault == fault


def test_a_cosignature_is_over_its_time_and_the_checkpoint() -> None:
    message = f"cosignature/v1\ntime {NOW}\n{TEXT}".encode()
    by_hand = line_by_hand("paper.example/witness", b"\x21" * 32, message, algorithm=4, before=NOW.to_bytes(8))
    assert cosign(TEXT, PAPER, NOW).encode() + "\n" == by_hand


def test_an_opened_checkpoint_says_who_signed_and_when_witnesses_did() -> None:
    note = with_signatures(COSIGNED, sign_note(TEXT, [STRANGER]).signatures)
    verified = opened(note.encode())
    assert verified.checkpoint == Checkpoint(ORIGIN, 600, ROOT)
    assert [each.key for each in verified.log_signatures] == [LOG.verifier]
    assert [(each.key, each.seconds) for each in verified.cosignatures] == [
        (PAPER.verifier, NOW),
        (COURT.verifier, NOW + 1),
    ]
    assert verified.unknown == 1


def test_before_and_after_a_rotation_either_key_of_the_log_is_enough() -> None:
    both = sign_note(TEXT, [LOG, ROTATED]).encode()
    for keys in ([LOG], [ROTATED], [LOG, ROTATED]):
        found = open_checkpoint(both, origin=ORIGIN, log_keys=[key.verifier for key in keys])
        assert len(found.log_signatures) == len(keys)
        assert found.unknown == 2 - len(keys)


@pytest.mark.parametrize("origin", ["centre.example/other", "centre.example/record/", "Centre.example/record", ""])
def test_a_checkpoint_of_another_log_is_refused_though_its_key_is_right(origin: str) -> None:
    with pytest.raises(InvalidCheckpoint) as caught:
        open_checkpoint(SIGNED.encode(), origin=origin, log_keys=[LOG.verifier])
    assert caught.value.fault == Fault.WRONG_ORIGIN


def test_a_note_that_is_no_checkpoint_is_refused_though_the_log_signed_it() -> None:
    with pytest.raises(InvalidCheckpoint) as caught:
        opened(sign_note("Good morning.\n", [LOG]).encode())
    assert caught.value.fault == Fault.MISSING_LINE


def test_witnesses_without_the_log_are_not_enough() -> None:
    only_witnesses = Note(TEXT, COSIGNED.signatures[1:])
    with pytest.raises(UnverifiedNote) as caught:
        opened(only_witnesses.encode())
    assert caught.value.fault == Fault.NO_KNOWN_SIGNATURE


def test_another_key_of_the_same_name_is_not_the_log() -> None:
    with pytest.raises(UnverifiedNote) as caught:
        opened(sign_note(TEXT, [ROTATED]).encode())
    assert caught.value.fault == Fault.NO_KNOWN_SIGNATURE


def test_keys_cannot_stand_in_for_each_others_roles() -> None:
    for log_keys, witness_keys in [([PAPER], [COURT]), ([LOG], [ROTATED]), ([LOG], [LOG])]:
        with pytest.raises(InvalidKey) as caught:
            open_checkpoint(
                COSIGNED.encode(),
                origin=ORIGIN,
                log_keys=[key.verifier for key in log_keys],
                witness_keys=[key.verifier for key in witness_keys],
            )
        assert caught.value.fault == Fault.WRONG_ALGORITHM


def test_a_witness_counts_once() -> None:
    twice = Note(TEXT, (*COSIGNED.signatures, cosign(TEXT, PAPER, NOW + 60)))
    with pytest.raises(UnverifiedNote) as caught:
        opened(twice.encode())
    assert caught.value.fault == Fault.DUPLICATE_SIGNATURE


def _with_cosignature(signature: bytes) -> bytes:
    line = SignatureLine(PAPER.verifier.name, PAPER.verifier.key_id, signature)
    return with_signatures(SIGNED, [line]).encode()


def test_a_cosignature_whose_time_was_changed_is_refused() -> None:
    good = cosign(TEXT, PAPER, NOW).signature
    with pytest.raises(UnverifiedNote) as caught:
        opened(_with_cosignature((NOW + 1).to_bytes(8) + good[8:]))
    assert caught.value.fault == Fault.BAD_SIGNATURE


def test_a_cosignature_of_another_checkpoint_is_refused() -> None:
    other = Checkpoint(ORIGIN, 601, plain_tree.mth(0, 601)).encode()
    with pytest.raises(UnverifiedNote) as caught:
        opened(_with_cosignature(cosign(other, PAPER, NOW).signature))
    assert caught.value.fault == Fault.BAD_SIGNATURE


def test_a_plain_signature_by_a_witness_is_no_cosignature() -> None:
    plain = SigningKey(PAPER.verifier.name, Algorithm.ED25519, b"\x21" * 32)
    with pytest.raises(UnverifiedNote) as caught:
        opened(_with_cosignature(NOW.to_bytes(8) + plain.sign(TEXT.encode())))
    assert caught.value.fault == Fault.BAD_SIGNATURE


@pytest.mark.parametrize("length", [1, 8, 64, 71, 73, 2428])
def test_a_cosignature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(UnverifiedNote) as caught:
        opened(_with_cosignature(bytes(length)))
    assert caught.value.fault == Fault.WRONG_LENGTH


def test_a_cosignature_of_a_time_beyond_the_largest_is_refused_though_signed() -> None:
    message = f"cosignature/v1\ntime {2**63}\n{TEXT}".encode()
    with pytest.raises(UnverifiedNote) as caught:
        opened(_with_cosignature((2**63).to_bytes(8) + PAPER.sign(message)))
    assert caught.value.fault == Fault.TOO_LARGE


@pytest.mark.parametrize("seconds", [0, 2**63 - 1])
def test_the_first_and_the_last_time_can_be_cosigned(seconds: int) -> None:
    note = with_signatures(SIGNED, [cosign(TEXT, PAPER, seconds)])
    assert opened(note.encode()).cosignatures[0].seconds == seconds


@pytest.mark.parametrize("seconds", [-1, 2**63])
def test_a_time_that_cannot_be_is_not_cosigned(seconds: int) -> None:
    with pytest.raises(InvalidNote) as caught:
        cosign(TEXT, PAPER, seconds)
    assert caught.value.fault == Fault.BAD_NUMBER


@pytest.mark.parametrize("text", ["Good morning.\n", TEXT + "\n", TEXT.removesuffix("\n"), f"{TEXT}\udc80\n"])
def test_nothing_but_a_checkpoint_is_cosigned(text: str) -> None:
    with pytest.raises((InvalidCheckpoint, InvalidNote)):
        cosign(text, PAPER, NOW)


def test_a_logs_own_key_does_not_cosign() -> None:
    with pytest.raises(InvalidKey) as caught:
        cosign(TEXT, LOG, NOW)
    assert caught.value.fault == Fault.WRONG_ALGORITHM


def test_a_log_key_is_never_made_to_sign_what_a_cosigner_would() -> None:
    """The message of a cosignature would be a note's text; so a note that starts like one is not signed."""
    plain = SigningKey(PAPER.verifier.name, Algorithm.ED25519, b"\x21" * 32)
    with pytest.raises(InvalidNote) as caught:
        sign_note(f"cosignature/v1\ntime {NOW}\n{TEXT}", [plain])
    assert caught.value.fault == Fault.OTHER_PURPOSE


def test_each_flipped_bit_of_a_cosigned_checkpoint_costs_at_least_the_signature_it_is_in() -> None:
    data = COSIGNED.encode()
    whole = opened(data)
    for bit in range(8 * len(data)):
        try:
            found = opened(plain_tree.flipped(data, bit))
        except TreeError:
            continue
        # A flip in a witness's name or id makes it unknown; what the log said stays.
        assert found.checkpoint == whole.checkpoint
        assert found.log_signatures == whole.log_signatures
        assert len(found.cosignatures) + found.unknown == 2
        assert found.unknown >= 1


def test_verifying_a_note_gives_times_for_cosignatures_only() -> None:
    found = verify_note(COSIGNED, [LOG.verifier, PAPER.verifier])
    assert [each.seconds for each in found.signatures] == [None, NOW]
    assert found.unknown == 1
