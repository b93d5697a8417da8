"""Undo: one mechanism for merge, split, link, unlink and close (rule 6 of the house).

Invariants:

1. An act remembers every entity that it changed, as it was before and after. With nothing in between, taking
   it back leads to exactly the state before it.
2. Otherwise only its own effect goes: later notes, facts, stamps, assignments, outcomes and deadlines stay.
   Where an entity was changed again, the revert is three-way, field by field.
3. Where a need or an assignment belongs is said by itself alone; the lists of responses and incidents follow.
4. Nothing falls off the board by it: what is open again gets its response and its deadlines back, and the
   event says so.

What a later act has moved on is not moved back from under it: the later one is taken back first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from everycall.core import deadlines
from everycall.core.base import CommandBody, Identifier, Instant, Word
from everycall.core.event import ActEvent, Event
from everycall.core.incidents import ResponseNamed
from everycall.core.outcomes import StruckOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from everycall.core.acts import Table
    from everycall.core.state import State

ActKind = Literal["link", "unlink", "merge", "split", "close"]
T = TypeVar("T")


class Undo(CommandBody, frozen=True, kw_only=True):
    """Take back a merge, split, link, unlink or close."""

    act: Identifier
    reason: Word = ""


class ActUndone(Event, frozen=True, kw_only=True):
    """The effect of an act was taken back.

    `struck` are the outcomes that went with it, `reopens` and `closes` the responses that are open or closed
    after it because of what happened in between.
    """

    act: Identifier
    kind: ActKind
    at: Instant
    reason: Word = ""
    struck: tuple[StruckOutcome, ...] = ()
    reopens: tuple[ResponseNamed, ...] = ()
    closes: tuple[ResponseNamed, ...] = ()
    touches: tuple[Identifier, ...] = ()


def reverted(before: T, after: T, current: T) -> T:
    """`current` without what made `after` out of `before`.

    Field by field for structs, key by key for dicts, item by item for tuples; a plain value that was changed
    again since stays as it is.
    """
    if current == after:
        return before
    if before == after:
        return current
    if isinstance(current, msgspec.Struct) and type(before) is type(after) is type(current):
        fields = {
            name: reverted(getattr(before, name), getattr(after, name), getattr(current, name))
            for name in current.__struct_fields__
        }
        return type(current)(**fields)
    if isinstance(current, dict) and isinstance(before, dict) and isinstance(after, dict):
        return _reverted_dict(before, after, current)
    if isinstance(current, tuple) and isinstance(before, tuple) and isinstance(after, tuple):
        kept = tuple(item for item in current if item in before or item not in after)
        back = tuple(item for item in before if item not in after and item not in current)
        return kept + back  # type: ignore[return-value]  # T is a tuple here, which mypy cannot see
    return current


def _reverted_dict(before: T, after: T, current: T) -> T:
    old: dict[str, object] = dict(before)  # type: ignore[call-overload]  # T is a dict here
    new: dict[str, object] = dict(after)  # type: ignore[call-overload]
    now: dict[str, object] = dict(current)  # type: ignore[call-overload]
    for key in {**old, **new}:
        if old.get(key) == new.get(key):
            continue
        value = reverted(old.get(key), new.get(key), now.get(key))
        if value is None:
            now.pop(key, None)
        else:
            now[key] = value
    return now  # type: ignore[return-value]


def remember(
    state: State,
    event: ActEvent,
    kind: ActKind,
    touched: Iterable[tuple[Table, str]],
    change: Callable[[], None],
) -> None:
    """Carry out `change` and the event's deadlines; what both did is kept under the id of the act."""
    ended: list[tuple[Table, str]] = [("deadlines", key) for key in event.ends]
    ended.extend(("deadlines", deadline.key) for deadline in event.sets)
    keys = tuple(dict.fromkeys((*touched, *ended)))
    before = [state.table(table).get(key) for table, key in keys]
    change()
    deadlines.apply(state, event.sets, event.ends)
    after = [state.table(table).get(key) for table, key in keys]
    state.counters["act"] += 1
    state.keep_act(event.act, kind, zip(keys, before, after, strict=True))
