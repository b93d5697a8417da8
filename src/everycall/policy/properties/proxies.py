"""Proxies: what a rule may ask of anybody, and what can stand all the same for who somebody is.

A zone drawn round one building is an employer attribute; an hour at night is a shift. No proof can tell a proxy from
a need of the place, so nothing here refutes: it is put before whoever signs. The question that can be asked is likeness
over places: twins in the same service area, whose place varies otherwise (`place_varies`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import MINUTES_OF_A_DAY, TIME_OF_DAY, ZONE_PREFIX
from everycall.policy.conditions import All, Always, Any, Between, During, Not, mentioned
from everycall.policy.properties.examples import Examples
from everycall.policy.properties.likeness import look
from everycall.policy.properties.pairs import twins, weight
from everycall.policy.properties.report import Proxy
from everycall.policy.properties.words import clock, duration, every_rule, listing, rule_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from everycall.policy.attributes import Value, Zone
    from everycall.policy.conditions import Condition
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.properties.likeness import Found
    from everycall.policy.properties.report import Shown
    from everycall.policy.rules import AddRule, Policy, Rule

PLACE_VARIES: Final = "place_varies"
FEW_PREMISES: Final = 25
"""A zone of so few premises says who is there."""
SHORT_WINDOW: Final = 4 * 60
"""A window of fewer minutes says who is at work."""

OFFER: Final = (
    "Whether anything depends on the place within one service area can be asked too: "
    "everycall policy check --place-varies"
)


def proxies(inquiry: Inquiry) -> tuple[Proxy, ...]:
    """The zones and time windows that rules ask about and that are narrow, with what they do."""
    examples = Examples(inquiry)
    return (*_zones(inquiry, examples), *_windows(inquiry, examples))


def _zones(inquiry: Inquiry, examples: Examples) -> Iterator[Proxy]:
    policy = inquiry.policy
    for zone in policy.zones:
        reason = _narrow(zone, policy)
        rules = list(policy.mentioning(frozenset({zone.variable})))
        if reason is None or not rules:
            continue
        effects = [
            effect
            for rule in rules
            if (effect := _effect(inquiry, examples, rule, zone.variable, lambda value: value is True)) is not None
        ]
        words = f"Zone {zone.name} ({reason}): {_stands_for(zone)} Asked about by {listing(map(rule_words, rules))}."
        yield Proxy(
            kind="zone", name=zone.name, words=words, rules=tuple([r.id for r in rules]), effects=tuple(effects)
        )


def _narrow(zone: Zone, policy: Policy) -> str | None:
    """Why a zone is narrow, if it is."""
    where = "" if zone.inside is None else f", inside {zone.inside}"
    if zone.premises is None:
        return "nobody counted its premises" + where
    if zone.premises <= FEW_PREMISES:
        return f"{zone.premises} premise{'s' * (zone.premises != 1)}{where}"
    if zone.service_area or _holds_service_area(zone.name, policy):
        return None
    return f"{zone.premises} premises{where}; it is not a service area, and narrower than one"


def _holds_service_area(name: str, policy: Policy) -> bool:
    """Whether a service area lies inside the zone, at whatever depth."""
    inside = {zone.name: zone.inside for zone in policy.zones}
    for area in policy.zones:
        outer, seen = area.inside, {area.name}
        while area.service_area and outer is not None and outer not in seen:
            if outer == name:
                return True
            seen.add(outer)
            outer = inside.get(outer)
    return False


def _stands_for(zone: Zone) -> str:
    if zone.premises == 1:
        return "a zone drawn round one building is an employer attribute."
    return "a zone so drawn can stand for who lives or works there."


def _windows(inquiry: Inquiry, examples: Examples) -> Iterator[Proxy]:
    by_window: dict[tuple[int, int], list[Rule | AddRule]] = {}
    for rule in inquiry.policy.mentioning(frozenset({TIME_OF_DAY})):
        for window in dict.fromkeys(_short(rule.when, positive=True)):
            by_window.setdefault(window, []).append(rule)
    for (start, end), rules in sorted(by_window.items()):
        name = f"{clock(start)} to {clock(end)}"
        length = (end - start) % MINUTES_OF_A_DAY
        words = (
            f"The time from {name} ({duration(length * 60)}): a window so short can stand for who is at work then. "
            f"Asked about by {listing(map(rule_words, rules))}."
        )
        inside = _in_window(start, end)
        effects = [
            effect for rule in rules if (effect := _effect(inquiry, examples, rule, TIME_OF_DAY, inside)) is not None
        ]
        yield Proxy(kind="time", name=name, words=words, rules=tuple([r.id for r in rules]), effects=tuple(effects))


def _short(condition: Condition, *, positive: bool) -> Iterator[tuple[int, int]]:
    """The short windows of a condition, as minutes from and to; of `not during` the rest of the day."""
    if isinstance(condition, Not):
        yield from _short(condition.part, positive=not positive)
    elif isinstance(condition, (All, Any)):
        for part in condition.parts:
            yield from _short(part, positive=positive)
    elif not isinstance(condition, Always) and condition.variable == TIME_OF_DAY:
        if isinstance(condition, During):
            start, end = condition.start, condition.end
        elif isinstance(condition, Between):
            start, end = condition.lowest, condition.highest + 1
        else:
            start, end = 0, 1  # single minutes
        start, end = (start, end) if positive else (end, start)
        if (end - start) % MINUTES_OF_A_DAY < SHORT_WINDOW and (end - start) % MINUTES_OF_A_DAY:
            yield start, end


def _in_window(start: int, end: int) -> Callable[[Value | None], bool]:
    def inside(value: Value | None) -> bool:
        if not isinstance(value, int):
            return False
        return start <= value < end if start < end else value >= start or value < end

    return inside


def _effect(
    inquiry: Inquiry, examples: Examples, rule: Rule | AddRule, variable: str, inside: Callable[[Value | None], bool]
) -> Shown | None:
    """What a rule lowers or raises by a place or time: twins of which one is inside and the other outside."""
    pair = examples.pair(
        rule,
        variable,
        lambda one, other: one.ranks != other.ranks,
        first=inside,
        second=lambda value: not inside(value),
    )
    if pair is None:
        return None
    replay = inquiry.single().replay
    one, other = (replay.decide("x", call) for call in pair.values())
    changed = [
        (component, component.ordered, here < there)
        for component, here, there in zip(replay.scene.components.items, one.ranks, other.ranks, strict=True)
        if here != there
    ]
    changed.sort(key=lambda each: weight(each[0]))
    said = [
        f"{verb} {listing(names)}"
        for verb, names in (
            ("lowers", [each.name for each, ordered, less in changed if ordered and less]),
            ("raises", [each.name for each, ordered, less in changed if ordered and not less]),
            ("changes", [each.name for each, ordered, _ in changed if not ordered]),
        )
        if names
    ]
    about = variable.removeprefix(ZONE_PREFIX)
    words = f"By {about}, {rule_words(rule)} {', '.join(said)}."
    return twins("proxy_effect", replay, pair, words, rule=rule.id, variable=variable)


def place_variables(policy: Policy) -> frozenset[str]:
    """The zones in which places of one service area may differ, as far as rules ask about them."""
    read = {name for rule in every_rule(policy) for name in mentioned(rule.when)}
    return frozenset(zone.variable for zone in policy.zones if not zone.service_area).intersection(read)


def place_varies(inquiry: Inquiry, tally: Tally) -> Found:
    """Likeness over places: twins that share all but where in their service area they are."""
    return look(
        inquiry,
        tally,
        place_variables(inquiry.policy),
        words=lambda rule: f"What goes out depends on the place within a service area, by {rule}.",
        about="place",
    )
