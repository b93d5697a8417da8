"""Pairs of versions: a policy, and what a chief might make of it. And a slow engine that asks every call."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import brute_force
import formula_holds
import msgspec
from msgspec.structs import replace
from random_parts import random_grants, random_plan, random_raise
from random_policies import small_policy

from everycall.policy.attributes import TYPE, Choice, call_of
from everycall.policy.conditions import All, Any, Is, Not
from everycall.policy.formula import AllOf, Answer, Decides, Differs, Found, Less, Neg, Never, OneOf
from everycall.policy.rules import Plan, Policy, Raise, Rule

if TYPE_CHECKING:
    from random import Random

    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Call, Formula, Scene

MUTATIONS: Final = (
    "drop_rule", "swap_rules", "other_plan", "narrow", "widen", "insert", "drop_add", "other_add", "counts_as",
    "drop_type", "default",
)  # fmt: skip


def rehashed(policy: Policy) -> Policy:
    """The policy with a hash of its own."""
    return replace(policy, hash=sha256(msgspec.json.encode(replace(policy, hash=""))).hexdigest())


def changed(rng: Random, policy: Policy, *, times: int = 1) -> Policy:
    """The policy with a few changes of the kind that a new version brings."""
    for _ in range(times):
        policy = _changed(rng, policy, rng.choice(MUTATIONS))
    return rehashed(policy)


def _changed(rng: Random, policy: Policy, kind: str) -> Policy:
    rules, adds = list(policy.rules), list(policy.add)
    at = rng.randrange(len(rules)) if rules else 0
    if kind == "default":
        return replace(policy, default=_other_plan(rng, policy))
    if kind == "drop_type" and len(policy.variables()[TYPE].values) > 1:
        gone = policy.variables()[TYPE].values[-1]
        attributes = tuple(
            [
                replace(each, domain=Choice(values=each.domain.values[:-1]))
                if each.name == TYPE and isinstance(each.domain, Choice)
                else each
                for each in policy.attributes
            ]
        )
        left = [rule for rule in rules if not _names(rule.when, gone)]
        left_adds = [rule for rule in adds if not _names(rule.when, gone)]
        return replace(policy, attributes=attributes, rules=tuple(left), add=tuple(left_adds))
    if kind == "counts_as":
        chosen = rng.choice(
            [each for each in policy.attributes if not each.name.startswith(("time.", "type", "service"))] or [None]
        )
        if chosen is not None and chosen.counts_as is not None:
            attributes = tuple(
                [replace(each, counts_as=None) if each is chosen else each for each in policy.attributes]
            )
            return replace(policy, attributes=attributes)
    if kind == "drop_add" and adds:
        del adds[rng.randrange(len(adds))]
        return replace(policy, add=tuple(adds))
    if kind == "other_add" and adds:
        which = rng.randrange(len(adds))
        adds[which] = replace(adds[which], add=random_raise(rng) if rng.random() < 0.7 else Raise())
        return replace(policy, add=tuple(adds))
    if not rules or kind == "insert":
        rules.insert(
            at, Rule(id=f"new_{rng.randrange(10**6)}", when=_condition(rng, policy), plan=_other_plan(rng, policy))
        )
    elif kind == "drop_rule":
        del rules[at]
    elif kind == "swap_rules":
        other = rng.randrange(len(rules))
        rules[at], rules[other] = rules[other], rules[at]
    elif kind == "narrow":
        rules[at] = replace(rules[at], when=All(parts=(rules[at].when, _condition(rng, policy))))
    elif kind == "widen":
        rules[at] = replace(rules[at], when=Any(parts=(rules[at].when, _condition(rng, policy))))
    else:
        rules[at] = replace(rules[at], plan=_other_plan(rng, policy))
    return replace(policy, rules=tuple(rules))


def _names(condition: Condition, value: object) -> bool:
    if isinstance(condition, (All, Any)):
        return any(_names(part, value) for part in condition.parts)
    if isinstance(condition, Not):
        return _names(condition.part, value)
    return value in (getattr(condition, "value", None), *getattr(condition, "values", ()))


def _other_plan(rng: Random, policy: Policy) -> Plan:
    if rng.random() < 0.4:
        return random_plan(rng, random_grants(rng, 2))
    plan = rng.choice([rule.plan for rule in policy.deciding])
    return replace(plan, priority=min(9, max(0, plan.priority + rng.choice((-1, 1)))))


def _condition(rng: Random, policy: Policy) -> Condition:
    variables = [each for each in policy.variables().values() if not each.name.startswith("time.of")]
    variable = rng.choice(variables)
    value = None if variable.unknown and rng.random() < 0.2 else rng.choice(variable.values)
    leaf = Is(variable=variable.name, value=value)
    return Not(part=leaf) if rng.random() < 0.3 else leaf


def small_pair(rng: Random) -> tuple[Policy, Policy]:
    """Two versions with few enough calls to ask each; now and then two that have nothing to do with each other."""
    old = small_policy(rng, calls=600)
    new = small_policy(rng, calls=600) if rng.random() < 0.1 else changed(rng, old, times=rng.choice((1, 1, 2, 3)))
    return rehashed(old), new


class EveryCall:
    """An engine that asks each kind of call, by the words of the documentation."""

    name = "every call"

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.calls = [calls["old"] for calls in formula_holds.every_pair(scene, OneOf(parts=()))]
        self._decided = [{side.name: self._outcome(side.policy, call) for side in scene.sides} for call in self.calls]
        self._index = scene.components.index

    def _outcome(self, side: int, call: Call) -> tuple[str, tuple[int, ...]]:
        policy, components = self.scene.policies[side], self.scene.components
        rule, raised_by, _ = brute_force.decide(policy, call_of(policy.variables(), call))
        ranks = list(next(components.ranks(each.plan) for each in policy.deciding if each.id == rule))
        for added in policy.add:
            if added.id in raised_by:
                ranks = [max(rank, given or 0) for rank, given in zip(ranks, components.raised(added.add), strict=True)]
        return rule, tuple(ranks)

    def ask(self, question: Formula, seconds: float) -> Answer:
        """The first call for which the question holds."""
        del seconds
        for at, call in enumerate(self.calls):
            if self._holds(question, at):
                return Found(calls={side.name: call for side in self.scene.sides})
        return Never()

    def direction(self, at: int) -> str | None:
        """In which direction a call changes."""
        pairs = [
            (component.ordered, old, new)
            for component, old, new in zip(
                self.scene.components.items, self._decided[at]["old"][1], self._decided[at]["new"][1], strict=True
            )
        ]
        if any(new < old for ordered, old, new in pairs if ordered):
            return "less"
        if any(new > old for ordered, old, new in pairs if ordered):
            return "more"
        return "otherwise" if any(new != old for _, old, new in pairs) else None

    def rule(self, at: int, side: str) -> str:
        """What decides a call."""
        return self._decided[at][side][0]

    def _rank(self, at: int, side: str, component: str) -> int:
        return self._decided[at][side][1][self._index[component]]

    def _holds(self, formula: Formula, at: int) -> bool:
        match formula:
            case AllOf(parts=parts):
                return all(self._holds(part, at) for part in parts)
            case OneOf(parts=parts):
                return any(self._holds(part, at) for part in parts)
            case Neg(part=part):
                return not self._holds(part, at)
            case Decides(side=side, rule=rule):
                return self._decided[at][side][0] == rule
            case Less(side=side, than=than, component=component):
                return self._rank(at, side, component) < self._rank(at, than, component)
            case Differs(side=side, other=other, component=component):
                return self._rank(at, side, component) != self._rank(at, other, component)
            case _:
                return formula_holds.holds(
                    formula, self.scene, {side.name: self.calls[at] for side in self.scene.sides}
                )
