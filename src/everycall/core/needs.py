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
from everycall.core.policies import later_priority
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Confidential, Sealed
from everycall.core.vocabulary import Service

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
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


def no_such_need(state: State, need: str) -> Refusal | None:
    """A refusal if the need is unknown."""
    return None if need in state.needs else unknown("need", need)


def classify(state: State, _actor: Actor, body: Classify, given: Given) -> list[Event] | Refusal:
    """Decide the type, and with it what to send."""
    from everycall.core.planning import replanned  # noqa: PLC0415 - planning reads needs; the arrow back is only here

    call = state.calls.get(body.call)
    if call is None:
        return unknown("call", body.call)
    if body.need is None:
        targets = open_needs(state, body.call) or [state.needs[key] for key in call.needs]
    elif body.need in call.needs:
        targets = [state.needs[body.need]]
    else:
        return unknown("need of this call", body.need)
    events: list[Event] = [
        NeedClassified(need=need.id, type=body.type, before=need.type, at=given.at, reason=body.reason)
        for need in targets
    ]
    changed = {need.id: replace(need, type=body.type) for need in targets}
    plans = replanned(state, changed, call.facts, given, body.reason)
    if isinstance(plans, Refusal):
        return plans
    return events + plans


def prioritise(state: State, _actor: Actor, body: Prioritise, given: Given) -> list[Event] | Refusal:
    """Set a priority by hand."""
    need = state.needs.get(body.need)
    if need is None:
        return unknown("need", body.need)
    if later_priority(need.priority, body.priority) and not body.reason:
        return Refusal(
            code="less_without_reason",
            rule="house:4",
            because=f"Priority {body.priority} is lower than {need.priority}.",
            instead="Give a reason code with it; a higher priority needs none.",
        )
    return [
        NeedPrioritised(
            need=need.id, priority=body.priority, before=need.priority, at=given.at, reason=body.reason
        )
    ]


def establish_service(
    state: State, _actor: Actor, body: EstablishService, given: Given
) -> list[Event] | Refusal:
    """Say which service is asked for. A need already in a response stays there; another need can be added."""
    from everycall.core.incidents import agency_for  # noqa: PLC0415 - incidents read needs; the arrow back is only here
    from everycall.core.planning import replanned  # noqa: PLC0415 - as above

    need = state.needs.get(body.need)
    if need is None:
        return unknown("need", body.need)
    if need.incident is not None and need.outcome is None and need.service != body.service:
        answering = need.agency
        if need.service != "unknown" or agency_for(state, body.service) != answering:
            return Refusal(
                code="service_already_answered",
                rule="house:2",
                because=f"Need {need.id} is being answered by {answering} in incident {need.incident}.",
                instead=f"Add another need for {body.service} to call {need.call}, or unlink this one first.",
            )
    event = ServiceEstablished(need=need.id, service=body.service, before=need.service, at=given.at)
    changed = {need.id: replace(need, service=body.service)}
    plans = replanned(state, changed, state.calls[need.call].facts, given, None, keep=True)
    return [event] if isinstance(plans, Refusal) else [event, *plans]


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


DECIDE: Final[DecideTable] = {Classify: classify, Prioritise: prioritise, EstablishService: establish_service}
EVOLVE: Final[EvolveTable] = {
    NeedClassified: _classified,
    NeedPrioritised: _prioritised,
    ServiceEstablished: _established,
}
