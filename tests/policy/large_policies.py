"""Large policies that read like a city's: the load of the benchmarks.

Rules come in groups, one for each incident type, the most help first and the type alone last; a few general rules
stand before and after them. All plans lie on one chain and danger is only ever asked for, so more danger never gets
less; no rule is dead. The lawful ones look at protected attributes without any difference: a rule for some callers
followed by the same for all, and supports that may differ. Of an unlawful one a single rule gives some callers less.
"""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Final

import msgspec
from brute_force import matches
from random_parts import FLOOR, GROUNDS, HEADING, STANDARD, random_attributes, some_types

from everycall.policy.attributes import (
    MINUTES_OF_A_DAY,
    SERVICE,
    TIME_ATTRIBUTES,
    TIME_OF_DAY,
    TYPE,
    WEEKDAY,
    WEEKDAYS,
    Number,
    Several,
    YesNo,
    Zone,
    variable_of_zone,
    variables_of,
)
from everycall.policy.conditions import All, Any, Between, During, Has, In, Is, Not, Within, leaves
from everycall.policy.rules import AddRule, Grant, MayDiffer, Offer, Plan, Policy, Raise, Rule, TriageFloor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.policy.attributes import Attribute, Variable
    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Call

LEVELS: Final = 12
LANGUAGE: Final = "caller.language"
_HOLD: Final = Grant(act="hold", roles=("dispatcher", "supervisor"), grounds=GROUNDS[:1], within=3600, ladder=STANDARD)
_DECLINE: Final = Grant(act="decline", roles=("supervisor",), grounds=GROUNDS[2:], within=86400, ladder=STANDARD)
_OFFER: Final = Offer(to="federal_police", ground=GROUNDS[1], within=180, meanwhile="send", ladder=STANDARD)


