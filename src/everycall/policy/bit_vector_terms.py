"""Pieces of SMT-LIB 2 text: symbols, constants, connectives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TRUE: Final = "true"
FALSE: Final = "false"

_OUTSIDE: Final = re.compile(r"[^A-Za-z0-9 ._-]")


def comment_word(text: str) -> str:
    """A text within one line of ASCII, without quotes; different texts stay different."""
    return _OUTSIDE.sub(lambda found: f"%{ord(found[0]):X};", text)


def symbol(*parts: str) -> str:
    """A quoted symbol; different parts make different symbols."""
    return f"|{':'.join([comment_word(part) for part in parts])}|"


def width_of(count: int) -> int:
    """How many bits so many codes take."""
    return max(1, (count - 1).bit_length())


def literal(number: int, width: int) -> str:
    """A bit-vector constant."""
    return f"#b{number:0{width}b}"


def negation(part: str) -> str:
    """The opposite."""
    return {TRUE: FALSE, FALSE: TRUE}.get(part) or f"(not {part})"


def conjunction(parts: Iterable[str]) -> str:
    """All of these."""
    return _combined("and", parts, nothing=TRUE, enough=FALSE)


def disjunction(parts: Iterable[str]) -> str:
    """Any of these."""
    return _combined("or", parts, nothing=FALSE, enough=TRUE)


def _combined(operator: str, parts: Iterable[str], *, nothing: str, enough: str) -> str:
    left = [part for part in parts if part != nothing]
    if enough in left:
        return enough
    if not left:
        return nothing
    return left[0] if len(left) == 1 else f"({operator} {' '.join(left)})"


def runs(values: int) -> Iterator[tuple[int, int]]:
    """The unbroken stretches of a set of codes: the first and the last of each."""
    start = 0
    while values:
        skipped = (values & -values).bit_length() - 1
        values >>= skipped
        start += skipped
        length = (~values & (values + 1)).bit_length() - 1
        yield start, start + length - 1
        values >>= length
        start += length
