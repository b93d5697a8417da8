"""The clauses against enumeration: random questions about random scenes, each answer checked both ways."""

from __future__ import annotations

from itertools import product
from math import prod
from random import Random
from typing import TYPE_CHECKING

import formula_holds
import msgspec
import pytest
from brute_force import matches
from random_parts import Vocabulary
from random_policies import small_policy

from everycall.policy.attributes import Choice, Number, YesNo, call_of
from everycall.policy.clauses import CadicalEngine
from everycall.policy.conditions import leaves
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
    Found,
    Less,
    Lower,
    Matches,
    Neg,
    Never,
    OneOf,
    Scene,
    Side,
    ValueIs,
)

if TYPE_CHECKING:
    from everycall.policy.attributes import Attribute, Value, Variable
    from everycall.policy.formula import Call, Formula
    from everycall.policy.rules import Policy

MOST_CALLS = 500
"""Calls (or pairs) that an answer is checked against."""


def random_scene(rng: Random) -> Scene:
    kind = rng.randrange(4)
    if kind == 0:
        return Scene(policies=(small_policy(rng, calls=300),), sides=(Side(name="x"),))
    if kind == 1:
        other = _with_other_domains(rng, policy := small_policy(rng, calls=100))
        own = frozenset(rng.sample(sorted(policy.variables()), rng.randrange(2)))
        return Scene(policies=(policy, other), sides=(Side(name="old"), Side(name="new", policy=1, own=own)))
    policy = small_policy(rng, calls=100)
    names = sorted(policy.variables())
    own = frozenset(rng.sample(names, rng.randint(1, 2)))
    others = own if kind == 2 else frozenset(rng.sample(names, rng.randrange(2)))  # not quite twins
    return Scene(policies=(policy,), sides=(Side(name="x", own=own), Side(name="y", own=others)))


def _with_other_domains(rng: Random, policy: Policy) -> Policy:
    """The next version: other ranges and codes, another order of rules, one rule fewer."""

    def changed(attribute: Attribute) -> Attribute:
        domain = attribute.domain
        if isinstance(domain, Number) and not attribute.name.startswith("time."):
            low, high = domain.lowest + rng.randint(-1, 1), domain.highest + rng.randint(-1, 1)
            domain = Number(lowest=low, highest=max(low, high), unit=domain.unit)
        elif isinstance(domain, Choice) and not attribute.name.startswith("time."):
            left = rng.sample(domain.values, rng.randint(1, len(domain.values)))
            domain = Choice(values=(*left, "other") if "other" not in left and rng.random() < 0.5 else tuple(left))
        counts_as = attribute.counts_as if isinstance(domain, YesNo) else None
        return msgspec.structs.replace(attribute, domain=domain, counts_as=counts_as)

    rules = rng.sample(policy.rules, rng.randint(0, len(policy.rules)))
    attributes = tuple([changed(attribute) for attribute in policy.attributes])
    return msgspec.structs.replace(policy, attributes=attributes, rules=tuple(rules))


def random_question(rng: Random, scene: Scene, depth: int) -> Formula:
    side, other = rng.choice(scene.sides), rng.choice(scene.sides).name
    policy = scene.policies[side.policy]
    kind = rng.randrange(13 if depth else 8)
    components = sorted(scene.components.index)
    component = rng.choice(components) if components else None
    if kind == 0:
        return Decides(side=side.name, rule=rng.choice(policy.deciding).id)
    if kind == 1:
        names = [rule.id for rule in policy.deciding] + [added.id for added in policy.add]
        return Matches(side=side.name, rule=rng.choice(names))
    if kind == 2:
        words = Vocabulary(attributes=policy.attributes, zones=policy.zones)
        condition = words.condition(rng, protected=rng.random() < 0.3, leaves=rng.randint(1, 3))
        return Asks(side=side.name, condition=condition)
    if kind in (3, 4) or (kind < 8 and component is None):
        variable = _few_values(rng, scene)
        if kind == 4:
            return Lower(side=side.name, than=other, variable=variable.name)
        values = [*variable.values, *([None] if variable.unknown else [])]
        return ValueIs(side=side.name, variable=variable.name, value=rng.choice(values))
    if kind < 8:
        assert component is not None
        if kind == 5:
            levels = len(scene.components.items[scene.components.index[component]].levels)
            return AtLeast(side=side.name, component=component, rank=rng.randint(-1, levels + 1))
        return (
            Less(side=side.name, than=other, component=component)
            if kind == 6
            else Differs(side=side.name, other=other, component=component)
        )
    if kind == 8:
        return Neg(part=random_question(rng, scene, depth - 1))
    parts = tuple([random_question(rng, scene, depth - 1) for _ in range(rng.choice((0, 2, 2, 2, 3, 3)))])
    return OneOf(parts=parts) if kind < 10 else AllOf(parts=parts)


def _few_values(rng: Random, scene: Scene) -> Variable:
    """Enumeration has to try every value of a variable that a question names."""
    few = [variable for variable in scene.variables.values() if len(variable.values) < 20]
    own = [variable for variable in few if any(variable.name in side.own for side in scene.sides)]
    return rng.choice(own if own and rng.random() < 0.5 else few)


