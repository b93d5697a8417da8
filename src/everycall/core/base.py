"""What every frozen machine is made of: the struct base, instants, and short text types.

Instants are integers: microseconds since 1970-01-01T00:00:00Z. Durations are microseconds too, unless a name
says otherwise.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

FARTHEST: Final = 2**53
"""Instants beyond this are refused at the door: integers up to 2**53 survive every JSON reader."""

LONGEST_WORDS: Final = 16_384
"""Bytes of a malformed request that are kept as its words."""

Instant = Annotated[int, msgspec.Meta(ge=-FARTHEST, le=FARTHEST)]
"""Microseconds since 1970-01-01T00:00:00Z."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
"""An id or a code: a call, a unit, an agency, a type."""

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
"""What a deadline is found by: its kind, an incident and an agency, each of which has its own length."""

Word = Annotated[str, msgspec.Meta(max_length=240)]
"""A short coded text that is not personal; what people say in their own words is sealed instead."""


Integer = Annotated[int, msgspec.Meta(ge=-FARTHEST, le=FARTHEST)]
"""A number that every JSON reader keeps exactly."""

Duration = Annotated[int, msgspec.Meta(ge=0, le=FARTHEST)]
"""Microseconds; never negative, so that nothing is due before it begins."""

Named = Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=500)]
"""Ids that a command names; what takes more is said in several."""

Words = Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)]
"""A short list of coded texts."""


class Frozen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A value that never changes; a change makes a new one."""


def snake(name: str) -> str:
    """A class name as the record spells it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class CommandBody(Frozen, frozen=True, kw_only=True, tag_field="do", tag=snake):
    """Something that somebody asks the core to do, or reports to it."""


class Entity(Frozen, frozen=True, kw_only=True, tag_field="entity", tag=snake):
    """One row of the state."""
