"""Signed notes: written in one way, read strictly, believed only by keys that are known."""

from __future__ import annotations

import base64

import plain_tree
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_keys import LOG, PAPER, ROTATED, STRANGER, by_hand, line_by_hand

from everycall.record.tree import (
    Algorithm,
    Fault,
    InvalidCheckpoint,
    InvalidKey,
    InvalidNote,
    Note,
    SignatureLine,
    SigningKey,
    UnverifiedNote,
    VerifierKey,
    sign,
    sign_note,
    verify_note,
    with_signatures,
)

TEXT = "Nobody was refused.\n\nNeither on Monday nor on Tuesday.\n"
NOTE = sign_note(TEXT, [LOG])
DATA = NOTE.encode()
LINE = NOTE.signatures[0].encode() + "\n"
ENCODED = LINE.split(" ")[2].rstrip("\n")
SOME = base64.b64encode(b"idid" + b"signature").decode()


def test_a_note_is_text_blank_line_and_signature_lines() -> None:
    line = line_by_hand("centre.example/record", b"\x11" * 32, TEXT.encode())
    assert (TEXT + "\n" + line).encode() == DATA
    assert Note.parse(DATA) == NOTE


def test_the_text_may_hold_blank_lines_and_what_looks_like_a_signature() -> None:
    text = f"\n\n{LINE}\n{LINE}"
    note = sign_note(text, [LOG])
    assert Note.parse(note.encode()) == note
    assert verify_note(Note.parse(note.encode()), [LOG.verifier]).text == text


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=[chr(code) for code in range(32)]), max_size=40
    ),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_whatever_text_is_signed_is_read_back_byte_for_byte_and_verifies(line: str, signers: int, blank: int) -> None:
    text = line + "\n" * (blank + 1)
    note = sign_note(text, [LOG, ROTATED, STRANGER][:signers])
    read = Note.parse(note.encode())
    assert read == note
    assert read.encode() == note.encode()
    verified = verify_note(read, [LOG.verifier])
    assert verified.text == text
    assert verified.unknown == signers - 1


