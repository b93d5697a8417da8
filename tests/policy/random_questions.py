"""Random scenes and random questions about them, for engines to be held against enumeration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from random_policies import small_policy

from everycall.policy.attributes import Choice, Number
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
    Formula,
    Less,
    Lower,
    Matches,
    Neg,
    OneOf,
    Scene,
    Side,
    ValueIs,
)

if TYPE_CHECKING:
    from random import Random

    from everycall.policy.attributes import Attribute
    from everycall.policy.conditions import Condition
    from everycall.policy.rules import Policy


def one_call(rng: Random, *, calls: int = 3000) -> Scene:
    """One side."""
    return Scene(policies=(small_policy(rng, calls=calls),), sides=(Side(name="x"),))


def twins(rng: Random, *, calls: int = 800) -> Scene:
    """Two sides under one policy, each with an attribute (or two) for its own."""
    policy = small_policy(rng, calls=calls)
    names = sorted(policy.variables())
    own = frozenset(rng.sample(names, rng.choice((1, 1, 2))))
    lopsided = rng.random() < 0.1
    return Scene(
        policies=(policy,), sides=(Side(name="x", own=own), Side(name="y", own=frozenset() if lopsided else own))
    )


def two_policies(rng: Random, *, calls: int = 300) -> Scene:
    """Two sides under two policies, of which one is changed from the other or is quite another."""
    before = small_policy(rng, calls=calls)
    after = small_policy(rng, calls=calls) if rng.random() < 0.3 else changed(rng, before)
    return Scene(policies=(before, after), sides=(Side(name="before"), Side(name="after", policy=1)))


def changed(rng: Random, policy: Policy) -> Policy:
    """Other domains, another meaning of unknown, and rules and zones moved or dropped."""
    rules, add = list(policy.rules), list(policy.add)
    if len(rules) > 1 and rng.random() < 0.5:
        rng.shuffle(rules)
    if rng.random() < 0.4:
        rules.pop(rng.randrange(len(rules)))
    if add and rng.random() < 0.3:
        add.pop()
    return msgspec.structs.replace(
        policy,
        attributes=tuple([_changed(rng, attribute) for attribute in policy.attributes]),
        zones=tuple([msgspec.structs.replace(zone, service_area=rng.random() < 0.5) for zone in policy.zones]),
        rules=tuple(rules),
        add=tuple(add),
        default=rng.choice([policy.triage, policy.default]),
    )


def _changed(rng: Random, attribute: Attribute) -> Attribute:
    domain, counts_as = attribute.domain, attribute.counts_as
    if attribute.name.startswith("time.") or rng.random() < 0.5:
        return attribute
    if isinstance(domain, Choice):
        values = [value for value in domain.values if rng.random() < 0.8] or [domain.values[0]]
        if rng.random() < 0.3 and "other" not in values:
            values.append("other")
        rng.shuffle(values)
        domain = Choice(values=tuple(values))
        counts_as = rng.choice([None, values[0]])
    elif isinstance(domain, Number):
        lowest = domain.lowest + rng.randint(-1, 1)
        highest = max(lowest, domain.highest + rng.randint(-2, 1))
        domain = Number(lowest=lowest, highest=highest, unit=domain.unit)
        counts_as = rng.choice([None, lowest])
    else:
        counts_as = rng.choice([None, True, False])
    return msgspec.structs.replace(attribute, domain=domain, counts_as=counts_as)


def random_question(rng: Random, scene: Scene, depth: int = 3) -> Formula:
    """A question with everything that formulas have."""
    kind = rng.randrange(6) if depth else 5
    if kind <= 2:
        parts = tuple([random_question(rng, scene, depth - 1) for _ in range(rng.choice((1, 2, 2, 3, 3, 0)))])
        return OneOf(parts=parts) if kind == 0 else AllOf(parts=parts)
    if kind == 3:
        return Neg(part=random_question(rng, scene, depth - 1))
    return _atom(rng, scene)


def lemma_question(rng: Random, scene: Scene) -> Formula:
    """A question as the properties ask it: some side's rule is given, and outcomes part."""
    one, other = scene.sides[0], scene.sides[-1]
    policy = scene.policies[one.policy]
    parts: list[Formula] = [
        Matches(side=one.name, rule=rng.choice(policy.add).id)
        if policy.add and rng.random() < 0.3
        else Decides(side=one.name, rule=rng.choice(policy.deciding).id)
    ]
    if rng.random() < 0.3:
        against = scene.policies[other.policy].deciding
        parts.append(Neg(part=Decides(side=other.name, rule=rng.choice(against).id)))
    while rng.random() < 0.3:
        atom = _atom(rng, scene)
        parts.append(atom if rng.random() < 0.5 else Neg(part=atom))
    names = [component.name for component in scene.components.items]
    less = rng.random() < 0.5
    parts.append(
        OneOf(
            parts=tuple(
                [
                    Less(side=one.name, than=other.name, component=name)
                    if less
                    else Differs(side=one.name, other=other.name, component=name)
                    for name in names
                ]
            )
        )
    )
    rng.shuffle(parts)
    return AllOf(parts=tuple(parts))


def _atom(rng: Random, scene: Scene) -> Formula:
    one, other = rng.choice(scene.sides), rng.choice(scene.sides)
    policy = scene.policies[one.policy]
    variable = scene.variables[rng.choice(sorted(scene.variables))]
    names = sorted(scene.components.index)
    kind = rng.randrange(8 if names else 5)
    if kind == 0:
        return Decides(side=one.name, rule=rng.choice(policy.deciding).id)
    if kind == 1:
        return Matches(side=one.name, rule=rng.choice(sorted(_conditions(policy))))
    if kind == 2:
        return Asks(side=one.name, condition=rng.choice(list(_conditions(policy).values())))
    if kind == 3:
        value = rng.choice([*variable.values[:20], None])
        return ValueIs(side=one.name, variable=variable.name, value=value)
    if kind == 4:
        return Lower(side=one.name, than=other.name, variable=variable.name)
    component = rng.choice(names)
    if kind == 5:
        levels = len(scene.components.items[scene.components.index[component]].levels)
        return AtLeast(side=one.name, component=component, rank=rng.randint(-1, levels + 1))
    if kind == 6:
        return Less(side=one.name, than=other.name, component=component)
    return Differs(side=one.name, other=other.name, component=component)


def _conditions(policy: Policy) -> dict[str, Condition]:
    return {rule.id: rule.when for rule in policy.deciding} | {rule.id: rule.when for rule in policy.add}
