"""Sealed values open for who holds the key and the commitment, and for nobody else."""

import os
import re
from dataclasses import fields, replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycall.record import (
    Batch,
    Entry,
    KeyMissing,
    RecordAccessDenied,
    SealDoesNotOpen,
    Sealer,
    SealRow,
    SqliteRecord,
    WrongKey,
)
from everycall.record.seals import StoreKey, normalised

KEY = StoreKey(bytes(range(32)))
SEALER = Sealer(KEY)
ANY_TEXT = st.text(st.characters())


def with_part(row: SealRow, part: str, data: bytes) -> SealRow:
    parts = {"key": row.key, "nonce": row.nonce, "ciphertext": row.ciphertext, part: data}
    return SealRow(row.reference, parts["key"], parts["nonce"], parts["ciphertext"], row.token)


@given(ANY_TEXT, st.booleans())
def test_a_value_comes_back_as_it_was(value: str, searchable: bool) -> None:
    reference, commitment, token, row = SEALER.seal(value, searchable=searchable)
    assert SEALER.open(row, commitment) == value
    assert row.reference == reference
    assert row.token == token
    assert (token is not None) == searchable


def test_what_an_event_carries_is_text_of_fixed_form() -> None:
    sealed = SEALER.seal("612 555 0100", searchable=True)
    assert re.fullmatch("[0-9a-f]{32}", sealed.reference)
    assert re.fullmatch("[0-9a-f]{64}", sealed.commitment)
    assert re.fullmatch("[0-9a-f]{64}", sealed.token or "")


def test_nothing_shows_the_value() -> None:
    value = "Jane Caller, 612 555 0100"
    sealed = SEALER.seal(value, searchable=True)
    stored = b"|".join(
        part.encode() if isinstance(part, str) else part
        for part in (getattr(sealed.row, field.name) for field in fields(SealRow))
    )
    for leak in (
        value.encode(),
        sha256(value.encode()).digest(),
        sha256(value.encode()).hexdigest().encode(),
    ):
        assert leak not in stored
    assert sealed.commitment != sha256(value.encode()).hexdigest(), "a plain hash of a number is guessed"


def test_the_same_value_sealed_twice_shares_only_its_token() -> None:
    first, second = (SEALER.seal("555", searchable=True) for _ in range(2))
    assert first.token == second.token
    assert first.reference != second.reference
    assert first.commitment != second.commitment
    for part in ("key", "nonce", "ciphertext"):
        assert getattr(first.row, part) != getattr(second.row, part)


@pytest.mark.parametrize("part", ["key", "nonce", "ciphertext"])
def test_any_changed_byte_of_a_row_is_noticed(part: str) -> None:
    sealed = SEALER.seal("value", searchable=False)
    original: bytes = getattr(sealed.row, part)
    for place in range(len(original)):
        changed = bytearray(original)
        changed[place] ^= 1
        with pytest.raises(SealDoesNotOpen, match="does not open"):
            SEALER.open(with_part(sealed.row, part, bytes(changed)), sealed.commitment)


@pytest.mark.parametrize("part", ["key", "nonce", "ciphertext"])
def test_a_row_with_a_part_missing_does_not_open(part: str) -> None:
    sealed = SEALER.seal("value", searchable=False)
    with pytest.raises(SealDoesNotOpen):
        SEALER.open(with_part(sealed.row, part, b""), sealed.commitment)


def test_a_row_put_in_anothers_place_is_noticed() -> None:
    one, other = SEALER.seal("one", searchable=False), SEALER.seal("other", searchable=False)
    with pytest.raises(SealDoesNotOpen, match="does not open"):
        SEALER.open(replace(other.row, reference=one.reference), one.commitment)
    with pytest.raises(SealDoesNotOpen, match="was replaced"):
        SEALER.open(other.row, one.commitment)


def test_another_key_opens_nothing_and_finds_nothing() -> None:
    other = Sealer(StoreKey(bytes(32)))
    sealed = SEALER.seal("value", searchable=True)
    with pytest.raises(SealDoesNotOpen, match="another key"):
        other.open(sealed.row, sealed.commitment)
    assert other.token("value") != sealed.token
    assert other.fingerprint(b"command") != SEALER.fingerprint(b"command")


