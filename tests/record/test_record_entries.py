"""What cannot be stored is refused where it is made, so that the writer never meets it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycall.record import Batch, Entry, InvalidEntry, RecordError, SealRow, index_tag
from everycall.record.entries import LARGEST_ENTRY, LONGEST_NAME

E = Entry(b"a")

REFUSED: dict[str, Callable[[], object]] = {
    "an entry without bytes": lambda: Entry(b""),
    "an entry one byte too large": lambda: Entry(b"x" * (LARGEST_ENTRY + 1)),
    "an empty tag": lambda: Entry(b"a", ("call:1", "")),
    "a tag with NUL": lambda: Entry(b"a", ("call:\x00",)),
    "a tag with a line end": lambda: Entry(b"a", ("call:1\n",)),
    "a tag with half a character": lambda: Entry(b"a", ("call:\ud800",)),
    "a tag with an invisible direction mark": lambda: Entry(b"a", ("call:\u202e1",)),
    "a tag too long": lambda: Entry(b"a", ("x" * (LONGEST_NAME + 1),)),
    "a batch before the log": lambda: Batch(0, (E,)),
    "a batch at a negative place": lambda: Batch(-1, (E,)),
    "a batch of nothing": lambda: Batch(1, ()),
    "a batch of seals only": lambda: Batch(1, (), seals=(SealRow("s", b"", b"", b""),)),
    "an answer to no command": lambda: Batch(1, (E,), None, b"", b"answer"),
    "a fingerprint of no command": lambda: Batch(1, (E,), None, b"print"),
    "an empty command id": lambda: Batch(1, (E,), ""),
    "a command id with a tab": lambda: Batch(1, (E,), "a\tb"),
    "a command id too long": lambda: Batch(1, (E,), "x" * (LONGEST_NAME + 1)),
    "a seal without a reference": lambda: SealRow("", b"", b"", b""),
    "a seal with an unusable token": lambda: SealRow("s", b"", b"", b"", "\x7f"),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_refused(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidEntry) as caught:
        make()
    assert isinstance(caught.value, RecordError)
    assert str(caught.value).endswith(".")


def test_the_largest_of_everything_is_taken() -> None:
    name = "é" * LONGEST_NAME
    Batch(
        1,
        (Entry(b"x" * LARGEST_ENTRY, (name, "a b")),),
        name,
        b"",
        b"",
        (SealRow(name, b"", b"", b"", name),),
    )
    Batch(1, (), "a command that made nothing")


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("P18-1234", "external:P18-1234"),
        ("  P18\t-\r\n 1 ", "external:P18 - 1"),
        ("", "external:"),
        ("\x00\x01", "external:"),
        ("a\ud800b", "external:a b"),
        ("no\u00a0break", "external:no break"),
    ],
)
def test_a_foreign_number_becomes_a_usable_tag(value: str, tag: str) -> None:
    assert index_tag("external", value) == tag


@given(st.text(st.characters(), max_size=400))
def test_any_text_becomes_a_tag_that_can_be_stored(value: str) -> None:
    tag = index_tag("external", value)
    assert Entry(b"a", (tag,)).tags == (tag,)
    assert index_tag("external", value) == tag
