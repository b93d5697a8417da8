"""The comments of a text, and the part of it that each belongs to.

A comment beside something belongs to the largest part that ends on its line, else to the key that opens there. A
comment on a line of its own belongs to what follows; where it is indented deeper than that, to what it follows. Two
comments beside one thing, and long ones, go above it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from everycall.policy.text.positions import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_BESIDE: Final = 60
"""Characters of a comment that may stand beside something; a longer one goes above it."""


@dataclass(slots=True)
class Part:
    """One entry of a map (`key` and what it says) or one item of a list, with the comments that belong to it.

    A bare item is a map without brackets behind a dash: its first line is that of its first key.
    """

    key: Scalar | None
    node: Node
    start: int
    line: int
    column: int
    end: int
    end_line: int
    within_flow: bool
    bare_item: bool
    parts: list[Part]
    above: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)

    def commented_inside(self) -> bool:
        """Whether anything within it bears a comment."""
        return any(part.above or part.beside or part.below or part.commented_inside() for part in self.parts)


@dataclass(frozen=True, slots=True)
class Document:
    """The parts of the outermost map, and the comments before and after everything.

    An empty line between comments, or after the first of them, is kept as an empty comment.
    """

    parts: list[Part]
    head: tuple[str, ...]
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Comment:
    start: int
    line: int
    column: int
    alone: bool
    words: str


def document_of(words: str, outermost: Mapping) -> Document:
    """The parts of a text with its comments."""
    ends = [at for at, character in enumerate(words) if character == "\n"]
    parts = _parts(words, ends, outermost, within_flow=False)
    every = sorted(_every(parts), key=lambda part: part.start)  # stable: an outer part before its first inner one
    starts = [part.start for part in every]
    head: list[str] = []
    tail: list[str] = []
    home, line, last_of_head = tail, 0, 0
    for comment in _comments(words, outermost):
        at = bisect_right(starts, comment.start)
        if at and not comment.alone:
            _beside(every, at, comment).beside.append(comment.words)
            continue
        before, home = home, _home(every, at, comment, tail) if at else head
        if home is before and home and comment.line > line + 1:
            home.append("")
        home.append(comment.words)
        line = comment.line
        last_of_head = line if home is head else last_of_head
    if head and every[0].line > last_of_head + 1:
        head.append("")
    for part in every:
        if len(part.beside) > 1 or any(len(words) > LONGEST_BESIDE for words in part.beside):
            part.above += part.beside
            part.beside = []
    return Document(parts, tuple(head), tuple(tail))


def _home(every: list[Part], at: int, comment: _Comment, tail: list[str]) -> list[str]:
    """The list that a comment on a line of its own goes to."""
    following = every[at] if at < len(every) else None
    before = next(
        (
            part
            for part in map(every.__getitem__, range(at - 1, -1, -1))
            if part.column <= comment.column and not part.within_flow
        ),
        every[0],
    )
    if following is not None and before.column <= following.column:
        return following.above
    if following is None and before.column <= every[0].column:
        return tail
    return before.below


def _beside(every: list[Part], at: int, comment: _Comment) -> Part:
    here = at
    while here > 0 and every[here - 1].line == comment.line:
        here -= 1
    on_line = every[here:at]
    ended = [
        part for part in on_line if part.end <= comment.start and part.end_line == comment.line and not part.bare_item
    ]
    if ended:
        return ended[0]
    return every[at - 1]


def _every(parts: list[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from _every(part.parts)


def _parts(words: str, ends: list[int], node: Node, *, within_flow: bool) -> list[Part]:
    if isinstance(node, Scalar):
        return []
    flow = within_flow or words[node.start] in "{["
    if isinstance(node, Mapping):
        return [_part(words, ends, key, value, key, key.column, within_flow=flow) for key, value in node.entries]
    return [
        _part(words, ends, None, item, item, item.column if flow else node.column, within_flow=flow)
        for item in node.items
    ]


def _part(
    words: str, ends: list[int], key: Scalar | None, node: Node, first: Node, column: int, *, within_flow: bool
) -> Part:
    parts = _parts(words, ends, node, within_flow=within_flow)
    block = parts and words[node.start] not in "{["
    end = parts[-1].end if block else node.end
    return Part(
        key=key,
        node=node,
        start=first.start,
        line=first.line,
        column=column,
        end=end,
        end_line=bisect_right(ends, end - 1) + 1,
        within_flow=within_flow,
        bare_item=key is None and bool(block),
        parts=parts,
    )


def _comments(words: str, outermost: Mapping) -> Iterator[_Comment]:
    """Every `#` outside of the words of the text begins a comment, which runs to the end of the line."""
    place = 0
    line = 1
    for scalar in [*_scalars(outermost), None]:
        end = len(words) if scalar is None else scalar.start
        while (found := words.find("#", place, end)) >= 0:
            line += words.count("\n", place, found)
            close = words.find("\n", found)
            close = len(words) if close < 0 else close
            begin = words.rfind("\n", 0, found) + 1
            yield _Comment(
                start=found,
                line=line,
                column=found - begin + 1,
                alone=not words[begin:found].strip(),
                words=words[found:close].rstrip(),
            )
            place = close
        if scalar is not None:
            line += words.count("\n", place, scalar.end)
            place = scalar.end


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.entries:
            yield key
            yield from _scalars(value)
    else:
        for item in node.items:
            yield from _scalars(item)
