"""The parts of which random policies are made: attributes, zones, conditions, plans, raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.policy.attributes import (
    MINUTES_OF_A_DAY,
    SERVICE,
    TIME_ATTRIBUTES,
    TIME_OF_DAY,
    TYPE,
    Attribute,
    Choice,
    Number,
    Several,
    YesNo,
    Zone,
    variables_of,
)
from everycall.policy.conditions import All, Any, Between, Condition, During, Has, In, Is, Leaf, Not, Within
from everycall.policy.rules import Floor, Grant, Heading, Offer, Plan, Raise, Stage, Step

if TYPE_CHECKING:
    from random import Random

    from everycall.core.actors import Role
    from everycall.core.policies import PermittedAct

SERVICES: Final = ("police", "fire", "ems", "other")
TYPES: Final = ("robbery", "theft", "structure_fire", "fall", "guard_property", "noise")
CAPABILITIES: Final = ("police", "ambulance", "engine")
SUPPORTS: Final = ("interpreter", "wheelchair_lift")
AGENCIES: Final = ("federal_police", "transit_police")
ACTS: Final[tuple[PermittedAct, ...]] = ("hold", "hand_over", "decline")
GROUNDS: Final = ("caller_asks_for_later", "their_property", "no_danger")
DOTTED_AGENCIES: Final = ("security", "private.security")
DOTTED_GROUNDS: Final = ("not_ours", "not_ours.private", "ladder")
"""What no text may say but a policy made otherwise may: joined by dots without care, they read the same."""
ROLES: Final[tuple[Role, ...]] = ("dispatcher", "supervisor", "duty_chief", "neighbour_agency")
STANDARD: Final = (Step(role="dispatcher", at=0), Step(role="supervisor", at=120), Step(role="duty_chief", at=600))
LADDERS: Final[tuple[tuple[Step, ...], ...]] = (
    STANDARD,
    (Step(role="supervisor", at=0), Step(role="duty_chief", at=300)),
    (Step(role="dispatcher", at=60), Step(role="neighbour_agency", at=240)),
)
STAGES: Final = (
    Stage(because="The scene may be dangerous.", until="Police say that it is safe."),
    Stage(because="There is a gas leak.", until="The gas company has shut it."),
    Stage(because="The scene may be dangerous.", until="The chief in person orders it."),
    Stage(because="Police are short.", until="Police say that it is safe."),
)
"""Some that have only the reason in common, or only what ends the waiting."""
SECONDS: Final = (None, 60, 120, 1800)
FLOOR: Final = Floor(
    answer_within=15,
    acknowledge_within=60,
    call_back_within=60,
    find_out_within=120,
    hand_over_within=180,
    hand_over_arrival_within=1800,
    welfare_every=900,
    outcome_within=1800,
    review_within=3 * 86400,
    retire_after=86400,
    ladder=STANDARD,
)
HEADING: Final = Heading(
    version="rivermouth-2027-01",
    title="Who gets what help",
    author="Office of the Chief",
    authority="City Code 3.20.030",
    reason="First written rules.",
    time_zone="America/Los_Angeles",
)
POOL: Final = (
    Attribute(name="weapon", domain=YesNo(), source="call_taker", danger=True),
    Attribute(
        name="caller.employer",
        domain=Choice(values=("agency_a", "agency_b", "other")),
        source="caller",
        protected=True,
    ),
    Attribute(name="patients", domain=Number(lowest=0, highest=5, unit="persons"), source="caller", danger=True),
    Attribute(name="hazards", domain=Several(values=("chemicals", "power_lines")), source="caller", danger=True),
    Attribute(
        name="floor_of_building",
        domain=Number(lowest=-2, highest=7, unit="floors"),
        source="caller",
        counts_as=0,
    ),
    Attribute(name="alarm_verified", domain=YesNo(), source="alarm_company"),
    Attribute(
        name="caller.language",
        domain=Choice(values=("english", "spanish", "other")),
        source="caller",
        protected=True,
    ),
    Attribute(
        name="works_nearby",
        domain=YesNo(),
        source="record",
        derived_from=("caller.employer",),
        protected=True,
    ),
    Attribute(name="injured", domain=YesNo(), source="caller", danger=True, counts_as=False),
    Attribute(name="in_progress", domain=YesNo(), source="caller", danger=True, counts_as=True),
    Attribute(
        name="building", domain=Choice(values=("house", "tower", "school")), source="location", counts_as="house"
    ),
    Attribute(name="complaints", domain=Several(values=("noise", "parking")), source="record", counts_as=False),
)


def random_attributes(rng: Random, *, count: int, types: int, services: int) -> tuple[Attribute, ...]:
    """Service, type and clock, then this many others: each kind, several of them protected."""
    chosen = rng.sample(POOL, min(count, len(POOL)))
    if count and not any(attribute.protected for attribute in chosen):
        chosen[0] = POOL[1]
    names = {attribute.name for attribute in chosen}
    chosen = [
        _without_lineage(attribute) if not names >= {*attribute.derived_from} else attribute for attribute in chosen
    ]
    while len(chosen) < count:
        chosen.append(_numbered(rng, len(chosen)))
    return (
        Attribute(name=SERVICE, domain=Choice(values=SERVICES[:services]), source="call_taker"),
        Attribute(name=TYPE, domain=Choice(values=some_types(types)), source="call_taker"),
        *TIME_ATTRIBUTES,
        *chosen,
    )


def some_types(count: int) -> tuple[str, ...]:
    """So many incident types."""
    return TYPES[:count] + tuple([f"type_{number}" for number in range(len(TYPES), count)])


def _without_lineage(attribute: Attribute) -> Attribute:
    return Attribute(name=attribute.name, domain=attribute.domain, source=attribute.source, protected=True)


def _numbered(rng: Random, number: int) -> Attribute:
    """One more attribute, when the pool is empty."""
    kind = rng.randrange(4)
    if kind == 0:
        name, domain, protected = f"question_{number}", YesNo(), False
        return Attribute(name=name, domain=domain, source="call_taker", protected=protected, danger=rng.random() < 0.5)
    if kind == 1:
        highest = rng.choice((3, 10, 20))
        return Attribute(
            name=f"count_{number}",
            domain=Number(lowest=0, highest=highest, unit="persons"),
            source="caller",
            danger=True,
        )
    values = tuple([f"code_{code}" for code in range(rng.randint(2, 6))])
    if kind == 2:
        return Attribute(name=f"caller.group_{number}", domain=Choice(values=values), source="caller", protected=True)
    return Attribute(name=f"choice_{number}", domain=Choice(values=values), source="call_taker")


def random_zones(rng: Random, count: int) -> tuple[Zone, ...]:
    """Zones of which some are service areas, and some lie inside an earlier one, also several deep."""
    zones: list[Zone] = []
    for number in range(count):
        inside = rng.choice(zones).name if zones and rng.random() < 0.5 else None
        zones.append(
            Zone(
                name=f"zone_{number}",
                inside=inside,
                service_area=inside is None and rng.random() < 0.7,
                premises=rng.choice((None, 1, 40, 8200)),
                source="city map",
            )
        )
    return tuple(zones)


@dataclass(frozen=True)
class Vocabulary:
    """What conditions may be about."""

    attributes: tuple[Attribute, ...]
    zones: tuple[Zone, ...]

    def leaf(self, rng: Random, *, protected: bool, on: Attribute | None = None) -> Leaf:
        """A question; with `protected` one about a protected attribute (where there is one)."""
        if on is None and not protected and self.zones and rng.random() < 0.15:
            return self._of_zone(rng)
        if on is None:
            right = [attribute for attribute in self.attributes if attribute.protected is protected]
            on = rng.choice(right or self.attributes)
        return _of_attribute(rng, on)

    def condition(self, rng: Random, *, protected: bool, leaves: int, depth: int = 3) -> Condition:
        """About so many questions, nested; one of them protected if asked."""
        if leaves <= 1 or depth == 0:
            leaf = self.leaf(rng, protected=protected)
            return Not(part=leaf) if rng.random() < 0.15 else leaf
        parts: list[Condition] = []
        left, special = leaves, rng.randrange(leaves) if protected else -1
        while left > 0:
            size = rng.randint(1, max(1, left - 1)) if rng.random() < 0.3 else 1
            mine = leaves - left <= special < leaves - left + size
            parts.append(self.condition(rng, protected=mine, leaves=size, depth=depth - 1))
            left -= size
        whole: Condition = Any(parts=tuple(parts)) if rng.random() < 0.3 else All(parts=tuple(parts))
        return Not(part=whole) if rng.random() < 0.1 else whole

    def _of_zone(self, rng: Random) -> Leaf:
        zone = rng.choice(self.zones)
        if rng.random() < 0.15:
            return Is(variable=zone.variable, value=None)
        return Within(zone=zone.name, or_unknown=rng.random() < 0.25)


def _of_attribute(rng: Random, attribute: Attribute) -> Leaf:
    domain, or_unknown = attribute.domain, rng.random() < 0.3
    if attribute.name == TIME_OF_DAY:
        start, end = rng.sample(range(0, MINUTES_OF_A_DAY, 30), 2)
        end = MINUTES_OF_A_DAY if end == 0 else end
        return During(start=start, end=end)
    variable = variables_of(attribute)[0]
    can_be_unknown = variable.unknown
    if can_be_unknown and rng.random() < 0.12:
        return Is(variable=rng.choice(variables_of(attribute)).name, value=None)
    if isinstance(domain, Several):
        return Has(attribute=attribute.name, value=rng.choice(domain.values), or_unknown=or_unknown)
    if isinstance(domain, Number) and rng.random() < 0.7:
        low, high = sorted((rng.randint(domain.lowest, domain.highest), rng.randint(domain.lowest, domain.highest)))
        return Between(variable=attribute.name, lowest=low, highest=high, or_unknown=or_unknown)
    if rng.random() < 0.5 or isinstance(domain, YesNo):
        return Is(variable=attribute.name, value=rng.choice(variable.values))
    values = tuple(rng.sample(variable.values, rng.randint(1, min(3, len(variable.values)))))
    return In(variable=attribute.name, values=values, or_unknown=or_unknown and can_be_unknown)


def random_grants(rng: Random, count: int) -> tuple[Grant, ...]:
    """Grants of every act, which share roles and grounds or do not."""
    grants: list[Grant] = []
    for _ in range(count):
        act = rng.choice(ACTS)
        agencies, pool = (DOTTED_AGENCIES, DOTTED_GROUNDS) if rng.random() < 0.3 else (AGENCIES, GROUNDS)
        to = tuple(rng.sample(agencies, rng.randint(0, 2))) if act == "hand_over" else ()
        grants.append(
            Grant(
                act=act,
                roles=tuple(rng.sample(ROLES[:3], rng.randint(1, 2))),
                grounds=tuple(rng.sample(pool, rng.randint(1, 2))),
                within=rng.choice((600, 3600)),
                ladder=rng.choice(LADDERS),
                to=to,
            )
        )
    return tuple(grants)


def random_plan(rng: Random, grants: tuple[Grant, ...]) -> Plan:
    """A plan; each of its components is often one that other plans have too."""
    offer = None
    if rng.random() < 0.2:
        agencies, grounds = (DOTTED_AGENCIES, DOTTED_GROUNDS) if rng.random() < 0.3 else (AGENCIES, GROUNDS)
        offer = Offer(
            to=rng.choice(agencies),
            ground=rng.choice(grounds),
            within=rng.choice((180, 600)),
            meanwhile=rng.choice(("send", "wait")),
            ladder=rng.choice(LADDERS),
        )
    return Plan(
        priority=rng.randint(0, 4),
        send=tuple([(name, rng.randint(1, 3)) for name in rng.sample(CAPABILITIES, rng.randint(1, 2))]),
        minimum_officers=rng.choice((0, 0, 2)),
        support=tuple(rng.sample(SUPPORTS, rng.choice((0, 0, 1)))),
        stages=tuple(rng.sample(STAGES, rng.choice((1, 1, 2)))) if rng.random() < 0.25 else (),
        dispatch_within=rng.choice(SECONDS),
        arrive_within=rng.choice(SECONDS),
        find_out_within=rng.choice((None, None, 120)),
        ladder=rng.choice(LADDERS),
        cancellation_closes=rng.random() < 0.7,
        offer=offer,
        may=tuple(rng.sample(grants, rng.randint(0, min(3, len(grants))))),
    )


def nearly(rng: Random, plan: Plan) -> Plan:
    """The plan with another order of what it sends, which means nothing, or with other words of staging, which do."""
    if rng.random() < 0.5:
        return replace(plan, send=tuple(rng.sample(plan.send, len(plan.send))))
    return replace(plan, stages=tuple(rng.sample(STAGES, rng.choice((1, 1, 2)))))


RAISED: Final = (
    "priority", "send", "minimum_officers", "support", "stage", "dispatch_within", "arrive_within", "find_out_within",
    "ladder", "keep_open", "go_meanwhile", "forbid",
)  # fmt: skip


def random_raise(rng: Random) -> Raise:
    """A raise of one component or a few."""
    kinds = frozenset(rng.sample(RAISED, rng.choice((1, 1, 2, 3))))

    def seconds(kind: str) -> int | None:
        return rng.choice((30, 60, 900)) if kind in kinds else None

    return Raise(
        priority=rng.randint(0, 3) if "priority" in kinds else None,
        send=((rng.choice(CAPABILITIES), rng.randint(1, 4)),) if "send" in kinds else (),
        minimum_officers=rng.randint(1, 3) if "minimum_officers" in kinds else None,
        support=(rng.choice(SUPPORTS),) if "support" in kinds else (),
        stage=rng.choice(STAGES) if "stage" in kinds else None,
        dispatch_within=seconds("dispatch_within"),
        arrive_within=seconds("arrive_within"),
        find_out_within=seconds("find_out_within"),
        ladder=rng.choice(LADDERS) if "ladder" in kinds else (),
        keep_open="keep_open" in kinds,
        go_meanwhile="go_meanwhile" in kinds,
        forbid=tuple(rng.sample(ACTS, rng.randint(1, 2))) if "forbid" in kinds else (),
    )
