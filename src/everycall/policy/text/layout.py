"""The one layout of a policy's text: the order of keys, durations in their largest unit, 120 columns, comments kept.

Invariants:

1. Formatting never changes what the text says: reading it before and after gives the same policy, but for hash and
   line numbers.
2. Formatting what is formatted changes nothing.
3. No comment is lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.policy.text.comments import Document, Part, document_of
from everycall.policy.text.durations import duration_words, seconds_of
from everycall.policy.text.fields import CHANGED_PLAN, PLAN, POLICY, Field, Section
from everycall.policy.text.positions import Mapping, Scalar, Sequence, characters, nodes
from everycall.policy.text.problems import Problems
from everycall.policy.text.values import is_no_word, yes_or_no

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 120

_STEP: Final = 2
_LINE_FOR_EACH: Final = frozenset({"attributes", "zones", "ladders", "grants", "plans", "may_differ"})
"""Sections of which each part begins a line."""

_LINE_FOR_EACH_KEY: Final = frozenset({"rules", "add"})
"""Sections of whose parts each key begins a line."""

_PLAIN: Final = re.compile(r"([^\W]|[(/.+]|-(?=\w))[^\n]*")
_NEEDS_QUOTES: Final = re.compile(r": |:\Z| #|\A\.\.\.|\A---| \Z")
_MARKS_OF_FLOW: Final = re.compile(r"[,\[\]{}]")
_BREAK: Final = re.compile(r"(?<! ) (?! )")


def format_policy(text: bytes) -> bytes:
    """The text in its one layout. It need not be a policy yet, only YAML as this language has it.

    Raises:
        PolicyError: It is not.
    """
    problems = Problems()
    words = characters(text, problems)
    document = document_of(words, nodes(words, problems))
    return ("\n".join(_lines(document)) + "\n").encode()


def _lines(document: Document) -> Iterator[str]:
    yield from document.head
    several = False
    for place, (part, field) in enumerate(_ordered(document.parts, POLICY)):
        name = "" if part.key is None else part.key.text
        lines = _written(part, field, 0, 2 if name in _LINE_FOR_EACH_KEY else int(name in _LINE_FOR_EACH))
        before, several = several, len(lines) > 1 and bool(part.parts)
        if place and (before or several):
            yield ""
        yield from lines
    if document.tail:
        yield ""
    yield from document.tail


def _written(part: Part, field: Field | None, indent: int, spread: int) -> list[str]:
    """A part with its comments; what stands above the first key of an item goes above its dash.

    `spread` is how many levels begin a line for each of their parts.
    """
    margin = " " * indent
    if part.key is None and part.parts:
        first = _inner(part, field)[0][0]
        part.above, first.above = [*part.above, *first.above], []
    head = margin + ("-" if part.key is None else f"{_word(part.key, within_flow=False)}:")
    above = [margin + comment if comment else "" for comment in part.above]
    below = [margin + comment if comment else "" for comment in part.below]
    return above + (_in_one_line(part, field, head, spread) or _in_lines(part, field, head, indent, spread)) + below


def _in_one_line(part: Part, field: Field | None, head: str, spread: int) -> list[str]:
    """The part in one line; nothing if it takes several."""
    if part.parts and (spread or part.commented_inside()):
        return []
    line = f"{head} {_flow_of_line(part, field)}"
    if len(line) > WIDTH and (part.parts or (isinstance(part.node, Scalar) and _BREAK.search(part.node.text))):
        return []
    return [_with_beside(line, part)]


def _with_beside(line: str, part: Part) -> str:
    return "  ".join([line, *part.beside])


def _in_lines(part: Part, field: Field | None, head: str, indent: int, spread: int) -> list[str]:
    margin = " " * indent
    if isinstance(part.node, Scalar):
        return [margin + comment for comment in part.beside] + _folded(head, part.node.text, indent + _STEP)
    if isinstance(part.node, Sequence) and not spread and not part.commented_inside():
        words = [each.node for each in part.parts if isinstance(each.node, Scalar)]
        if len(words) == len(part.parts):
            return [margin + comment for comment in part.beside] + _filled(head, words, indent + _STEP)
    inner: list[str] = []
    for place, (each, its_field) in enumerate(_inner(part, field)):
        lines = _written(each, its_field, indent + _STEP, max(spread - 1, 0))
        if place and not indent and lines[0].lstrip().startswith("#"):
            inner.append("")
        inner += lines
    if part.key is not None:
        return [_with_beside(head, part), *inner]
    # An item has no line of its own for a comment: its first key stands behind the dash.
    return [*[margin + comment for comment in part.beside], f"{head} {inner[0].lstrip()}", *inner[1:]]


def _filled(head: str, words: list[Scalar], indent: int) -> list[str]:
    """A long list of words, as many to a line as fit."""
    lines: list[str] = []
    line = f"{head} ["
    for place, word in enumerate(words):
        piece = _word(word, within_flow=True) + ("]" if place == len(words) - 1 else ",")
        gap = " " if place else ""
        if place and len(line) + len(gap) + len(piece) > WIDTH:
            lines.append(line)
            line = " " * indent + piece
        else:
            line += gap + piece
    return [*lines, line]


def _folded(head: str, words: str, indent: int) -> list[str]:
    """A long text in quotes over several lines; YAML reads each break as one space."""
    lines: list[str] = []
    line = f'{head} "'
    pieces = _BREAK.split(_escaped(words))
    for place, piece in enumerate(pieces):
        ended = piece + ('"' if place == len(pieces) - 1 else "")
        if place and len(line) + 1 + len(ended) > WIDTH:
            lines.append(line)
            line = " " * indent + ended
        else:
            line += (" " if place else "") + ended
    return [*lines, line]


def _inner(part: Part, field: Field | None) -> list[tuple[Part, Field | None]]:
    """The parts within a part in the order of the layout, each with what the language says of it."""
    if field is None:
        return [(each, None) for each in part.parts]
    if field.kind == "plan" and isinstance(part.node, Mapping):
        return _ordered(part.parts, PLAN if part.node.get("as") is None else CHANGED_PLAN)
    if field.of is None:
        return [(each, None) for each in part.parts]
    if field.kind == "section":
        return _ordered(part.parts, field.of)
    kind = Field(name="", kind="list" if field.kind == "map_of_lists" else "section", means="", of=field.of)
    return [(each, kind) for each in part.parts]


def _ordered(parts: list[Part], section: Section) -> list[tuple[Part, Field | None]]:
    fields = {field.name: (place, field) for place, field in enumerate(section.fields)}
    last = (len(fields), None)
    found = [(fields.get("" if part.key is None else part.key.text, last), part) for part in parts]
    found.sort(key=lambda pair: pair[0][0])
    return [(part, field) for (_, field), part in found]


def _flow_of_line(part: Part, field: Field | None) -> str:
    """What stands behind the colon or dash; an item of one key needs no braces there."""
    if part.key is None and len(part.parts) == 1 and part.parts[0].key is not None:
        only, its_field = _inner(part, field)[0]
        return f"{_word(part.parts[0].key, within_flow=False)}: {_flow(only, its_field, within_flow=False)}"
    return _flow(part, field, within_flow=False)


def _flow(part: Part, field: Field | None, *, within_flow: bool) -> str:
    if isinstance(part.node, Scalar):
        return _value(part.node, field, within_flow=within_flow)
    inner = [
        ("" if each.key is None else f"{_word(each.key, within_flow=True)}: ")
        + _flow(each, its_field, within_flow=True)
        for each, its_field in _inner(part, field)
    ]
    return f"{{{', '.join(inner)}}}" if isinstance(part.node, Mapping) else f"[{', '.join(inner)}]"


def _value(scalar: Scalar, field: Field | None, *, within_flow: bool) -> str:
    if field is not None and field.kind in ("duration", "delay"):
        seconds = seconds_of(scalar.text)
        if seconds is not None:
            return duration_words(seconds)
    if field is not None and field.kind in ("flag", "true"):
        said = yes_or_no(scalar)
        if said is not None:
            return "true" if said else "false"
    return _word(scalar, within_flow=within_flow)


def _word(scalar: Scalar, *, within_flow: bool) -> str:
    """The word without quotes where it can do without, and where they do not change its kind."""
    words = scalar.text
    if scalar.plain and is_no_word(words):
        return words or "null"
    quoted_word = not scalar.plain and (is_no_word(words) or words in ("yes", "no"))
    if (
        quoted_word
        or not _PLAIN.fullmatch(words)
        or _NEEDS_QUOTES.search(words)
        or (within_flow and _MARKS_OF_FLOW.search(words))
    ):
        return f'"{_escaped(words)}"'
    return words


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"')
