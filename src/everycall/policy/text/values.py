"""What stands behind a key, read by its kind. What is wrong is noted, and something harmless given back.

A text with any problem is refused as a whole, so what is given back in place of a wrong value is never used.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from everycall.policy.text.durations import LONGEST, duration_words, seconds_of
from everycall.policy.text.fields import (
    LARGEST_NUMBER,
    LAST_PRIORITY,
    LONGEST_CODE,
    LONGEST_TEXT,
    MOST_OF_A_KIND,
    Section,
)
from everycall.policy.text.positions import Mapping, Node, Scalar, Sequence
from everycall.policy.text.problems import Problems, near, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

_NUMBER: Final = re.compile(r"-?[1-9][0-9]{0,15}|0")
_LIKE_A_NUMBER: Final = re.compile(
    r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|0o[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
CODE: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]*"
_CODE: Final = re.compile(CODE)
TYPE_CODE: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_.:;,&/()<>'+ \-]*[A-Za-z0-9_.)>+])?"
"""An incident type as dispatch systems have them: "ALMH", "Theft (P)"."""
_TYPE_CODE: Final = re.compile(TYPE_CODE)
PART: Final = CODE.replace(".", "")
"""A code that is a part of a component's name, where a dot joins."""
INSTANT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})"
_INSTANT: Final = re.compile(INSTANT)
_NOT_PLACES: Final = ("posix/", "right/")


def kind_words(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, Mapping):
        return "a map"
    if isinstance(node, Sequence):
        return "a list"
    if not node.plain:
        return "a text in quotes"
    if node.text in _NOTHING:
        return "nothing"
    if node.text in _TRUE | _FALSE:
        return f"{node.text}, which YAML takes for a truth value"
    if _LIKE_A_NUMBER.fullmatch(node.text):
        return f"the number {quoted(node.text)[1:-1]}"
    return quoted(node.text)


def keys_of(problems: Problems, node: Node, section: Section, what: str) -> dict[str, Node]:
    """The values of a map by key, each key one of the section, those that must be there there."""
    if not isinstance(node, Mapping):
        problems.add(
            node, f"{what} is {kind_words(node)}, not a map.", f"Write its keys: {', '.join(section.names()[:8])}."
        )
        return {}
    found: dict[str, Node] = {}
    names = section.names()
    for key, value in node.entries:
        if key.text in names:
            found[key.text] = value
        else:
            problems.add(key, f"{what} has no key {quoted(key.text)}.", near(key.text, names))
    for field in section.fields:
        if field.required and field.name not in found:
            problems.add(node, f"{what} does not say '{field.name}'.", f"Add '{field.name}': {field.means}")
    return found


def entries_of(problems: Problems, node: Node, what: str) -> tuple[tuple[Scalar, Node], ...]:
    """The entries of a map whose keys are names that the text declares."""
    if not isinstance(node, Mapping):
        problems.add(node, f"'{what}' is {kind_words(node)}, not a map.", "Write a name, a colon, and what it is.")
        return ()
    for key, _ in node.entries:
        code(problems, key, "The name")
    return node.entries


def items_of(problems: Problems, node: Node, what: str, *, empty: bool = False) -> tuple[Node, ...]:
    """The parts of a list, which has at least one unless `empty`."""
    if not isinstance(node, Sequence):
        problems.add(node, f"{what} is {kind_words(node)}, not a list.", "Write it in brackets: [a, b].")
        return ()
    if not node.items and not empty:
        problems.add(node, f"{what} is an empty list.", "Name at least one, or leave the key out.")
    return node.items


def text(problems: Problems, node: Node, what: str) -> str:
    """A sentence for people."""
    if not isinstance(node, Scalar) or _not_a_word(node):
        problems.add(node, f"{what} is {kind_words(node)}, not a text.", "Write it in quotes.")
        return ""
    if not node.text.strip():
        problems.add(node, f"{what} is empty.", "Write a few words, or leave the key out where that is allowed.")
    if len(node.text) > LONGEST_TEXT:
        problems.add(
            node, f"{what} has {len(node.text)} characters; {LONGEST_TEXT} is the most.", "Say it in fewer words."
        )
    return node.text


