"""A plain policy: rules that look at the service and the incident type, and at nothing else.

Invariants:

1. It declares to read no fact, so the core hands it none: like calls are treated alike by construction,
   whoever called.
2. The default always answers; the first rule that matches decides; no rule is behind one that covers it.
3. What has priority 0 or 1 can be declined by nobody.
4. Its hash is the SHA-256 of its canonical text; that text is kept as a blob in the record that adopts it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from everycall.core.actors import Role
from everycall.core.base import Frozen, Identifier
from everycall.core.deadlines import Rung
from everycall.core.policies import (
    HIGHEST_PRIORITIES,
    FloorRules,
    Permission,
    PermittedAct,
    Requirement,
    ResponsePlan,
)
from everycall.core.vocabulary import SERVICES, Service

if TYPE_CHECKING:
    from collections.abc import Iterable

    from everycall.core.policies import Asked

_encoder: Final = msgspec.json.Encoder(order="deterministic")
_HASH_SHOWN: Final = 12


class PolicyError(ValueError):
    """A text that cannot be a policy; the sentence says what to mend."""


class PlainPlan(Frozen, frozen=True, kw_only=True):
    """What a rule says to send, and how fast. Durations are microseconds; the ladder is the policy's."""

    priority: Identifier
    send: tuple[Requirement, ...] = ()
    minimum_officers: int = 0
    stage: bool = False
    dispatch_within: int | None = None
    arrive_within: int | None = None
    cancellation_closes: bool = True


class PlainRule(Frozen, frozen=True, kw_only=True):
    """One rule: for these services (none named: all) and these types, this plan.

    A type that ends in `*` names a family: `medical_*` is every type that begins with `medical_`.
    """

    rule: Identifier
    types: tuple[Identifier, ...]
    services: tuple[Service, ...] = ()
    plan: PlainPlan

    def matches(self, service: Service, incident_type: str | None) -> bool:
        """Whether it answers for this; while the service is not known, the type alone tells."""
        if service != "unknown" and self.services and service not in self.services:
            return False
        return incident_type is not None and any(_in(incident_type, pattern) for pattern in self.types)


class PlainPermission(Frozen, frozen=True, kw_only=True):
    """Who may hold, hand over or decline which types, on which grounds, for how long at the most.

    Durations are microseconds.
    """

    rule: Identifier
    act: PermittedAct
    roles: tuple[Role, ...]
    grounds: tuple[Identifier, ...]
    types: tuple[Identifier, ...] = ("*",)
    longest: int | None = None

    def matches(self, act: PermittedAct, role: Role, ground: str, incident_type: str | None) -> bool:
        """Whether it allows this."""
        return (
            act == self.act
            and role in self.roles
            and ground in self.grounds
            and any(_in(incident_type or "", pattern) for pattern in self.types)
        )


class PlainPolicy(Frozen, frozen=True, kw_only=True):
    """The whole text: version, rules in order, the default of each service, permissions, floor and ladder."""

    version: Identifier
    rules: tuple[PlainRule, ...]
    defaults: dict[Service, PlainPlan]
    permissions: tuple[PlainPermission, ...] = ()
    floor: FloorRules
    ladder: tuple[Rung, ...]

    def text(self) -> bytes:
        """The canonical text: the same policy gives the same bytes."""
        return _encoder.encode(self)

    def hash(self) -> str:
        """SHA-256 of the canonical text, in hexadecimal digits."""
        return hashlib.sha256(self.text()).hexdigest()


def read_policy(text: bytes) -> PlainPolicy:
    """Read a policy from the bytes that `text` made.

    Raises:
        PolicyError: it is no plain policy, or `check` objects to it.
    """
    try:
        policy = msgspec.json.decode(text, type=PlainPolicy)
    except msgspec.DecodeError as error:
        raise PolicyError(f"This is no plain policy: {error}. Compare it with the starter policy.") from error
    check(policy)
    return policy


