"""The evaluator agrees with the plain reference, and what it composes ranks as the components say."""

from __future__ import annotations

from random import Random

import brute_force
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from random_parts import LADDERS, STAGES, random_plan
from random_policies import CallMaker, bench_policy, random_policy, small_policy

from everycall.policy.attributes import Zone, call_of, consistent
from everycall.policy.components import Components
from everycall.policy.compose import composed
from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Not, Within
from everycall.policy.evaluate import compile_policy
from everycall.policy.rules import Grant, Offer, Plan, Policy, Raise, Rule, Step

SEEDS = st.integers(min_value=0, max_value=2**32 - 1)


def base() -> Policy:
    """A policy without rules, with the whole pool of attributes."""
    made = random_policy(Random(1), rules=0, adds=0, attributes=12, zones=0)
    return replace(
        made,
        zones=(
            Zone(name="central", service_area=True),
            Zone(name="north", service_area=True),
            Zone(name="block", inside="central"),
            Zone(name="house", inside="block"),
        ),
        triage=Plan(priority=1),
        default=Plan(priority=5),
    )


def with_rules(*conditions: Condition) -> Policy:
    return replace(
        base(), rules=tuple([Rule(id=str(at), when=when, plan=Plan(priority=2)) for at, when in enumerate(conditions)])
    )


def decides(condition: Condition, **known: bool | int | str) -> bool:
    """Whether a rule with this condition decides a call of a known type."""
    call = {name.replace("__", "."): value for name, value in known.items()}
    return compile_policy(with_rules(condition)).decide({"type": "theft", "service": "police", **call}).rule == "0"


@given(SEEDS)
@settings(max_examples=250, deadline=None)
def test_every_call_is_decided_as_the_reference_decides_it(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng, rules=rng.randint(0, 12), adds=rng.randint(0, 5), attributes=rng.randint(0, 12))
    compiled, maker = compile_policy(policy), CallMaker(policy)
    for _ in range(12):
        call = maker.call(rng)
        decision, (rule, raised_by, plan) = compiled.decide(call), brute_force.decide(policy, call)
        assert (decision.rule, decision.raised_by) == (rule, raised_by), call
        assert brute_force.normal(decision.plan) == brute_force.normal(plan), call


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_of_a_small_policy_every_call_there_is_gets_what_the_reference_says(seed: int) -> None:
    policy = small_policy(Random(seed), calls=600)
    compiled = compile_policy(policy)
    for call in brute_force.every_call(policy):
        decision, (rule, raised_by, plan) = compiled.decide(call), brute_force.decide(policy, call)
        assert (decision.rule, decision.raised_by) == (rule, raised_by), call
        assert brute_force.normal(decision.plan) == brute_force.normal(plan), call


@pytest.mark.soak
def test_a_thousand_policies_and_all_calls_of_small_ones_agree_with_the_reference() -> None:
    for seed in range(1_000):
        policy = small_policy(Random(seed), calls=2_000)
        compiled = compile_policy(policy)
        for call in brute_force.every_call(policy):
            decision, (rule, raised_by, plan) = compiled.decide(call), brute_force.decide(policy, call)
            assert (decision.rule, decision.raised_by) == (rule, raised_by), (seed, call)
            assert brute_force.normal(decision.plan) == brute_force.normal(plan), (seed, call)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_what_goes_out_has_in_every_component_the_highest_of_the_ranks_that_made_it(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng, adds=6)
    components, compiled, maker = Components.of(policy), compile_policy(policy), CallMaker(policy)
    plans = {rule.id: rule.plan for rule in policy.deciding}
    raises = {rule.id: rule.add for rule in policy.add}
    for _ in range(12):
        decision = compiled.decide(maker.call(rng))
        highest = list(components.ranks(plans[decision.rule]))
        for added in decision.raised_by:
            ranks = components.raised(raises[added])
            highest = [rank if more is None else max(rank, more) for rank, more in zip(highest, ranks, strict=True)]
        assert components.ranks(decision.plan) == tuple(highest)


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_facts_become_the_same_call_as_by_fitting_each_and_dropping_zones_that_contradict(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng, attributes=12, zones=rng.randint(0, 8))
    compiled = compile_policy(policy)
    variables = policy.variables()
    for _ in range(20):
        facts = {
            name: rng.choice(
                (True, False, 0, 1, -99, 10**20, "agency_a", "other", "", "nonsense", rng.choice(variable.values))
            )
            for name, variable in variables.items()
            if rng.random() < 0.8
        }
        facts["not_declared"] = True
        fitted = consistent(policy.zones, call_of(variables, facts))
        assert compiled.call_of(facts) == fitted
        assert {name: type(value) for name, value in compiled.call_of(facts).items()} == {
            name: type(value) for name, value in fitted.items()
        }


