"""The check against enumeration: verdicts on small policies, the lemma against the direct query, planted faults."""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import brute_force
import pytest
from enumeration import Enumeration
from planted import KINDS, lawful, planted
from random_policies import bench_policy, small_policy

from everycall.policy.components import Components
from everycall.policy.formula import AllOf, Scene, Side
from everycall.policy.properties.asking import Asker, Confirmed, Inquiry, NoneExist, Tally, make_engines
from everycall.policy.properties.check import check
from everycall.policy.properties.danger import Danger, from_absence_to_unknown, more_danger
from everycall.policy.properties.likeness import LIKE_CALLS_ALIKE, Likeness, exempt_by

if TYPE_CHECKING:
    from everycall.policy.properties.report import CheckReport, Shown
    from everycall.policy.rules import Policy

SOAK = os.environ.get("EVERYCALL_HYPOTHESIS") == "soak"


def said(refuted: bool) -> str:
    return "refuted" if refuted else "holds"


def agrees(policy: Policy) -> Counter[str]:
    """Check a policy both ways; what was refuted is counted."""
    report, truth = check(policy, place_varies=True), Enumeration(policy)
    verdicts = {each.name: each.verdict for each in report.properties}
    assert not report.disagreements
    assert {each.name: each.verdict for each in report.attributes} == truth.attributes()
    dead = {each.rules[0] for each in report.property("no_dead_rule").refutations}
    assert dead == truth.dead()
    masked = {
        each.rules[0] for each in report.property("no_dead_rule").listed if each.kind in ("masked", "not_reached")
    }
    assert masked == truth.never_deciding() - dead
    assert verdicts == {
        "like_calls_alike": said("refuted" in truth.attributes().values()),
        "protected_list": said(truth.off_the_list()),
        "unknown": said(truth.unknown()),
        "danger": said(truth.danger()),
        "no_silent_refusal": said(bool(truth.refusals())),
        "no_dead_rule": said(bool(dead)),
        "place_varies": said(truth.place_varies()),
    }
    assert {refusing(shown) for shown in report.property("no_silent_refusal").refutations} == truth.refusals()
    overlapping(report, truth)
    for each in report.properties:
        for shown in (*each.refutations, *each.listed):
            replayed(policy, shown)
    return Counter(name for name, verdict in verdicts.items() if verdict == "refuted")


def refusing(shown: Shown) -> tuple[str, str]:
    """What a refutation of `no_silent_refusal` is about, and the rule that its call was decided by."""
    assert shown.first is not None
    kind = "declined" if "can be declined" in shown.words else "waits" if " waits while " in shown.words else "bounds"
    return kind, shown.first.rule


def overlapping(report: CheckReport, truth: Enumeration) -> None:
    """Every pair of rules that both match a call and say different things is named."""
    named = {(first, second) for first, later in report.overlaps.items() for second in later}
    rules, ranks = truth.policy.rules, Components.of(truth.policy).ranks
    for at, first in enumerate(rules):
        for second in rules[at + 1 :]:
            meet = ranks(first.plan) != ranks(second.plan) and any(
                brute_force.matches(first.when, truth.variables, call)
                and brute_force.matches(second.when, truth.variables, call)
                for call, *_ in truth.calls
            )
            assert not meet or (first.id, second.id) in named


def replayed(policy: Policy, shown: Shown) -> None:
    """What is shown is decided as it says, and twins differ in what they say they differ in."""
    for call in (shown.first, shown.second):
        if call is not None:
            rule, raised_by, _ = brute_force.decide(policy, call.facts)
            assert (call.rule, call.raised_by) == (rule, raised_by)
            assert brute_force.is_consistent(policy, call.facts)
    if shown.first is not None and shown.second is not None:
        apart = {
            name
            for name in {*shown.first.facts, *shown.second.facts}
            if shown.first.facts.get(name) != shown.second.facts.get(name)
        }
        attributes = {policy.variables()[name].attribute for name in apart}
        assert len(attributes) == 1 or all(name.startswith("zone.") for name in attributes)
        assert shown.differences


