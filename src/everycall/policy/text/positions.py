"""YAML 1.2 as plain nodes that know where they stand: maps, lists and words, and nothing that hides what a text says.

Invariants:

1. A text means the same to every YAML 1.2 reader: what readers disagree about (duplicate keys), what makes one place
   speak for another (anchors, aliases, merge keys) and what changes a word's kind (tags, directives) is refused.
2. Nothing invisible: control characters and marks that turn the direction of writing are refused, written or escaped.
3. Bounded: the size of the text, its depth and the number of its nodes.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from everycall.policy.text.problems import Problems, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a text: 5,000 rules need less than half of it."""

DEEPEST: Final = 30
"""Maps and lists within each other."""

MOST_NODES: Final = 500_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or sentence. `start` and `end` are its place in the characters of the text, quotes included."""

    line: int
    column: int
    text: str
    plain: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and what they say, in the order of the text; no key twice."""

    line: int
    column: int
    entries: tuple[tuple[Scalar, Node], ...]
    start: int
    end: int

    def get(self, key: str) -> Node | None:
        """What this key says."""
        return next((value for name, value in self.entries if name.text == key), None)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class _Spot:
    line: int
    column: int


def characters(text: bytes, problems: Problems) -> str:
    """The characters of a text, lines ended by a line feed.

    Raises:
        PolicyError: It is too large, empty, not UTF-8, or has characters that nobody can see.
    """
    top = _Spot(1, 1)
    if len(text) > LARGEST:
        problems.add(top, f"The text has {len(text)} bytes; {LARGEST} is the most.", "Split the policy or shorten it.")
        problems.settle()
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        problems.add(_Spot(line, 1), "The text is not in UTF-8.", "Save it as UTF-8, without a byte order mark.")
        problems.settle()
    words = words.replace("\r\n", "\n")
    if not words.isascii() or not words.replace("\n", "").isprintable():
        _look_for_hidden(words, problems)
    if not words.strip():
        problems.add(top, "The text is empty.", "Begin with `everycall policy new`.")
    problems.settle()
    return words


def _look_for_hidden(words: str, problems: Problems) -> None:
    for number, line in enumerate(words.split("\n"), start=1):
        for column, character in enumerate(line, start=1):
            if hidden(character):
                problems.add(_Spot(number, column), *_hidden_words(character))
                break


def hidden(character: str) -> bool:
    """Whether a reader of the page could not see it, or would see the rest in another order.

    Joiners (U+200C, U+200D) are let through: some scripts cannot be written without them.
    """
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\u200c\u200d"


def _hidden_words(character: str) -> tuple[str, str]:
    if character == "\t":
        return "There is a tab.", "Use spaces."
    if character == "\ufeff":
        return "There is a byte order mark.", "Save the text as UTF-8 without it."
    name = unicodedata.name(character, "a control character").lower()
    return f"There is a character that nobody can see: U+{ord(character):04X} ({name}).", "Delete it."


def nodes(words: str, problems: Problems) -> Mapping:
    """The outermost map of a text.

    Raises:
        PolicyError: It is no YAML, or YAML that would say other than it seems to.
    """
    try:
        outermost = _Composer(words, problems).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = _Spot(1, 1) if mark is None else _Spot(mark.line + 1, mark.column + 1)
        problems.add(spot, f"This is not YAML: {error.problem or error.context}.", _yaml_remedy(error.problem or ""))
    except (YAMLError, ValueError, OverflowError) as error:
        problems.add(_Spot(1, 1), f"This is not YAML: {quoted(str(error))}.", "Look for an odd escape or character.")
    else:
        if isinstance(outermost, Mapping) and outermost.entries:
            problems.settle()
            return outermost
        problems.add(outermost, "A policy is a map of keys.", "Begin with 'everycall_policy: 1'.")
    problems.settle()
    raise AssertionError  # pragma: no cover - settling has raised