@pytest.mark.parametrize("rules", [40, 200])
def test_large_policies_agree_with_the_reference_and_no_rule_of_theirs_is_out_of_reach(rules: int) -> None:
    policy, rng = bench_policy(7, rules=rules), Random(7)
    compiled, maker = compile_policy(policy), CallMaker(policy)
    reached: set[str] = set()
    for rule in policy.rules:
        for _ in range(40 if rules < 100 else 2):
            call = maker.call(rng)
            maker.aim(rng, rule.when, call, wanted=True)
            call = consistent(policy.zones, call)
            decision = compiled.decide(call)
            assert (decision.rule, decision.raised_by) == brute_force.decide(policy, call)[:2]
            reached.add(decision.rule)
    if rules < 100:
        assert len(reached) >= 0.9 * rules


def test_the_first_rule_that_matches_decides_also_when_a_later_one_is_narrower() -> None:
    compiled = compile_policy(with_rules(Is(variable="type", value="theft"), Is(variable="weapon", value=True)))
    assert compiled.decide({"type": "theft", "weapon": True}).rule == "0"
    assert compiled.decide({"type": "fall", "weapon": True}).rule == "1"


def test_an_unknown_type_that_no_rule_decides_gets_triage_and_a_known_one_the_default() -> None:
    compiled = compile_policy(with_rules(Is(variable="weapon", value=True)))
    assert compiled.decide({}).rule == "triage"
    assert compiled.decide({"type": "theft"}).rule == "default"
    assert compiled.decide({"weapon": True}).rule == "0"


def test_a_service_or_type_that_the_policy_does_not_have_is_asked_of_every_rule_and_matches_as_no_named_value() -> None:
    policy = with_rules(
        Is(variable="type", value="theft"),
        All(parts=(Not(part=Is(variable="type", value="fall")), Is(variable="weapon", value=True))),
    )
    compiled = compile_policy(policy)
    assert compiled.decide({"type": "volcano", "weapon": True}).rule == "1"
    assert compiled.decide({"type": "volcano"}).rule == "default"
    assert compiled.decide({"service": "coastguard"}).rule == "triage"


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        (Is(variable="weapon", value=True), {"weapon": True}, True),
        (Is(variable="weapon", value=True), {}, False),
        (Is(variable="weapon", value=None), {}, True),
        (Is(variable="weapon", value=None), {"weapon": False}, False),
        (Not(part=Is(variable="weapon", value=True)), {}, True),
        (In(variable="weapon", values=(True,), or_unknown=True), {}, True),
        (In(variable="weapon", values=(True,), or_unknown=True), {"weapon": False}, False),
        (Is(variable="in_progress", value=True), {}, True),  # its unknown counts as yes
        (Is(variable="in_progress", value=False), {}, False),
        (Is(variable="in_progress", value=None), {}, True),  # and is unknown all the same
        (Between(variable="floor_of_building", lowest=0, highest=2), {}, True),  # counts as the ground floor
        (Between(variable="floor_of_building", lowest=1, highest=2), {}, False),
        (Between(variable="floor_of_building", lowest=1, highest=2, or_unknown=True), {}, True),
        (Between(variable="patients", lowest=1, highest=2), {"patients": 2}, True),
        (Between(variable="patients", lowest=1, highest=2), {"patients": 3}, False),
        (Has(attribute="hazards", value="chemicals"), {"hazards__chemicals": True}, True),
        (Has(attribute="hazards", value="chemicals"), {"hazards__power_lines": True}, False),
        (Has(attribute="hazards", value="chemicals", or_unknown=True), {}, True),
        (Within(zone="house"), {"zone__house": True}, True),
        (Within(zone="house"), {"zone__house": False}, False),
        (Within(zone="house"), {}, False),
        (Within(zone="house", or_unknown=True), {}, True),
        (During(start=1320, end=360), {"time__of_day": 1320}, True),
        (During(start=1320, end=360), {"time__of_day": 359}, True),
        (During(start=1320, end=360), {"time__of_day": 360}, False),
        (During(start=1320, end=360), {"time__of_day": 1319}, False),
        (During(start=60, end=1440), {"time__of_day": 1439}, True),
        (During(start=60, end=1440), {"time__of_day": 59}, False),
        (Always(), {}, True),
        (All(parts=()), {}, True),
        (Any(parts=()), {}, False),
        (Not(part=Always()), {}, False),
        (Any(parts=(Is(variable="weapon", value=True), Always())), {}, True),
        (All(parts=(Always(), Is(variable="weapon", value=True))), {}, False),
        (Any(parts=(Is(variable="type", value="theft"), Is(variable="weapon", value=True))), {}, True),
        (Any(parts=(Is(variable="type", value="fall"), Is(variable="weapon", value=True))), {}, False),
        (Not(part=Any(parts=(Is(variable="type", value="theft"), Is(variable="weapon", value=True)))), {}, False),
    ],
)
def test_a_condition_holds_as_its_words_say(
    condition: Condition, known: dict[str, bool | int | str], expected: bool
) -> None:
    assert decides(condition, **known) is expected


