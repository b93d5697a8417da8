"""Whatever the bytes, the reader and the layout either understand them or say what is wrong with them."""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_frame import FRAME

from everycall.policy.text import PolicyError, format_policy, read_with_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

TEXT = FRAME.encode()
PIECES = [
    b"- ", b": ", b"{", b"}", b"[", b"]", b",", b"#", b"'", b'"', b"\n", b"\n  ", b"&a ", b"*a", b"!!int ", b"|\n", b">-\n", b"? ",
    b"<<: ", b"%YAML 1.2\n", b"---\n", b"...\n", b"~", b"yes", b"unknown", b"1e9", b"0x_", b"\\x00", b"\xc2\x85", b"\t", b"\r",
    b"\xff", b"\xe2\x80\xae", b"{all: ", b"any", b"not: ", b"zone", b"time", b"as: ", b"99999999999999999999999", b"-", b"12:60",
]  # fmt: skip


def understood_or_told(text: bytes) -> None:
    """Neither may end in anything but an answer or a list of problems; what is laid out stays so."""
    laid_out = answer(lambda: format_policy(text))
    if answer(lambda: read_with_warnings(text)) is not None:
        assert laid_out is not None
    if laid_out is not None:
        assert format_policy(laid_out) == laid_out


def answer(ask: Callable[[], Answer]) -> Answer | None:
    """What it answers; none if it told problems, each with a place, what is wrong and what to do."""
    try:
        return ask()
    except PolicyError as error:
        told = error.problems
    assert told
    assert all(each.line >= 1 and each.column >= 1 and each.says and each.remedy for each in told)
    return None


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(text: bytes) -> None:
    understood_or_told(text)


@settings(deadline=None)
@given(st.text(max_size=200).map(str.encode) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))
def test_any_text(text: bytes) -> None:
    understood_or_told(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=10).map(b"".join), st.sampled_from(FRAME.split("\n")))
def test_anything_behind_any_line(text: bytes, line: str) -> None:
    understood_or_told(line.encode() + text)


def mutated(edits: list[tuple[int, int, bytes]]) -> bytes:
    text = TEXT
    for at, length, piece in edits:
        place = at % (len(text) + 1)
        text = text[:place] + piece + text[place + length :]
    return text


EDITS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 12), st.sampled_from([b"", *PIECES])), min_size=1, max_size=4
)


@settings(max_examples=30, deadline=None)
@given(EDITS)
def test_a_policy_with_a_few_places_changed(edits: list[tuple[int, int, bytes]]) -> None:
    understood_or_told(mutated(edits))


@pytest.mark.soak
@settings(max_examples=5_000, deadline=None)
@given(EDITS)
def test_many_policies_with_a_few_places_changed(edits: list[tuple[int, int, bytes]]) -> None:
    understood_or_told(mutated(edits))


WORDS = sorted({word for word in FRAME.replace(",", " ").replace("[", " ").replace("{", " ").split() if len(word) > 1})


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_a_policy_with_one_word_in_place_of_another(old: str, new: str) -> None:
    understood_or_told(FRAME.replace(old, new).encode())


def test_many_a_line_can_be_missing_or_stand_twice() -> None:
    lines = FRAME.split("\n")
    for at, line in list(enumerate(lines))[::3]:
        understood_or_told("\n".join(lines[:at] + lines[at + 1 :]).encode())
        understood_or_told("\n".join([*lines[:at], line, *lines[at:]]).encode())
