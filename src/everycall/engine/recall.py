"""Recall: what retired is built again from its own events when a command names it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.outcomes import Duplicate
from everycall.core.retiring import Recalled, Retired, component
from everycall.core.state import State

if TYPE_CHECKING:
    from everycall.core.commands import AnyCommand
    from everycall.core.events import AnyEvent, Envelope
    from everycall.engine.ports import Log


_NAMING: Final = frozenset(
    {"call", "calls", "incident", "into", "related", "need", "needs", "about"}
    | {"assignment", "assignments", "hand_over", "review", "act", "of"}
)


@cache
def _fields_that_name(kind: type) -> tuple[str, ...]:
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return tuple(name for name in fields if name in _NAMING)


def named_but_absent(state: State, body: AnyCommand, log: Log) -> list[str]:
    """The calls and incidents that a command names and the state does not hold: unknown ones, or retired."""
    absent: dict[str, None] = {}
    for name in _fields_that_name(type(body)):
        value = getattr(body, name)
        # `need` of AddNeed, and `needs` of TakeCall, are what is asked, not ids.
        for text in value if isinstance(value, tuple) else (value,):
            key = _key(state, text, log) if isinstance(text, str) else None
            if key is not None and key not in state.calls and key not in state.incidents:
                absent[key] = None
    outcome = getattr(body, "outcome", None)
    if isinstance(outcome, Duplicate) and outcome.of is not None and outcome.of not in state.incidents:
        absent[outcome.of] = None
    return list(absent)


def _key(state: State, text: str, log: Log) -> str | None:
    """The call or incident that an id is about, by its shape: C000001, C000001-1, 2026-000001, or A000001."""
    if text in state.incidents or text in state.needs or text in state.assignments or text in state.calls:
        return None
    letter, rest = text[:1], text[1:]
    if letter == "C":
        return text.partition("-")[0]
    if letter.isdecimal():
        return text
    tag = _TAG.get(letter)
    if tag is None or not rest.isdecimal():
        return None
    # What has no story of its own is found through the first event that names it.
    for _, data in log.by_tag(f"{tag}:{text}"):
        return _about(decode_event(data).body)
    return None


_TAG: Final = {"A": "assignment", "H": "hand_over", "R": "review", "U": "act"}


def _about(event: AnyEvent) -> str | None:
    for name in ("incident", "need", "touches", "needs"):
        value = getattr(event, name, None)
        first = value[0] if isinstance(value, tuple) and value else value
        if isinstance(first, str):
            return first.partition("-")[0] if first.startswith("C") else first
    return None


def recalled(log: Log, key: str, at: int) -> Recalled | None:
    """The event that brings back what hangs together with a retired call or incident.

    None if it never was or never retired.
    """
    kind = "call" if key.startswith("C") else "incident"
    last: Retired | None = None
    for _, data in log.by_tag(f"{kind}:{key}"):
        body = decode_event(data).body
        if isinstance(body, Retired):
            last = body
        elif isinstance(body, Recalled):
            last = None
    if last is None:
        return None
    envelopes: dict[int, Envelope] = {}
    for tag in [f"call:{call}" for call in last.calls] + [
        f"incident:{incident}" for incident in last.incidents
    ]:
        for sequence, data in log.by_tag(tag):
            envelopes[sequence] = decode_event(data)
    past = State()
    for sequence in sorted(envelopes):
        body = envelopes[sequence].body
        if not (isinstance(body, Retired) and sequence == max(envelopes)):
            evolve(past, body)
    calls, incidents = component(past, key)
    needs = [need for call in calls for need in past.calls[call].needs]
    return Recalled(
        calls=tuple(past.calls[call] for call in sorted(calls)),
        needs=tuple(past.needs[need] for need in sorted(needs)),
        incidents=tuple(past.incidents[incident] for incident in sorted(incidents)),
        assignments=tuple(held for _, held in sorted(past.assignments.items()) if held.incident in incidents),
        reviews=tuple(held for _, held in sorted(past.reviews.items()) if held.need in needs),
        hand_overs=tuple(held for _, held in sorted(past.hand_overs.items()) if set(held.needs) & set(needs)),
        acts=dict(sorted(past.acts.items())),
        at=at,
    )
