"""Names that sound like who somebody is, or like a danger: about these a text must not keep silent.

A rule sees facts by name. Whoever wants to ask who called without saying so gives the fact another name, so names that
come near a shipped one must say what they are. What no list can know is listed by the check all the same.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from everycall.core.facts import PROTECTED
from everycall.policy.attributes import Several, variables_of

if TYPE_CHECKING:
    from everycall.policy.attributes import Attribute

WHO_PREFIXES: Final = ("caller.", "person.")
"""What is named so says who somebody is, unless the text says that it does not."""

DANGERS: Final = (
    "weapon",
    "weapons",
    "armed",
    "injury",
    "injuries",
    "injured",
    "trapped",
    "entrapped",
    "in_progress",
    "in_danger",
    "unconscious",
    "not_breathing",
    "bleeding",
    "suspect_present",
    "emergency_signal",
)
"""Words of a name that is a danger: more of it must never get less help."""

_ALSO: Final = ("race", "citizenship", "immigration", "insurance", "employed", "employment")
"""Words that say the same as a protected name and are spelt otherwise."""
NEAR_ENOUGH: Final = 0.85
"""How alike two words must be, as `difflib` measures it, for one to count as a misspelling of the other."""
_SHORTEST_INSIDE: Final = 5
"""Letters of a protected word that is looked for inside longer ones and misspelt; by fewer too much would be found."""
_PARTS: Final = re.compile(r"[^a-z0-9]+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _words(name: str) -> tuple[str, ...]:
    """The words of a name, in small letters: `placeOwner` and `place_owner` are place and owner."""
    plain = _HUMP.sub("_", unicodedata.normalize("NFKC", name)).casefold()
    return tuple([word for word in _PARTS.split(plain) if word])


_PROTECTED_WORDS: Final = tuple(
    [(name, _words(name.rpartition(".")[2])) for name in sorted(PROTECTED)] + [(name, (name,)) for name in _ALSO]
)
_DANGER_WORDS: Final = tuple([(name, _words(name)) for name in DANGERS])


def _within(words: tuple[str, ...], looked_for: tuple[str, ...]) -> bool:
    length = len(looked_for)
    return any(words[at : at + length] == looked_for for at in range(len(words) - length + 1))


def _alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= NEAR_ENOUGH and matcher.ratio() >= NEAR_ENOUGH


@lru_cache(maxsize=4096)
def near_protected(name: str) -> str | None:
    """The shipped protected name that a name comes near, if any: it holds its last part, or nearly so."""
    words = _words(name)
    folded, last = "".join(words), "".join(_words(name.rpartition(".")[2]))
    for shipped, looked_for in _PROTECTED_WORDS:
        joined = "".join(looked_for)
        if _within(words, looked_for) or (len(joined) >= _SHORTEST_INSIDE and joined in folded):
            return shipped
        if len(joined) >= _SHORTEST_INSIDE and any(_alike(word, joined) for word in (*words, last)):
            return shipped
    return None


@lru_cache(maxsize=4096)
def near_danger(name: str) -> str | None:
    """The shipped danger whose words a name has, if any."""
    words = _words(name)
    return next((shipped for shipped, looked_for in _DANGER_WORDS if _within(words, looked_for)), None)


def names_of(attribute: Attribute) -> tuple[str, ...]:
    """The names under which an attribute's facts are known: its own, and of several values each one's."""
    if isinstance(attribute.domain, Several):
        return (attribute.name, *[variable.name for variable in variables_of(attribute)])
    return (attribute.name,)


def shipped_as_protected(attribute: Attribute) -> str | None:
    """The first of its names that is on the shipped list of protected facts."""
    return next((name for name in names_of(attribute) if name in PROTECTED), None)


def sounds_protected(attribute: Attribute) -> str | None:
    """The protected name that one of its names comes near."""
    return next((near for name in names_of(attribute) if (near := near_protected(name)) is not None), None)


def sounds_dangerous(attribute: Attribute) -> str | None:
    """The shipped danger that one of its names has the words of."""
    return next((near for name in names_of(attribute) if (near := near_danger(name)) is not None), None)
