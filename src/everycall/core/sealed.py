"""Personal values: what a command may carry in clear and an event never does (rule 11 of the house)."""

from __future__ import annotations

from everycall.core.base import Frozen, Identifier


class Private(Frozen, frozen=True, kw_only=True, tag_field="is", tag="private"):
    """A personal value on its way in.

    The engine seals it before anything is decided. Its value is kept out of every representation.
    """

    value: str
    searchable: bool = False

    def __repr__(self) -> str:
        return "Private(…)"

    __str__ = __repr__


class Sealed(Frozen, frozen=True, kw_only=True, tag_field="is", tag="sealed"):
    """What an event carries instead.

    A reference, a salted commitment and, where search needs it, a keyed token.
    """

    reference: Identifier
    commitment: Identifier
    token: str | None = None


Confidential = Private | Sealed


def only_sealed(value: Confidential | None) -> Sealed | None:
    """The sealed form, or nothing: a value that nobody sealed cannot pass into an event."""
    return value if isinstance(value, Sealed) else None
