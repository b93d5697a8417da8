"""The reference for the engines: whether a formula holds of given calls, and every pair of calls that could matter.

Slow and plain on purpose. Decides and matches by `brute_force`, never by an engine or the evaluator.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import brute_force

from everycall.policy.attributes import Value, Variable, call_of
from everycall.policy.conditions import leaves
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Call,
    Decides,
    Differs,
    Formula,
    Less,
    Lower,
    Matches,
    Neg,
    OneOf,
    Scene,
    ValueIs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from everycall.policy.conditions import Condition
    from everycall.policy.rules import Policy


def holds(formula: Formula, scene: Scene, calls: Mapping[str, Call]) -> bool:
    """Whether the formula holds of these calls, by side."""
    match formula:
        case AllOf(parts=parts):
            return all(holds(part, scene, calls) for part in parts)
        case OneOf(parts=parts):
            return any(holds(part, scene, calls) for part in parts)
        case Neg(part=part):
            return not holds(part, scene, calls)
        case Decides(side=side, rule=rule):
            return brute_force.decide(*_seen(scene, side, calls))[0] == rule
        case Matches(side=side, rule=rule):
            policy, call = _seen(scene, side, calls)
            return brute_force.matches(_conditions(policy)[rule], _variables(policy), call)
        case Asks(side=side, condition=condition):
            policy, call = _seen(scene, side, calls)
            return brute_force.matches(condition, _variables(policy), call)
        case ValueIs(side=side, variable=variable, value=value):
            told = calls[side].get(variable)
            return told == value and (told is None) is (value is None)
        case Lower(side=side, than=than, variable=variable):
            values = scene.variables[variable].values
            one, other = calls[side].get(variable), calls[than].get(variable)
            return one is not None and other is not None and values.index(one) < values.index(other)
        case AtLeast(side=side, component=component, rank=rank):
            return outcome(scene, side, component, calls) >= rank
        case Less(side=side, than=than, component=component):
            return outcome(scene, side, component, calls) < outcome(scene, than, component, calls)
        case Differs(side=side, other=other, component=component):
            return outcome(scene, side, component, calls) != outcome(scene, other, component, calls)


def outcome(scene: Scene, side: str, component: str, calls: Mapping[str, Call]) -> int:
    """The rank of a side's outcome in a component, by any of its names."""
    return _outcomes(scene, side, calls)[scene.components.index[component]]


def _outcomes(scene: Scene, side: str, calls: Mapping[str, Call]) -> list[int]:
    if _LAST and (_LAST[0].scene is not scene or _LAST[0].calls is not calls):
        _LAST.clear()
    if not _LAST:
        _LAST.append(_Asked(scene=scene, calls=calls, ranks={}))
    known = _LAST[0].ranks
    if side not in known:
        policy, call = _seen(scene, side, calls)
        decided, raised_by, _ = brute_force.decide(policy, call)
        ranks = [list(scene.components.ranks(rule.plan)) for rule in policy.deciding if rule.id == decided]
        ranks += [
            [-1 if rank is None else rank for rank in scene.components.raised(added.add)]
            for added in policy.add
            if added.id in raised_by
        ]
        known[side] = [max(each) for each in zip(*ranks, strict=True)]
    return known[side]


@dataclass(frozen=True)
class _Asked:
    scene: Scene
    calls: Mapping[str, Call]
    ranks: dict[str, list[int]]


_LAST: list[_Asked] = []
"""The outcomes of the calls that were asked about last, at most: a question asks for dozens of components."""


def possible(scene: Scene, calls: Mapping[str, Call]) -> bool:
    """Whether these calls are calls of the scene: shared values are equal, and no two zones contradict each other."""
    shared: dict[str, Value | None] = {}
    for side in scene.sides:
        call = calls[side.name]
        for name, variable in scene.variables.items():
            value = call.get(name)
            if value is None and not variable.unknown:
                return False
            if value is not None and value not in variable.values:
                return False
            if name not in side.own and shared.setdefault(name, value) != value:
                return False
        if not _on_the_map(scene, call) or set(call) - set(scene.variables):
            return False
    return True


