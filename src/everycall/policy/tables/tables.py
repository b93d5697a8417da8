"""The decision tables of a policy: rows and columns of words, for whatever shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen
from everycall.policy.attributes import Attribute, Choice, Number, Several
from everycall.policy.changes import ladder_words
from everycall.policy.rules import DEFAULT, TRIAGE
from everycall.policy.tables.cells import Labels, columns, outcome, raised, spread
from everycall.policy.words import duration_words as span
from everycall.policy.words import value_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from everycall.policy.rules import Policy

OUTCOME: Final = (
    "priority",
    "send",
    "officers",
    "dispatch",
    "arrive",
    "find out",
    "stage",
    "cancellation",
    "offer",
    "late",
    "may",
)


class Table(Frozen, frozen=True, kw_only=True):
    """One table.

    Attributes:
        title: What it shows.
        says: How to read it, in a sentence.
        asks: The first columns: what a rule asks.
        gives: The columns after them: what a rule gives.
        rows: The cells of each row, as many as `asks` and `gives` together.
    """

    title: str
    says: str
    asks: tuple[str, ...]
    gives: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables_of(policy: Policy) -> tuple[Table, ...]:
    """All of a policy, table by table."""
    labels = Labels([rule.plan for rule in policy.deciding], [rule.add for rule in policy.add])
    found = [_deciding(policy, labels), _adding(policy, labels), _ladders(labels), _attributes(policy)]
    if labels.grants:
        found.insert(2, _grants(labels))
    if policy.zones:
        found.append(_zones(policy))
    if policy.may_differ:
        found.append(_may_differ(policy))
    found.append(_floor(policy))
    return tuple(found)


def _deciding(policy: Policy, labels: Labels) -> Table:
    when = [spread(rule.when) for rule in policy.rules]
    ends = {TRIAGE: {"type": ["unknown"]}, DEFAULT: dict[str, list[str]]()}
    gives = [(rule.id, rule.line, rule.because, outcome(rule.plan, labels)) for rule in policy.deciding]
    return _table(
        "Who gets what help",
        "The first row that fits a call decides. An empty cell does not ask.",
        columns([rule.when for rule in policy.rules]),
        when + list(ends.values()),
        gives,
    )


def _adding(policy: Policy, labels: Labels) -> Table:
    return _table(
        "What raises it",
        "Every row that fits is added to what was decided; a row can only raise.",
        columns([rule.when for rule in policy.add]),
        [spread(rule.when) for rule in policy.add],
        [(rule.id, rule.line, rule.because, raised(rule.add, labels)) for rule in policy.add],
    )


def _grants(labels: Labels) -> Table:
    rows = [
        (
            name,
            ", ".join(grant.roles),
            ", ".join(grant.grounds),
            ", ".join(grant.to) or ("any agency" if grant.act == "hand_over" else ""),
            span(grant.within),
            labels.ladder(grant.ladder),
        )
        for grant, name in sorted(labels.grants.items(), key=lambda item: item[1])
    ]
    return Table(
        title="Who may hold, hand over or decline",
        says="What no row allows, nobody may. After its time the ladder is told; a decline is reviewed by then.",
        asks=("allowed",),
        gives=("who", "on which ground", "to", "until", "then"),
        rows=tuple(rows),
    )


def _ladders(labels: Labels) -> Table:
    return Table(
        title="Who is told when it is late",
        says="Counted from the moment when a deadline has passed.",
        asks=("ladder",),
        gives=("who, and when",),
        rows=tuple([(name, ladder_words(steps)) for steps, name in labels.ladders.items()]),
    )


def _table(
    title: str,
    says: str,
    asks: Sequence[str],
    when: Sequence[Mapping[str, Sequence[str]]],
    gives: Sequence[tuple[str, int, str, Mapping[str, str]]],
) -> Table:
    used = [name for name in OUTCOME if any(name in cells for *_, cells in gives)]
    rows = [
        (
            name,
            str(line or ""),
            *["; ".join(condition.get(column, ())) for column in asks],
            *[cells.get(column, "") for column in used],
            because,
        )
        for condition, (name, line, because, cells) in zip(when, gives, strict=True)
    ]
    return Table(title=title, says=says, asks=("rule", "line", *asks), gives=(*used, "because"), rows=tuple(rows))


def _attributes(policy: Policy) -> Table:
    return Table(
        title="What rules may look at",
        says="Protected: like calls may differ in it and must be treated alike. Danger: more of it never gets less.",
        asks=("attribute", "values", "source"),
        gives=("kind", "unknown"),
        rows=tuple([_attribute(attribute, policy) for attribute in policy.attributes]),
    )


def _attribute(attribute: Attribute, policy: Policy) -> tuple[str, ...]:
    domain = attribute.domain
    if isinstance(domain, Number):
        values = f"{domain.lowest} to {domain.highest} {domain.unit}"
    elif isinstance(domain, (Choice, Several)):
        values = ", ".join(domain.values)
    else:
        values = "no, yes"
    kinds = [
        name
        for name, holds in (
            ("protected", attribute.protected),
            ("danger", attribute.danger),
            (f"taken off the protected list: {attribute.taken_off}", attribute.taken_off is not None),
            (f"derived from {', '.join(attribute.derived_from)}", bool(attribute.derived_from)),
        )
        if holds
    ]
    if attribute.protected:
        unknown = "equal to every value"
    elif attribute.danger:
        unknown = "no less than absence"
    elif attribute.name == "type":
        floor = policy.triage_floor
        unknown = (
            f"triage: at least priority {floor.priority}, dispatched within {span(floor.dispatch_within)}, "
            f"found out within {span(floor.find_out_within)}"
        )
    else:
        unknown = (
            "itself" if attribute.counts_as is None else f"counts as {value_words(attribute.name, attribute.counts_as)}"
        )
    return (attribute.name, values, attribute.source, "; ".join(kinds), unknown)


def _zones(policy: Policy) -> Table:
    rows = [
        (
            zone.name,
            zone.inside or "",
            "yes" if zone.service_area else "",
            "not counted" if zone.premises is None else str(zone.premises),
            zone.source,
        )
        for zone in policy.zones
    ]
    return Table(
        title="Zones",
        says="A zone that holds few premises stands for whoever is there.",
        asks=("zone", "inside"),
        gives=("service area", "premises", "source"),
        rows=tuple(rows),
    )


def _may_differ(policy: Policy) -> Table:
    return Table(
        title="What may depend on who the caller is",
        says="Support alone, and only raised.",
        asks=("support", "by"),
        gives=("because",),
        rows=tuple([(found.support, ", ".join(found.attributes), found.because) for found in policy.may_differ]),
    )


def _floor(policy: Policy) -> Table:
    floor = policy.floor
    durations = [
        (name.replace("_", " "), span(getattr(floor, name))) for name in floor.__struct_fields__ if name != "ladder"
    ]
    return Table(
        title="For every call",
        says="The allowances that hold whatever decides.",
        asks=("allowance",),
        gives=("time",),
        rows=(*durations, ("then told", ladder_words(floor.ladder))),
    )
