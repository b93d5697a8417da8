"""Recall: what retired is built again from its own events when a command names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.retiring import Recalled, Retired, component
from everycall.core.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.core.commands import Command
    from everycall.core.events import Envelope
    from everycall.engine.ports import Log


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _strings(getattr(value, name))


def named_but_absent(state: State, command: Command) -> list[str]:
    """The calls and incidents that a command names and the state does not hold: unknown ones, or retired."""
    absent: dict[str, None] = {}
    for text in _strings(command.body):
        key = _key(text)
        if key is not None and key not in state.calls and key not in state.incidents:
            absent[key] = None
    return list(absent)


def _key(text: str) -> str | None:
    """The call or incident that an id is about, by its shape: C000001, C000001-1, 2026-000001."""
    head, _, tail = text.partition("-")
    if head[:1] == "C" and head[1:].isdecimal() and len(head) >= 7 and (not tail or tail.isdecimal()):  # noqa: PLR2004
        return head
    if head.isdecimal() and tail.isdecimal() and len(tail) >= 6:  # noqa: PLR2004 - six digits at least, as ids are made
        return text
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
    incidents.update(k for k, held in past.incidents.items() if held.merged_into in incidents)
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
