"""Gates, lines of positions and hulls, each against its definition."""

from __future__ import annotations

from itertools import combinations, product
from random import Random
from typing import TYPE_CHECKING

import pytest
from brute_force import matches
from hypothesis import given
from hypothesis import strategies as st
from pysat.solvers import Cadical195  # type: ignore[import-untyped]  # it ships no types
from random_policies import CallMaker, policies, random_policy

from everycall.policy.attributes import variables_of
from everycall.policy.clauses_conditions import Outline
from everycall.policy.clauses_gates import FALSE, TRUE, Gates, Line
from everycall.policy.clauses_hull import Overlaps, hull_of, members, within_all, within_any
from everycall.policy.clauses_values import values_in_order
from everycall.policy.conditions import Not, leaves
from everycall.policy.formula import Scene, Side

if TYPE_CHECKING:
    from everycall.policy.rules import Policy


def solutions(gates: Gates, inputs: list[int], output: int) -> dict[tuple[bool, ...], set[bool]]:
    """The values of the output, by those of the inputs."""
    found: dict[tuple[bool, ...], set[bool]] = {}
    with Cadical195(bootstrap_with=gates.taken()) as solver:
        for values in product((False, True), repeat=len(inputs)):
            told = [literal if value else -literal for literal, value in zip(inputs, values, strict=True)]
            found[values] = {value for value in (False, True) if solver.solve([*told, output if value else -output])}
    return found


def test_gates_say_what_they_are_called() -> None:
    for signs in product((1, -1), repeat=3):
        gates = Gates()
        inputs = [gates.fresh() for _ in range(3)]
        a, b, c = [sign * literal for sign, literal in zip(signs, inputs, strict=True)]
        every, one, unlike = gates.every([a, b, c]), gates.one([a, b, c]), gates.unlike(a, b)
        assert (every, unlike) == (gates.every([c, a, b, a, TRUE]), gates.unlike(b, a))
        assert gates.unlike(-a, b) == -unlike
        clauses = gates.taken()
        for output, meaning in ((every, all), (one, any), (unlike, lambda values: values[0] is not values[1])):
            again = Gates()
            again.add_all(clauses)
            for values, outputs in solutions(again, inputs, output).items():
                assert outputs == {meaning([value is (sign > 0) for value, sign in zip(values, signs, strict=True)])}


def test_gates_know_what_is_settled() -> None:
    gates = Gates()
    a = gates.fresh()
    gates.taken()
    assert gates.every([]) == TRUE == gates.one([a, TRUE]) == gates.one([a, -a]) == gates.unlike(a, -a)
    assert gates.one([]) == FALSE == gates.every([a, FALSE]) == gates.every([a, -a]) == gates.unlike(a, a)
    assert gates.every([a, TRUE]) == a == gates.one([a, FALSE]) == gates.unlike(a, FALSE) == gates.unlike(FALSE, a)
    assert gates.unlike(TRUE, a) == -a == gates.unlike(a, TRUE)
    assert not gates.taken()


@pytest.mark.parametrize("count", range(7))
def test_at_most_one_forbids_every_two_and_no_one(count: int) -> None:
    gates = Gates()
    literals = [gates.fresh() for _ in range(count)]
    gates.at_most_one(literals)
    with Cadical195(bootstrap_with=gates.taken()) as solver:
        assert solver.solve()
        for one in literals:
            assert solver.solve([one, *[-other for other in literals if other != one]])
        for two in combinations(literals, 2):
            assert not solver.solve(list(two))


@given(size=st.integers(1, 12), asked=st.lists(st.integers(0, 2**12 - 1), min_size=1, max_size=5))
def test_a_line_has_one_position_and_knows_every_set_of_them(size: int, asked: list[int]) -> None:
    gates = Gates()
    line = Line(gates, size)
    sets = [positions & (1 << size) - 1 for positions in asked]
    among = [line.among(positions) for positions in sets]
    with Cadical195(bootstrap_with=gates.taken()) as solver:
        for positions, literal in zip(sets, among, strict=True):
            assert solver.solve([literal]) is (positions != 0)
            assert solver.solve([-literal]) is (positions != (1 << size) - 1)
        for at in range(size):
            told = [
                literal if positions >> at & 1 else -literal for positions, literal in zip(sets, among, strict=True)
            ]
            assert solver.solve(told)
            true = {literal for literal in solver.get_model() if literal > 0}
            found = line.position(true.__contains__)
            assert [positions >> found & 1 for positions in sets] == [positions >> at & 1 for positions in sets]


def outline(policy: Policy) -> tuple[Outline, Scene]:
    scene = Scene(policies=(policy,), sides=(Side(name="x"),))
    sizes = {name: len(values_in_order(variable)) for name, variable in scene.variables.items()}
    return Outline(policy, scene, sizes.__getitem__), scene


@given(policy=policies(rules=6), seed=st.integers(0, 10**6))
def test_a_call_of_a_condition_is_inside_its_hull(policy: Policy, seed: int) -> None:
    laid_out, scene = outline(policy)
    rng, maker = Random(seed), CallMaker(policy)
    sizes = {name: len(values_in_order(variable)) for name, variable in scene.variables.items()}
    for condition in laid_out.conditions:
        for wanted in (True, False):
            hull = hull_of(condition, laid_out.sight.asked, sizes.__getitem__, wanted=wanted)
            assert hull == hull_of(Not(part=condition), laid_out.sight.asked, sizes.__getitem__, wanted=not wanted)
            for _ in range(4):
                call = maker.call(rng)
                maker.aim(rng, condition, call, wanted=wanted)
                if matches(condition, scene.variables, call) is wanted:
                    assert hull is not None
                    for name, positions in hull.items():
                        at = values_in_order(scene.variables[name]).index(call.get(name))
                        assert positions >> at & 1


@given(seed=st.integers(0, 10**6))
def test_overlaps_are_the_hulls_that_share_something_everywhere(seed: int) -> None:
    rng = Random(seed)
    hulls = [
        None if rng.random() < 0.1 else {name: rng.randrange(1, 64) << 1 for name in "abc" if rng.random() < 0.6}
        for _ in range(12)
    ]
    overlaps = Overlaps(hulls)
    for hull in hulls:
        expected = {number for number, other in enumerate(hulls) if within_all(hull, other) is not None}
        assert set(members(overlaps.meeting(hull))) == expected
    assert set(members(overlaps.meeting({"d": 1}))) == {number for number, hull in enumerate(hulls) if hull is not None}


def test_boxes_meet_and_join() -> None:
    assert within_all({"a": 0b110}, {"a": 0b011, "b": 1}) == {"a": 0b010, "b": 1}
    assert within_all({"a": 0b100}, {"a": 0b011}) is None
    assert within_all(None, {}) is None is within_all({}, None)
    assert within_any([{"a": 1, "b": 1}, None, {"a": 2}]) == {"a": 3}
    assert within_any([None]) is None is within_any([])


def test_what_a_leaf_asks_is_where_it_matches() -> None:
    rng = Random(11)
    for _ in range(20):
        policy = random_policy(rng, attributes=12)
        laid_out, scene = outline(policy)
        declared = {variable.name: variable for attribute in policy.attributes for variable in variables_of(attribute)}
        for rule in policy.rules:
            for leaf in leaves(rule.when):
                values = values_in_order(scene.variables[leaf.variable])
                expected = sum(
                    1 << at
                    for at, value in enumerate(values)
                    if matches(leaf, declared | dict(scene.variables), {} if value is None else {leaf.variable: value})
                )
                assert laid_out.sight.asked(leaf) == expected