@given(st.binary(max_size=200))
def test_bytes_either_are_refused_or_are_written_back_as_they_were(data: bytes) -> None:
    for attempt in (data, b"a\n\n" + data, DATA[:-1] + data, DATA + data):
        try:
            note = Note.parse(attempt)
        except InvalidNote:
            continue
        assert note.encode() == attempt


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.NO_FINAL_NEWLINE),
        (b"\n", Fault.MISSING_LINE),
        (b"\n\n", Fault.NO_SIGNATURES),
        (TEXT.encode(), Fault.BAD_LINE),
        (b"One line.\n", Fault.MISSING_LINE),
        (f"One line.\n{LINE}".encode(), Fault.MISSING_LINE),
        (f"\n{LINE}".encode(), Fault.MISSING_LINE),
        (LINE.encode(), Fault.MISSING_LINE),
        (f"{TEXT}\n".encode(), Fault.NO_SIGNATURES),
        (DATA[:-1], Fault.NO_FINAL_NEWLINE),
        (DATA + b"\n", Fault.NO_SIGNATURES),
        (DATA + b"\n\n", Fault.NO_SIGNATURES),
        (DATA + b" \n", Fault.BAD_LINE),
        (DATA + b"garbage\n", Fault.BAD_LINE),
        (DATA + b"garbage", Fault.NO_FINAL_NEWLINE),
        (DATA.replace(b"\n", b"\r\n"), Fault.CONTROL_CHARACTER),
        (DATA[:-1] + b"\r\n", Fault.CONTROL_CHARACTER),
        (b"tab\tbed\n\n" + LINE.encode(), Fault.CONTROL_CHARACTER),
        (b"zero\x00\n\n" + LINE.encode(), Fault.CONTROL_CHARACTER),
        (b"escape\x1b[2J\n\n" + LINE.encode(), Fault.CONTROL_CHARACTER),
        (b"unit\x1f\n\n" + LINE.encode(), Fault.CONTROL_CHARACTER),
        (DATA + b"\x00", Fault.CONTROL_CHARACTER),
        (b"latin \xe9\n\n" + LINE.encode(), Fault.NOT_UTF8),
        (b"surrogate \xed\xa0\x80\n\n" + LINE.encode(), Fault.NOT_UTF8),
        (b"overlong \xc0\xaf\n\n" + LINE.encode(), Fault.NOT_UTF8),
        (b"cut \xe2\x80\n\n" + LINE.encode(), Fault.NOT_UTF8),
        (DATA.decode().encode("utf-16"), Fault.NOT_UTF8),
        (TEXT.encode() + b"x" * 1_000_000 + b"\n\n" + LINE.encode(), Fault.TOO_LONG),
        (TEXT.encode() + b"\n" + LINE.encode() * 101, Fault.TOO_MANY_SIGNATURES),
        (TEXT.encode() + b"\n" + b"x\n" * 400_000, Fault.TOO_MANY_SIGNATURES),
    ],
)
def test_what_is_not_exactly_a_note_is_refused(data: bytes, fault: Fault) -> None:
    with pytest.raises(InvalidNote) as caught:
        Note.parse(data)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"- name {SOME}", Fault.BAD_LINE),
        (f"-- name {SOME}", Fault.BAD_LINE),
        (f"\u2013 name {SOME}", Fault.BAD_LINE),
        (f"\u2015 name {SOME}", Fault.BAD_LINE),
        (f"\u2014name {SOME}", Fault.BAD_LINE),
        (f"\u2014\u00a0name {SOME}", Fault.BAD_LINE),
        (f" \u2014 name {SOME}", Fault.BAD_LINE),
        (f"\ufeff\u2014 name {SOME}", Fault.BAD_LINE),
        (f"name {SOME}", Fault.BAD_LINE),
        ("\u2014 ", Fault.BAD_LINE),
        ("\u2014 name", Fault.BAD_LINE),
        (f"\u2014 {SOME}", Fault.BAD_LINE),
        (f"\u2014  {SOME}", Fault.BAD_NAME),
        (f"\u2014  name {SOME}", Fault.BAD_BASE64),
        (f"\u2014 name  {SOME}", Fault.BAD_BASE64),
        (f"\u2014 two names {SOME}", Fault.BAD_BASE64),
        (f"\u2014 name {SOME} ", Fault.BAD_BASE64),
        (f"\u2014 name {SOME} more", Fault.BAD_BASE64),
        (f"\u2014 na+me {SOME}", Fault.BAD_NAME),
        (f"\u2014 + {SOME}", Fault.BAD_NAME),
        (f"\u2014 na\u00a0me {SOME}", Fault.BAD_NAME),
        (f"\u2014 na\u2003me {SOME}", Fault.BAD_NAME),
        (f"\u2014 na\u3000me {SOME}", Fault.BAD_NAME),
        (f"\u2014 na\u2028me {SOME}", Fault.BAD_NAME),
        (f"\u2014 na\u0085me {SOME}", Fault.BAD_NAME),
        ("\u2014 name ", Fault.WRONG_LENGTH),
        ("\u2014 name aWQ=", Fault.WRONG_LENGTH),
        ("\u2014 name aWRpZA==", Fault.WRONG_LENGTH),
        ("\u2014 name aWRpZHM", Fault.BAD_BASE64),
        ("\u2014 name aWRpZHNp=", Fault.BAD_BASE64),
        ("\u2014 name aWRpZHM==", Fault.BAD_BASE64),
        ("\u2014 name aWRpZHN=", Fault.BAD_BASE64),
        ("\u2014 name aWRpZHMt====", Fault.BAD_BASE64),
        ("\u2014 name aWRp=ZHM=", Fault.BAD_BASE64),
        ("\u2014 name aWRp.ZHM=", Fault.BAD_BASE64),
        ("\u2014 name aWRpZH__", Fault.BAD_BASE64),
        ("\u2014 name aWRpZH--", Fault.BAD_BASE64),
        ("\u2014 name \uff41WRpZHM=", Fault.BAD_BASE64),
        ("\u2014 name %61WRpZHM=", Fault.BAD_BASE64),
    ],
)
def test_what_is_not_exactly_a_signature_line_is_refused(line: str, fault: Fault) -> None:
    for lines in (f"{line}\n", f"{LINE}{line}\n", f"{line}\n{LINE}"):
        with pytest.raises(InvalidNote) as caught:
            Note.parse(f"{TEXT}\n{lines}".encode())
        assert caught.value.fault == fault


def test_as_many_signatures_as_the_standard_asks_for_and_more_are_read() -> None:
    data = (TEXT + "\n" + "".join(f"\u2014 name{number} {SOME}\n" for number in range(100))).encode()
    assert len(Note.parse(data).signatures) == 100


