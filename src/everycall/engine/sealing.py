"""Sealing: each personal value is replaced by a reference before anything is decided (rule 11)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from everycall.core.facts import FactGiven, must_be_sealed
from everycall.core.places import PlaceGiven, coarse
from everycall.core.sealed import Private, Sealed

if TYPE_CHECKING:
    from everycall.core.commands import Command
    from everycall.engine.ports import Seals


@cache
def _carriers(kind: type) -> tuple[str, ...]:
    """The fields of a struct in which a personal value can be, from its declared types; once a class."""
    wanted = (Private, FactGiven, PlaceGiven)

    def reaches(found: Any) -> bool:  # msgspec's inspect types differ by kind of type
        cls = getattr(found, "cls", None)
        if cls in wanted:
            return True
        parts = [*getattr(found, "types", ()), getattr(found, "item_type", None)]
        if any(part is not None and reaches(part) for part in parts):
            return True
        return isinstance(cls, type) and cls is not kind and issubclass(cls, msgspec.Struct) and bool(_carriers(cls))

    info = msgspec.inspect.type_info(kind)
    if not isinstance(info, msgspec.inspect.StructType):
        return ()
    return tuple(field.name for field in info.fields if reaches(field.type))


def sealed_command(command: Command, seals: Seals) -> tuple[Command, list[object]]:
    """The command with its personal values sealed, and what the log keeps of them."""
    rows: list[object] = []
    body = _sealed(command.body, seals, rows)
    if not rows and body is command.body:
        return command, rows
    return replace(command, body=body), rows


def _sealed(value: Any, seals: Seals, rows: list[object]) -> Any:
    """A copy of a command's part with its personal values sealed; the part itself where it has none."""
    if isinstance(value, Private):
        seal, row = seals.seal(value.value, searchable=value.searchable)
        rows.append(row)
        return seal
    if isinstance(value, Sealed):
        return value
    if isinstance(value, FactGiven):
        return _sealed_fact(value, seals, rows)
    if isinstance(value, tuple):
        return tuple([_sealed(item, seals, rows) for item in value]) if value else value
    if isinstance(value, PlaceGiven):
        value = _coarse_place(value)
    if isinstance(value, msgspec.Struct):
        fields = {
            name: _sealed(held, seals, rows)
            for name in _carriers(type(value))
            if (held := getattr(value, name)) is not None and held != ()
        }
        return replace(value, **fields) if fields else value
    return value


def _sealed_fact(fact: FactGiven, seals: Seals, rows: list[object]) -> FactGiven:
    value = fact.value
    if isinstance(value, Sealed):
        return fact
    if not isinstance(value, Private):
        if not must_be_sealed(fact.name, value):
            return fact
        value = Private(value=str(value))
    seal, row = seals.seal(value.value, searchable=value.searchable)
    rows.append(row)
    return replace(fact, value=seal)


def _coarse_place(place: PlaceGiven) -> PlaceGiven:
    """A position finer than some 100 m is an exact place: it is sealed, and the coarse one stays in clear."""
    latitude, longitude = place.latitude_e7, place.longitude_e7
    if latitude is None or longitude is None:
        return place
    rounded = (coarse(latitude), coarse(longitude))
    if rounded == (latitude, longitude):
        return place
    exact = place.exact
    if exact is None:
        exact = Private(value=f"{latitude} {longitude}")
    elif isinstance(exact, Private):
        exact = Private(value=f"{exact.value} [{latitude} {longitude}]", searchable=exact.searchable)
    return replace(place, latitude_e7=rounded[0], longitude_e7=rounded[1], exact=exact)


def holds_sealed(value: Any) -> bool:
    """Whether a command's part holds a sealed value already."""
    if isinstance(value, Sealed):
        return True
    if isinstance(value, FactGiven):
        return isinstance(value.value, Sealed)
    if isinstance(value, tuple):
        return any(holds_sealed(item) for item in value)
    if isinstance(value, msgspec.Struct):
        return any(holds_sealed(getattr(value, name)) for name in _carriers(type(value)))
    return False
