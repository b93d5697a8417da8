"""A policy from its text: every section read, every name resolved, every problem told at once.

The order of reading follows what needs what: attributes and zones before conditions, ladders before grants before
plans before rules. The order of the text is free.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TYPE
from everycall.policy.rules import Floor, Heading, Plan, Policy, TriageFloor
from everycall.policy.text.asked import Conditions
from everycall.policy.text.declared import SHIPPED, attributes_of
from everycall.policy.text.fields import (
    DEFAULT_SECTION,
    EFFECTIVE,
    FLOOR,
    MOST_FACTS,
    POLICY,
    TRIAGE,
    TRIAGE_FLOOR,
    ZONE_KEY,
)
from everycall.policy.text.lines import Rules, may_differ_of
from everycall.policy.text.plans import Named
from everycall.policy.text.positions import Mapping, Node, characters, nodes
from everycall.policy.text.problems import Problem, Problems, quoted
from everycall.policy.text.values import code, duration, instant, keys_of, priority, text, time_zone, whole_number
from everycall.policy.text.zones import zones_of

if TYPE_CHECKING:
    from everycall.policy.attributes import Attribute, Zone

LANGUAGE: Final = 1
"""The version of the language that is read here."""

_SHIPPED_NAMES: Final = frozenset(attribute.name for attribute in SHIPPED)


def read_policy(text: bytes) -> Policy:
    """The policy that a text is.

    Args:
        text: UTF-8; the policy's hash is that of these bytes.

    Raises:
        PolicyError: It is no policy; the error names every problem with its line and remedy.
    """
    return read_with_warnings(text)[0]


def read_with_warnings(text: bytes) -> tuple[Policy, tuple[Problem, ...]]:
    """The policy that a text is, and what in it is allowed but hardly meant: names that nothing uses.

    Raises:
        PolicyError: It is no policy.
    """
    problems = Problems()
    outermost = nodes(characters(text, problems), problems)
    policy = _Reader(problems, outermost).policy(sha256(text).hexdigest())
    return policy, problems.settle()


class _Reader:
    def __init__(self, problems: Problems, outermost: Mapping) -> None:
        self._problems = problems
        self._at = outermost
        self._found = keys_of(problems, outermost, POLICY, "The policy")
        self._named = Named(problems)

    def policy(self, text_hash: str) -> Policy:
        """The whole; if it has problems, they are noted, and it is worth nothing."""
        problems, found, named = self._problems, self._found, self._named
        if "everycall_policy" in found:
            whole_number(problems, found["everycall_policy"], "'everycall_policy'", LANGUAGE, LANGUAGE)
        attributes = attributes_of(problems, found["attributes"]) if "attributes" in found else SHIPPED
        zones = zones_of(problems, found["zones"]) if "zones" in found else ()
        if "ladders" in found:
            named.read_ladders(found["ladders"])
        if "grants" in found:
            named.read_grants(found["grants"])
        if "plans" in found:
            named.read_plans(found["plans"])
        conditions = Conditions(problems, attributes, zones)
        rules = Rules(problems, conditions, named)
        deciding = rules.deciding(found["rules"]) if "rules" in found else ()
        adding = rules.adding(found["add"]) if "add" in found else ()
        triage, triage_floor = self._triage()
        known = {attribute.name: attribute for attribute in attributes}
        policy = Policy(
            hash=text_hash,
            heading=self._heading(),
            attributes=attributes,
            zones=zones,
            rules=deciding,
            add=adding,
            triage=triage,
            triage_floor=triage_floor,
            default=self._default(),
            may_differ=may_differ_of(problems, found["may_differ"], known, adding) if "may_differ" in found else (),
            floor=self._floor(),
        )
        reads = len(policy.read())
        if reads > MOST_FACTS:
            problems.add(
                found.get("rules", self._at),
                f"The rules read {reads} facts; {MOST_FACTS} is the most that an adoption can name.",
                "Ask about fewer values of 'several', or make one choice of them.",
            )
        self._warn(attributes, zones, conditions.asked)
        return policy

    def _heading(self) -> Heading:
        problems, found = self._problems, self._found
        texts = {
            name: text(problems, found[name], f"'{name}'") if name in found else ""
            for name in ("title", "author", "authority", "reason")
        }
        starts, ends = self._effective()
        return Heading(
            version=code(problems, found["version"], "'version'") if "version" in found else "",
            title=texts["title"],
            author=texts["author"],
            authority=texts["authority"],
            reason=texts["reason"],
            time_zone=time_zone(problems, found["time_zone"]) if "time_zone" in found else "",
            effective_from=starts,
            effective_to=ends,
        )

    def _effective(self) -> tuple[str | None, str | None]:
        if "effective" not in self._found:
            return None, None
        found = keys_of(self._problems, self._found["effective"], EFFECTIVE, "'effective'")
        starts = instant(self._problems, found["from"], "'from'") if "from" in found else (None, None)
        ends = instant(self._problems, found["to"], "'to'") if "to" in found else (None, None)
        if starts[1] is not None and ends[1] is not None and ends[1] <= starts[1]:
            self._problems.add(
                found["to"], f"It ends at {ends[0]}, not after its beginning at {starts[0]}.", "Exchange the two."
            )
        return starts[0], ends[0]

    def _triage(self) -> tuple[Plan, TriageFloor]:
        plan = Plan(priority=0)
        least = TriageFloor(priority=0, dispatch_within=0, find_out_within=0)
        if "triage" in self._found:
            found = keys_of(self._problems, self._found["triage"], TRIAGE, "'triage'")
            plan = self._named.plan(found["plan"]) if "plan" in found else plan
            if "floor" in found:
                said = keys_of(self._problems, found["floor"], TRIAGE_FLOOR, "The floor of 'triage'")
                least = TriageFloor(
                    priority=priority(self._problems, said["priority"]) if "priority" in said else 0,
                    dispatch_within=self._seconds(said, "dispatch_within"),
                    find_out_within=self._seconds(said, "find_out_within"),
                )
        return plan, least

    def _default(self) -> Plan:
        if "default" in self._found:
            found = keys_of(self._problems, self._found["default"], DEFAULT_SECTION, "'default'")
            if "plan" in found:
                return self._named.plan(found["plan"])
        return Plan(priority=0)

    def _floor(self) -> Floor:
        found: dict[str, Node] = {}
        if "floor" in self._found:
            found = keys_of(self._problems, self._found["floor"], FLOOR, "'floor'")
        return Floor(
            answer_within=self._seconds(found, "answer_within"),
            acknowledge_within=self._seconds(found, "acknowledge_within"),
            call_back_within=self._seconds(found, "call_back_within"),
            find_out_within=self._seconds(found, "find_out_within"),
            hand_over_within=self._seconds(found, "hand_over_within"),
            hand_over_arrival_within=self._seconds(found, "hand_over_arrival_within"),
            welfare_every=self._seconds(found, "welfare_every"),
            outcome_within=self._seconds(found, "outcome_within"),
            review_within=self._seconds(found, "review_within"),
            retire_after=self._seconds(found, "retire_after"),
            ladder=self._named.ladder(found["ladder"]) if "ladder" in found else (),
        )

    def _seconds(self, found: dict[str, Node], name: str) -> int:
        return duration(self._problems, found[name], f"'{name}'") if name in found else 0

    def _warn(self, attributes: tuple[Attribute, ...], zones: tuple[Zone, ...], asked: set[str]) -> None:
        """Name what is declared and not used."""
        for section, what in (("ladders", "ladder"), ("grants", "grant"), ("plans", "plan")):
            declared = self._found.get(section)
            for key, _ in declared.entries if isinstance(declared, Mapping) else ():
                if (what, key.text) not in self._named.used:
                    self._problems.warn(key, f"Nothing uses the {what} {quoted(key.text)}.", "Delete it, or use it.")
        looked_at = asked | {name for attribute in attributes for name in attribute.derived_from} | _SHIPPED_NAMES
        for attribute in attributes:
            # Protected attributes may be declared for the certificate's sake alone.
            if attribute.name not in looked_at and attribute.name != TYPE and not attribute.protected:
                self._problems.warn(
                    _Line(attribute.line), f"No rule asks about {quoted(attribute.name)}.", "Delete it, or use it."
                )
        around = {zone.inside for zone in zones}
        for zone in zones:
            if f"{ZONE_KEY}.{zone.name}" not in asked and zone.name not in around and not zone.service_area:
                self._problems.warn(
                    _Line(zone.line), f"No rule asks about the zone {quoted(zone.name)}.", "Delete it, or use it."
                )


class _Line:
    """The beginning of a declaration's line, for warnings."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.column = 1
