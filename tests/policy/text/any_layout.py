"""Writes what a text says in any layout: block or flow, quotes or none, keys in any order, comments anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.text.durations import seconds_of
from everycall.policy.text.positions import Mapping, Node, Scalar, Sequence, characters, nodes
from everycall.policy.text.problems import Problems
from everycall.policy.text.values import is_no_word

if TYPE_CHECKING:
    from random import Random

_ORDERED_FREELY = ("everycall_policy", "rule", "kind", "priority", "because", "tell", "act")


class AnyLayout:
    """One way to write a text, drawn from `rng`; `comments` are those that it put in."""

    def __init__(self, rng: Random, *, comments: float) -> None:
        self._rng = rng
        self._chance = comments
        self.comments: list[str] = []

    def write(self, text: str) -> str:
        problems = Problems()
        lines = self._block(nodes(characters(text.encode(), problems), problems), 0)
        return "\n".join([*lines, *self._alone(0)]) + "\n"

    def _comment(self) -> str:
        odd = self._rng.choice(["", " " + "long " * 14 + "one", " a: b", " - [x", ' it\'s "so"', " # {"])
        self.comments.append(f"# {len(self.comments)}{odd}")
        return self.comments[-1]

    def _alone(self, indent: int) -> list[str]:
        lines: list[str] = []
        while self._rng.random() < self._chance:
            if self._rng.random() < 0.3:
                lines.append("")
            lines.append(" " * self._rng.choice([0, indent, indent, indent + 2, indent + 5]) + self._comment())
            if self._rng.random() < 0.3:
                lines.append("")
        return lines

    def _beside(self) -> str:
        return "  " + self._comment() if self._rng.random() < self._chance else ""

    def _entries(self, node: Mapping) -> list[tuple[Scalar, Node]]:
        entries = list(node.entries)
        if any(key.text in _ORDERED_FREELY for key, _ in entries):
            self._rng.shuffle(entries)
        return entries

    def _word(self, scalar: Scalar, *, flow: bool) -> str:
        text = scalar.text
        if scalar.plain and is_no_word(text):
            return text
        seconds = seconds_of(text)
        if seconds is not None and self._rng.random() < 0.5:
            return f"{seconds} s"
        quote = self._rng.random()
        plain = scalar.plain and not (flow and any(mark in text for mark in ",[]{}"))
        if text in ("yes", "no") or (plain and quote < 0.7):
            return text
        if quote < 0.85 and "'" not in text:
            return f"'{text}'"
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def _block(self, node: Node, indent: int) -> list[str]:
        margin = " " * indent
        lines: list[str] = []
        if isinstance(node, Mapping):
            for key, value in self._entries(node):
                lines += self._alone(indent)
                lines += self._behind(f"{margin}{self._word(key, flow=False)}:", value, indent)
        elif isinstance(node, Sequence):
            for item in node.items:
                lines += self._alone(indent)
                if isinstance(item, Mapping) and item.entries and self._rng.random() < 0.6:
                    inner = self._block(item, indent + 2)
                    first = next(at for at, line in enumerate(inner) if line and not line.lstrip().startswith("#"))
                    lines += [*inner[:first], f"{margin}- {inner[first][indent + 2 :]}", *inner[first + 1 :]]
                else:
                    lines += self._behind(f"{margin}-", item, indent)
        return lines

    def _behind(self, head: str, node: Node, indent: int) -> list[str]:
        if isinstance(node, Scalar):
            return [f"{head} {self._word(node, flow=False)}{self._beside()}"]
        empty = not (node.entries if isinstance(node, Mapping) else node.items)
        if empty or self._rng.random() < 0.5 or (head.endswith("-") and isinstance(node, Sequence)):
            return [f"{head} {self._flow(node, indent + 2)}{self._beside()}"]
        return [head + self._beside(), *self._block(node, indent + self._rng.choice([1, 2, 4]))]

    def _flow(self, node: Node, indent: int) -> str:
        if isinstance(node, Scalar):
            return self._word(node, flow=True)
        pieces: list[str] = []
        if isinstance(node, Mapping):
            pieces = [f"{self._word(k, flow=True)}: {self._flow(v, indent + 2)}" for k, v in self._entries(node)]
        else:
            pieces = [self._flow(item, indent + 2) for item in node.items]
        written = ""
        for at, piece in enumerate(pieces):
            written += piece + ("," if at < len(pieces) - 1 else "")
            if self._rng.random() < 0.15:
                beside = self._beside()
                written += beside + "\n" + " " * indent
            elif at < len(pieces) - 1:
                written += " "
        return f"{{{written}}}" if isinstance(node, Mapping) else f"[{written}]"
