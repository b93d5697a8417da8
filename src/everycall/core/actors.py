"""Who acts: a person at a position, in a role, for an agency."""

from __future__ import annotations

from typing import Final, Literal

from everycall.core.base import Frozen, Identifier, Word

Role = Literal[
    "call_taker",
    "dispatcher",
    "unit",
    "supervisor",
    "duty_chief",
    "neighbour_agency",
    "records",
    "oversight",
    "administrator",
    "telephone",
    "importer",
    "system",
]
"""What an actor is entitled to act as; also the rungs of an escalation ladder."""


class Actor(Frozen, frozen=True, kw_only=True):
    """Who did it.

    `person` is the staff code, never a name; names are kept by the centre, outside the record.
    """

    person: Identifier
    role: Role
    position: Word = ""
    agency: Word = ""


SYSTEM: Final = Actor(person="system", role="system")
"""The centre itself: deadlines that pass, waiting for want of units."""