def lemma(rng: Random, scene: Scene) -> Formula:
    """What the check asks of twins: can they differ where this rule decides?"""
    one, other = rng.sample((scene.sides[0], scene.sides[-1]), 2)
    rule = rng.choice(scene.policies[one.policy].deciding).id
    parts = [Differs(side=one.name, other=other.name, component=item.name) for item in scene.components.items]
    return AllOf(parts=(Decides(side=one.name, rule=rule), OneOf(parts=tuple(parts))))


def kinds(scene: Scene, question: Formula) -> dict[str, list[Value | None]]:
    """Of each variable a value of each kind: what no rule and no part of the question tells apart is one kind."""
    conditions, named = formula_holds._in_question(question)
    declared = [policy.variables() for policy in scene.policies]
    for policy in scene.policies:
        conditions = [*conditions, *[rule.when for rule in policy.deciding], *[added.when for added in policy.add]]
    asked = [leaf for condition in conditions for leaf in leaves(condition)]
    found: dict[str, list[Value | None]] = {}
    for name, variable in scene.variables.items():
        here = [leaf for leaf in dict.fromkeys(asked) if leaf.variable == name]
        own = [variables for variables in declared if name in variables]
        values: dict[object, Value | None] = {}
        for value in [None, *variable.values] if variable.unknown else variable.values:
            told: dict[str, Value] = {} if value is None else {name: value}
            seen = [(variables, call_of({name: variables[name]}, told)) for variables in own]
            truth = tuple([matches(leaf, variables, call) for variables, call in seen for leaf in here])
            apart = name in named or name.startswith("zone.")
            values.setdefault((value is None, value) if apart else truth, value)
        found[name] = list(values.values())
    return found


def outcome_under_conditions(rng: Random, scene: Scene) -> Formula:
    """Something about an outcome, and a few things besides that say where (a slice must not lose a rule)."""
    one, other = rng.choice(scene.sides).name, rng.choice(scene.sides).name
    item = rng.choice(scene.components.items or [None])
    if item is None:
        return random_question(rng, scene, 2)
    outcome = (
        AtLeast(side=one, component=item.name, rank=rng.randrange(len(item.levels))),
        Neg(part=AtLeast(side=one, component=item.name, rank=rng.randrange(len(item.levels)))),
        Less(side=one, than=other, component=item.name),
    )
    besides = [random_question(rng, scene, rng.randint(0, 2)) for _ in range(rng.randint(1, 3))]
    besides = [Neg(part=part) if rng.random() < 0.5 else part for part in besides]
    return AllOf(parts=(rng.choice(outcome), *besides))


def random_kind_of_question(rng: Random, scene: Scene, at: int) -> Formula:
    if at % 3 == 0:
        return lemma(rng, scene)
    return outcome_under_conditions(rng, scene) if at % 3 == 1 else random_question(rng, scene, rng.randint(0, 3))


def counter_example(scene: Scene, question: Formula) -> dict[str, Call] | str | None:
    """Calls by side for which the question holds, if any; "too many" if it would take too long to look."""
    slots: dict[tuple[str, str], list[Value | None]] = {}
    for name, values in kinds(scene, question).items():
        slots.update({(side.name if name in side.own else "", name): values for side in scene.sides})
    if prod(map(len, slots.values())) > MOST_CALLS:
        return "too many"
    for drawn in product(*slots.values()):
        at = dict(zip(slots, drawn, strict=True))
        calls: dict[str, Call] = {}
        for side in scene.sides:
            told = {name: at[side.name if name in side.own else "", name] for name in scene.variables}
            calls[side.name] = {name: value for name, value in told.items() if value is not None}
        if formula_holds.possible(scene, calls) and formula_holds.holds(question, scene, calls):
            return calls
    return None


def check_scene(seed: int, questions: int) -> tuple[int, int]:
    """Ask random questions, one engine for them all; how many had calls, and how many had none."""
    rng = Random(seed)
    scene = random_scene(rng)
    found = never = 0
    with CadicalEngine(scene) as engine:
        for at in range(questions):
            question = random_kind_of_question(rng, scene, at)
            answer = engine.ask(question, 60.0)
            told = f"seed {seed}, question {at}: {question}: {answer}"
            if isinstance(answer, Found):
                found += 1
                assert formula_holds.possible(scene, answer.calls), told
                assert formula_holds.holds(question, scene, answer.calls), told
            else:
                assert isinstance(answer, Never), told
                missed = counter_example(scene, question)
                assert missed in (None, "too many"), f"{told}: {missed}"
                never += missed is None
    return found, never


def test_there_is_an_answer_if_and_only_if_enumeration_finds_a_call() -> None:
    counts = [check_scene(seed, questions=6) for seed in range(70)]
    # The questions are worth something only while there are many of either kind.
    assert sum(found for found, _ in counts) > 100
    assert sum(never for _, never in counts) > 50


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_soak_there_is_an_answer_if_and_only_if_enumeration_finds_a_call(block: int) -> None:
    for seed in range(1000 + block * 50, 1050 + block * 50):
        check_scene(seed, questions=8)


def test_an_engine_that_has_answered_much_answers_as_a_new_one() -> None:
    for seed in range(300, 310):
        rng = Random(seed)
        scene = random_scene(rng)
        questions = [random_kind_of_question(rng, scene, at) for at in range(12)]
        with CadicalEngine(scene) as used:
            for question in questions + questions[::-1]:
                with CadicalEngine(scene) as fresh:
                    assert type(used.ask(question, 60.0)) is type(fresh.ask(question, 60.0)), f"seed {seed}: {question}"