def plan_of(level: int, *, find_out_within: int | None = None) -> Plan:
    """The plan of a level, 0 the most help: no component of a later one is more."""
    grants = ((_HOLD,) if level >= 6 else ()) + ((_DECLINE,) if level >= 9 else ())
    return Plan(
        priority=1 + level // 2,
        send=(("police", max(1, 4 - level // 2)), *([("ambulance", 2 if level < 3 else 1)] if level < 6 else [])),
        minimum_officers=2 if level < 4 else 1,
        dispatch_within=60 * (1 + level),
        arrive_within=300 * (1 + level),
        find_out_within=find_out_within,
        ladder=STANDARD,
        cancellation_closes=level >= 2,
        offer=_OFFER if level >= 10 else None,
        may=grants,
    )


class _Writer:
    """Writes rules about these attributes and zones."""

    def __init__(self, rng: Random, attributes: Sequence[Attribute], zones: Sequence[Zone]) -> None:
        self.rng = rng
        usual = [a for a in attributes if a not in TIME_ATTRIBUTES and a.name not in (SERVICE, TYPE)]
        self.protected = [attribute for attribute in usual if attribute.protected]
        self.danger = [attribute for attribute in usual if attribute.danger]
        self.neutral = [*TIME_ATTRIBUTES, *(a for a in usual if not a.protected and not a.danger)]
        self.zones = zones
        self.told = [v for a in self.neutral for v in variables_of(a)]
        self.variables: dict[str, Variable] = {v.name: v for a in attributes for v in variables_of(a)}
        self.variables.update({zone.variable: variable_of_zone(zone) for zone in zones})

    def of_danger(self, attribute: Attribute, *, or_unknown: bool) -> Leaf:
        """A question that more danger answers with yes."""
        domain = attribute.domain
        if isinstance(domain, Several):
            return Has(attribute=attribute.name, value=self.rng.choice(domain.values), or_unknown=or_unknown)
        if isinstance(domain, Number):
            least = self.rng.randint(domain.lowest + 1, domain.highest)
            return Between(variable=attribute.name, lowest=least, highest=domain.highest, or_unknown=or_unknown)
        return In(variable=attribute.name, values=(True,), or_unknown=or_unknown)

    def _other(self, attribute: Attribute) -> Leaf:
        rng, domain = self.rng, attribute.domain
        if attribute.name == TIME_OF_DAY:
            start = rng.randrange(0, MINUTES_OF_A_DAY, 30)
            return During(start=start, end=(start + rng.randrange(60, 720, 30)) % MINUTES_OF_A_DAY or MINUTES_OF_A_DAY)
        if attribute.name == WEEKDAY:
            return In(variable=WEEKDAY, values=tuple(rng.sample(WEEKDAYS, 2)))
        if isinstance(domain, Several):
            return Has(attribute=attribute.name, value=rng.choice(domain.values))
        if isinstance(domain, Number):
            low, high = sorted(rng.sample(range(domain.lowest, domain.highest), 2))
            return Between(variable=attribute.name, lowest=low, highest=high, or_unknown=rng.random() < 0.3)
        values = self.variables[attribute.name].values
        if isinstance(domain, YesNo):
            return Is(variable=attribute.name, value=rng.choice(values))
        chosen = tuple(rng.sample(values, rng.randint(1, min(2, len(values)))))
        return In(variable=attribute.name, values=chosen, or_unknown=rng.random() < 0.3)

    def conditions(self, count: int) -> list[Condition]:
        """So many conditions, each about another attribute, at most one about a zone."""
        rng = self.rng
        found: list[Condition] = []
        pool = [
            *rng.sample(self.danger, min(4, len(self.danger))),
            *rng.sample(self.neutral, min(4, len(self.neutral))),
        ]
        rng.shuffle(pool)
        if self.zones and rng.random() < 0.25:
            found.append(Within(zone=rng.choice(self.zones).name, or_unknown=rng.random() < 0.2))
        while len(found) < count and pool:
            attribute = pool.pop()
            if not attribute.danger:
                leaf = self._other(attribute)
                found.append(Not(part=leaf) if rng.random() < 0.1 else leaf)
            elif pool and pool[-1].danger and rng.random() < 0.3:
                both = [self.of_danger(one, or_unknown=False) for one in (attribute, pool.pop())]
                found.append(Any(parts=tuple(both)))
            else:
                found.append(self.of_danger(attribute, or_unknown=rng.random() < 0.3))
        return found

    def two_dangers(self) -> tuple[Leaf, ...]:
        """Two dangers at once, both known."""
        chosen = self.rng.sample(self.danger, min(2, len(self.danger)))
        return tuple([self.of_danger(attribute, or_unknown=False) for attribute in chosen])

    def about_callers(self) -> Leaf:
        """A question about a protected attribute that not every caller answers alike."""
        attribute = self.rng.choice(self.protected)
        return self._other(attribute)

    def witness(self, condition: Condition, earlier: Sequence[Rule]) -> Call | None:
        """A call of this condition that no earlier one takes; none where a few tries find none."""
        for _ in range(12):
            call: Call = {TIME_OF_DAY: self.rng.randrange(MINUTES_OF_A_DAY), WEEKDAY: self.rng.choice(WEEKDAYS)}
            call.update({v.name: v.values[0] for v in self.variables.values() if v.danger})
            call.update({v.name: self.rng.choice(v.values) for v in self.told})
            for leaf in leaves(condition):
                call.pop(leaf.variable, None)
                values = [True] if isinstance(leaf, Within) else list(self.variables[leaf.variable].values)
                self.rng.shuffle(values)
                for value in values:
                    call[leaf.variable] = value
                    if matches(condition, self.variables, call) or matches(leaf, self.variables, call):
                        break
            if matches(condition, self.variables, call) and not any(
                matches(rule.when, self.variables, call) for rule in earlier
            ):
                return call
        return None


def bench_policy(
    seed: int, rules: int = 200, attributes: int = 25, zones: int = 20, *, lawful: bool = True, caller_rules: int = 5
) -> Policy:
    """A policy of so many deciding rules (and one `add` rule for twenty of them).

    Args:
        seed: Tells it whole.
        rules: How many can decide, beside triage and default.
        attributes: How many beside service, type and clock.
        zones: Of which four are service areas; the others lie inside those, up to three deep.
        lawful: Whether like calls get the same; if not, one rule deep in a group gives some callers less.
        caller_rules: How many rules look at protected attributes.
    """
    rng = Random(seed)
    types = max(4, rules // 5)
    declared = random_attributes(rng, count=attributes, types=types, services=4)
    areas = _zones(rng, zones)
    writer = _Writer(rng, declared, areas)
    general = _general(writer, min(5, max(1, rules // 40)))
    groups = _groups(writer, some_types(types)[:-1], rules - len(general) - 2, general, caller_rules)
    last = [
        Rule(
            id=f"after_{service}", when=All(parts=(_known_type(), Is(variable=SERVICE, value=service))), plan=plan_of(9)
        )
        for service in ("fire", "ems")
    ]
    deciding = [*general, *(rule for group in groups for rule in group), *last]
    if not lawful:
        _spoil(writer, deciding, general)
    policy = Policy(
        hash="",
        heading=HEADING,
        attributes=declared,
        zones=areas,
        rules=tuple([msgspec.structs.replace(rule, line=at + 1) for at, rule in enumerate(deciding)]),
        add=tuple(_adds(writer, max(1, rules // 20))),
        triage=plan_of(1, find_out_within=120),
        triage_floor=TriageFloor(priority=2, dispatch_within=120, find_out_within=120),
        default=plan_of(LEVELS - 1),
        may_differ=(
            MayDiffer(support="interpreter", attributes=(LANGUAGE,), because="The caller must be understood."),
        ),
        floor=FLOOR,
    )
    return msgspec.structs.replace(policy, hash=sha256(msgspec.json.encode(policy)).hexdigest())


def _known_type() -> Condition:
    return Not(part=Is(variable=TYPE, value=None))


def _zones(rng: Random, count: int) -> tuple[Zone, ...]:
    zones = [
        Zone(name=f"area_{at}", service_area=True, premises=8000, source="city map") for at in range(min(4, count))
    ]
    while len(zones) < count:
        inside = rng.choice(zones[-8:]).name
        zones.append(
            Zone(name=f"zone_{len(zones)}", inside=inside, premises=rng.choice((40, 900)), source="parcel map")
        )
    return tuple(zones)


def _general(writer: _Writer, count: int) -> list[Rule]:
    """Rules for any type, known or not: the most help."""
    made: list[Rule] = []
    for at in range(count):
        asked = writer.two_dangers()
        made.append(Rule(id=f"before_{at}", when=All(parts=asked), plan=plan_of(0, find_out_within=120)))
    return made


def _groups(
    writer: _Writer, types: Sequence[str], count: int, general: Sequence[Rule], caller_rules: int
) -> list[list[Rule]]:
    """For each type its rules: the most help first, the type alone last."""
    rng = writer.rng
    sizes = [count // len(types) + (at < count % len(types)) for at in range(len(types))]
    doubled = (
        frozenset(rng.sample(range(len(types)), min(caller_rules, len(types)))) if writer.protected else frozenset()
    )
    groups: list[list[Rule]] = []
    for at, (code, size) in enumerate(zip(types, sizes, strict=True)):
        is_it = Is(variable=TYPE, value=code)
        group: list[Rule] = []
        levels = sorted(rng.sample(range(LEVELS - 1), min(size - 1, LEVELS - 1)))
        levels = sorted(levels + [rng.randrange(LEVELS - 1) for _ in range(size - 1 - len(levels))])
        tries = 0
        while len(group) < size - 1:
            tries += 1
            if tries % 50 == 0:
                group.clear()  # an earlier rule leaves too little to the later ones
            level = levels[len(group)]
            parts = writer.conditions(rng.randint(1, 4))
            same = All(parts=(is_it, *parts))
            if at in doubled and not group and size > 2:
                some = All(parts=(is_it, *parts, writer.about_callers()))
                first = Rule(id=f"{code}_for_some", when=some, plan=plan_of(level))
                if writer.witness(some, general) and writer.witness(same, [*general, first]):
                    group += [first, Rule(id=f"{code}_1", when=same, plan=plan_of(level))]
            elif writer.witness(same, [*general, *group]):
                group.append(Rule(id=f"{code}_{len(group)}", when=same, plan=plan_of(level)))
        group.append(Rule(id=f"{code}_else", when=is_it, plan=plan_of(max(levels, default=LEVELS - 2))))
        groups.append(group)
    return groups


def _adds(writer: _Writer, count: int) -> list[AddRule]:
    """An interpreter for whoever needs one, then more for more danger."""
    understood = In(variable=LANGUAGE, values=("english",), or_unknown=True)
    made: list[AddRule] = []
    if LANGUAGE in writer.variables:
        made.append(AddRule(id="interpreter", when=Not(part=understood), add=Raise(support=("interpreter",))))
    raises = (
        Raise(priority=1, forbid=("decline",)),
        Raise(send=(("engine", 1),)),
        Raise(minimum_officers=2),
        Raise(dispatch_within=60),
        Raise(keep_open=True),
        Raise(forbid=("decline", "hold")),
        Raise(support=("wheelchair_lift",)),
    )
    while len(made) < count:
        asked = writer.two_dangers()
        made.append(AddRule(id=f"more_{len(made)}", when=All(parts=asked), add=raises[len(made) % len(raises)]))
    return made


def _spoil(writer: _Writer, deciding: list[Rule], general: Sequence[Rule]) -> None:
    """Put less help for some callers before one of the rules that have conditions of their own."""
    rng = writer.rng
    while True:
        at = rng.randrange(len(general), len(deciding) - 2)
        rule = deciding[at]
        if not isinstance(rule.when, All) or rule.plan == plan_of(LEVELS - 1):
            continue
        bad = All(parts=(*rule.when.parts, writer.about_callers()))
        if writer.witness(bad, deciding[:at]):
            deciding.insert(at, Rule(id="less_for_some", when=bad, plan=plan_of(LEVELS - 1)))
            return
