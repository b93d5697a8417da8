"""Deadlines: when the next thing must have happened, and who is told, rung by rung, when it has not.

Invariants:

1. There is at most one deadline of a kind for a subject; its key is `kind:subject`.
2. A rung falls due a fixed time after the rung before it, never after the moment when somebody noticed. So
   the due times that are
   recorded do not depend on how often the centre ticks.
3. Deadlines change only through events: every event may set some (`sets`) and end some (`ends`).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Literal

from everycall.core.actors import Role
from everycall.core.base import Duration, Entity, Frozen, Identifier, Instant, Key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.state import State

DeadlineKind = Literal[
    "answer",
    "call_back",
    "find_out",
    "dispatch",
    "acknowledge",
    "arrive",
    "welfare",
    "outcome",
    "hold",
    "hand_over",
    "hand_over_arrival",
    "review",
    "emergency",
    "policy",
    "retire",
]
"""What is waited for; each kind is described in docs/deadlines.md."""


class Rung(Frozen, frozen=True, kw_only=True):
    """One step of an escalation ladder: who is told, how long (microseconds) after the rung before."""

    role: Role
    after: Duration = 0


class Deadline(Entity, frozen=True, kw_only=True):
    """When the next rung is due.

    `rung` counts the rungs that have passed; `touches` are the ids whose stories it belongs to.
    """

    kind: DeadlineKind
    subject: Key
    due: Instant
    ladder: tuple[Rung, ...] = ()
    rung: int = 0
    touches: tuple[Identifier, ...] = ()

    @property
    def key(self) -> str:
        """What it is found by."""
        return f"{self.kind}:{self.subject}"

    @property
    def exhausted(self) -> bool:
        """All rungs have passed; it stays on the board as overdue until what it waits for has happened."""
        return self.rung > max(len(self.ladder) - 1, 0)


def standing(state: State, *keys: str) -> tuple[str, ...]:
    """Those of the keys for which a deadline stands: what an event may end."""
    deadlines = state.deadlines
    return tuple(key for key in keys if key in deadlines)


def next_due(state: State, now: int) -> Deadline | None:
    """The earliest deadline that is due by `now`, ties by key.

    Stale heap entries are thrown away on the way.
    """
    heap = state.deadline_heap
    deadlines = state.deadlines
    while heap and heap[0][0] <= now:
        due, key = heap[0]
        deadline = deadlines.get(key)
        if deadline is not None and deadline.due == due and not deadline.exhausted:
            return deadline
        heapq.heappop(heap)
    return None


def put(state: State, deadline: Deadline) -> None:
    """Store a deadline and its place in the heap."""
    key = deadline.key
    state.deadlines[key] = deadline
    if not deadline.exhausted:
        heapq.heappush(state.deadline_heap, (deadline.due, key))


def apply(state: State, sets: Iterable[Deadline], ends: Iterable[str]) -> None:
    """End some deadlines and set others, as an event says."""
    for key in ends:
        state.deadlines.pop(key, None)
    for deadline in sets:
        put(state, deadline)


def next_rung(deadline: Deadline) -> Deadline:
    """The deadline after its rung has passed: due a fixed time after the rung before."""
    rung = deadline.rung + 1
    due = deadline.due + deadline.ladder[rung].after if rung < len(deadline.ladder) else deadline.due
    return Deadline(
        kind=deadline.kind,
        subject=deadline.subject,
        due=due,
        ladder=deadline.ladder,
        rung=rung,
        touches=deadline.touches,
    )