def every_pair(scene: Scene, question: Formula) -> Iterator[dict[str, Call]]:
    """Calls by side: one of each kind that the question and the rules can tell apart."""
    slots = _slots(scene, question)
    for values in product(*slots.values()):
        at = dict(zip(slots, values, strict=True))
        calls: dict[str, Call] = {}
        for side in scene.sides:
            told = {name: at[side.name if name in side.own else "", name] for name in scene.variables}
            calls[side.name] = {name: value for name, value in told.items() if value is not None}
        if all(_on_the_map(scene, call) for call in calls.values()):
            yield calls


def how_many_pairs(scene: Scene, question: Formula) -> int:
    """No fewer than `every_pair` gives."""
    return prod(len(kinds) for kinds in _slots(scene, question).values())


def answer(scene: Scene, question: Formula) -> dict[str, Call] | None:
    """The first calls, if any, for which the question holds."""
    return next((calls for calls in every_pair(scene, question) if holds(question, scene, calls)), None)


def _slots(scene: Scene, question: Formula) -> dict[tuple[str, str], list[Value | None]]:
    """The values that each variable takes in `every_pair`, by the side whose own it is (none: shared) and name."""
    slots: dict[tuple[str, str], list[Value | None]] = {}
    for name, variable in scene.variables.items():
        kinds = _kinds(scene, variable, question)
        if any(name not in side.own for side in scene.sides):
            slots["", name] = kinds
        slots.update({(side.name, name): kinds for side in scene.sides if name in side.own})
    return slots


def _seen(scene: Scene, name: str, calls: Mapping[str, Call]) -> tuple[Policy, Call]:
    side = next(side for side in scene.sides if side.name == name)
    policy = scene.policies[side.policy]
    return policy, call_of(_variables(policy), calls[name])


_KEPT: dict[int, tuple[Policy, dict[str, Variable]]] = {}
"""The policy stands beside its variables so that no other can have its identity."""


def _variables(policy: Policy) -> dict[str, Variable]:
    if id(policy) not in _KEPT:
        _KEPT[id(policy)] = policy, policy.variables()
    return _KEPT[id(policy)][1]


def _conditions(policy: Policy) -> dict[str, Condition]:
    return {rule.id: rule.when for rule in policy.deciding} | {rule.id: rule.when for rule in policy.add}


def _on_the_map(scene: Scene, call: Call) -> bool:
    """As `attributes.consistent`: what would be made unknown there is no call here."""
    if any(call.get(inner) is True and call.get(outer) is False for inner, outer in scene.nested()):
        return False
    return all(sum(call.get(zone) is True for zone in areas) <= 1 for areas in scene.areas())


def _kinds(scene: Scene, variable: Variable, question: Formula) -> list[Value | None]:
    """A value of each kind: two values are of a kind if no rule, nor the question, can tell them apart."""
    name = variable.name
    every: list[Value | None] = [*variable.values, None] if variable.unknown else [*variable.values]
    asked, named = _in_question(question)
    if name in named or name.startswith("zone."):
        return every
    askers = [
        ({name: _variables(policy)[name]}, leaf)
        for policy in scene.policies
        if name in _variables(policy)
        for condition in (*_conditions(policy).values(), *asked)
        for leaf in dict.fromkeys(leaves(condition))
        if leaf.variable == name
    ]
    kinds: dict[tuple[bool, ...], Value | None] = {}
    for value in reversed(every):
        told = {} if value is None else {name: value}
        kinds[tuple([brute_force.matches(leaf, seen, call_of(seen, told)) for seen, leaf in askers])] = value
    return list(kinds.values())


def _in_question(formula: Formula) -> tuple[list[Condition], set[str]]:
    match formula:
        case AllOf(parts=parts) | OneOf(parts=parts):
            found = [_in_question(part) for part in parts]
            return [condition for asked, _ in found for condition in asked], {name for _, n in found for name in n}
        case Neg(part=part):
            return _in_question(part)
        case Asks(condition=condition):
            return [condition], set()
        case ValueIs(variable=variable) | Lower(variable=variable):
            return [], {variable}
        case _:
            return [], set()
