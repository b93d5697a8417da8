"""A plain policy looks at service and type only, always answers, and can never refuse the urgent."""

from __future__ import annotations

import hashlib
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from everycall.core.actors import Role
from everycall.core.base import MINUTE
from everycall.core.policies import (
    HIGHEST_PRIORITIES,
    HOUSE_FLOOR,
    STANDARD_LADDER,
    Asked,
    PermittedAct,
    Requirement,
)
from everycall.core.vocabulary import SERVICES, Service
from everycall.policy.plain import (
    PlainEvaluator,
    PlainPermission,
    PlainPlan,
    PlainPolicy,
    PlainRule,
    PolicyError,
    check,
    read_policy,
)
from everycall.policy.starter import starter_policy

STARTER = starter_policy()
EVALUATOR = PlainEvaluator(STARTER)
ROLES: tuple[Role, ...] = typing.get_args(Role)
GROUNDS = sorted({ground for permission in STARTER.permissions for ground in permission.grounds})
TYPES = sorted(
    {kind.rstrip("*") + ("x" if kind.endswith("*") else "") for rule in STARTER.rules for kind in rule.types}
)


def small(*rules: PlainRule, permissions: tuple[PlainPermission, ...] = ()) -> PlainPolicy:
    default = PlainPlan(priority="1", send=(Requirement(capability="police"),))
    return PlainPolicy(
        version="v1",
        rules=rules,
        defaults=dict.fromkeys(SERVICES, default),
        permissions=permissions,
        floor=HOUSE_FLOOR,
        ladder=STANDARD_LADDER,
    )


def rule(name: str, *types: str, services: tuple[Service, ...] = (), priority: str = "3") -> PlainRule:
    return PlainRule(rule=name, services=services, types=types, plan=PlainPlan(priority=priority))


def permission(name: str, act: PermittedAct, *types: str, longest: int | None = None) -> PlainPermission:
    return PlainPermission(
        rule=name, act=act, roles=("supervisor",), grounds=("because",), types=types, longest=longest
    )


@pytest.mark.parametrize("held", STARTER.rules, ids=lambda held: held.rule)
def test_every_rule_of_the_starter_policy_can_decide_for_each_of_its_types(held: PlainRule) -> None:
    for pattern in held.types:
        kind = pattern.rstrip("*") + ("x" if pattern.endswith("*") else "")
        service = held.services[0] if held.services else "police"
        assert EVALUATOR.plan(Asked(service, kind, {}, 0)).rule == held.rule


@given(st.sampled_from(SERVICES), st.none() | st.text(max_size=20) | st.sampled_from(TYPES))
def test_there_is_always_an_answer_that_sends_somebody_in_time(service: Service, kind: str | None) -> None:
    plan = EVALUATOR.plan(Asked(service, kind, {}, 0))
    assert plan.send
    assert plan.dispatch_within
    assert plan.arrive_within
    assert plan.ladder[-1].role == "duty_chief"


@pytest.mark.parametrize("service", SERVICES)
def test_what_nobody_has_understood_yet_gets_the_default(service: Service) -> None:
    plan = EVALUATOR.plan(Asked(service, None, {}, 0))
    assert plan.rule == f"default_{service}"
    assert service == "other" or plan.priority == "1"


def test_it_reads_no_fact_whatever_facts_there_are() -> None:
    assert EVALUATOR.reads == frozenset()
    facts: dict[str, bool | int | str] = {"caller.employer": "somebody", "caller.in_danger": True}
    assert EVALUATOR.plan(Asked("police", "theft", facts, 0)) == EVALUATOR.plan(Asked("police", "theft", {}, 0))
    for act in typing.get_args(PermittedAct):
        with_facts = EVALUATOR.may(act, "dispatcher", GROUNDS[0], Asked("police", "noise", facts, 0))
        assert with_facts == EVALUATOR.may(act, "dispatcher", GROUNDS[0], Asked("police", "noise", {}, 0))


def test_while_the_service_is_not_known_the_type_alone_tells() -> None:
    assert EVALUATOR.plan(Asked("unknown", "chest_pain", {}, 0)).rule == "life_threat"


def test_a_family_stands_for_every_type_that_begins_like_it() -> None:
    assert EVALUATOR.plan(Asked("police", "collision_with_a_tram", {}, 0)).rule == "collision"
    assert EVALUATOR.plan(Asked("police", "collisio", {}, 0)).rule == "default_police"


@pytest.mark.parametrize("role", ROLES)
def test_nobody_may_decline_what_has_the_highest_priority(role: Role) -> None:
    for kind in TYPES:
        priorities = {EVALUATOR.plan(Asked(service, kind, {}, 0)).priority for service in SERVICES}
        asked = Asked("police", kind, {}, 0)
        allowed = any(EVALUATOR.may("decline", role, ground, asked).allowed for ground in GROUNDS)
        named = [r for r in STARTER.rules if kind in r.types]
        if any(r.plan.priority in HIGHEST_PRIORITIES for r in named):
            assert not allowed, (kind, priorities)


