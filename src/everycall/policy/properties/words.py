"""Calls, plans and rules in words that a chief reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TIME_OF_DAY, WEEKDAY, ZONE_PREFIX
from everycall.policy.components import about, parts_of
from everycall.policy.rules import DEFAULT, TRIAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.policy.attributes import Value
    from everycall.policy.components import Component
    from everycall.policy.rules import AddRule, Plan, Policy, Rule

NOON: Final = 720
USUAL: Final[dict[str, Value]] = {TIME_OF_DAY: NOON, WEEKDAY: "monday"}
"""What the clock shows where nothing depends on it."""

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def duration(seconds: int) -> str:
    """A duration: "1 h 30 min"."""
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def clock(minute: int) -> str:
    """A minute of the day: "22:05"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def value_words(variable: str, value: Value | None) -> str:
    """A value: yes, no, unknown, a code, a number, a time."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clock(value) if variable == TIME_OF_DAY and isinstance(value, int) else str(value)


def fact_words(variable: str, value: Value | None) -> str:
    """A fact: "weapon yes", "inside central"."""
    if variable.startswith(ZONE_PREFIX) and value is not None:
        return f"{'inside' if value else 'outside'} {variable.removeprefix(ZONE_PREFIX)}"
    if variable == TIME_OF_DAY:
        return f"at {value_words(variable, value)}"
    return f"on a {value}" if variable == WEEKDAY else f"{variable} {value_words(variable, value)}"


def call_words(call: Mapping[str, Value], leave_out: Iterable[str] = ()) -> str:
    """What is known of a call, without what is as usual; "" where nothing is."""
    out = frozenset(leave_out)
    return ", ".join(
        fact_words(name, value) for name, value in sorted(call.items()) if name not in out and USUAL.get(name) != value
    )


def rule_words(rule: Rule | AddRule) -> str:
    """A rule's name and line: "rule robbery (line 12)"."""
    if rule.id == DEFAULT:
        return "the default"
    if rule.id == TRIAGE:
        return "triage"
    return f"rule {rule.id} (line {rule.line})" if rule.line else f"rule {rule.id}"


def every_rule(policy: Policy) -> tuple[Rule | AddRule, ...]:
    """What can decide, in order, then what can raise."""
    return (*policy.deciding, *policy.add)


def rules_by_id(policy: Policy) -> dict[str, Rule | AddRule]:
    """Every rule by its id."""
    return {rule.id: rule for rule in every_rule(policy)}


def gets_words(component: Component, rank: int, plan: Plan) -> str:
    """What a plan gives in one component."""
    name, level = component.name, component.levels[rank]
    first, *parts = parts_of(name)
    rest = parts[0] if parts else ""
    within = {
        "dispatch_within": ("sent within {}", plan.dispatch_within, "no time by which somebody must be sent"),
        "arrive_within": ("there within {}", plan.arrive_within, "no time by which somebody must be there"),
        "find_out_within": ("type found out within {}", plan.find_out_within, "no time to find out the type"),
    }.get(name)
    if within is not None:
        return within[2] if within[1] is None else within[0].format(duration(within[1]))
    if first == "send":
        count = dict(plan.send).get(rest, 0)
        return f"{count or 'no'} {rest}"
    if first == "support":
        return rest if rest in plan.support else f"no {rest}"
    if name == "minimum_officers":
        return f"at least {plan.minimum_officers} officers" if plan.minimum_officers else "no least number of officers"
    if first == "stage":
        return _waits(*parts, waits=rank > 0) if plan.stages else "goes in at once"
    if first == "ladder":
        told = next((step.at for step in plan.ladder if step.role == rest), None)
        return f"{rest} never told" if told is None else f"{rest} told {duration(told)} after a missed deadline"
    return _of_others(name, len(component.names), level) if first in ("may", "offer") else level


def _waits(because: str, until: str, *, waits: bool) -> str:
    how = "waits near the place" if waits else "no waiting"
    return f"{how} (because: {ended(because)}; until: {ended(until)})"


def _of_others(name: str, names: int, level: str) -> str:
    parts = parts_of(name)
    also = "" if names == 1 else f" and {names - 1} more like it"
    if parts[0] == "offer":
        what = {"meanwhile": "", "within": " (time to accept)", "ladder": " (who hears of no answer)"}[about(name)]
        return f"offer to {parts[1]} for {parts[2]}{what}: {level}"
    if about(name) == "ladder":
        return f"who hears of a {parts[1]} by the {parts[2]} ({parts[3]}){also}: {level}"
    to = f" to {parts[4]}" if len(parts) > 4 else ""  # noqa: PLR2004 - act, role and ground come first
    return f"{parts[1]} by the {parts[2]}{to} ({parts[3]}){also}: {level}"


def ended(sentence: str) -> str:
    """A sentence of the policy's author, to go on after."""
    return sentence.strip().rstrip(".;")


def counted(count: int, noun: str) -> str:
    """How many: "1 rule", "3 rules"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listing(items: Iterable[str], most: int = 5) -> str:
    """The first few, and how many more there are."""
    every = list(items)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")
