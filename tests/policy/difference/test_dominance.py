"""Dominance: surely below means below for every choice of which conditions hold, and only then."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from everycall.policy.difference.dominance import Sources, below, sources_of
from everycall.policy.difference.landscape import FAILS, HOLDS


def test_a_raise_counts_as_sure_only_where_its_condition_surely_holds() -> None:
    assert sources_of(1, ((7, 3),), {7: HOLDS}) == Sources(sure=3, plan=1, perhaps=((7, 3),))
    assert sources_of(1, ((7, 3),), {7: HOLDS | FAILS}) == Sources(sure=1, plan=1, perhaps=((7, 3),))
    assert sources_of(1, ((7, 3),), {7: FAILS}) == Sources(sure=1, plan=1, perhaps=())


def test_what_raises_both_alike_keeps_the_order_and_what_raises_one_does_not() -> None:
    both = ((7, 3),), {7: HOLDS | FAILS}
    low, high = sources_of(1, *both), sources_of(2, *both)
    assert not below(low, high, strictly=True), "where the condition holds, both are 3"
    assert below(low, high, strictly=False)
    only_low = sources_of(1, ((8, 3),), {8: HOLDS | FAILS})
    assert not below(only_low, high, strictly=False), "another condition may hold without this one"


@pytest.mark.parametrize("seed", range(200))
def test_below_is_never_said_where_some_choice_of_conditions_says_otherwise(seed: int) -> None:
    rng = Random(seed)
    nodes = range(3)
    said = {node: rng.choice((HOLDS, FAILS, HOLDS | FAILS)) for node in nodes}

    def adding() -> tuple[tuple[int, int], ...]:
        return tuple([(node, rng.randint(0, 3)) for node in nodes if rng.random() < 0.6])

    plans, adds = (rng.randint(0, 3), rng.randint(0, 3)), (adding(), adding())
    low, high = [sources_of(plan, added, said) for plan, added in zip(plans, adds, strict=True)]
    choices = [[node for node, chosen in zip(nodes, held, strict=True) if chosen] for held in product((0, 1), repeat=3)]
    outcomes = [
        tuple(
            [
                max(plan, *[rank for node, rank in added if node in held], plan)
                for plan, added in zip(plans, adds, strict=True)
            ]
        )
        for held in choices
        if all(said[node] & (HOLDS if node in held else FAILS) for node in nodes)
    ]
    if below(low, high, strictly=True):
        assert all(one < other for one, other in outcomes)
    if below(low, high, strictly=False):
        assert all(one <= other for one, other in outcomes)