def test_names_of_unknown_keys_may_be_in_any_script() -> None:
    note = Note.parse(f"{TEXT}\n\u2014 свидетель/\u8b49\u4eba {SOME}\n{LINE}".encode())
    assert verify_note(note, [LOG.verifier]).unknown == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.NO_FINAL_NEWLINE),
        ("no newline", Fault.NO_FINAL_NEWLINE),
        ("carriage\r\n", Fault.CONTROL_CHARACTER),
        ("tab\t\n", Fault.CONTROL_CHARACTER),
        ("surrogate \ud800\n", Fault.NOT_UTF8),
        ("\udfff comes first\n", Fault.NOT_UTF8),
        ("cosignature/v1\ntime 1\n", Fault.OTHER_PURPOSE),
        ("x" * 1_000_000 + "\n", Fault.TOO_LONG),
    ],
)
def test_a_text_that_cannot_be_a_notes_is_not_signed(text: str, fault: Fault) -> None:
    with pytest.raises(InvalidNote) as caught:
        sign_note(text, [LOG])
    assert caught.value.fault == fault


def test_a_note_is_not_signed_by_nobody_twice_by_one_key_or_by_too_many() -> None:
    with pytest.raises(InvalidNote) as caught:
        sign_note(TEXT, [])
    assert caught.value.fault == Fault.NO_SIGNATURES
    with pytest.raises(InvalidNote) as caught:
        sign_note(TEXT, [LOG, LOG])
    assert caught.value.fault == Fault.DUPLICATE_SIGNATURE
    with pytest.raises(InvalidNote) as caught:
        with_signatures(NOTE, [sign(TEXT, LOG)])
    assert caught.value.fault == Fault.DUPLICATE_SIGNATURE
    many = [SignatureLine(f"name{number}", b"idid", b"s") for number in range(100)]
    with pytest.raises(InvalidNote) as caught:
        with_signatures(NOTE, many)
    assert caught.value.fault == Fault.TOO_MANY_SIGNATURES


@pytest.mark.parametrize(
    ("name", "key_id", "signature", "fault"),
    [
        ("", b"idid", b"s", Fault.BAD_NAME),
        ("two words", b"idid", b"s", Fault.BAD_NAME),
        ("line\n", b"idid", b"s", Fault.BAD_NAME),
        ("\x7f\x00", b"idid", b"s", Fault.BAD_NAME),
        ("\ud800", b"idid", b"s", Fault.BAD_NAME),
        ("plus+", b"idid", b"s", Fault.BAD_NAME),
        ("name", b"idi", b"s", Fault.WRONG_LENGTH),
        ("name", b"ididi", b"s", Fault.WRONG_LENGTH),
        ("name", b"idid", b"", Fault.WRONG_LENGTH),
    ],
)
def test_a_signature_line_that_could_not_be_read_back_is_not_made(
    name: str, key_id: bytes, signature: bytes, fault: Fault
) -> None:
    with pytest.raises(InvalidNote) as caught:
        SignatureLine(name, key_id, signature)
    assert caught.value.fault == fault


def test_a_cosigning_key_does_not_sign_plain_notes() -> None:
    with pytest.raises(InvalidKey) as caught:
        sign_note(TEXT, [PAPER])
    assert caught.value.fault == Fault.WRONG_ALGORITHM


def test_signatures_by_unknown_keys_are_counted_and_otherwise_ignored() -> None:
    note = sign_note(TEXT, [STRANGER, LOG, ROTATED])
    verified = verify_note(note, [LOG.verifier])
    assert [each.key for each in verified.signatures] == [LOG.verifier]
    assert [each.seconds for each in verified.signatures] == [None]
    assert verified.unknown == 2


def test_a_key_that_shares_only_name_or_only_id_with_a_known_one_is_unknown() -> None:
    good = NOTE.signatures[0]
    same_name = SignatureLine(good.name, b"\x00\x01\x02\x03", b"not checked")
    same_id = SignatureLine("other.example", good.key_id, b"not checked")
    assert verify_note(Note(TEXT, (same_name, good, same_id)), [LOG.verifier]).unknown == 2


def test_a_note_that_no_known_key_signed_is_not_believed() -> None:
    for keys in ([], [STRANGER.verifier], [ROTATED.verifier]):
        with pytest.raises(UnverifiedNote) as caught:
            verify_note(NOTE, keys)
        assert caught.value.fault == Fault.NO_KNOWN_SIGNATURE


