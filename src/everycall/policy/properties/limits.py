"""What is past the shipped bounds: plans that send nobody, or so late that it comes to the same.

Told in words that name the fault and the remedy. Whether any call gets such a plan is asked where the words are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.bounds import (
    FLOOR_MOST,
    LONGEST_GRANT,
    LONGEST_LADDER,
    LONGEST_OFFER,
    LONGEST_WAITING_OFFER,
    TRIAGE_DISPATCH,
    TRIAGE_FIND_OUT,
    TRIAGE_PRIORITY,
    latest_dispatch,
)
from everycall.policy.properties.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.rules import Grant, Offer, Plan, Policy, Step


def faults_of_plan(plan: Plan) -> Iterator[str]:
    """What is wrong with a plan itself; each goes on after the name of its rule."""
    if not any(count for _, count in plan.send):
        yield "sends nobody. Write 'send' with at least one unit"
    most = latest_dispatch(plan.priority)
    if plan.dispatch_within is None:
        yield (
            "has no time by which somebody must be sent. Write 'dispatch_within', for priority "
            f"{plan.priority} at most {duration(most)}"
        )
    elif plan.dispatch_within > most:
        yield (
            f"sends somebody within {duration(plan.dispatch_within)} only. Write at most {duration(most)} for priority "
            f"{plan.priority}"
        )
    for fault in _faults_of_ladder(plan.ladder):
        yield f"goes out {fault}"


def _faults_of_ladder(ladder: tuple[Step, ...]) -> Iterator[str]:
    last = ladder[-1].at if ladder else 0
    if last > LONGEST_LADDER:
        yield (
            f"with a ladder whose last step comes {duration(last)} after the deadline; {duration(LONGEST_LADDER)} is "
            "the most"
        )


def faults_of_offer(offer: Offer) -> Iterator[str]:
    """What is too long about an offer; goes on after whose it is."""
    waits = offer.meanwhile == "wait"
    most = LONGEST_WAITING_OFFER if waits else LONGEST_OFFER
    if offer.within > most:
        while_ = "while our units wait" if waits else "while our units go"
        yield f"for {duration(offer.within)} {while_}; {duration(most)} is the most"
    yield from _faults_of_ladder(offer.ladder)


def faults_of_grant(grant: Grant) -> Iterator[str]:
    """What is too long about a grant; goes on after what it allows."""
    most = LONGEST_GRANT[grant.act]
    if grant.within > most:
        yield f"for {duration(grant.within)}; {duration(most)} is the most"
    yield from _faults_of_ladder(grant.ladder)


def faults_of_floors(policy: Policy) -> Iterator[str]:
    """What is past the bounds in the two floors, which every call stands on, in sentences."""
    for name, most in FLOOR_MOST.items():
        allowed: int = getattr(policy.floor, name)
        if allowed > most:
            yield f"The floor's {name} is {duration(allowed)}. Write at most {duration(most)}."
    for fault in _faults_of_ladder(policy.floor.ladder):
        yield f"The floor stands {fault}."
    floor = policy.triage_floor
    if floor.priority > TRIAGE_PRIORITY:
        yield (
            f"The triage floor lets a call of unknown type have priority {floor.priority}. Write at most "
            f"{TRIAGE_PRIORITY}."
        )
    for name, within, most in (
        ("dispatch_within", floor.dispatch_within, TRIAGE_DISPATCH),
        ("find_out_within", floor.find_out_within, TRIAGE_FIND_OUT),
    ):
        if within > most:
            yield f"The triage floor's {name} is {duration(within)}. Write at most {duration(most)}."
