"""Whether a call is one of a region's, by the real evaluator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.difference.judge import Judge
    from everycall.policy.difference.result import Direction, Region, ValueSet
    from everycall.policy.formula import Call

DIRECTIONS: Final[tuple[Direction, ...]] = ("less", "more", "otherwise")
"""In their order: a call that gets less in anything gets less, whatever else it gets."""


def lies_in(judge: Judge, call: Call, region: Region) -> bool:
    """Whether a call is one of a region's."""
    described = region.description
    if not has_facts(call, described.facts):
        return False
    both = judge.both(call)
    named = zip((described.old_rules, described.new_rules), both, strict=True)
    if not all(not rules or outcome.rule in rules for rules, outcome in named):
        return False
    unless = zip((described.unless_old, described.unless_new), both, strict=True)
    if any(not frozenset(rules).isdisjoint(outcome.raised_by) for rules, outcome in unless):
        return False
    if not described.apart:
        return True
    promise = judge.promise(both)
    return promise is None or DIRECTIONS.index(promise.direction) >= DIRECTIONS.index(region.direction)


def has_facts(call: Mapping[str, Value], facts: Sequence[ValueSet]) -> bool:
    """Whether a call has these facts."""
    return all(fact.unknown if (value := call.get(fact.variable)) is None else value in fact.values for fact in facts)