def code(problems: Problems, node: Node, what: str) -> str:
    """A code: letters, digits and _ . - only."""
    if not isinstance(node, Scalar) or _not_a_word(node):
        remedy = "Write one word."
        if isinstance(node, Scalar) and node.text not in _NOTHING:
            remedy = f'Put it in quotes: "{node.text[:LONGEST_CODE]}".'
        problems.add(node, f"{what} is {kind_words(node)}, not a code.", remedy)
        return ""
    if len(node.text) > LONGEST_CODE:
        problems.add(node, f"{what} has {len(node.text)} characters; {LONGEST_CODE} is the most.", "Shorten it.")
    elif not _CODE.fullmatch(node.text):
        problems.add(
            node,
            f"{what} {quoted(node.text)} is not a code.",
            "Use letters without accents, digits, '_', '.' and '-', and begin with a letter or digit.",
        )
    return node.text


def codes(problems: Problems, node: Node, what: str, *, empty: bool = False) -> tuple[str, ...]:
    """A list of different codes."""
    items = items_of(problems, node, what, empty=empty)
    read = [code(problems, item, "The code") for item in items]
    refuse_twice(problems, items, read)
    return tuple(read)


def type_codes(problems: Problems, node: Node, what: str) -> tuple[str, ...]:
    """A list of different incident types."""
    items = items_of(problems, node, what)
    read = [_type_code(problems, item) for item in items]
    refuse_twice(problems, items, read)
    return tuple(read)


def _type_code(problems: Problems, node: Node) -> str:
    if not isinstance(node, Scalar) or _not_a_word(node):
        return code(problems, node, "The type")
    if len(node.text) > LONGEST_CODE:
        problems.add(node, f"The type has {len(node.text)} characters; {LONGEST_CODE} is the most.", "Shorten it.")
    elif not _TYPE_CODE.fullmatch(node.text):
        problems.add(
            node,
            f"The type {quoted(node.text)} is not a code.",
            "Begin with a letter or digit; letters without accents, digits, spaces and _.:;,&/()<>'+- may follow.",
        )
    return node.text


def refuse_twice(problems: Problems, places: Collection[Node], read: Collection[object]) -> None:
    """Note what stands in a list twice."""
    seen: set[object] = set()
    for place, value in zip(places, read, strict=True):
        if value in seen and value != "":
            problems.add(place, f"{quoted(str(value))} stands in this list twice.", "Delete one of them.")
        seen.add(value)


def word(problems: Problems, node: Node, what: str, words: Collection[str]) -> str:
    """One of a closed list of words; empty where it is none of them."""
    if isinstance(node, Scalar) and node.text in words and not _not_a_word(node):
        return node.text
    said = node.text if isinstance(node, Scalar) else ""
    problems.add(node, f"{what} is {kind_words(node)}.", near(said, words))
    return ""


def name_of(problems: Problems, node: Node, what: str, declared: Collection[str]) -> str:
    """The name of something that the text declares; empty where it declares none of that name."""
    if not isinstance(node, Scalar) or _not_a_word(node):
        problems.add(node, f"The {what} is {kind_words(node)}, not a name.", near("", declared))
        return ""
    if node.text not in declared:
        problems.add(node, f"There is no {what} {quoted(node.text)}.", near(node.text, declared))
        return ""
    return node.text


def flag(problems: Problems, node: Node, what: str) -> bool:
    """True or false; yes and no are read too."""
    if isinstance(node, Scalar) and node.plain:
        if node.text in _TRUE or node.text == "yes":
            return True
        if node.text in _FALSE or node.text == "no":
            return False
    problems.add(node, f"{what} is {kind_words(node)}.", "Write true or false, without quotes.")
    return False


def yes_or_no(node: Scalar) -> bool | None:
    """A value of a yes-or-no attribute; none if it is neither."""
    if not node.plain:
        return None
    if node.text == "yes" or node.text in _TRUE:
        return True
    return False if node.text == "no" or node.text in _FALSE else None


