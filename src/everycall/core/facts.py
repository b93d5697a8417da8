"""Facts: one thing known, its value, its source, its time. Facts are what policies read.

Which names are personal decides what is sealed at the edge; which are protected decides what a policy may not
read unproved.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen, Identifier, Instant, Integer, Word
from everycall.core.sealed import Private, Sealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FactValue = bool | int | str | Sealed


class Fact(Frozen, frozen=True, kw_only=True):
    """One thing known about a call, as it stands in the record."""

    name: Identifier
    value: FactValue
    source: Word
    at: Instant


class FactGiven(Frozen, frozen=True, kw_only=True):
    """One thing told, as a command brings it: personal values still in clear, but shown nowhere."""

    name: Identifier
    value: bool | Integer | str | Private | Sealed
    source: Word = "caller"
    at: Instant | None = None

    def __repr__(self) -> str:
        value = "…" if must_be_sealed(self.name, self.value) else repr(self.value)
        return f"FactGiven({self.name!r}, {value})"


PERSONAL_PREFIXES: Final = ("caller.", "person.", "patient.", "place.exact", "narrative", "vehicle.plate")
"""Facts about a person are sealed, whatever their value looks like."""

CATEGORICAL: Final = frozenset(
    {
        "caller.employer",
        "caller.nationality",
        "caller.language",
        "caller.politics",
        "caller.relation_to_agency",
        "caller.payment",
        "caller.housing",
        "caller.complaint_history",
        "caller.age_group",
        "caller.disability",
        "caller.immigration_status",
        "caller.gender",
        "caller.ethnicity",
        "caller.religion",
        "caller.in_danger",
        "place.owner",
    }
)
"""Personal facts that a policy may name, so kept as a code when the value is one.

Most of them are protected.
"""

PROTECTED: Final = frozenset(
    {
        "caller.employer",
        "caller.nationality",
        "caller.language",
        "caller.politics",
        "caller.relation_to_agency",
        "caller.payment",
        "caller.housing",
        "caller.complaint_history",
        "caller.age_group",
        "caller.disability",
        "caller.immigration_status",
        "caller.gender",
        "caller.ethnicity",
        "caller.religion",
        "place.owner",
    }
)
"""Who the caller is and who owns the place.

Like calls may differ in these and must still be treated alike.
"""

GROUP_PREFIX: Final = "group."
"""Facts under which an export's own groups (precinct, shift) are kept; their codes may begin with a digit."""
DIGITS_OF_A_TELEPHONE: Final = 7
_GROUP = re.compile(r"[\w .:/,()&*'-]{1,64}\Z")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:/ ()-]{0,63}\Z")


def must_be_sealed(name: str, value: object) -> bool:
    """Whether a told value is personal: by its name, or because free text might be.

    Numbers and yes/no pass, a code-shaped word passes, everything else is sealed. A telephone number starts
    with a digit or a plus and so is
    never taken for a code.
    """
    if name not in CATEGORICAL and name.startswith(PERSONAL_PREFIXES):
        return True
    if isinstance(value, str) and name.startswith(GROUP_PREFIX):
        return _GROUP.match(value) is None or sum(map(str.isdigit, value)) >= DIGITS_OF_A_TELEPHONE
    return isinstance(value, str) and _CODE.match(value) is None


def readable(facts: Iterable[Fact], names: Iterable[str]) -> Mapping[str, bool | int | str]:
    """The latest value of each fact that a policy has declared to read, sealed ones left out."""
    wanted = frozenset(names)
    if not wanted:
        return {}
    latest: dict[str, Fact] = {}
    for fact in facts:
        if fact.name in wanted and not isinstance(fact.value, Sealed):
            held = latest.get(fact.name)
            if held is None or fact.at >= held.at:
                latest[fact.name] = fact
    return {name: fact.value for name, fact in latest.items() if not isinstance(fact.value, Sealed)}
