"""Acts: what can be undone, with every entity that it changed, as it was before and after."""

from __future__ import annotations

from typing import Literal

from everycall.core.assignments import Assignment
from everycall.core.base import Entity, Frozen, Key
from everycall.core.calls import Call
from everycall.core.deadlines import Deadline
from everycall.core.hand_overs import HandOver
from everycall.core.incidents import Incident
from everycall.core.needs import Need
from everycall.core.reviews import Review
from everycall.core.undo import ActKind

AnyEntity = Call | Need | Incident | Assignment | Deadline | Review | HandOver
Table = Literal["calls", "needs", "incidents", "assignments", "deadlines", "reviews", "hand_overs"]


class Change(Frozen, frozen=True, kw_only=True):
    """One entity before and after an act; None where it did not exist."""

    table: Table
    key: Key
    before: AnyEntity | None
    after: AnyEntity | None


class Act(Entity, frozen=True, kw_only=True):
    """Something that can be taken back."""

    kind: ActKind
    changes: tuple[Change, ...]
    undone: bool = False

    def subjects(self) -> tuple[str, ...]:
        """The calls and incidents that it changed."""
        return tuple(
            dict.fromkeys(
                [
                    change.key.rsplit("-", 1)[0] if change.table == "needs" else change.key
                    for change in self.changes
                    if change.table in ("needs", "incidents")
                ]
            )
        )