def whole_number(problems: Problems, node: Node, what: str, least: int, most: int) -> int:
    """A whole number within these ends, both included."""
    if isinstance(node, Scalar) and node.plain and _NUMBER.fullmatch(node.text):
        value = int(node.text)
        if least <= value <= most:
            return value
        problems.add(node, f"{what} is {value}.", f"Write a whole number from {least} to {most}.")
        return least
    if isinstance(node, Scalar) and _NUMBER.fullmatch(node.text):
        remedy = "Write it without quotes."
    elif isinstance(node, Scalar) and node.plain and _LIKE_A_NUMBER.fullmatch(node.text):
        remedy = "Write a whole number in plain digits; the language has no fractions."
    else:
        remedy = f"Write a whole number from {least} to {most}."
    problems.add(node, f"{what} is {kind_words(node)}, not a whole number.", remedy)
    return least


def priority(problems: Problems, node: Node) -> int:
    """A priority, 0 the most urgent."""
    return whole_number(problems, node, "The priority", 0, LAST_PRIORITY)


def count(problems: Problems, node: Node, what: str, least: int = 0) -> int:
    """How many of a kind."""
    return whole_number(problems, node, what, least, MOST_OF_A_KIND)


def counts(problems: Problems, node: Node, what: str, *, empty: bool) -> tuple[tuple[str, int], ...]:
    """How many of each capability."""
    if not isinstance(node, Mapping):
        problems.add(node, f"{what} is {kind_words(node)}, not a map.", "Write capability and count: {police: 2}.")
        return ()
    if not node.entries and not empty:
        problems.add(node, f"{what} is an empty map.", "Name at least one capability, or leave the key out.")
    return tuple(
        [
            (code(problems, key, "The capability"), count(problems, value, f"The count of {quoted(key.text)}", 1))
            for key, value in node.entries
        ]
    )


def integer(problems: Problems, node: Node, what: str) -> int:
    """A whole number of some size."""
    return whole_number(problems, node, what, -LARGEST_NUMBER, LARGEST_NUMBER)


def duration(problems: Problems, node: Node, what: str, *, least: int = 1) -> int:
    """Seconds, at least `least`."""
    remedy = "Write a whole number and its unit: 90 s, 8 min, 1 h or 3 d."
    if not isinstance(node, Scalar) or (seconds := seconds_of(node.text)) is None:
        problems.add(node, f"{what} is {kind_words(node)}, not a duration.", remedy)
        return least
    if seconds < least:
        problems.add(node, f"{what} is {duration_words(seconds)}: nothing can be done in no time.", remedy)
    elif seconds > LONGEST:
        problems.add(node, f"{what} is {quoted(node.text)[1:-1]}.", f"Write at most {duration_words(LONGEST)}.")
    return seconds


def instant(problems: Problems, node: Node, what: str) -> tuple[str, datetime | None]:
    """An instant in ISO 8601 with its offset, as written and as it is."""
    remedy = "Write date, time and offset from UTC: 2027-01-01T00:00:00-08:00."
    if isinstance(node, Scalar) and _INSTANT.fullmatch(node.text):
        try:
            return node.text, datetime.fromisoformat(node.text)
        except ValueError:
            problems.add(node, f"{what} {quoted(node.text)} is on no calendar or clock.", remedy)
            return node.text, None
    problems.add(node, f"{what} is {kind_words(node)}, not an instant with an offset.", remedy)
    return "", None


def time_zone(problems: Problems, node: Node) -> str:
    """A time zone by its IANA name."""
    name = text(problems, node, "The time zone")
    if not name:
        return name
    try:
        ZoneInfo(name)
        known = not name.startswith(_NOT_PLACES)
    except (OSError, ValueError, KeyError):  # a folder, an odd name, an unknown one
        known = False
    if not known:
        zones = sorted(available_timezones())
        remedy = near(name, zones) if zones else "This computer has no time zones: install the package 'tzdata'."
        problems.add(node, f"There is no time zone {quoted(name)}.", remedy)
    return name


def _not_a_word(node: Scalar) -> bool:
    """Whether YAML takes the word for a number, a truth value or nothing."""
    return node.plain and is_no_word(node.text)


def is_no_word(words: str) -> bool:
    """Whether YAML takes this, without quotes, for a number, a truth value or nothing."""
    return words in _NOTHING | _TRUE | _FALSE or _LIKE_A_NUMBER.fullmatch(words) is not None
