"""Classifying a need: its type, its priority, its service, and with them what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.core.clocks import to_find_out, unplaced
from everycall.core.deadlines import standing
from everycall.core.incidents import agency_for
from everycall.core.needs import (
    Classify,
    EstablishService,
    NeedClassified,
    NeedPrioritised,
    Prioritise,
    ServiceEstablished,
    open_needs,
)
from everycall.core.planning import replanned
from everycall.core.policies import later_priority
from everycall.core.refusals import Refusal, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from everycall.core.actors import Actor
    from everycall.core.event import Event
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable
    from everycall.core.needs import Need
    from everycall.core.state import State


def classify(state: State, _actor: Actor, body: Classify, given: Given) -> list[Event] | Refusal:
    """Decide the type, and with it what to send."""
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
    return [*_types_found(state, call.id, events, changed), *plans]


def _types_found(state: State, call: str, events: list[Event], changed: Mapping[str, Need]) -> list[Event]:
    """The events with the end of the deadline for finding out, where nothing is left that it waits for."""
    ends = standing(state, f"find_out:{call}")
    if not ends or unplaced(state, call) or to_find_out(state, call, besides=changed):
        return events
    return [replace(events[0], ends=ends), *events[1:]]


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
        NeedPrioritised(need=need.id, priority=body.priority, before=need.priority, at=given.at, reason=body.reason)
    ]


def establish_service(state: State, _actor: Actor, body: EstablishService, given: Given) -> list[Event] | Refusal:
    """Say which service is asked for. A need already in a response stays there; another need can be added."""
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


DECIDE: Final[DecideTable] = {
    Classify: classify,
    Prioritise: prioritise,
    EstablishService: establish_service,
}
