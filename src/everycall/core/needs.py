"""Needs: one service that a call asks for, with its own clock, type, priority and outcome.

Invariants:

1. The first type and the first priority, once given, never change; the current ones stand beside them.
2. A need without an outcome is open, wherever it is: unlinked, pending, held, offered, on scene.
3. Sending more takes no reason; sending less takes one coded key (rule 4 of the house).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Frozen, Identifier, Instant, Word
from everycall.core.event import Event
from everycall.core.outcomes import Outcome
from everycall.core.sealed import Confidential, Sealed
from everycall.core.vocabulary import Service

if TYPE_CHECKING:
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State


class Need(Entity, frozen=True, kw_only=True):
    """One service that a call asks for. Its clock starts at `opened_at`."""

    id: Identifier
    call: Identifier
    service: Service
    opened_at: Instant
    asked_for: Word | None = None
    words: Sealed | None = None
    first_type: Word | None = None
    type: Word | None = None
    first_priority: Word | None = None
    priority: Word | None = None
    priority_by: Literal["nobody", "rule", "person"] = "nobody"
    incident: Identifier | None = None
    agency: Identifier | None = None
    outcome: Outcome | None = None
    settled_at: Instant | None = None
    settled_by: Identifier | None = None
    settled_with: Identifier | None = None
    struck: tuple[Outcome, ...] = ()
    hand_over: Identifier | None = None
    offers: int = 0
    returns: int = 0
    cancellations: int = 0
    classified: int = 0
    prioritised: int = 0
    self_initiated: bool = False
    reconstructed: bool = False


class NeedAsked(Frozen, frozen=True, kw_only=True):
    """A need as a command brings it."""

    service: Service = "unknown"
    asked_for: Word | None = None
    words: Confidential | None = None
    type: Word | None = None
    priority: Word | None = None


class NeedTaken(Frozen, frozen=True, kw_only=True):
    """A need as an event holds it."""

    need: Identifier
    service: Service
    asked_for: Word | None = None
    words: Sealed | None = None
    type: Word | None = None
    priority: Word | None = None


class Classify(CommandBody, frozen=True, kw_only=True):
    """Say what kind of incident it is.

    For one need, or for all open needs of a call. `reason` is needed where less would be sent.
    """

    call: Identifier
    type: Identifier
    need: Identifier | None = None
    reason: Word | None = None


class Prioritise(CommandBody, frozen=True, kw_only=True):
    """Set the priority of a need by hand. Lowering it takes a reason."""

    need: Identifier
    priority: Identifier
    reason: Word | None = None


class EstablishService(CommandBody, frozen=True, kw_only=True):
    """Say which service a need asks for."""

    need: Identifier
    service: Service


class NeedClassified(Event, frozen=True, kw_only=True):
    """The type of a need was decided."""

    need: Identifier
    type: Word
    at: Instant
    before: Word | None = None
    reason: Word | None = None


class NeedPrioritised(Event, frozen=True, kw_only=True):
    """The priority of a need was decided, by a person or by a rule."""

    need: Identifier
    priority: Word
    at: Instant
    before: Word | None = None
    rule: Word | None = None
    policy: Word | None = None
    reason: Word | None = None


class ServiceEstablished(Event, frozen=True, kw_only=True):
    """The service of a need was found out or corrected."""

    need: Identifier
    service: Service
    before: Service
    at: Instant


def open_needs(state: State, call: str) -> list[Need]:
    """The needs of a call that have no outcome yet."""
    needs = state.needs
    return [need for key in state.calls[call].needs if (need := needs[key]).outcome is None]


def _first(need: Need, first: str | None, now: str) -> str | None:
    """The first word stays; in a rebuilt record it is only what the export itself calls the first."""
    return first if first is not None or need.reconstructed else now


def _classified(state: State, event: NeedClassified) -> None:
    need = state.needs[event.need]
    state.needs[event.need] = replace(
        need,
        type=event.type,
        first_type=_first(need, need.first_type, event.type),
        classified=need.classified + 1,
    )


def _prioritised(state: State, event: NeedPrioritised) -> None:
    need = state.needs[event.need]
    state.needs[event.need] = replace(
        need,
        priority=event.priority,
        first_priority=_first(need, need.first_priority, event.priority),
        prioritised=need.prioritised + 1,
        priority_by="person" if event.rule is None else "rule",
    )


def _established(state: State, event: ServiceEstablished) -> None:
    state.needs[event.need] = replace(state.needs[event.need], service=event.service)


EVOLVE: Final[EvolveTable] = {
    NeedClassified: _classified,
    NeedPrioritised: _prioritised,
    ServiceEstablished: _established,
}
