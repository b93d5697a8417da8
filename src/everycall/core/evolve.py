"""evolve: the state after an event. It never refuses, decides, or looks anything up outside the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core import (
    assignments,
    calls,
    escalation,
    floor,
    hand_overs,
    holding,
    incidents,
    instructions,
    linking,
    needs,
    notes,
    planning,
    recommending,
    retiring,
    reviews,
    scene,
    settling,
    taking_back,
    units,
    versions,
    waiting,
)
from everycall.core.deadlines import apply
from everycall.core.event import ActEvent

if TYPE_CHECKING:
    from everycall.core.event import Event
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State

EVOLVE_VERSION: Final = 2
"""Grows when the same events make another state; a snapshot of another version is dropped."""

HANDLERS: Final[EvolveTable] = {
    **calls.EVOLVE,
    **needs.EVOLVE,
    **notes.EVOLVE,
    **incidents.EVOLVE,
    **planning.EVOLVE,
    **linking.EVOLVE,
    **holding.EVOLVE,
    **settling.EVOLVE,
    **reviews.EVOLVE,
    **units.EVOLVE,
    **assignments.EVOLVE,
    **hand_overs.EVOLVE,
    **instructions.EVOLVE,
    **scene.EVOLVE,
    **recommending.EVOLVE,
    **floor.EVOLVE,
    **versions.EVOLVE,
    **escalation.EVOLVE,
    **taking_back.EVOLVE,
    **waiting.EVOLVE,
    **retiring.EVOLVE,
}


def evolve(state: State, event: Event) -> None:
    """Apply one event: what it says, then the deadlines that it ends and sets."""
    HANDLERS[type(event)](state, event)
    if (event.sets or event.ends) and not isinstance(event, ActEvent):
        apply(state, event.sets, event.ends)
