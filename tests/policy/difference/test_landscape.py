"""What is said of a box is never more than is true of its calls."""

from __future__ import annotations

from random import Random

import brute_force
import pytest
from random_policies import CallMaker, random_policy
from version_pairs import changed

from everycall.policy.attributes import call_of
from everycall.policy.difference.landscape import FAILS, HOLDS, Landscape
from everycall.policy.difference.questions import scene_of


@pytest.mark.parametrize("seed", range(6))
def test_of_a_single_call_a_condition_says_what_the_reference_says(seed: int) -> None:
    rng = Random(seed)
    old = random_policy(rng, rules=8, adds=4, attributes=9, zones=4)
    new = changed(rng, old, times=4)
    scene = scene_of(old, new)
    land, maker = Landscape(scene), CallMaker(old)
    for _ in range(60):
        call = maker.call(rng)
        point = land.point(call)
        for policy, rules in zip(scene.policies, land.rules, strict=True):
            seen = call_of(policy.variables(), call)
            nodes = [*rules.nodes, *[added.node for added in rules.adds]]
            conditions = [*[rule.when for rule in policy.deciding], *[added.when for added in policy.add]]
            for condition, node in zip(conditions, nodes, strict=True):
                holds = brute_force.matches(condition, policy.variables(), seen)
                assert land.status(node, point, {}) == (HOLDS if holds else FAILS)


@pytest.mark.parametrize("seed", range(6))
def test_of_a_box_a_condition_says_no_more_than_its_calls_bear_out(seed: int) -> None:
    rng = Random(seed)
    old = random_policy(rng, rules=8, adds=4, attributes=9, zones=4)
    land, maker = Landscape(scene_of(old, changed(rng, old))), CallMaker(old)
    variables = old.variables()
    for _ in range(40):
        calls = [maker.call(rng) for _ in range(rng.randint(1, 4))]
        points = [land.point(call) for call in calls]
        box = [0] * len(land.everything)
        for point in points:
            box = [one | other for one, other in zip(box, point, strict=True)]
        for rule, node in zip(old.deciding, land.rules[0].nodes, strict=True):
            truths = {brute_force.matches(rule.when, variables, call) for call in calls}
            said = land.status(node, box, {})
            assert said & HOLDS or True not in truths
            assert said & FAILS or False not in truths


@pytest.mark.parametrize("seed", range(6))
def test_a_rule_decides_no_call_outside_of_what_it_is_allowed(seed: int) -> None:
    rng = Random(seed)
    old = random_policy(rng, rules=8, adds=4, attributes=9, zones=4)
    land, maker = Landscape(scene_of(old, changed(rng, old))), CallMaker(old)
    ids = land.rules[0].ids
    for _ in range(60):
        call = maker.call(rng)
        decided = ids.index(brute_force.decide(old, call)[0])
        allowed = land.allowed(0, decided)
        assert all(kinds & inside for kinds, inside in zip(land.point(call), allowed, strict=True))


@pytest.mark.parametrize("seed", range(6))
def test_the_rules_that_decide_one_call_under_both_versions_can_be_together(seed: int) -> None:
    rng = Random(seed)
    old = random_policy(rng, rules=8, adds=0, attributes=6, zones=3)
    new = changed(rng, old, times=5)
    land, maker = Landscape(scene_of(old, new)), CallMaker(old)
    together = frozenset(land.together)
    for _ in range(80):
        call = maker.call(rng)
        pair = tuple(
            [
                rules.ids.index(brute_force.decide(policy, call_of(policy.variables(), call))[0])
                for policy, rules in zip((old, new), land.rules, strict=True)
            ]
        )
        assert pair in together
