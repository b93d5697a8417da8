"""Policies as the core sees them: what an evaluator is asked and answers, and what is less than what.

The core never reads a rule. It asks an `Evaluator`, whose hash must be that of the policy in force, and hands
it only the facts that the policy was adopted as reading. Versions, and how they come into force, are in
`versions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol

import msgspec

from everycall.core.base import DAY, MINUTE, SECOND, Duration, Frozen, Identifier, Word
from everycall.core.deadlines import Rung

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from everycall.core.actors import Role
    from everycall.core.given import Given
    from everycall.core.state import State
    from everycall.core.vocabulary import Service

_AND: Final = "; and "
_LONGEST_WORD: Final = 240

PermittedAct = Literal["hold", "hand_over", "decline"]
HIGHEST_PRIORITIES: Final = frozenset({"0", "1"})
"""A need of these priorities can never be declined, whatever a rule says."""


class Requirement(Frozen, frozen=True, kw_only=True):
    """So many units with a capability."""

    capability: Word
    count: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1


class Offer(Frozen, frozen=True, kw_only=True):
    """A rule's own offer of the needs to another agency, which has `within` microseconds to accept.

    Meanwhile our units go all the same (`send`), or the clock of the dispatch rests until the answer (`wait`).
    """

    to: Identifier
    within: Duration
    ground: Word
    meanwhile: Literal["send", "wait"] = "send"
    ladder: tuple[Rung, ...] = ()


class ResponsePlan(Frozen, frozen=True, kw_only=True):
    """What a rule says to send, how fast, and who is told when that fails. Durations are microseconds.

    `support` is what to arrange that is no unit (interpreter, wheelchair_lift); `raised_by` names the rules
    that only raised it; staging has its reason and the words of its release; `find_out_within` is by when the
    type must be known, and takes the place of the floor's.
    """

    rule: Word
    policy: Word
    priority: Word | None = None
    send: tuple[Requirement, ...] = ()
    minimum_officers: int = 0
    stage: bool = False
    dispatch_within: int | None = None
    arrive_within: int | None = None
    ladder: tuple[Rung, ...] = ()
    cancellation_closes: bool = True
    support: tuple[Word, ...] = ()
    raised_by: tuple[Word, ...] = ()
    stage_because: Word | None = None
    stage_until: Word | None = None
    find_out_within: int | None = None
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a policy is asked about: one need, as far as the policy may see it.

    `facts` are those that the policy has declared to read; `received_at` is the call's first instant
    (microseconds UTC). Which local hour that is, the evaluator works out itself.
    """

    service: Service
    incident_type: str | None
    facts: Mapping[str, bool | int | str]
    received_at: int


class FloorRules(Frozen, frozen=True, kw_only=True):
    """The allowances that do not depend on the kind of call; microseconds. The ladder serves them all."""

    answer_within: int
    acknowledge_within: int
    call_back_within: int
    find_out_within: int
    hand_over_within: int
    hand_over_arrival_within: int
    welfare_every: int
    outcome_within: int
    review_within: int
    retire_after: int
    ladder: tuple[Rung, ...]


class Permission(Frozen, frozen=True, kw_only=True):
    """Whether a rule allows to hold, hand over or decline, for how long at the most, and who hears of its end.

    For a decline `longest` is by when it must have been reviewed. Without a ladder the usual one serves.
    """

    allowed: bool
    rule: Word
    policy: Word
    because: str = ""
    longest: int | None = None
    ladder: tuple[Rung, ...] = ()


class Evaluator(Protocol):
    """Answers for one version of one policy. Pure: the same questions get the same answers."""

    @property
    def policy(self) -> str:
        """The hash of the policy's text."""

    @property
    def version(self) -> str:
        """The name of the version, for people."""

    @property
    def reads(self) -> frozenset[str]:
        """The names of the facts that the rules look at."""

    def plan(self, asked: Asked) -> ResponsePlan:
        """What to send for this need."""

    def may(self, act: PermittedAct, role: Role, ground: str, asked: Asked, to: str | None = None) -> Permission:
        """Whether somebody in this role may do this on this ground; `to` is the agency of a hand-over."""

    def floor(self) -> FloorRules:
        """The allowances that hold for every call."""