def test_a_fingerprint_tells_commands_apart_and_is_no_plain_hash() -> None:
    assert SEALER.fingerprint(b"command") == SEALER.fingerprint(b"command")
    assert SEALER.fingerprint(b"command") != SEALER.fingerprint(b"command ")
    assert SEALER.fingerprint(b"command") != sha256(b"command").digest()
    assert SEALER.fingerprint(b"v").hex() != SEALER.token("v"), "a key for each purpose"


EQUAL = [
    ("+1 (612) 555-0100", "16125550100"),
    ("O'Brien", "OBRIEN"),
    ("Straße", "STRASSE"),
    ("Ａｎｎａ", "anna"),  # noqa: RUF001 - full-width letters are the case
    ("é", "e\u0301"),
    ("١٢٣", "١٢٣ "),
]
DIFFERENT = [
    ("555 0100", "555 0101"),
    ("Müller", "Muller"),
    ("!", "?"),
    ("", "-"),
    ("की", "का"),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_search_leaves_spelling_aside(one: str, other: str) -> None:
    assert SEALER.token(one) == SEALER.token(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_search_keeps_different_values_apart(one: str, other: str) -> None:
    assert SEALER.token(one) != SEALER.token(other)


@given(ANY_TEXT)
def test_any_value_has_a_token(value: str) -> None:
    assert SEALER.token(value) == SEALER.token(value)
    assert bool(normalised(value)) == bool(value)


# The key file.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    SqliteRecord.create(tmp_path / "a.record", centre="c").close()
    return tmp_path / "a.record"


def test_the_key_file_is_made_with_the_record_for_its_owner_only(path: Path) -> None:
    key = path.with_name("a.record.key")
    assert key.stat().st_size == 32
    assert key.stat().st_mode & 0o777 == 0o600


def test_values_sealed_before_open_after_reopening(path: Path) -> None:
    with SqliteRecord.open(path) as record:
        sealed = record.sealer().seal("612 555 0100", searchable=True)
        record.append(Batch(1, (Entry(b"event"),), seals=(sealed.row,)))
    with SqliteRecord.open(path, read_only=True) as record:
        (row,) = record.seals_by_token(record.sealer().token("(612) 555-0100"))
        assert row == record.seal_row(sealed.reference)
        assert record.sealer().open(row, sealed.commitment) == "612 555 0100"


def test_without_the_key_file_events_stay_readable_and_seals_do_not_open(path: Path) -> None:
    with SqliteRecord.open(path) as record:
        record.append(Batch(1, (Entry(b"event"),), seals=(record.sealer().seal("v", searchable=False).row,)))
    path.with_name("a.record.key").unlink()
    with SqliteRecord.open(path) as record:
        assert list(record.read()) == [(1, b"event")]
        with pytest.raises(KeyMissing, match=r"events of the record stay readable.*sealed values.*do not open"):
            record.sealer()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, os.urandom(32)])
def test_a_key_file_that_is_not_the_records_is_refused(path: Path, content: bytes) -> None:
    path.with_name("a.record.key").write_bytes(content)
    with SqliteRecord.open(path) as record, pytest.raises(WrongKey, match="backup"):
        record.sealer()


def test_a_key_file_that_cannot_be_read_is_said_so(path: Path) -> None:
    key = path.with_name("a.record.key")
    key.unlink()
    key.mkdir()
    with SqliteRecord.open(path) as record, pytest.raises(RecordAccessDenied, match="ask its owner"):
        record.sealer()


def test_each_record_has_its_own_key(path: Path, tmp_path: Path) -> None:
    with SqliteRecord.create(tmp_path / "b.record", centre="c") as other, SqliteRecord.open(path) as record:
        assert other.facts["key"] != record.facts["key"]
        assert other.sealer().token("v") != record.sealer().token("v")


def test_a_key_that_could_not_be_written_leaves_no_half_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(5, "disk error")

    monkeypatch.setattr("os.fsync", failing)
    with pytest.raises(OSError, match="disk error"):
        StoreKey.create_beside(tmp_path / "a.record")
    assert list(tmp_path.iterdir()) == []
