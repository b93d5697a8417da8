"""Words from outside (an export's cells, what was said in the record) never steer the reader's terminal."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from everycall.terminal import Terminal, json_text, visible

STEERING = ("Cc", "Cs", "Zl", "Zp")
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[2J\x1b[31mnothing happened", r"\x1b[2J\x1b[31mnothing happened"),
        ("\x1b]0;a title\x07", r"\x1b]0;a title\x07"),
        ("an 8-bit CSI \x9b2J", r"an 8-bit CSI \x9b2J"),
        ("two\nlines\r\x08\tand\x00", r"two\nlines\r\x08\tand\x00"),
        ("AB\u202eDC\u2066", r"AB\u202eDC\u2066"),
        ("a mark \ufeff, a tag \U000e0041", r"a mark \ufeff, a tag \U000e0041"),
        ("a name that is no text: \udce9", r"a name that is no text: \udce9"),
        ("a line\u2028separator", r"a line\u2028separator"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_as_an_escape(said: str, shown: str) -> None:
    assert visible(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Main St / 3rd [north]",
        r"C:\x1b",
        "a\u00a0b",
        "Straße, naïve, Łódź",
        "שלום",
        "عربى",
        "می‌خواهم",
        "क्‍ष",
        "火事",
        "👩‍🚒",
        "é",
    ],
)
def test_writing_of_every_script_stays_as_it_is(said: str) -> None:
    assert visible(said) == said


def test_every_character_that_steers_or_turns_is_made_visible_and_every_letter_is_not() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        category = unicodedata.category(letter)
        if category in STEERING or unicodedata.bidirectional(letter) in TURNING:
            assert visible(letter) != letter, hex(code)
        elif category[0] in "LMNPS" or category == "Zs":
            assert visible(letter) == letter, hex(code)


@given(st.text())
def test_it_is_done_once_however_often_it_is_asked_for(said: str) -> None:
    shown = visible(said)
    assert visible(shown) == shown
    assert not any(unicodedata.category(letter) in STEERING for letter in shown)


def test_lines_of_our_own_stay_lines() -> None:
    assert visible("one\ntwo\x1b", lines=True) == "one\ntwo\\x1b"


def printed(*, markup: bool) -> str:
    """The same words by every way on which something can be printed."""
    out = io.StringIO()
    console = Terminal(file=out, force_terminal=True, width=100, highlight=False, color_system="standard")
    said = "\x1b[2J\u202eX\x9b\x08\x85"
    console.print(said, markup=markup)
    console.print(Text(said), style="bold")
    table = Table(box=None, title=said, caption=said)
    table.add_column(said)
    table.add_row(said)
    table.add_row(Text(said))
    console.print(table)
    with console.status(said):
        pass
    return out.getvalue()


@pytest.mark.parametrize("markup", [True, False])
def test_nothing_that_is_printed_by_any_way_reaches_the_terminal_raw(*, markup: bool) -> None:
    """A net below the places that make their words visible: one that is forgotten does no harm."""
    shown = printed(markup=markup)
    for bad in ("\x1b[2J", "\u202e", "\x9b", "\x08", "\x85"):
        assert bad not in shown
    assert r"\x1b[2J\u202eX\x9b" in shown
    assert "\x1b[1m" in shown, "our own colours stay"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_reads_back_as_it_was_and_holds_nothing_that_steers(said: str) -> None:
    shown = json_text(msgspec.json.encode({"said": said, "at": [1, None]}))
    assert json.loads(shown) == {"said": said, "at": [1, None]}
    assert visible(shown, lines=True) == shown