STANDARD_LADDER: Final = (
    Rung(role="dispatcher"),
    Rung(role="supervisor", after=2 * MINUTE),
    Rung(role="neighbour_agency", after=3 * MINUTE),
    Rung(role="duty_chief", after=5 * MINUTE),
)

HOUSE_FLOOR: Final = FloorRules(
    answer_within=15 * SECOND,  # NENA-STA-020.1: 90 % of 911 calls answered within 15 s
    acknowledge_within=1 * MINUTE,
    call_back_within=1 * MINUTE,
    find_out_within=2 * MINUTE,
    hand_over_within=3 * MINUTE,
    hand_over_arrival_within=30 * MINUTE,
    welfare_every=15 * MINUTE,
    outcome_within=30 * MINUTE,
    review_within=3 * DAY,
    retire_after=1 * DAY,
    ladder=STANDARD_LADDER,
)


LONGEST_HOLD: Final = 1 * DAY
"""How long a response can be held where the rule that allows it names no time."""

DISPATCH_AT_THE_LATEST: Final = 30 * MINUTE
"""When somebody must have been sent where the plan names no time at all."""


class HouseRules:
    """What holds while no policy is in force: one unit of the service, at once, and nobody turned away.

    It reads no fact at all, so it treats all calls alike.
    """

    policy: Final = "house"
    version: Final = "house"
    reads: Final[frozenset[str]] = frozenset()

    def plan(self, asked: Asked) -> ResponsePlan:
        """One unit of the service, the highest priority until somebody knows better."""
        return ResponsePlan(
            rule="house:send",
            policy="house",
            priority="1",
            send=(Requirement(capability="police" if asked.service == "unknown" else asked.service),),
            dispatch_within=1 * MINUTE,  # NFPA 1225: 60 s from answer to dispatch for the highest priority
            arrive_within=10 * MINUTE,
            ladder=STANDARD_LADDER,
        )

    def may(self, act: PermittedAct, _role: Role, _ground: str, _asked: Asked, _to: str | None = None) -> Permission:
        """A hand-over may be offered, because it counts only when accepted; nothing else is allowed."""
        if act == "hand_over":
            return Permission(allowed=True, rule="house:offer", policy="house")
        return Permission(
            allowed=False, rule="house:9", policy="house", because="No policy is in force that allows it."
        )

    def floor(self) -> FloorRules:
        """The house's allowances."""
        return HOUSE_FLOOR


HOUSE: Final = HouseRules()

NOT_RECORDED_PLAN: Final = ResponsePlan(rule="not_recorded", policy="not_recorded")
"""The plan of a rebuilt record: the export does not say which rule was followed."""


def evaluator_in_force(state: State, given: Given) -> Evaluator:
    """The evaluator to ask: the given one if it is that of the policy in force, else the house's own rules.

    A call is never refused because a policy file is missing (rule 1), so a mismatch falls back to sending
    help.
    """
    evaluator = given.evaluator
    if evaluator is not None and state.policy is not None and evaluator.policy == state.policy.policy:
        return evaluator
    return HOUSE


def declared(state: State, evaluator: Evaluator) -> frozenset[str]:
    """The facts that may be handed to an evaluator: what its policy was adopted as reading, and no other."""
    if state.policy is None or evaluator is HOUSE:
        return evaluator.reads
    return evaluator.reads.intersection(state.policy.reads)