def check(policy: PlainPolicy) -> None:
    """See that the policy is whole.

    Raises:
        PolicyError: a service without default, a name used twice, a rule that can never decide, a hold or
            hand-over without an end, or a decline that reaches what may never be declined.
    """
    lacking = [service for service in SERVICES if service not in policy.defaults]
    if lacking:
        raise PolicyError(f"There is no default for {', '.join(lacking)}: give one, so that every call gets an answer.")
    names = [rule.rule for rule in policy.rules] + [permission.rule for permission in policy.permissions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PolicyError(f"The name {twice[0]!r} stands for two rules: each needs its own, for the record.")
    for number, rule in enumerate(policy.rules):
        for pattern in rule.types:
            cover = _covering(policy.rules[:number], rule.services, pattern)
            if cover is not None:
                raise PolicyError(
                    f"Rule {rule.rule!r} can never decide for {pattern!r}: {cover!r} stands before it "
                    "and covers it. Move it forward, or take that type out."
                )
    for permission in policy.permissions:
        _check_permission(policy, permission)


def _check_permission(policy: PlainPolicy, permission: PlainPermission) -> None:
    if permission.act != "decline":
        if permission.longest is None or permission.longest <= 0:
            raise PolicyError(
                f"{permission.rule!r} lets somebody {permission.act.replace('_', ' ')} without an end: "
                "give a longest time."
            )
        return
    for pattern in permission.types:
        if pattern.endswith("*"):
            raise PolicyError(
                f"{permission.rule!r} declines the family {pattern!r}: name each type that may be declined."
            )
        for service in SERVICES:
            priority = _plan(policy, service, pattern)[1].priority
            if priority in HIGHEST_PRIORITIES and any(r.matches(service, pattern) for r in policy.rules):
                raise PolicyError(
                    f"{permission.rule!r} declines {pattern!r}, which has priority {priority}: that can "
                    "never be declined."
                )
        if not any(pattern in rule.types for rule in policy.rules):
            raise PolicyError(
                f"{permission.rule!r} declines {pattern!r}, for which no rule stands: give it one with its priority."
            )


def _covering(before: Iterable[PlainRule], services: tuple[Service, ...], pattern: str) -> str | None:
    """An earlier rule that answers for all that this pattern of this rule would."""
    for rule in before:
        if rule.services and not (services and set(services) <= set(rule.services)):
            continue
        if any(_in(pattern.removesuffix("*"), held) and (held.endswith("*") or held == pattern) for held in rule.types):
            return rule.rule
    return None


def _in(incident_type: str, pattern: str) -> bool:
    return incident_type.startswith(pattern[:-1]) if pattern.endswith("*") else incident_type == pattern


def _plan(policy: PlainPolicy, service: Service, incident_type: str | None) -> tuple[str, PlainPlan]:
    for rule in policy.rules:
        if rule.matches(service, incident_type):
            return rule.rule, rule.plan
    return f"default_{service}", policy.defaults[service]


class PlainEvaluator:
    """A plain policy as the core asks it. Pure: the same questions get the same answers."""

    def __init__(self, policy: PlainPolicy) -> None:
        """Answer for this policy.

        Raises:
            PolicyError: `check` objects to it.
        """
        check(policy)
        self.text = policy
        self._policy = policy.hash()
        self._label = f"{policy.version} ({self._policy[:_HASH_SHOWN]})"

    @property
    def policy(self) -> str:
        """The hash of the policy's text."""
        return self._policy

    @property
    def version(self) -> str:
        """The name of the version, for people."""
        return self.text.version

    @property
    def label(self) -> str:
        """Version and short hash, as decisions carry them."""
        return self._label

    @property
    def reads(self) -> frozenset[str]:
        """Nothing: a plain rule has no place for a fact."""
        return frozenset()

    def plan(self, asked: Asked) -> ResponsePlan:
        """What to send: by the first rule that matches, else by the default."""
        rule, plan = _plan(self.text, asked.service, asked.incident_type)
        return ResponsePlan(
            rule=rule,
            policy=self._label,
            priority=plan.priority,
            send=plan.send,
            minimum_officers=plan.minimum_officers,
            stage=plan.stage,
            dispatch_within=plan.dispatch_within,
            arrive_within=plan.arrive_within,
            ladder=self.text.ladder,
            cancellation_closes=plan.cancellation_closes,
        )

    def may(self, act: PermittedAct, role: Role, ground: str, asked: Asked, _to: str | None = None) -> Permission:
        """Whether a rule allows it; what no rule allows is not allowed."""
        for permission in self.text.permissions:
            if permission.matches(act, role, ground, asked.incident_type):
                return Permission(allowed=True, rule=permission.rule, policy=self._label, longest=permission.longest)
        return Permission(
            allowed=False,
            rule="no_permission",
            policy=self._label,
            because="no rule allows it on that ground",
        )

    def floor(self) -> FloorRules:
        """The policy's allowances for every call."""
        return self.text.floor
