"""The evaluator that the core asks: one version of one policy behind core's `Evaluator`.

The policy counts in whole seconds and its ladders from the deadline; the core counts in microseconds and each rung
from the one before. Both are translated here and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from everycall.core.base import FARTHEST, SECOND
from everycall.core.deadlines import Rung
from everycall.core.policies import FloorRules, Offer, Permission, Requirement, ResponsePlan
from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY, WEEKDAYS
from everycall.policy.compose import sent, staged
from everycall.policy.evaluate import compile_policy
from everycall.policy.permissions import DOING, allowed, refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.core.actors import Role
    from everycall.core.policies import Asked, PermittedAct
    from everycall.policy.evaluate import Decision
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy, Step

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED: Final = 4096
_LONGEST_VERSION: Final = 200
_LONGEST_WORD: Final = 240
_AND: Final = "; and "
_SHORT_HASH: Final = 12
UNKNOWN_SERVICE: Final = "unknown"
"""How the core says that nobody has found out yet which service is needed."""


class PolicyEvaluator:
    """Answers the core's questions for one version of a policy; pure, and never at a loss for an answer."""

    def __init__(self, policy: Policy) -> None:
        """Make a policy ready.

        Raises:
            zoneinfo.ZoneInfoNotFoundError: This machine does not know the policy's time zone.
        """
        self._compiled: Final = compile_policy(policy)
        self._zone: Final = ZoneInfo(policy.heading.time_zone)
        self._label: Final = f"{policy.heading.version[:_LONGEST_VERSION]} ({policy.hash[:_SHORT_HASH]})"
        self._reads: Final = policy.read()
        self._floor: Final = _floor_rules(policy)
        self._plans: Final[dict[tuple[str, tuple[str, ...]], ResponsePlan]] = {}

    @property
    def policy(self) -> str:
        """The hash of the policy's text."""
        return self._compiled.policy.hash

    @property
    def version(self) -> str:
        """The name of the version, for people."""
        return self._compiled.policy.heading.version

    @property
    def reads(self) -> frozenset[str]:
        """The names of the facts that the rules look at."""
        return self._reads

    def call_of(self, asked: Asked) -> Call:
        """The call that the policy sees: its facts, service and type, and the local time at which it came."""
        call = self._compiled.call_of({**asked.facts, SERVICE: asked.service, TYPE: asked.incident_type or ""})
        if asked.service == UNKNOWN_SERVICE:
            call.pop(SERVICE, None)
        if asked.incident_type is None:
            call.pop(TYPE, None)
        call[TIME_OF_DAY], call[WEEKDAY] = local_time(asked.received_at, self._zone)
        return call

    def decide(self, asked: Asked) -> Decision:
        """What the policy says of this need."""
        return self._compiled.decide(self.call_of(asked))

    def plan(self, asked: Asked) -> ResponsePlan:
        """What to send for this need."""
        decision = self.decide(asked)
        key = (decision.rule, decision.raised_by)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _REMEMBERED:
                self._plans.clear()
            plan = self._plans[key] = response_plan(decision, self._label)
        return plan

    def may(self, act: PermittedAct, role: Role, ground: str, asked: Asked, to: str | None = None) -> Permission:
        """Whether somebody in this role may do this on this ground; `to` is the agency of a hand-over.

        Where several grants allow it, the one with the longest time counts: that is what the proof compares. A
        hand-over to nobody in particular needs a grant for any agency.
        """
        decision = self.decide(asked)
        grant = allowed(decision.plan, act, role, ground, to)
        if grant is None:
            return Permission(
                allowed=False,
                rule=decision.rule,
                policy=self._label,
                because=refused(self._compiled.policy, decision, act, role, ground, to),
            )
        return Permission(
            allowed=True,
            rule=decision.rule,
            policy=self._label,
            because=f"Rule {decision.rule} lets a {role} {DOING[act]} on the ground {ground}.",
            longest=grant.within * SECOND,
            ladder=rungs(grant.ladder),
        )

    def floor(self) -> FloorRules:
        """The allowances that hold for every call."""
        return self._floor


