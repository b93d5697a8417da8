"""decide.

What a command or a tick makes happen, or the refusal. Pure: what it reads is in state, command or given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core import (
    adopting,
    answering,
    classifying,
    escalation,
    floor,
    hand_overs,
    holding,
    instructions,
    joining,
    notes,
    opening,
    parting,
    planning,
    recommending,
    reporting,
    retiring,
    reviews,
    scene,
    self_initiated,
    sending,
    settling,
    taking,
    undoing,
    units,
    updating,
)
from everycall.core.deadlines import next_due
from everycall.core.given import Given

if TYPE_CHECKING:
    from everycall.core.commands import Command
    from everycall.core.deadlines import Deadline
    from everycall.core.event import Event
    from everycall.core.handlers import DecideTable
    from everycall.core.refusals import Refusal
    from everycall.core.state import State

HANDLERS: Final[DecideTable] = {
    **taking.DECIDE,
    **answering.DECIDE,
    **updating.DECIDE,
    **classifying.DECIDE,
    **notes.DECIDE,
    **opening.DECIDE,
    **planning.DECIDE,
    **joining.DECIDE,
    **parting.DECIDE,
    **holding.DECIDE,
    **settling.DECIDE,
    **reviews.DECIDE,
    **units.DECIDE,
    **sending.DECIDE,
    **reporting.DECIDE,
    **hand_overs.DECIDE,
    **instructions.DECIDE,
    **scene.DECIDE,
    **self_initiated.DECIDE,
    **recommending.DECIDE,
    **floor.DECIDE,
    **adopting.DECIDE,
    **escalation.DECIDE,
    **undoing.DECIDE,
}


def decide(state: State, command: Command, given: Given) -> list[Event] | Refusal:
    """The events that a command makes, or the refusal that says what to do instead. Never an exception."""
    body = command.body
    return HANDLERS[type(body)](state, command.actor, body, given)


def tick(state: State, now: int) -> list[Event]:
    """What the earliest deadline that is due by `now` makes happen; nothing when none is due.

    The engine evolves and ticks again until nothing comes. One deadline at a time, in order of due time, and
    each with its due time rather than `now`: so the same
    deadlines pass in the same order with the same due times whatever the tick rate.
    """
    deadline = next_due(state, now)
    if deadline is None:
        return []
    return _passing(state, deadline)


def _passing(state: State, deadline: Deadline) -> list[Event]:
    if deadline.kind == "policy":
        return adopting.policy_due(state, deadline)
    if deadline.kind == "retire":
        retired = retiring.retirable(state, deadline.subject, deadline.due)
        return [retired] if retired is not None else [escalation.put_off(deadline)]
    events: list[Event] = [escalation.passed(deadline)]
    then = Given(now=deadline.due, at=deadline.due)
    if deadline.kind == "hold" and deadline.rung == 0:
        incident, agency = deadline.subject.split("/", 1)
        events += holding.hold_ended(state, incident, agency, then, released=False)
    elif deadline.kind == "hand_over" and deadline.rung == 0:
        held = state.hand_overs[deadline.subject]
        events.append(hand_overs.returned(state, held, "timed_out", then))
    return events
