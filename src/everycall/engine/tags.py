"""Tags: by which ids an event is found in the log."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from everycall.core.retiring import Recalled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from everycall.core.event import Event

_PREFIX: Final = {
    "call": "call:",
    "calls": "call:",
    "incident": "incident:",
    "incidents": "incident:",
    "into": "incident:",
    "new": "incident:",
    "related": "incident:",
    "preempted_for": "incident:",
    "assignment": "assignment:",
    "assignments": "assignment:",
    "unit": "unit:",
    "hand_over": "hand_over:",
    "instruction": "instruction:",
    "review": "review:",
    "act": "act:",
    "external": "external:",
}
_BY_SHAPE: Final = ("touches", "about")
_NEEDS: Final = ("need", "needs")
LONGEST: Final = 200


def _of_shape(key: str) -> str:
    """Calls begin with C; what begins with a digit is an incident."""
    return f"call:{key}" if key.startswith("C") else f"incident:{key}"


def _of_need(need: str) -> str:
    return f"call:{need.rsplit('-', 1)[0]}"


@cache
def _readers(kind: type) -> tuple[tuple[str, Callable[[str], str]], ...]:
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    found: list[tuple[str, Callable[[str], str]]] = []
    for name in fields:
        if name in _PREFIX:
            found.append((name, _PREFIX[name].__add__))
        elif name in _BY_SHAPE:
            found.append((name, _of_shape))
        elif name in _NEEDS:
            found.append((name, _of_need))
    return tuple(found)


def printable(tag: str) -> str:
    """A tag that any store takes: printable, no longer than it may be."""
    if len(tag) <= LONGEST and tag.isprintable():
        return tag
    return "".join(character if character.isprintable() else " " for character in tag)[:LONGEST]


def _about_parts(event: Recalled) -> Iterator[str]:
    """A recall comes in parts where it is large: each is found by whatever it holds, be it acts alone."""
    for assignment in event.assignments:
        yield _of_shape(assignment.incident)
    for review in event.reviews:
        yield _of_need(review.need)
    for hand_over in event.hand_overs:
        yield from map(_of_need, hand_over.needs)
    for act in event.acts.values():
        yield from map(_of_shape, act.subjects())


def tags_of(event: Event) -> tuple[str, ...]:
    """The tags of an event, each once."""
    tags: dict[str, None] = {}
    for name, make in _readers(type(event)):
        value = getattr(event, name)
        if isinstance(value, str):
            tags[printable(make(value))] = None
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, str):
                    tags[printable(make(item))] = None
                else:
                    key = getattr(item, "id", None) or getattr(item, "need", None)
                    if isinstance(key, str):
                        tags[printable(make(key))] = None
    if isinstance(event, Recalled):
        tags.update((printable(tag), None) for tag in _about_parts(event))
    return tuple(tags)
