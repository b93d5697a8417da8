"""Fixed, invented examples of every event, made from the types themselves.

A new field or word of any event gets its example by itself; each example is the same in every run. Several
examples of one event stand for the words and kinds that a field can hold: the third one has the third word
of each closed list, and so on, until each has been used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args
from zlib import crc32

from msgspec import inspect

from everycall.core.actors import Actor
from everycall.core.events import VERSION, AnyEvent, Envelope, encode_event

if TYPE_CHECKING:
    from everycall.core.event import Event

EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
_KINDS: Final = 1
"""In a list stands one of each kind; the words of closed lists have their turn where they stand alone."""
_ONE: Final = 2
"""In a list within a list stands one."""
_FIRST_OF_MAY: Final = 1_777_593_600_000_000
"""2026-05-01T00:00:00Z; the instants of the examples lie in the second after it."""
_TEXTS: Final = {
    "call": "C000017",
    "need": "C000017-1",
    "incident": "2026-000004",
    "into": "2026-000003",
    "new": "2026-000005",
    "assignment": "A000021",
    "hand_over": "H000002",
    "instruction": "I000001",
    "review": "R000001",
    "act": "U000009",
    "note": "N000006",
    "patient": "P000002",
    "unit": "21",
    "agency": "police.example",
    "to": "fire.example",
    "area": "Área Süd 3",
}


def tag_of(event: type[Event]) -> str:
    """The type of an event as the record spells it."""
    info = inspect.type_info(event)
    assert isinstance(info, inspect.StructType)
    return str(info.tag)


def examples_of(event: type[Event]) -> list[bytes]:
    """The bytes of entries that hold this event, in the version that is written now."""
    actor = Actor(person="D-114", role="dispatcher", position="desk 2", agency="police.example")
    return [
        encode_event(
            Envelope(
                centre="centre.example",
                sequence=number,
                command="8f14e45f-ceea-467f-a0e6-6e6f7e3c0001",
                command_hash="5d41402abc4b2a76b9719d911017c592",
                occurred_at=_FIRST_OF_MAY,
                recorded_at=_FIRST_OF_MAY + 2_000_000,
                actor=actor,
                version=VERSION,
                body=body,
            )
        )
        for number, body in enumerate(_structs(event, 0), 1)
    ]


@cache
def _structs(kind: Any, depth: int) -> tuple[Any, ...]:
    """Examples of a struct of any kind: as many as its most various field has."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    fields = {field.name: _of_field(field, depth) for field in info.fields}
    most = max((len(values) for values in fields.values()), default=1)
    return tuple(
        kind(**{name: values[number % len(values)] for name, values in fields.items()}) for number in range(most)
    )


def _of_field(field: inspect.Field, depth: int) -> list[object]:
    """Examples of a field, its default last: a default is not written."""
    found = sorted(_values(field.type, field.name, depth), key=lambda value: value == field.default)
    only_one = depth >= _ONE or (depth >= _KINDS and isinstance(field.type, inspect.LiteralType))
    return found[:1] if only_one else found


def _values(kind: inspect.Type, name: str, depth: int) -> list[object]:
    """Examples of a type; never empty. `depth` counts the lists around it: each is made less of."""
    match kind:
        case inspect.StructType():
            return list(_structs(kind.cls, depth))
        case inspect.UnionType():
            parts = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
            return [value for part in parts for value in _values(part, name, depth)]
        case inspect.LiteralType():
            return list(kind.values)
        case inspect.VarTupleType():
            return [tuple(_values(kind.item_type, name.removesuffix("s"), depth + 1))]
        case inspect.DictType():
            held = _values(kind.value_type, name.removesuffix("s"), depth + 1)[0]
            return [dict.fromkeys(_values(kind.key_type, name.removesuffix("s"), depth), held)]
        case inspect.StrType():
            return [_TEXTS.get(name, name.replace("_", " "))]
        case inspect.BoolType():
            return [True]
        case inspect.IntType():
            return [_number(kind, name)]
        case _:
            raise TypeError(f"No example is known for {kind} ({name}); events hold integers and text only.")


def _number(kind: inspect.IntType, name: str) -> int:
    mark = crc32(name.encode()) % 1_000_000
    if kind.ge is not None and kind.ge < 0:
        return _FIRST_OF_MAY + mark  # an instant; nothing else may be so far below zero
    if kind.le is not None and kind.le < mark:
        return kind.le
    return mark
