"""Faults that are planted into lawful random policies: each makes the text ask who calls, somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from random_policies import small_policy

from everycall.policy.attributes import Attribute, Choice, Several, Zone, variables_of
from everycall.policy.conditions import All, Always, Any, During, Has, In, Is, Not, Within
from everycall.policy.rules import AddRule, Raise, Rule

if TYPE_CHECKING:
    from random import Random

    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.rules import Policy

EMPLOYER = Attribute(
    name="caller.employer", domain=Choice(values=("agency_a", "other")), source="caller", protected=True
)
COUNTED = Attribute(
    name="caller.housing",
    domain=Choice(values=("housed", "other")),
    source="caller",
    protected=True,
    counts_as="housed",
)
GROUPS = Attribute(name="caller.groups", domain=Several(values=("a", "b")), source="record", protected=True)
BUILDING = Zone(name="planted_building", premises=1, source="map")

KINDS = (
    "deep", "add_rule", "time_window", "masked", "dead", "inside_not", "inside_any", "counts_as", "several", "zone",
    "unknown_only", "same_plan",
)  # fmt: skip


def lawful(rng: Random) -> Policy:
    """A small random policy that asks nothing protected."""
    while True:
        policy = small_policy(rng, calls=250, mention_protected=0.0)
        names = {v.name for a in policy.attributes if a.protected for v in variables_of(a)}
        if not any(True for _ in policy.mentioning(frozenset(names))):
            kept = [attribute for attribute in policy.attributes if not attribute.protected]
            return msgspec.structs.replace(policy, attributes=tuple(kept), may_differ=())


def planted(rng: Random, policy: Policy, kind: str) -> Policy:
    """The policy with a fault of this kind."""
    attribute = {"counts_as": COUNTED, "several": GROUPS}.get(kind, EMPLOYER)
    policy = msgspec.structs.replace(policy, attributes=(*policy.attributes, attribute))
    asks = _asks(rng, kind, attribute)
    rules = list(policy.rules)
    at = rng.randrange(len(rules))
    old = rules[at]
    plan = rng.choice([rule.plan for rule in policy.deciding])
    if kind == "add_rule":
        when: Condition = All(parts=(rng.choice(rules).when, asks))
        raised = Raise(priority=0, send=(("police", 4),))
        return msgspec.structs.replace(policy, add=(*policy.add, AddRule(id="planted", when=when, add=raised)))
    if kind == "inside_not":
        rules[at] = msgspec.structs.replace(old, when=Not(part=Any(parts=(Not(part=old.when), asks))))
    elif kind == "inside_any":
        rules[at] = msgspec.structs.replace(old, when=Any(parts=(old.when, All(parts=(asks, Always())))))
    elif kind == "masked":
        rules.insert(at + 1, Rule(id="planted", when=All(parts=(old.when, asks)), plan=plan))
    elif kind == "dead":
        rules.insert(at, Rule(id="planted", when=All(parts=(old.when, asks, Not(part=old.when))), plan=plan))
    elif kind == "time_window":
        window = During(start=1410, end=15)
        rules.insert(at, Rule(id="planted", when=All(parts=(asks, window)), plan=plan))
    elif kind == "zone":
        policy = msgspec.structs.replace(policy, zones=(*policy.zones, BUILDING))
        rules.insert(at, Rule(id="planted", when=All(parts=(Within(zone=BUILDING.name), asks)), plan=plan))
    elif kind == "same_plan":
        rules.insert(at, Rule(id="planted", when=All(parts=(old.when, asks)), plan=old.plan))
    else:
        rules.insert(at, Rule(id="planted", when=All(parts=(old.when, Not(part=Not(part=asks)))), plan=plan))
    return msgspec.structs.replace(policy, rules=tuple(rules))


def _asks(rng: Random, kind: str, attribute: Attribute) -> Leaf:
    if isinstance(attribute.domain, Several):
        return Has(attribute=attribute.name, value="a", or_unknown=rng.random() < 0.5)
    assert isinstance(attribute.domain, Choice)
    if kind == "unknown_only":
        return Is(variable=attribute.name, value=None)
    value = rng.choice(attribute.domain.values)
    return In(variable=attribute.name, values=(value,), or_unknown=rng.random() < 0.5)
