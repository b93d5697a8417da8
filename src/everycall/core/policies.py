"""Policies as the core sees them: what an evaluator answers, what is in force, and how it came into force.

The core never reads a rule. It asks an `Evaluator`, whose hash must be that of the policy in force, and hands
it only the facts that the policy
has declared to read. A policy that reads no protected fact therefore treats calls alike that differ only in
those, whatever it says; any other
needs a certificate, or comes into force over a written objection with an end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol

import msgspec

from everycall.core.base import (
    DAY,
    MINUTE,
    SECOND,
    CommandBody,
    Duration,
    Entity,
    Frozen,
    Identifier,
    Instant,
    Word,
)
from everycall.core.deadlines import Rung
from everycall.core.event import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from everycall.core.actors import Role
    from everycall.core.given import Given
    from everycall.core.handlers import EvolveTable
    from everycall.core.state import State
    from everycall.core.vocabulary import Service

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

    def may(
        self, act: PermittedAct, _role: Role, _ground: str, _asked: Asked, _to: str | None = None
    ) -> Permission:
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


class ReadsNothingProtected(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="reads_nothing_protected"):
    """Alike by construction: the evaluator is handed no protected fact."""


class Certified(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="certified"):
    """Checked by proof; the certificate is a blob."""

    certificate: Identifier


class OverObjection(Frozen, frozen=True, kw_only=True, tag_field="standing", tag="over_objection"):
    """Put in force unchecked, by named persons, in writing, until a date; every call it touches is marked."""

    persons: Annotated[tuple[Identifier, ...], msgspec.Meta(max_length=10)]
    reason: Word
    objection: Word
    ends_at: Instant


Standing = ReadsNothingProtected | Certified | OverObjection


class PolicyInForce(Entity, frozen=True, kw_only=True):
    """The version that decides now."""

    policy: Identifier
    version: Word
    reads: tuple[Word, ...]
    standing: Standing
    adopted_at: Instant
    authority: Word
    reason: Word


class AdoptPolicy(CommandBody, frozen=True, kw_only=True):
    """Put a version in force. `policy` is the hash of its text, which is kept as a blob."""

    policy: Identifier
    version: Identifier
    reads: Annotated[tuple[Word, ...], msgspec.Meta(max_length=30)] = ()
    authority: Word
    reason: Word
    standing: Standing = ReadsNothingProtected()


class PolicyAdopted(Event, frozen=True, kw_only=True):
    """A version came into force."""

    policy: Identifier
    version: Identifier
    reads: tuple[Word, ...]
    authority: Word
    reason: Word
    standing: Standing
    at: Instant


class PolicyLapsed(Event, frozen=True, kw_only=True):
    """What was put in force over objection has ended; the house's own rules hold until the next."""

    policy: Identifier
    version: Word
    at: Instant


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

    Fewer units of a capability, a later priority, fewer officers, a later or no deadline. Staging is no less
    help; it is listed by the policy's
    own proof.
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
    ):
        if before is not None and (after is None or after > before):
            lower.append(f"{name} deadline later")
    return tuple(lower)


def combined(plans: Sequence[ResponsePlan]) -> ResponsePlan:
    """One plan that is no less than any of the given ones; it bears the rule of the most urgent."""
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
    )


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


def over_objection(state: State) -> bool:
    """Whether the policy in force is there over an objection, so that what it touches is marked."""
    return state.policy is not None and isinstance(state.policy.standing, OverObjection)


def _adopted(state: State, event: PolicyAdopted) -> None:
    state.policy = PolicyInForce(
        policy=event.policy,
        version=event.version,
        reads=event.reads,
        standing=event.standing,
        adopted_at=event.at,
        authority=event.authority,
        reason=event.reason,
    )


def _lapsed(state: State, _event: PolicyLapsed) -> None:
    state.policy = None


EVOLVE: Final[EvolveTable] = {PolicyAdopted: _adopted, PolicyLapsed: _lapsed}