def _yaml_remedy(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "Put a text that has a colon in it in quotes, and look at the indentation."
    if "cannot start any token" in problem:
        return "Put a text that begins with such a sign in quotes."
    return "Look at the indentation, brackets and quotes here and on the line before."


class _Composer:
    """Makes nodes of the parser's events."""

    def __init__(self, words: str, problems: Problems) -> None:
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(words))
        self._problems = problems
        self._count = 0

    def document(self) -> Node:
        """The one document of the text."""
        outermost: Node = Scalar(1, 1, "", plain=True, start=0, end=0)
        seen = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                seen += 1
                if event.version or event.tags:
                    self._problems.add(
                        _spot(event), "There is a YAML directive.", "Delete the line that begins with '%'."
                    )
                if seen > 1:
                    self._problems.add(
                        _spot(event), "A second document begins here.", "Keep one policy a file; delete the '---'."
                    )
                    self._problems.settle()
            elif not isinstance(event, (StreamStartEvent, DocumentEndEvent, StreamEndEvent)):
                outermost = self._node(event, 0)
        return outermost

    def _node(self, event: Event, depth: int) -> Node:
        spot = _spot(event)
        self._count += 1
        if self._count > MOST_NODES:
            self._problems.add(spot, f"There are more than {MOST_NODES} words here.", "Shorten the policy.")
            self._problems.settle()
        if depth > DEEPEST:
            self._problems.add(spot, f"Maps and lists lie more than {DEEPEST} deep in each other.", "Split the rule.")
            self._problems.settle()
        self._refuse_indirection(event, spot)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, spot)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, spot, depth)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, spot, depth)
        return Scalar(spot.line, spot.column, "", plain=False, start=_start(event), end=_end(event))

    def _refuse_indirection(self, event: Event, spot: _Spot) -> None:
        if isinstance(event, AliasEvent):
            self._problems.add(
                spot, f"'*{event.anchor}' repeats another place of the text.", "Write out what is meant."
            )
        elif isinstance(event, NodeEvent) and event.anchor is not None:
            self._problems.add(
                spot,
                f"'&{event.anchor}' names this place for repeating.",
                "Delete it; use the named plans and ladders.",
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problems.add(spot, f"The tag {quoted(str(tag))} changes a word's kind.", "Delete it.")

    def _scalar(self, event: ScalarEvent, spot: _Spot) -> Scalar:
        if event.style in ("|", ">"):
            self._problems.add(
                spot, f"Texts in the '{event.style}' form are not read here.", "Write it behind the colon, in quotes."
            )
        elif any(map(hidden, event.value)):
            self._problems.add(
                spot,
                "The text has an empty line or a character that nobody can see.",
                "Write it as one paragraph without escapes.",
            )
        return Scalar(
            spot.line, spot.column, event.value, plain=event.style is None, start=_start(event), end=_end(event)
        )

    def _sequence(self, event: Event, spot: _Spot, depth: int) -> Sequence:
        items: list[Node] = []
        following = next(self._events)
        while not isinstance(following, SequenceEndEvent):
            items.append(self._node(following, depth + 1))
            following = next(self._events)
        return Sequence(spot.line, spot.column, tuple(items), start=_start(event), end=_end(following))

    def _mapping(self, event: Event, spot: _Spot, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        lines: dict[str, int] = {}
        following = next(self._events)
        while not isinstance(following, MappingEndEvent):
            key = self._node(following, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if isinstance(value, Scalar) and value.start == value.end:
                value = replace(value, line=key.line, column=key.column)  # nothing stands nowhere: name the key
            following = next(self._events)
            if not isinstance(key, Scalar):
                self._problems.add(key, "A key is a map or a list.", "Write a plain word before the colon.")
            elif key.text == "<<":
                self._problems.add(key, "'<<' merges another place of the text into this.", "Write out what is meant.")
            elif key.text in lines:
                self._problems.add(
                    key,
                    f"{quoted(key.text)} stands here twice (first on line {lines[key.text]}).",
                    "Keep one of them; for two conditions on one attribute write them as a list under 'all'.",
                )
            else:
                lines[key.text] = key.line
                entries.append((key, value))
        return Mapping(spot.line, spot.column, tuple(entries), start=_start(event), end=_end(following))


def _spot(event: Event) -> _Spot:
    return _Spot(event.start_mark.line + 1, event.start_mark.column + 1)


def _start(event: Event) -> int:
    place: int = event.start_mark.index
    return place


def _end(event: Event) -> int:
    place: int = event.end_mark.index
    return place
