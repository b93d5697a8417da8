"""Whether one outcome is surely below another, for all calls of a box.

An outcome is the highest of its sources: the plan of the rule that decides and what the matching `add` rules give. It
is below another if each of its sources is below a source that the other has whenever it has that one: one that always
gives, or an `add` rule with the same condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from everycall.policy.difference.landscape import HOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.policy.difference.landscape import Added


@dataclass(frozen=True, slots=True)
class Sources:
    """Where an outcome's rank can come from: what always gives at least `sure`, and the rest by condition."""

    sure: int
    plan: int
    perhaps: tuple[tuple[int, int], ...]


Adding = tuple[tuple[int, int], ...]


def by_component(adds: Sequence[Added], count: int) -> tuple[Adding, ...]:
    """For each component the nodes of the `add` rules that give in it, with the ranks that they give."""
    return tuple(
        [tuple([(added.node, rank) for added in adds if (rank := added.ranks[at]) is not None]) for at in range(count)]
    )


def sources_of(plan: int, adding: Adding, said: dict[int, int]) -> Sources:
    """Where an outcome's rank can come from, by what the `add` rules' conditions say of the box."""
    sure, perhaps = plan, []
    for node, rank in adding:
        if said[node] == HOLDS:
            sure = max(sure, rank)
        if said[node] & HOLDS:
            perhaps.append((node, rank))
    return Sources(sure=sure, plan=plan, perhaps=tuple(perhaps))


def below(low: Sources, high: Sources, *, strictly: bool) -> bool:
    """Whether one outcome is surely below the other (or, not strictly, surely not above it)."""
    least = 1 if strictly else 0
    if low.plan + least > high.sure:
        return False
    for node, rank in low.perhaps:
        if rank + least > high.sure and not any(
            node == other and rank + least <= given for other, given in high.perhaps
        ):
            return False
    return True
