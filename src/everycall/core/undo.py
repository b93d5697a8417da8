"""Undo: one mechanism for merge, split, link, unlink and close (rule 6 of the house).

An act remembers every entity that it changed, as it was before and after. Taking it back is a three-way
revert: what nobody touched since goes back to
exactly what it was; where later facts were added, only the act's own effect goes and the later facts stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from everycall.core import deadlines
from everycall.core.base import CommandBody, Identifier, Word
from everycall.core.deadlines import Deadline
from everycall.core.event import ActEvent, Event
from everycall.core.outcomes import StruckOutcome, name_of
from everycall.core.refusals import Refusal, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from everycall.core.actors import Actor
    from everycall.core.acts import Table
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State

ActKind = Literal["link", "unlink", "merge", "split", "close"]
T = TypeVar("T")


class Undo(CommandBody, frozen=True, kw_only=True):
    """Take back a merge, split, link, unlink or close."""

    act: Identifier
    reason: Word = ""


class ActUndone(Event, frozen=True, kw_only=True):
    """The effect of an act was taken back; `struck` are the outcomes that went with it."""

    act: Identifier
    kind: ActKind
    reason: Word = ""
    struck: tuple[StruckOutcome, ...] = ()
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
    """Carry out `change` and the event's deadlines, and keep what both did to the touched entities under the id of the act."""
    ended: list[tuple[Table, str]] = [("deadlines", key) for key in event.ends]
    ended.extend(("deadlines", deadline.key) for deadline in event.sets)
    keys = tuple(dict.fromkeys((*touched, *ended)))
    before = [state.table(table).get(key) for table, key in keys]
    change()
    deadlines.apply(state, event.sets, event.ends)
    after = [state.table(table).get(key) for table, key in keys]
    state.counters["act"] += 1
    state.keep_act(event.act, kind, zip(keys, before, after, strict=True))


def undo(state: State, _actor: Actor, body: Undo, _given: Given) -> list[Event] | Refusal:
    """Take back one act, once."""
    act = state.acts.get(body.act)
    if act is None:
        return unknown("act", body.act)
    if act.undone:
        return Refusal(
            code="already_undone",
            rule="house:6",
            because=f"The {act.kind} {body.act} was already taken back.",
            instead="Do it again as a new act if it is wanted after all.",
        )
    struck: list[StruckOutcome] = []
    touches: list[str] = []
    for change in act.changes:
        current = state.table(change.table).get(change.key)
        result = reverted(change.before, change.after, current)
        if change.table == "needs":
            outcome = getattr(current, "outcome", None)
            if outcome is not None and getattr(result, "outcome", None) is None:
                struck.append(StruckOutcome(need=change.key, outcome=name_of(outcome)))
            touches.append(change.key.rsplit("-", 1)[0])
        elif change.table in ("incidents", "calls"):
            touches.append(change.key)
    return [
        ActUndone(
            act=body.act,
            kind=act.kind,
            reason=body.reason,
            struck=tuple(struck),
            touches=tuple(dict.fromkeys(touches)),
        )
    ]


def _undone(state: State, event: ActUndone) -> None:
    act = state.acts.get(event.act)
    if act is None:
        return
    for change in act.changes:
        table = state.table(change.table)
        current = table.get(change.key)
        value = reverted(change.before, change.after, current)
        if isinstance(value, Deadline):
            deadlines.put(state, value)
        elif value is None:
            table.pop(change.key, None)
        else:
            table[change.key] = value
    state.acts[event.act] = replace(act, undone=True)
    state.refresh_after(change.key for change in act.changes if change.table == "incidents")


DECIDE: Final[DecideTable] = {Undo: undo}
EVOLVE: Final[EvolveTable] = {ActUndone: _undone}
