"""What goes out when `add` rules raise a plan: component by component the more, in values and not in ranks.

For every plan and all raises, the ranks of what comes out are the highest of theirs (`components`); a test says so of
random policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from everycall.policy.rules import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.core.actors import Role
    from everycall.policy.rules import Offer, Raise, Stage, Step


def composed(plan: Plan, raises: Sequence[Raise]) -> Plan:
    """The plan, raised by all of these.

    Where the order of lists is free, what the plan says stands first; but what is sent and the reasons to stage have
    an order of their own (`sent`, `staged`), so that no order in a text is worth more than another.
    """
    if not raises:
        return in_order(plan)
    forbidden = {act for added in raises for act in added.forbid}
    return Plan(
        priority=min([plan.priority, *(added.priority for added in raises if added.priority is not None)]),
        send=_most([plan.send, *(added.send for added in raises)]),
        minimum_officers=max([plan.minimum_officers, *(added.minimum_officers or 0 for added in raises)]),
        support=tuple(dict.fromkeys([*plan.support, *(name for added in raises for name in added.support)])),
        stages=staged([*plan.stages, *(added.stage for added in raises if added.stage is not None)]),
        dispatch_within=_soonest([plan.dispatch_within, *(added.dispatch_within for added in raises)]),
        arrive_within=_soonest([plan.arrive_within, *(added.arrive_within for added in raises)]),
        find_out_within=_soonest([plan.find_out_within, *(added.find_out_within for added in raises)]),
        ladder=_together([plan.ladder, *(added.ladder for added in raises)]),
        cancellation_closes=plan.cancellation_closes and not any(added.keep_open for added in raises),
        offer=_offered(plan.offer, go=any(added.go_meanwhile for added in raises)),
        may=tuple([grant for grant in plan.may if grant.act not in forbidden]),
    )


def _most(sends: Iterable[tuple[tuple[str, int], ...]]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for send in sends:
        for capability, count in send:
            counts[capability] = max(count, counts.get(capability, 0))
    return sent(counts.items())


def sent(counts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """What is sent, by capability; none of something is not sent."""
    return tuple(sorted((capability, count) for capability, count in counts if count))


def staged(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Each reason to stage with its end once, sorted."""
    return tuple(sorted(set(stages), key=lambda stage: (stage.because, stage.until)))


def in_order(plan: Plan) -> Plan:
    """The plan with what is sent and the reasons to stage in their order."""
    send, stages = sent(plan.send), staged(plan.stages)
    return plan if (send, stages) == (plan.send, plan.stages) else replace(plan, send=send, stages=stages)


def _soonest(seconds: Iterable[int | None]) -> int | None:
    return min((one for one in seconds if one is not None), default=None)


def _together(ladders: Sequence[tuple[Step, ...]]) -> tuple[Step, ...]:
    """One ladder on which each of them is told when the soonest of the ladders says, in the order of time."""
    if not any(ladders[1:]):
        return ladders[0]
    soonest: dict[Role, Step] = {}
    for step in (step for ladder in ladders for step in ladder):
        held = soonest.get(step.role)
        if held is None or step.at < held.at:
            soonest[step.role] = step
    return tuple(sorted(soonest.values(), key=lambda step: step.at))


def _offered(offer: Offer | None, *, go: bool) -> Offer | None:
    return replace(offer, meanwhile="send") if offer is not None and go else offer
