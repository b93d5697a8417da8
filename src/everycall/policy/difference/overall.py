"""What two versions say once for all calls: heading, attributes, zones, protected list, floor, `may_differ`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TYPE, Choice, Several
from everycall.policy.difference.result import Change
from everycall.policy.difference.sentences import among, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from everycall.policy.attributes import Attribute, Domain, Value, Zone
    from everycall.policy.rules import AddRule, Policy, Rule, Step

_HEADING: Final = {
    "version": "Version",
    "title": "Title",
    "author": "Author",
    "authority": "Authority cited",
    "reason": "Reason",
    "time_zone": "Time zone",
    "effective_from": "In force from",
    "effective_to": "In force until",
}
_FLOOR: Final = {
    "answer_within": "answering a call",
    "acknowledge_within": "acknowledging a need",
    "call_back_within": "calling back",
    "find_out_within": "finding out the type",
    "hand_over_within": "the answer to a hand-over",
    "hand_over_arrival_within": "hearing that the other agency arrived",
    "welfare_every": "asking after a crew",
    "outcome_within": "the outcome of a need",
    "review_within": "the review of a decline",
    "retire_after": "a settled call's leaving the floor's memory",
}


def overall(old: Policy, new: Policy) -> tuple[Change, ...]:
    """The changes that are not about some calls but about all."""
    return (
        *_heading(old, new),
        *_attributes(old, new),
        *_zones(old, new),
        *_floor(old, new),
        *_may_differ(old, new),
        *_rules(old, new),
    )


def _heading(old: Policy, new: Policy) -> Iterator[Change]:
    for name, words in _HEADING.items():
        before, after = getattr(old.heading, name), getattr(new.heading, name)
        if before != after:
            said = f"{words}: {before or 'not said'} → {after or 'not said'}"
            yield Change(kind="heading", words=said, warns=name == "time_zone")


def _attributes(old: Policy, new: Policy) -> Iterator[Change]:
    before = {attribute.name: attribute for attribute in old.attributes}
    after = {attribute.name: attribute for attribute in new.attributes}
    for name in _gone(before, after):
        yield Change(kind="attribute", words=f"Attribute {name} is dropped: no rule can ask about it any more.")
        if before[name].protected:
            yield Change(
                kind="protected",
                words=f"Protected attribute {name} is dropped: no proof is about it any more.",
                warns=True,
            )
    for name in _gone(after, before):
        said = ", protected" if after[name].protected else ""
        yield Change(kind="attribute", words=f"Attribute {name} is new ({after[name].source}{said}).")
    for name, attribute in before.items():
        if name in after:
            yield from _attribute(attribute, after[name])


def _attribute(old: Attribute, new: Attribute) -> Iterator[Change]:
    name = old.name
    if old.protected and not new.protected:
        because = f" Reason given: {new.taken_off}." if new.taken_off else ""
        words = f"{name} is no longer protected: the proof no longer asks whether like calls differ by it.{because}"
        yield Change(kind="protected", words=words, warns=True)
    elif new.protected and not old.protected:
        yield Change(kind="protected", words=f"{name} is now protected.")
    if old.danger and not new.danger:
        words = f"{name} is no longer a danger: the proof no longer asks whether more of it gets less."
        yield Change(kind="attribute", words=words, warns=True)
    elif new.danger and not old.danger:
        yield Change(kind="attribute", words=f"{name} now is a danger: more of it must never get less.")
    if old.counts_as != new.counts_as:
        words = f"{name} unknown counted as {_value(old.counts_as)}, now as {_value(new.counts_as)}."
        yield Change(kind="attribute", words=words)
    if frozenset(old.derived_from) != frozenset(new.derived_from):
        words = f"{name} is derived from {_list(old.derived_from)}, now from {_list(new.derived_from)}."
        yield Change(kind="attribute", words=words)
    if old.source != new.source:
        yield Change(kind="attribute", words=f"{name} comes from {new.source}, before from {old.source}.")
    yield from _domain(name, old.domain, new.domain)


def _domain(name: str, old: Domain, new: Domain) -> Iterator[Change]:
    if old == new:
        return
    kind, what = ("type", "Types") if name == TYPE else ("attribute", f"Values of {name}")
    if isinstance(old, (Choice, Several)) and type(old) is type(new) and isinstance(new, (Choice, Several)):
        if gone := _gone(old.values, new.values):
            words = f"{what} dropped: {among(gone, 'and')}. A call that has one counts as unknown."
            yield Change(kind="type" if kind == "type" else "attribute", words=words, warns=True)
        if added := _gone(new.values, old.values):
            yield Change(kind="type" if kind == "type" else "attribute", words=f"{what} added: {among(added, 'and')}.")
        return
    yield Change(kind="attribute", words=f"{name} was {_domain_words(old)}, now is {_domain_words(new)}.", warns=True)


def _domain_words(domain: Domain) -> str:
    if isinstance(domain, Choice):
        return f"one of {len(domain.values)} codes"
    if isinstance(domain, Several):
        return f"any of {len(domain.values)} codes"
    lowest, highest = getattr(domain, "lowest", None), getattr(domain, "highest", None)
    return "yes or no" if lowest is None else f"a number from {lowest} to {highest}"


def _zones(old: Policy, new: Policy) -> Iterator[Change]:
    before = {zone.name: zone for zone in old.zones}
    after = {zone.name: zone for zone in new.zones}
    if gone := _gone(before, after):
        yield Change(kind="zone", words=f"Zones dropped: {among(gone, 'and')}.")
    for name in _gone(after, before):
        yield Change(kind="zone", words=f"Zone {name} is new ({_premises(after[name])}).")
    for name, zone in before.items():
        if name in after and _border(zone) != _border(after[name]):
            yield Change(
                kind="zone",
                words=f"Zone {name} was {_zone_words(zone)}, now is {_zone_words(after[name])}.",
                warns=True,
            )


def _border(zone: Zone) -> tuple[object, ...]:
    return zone.inside, zone.service_area, zone.premises, zone.source


def _zone_words(zone: Zone) -> str:
    inside = f"inside {zone.inside}" if zone.inside else "inside no other"
    area = "a service area, " if zone.service_area else ""
    source = f" by {zone.source}" if zone.source else ""
    return f"{area}{inside}, {_premises(zone)}{source}"


def _premises(zone: Zone) -> str:
    return "premises not counted" if zone.premises is None else f"{zone.premises:,} premises"


def _floor(old: Policy, new: Policy) -> Iterator[Change]:
    for name, words in _FLOOR.items():
        before, after = getattr(old.floor, name), getattr(new.floor, name)
        if before != after:
            slower = after > before and name != "retire_after"
            said = f"The floor's allowance for {words}: {duration(before)} → {duration(after)}"
            yield Change(kind="floor", words=f"{said}{', slower for every call' if slower else ''}.", less=slower)
    if old.floor.ladder != new.floor.ladder:
        less = _told_later(old.floor.ladder, new.floor.ladder)
        said = f"Who is told when the floor is late: {_ladder(old.floor.ladder)} → {_ladder(new.floor.ladder)}"
        yield Change(kind="floor", words=f"{said}{', later or not at all for somebody' if less else ''}.", less=less)
    before, after = old.triage_floor, new.triage_floor
    for name, words in (
        ("priority", "priority"),
        ("dispatch_within", "dispatch"),
        ("find_out_within", "finding out the type"),
    ):
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            said = f"{one} → {other}" if name == "priority" else f"{duration(one)} → {duration(other)}"
            # The floor is what the check holds the rules to; what calls get is compared by itself.
            yield Change(
                kind="floor", words=f"The least for a call of unknown type, {words}: {said}.", warns=other > one
            )


def _told_later(old: Sequence[Step], new: Sequence[Step]) -> bool:
    soonest: dict[str, int] = {}
    for step in new:
        soonest[step.role] = min(step.at, soonest.get(step.role, step.at))
    return any(step.role not in soonest or soonest[step.role] > step.at for step in old)


def _ladder(steps: Sequence[Step]) -> str:
    return ", ".join([f"{step.role.replace('_', ' ')} after {duration(step.at)}" for step in steps]) or "nobody"


def _may_differ(old: Policy, new: Policy) -> Iterator[Change]:
    before = {entry.support: entry for entry in old.may_differ}
    after = {entry.support: entry for entry in new.may_differ}
    for name in _gone(before, after):
        yield Change(kind="may_differ", words=f"{name} may no longer depend on who the caller is.")
    for name in _gone(after, before):
        said = f"{name} may now depend on {among(after[name].attributes, 'and')}: {after[name].because}"
        yield Change(kind="may_differ", words=said, warns=True)
    for name, entry in before.items():
        if name in after and frozenset(entry.attributes) != frozenset(after[name].attributes):
            said = f"{name} may depend on {_list(entry.attributes)}, now on {_list(after[name].attributes)}."
            yield Change(kind="may_differ", words=said, warns=True)


def _rules(old: Policy, new: Policy) -> Iterator[Change]:
    for kind, one, other in (("Rules", old.rules, new.rules), ("Rules that add", old.add, new.add)):
        before, after = _ids(one), _ids(other)
        if gone := _gone(before, after):
            yield Change(kind="rule", words=f"{kind} dropped: {among(gone, 'and')}.")
        if added := _gone(after, before):
            yield Change(kind="rule", words=f"{kind} new: {among(added, 'and')}.")
        for rule in other:
            was = next((each for each in one if each.id == rule.id), None)
            excused = [] if was is None else [each.component for each in was.instead]
            if new_ones := [each for each in rule.instead if each.component not in excused]:
                said = among([f"{each.component} ({each.because})" for each in new_ones], "and")
                words = f"Rule {rule.id} newly declares that danger may get less of {said}."
                yield Change(kind="rule", words=words, warns=True)


def _ids(rules: Sequence[Rule | AddRule]) -> list[str]:
    return [rule.id for rule in rules]


def _gone(before: Iterable[str] | Mapping[str, object], after: Iterable[str] | Mapping[str, object]) -> list[str]:
    held = frozenset(after)
    return [name for name in before if name not in held]


def _value(value: Value | None) -> str:
    return "itself" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _list(names: Sequence[str]) -> str:
    return among(names, "and") or "nothing"