def less(old: ResponsePlan, new: ResponsePlan) -> tuple[str, ...]:
    """The components in which the new plan is less than the old: the order that "sending less" means.

    Fewer units of a capability, a later priority, fewer officers, a later or no deadline (for dispatch, for
    arrival, for finding out the type), support that is missing, an offer to another agency that our own help
    waits for where it did not, or for longer. Staging is no less help, nor is an offer beside which we go;
    the policy's own proof lists them.
    """
    lower: list[str] = []
    counts = {r.capability: r.count for r in new.send}
    lower.extend(
        f"{r.capability[:200]} {r.count} → {counts.get(r.capability, 0)}"
        for r in old.send
        if counts.get(r.capability, 0) < r.count
    )
    if later_priority(old.priority, new.priority):
        lower.append(f"priority {old.priority} → {new.priority}"[:240])
    if new.minimum_officers < old.minimum_officers:
        lower.append(f"officers {old.minimum_officers} → {new.minimum_officers}")
    for name, before, after in (
        ("dispatch", old.dispatch_within, new.dispatch_within),
        ("arrive", old.arrive_within, new.arrive_within),
        ("find out", old.find_out_within, new.find_out_within),
    ):
        if before is not None and (after is None or after > before):
            lower.append(f"{name} deadline later")
    lower.extend(f"no {name}"[:240] for name in old.support if name not in new.support)
    if _waits(new) > _waits(old):
        lower.append(f"waits for {'' if new.offer is None else new.offer.to}"[:240])
    return tuple(lower)


def _waits(plan: ResponsePlan) -> int:
    """How long our own help waits for another agency's answer."""
    return plan.offer.within if plan.offer is not None and plan.offer.meanwhile == "wait" else -1


def combined(plans: Sequence[ResponsePlan]) -> ResponsePlan:
    """One plan that is no less than any of the given ones; it bears the rule of the most urgent.

    It offers to another agency only what every one of them offers to the same: an offer beside which we go
    rather than one that we wait for, and of two of a kind the shorter.
    """
    first = min(plans, key=lambda plan: priority_order(plan.priority))
    if len(plans) == 1:
        return first
    counts: dict[str, int] = {}
    for plan in plans:
        for requirement in plan.send:
            counts[requirement.capability] = max(counts.get(requirement.capability, 0), requirement.count)
    return ResponsePlan(
        rule=first.rule,
        policy=first.policy,
        priority=first.priority,
        send=tuple(Requirement(capability=name, count=count) for name, count in counts.items()),
        minimum_officers=max(plan.minimum_officers for plan in plans),
        stage=any(plan.stage for plan in plans),
        dispatch_within=_earliest(plan.dispatch_within for plan in plans),
        arrive_within=_earliest(plan.arrive_within for plan in plans),
        ladder=first.ladder,
        cancellation_closes=all(plan.cancellation_closes for plan in plans),
        support=tuple(dict.fromkeys(name for plan in plans for name in plan.support)),
        raised_by=tuple(dict.fromkeys(rule for plan in plans for rule in plan.raised_by)),
        stage_because=_together([plan.stage_because for plan in plans]),
        stage_until=_together([plan.stage_until for plan in plans]),
        find_out_within=_earliest(plan.find_out_within for plan in plans),
        offer=_combined_offer(plans),
    )


def _combined_offer(plans: Sequence[ResponsePlan]) -> Offer | None:
    offers = [plan.offer for plan in plans if plan.offer is not None]
    if len(offers) < len(plans) or len({offer.to for offer in offers}) > 1:
        return None
    return min(offers, key=lambda offer: (offer.meanwhile == "wait", offer.within))


def _together(words: Iterable[str | None]) -> str | None:
    """All the reasons, or all that must have happened, each once; cut evenly where that is longer than a word."""
    said = list(dict.fromkeys(word for word in words if word))
    joined = _AND.join(said)
    if len(joined) > _LONGEST_WORD:
        room = (_LONGEST_WORD - len(_AND) * (len(said) - 1)) // len(said)
        joined = _AND.join([word[: max(room, 0)] for word in said])[:_LONGEST_WORD]
    return joined or None


def _earliest(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def priority_order(priority: str | None) -> tuple[int, int, str]:
    """A sort key: numbers by value, then other codes as text, then unknown."""
    if priority is None:
        return (2, 0, "")
    if priority.isdecimal():
        return (0, int(priority), "")
    return (1, 0, priority)


def later_priority(old: str | None, new: str | None) -> bool:
    """Whether `new` is a lower priority than `old`.

    Numbers order as numbers, other codes as text; unknown is not lower than anything.
    """
    if old is None or new is None or old == new:
        return False
    return priority_order(new) > priority_order(old)