def test_zone_facts_that_contradict_each_other_become_unknown_and_others_stay() -> None:
    compiled = compile_policy(base())
    assert compiled.call_of({"zone.house": True, "zone.block": False, "zone.central": True}) == {"zone.central": True}
    assert compiled.call_of({"zone.central": True, "zone.north": True, "weapon": True}) == {"weapon": True}
    assert compiled.call_of({"zone.house": True, "zone.central": True}) == {"zone.house": True, "zone.central": True}


def test_a_number_is_no_yes_and_a_yes_no_number() -> None:
    compiled = compile_policy(base())
    assert compiled.call_of({"weapon": 1, "patients": True, "building": 3, "floor_of_building": "3"}) == {}


FULL = Plan(
    priority=3,
    send=(("ambulance", 1), ("police", 1)),
    minimum_officers=1,
    support=("interpreter",),
    stages=STAGES[:1],
    dispatch_within=100,
    ladder=(Step(role="dispatcher", at=0), Step(role="supervisor", at=120)),
    offer=Offer(to="federal_police", ground="their_property", within=180, meanwhile="wait", ladder=LADDERS[0]),
    may=(
        Grant(act="hold", roles=("dispatcher",), grounds=("no_danger",), within=60, ladder=LADDERS[0]),
        Grant(act="decline", roles=("supervisor",), grounds=("no_danger",), within=60, ladder=LADDERS[0]),
    ),
)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (Raise(priority=1), {"priority": 1}),
        (Raise(priority=5), {}),
        (Raise(send=(("police", 3),)), {"send": (("ambulance", 1), ("police", 3))}),
        (Raise(send=(("engine", 1), ("police", 1))), {"send": (("ambulance", 1), ("engine", 1), ("police", 1))}),
        (Raise(minimum_officers=2), {"minimum_officers": 2}),
        (Raise(minimum_officers=0), {}),
        (Raise(support=("wheelchair_lift", "interpreter")), {"support": ("interpreter", "wheelchair_lift")}),
        (Raise(stage=STAGES[0]), {}),
        (Raise(stage=STAGES[1]), {"stages": STAGES[:2]}),  # both hold, sorted by the reason
        (Raise(dispatch_within=30), {"dispatch_within": 30}),
        (Raise(dispatch_within=200), {}),
        (Raise(arrive_within=200, find_out_within=20), {"arrive_within": 200, "find_out_within": 20}),
        (
            Raise(
                ladder=(Step(role="supervisor", at=60), Step(role="duty_chief", at=90), Step(role="dispatcher", at=9))
            ),
            {
                "ladder": (
                    Step(role="dispatcher", at=0),
                    Step(role="supervisor", at=60),
                    Step(role="duty_chief", at=90),
                )
            },
        ),
        (Raise(keep_open=True), {"cancellation_closes": False}),
        (
            Raise(go_meanwhile=True),
            {
                "offer": Offer(
                    to="federal_police", ground="their_property", within=180, meanwhile="send", ladder=LADDERS[0]
                )
            },
        ),
        (Raise(forbid=("decline", "hand_over")), {"may": FULL.may[:1]}),
        (Raise(forbid=("hold", "decline")), {"may": ()}),
    ],
)
def test_each_raise_changes_only_what_it_names_and_only_upwards(added: Raise, expected: dict[str, object]) -> None:
    assert composed(FULL, [added]) == replace(FULL, **expected)


def test_raises_start_from_nothing_too() -> None:
    bare = Plan(priority=4)
    stage = composed(bare, [Raise(go_meanwhile=True), Raise(stage=STAGES[1]), Raise(stage=STAGES[0])])
    assert stage == replace(bare, stages=STAGES[:2])


@given(SEEDS)
@settings(max_examples=60, deadline=None)
@example(3)
def test_the_order_of_add_rules_changes_nothing(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng, adds=4)
    plan = random_plan(rng, ())
    raises = [added.add for added in policy.add]
    other = list(raises)
    rng.shuffle(other)
    assert brute_force.normal(composed(plan, raises)) == brute_force.normal(composed(plan, other))


def test_equal_decisions_are_one_object_so_that_they_need_be_translated_once() -> None:
    compiled = compile_policy(with_rules(Is(variable="weapon", value=True)))
    assert compiled.decide({"weapon": True}) is compiled.decide({"weapon": True, "patients": 3})
