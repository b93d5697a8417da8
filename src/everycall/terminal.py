r"""What a terminal is given: words from outside are shown, and never obeyed.

An export's cell, a file's name, or what somebody said into the record may hold control characters, which a
terminal obeys (it clears the screen, moves the cursor, changes its title), or bidirectional overrides, which
make a line read as it does not stand (CVE-2021-42574). They are shown as escapes: `\x1b`, `\u202e`.

The escapes are for the eye: a backslash that stood there stays as it is, so they are not to be read back.
JSON says the same by its own escapes and reads back as it was. Tables that are written keep every character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType
    from rich.text import Text

_STEERING: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: among them ESC, CSI, and the ends of lines
    "\xad\u061c\u180e\u200b\u200e\u200f"  # unseen marks; the joiners U+200C and U+200D are part of writing
    "\u2028\u2029"  # line and paragraph separator
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"  # unseen operators, the byte order mark, annotations
    "\ud800-\udfff"  # halves of a pair: what a file's name holds that is no text
    "\U000e0000-\U000e007f"  # tags: letters that nobody sees
    "]"
)
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_LATIN_1: Final = 0x100
_ONE_UNIT: Final = 0x10000


def visible(text: str, *, lines: bool = False) -> str:
    """A text with all that would steer a terminal shown as escapes; the same text where there is nothing such.

    Args:
        text: words from outside.
        lines: ends of lines are the layout's own and stay.
    """
    if text.isprintable():
        return text
    if lines:
        return "\n".join(_STEERING.sub(_escape, line) for line in text.split("\n"))
    return _STEERING.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    letter = found.group()
    code = ord(letter)
    if code >= _ONE_UNIT:
        return f"\\U{code:08x}"
    return _SHORT.get(letter) or (f"\\x{code:02x}" if code < _LATIN_1 else f"\\u{code:04x}")


def json_text(encoded: bytes) -> str:
    """JSON laid out for people, whose strings hold nothing that steers a terminal; it reads back the same."""
    text = msgspec.json.format(encoded, indent=2).decode()
    return "\n".join(_STEERING.sub(_json_escape, line) for line in text.split("\n"))


def _json_escape(found: re.Match[str]) -> str:
    # Outside its strings JSON is ASCII, so what is found stands in a string.
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))


class Terminal(Console):
    """A console below which nothing that is printed steers the terminal; its own colours and cursor do.

    It is the net. Who prints words from outside passes them through `visible` first, so that an end of line in
    them makes no line of its own and columns keep their width.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments as they are printed, each of whose texts is visible."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(visible(text, lines=True), style)

    def render_str(self, text: str, **how: object) -> Text:
        """A string as text; before rich takes out the few control characters that it knows."""
        return super().render_str(visible(text, lines=True), **how)  # type: ignore[arg-type]  # passed on as given


def printer() -> Terminal:
    """What a verb prints its results on."""
    return Terminal(highlight=False, emoji=False)


def errors() -> Terminal:
    """What a verb tells its troubles on: each in one line, however wide."""
    return Terminal(stderr=True, highlight=False, emoji=False, soft_wrap=True)
