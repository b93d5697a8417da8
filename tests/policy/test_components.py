"""Components: two plans have the same ranks exactly where they mean the same, whatever their codes are."""

from __future__ import annotations

from itertools import combinations
from random import Random

import brute_force
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from random_parts import STAGES, STANDARD, nearly
from random_policies import CallMaker, random_policy

from everycall.policy.components import ANY_OTHER, Components, about, part_of, parts_of, stage_name
from everycall.policy.compose import composed
from everycall.policy.evaluate import Decision, compile_policy
from everycall.policy.evaluator import response_plan
from everycall.policy.rules import Grant, Offer, Plan, Raise, Stage

CODES = st.text(alphabet=".\\:-~_ab", max_size=6) | st.just(ANY_OTHER)


def hand_over(to: tuple[str, ...], ground: str) -> Plan:
    grant = Grant(act="hand_over", roles=("dispatcher",), grounds=(ground,), within=60, ladder=STANDARD, to=to)
    return Plan(priority=1, may=(grant,))


def offer(to: str, ground: str) -> Plan:
    return Plan(priority=1, offer=Offer(to=to, ground=ground, within=60, meanwhile="send", ladder=STANDARD))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hand_over(("private.security",), "not_ours"), hand_over(("security",), "not_ours.private")),
        (hand_over(("security",), "not_ours.private"), hand_over(("private.security",), "not_ours")),
        (offer("a.b", "c"), offer("a", "b.c")),
        (offer("a", "b"), offer("a", "b.ladder")),
        (hand_over(("a",), "b"), hand_over(("a.ladder",), "b")),
        (hand_over((ANY_OTHER,), "b"), hand_over((), "b")),
        (Plan(priority=1, stages=STAGES[:1]), Plan(priority=1, stages=STAGES[2:3])),
        (Plan(priority=1, stages=STAGES[:1]), Plan(priority=1, stages=STAGES[3:4])),
        (Plan(priority=1, stages=STAGES[:1]), Plan(priority=1, stages=STAGES[:2])),
        (
            Plan(priority=1, stages=(Stage(because="a. b", until="c"),)),
            Plan(priority=1, stages=(Stage(because="a", until=" b.c"),)),
        ),
    ],
)
def test_different_things_never_share_a_chain(one: Plan, other: Plan) -> None:
    components = Components([one, other], [])
    assert components.ranks(one) != components.ranks(other)


@given(st.lists(CODES, min_size=1, max_size=4), st.lists(CODES, min_size=1, max_size=4))
def test_a_name_is_taken_apart_into_the_codes_that_made_it(codes: list[str], others: list[str]) -> None:
    name = ".".join(map(part_of, codes))
    assert parts_of(name) == tuple(codes)
    assert (name == ".".join(map(part_of, others))) is (codes == others)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("may.hold.dispatcher.ladder", ""),
        ("may.hold.dispatcher.no_danger.ladder", "ladder"),
        ("may.hand_over.dispatcher.no_danger.ladder", ""),
        ("may.hand_over.dispatcher.no_danger.county.ladder", "ladder"),
        ("offer.county.within.within", "within"),
        ("send.ladder", ""),
        ("ladder.supervisor", ""),
    ],
)
def test_what_a_component_is_about_is_told_by_its_place_and_not_by_its_last_word(name: str, what: str) -> None:
    assert about(name) == what


@pytest.mark.parametrize("seed", range(12))
def test_plans_have_the_same_ranks_exactly_where_they_mean_the_same(seed: int) -> None:
    rng = Random(seed)
    policy = random_policy(rng, rules=6, adds=4)
    compiled, maker, agencies = compile_policy(policy), CallMaker(policy), brute_force.agencies_of(policy)
    plans = [compiled.decide(maker.call(rng)).plan for _ in range(50)]
    written = [rule.plan for rule in policy.deciding]
    written += [nearly(rng, plan) for plan in written]
    for raises in ([], *[[added.add] for added in policy.add], [added.add for added in policy.add]):
        plans += [composed(plan, raises) for plan in written]
    components = Components(written, [added.add for added in policy.add])
    told = [(components.ranks(plan), brute_force.gets(plan, agencies), as_told(plan)) for plan in dict.fromkeys(plans)]
    for one, other in combinations(told, 2):
        assert (one[0] == other[0]) is (one[1] == other[1])
        assert one[0] != other[0] or one[2] == other[2], "what is compared is all that reaches the core"


def as_told(decided: Plan) -> object:
    """What reaches the core but permissions; who is told at one time, and supports, have no order."""
    plan = response_plan(Decision(rule="r", raised_by=(), plan=decided), "v")
    times = [sum(rung.after for rung in plan.ladder[: at + 1]) for at in range(len(plan.ladder))]
    ladder = frozenset(zip(times, [rung.role for rung in plan.ladder], strict=True))
    return replace(plan, ladder=(), support=tuple(sorted(plan.support))), ladder


def test_the_ends_of_all_stagings_hold_together_whoever_says_them_first() -> None:
    plan = Plan(priority=1, stages=(STAGES[1],))
    raises = [Raise(stage=STAGES[2]), Raise(stage=STAGES[0]), Raise(stage=STAGES[2])]
    together = composed(plan, raises)
    assert together == composed(plan, raises[::-1])
    assert {*together.stages} == {STAGES[0], STAGES[1], STAGES[2]}
    components = Components([plan], raises)
    ranks = [components.ranks(plan), *[components.raised(each) for each in raises]]
    assert components.ranks(together) == tuple([max(rank or 0 for rank in each) for each in zip(*ranks, strict=True)])


def test_staging_has_no_order_and_says_why_and_until_when() -> None:
    components = Components([Plan(priority=1), Plan(priority=1, stages=STAGES[:1])], [Raise(stage=STAGES[2])])
    assert [(each.ordered, each.levels) for each in components.items] == [(False, ("no", "yes"))] * 2
    assert {each.name for each in components.items} == {stage_name(STAGES[0]), stage_name(STAGES[2])}


def test_what_is_sent_none_of_is_as_if_it_were_not_named() -> None:
    one, other = Plan(priority=1, send=(("x_within", 0),)), Plan(priority=1)
    assert Components([one, other], []).items == ()
    assert composed(one, []) == other