def test_what_no_rule_allows_is_not_allowed() -> None:
    assert not EVALUATOR.may(
        "decline", "supervisor", "they_complain_a_lot", Asked("police", "guard_private_property", {}, 0)
    ).allowed
    assert not EVALUATOR.may(
        "decline", "dispatcher", "not_a_public_duty", Asked("police", "guard_private_property", {}, 0)
    ).allowed
    assert not EVALUATOR.may("hold", "unit", "caller_asks_for_later", Asked("police", "noise", {}, 0)).allowed
    assert not EVALUATOR.may("decline", "supervisor", "not_a_public_duty", Asked("police", None, {}, 0)).allowed
    assert EVALUATOR.may(
        "decline", "supervisor", "not_a_public_duty", Asked("police", "guard_private_property", {}, 0)
    ).allowed


def test_every_hold_and_hand_over_has_a_longest_time() -> None:
    assert all(p.longest for p in STARTER.permissions if p.act != "decline")
    assert EVALUATOR.may("hand_over", "dispatcher", "their_area", Asked("police", "theft", {}, 0)).longest == 3 * MINUTE


def test_a_cancellation_that_may_be_under_duress_closes_nothing() -> None:
    for kind in ("domestic_violence", "robbery", "hold_up_alarm", "hostage", "responder_emergency"):
        assert not EVALUATOR.plan(Asked("police", kind, {}, 0)).cancellation_closes
    assert EVALUATOR.plan(Asked("police", "noise", {}, 0)).cancellation_closes


def test_a_responder_in_trouble_gets_the_same_whatever_the_service() -> None:
    plans = {EVALUATOR.plan(Asked(service, "responder_emergency", {}, 0)) for service in SERVICES}
    assert len(plans) == 1


def test_the_hash_is_that_of_the_text_and_changes_with_anything_in_it() -> None:
    assert EVALUATOR.policy == hashlib.sha256(STARTER.text()).hexdigest()
    others = [
        replace(STARTER, version="starter-2"),
        replace(STARTER, rules=STARTER.rules[1:] + STARTER.rules[:1]),
        replace(STARTER, permissions=()),
        replace(STARTER, floor=replace(STARTER.floor, welfare_every=1)),
        replace(STARTER, defaults={**STARTER.defaults, "fire": STARTER.defaults["police"]}),
    ]
    assert len({policy.hash() for policy in (STARTER, *others)}) == len(others) + 1


def test_the_text_reads_back_as_the_same_policy() -> None:
    assert read_policy(STARTER.text()) == STARTER
    assert starter_policy().hash() == STARTER.hash()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"version":"v"}',
        STARTER.text()[:-1],
        STARTER.text().replace(b'"rules"', b'"rulez"', 1),
    ],
)
def test_what_is_no_policy_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(PolicyError, match=r"no plain policy.*[.]$"):
        read_policy(text)


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        (replace(small(), defaults={}), "no default for police"),
        (small(rule("a", "x"), rule("a", "y")), "stands for two rules"),
        (
            small(rule("a", "x"), permissions=(permission("a", "hold", "x", longest=1),)),
            "stands for two rules",
        ),
        (small(rule("a", "x"), rule("b", "y", "x")), "can never decide for 'x'"),
        (small(rule("a", "x*"), rule("b", "xy")), "can never decide for 'xy'"),
        (small(rule("a", "x*"), rule("b", "xy*")), "can never decide"),
        (small(rule("a", "*"), rule("b", "y", services=("ems",))), "can never decide"),
        (small(permissions=(permission("p", "hold", "x"),)), "without an end"),
        (small(permissions=(permission("p", "hand_over", "x", longest=0),)), "without an end"),
        (small(rule("a", "x"), permissions=(permission("p", "decline", "x*"),)), "name each type"),
        (small(permissions=(permission("p", "decline", "x"),)), "no rule stands"),
        (
            small(rule("a", "x", priority="1"), permissions=(permission("p", "decline", "x"),)),
            "never be declined",
        ),
        (
            small(
                rule("a", "x", services=("police",)),
                rule("b", "x", services=("ems",), priority="0"),
                permissions=(permission("p", "decline", "x"),),
            ),
            "never be declined",
        ),
    ],
)
def test_a_policy_that_is_not_whole_is_refused(policy: PlainPolicy, word: str) -> None:
    with pytest.raises(PolicyError, match=word):
        check(policy)
    with pytest.raises(PolicyError, match=word):
        PlainEvaluator(policy)


def test_rules_that_only_look_covered_are_allowed() -> None:
    check(small(rule("a", "xy"), rule("b", "x*")))
    check(small(rule("a", "x", services=("police",)), rule("b", "x")))
    check(small(rule("a", "x"), rule("b", "x*")))
    check(small(rule("a", "x", services=("police",)), rule("b", "x", services=("ems",))))
