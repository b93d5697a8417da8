"""Boxes and hulls against the meaning of conditions: they say which questions need not be asked."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import brute_force
import pytest
from policy_texts import policy
from random_policies import small_policy

from everycall.policy.properties.boxes import Boxes
from everycall.policy.properties.overlaps import Meetings
from everycall.policy.properties.witnesses import index_of, kinds

if TYPE_CHECKING:
    from everycall.policy.formula import Call
    from everycall.policy.properties.boxes import Box


def inside(box: Box | None, boxes: Boxes, call: Call) -> bool:
    return box is not None and all(
        bits >> index_of(boxes.variables[name], call.get(name)) & 1 for name, bits in box.items()
    )


@pytest.mark.parametrize("seed", range(24))
def test_a_condition_is_its_boxes_and_lies_in_its_hull_and_so_does_what_it_leaves(seed: int) -> None:
    given = small_policy(Random(seed), calls=600)
    boxes = Boxes(given)
    conditions = [rule.when for rule in given.deciding] + [added.when for added in given.add]
    parts = [boxes.of(condition) for condition in conditions]
    hulls = [(boxes.hull(condition), boxes.hull(condition, positive=False)) for condition in conditions]
    for call in brute_force.every_call(given):
        for condition, its, (hull, rest) in zip(conditions, parts, hulls, strict=True):
            holds = brute_force.matches(condition, boxes.variables, call)
            assert boxes.holds(condition, call) is holds
            assert its is None or any(inside(box, boxes, call) for box in its) is holds
            assert inside(hull if holds else rest, boxes, call)


@pytest.mark.parametrize("seed", range(24))
def test_rules_that_match_twins_meet(seed: int) -> None:
    given = small_policy(Random(seed), calls=400)
    boxes = Boxes(given)
    meetings = Meetings(given.deciding, boxes)
    matching: dict[int, list[Call]] = {at: [] for at in range(len(given.deciding))}
    for call in brute_force.every_call(given):
        for at, rule in enumerate(given.deciding):
            if brute_force.matches(rule.when, boxes.variables, call):
                matching[at].append(call)
    for freed in sorted(brute_force.looked_at(given)):
        without = {
            at: {frozenset((name, value) for name, value in call.items() if name != freed) for call in calls}
            for at, calls in matching.items()
        }
        for at in matching:
            later = set(meetings.later(at, freed))
            assert later >= {other for other in matching if other > at and without[at] & without[other]}


@pytest.mark.parametrize("seed", range(12))
def test_of_each_kind_of_value_that_rules_tell_apart_there_is_one(seed: int) -> None:
    given = small_policy(Random(seed))
    boxes = Boxes(given)
    for name, values in kinds(given, boxes).items():
        asked = [
            bits
            for when in [rule.when for rule in given.deciding] + [rule.when for rule in given.add]
            for box in [boxes.hull(when), boxes.hull(when, positive=False)]
            if box is not None and (bits := box.get(name)) is not None
        ]
        variable = boxes.variables[name]
        codes = range(len(variable.values) + variable.unknown)
        told = {tuple([bits >> index_of(variable, value) & 1 for bits in asked]) for value in values}
        assert told == {tuple([bits >> code & 1 for bits in asked]) for code in codes}
        assert len(set(map(repr, values))) == len(values)


def test_an_unknown_that_counts_as_a_value_is_in_the_boxes_that_name_that_value() -> None:
    storey = "storey: {kind: number, from: 0, to: 9, unit: floors, source: caller, unknown: {counts_as: 0}}"
    read = policy(
        "- {rule: r, when: {storey: {between: [0, 3]}, alarm: no}, plan: fast, because: b}", attributes=storey
    )
    boxes = Boxes(read)
    when = read.rules[0].when
    (box,) = boxes.of(when) or []
    calls: list[tuple[Call, bool]] = [
        ({"alarm": False}, True),
        ({"storey": 0}, False),
        ({"storey": 4, "alarm": False}, False),
    ]
    for call, holds in calls:
        assert brute_force.matches(when, boxes.variables, call) is holds
        assert inside(box, boxes, call) is holds
        assert inside(boxes.hull(when), boxes, call) is holds
        assert boxes.holds(when, call) is holds