def test_to_ask_what_the_order_of_the_rules_makes_needless_changes_no_verdict() -> None:
    questions = [0, 0]
    small = [small_policy(Random(seed), calls=1200) for seed in range(200, 212)]
    for policy in (*small, bench_policy(3, rules=40, attributes=10, zones=6)):
        reports = [check(policy, thorough=thorough) for thorough in (False, True)]
        assert reports[0].verdicts() == reports[1].verdicts()
        for at, report in enumerate(reports):
            questions[at] += sum(each.questions for each in report.properties)
    assert questions[0] < questions[1]


@pytest.mark.parametrize("seed", range(16))
def test_every_verdict_is_that_of_enumeration(seed: int) -> None:
    agrees(small_policy(Random(seed), calls=1200))


@pytest.mark.soak
def test_every_verdict_is_that_of_enumeration_on_many_policies() -> None:
    refuted: Counter[str] = Counter()
    for seed in range(1000, 1400):
        refuted += agrees(small_policy(Random(seed), calls=4000))
    assert all(refuted[name] > 5 for name in ("like_calls_alike", "unknown", "danger", "no_dead_rule", "place_varies"))


def lemma_is_direct(policy: Policy) -> int:
    """Ask the direct questions too; how many were refuted."""
    inquiry = Inquiry(policy, make_engines, 20.0)
    scene = Scene(policies=(policy,), sides=(Side(name="x", own=inquiry.own), Side(name="y", own=inquiry.own)))
    asker = Asker(scene, make_engines, 20.0, "direct")
    likeness, danger = Likeness(policy, inquiry.components, inquiry.ranks), Danger(inquiry)
    refuted = 0
    for name in sorted(inquiry.own):
        variable = inquiry.variables[name]
        _, same = inquiry.moving(frozenset({name}))
        exempt = exempt_by(policy, variable.attribute)
        moved = (more_danger(variable), from_absence_to_unknown(variable))
        for direct, by_rule in (
            (likeness.direct(exempt), likeness.by_rule(frozenset({name}), exempt)),
            *[(danger.direct(moves), danger.by_rule(moves)) for moves in moved],
        ):
            whole = asker.ask(AllOf(parts=(*same, direct)), Tally())
            parts = [asker.ask(AllOf(parts=(*same, question)), Tally()) for _, question in by_rule]
            assert isinstance(whole, NoneExist) is all(isinstance(part, NoneExist) for part in parts)
            assert isinstance(whole, Confirmed) is any(isinstance(part, Confirmed) for part in parts)
            refuted += isinstance(whole, Confirmed)
    return refuted


def test_asking_rule_by_rule_finds_what_the_direct_question_finds_and_nothing_else() -> None:
    assert sum(lemma_is_direct(small_policy(Random(seed), calls=2000)) for seed in range(100, 112)) > 5


@pytest.mark.soak
def test_the_lemma_on_many_policies() -> None:
    assert sum(lemma_is_direct(small_policy(Random(seed))) for seed in range(2000, 2200)) > 50


def faults(seeds: range) -> Counter[tuple[str, bool]]:
    """Plant a fault of each kind for each seed; how many of a kind were found, and how many cannot matter."""
    counted: Counter[tuple[str, bool]] = Counter()
    for seed in seeds:
        for kind in KINDS:
            rng = Random(f"{seed} {kind}")
            policy = planted(rng, lawful(rng), kind)
            report = check(policy, only=(LIKE_CALLS_ALIKE,))
            assert {each.name: each.verdict for each in report.attributes} == Enumeration(policy).attributes(), (
                seed,
                kind,
            )
            refuted = report.property(LIKE_CALLS_ALIKE).verdict == "refuted"
            assert all("planted" in shown.rules or kind in ("inside_not", "inside_any")
                       for shown in report.property(LIKE_CALLS_ALIKE).refutations)  # fmt: skip
            counted[kind, refuted] += 1
    return counted


def test_a_planted_fault_is_found_unless_enumeration_shows_that_it_cannot_matter() -> None:
    counted = faults(range(5))
    assert all(not counted[kind, True] for kind in ("dead", "same_plan", "masked"))
    assert sum(count for (_, found), count in counted.items() if found) > 15


@pytest.mark.soak
def test_hundreds_of_planted_faults() -> None:
    counted = faults(range(100, 140))
    assert all(counted[kind, True] > 3 for kind in KINDS if kind not in ("dead", "same_plan", "masked"))
