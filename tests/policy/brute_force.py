"""What a policy says, worked out slowly from the docs' own words: the judge of the evaluator and the engines.

It shares no code with `everycall.policy.evaluate`, and no table, index or cache: each question is answered by walking
the conditions as they stand.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from everycall.policy.attributes import TIME_OF_DAY, TYPE, WEEKDAY
from everycall.policy.conditions import All, Always, Any, Between, During, Has, In, Is, Not, Within, leaves
from everycall.policy.rules import Plan

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy, Raise, Stage, Step


def matches(condition: Condition, variables: Mapping[str, Variable], call: Call) -> bool:
    """Whether the condition holds of the call."""
    if isinstance(condition, Always):
        return True
    if isinstance(condition, Not):
        return not matches(condition.part, variables, call)
    if isinstance(condition, All):
        return all(matches(part, variables, call) for part in condition.parts)
    if isinstance(condition, Any):
        return any(matches(part, variables, call) for part in condition.parts)
    value = call.get(condition.variable)
    if value is not None:
        return _names(condition, value)
    counts_as = variables[condition.variable].counts_as
    return _names_unknown(condition) or (counts_as is not None and _names(condition, counts_as))


def _names(leaf: Leaf, value: Value) -> bool:
    match leaf:
        case Is():
            return leaf.value == value
        case In():
            return value in leaf.values
        case Between():
            return isinstance(value, int) and leaf.lowest <= value <= leaf.highest
        case Has() | Within():
            return value is True
        case During():
            assert isinstance(value, int)
            if leaf.start < leaf.end:
                return leaf.start <= value < leaf.end
            return value >= leaf.start or value < leaf.end


def _names_unknown(leaf: Leaf) -> bool:
    if isinstance(leaf, Is):
        return leaf.value is None
    return False if isinstance(leaf, During) else leaf.or_unknown


def decide(policy: Policy, call: Call) -> tuple[str, tuple[str, ...], Plan]:
    """Which rule decides, which `add` rules raise, and what goes out."""
    variables = policy.variables()
    rule = next(rule for rule in policy.deciding if matches(rule.when, variables, call))
    plan, raised_by = rule.plan, []
    for added in policy.add:
        if matches(added.when, variables, call):
            plan = raised(plan, added.add)
            raised_by.append(added.id)
    return rule.id, tuple(raised_by), plan


def raised(plan: Plan, add: Raise) -> Plan:
    """The plan with all that is added, and never less in anything."""
    counts = dict(plan.send)
    for capability, count in add.send:
        if count > counts.get(capability, 0):
            counts[capability] = count
    offer = plan.offer
    if offer is not None and add.go_meanwhile:
        offer = type(offer)(
            to=offer.to, ground=offer.ground, within=offer.within, meanwhile="send", ladder=offer.ladder
        )
    return Plan(
        priority=plan.priority if add.priority is None else min(plan.priority, add.priority),
        send=tuple(sorted(counts.items())),
        minimum_officers=max(plan.minimum_officers, add.minimum_officers or 0),
        support=plan.support + tuple([name for name in add.support if name not in plan.support]),
        stages=_all_reasons(plan.stages, add.stage),
        dispatch_within=_sooner(plan.dispatch_within, add.dispatch_within),
        arrive_within=_sooner(plan.arrive_within, add.arrive_within),
        find_out_within=_sooner(plan.find_out_within, add.find_out_within),
        ladder=_joined(plan.ladder, add.ladder),
        cancellation_closes=plan.cancellation_closes and not add.keep_open,
        offer=offer,
        may=tuple([grant for grant in plan.may if grant.act not in add.forbid]),
    )


def _all_reasons(stages: Sequence[Stage], also: Stage | None) -> tuple[Stage, ...]:
    every = {*stages} if also is None else {*stages, also}
    return tuple(sorted(every, key=lambda stage: (stage.because, stage.until)))


def _sooner(one: int | None, other: int | None) -> int | None:
    known = [seconds for seconds in (one, other) if seconds is not None]
    return min(known) if known else None


def _joined(one: Sequence[Step], other: Sequence[Step]) -> tuple[Step, ...]:
    roles = dict.fromkeys(step.role for step in (*one, *other))
    soonest = [min((step for step in (*one, *other) if step.role == role), key=lambda step: step.at) for role in roles]
    return tuple(sorted(soonest, key=lambda step: step.at))


def normal(plan: Plan) -> Plan:
    """The plan with its lists in a fixed order, so that two that say the same are equal."""
    return Plan(
        priority=plan.priority,
        send=tuple(sorted((capability, count) for capability, count in plan.send if count)),
        minimum_officers=plan.minimum_officers,
        support=tuple(sorted(plan.support)),
        stages=tuple(sorted(set(plan.stages), key=lambda stage: (stage.because, stage.until))),
        dispatch_within=plan.dispatch_within,
        arrive_within=plan.arrive_within,
        find_out_within=plan.find_out_within,
        ladder=tuple(sorted(plan.ladder, key=lambda step: (step.at, step.role))),
        cancellation_closes=plan.cancellation_closes,
        offer=plan.offer,
        may=plan.may,
    )


def agencies_of(policy: Policy) -> frozenset[str]:
    """The agencies that any grant names."""
    return frozenset(to for rule in policy.deciding for grant in rule.plan.may for to in grant.to)


def gets(plan: Plan, agencies: Collection[str], exempt: Collection[str] = ()) -> tuple[object, ...]:
    """All that a plan means, so that two that mean the same are equal: no component and no name has a part in it.

    Args:
        plan: The plan.
        agencies: Those that any grant names; to one that none names stands `None`.
        exempt: Supports that are left out.
    """
    allowed: dict[tuple[object, ...], tuple[int, object]] = {}
    for grant in plan.may:
        nobody_named: tuple[str | None, ...] = (*agencies, None)
        to = (grant.to or nobody_named) if grant.act == "hand_over" else (None,)
        for each in product((grant.act,), grant.roles, grant.grounds, to):
            if each not in allowed or allowed[each][0] < grant.within:
                allowed[each] = grant.within, grant.ladder
    return (
        plan.priority,
        tuple(sorted((capability, count) for capability, count in plan.send if count)),
        plan.minimum_officers,
        frozenset(plan.support) - {*exempt},
        frozenset(plan.stages),
        plan.dispatch_within,
        plan.arrive_within,
        plan.find_out_within,
        frozenset(plan.ladder),
        plan.cancellation_closes,
        plan.offer,
        frozenset(allowed.items()),
    )


def is_consistent(policy: Policy, call: Call) -> bool:
    """Whether its zone facts contradict each other nowhere."""
    inside = {zone.name for zone in policy.zones if call.get(zone.variable) is True}
    outside = {zone.name for zone in policy.zones if call.get(zone.variable) is False}
    if any(zone.name in inside and zone.inside in outside for zone in policy.zones):
        return False
    return len([zone for zone in policy.zones if zone.service_area and zone.name in inside]) <= 1


def axes(policy: Policy, variables: Collection[str] | None = None) -> dict[str, list[Value | None]]:
    """The values that each variable takes in `every_call`, unknown (`None`) first where it can be.

    Of the minutes and the weekdays, of which there are too many, one stands for all those that no rule
    tells apart.
    """
    every = policy.variables()
    wanted = looked_at(policy) if variables is None else frozenset(variables)
    found: dict[str, list[Value | None]] = {}
    for name, variable in every.items():
        if name in (TIME_OF_DAY, WEEKDAY):
            found[name] = _told_apart(policy, name, variable.values) if name in wanted else [variable.values[0]]
        elif name in wanted:
            found[name] = [None, *variable.values] if variable.unknown else list(variable.values)
    return found


def _told_apart(policy: Policy, name: str, values: Sequence[Value]) -> list[Value | None]:
    asked = [leaf for condition in conditions_of(policy) for leaf in leaves(condition) if leaf.variable == name]
    first: dict[tuple[bool, ...], Value | None] = {}
    for value in values:
        first.setdefault(tuple([_names(leaf, value) for leaf in asked]), value)
    return list(first.values())


def looked_at(policy: Policy) -> frozenset[str]:
    """The variables that any rule looks at; the type always, for the triage."""
    return frozenset((*[leaf.variable for condition in conditions_of(policy) for leaf in leaves(condition)], TYPE))


def conditions_of(policy: Policy) -> list[Condition]:
    """The conditions of all rules, in order."""
    return [rule.when for rule in policy.deciding] + [added.when for added in policy.add]


def how_many(policy: Policy) -> int:
    """No fewer than the calls that `every_call` gives."""
    return prod(len(values) for values in axes(policy).values())


def every_call(policy: Policy, variables: Collection[str] | None = None) -> Iterator[Call]:
    """Every call whose zones agree, over these variables (those that rules look at); all else is unknown.

    See `axes` for the minutes and weekdays.
    """
    values = axes(policy, variables)
    for drawn in product(*values.values()):
        call: Call = {name: value for name, value in zip(values, drawn, strict=True) if value is not None}
        if is_consistent(policy, call):
            yield call
