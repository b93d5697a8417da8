"""One plan against another, component by component, in the order of `policy.components`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from everycall.core.policies import priority_order
from everycall.policy.components import part_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.core.policies import ResponsePlan

Verdict = Literal["same", "less", "more", "mixed", "otherwise", "not_comparable"]
VERDICTS: Final[tuple[Verdict, ...]] = ("same", "less", "more", "mixed", "otherwise", "not_comparable")

_NEVER: Final = 1 << 62
Level = tuple[int, ...]


def components_of(plan: ResponsePlan) -> dict[str, Level]:
    """Each component of a plan as a level, higher for more help; what is missing is the least, see `_least`."""
    levels: dict[str, Level] = {
        "minimum_officers": (plan.minimum_officers,),
        "cancellation_closes": (int(not plan.cancellation_closes),),
        "dispatch_within": _soon(plan.dispatch_within),
        "arrive_within": _soon(plan.arrive_within),
        "find_out_within": _soon(plan.find_out_within),
    }
    if plan.priority is not None and plan.priority.isdecimal():
        levels["priority"] = (-int(plan.priority),)
    levels.update({f"send.{each.capability}": (each.count,) for each in plan.send})
    levels.update({f"support.{name}": (1,) for name in plan.support})
    at = 0
    for rung in plan.ladder:
        at += rung.after
        levels[f"ladder.{rung.role}"] = max((-at,), levels.get(f"ladder.{rung.role}", (-_NEVER,)))
    if plan.offer is not None:
        waits = plan.offer.meanwhile == "wait"
        levels[f"offer.{part_of(plan.offer.to)}.{part_of(plan.offer.ground)}"] = (-1 - int(waits), -plan.offer.within)
    return levels


def _staging(plan: ResponsePlan) -> tuple[bool, str | None, str | None]:
    """Whether units wait near the place, why, and what ends it: that has no order, it is the same or another."""
    return plan.stage, plan.stage_because, plan.stage_until


def _soon(within: int | None) -> Level:
    return (-_NEVER,) if within is None else (-within,)


def _least(name: str) -> Level:
    """The level of a plan that says nothing of a component."""
    if name.startswith("offer."):
        return (0, 0)  # not offered to anybody: our own help goes
    return (-_NEVER,) if name.startswith("ladder.") else (0,)


def compared(before: ResponsePlan, after: ResponsePlan) -> dict[str, int]:
    """The components that differ: -1 where the second plan is less, 1 where it is more, 0 where it is only other.

    A priority that is no number is compared as `core.policies` orders codes; an unknown one with nothing.
    """
    old, new = components_of(before), components_of(after)
    found: dict[str, int] = {}
    for name in dict.fromkeys((*old, *new)):
        if name == "priority":
            continue
        one, other = old.get(name, _least(name)), new.get(name, _least(name))
        if one != other:
            found[name] = 1 if other > one else -1
    if _staging(before) != _staging(after):
        found["stage"] = 0
    changed = compared_priorities(before.priority, after.priority)
    if changed:
        found["priority"] = changed
    return found


def compared_priorities(before: str | None, after: str | None) -> int:
    """-1 where the second priority is lower, 1 where it is higher, 0 where they are equal or one is unknown."""
    if before is None or after is None or before == after:
        return 0
    one, other = priority_order(before), priority_order(after)
    return 0 if one == other else -1 if other > one else 1


def compared_ranks(names: Sequence[str], ordered: Sequence[bool], before: Level, after: Level) -> Mapping[str, int]:
    """The same for two versions of a policy, whose components have ranks."""
    return {
        name: 0 if not chain else 1 if other > one else -1
        for name, chain, one, other in zip(names, ordered, before, after, strict=True)
        if one != other
    }


def verdict_of(changed: Mapping[str, int]) -> Verdict:
    """What these changes come to."""
    lower, higher = any(sign < 0 for sign in changed.values()), any(sign > 0 for sign in changed.values())
    if lower and higher:
        return "mixed"
    if lower:
        return "less"
    return "more" if higher else "otherwise" if changed else "same"