def test_one_wrong_signature_by_a_known_key_makes_the_whole_note_worthless() -> None:
    wrong = SignatureLine(STRANGER.verifier.name, STRANGER.verifier.key_id, NOTE.signatures[0].signature)
    note = Note(TEXT, (*NOTE.signatures, wrong))
    assert verify_note(note, [LOG.verifier]).unknown == 1
    with pytest.raises(UnverifiedNote) as caught:
        verify_note(note, [LOG.verifier, STRANGER.verifier])
    assert caught.value.fault == Fault.BAD_SIGNATURE


def test_a_known_key_signs_once_however_the_second_signature_looks() -> None:
    good = NOTE.signatures[0]
    for second in (good, SignatureLine(good.name, good.key_id, b"other")):
        with pytest.raises(UnverifiedNote) as caught:
            verify_note(Note(TEXT, (good, second)), [LOG.verifier])
        assert caught.value.fault == Fault.DUPLICATE_SIGNATURE


def test_duplicates_by_unknown_keys_do_not_matter() -> None:
    stranger = sign(TEXT, STRANGER)
    note = Note(TEXT, (stranger, stranger, *NOTE.signatures))
    assert verify_note(note, [LOG.verifier]).unknown == 2


def test_a_key_given_twice_is_one_key_and_two_keys_of_one_name_and_id_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(verify_note(NOTE, [LOG.verifier, LOG.verifier]).signatures) == 1
    # Two such keys take some 2^32 tries to find, so here every key of the name has one id.
    monkeypatch.setattr(VerifierKey, "key_id", property(lambda key: key.name.encode()[:4]))
    with pytest.raises(InvalidKey) as caught:
        verify_note(NOTE, [LOG.verifier, ROTATED.verifier])
    assert caught.value.fault == Fault.AMBIGUOUS_KEYS


@pytest.mark.parametrize("length", [1, 63, 65, 72, 128])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    line = SignatureLine(LOG.verifier.name, LOG.verifier.key_id, bytes(length))
    with pytest.raises(UnverifiedNote) as caught:
        verify_note(Note(TEXT, (line,)), [LOG.verifier])
    assert caught.value.fault == Fault.WRONG_LENGTH


def test_each_flipped_bit_of_a_note_is_refused() -> None:
    """A flip may leave a note by an unknown key, never one that is believed."""
    for bit in range(8 * len(DATA)):
        with pytest.raises((InvalidNote, UnverifiedNote)):
            verify_note(Note.parse(plain_tree.flipped(DATA, bit)), [LOG.verifier])


def test_the_other_form_of_a_signature_is_refused() -> None:
    """S and S + L solve the same equation; RFC 8032 §5.1.7 takes the first only."""
    good = NOTE.signatures[0]
    order = 2**252 + 27742317777372353535851937790883648493
    other = int.from_bytes(good.signature[32:], "little") + order
    line = SignatureLine(good.name, good.key_id, good.signature[:32] + other.to_bytes(32, "little"))
    with pytest.raises(UnverifiedNote) as caught:
        verify_note(Note(TEXT, (line,)), [LOG.verifier])
    assert caught.value.fault == Fault.BAD_SIGNATURE


def test_a_cosigning_key_is_believed_on_checkpoints_only() -> None:
    message = b"cosignature/v1\ntime 1\n" + TEXT.encode()
    line = line_by_hand("paper.example/witness", b"\x21" * 32, message, algorithm=4, before=(1).to_bytes(8))
    with pytest.raises(InvalidCheckpoint):
        verify_note(Note.parse(f"{TEXT}\n{line}".encode()), [PAPER.verifier])


def test_the_same_bytes_as_both_kinds_of_key_have_two_ids() -> None:
    plain = SigningKey("name", Algorithm.ED25519, b"\x41" * 32).verifier
    cosigning = SigningKey("name", Algorithm.COSIGNATURE_V1, b"\x41" * 32).verifier
    assert plain.key_id == by_hand("name", 1, b"\x41" * 32)[0]
    assert cosigning.key_id == by_hand("name", 4, b"\x41" * 32)[0]
    assert plain.key_id != cosigning.key_id


@given(st.binary(min_size=1, max_size=120))
@settings(max_examples=50)
def test_a_signature_over_one_text_is_not_one_over_another(other: bytes) -> None:
    text = other.hex() + "\n"
    with pytest.raises(UnverifiedNote):
        verify_note(Note(text, NOTE.signatures), [LOG.verifier])
