"""Keys as texts and files: one spelling, no weak ones, secrets that stay secret."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tree_keys import LOG, PAPER, by_hand

from everycall.record.tree import (
    Algorithm,
    Fault,
    InvalidKey,
    KeyFileExists,
    KeyFileExposed,
    KeyFileUnreadable,
    SigningKey,
    TreeError,
    VerifierKey,
    read_signing_key,
    write_signing_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "centre.example/record"
SECRET = b"\x11" * 32
KEY_ID, PUBLIC = by_hand(NAME, 1, SECRET)


def text(name: str = NAME, key_id: str | None = None, data: bytes = b"\x01" + PUBLIC) -> str:
    """The text of a key, right unless told otherwise."""
    return f"{name}+{KEY_ID.hex() if key_id is None else key_id}+{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(("key", "algorithm", "secret"), [(LOG, 1, b"\x11" * 32), (PAPER, 4, b"\x21" * 32)])
def test_both_texts_of_a_key_are_as_the_standard_writes_them(key: SigningKey, algorithm: int, secret: bytes) -> None:
    name = key.verifier.name
    key_id, public = by_hand(name, algorithm, secret)
    whole = bytes([algorithm])
    assert key.verifier.encode() == f"{name}+{key_id.hex()}+{base64.b64encode(whole + public).decode()}"
    assert key.encode() == f"PRIVATE+KEY+{name}+{key_id.hex()}+{base64.b64encode(whole + secret).decode()}"
    assert VerifierKey.parse(key.verifier.encode()) == key.verifier
    assert SigningKey.parse(key.encode()).encode() == key.encode()


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_new_key_is_random_and_signs_what_its_public_key_verifies(algorithm: Algorithm) -> None:
    key, other = SigningKey.make(NAME, algorithm), SigningKey.make(NAME, algorithm)
    assert key.encode() != other.encode()
    assert key.verifier.verifies(b"message", key.sign(b"message"))
    assert not key.verifier.verifies(b"message", other.sign(b"message"))
    assert not key.verifier.verifies(b"massage", key.sign(b"message"))


def test_a_secret_shows_in_no_repr_and_no_error() -> None:
    assert LOG.encode().split("+")[-1] not in repr(LOG) + str(LOG) + str(vars(TreeError))
    encoded = LOG.encode()
    for broken in (
        encoded[:-1],
        encoded + "=",
        encoded.replace(LOG.verifier.key_id.hex(), "01234567"),
        encoded[8:],
        encoded + "\n",
        encoded[:-4],
    ):
        with pytest.raises(InvalidKey) as caught:
            SigningKey.parse(broken)
        assert encoded[-40:-8] not in f"{caught.value} {caught.value!r} {caught.value.__context__}"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("spelled", "fault"),
    [
        ("", Fault.BAD_LINE),
        (NAME, Fault.BAD_LINE),
        (f"{NAME}+{KEY_ID.hex()}", Fault.BAD_LINE),
        (text(name=""), Fault.BAD_NAME),
        (text(name="two words"), Fault.BAD_NAME),
        (text(name="a\tb"), Fault.BAD_NAME),
        (text(name="a\nb"), Fault.BAD_NAME),
        (text(name="a\u00a0b"), Fault.BAD_NAME),
        (text(name="a\u200bb"), Fault.BAD_NAME),
        (text(name="a\u202eb"), Fault.BAD_NAME),
        (text(name="a\x7fb"), Fault.BAD_NAME),
        (text(name="\ud800"), Fault.BAD_NAME),
        (text(name="a+b"), Fault.BAD_NUMBER),
        (text(name="x" * 256), Fault.BAD_NAME),
        (text(name="x" * 600), Fault.TOO_LONG),
        (" " + text(), Fault.BAD_NAME),
        ("\ufeff" + text(), Fault.BAD_NAME),
        ("PRIVATE+KEY+" + text(), Fault.BAD_NUMBER),
        (text(key_id=""), Fault.BAD_NUMBER),
        (text(key_id=KEY_ID.hex()[:7]), Fault.BAD_NUMBER),
        (text(key_id="0" + KEY_ID.hex()), Fault.BAD_NUMBER),
        (text(key_id=KEY_ID.hex().upper()), Fault.BAD_NUMBER),
        (text(key_id="0x" + KEY_ID.hex()[2:]), Fault.BAD_NUMBER),
        (text(key_id=" " + KEY_ID.hex()[1:]), Fault.BAD_NUMBER),
        (text(key_id="_" + KEY_ID.hex()[1:]), Fault.BAD_NUMBER),
        (text(key_id="\uff11" + KEY_ID.hex()[1:]), Fault.BAD_NUMBER),
        (text(key_id="00000000"), Fault.WRONG_KEY_ID),
        (text(key_id=by_hand(NAME, 4, SECRET)[0].hex()), Fault.WRONG_KEY_ID),
        (text(name="other.example"), Fault.WRONG_KEY_ID),
        (f"{NAME}+{KEY_ID.hex()}+", Fault.WRONG_LENGTH),
        (text(data=b"\x01"), Fault.WRONG_LENGTH),
        (text(data=b"\x01" + PUBLIC[:31]), Fault.WRONG_LENGTH),
        (text(data=b"\x01" + PUBLIC + b"\x00"), Fault.WRONG_LENGTH),
        (text(data=PUBLIC), Fault.UNKNOWN_ALGORITHM),
        (text(data=b"\x00" + PUBLIC), Fault.UNKNOWN_ALGORITHM),
        (text(data=b"\x02" + PUBLIC), Fault.UNKNOWN_ALGORITHM),
        (text(data=b"\x06" + PUBLIC), Fault.UNKNOWN_ALGORITHM),
        (text(data=b"\xff" + PUBLIC), Fault.UNKNOWN_ALGORITHM),
        (text(data=b"\x04" + PUBLIC), Fault.WRONG_KEY_ID),
        (text() + "=", Fault.BAD_BASE64),
        (text() + " ", Fault.BAD_BASE64),
        (text() + "\n", Fault.BAD_BASE64),
        (text() + "\r\n", Fault.BAD_BASE64),
        (text() + "\x00", Fault.BAD_BASE64),
        (text()[:-1], Fault.BAD_BASE64),
        (text()[:-1] + "-", Fault.BAD_BASE64),
        (text()[:-1] + "_", Fault.BAD_BASE64),
        (text().replace("+", "-"), Fault.BAD_LINE),
    ],
)
def test_what_is_not_exactly_a_public_key_is_refused(spelled: str, fault: Fault) -> None:
    with pytest.raises(InvalidKey) as caught:
        VerifierKey.parse(spelled)
    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("spelled", "fault"),
    [
        ("", Fault.BAD_LINE),
        (text(), Fault.BAD_LINE),
        ("private+key+" + text(data=b"\x01" + SECRET), Fault.BAD_LINE),
        (" PRIVATE+KEY+" + text(data=b"\x01" + SECRET), Fault.BAD_LINE),
        ("PRIVATE+KEY+", Fault.BAD_LINE),
        ("PRIVATE+KEY+" + text(), Fault.WRONG_KEY_ID),
        ("PRIVATE+KEY+" + text(data=b"\x04" + SECRET), Fault.WRONG_KEY_ID),
        ("PRIVATE+KEY+" + text(data=b"\x05" + SECRET), Fault.UNKNOWN_ALGORITHM),
        ("PRIVATE+KEY+" + text(data=b"\x01" + SECRET + PUBLIC), Fault.WRONG_LENGTH),
        ("PRIVATE+KEY+" + text(data=b"\x01" + SECRET) + "\n", Fault.BAD_BASE64),
        ("PRIVATE+KEY+PRIVATE+KEY+" + text(data=b"\x01" + SECRET), Fault.BAD_NUMBER),
        ("PRIVATE+KEY+" + text(name="x" * 700, data=b"\x01" + SECRET), Fault.TOO_LONG),
    ],
)
def test_what_is_not_exactly_a_secret_key_is_refused(spelled: str, fault: Fault) -> None:
    with pytest.raises(InvalidKey) as caught:
        SigningKey.parse(spelled)
    assert caught.value.fault == fault


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_not_made(length: int) -> None:
    for make in (VerifierKey, SigningKey):
        with pytest.raises(InvalidKey) as caught:
            make(NAME, Algorithm.ED25519, bytes(length))
        assert caught.value.fault == Fault.WRONG_LENGTH


P = 2**255 - 19


def _y_of_order_8() -> list[int]:
    """By another way than the check: the square roots of (-1 ± √(1 + d)) / d, which double to y = 0."""
    d = -121665 * pow(121666, -1, P) % P
    root = next(r for r in _square_roots((1 + d) % P))
    found = []
    for sign in (1, -1):
        found += _square_roots((-1 + sign * root) * pow(d, -1, P) % P)
    return found


def _square_roots(square: int) -> list[int]:
    candidate = pow(square, (P + 3) // 8, P)
    for root in (candidate, candidate * pow(2, (P - 1) // 4, P) % P):
        if root * root % P == square:
            return [root, P - root]
    return []


def test_points_for_which_anybody_can_sign_are_refused() -> None:
    """With such a key, R = S·B is a good signature over one message in eight or more, without any secret."""
    weak = [0, 1, P - 1, *_y_of_order_8()]
    assert len(weak) == 5
    for y in weak:
        for sign in (0, 2**255):
            with pytest.raises(InvalidKey) as caught:
                VerifierKey(NAME, Algorithm.ED25519, (y + sign).to_bytes(32, "little"))
            assert caught.value.fault == Fault.WEAK_KEY


def test_second_spellings_of_a_point_and_points_off_the_curve_are_refused() -> None:
    off = next(y for y in range(2, 50) if not _x_squares(y))
    for public in [P, P + 1, P + 2, 2**255 - 1, 2**256 - 1, off]:
        with pytest.raises(InvalidKey) as caught:
            VerifierKey(NAME, Algorithm.ED25519, public.to_bytes(32, "little"))
        assert caught.value.fault == Fault.WEAK_KEY


def _x_squares(y: int) -> list[int]:
    d = -121665 * pow(121666, -1, P) % P
    return _square_roots((y * y - 1) * pow(d * y * y + 1, -1, P) % P)


def test_no_real_key_is_taken_for_a_weak_one() -> None:
    for _ in range(200):
        public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert VerifierKey(NAME, Algorithm.ED25519, public).public == public


def test_a_key_file_is_one_line_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    old = os.umask(0)
    try:
        write_signing_key(path, LOG)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text("ascii") == LOG.encode() + "\n"
    assert read_signing_key(path).encode() == LOG.encode()


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    write_signing_key(path, LOG)
    before = path.read_bytes()
    with pytest.raises(KeyFileExists, match="left alone"):
        write_signing_key(path, PAPER)
    assert path.read_bytes() == before
    dangling = tmp_path / "dangling.key"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(KeyFileExists):
        write_signing_key(dangling, PAPER)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644, 0o610, 0o601])
def test_a_key_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "log.key"
    write_signing_key(path, LOG)
    path.chmod(mode)
    with pytest.raises(KeyFileExposed, match="chmod 600"):
        read_signing_key(path)


def test_what_is_not_a_readable_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match="No such file"):
        read_signing_key(tmp_path / "missing.key")
    with pytest.raises(KeyFileUnreadable):
        read_signing_key(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(KeyFileUnreadable, match="is not a file"):
        read_signing_key(pipe)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda _: b"", Fault.NO_FINAL_NEWLINE),
        (lambda _: b"\n", Fault.BAD_LINE),
        (lambda data: data[:-1], Fault.NO_FINAL_NEWLINE),
        (lambda data: data + b"\n", Fault.BAD_BASE64),
        (lambda data: data[:-1] + b"\r\n", Fault.BAD_BASE64),
        (lambda data: data + data, Fault.BAD_BASE64),
        (lambda data: b"\n" + data, Fault.BAD_LINE),
        (lambda data: b"\xef\xbb\xbf" + data, Fault.BAD_LINE),
        (lambda data: b"\xff" + data, Fault.NOT_UTF8),
        (lambda data: data * 100, Fault.TOO_LONG),
        (lambda data: data.decode().encode("utf-16"), Fault.NO_FINAL_NEWLINE),
    ],
)
def test_a_file_that_is_not_exactly_a_key_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], fault: Fault
) -> None:
    path = tmp_path / "log.key"
    path.touch(0o600)
    path.write_bytes(change(LOG.encode().encode() + b"\n"))
    with pytest.raises(InvalidKey) as caught:
        read_signing_key(path)
    assert caught.value.fault == fault