def response_plan(decision: Decision, label: str) -> ResponsePlan:
    """A decision as the core reads it; `label` names the version."""
    plan = decision.plan
    stages = staged(plan.stages)
    offer = None
    if plan.offer is not None:
        offer = Offer(
            to=plan.offer.to,
            within=plan.offer.within * SECOND,
            ground=plan.offer.ground,
            meanwhile=plan.offer.meanwhile,
            ladder=rungs(plan.offer.ladder),
        )
    return ResponsePlan(
        rule=decision.rule,
        policy=label,
        priority=str(plan.priority),
        send=tuple([Requirement(capability=capability, count=count) for capability, count in sent(plan.send)]),
        minimum_officers=plan.minimum_officers,
        stage=bool(plan.stages),
        dispatch_within=_microseconds(plan.dispatch_within),
        arrive_within=_microseconds(plan.arrive_within),
        ladder=rungs(plan.ladder),
        cancellation_closes=plan.cancellation_closes,
        support=plan.support,
        raised_by=decision.raised_by,
        stage_because=_together(stage.because for stage in stages),
        stage_until=_together(stage.until for stage in stages),
        find_out_within=_microseconds(plan.find_out_within),
        offer=offer,
    )


def rungs(steps: Sequence[Step]) -> tuple[Rung, ...]:
    """A ladder as the core climbs it, soonest first.

    The core tells the first rung when the deadline passes, whatever that rung's `after` is. So a first step that is
    later is told early, and the second is counted from the deadline: nobody is told late.
    """
    ordered = sorted(steps, key=lambda step: step.at)
    before = [0, 0, *(step.at for step in ordered[1:])]
    return tuple(
        [
            Rung(role=step.role, after=(step.at - last) * SECOND if place else 0)
            for place, (step, last) in enumerate(zip(ordered, before, strict=False))
        ]
    )


def local_time(instant: int, zone: ZoneInfo) -> tuple[int, str]:
    """Minutes after midnight and the weekday on a wall in that zone, of an instant in microseconds UTC.

    Where the clock is put back an hour comes twice, and a call in either is a call at that hour.
    """
    within = min(max(instant, -FARTHEST), FARTHEST)
    there = (_EPOCH + timedelta(microseconds=within)).astimezone(zone)
    return there.hour * 60 + there.minute, WEEKDAYS[there.weekday()]


def _together(sentences: Iterable[str]) -> str | None:
    """All of these as one phrase, none where there are none: "police say so; and the gas is shut"."""
    each = list(dict.fromkeys(sentences))
    each = [*(sentence.strip().rstrip(".;") for sentence in each[:-1]), *each[-1:]]
    words = _AND.join(each)
    if len(words) > _LONGEST_WORD:
        # Each is shown in part: what is cut off whole, nobody would ask about.
        share = (_LONGEST_WORD - len(_AND) * (len(each) - 1)) // len(each)
        words = _AND.join(one if len(one) <= share else f"{one[: max(share - 1, 0)]}…" for one in each)[:_LONGEST_WORD]
    return words or None


def _microseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * SECOND


def _floor_rules(policy: Policy) -> FloorRules:
    floor = policy.floor
    return FloorRules(
        answer_within=floor.answer_within * SECOND,
        acknowledge_within=floor.acknowledge_within * SECOND,
        call_back_within=floor.call_back_within * SECOND,
        find_out_within=floor.find_out_within * SECOND,
        hand_over_within=floor.hand_over_within * SECOND,
        hand_over_arrival_within=floor.hand_over_arrival_within * SECOND,
        welfare_every=floor.welfare_every * SECOND,
        outcome_within=floor.outcome_within * SECOND,
        review_within=floor.review_within * SECOND,
        retire_after=floor.retire_after * SECOND,
        ladder=rungs(floor.ladder),
    )
