"""Random policies and random calls, for whatever has to agree with something else on every policy.

All is drawn from a `random.Random`, so that a seed tells a failure whole; the strategies draw that seed.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

import msgspec
from brute_force import how_many, matches
from hypothesis import strategies as st
from large_policies import bench_policy
from random_parts import (
    FLOOR,
    HEADING,
    Vocabulary,
    nearly,
    random_attributes,
    random_grants,
    random_plan,
    random_raise,
    random_zones,
)

from everycall.policy.attributes import TYPE, consistent
from everycall.policy.conditions import All, Always, Any, Between, During, In, Is, Not, leaves
from everycall.policy.rules import AddRule, MayDiffer, Policy, Rule, TriageFloor

if TYPE_CHECKING:
    from everycall.policy.attributes import Value
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Call

__all__ = ["CallMaker", "bench_policy", "calls", "policies", "random_call", "random_policy", "small_policy"]


def random_policy(
    rng: Random,
    *,
    rules: int = 6,
    adds: int = 3,
    attributes: int = 5,
    zones: int = 3,
    types: int = 4,
    services: int = 3,
    leaves_each: int = 4,
    mention_protected: float = 0.3,
) -> Policy:
    """A policy of this size, made of everything the language has.

    Args:
        rng: Where all chance comes from.
        rules: How many can decide, beside triage and default.
        adds: How many can only raise.
        attributes: How many beside service, type and clock; the first twelve are of every kind.
        zones: Some are service areas, some lie inside others.
        types: How many incident types.
        services: How many services, up to four.
        leaves_each: The most questions of one rule.
        mention_protected: The chance that a rule has a question about a protected attribute.
    """
    words = Vocabulary(
        attributes=random_attributes(rng, count=attributes, types=types, services=services),
        zones=random_zones(rng, zones),
    )
    on_type = next(attribute for attribute in words.attributes if attribute.name == TYPE)
    grants = random_grants(rng, rng.randint(0, 4))

    def condition() -> Condition:
        found = words.condition(rng, protected=rng.random() < mention_protected, leaves=rng.randint(1, leaves_each))
        if rng.random() < 0.4:
            return All(parts=(words.leaf(rng, protected=False, on=on_type), found))
        return Always() if rng.random() < 0.02 else found

    plans = [random_plan(rng, grants) for _ in range(max(2, rules // 2))]
    plans += [nearly(rng, rng.choice(plans)) for _ in range(max(1, rules // 4))]
    deciding = tuple(
        [
            Rule(id=f"rule_{at}", when=condition(), plan=rng.choice(plans), because="It says so.", line=at + 1)
            for at in range(rules)
        ]
    )
    adding = tuple(
        [AddRule(id=f"add_{at}", when=condition(), add=random_raise(rng), line=rules + at + 1) for at in range(adds)]
    )
    protected = [attribute.name for attribute in words.attributes if attribute.protected]
    may_differ = (MayDiffer(support="interpreter", attributes=tuple(protected[:1]), because="To be understood."),)
    policy = Policy(
        hash="",
        heading=HEADING,
        attributes=words.attributes,
        zones=words.zones,
        rules=deciding,
        add=adding,
        triage=rng.choice(plans),
        triage_floor=TriageFloor(priority=3, dispatch_within=120, find_out_within=120),
        default=rng.choice(plans),
        may_differ=may_differ if protected and rng.random() < 0.5 else (),
        floor=FLOOR,
    )
    return msgspec.structs.replace(policy, hash=sha256(msgspec.json.encode(policy)).hexdigest())


def small_policy(rng: Random, *, calls: int = 5000, mention_protected: float = 0.5) -> Policy:
    """A policy so small that `brute_force.every_call` has no more than this many calls, and no fewer than a few."""
    while True:
        policy = random_policy(
            rng,
            rules=rng.randint(1, 5),
            adds=rng.randint(0, 2),
            attributes=rng.randint(1, 4),
            zones=rng.randint(0, 3),
            types=rng.randint(1, 2),
            services=rng.randint(1, 2),
            leaves_each=rng.randint(1, 4),
            mention_protected=mention_protected,
        )
        if how_many(policy) <= calls:
            return policy


class CallMaker:
    """Makes calls for one policy, mostly near what its rules ask for: the values that they name and the next ones."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.variables = policy.variables()
        self._conditions = [rule.when for rule in policy.rules] + [added.when for added in policy.add]
        self._named: dict[str, list[Value]] = {name: [] for name in self.variables}
        for condition in self._conditions:
            for leaf in leaves(condition):
                allowed = self.variables[leaf.variable].values
                self._named[leaf.variable] += [value for value in _near(leaf) if value in allowed]

    def call(self, rng: Random) -> Call:
        """A call whose zones agree."""
        known = rng.random()
        call: Call = {}
        for name, variable in self.variables.items():
            if rng.random() < known or not variable.unknown:
                named = self._named[name]
                call[name] = rng.choice(named if named and rng.random() < 0.7 else variable.values)
        for _ in range(rng.choice((0, 1, 1, 2))):
            if self._conditions:
                self.aim(rng, rng.choice(self._conditions), call, wanted=True)
        return dict(consistent(self.policy.zones, call))

    def aim(self, rng: Random, condition: Condition, call: Call, *, wanted: bool) -> None:
        """Change the call so that the condition holds (or does not), as far as one pass can."""
        if isinstance(condition, Always):
            return
        if isinstance(condition, Not):
            self.aim(rng, condition.part, call, wanted=not wanted)
        elif isinstance(condition, (All, Any)):
            every = isinstance(condition, All) is wanted
            for part in condition.parts if every or not condition.parts else [rng.choice(condition.parts)]:
                self.aim(rng, part, call, wanted=wanted)
        elif matches(condition, self.variables, call) is not wanted:
            self._settle(rng, condition, call, wanted=wanted)

    def _settle(self, rng: Random, leaf: Leaf, call: Call, *, wanted: bool) -> None:
        variable = self.variables[leaf.variable]
        near, other = list(self._named[leaf.variable]), list(variable.values)
        rng.shuffle(near)
        rng.shuffle(other)
        before = call.pop(variable.name, None)
        if variable.unknown and matches(leaf, self.variables, call) is wanted and rng.random() < 0.3:
            return
        for value in (*near, *other):
            call[variable.name] = value
            if matches(leaf, self.variables, call) is wanted:
                return
        del call[variable.name]
        if before is not None and (not variable.unknown or matches(leaf, self.variables, call) is not wanted):
            call[variable.name] = before


def _near(leaf: Leaf) -> list[Value]:
    match leaf:
        case Is():
            return [] if leaf.value is None else [leaf.value]
        case In():
            return list(leaf.values)
        case Between():
            return [leaf.lowest - 1, leaf.lowest, leaf.highest, leaf.highest + 1]
        case During():
            return [leaf.start - 1, leaf.start, leaf.end - 1, leaf.end]
        case _:
            return [True]


def random_call(rng: Random, policy: Policy) -> Call:
    """One call for this policy; for many of the same policy make a `CallMaker` once."""
    return CallMaker(policy).call(rng)


def policies(*, small: bool = False, **size: int) -> st.SearchStrategy[Policy]:
    """Policies of a size (see `random_policy`), or `small` ones."""
    seeds = st.integers(min_value=0, max_value=2**32 - 1)
    if small:
        return seeds.map(lambda seed: small_policy(Random(seed)))
    return seeds.map(lambda seed: random_policy(Random(seed), **size))


def calls(policy: Policy) -> st.SearchStrategy[Call]:
    """Calls for a policy."""
    maker = CallMaker(policy)
    return st.integers(min_value=0, max_value=2**32 - 1).map(lambda seed: maker.call(Random(seed)))
