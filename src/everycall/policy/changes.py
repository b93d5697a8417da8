"""What differs between two plans, in words: "priority 4 → 1", "police 1 → 2", "nobody may decline this"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.permissions import DOING
from everycall.policy.words import duration_words, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from everycall.core.policies import PermittedAct
    from everycall.policy.rules import Grant, Offer, Plan, Stage, Step


def changes(before: Plan, after: Plan) -> tuple[str, ...]:
    """Each thing in which the second plan is not the first; none if they say the same."""
    return tuple(_changes(before, after))


def _changes(before: Plan, after: Plan) -> Iterator[str]:
    if before.priority != after.priority:
        yield f"priority {before.priority} → {after.priority}"
    old, new = dict(before.send), dict(after.send)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name, 0) != new.get(name, 0):
            yield f"{name} {old.get(name, 0)} → {new.get(name, 0)}"
    if before.minimum_officers != after.minimum_officers:
        yield f"minimum officers {before.minimum_officers} → {after.minimum_officers}"
    yield from (f"{name} arranged" for name in after.support if name not in before.support)
    yield from (f"{name} not arranged" for name in before.support if name not in after.support)
    for does, one, other in (
        ("dispatch", before.dispatch_within, after.dispatch_within),
        ("arrive", before.arrive_within, after.arrive_within),
        ("find out the type", before.find_out_within, after.find_out_within),
    ):
        if one != other:
            yield f"{does} within {_seconds(one)} → {_seconds(other)}"
    if before.stages and not after.stages:
        yield "go in without staging"
    else:
        yield from (f"stage: {stage_words(stage)}" for stage in after.stages if stage not in before.stages)
        yield from (f"no longer stage: {stage_words(stage)}" for stage in before.stages if stage not in after.stages)
    if before.cancellation_closes != after.cancellation_closes:
        yield "a cancellation closes it" if after.cancellation_closes else "a cancellation closes nothing"
    if before.ladder != after.ladder:
        yield f"a late deadline tells {ladder_words(after.ladder)}"
    if before.offer != after.offer:
        yield "not offered first" if after.offer is None else f"offered {offer_words(after.offer)}"
    for act in DOING:
        yield from _granted(act, before, after)


def _granted(act: PermittedAct, before: Plan, after: Plan) -> Iterator[str]:
    old, new = ([grant for grant in plan.may if grant.act == act] for plan in (before, after))
    if old and not new:
        yield f"nobody may {DOING[act]}"
    elif old != new:
        said = {grant_words(grant, ladder=False) for grant in old} & {grant_words(grant, ladder=False) for grant in new}
        for grants, others, how in ((new, old, ""), (old, new, "no longer: ")):
            for grant in grants:
                if grant not in others:
                    # Who is told when it ends is said only where nothing else tells the two apart.
                    yield how + grant_words(grant, ladder=grant_words(grant, ladder=False) in said)


def grant_words(grant: Grant, *, ladder: bool = True) -> str:
    """Who may do what on which grounds, for how long, and (with `ladder`) who is told after that."""
    to = f" to {listed(grant.to)}" if grant.to else " to any agency" if grant.act == "hand_over" else ""
    told = f", after which is told: {ladder_words(grant.ladder)}" if ladder else ""
    return (
        f"a {listed(grant.roles)} may {DOING[grant.act]}{to} on the ground {listed(grant.grounds)} "
        f"for {duration_words(grant.within)}{told}"
    )


def offer_words(offer: Offer) -> str:
    """To whom, on what ground, for how long, and what units do meanwhile."""
    meanwhile = "units go meanwhile" if offer.meanwhile == "send" else "units wait"
    return (
        f"to {offer.to} on the ground {offer.ground} for {duration_words(offer.within)}, {meanwhile}; "
        f"without an answer is told: {ladder_words(offer.ladder)}"
    )


def stage_words(stage: Stage) -> str:
    """Why units wait near the place, and what ends it."""
    return f"{stage.because} Until: {stage.until}"


def ladder_words(steps: Iterable[Step]) -> str:
    """A ladder: "dispatcher at once, supervisor after 2 min"."""
    told = [f"{step.role} {f'after {duration_words(step.at)}' if step.at else 'at once'}" for step in steps]
    return ", ".join(told) or "nobody"


def _seconds(seconds: int | None) -> str:
    return "no time" if seconds is None else duration_words(seconds)
