"""The properties by enumeration: every call of a small policy, decided by `brute_force`, and its twins."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import brute_force

from everycall.core.facts import PROTECTED
from everycall.policy.components import Components

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.formula import Call
    from everycall.policy.rules import AddRule, Plan, Policy, Rule

URGENT = 1
SENT_BY = {0: 300, 1: 300, 2: 900, 3: 3600, 4: 14400}
LONGEST = {"hold": 86400, "hand_over": 3600, "decline": 7 * 86400}
WAITING = {"wait": 1800, "send": 3600}
"""The bounds that docs/policy-proof.md names."""


class Enumeration:
    """All calls of a small policy, and what each gets."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.variables = policy.variables()
        self.read = brute_force.looked_at(policy)
        self.components = Components.of(policy)
        self.plans = {rule.id: rule.plan for rule in policy.deciding}
        self._ranks: dict[tuple[str, tuple[str, ...]], tuple[int, ...]] = {}
        self.calls: list[tuple[Call, str, tuple[str, ...], Plan]] = [
            (call, *brute_force.decide(policy, call)) for call in brute_force.every_call(policy)
        ]

    def ranks(self, rule: str, raised_by: tuple[str, ...], plan: Plan) -> tuple[int, ...]:
        key = (rule, raised_by)
        if key not in self._ranks:
            self._ranks[key] = self.components.ranks(plan)
        return self._ranks[key]

    def unlike(self, varying: frozenset[str], exempt: frozenset[str] = frozenset()) -> bool:
        """Whether twins that differ in these variables only are told apart, some supports aside.

        What two plans mean is compared, and not their components: those are judged here, too.
        """
        agencies = brute_force.agencies_of(self.policy)
        decided = {rule: brute_force.gets(plan, agencies) for rule, plan in self.plans.items()}
        outcomes: dict[tuple[str, tuple[str, ...]], tuple[object, ...]] = {}
        seen: dict[frozenset[tuple[str, Value]], set[tuple[object, ...]]] = defaultdict(set)
        for call, rule, raised_by, plan in self.calls:
            shared = frozenset((name, value) for name, value in call.items() if name not in varying)
            if (rule, raised_by) not in outcomes:
                outcomes[rule, raised_by] = brute_force.gets(plan, agencies, exempt)
            seen[shared].add((decided[rule], outcomes[rule, raised_by]))
        return any(len(outcomes) > 1 for outcomes in seen.values())

    def attributes(self) -> dict[str, str]:
        """The verdict of each protected attribute."""
        found: dict[str, str] = {}
        for attribute in self.policy.attributes:
            if attribute.protected:
                own = frozenset(name for name, each in self.variables.items() if each.attribute == attribute.name)
                listed = [each.support for each in self.policy.may_differ if attribute.name in each.attributes]
                found[attribute.name] = "refuted" if self.unlike(own & self.read, frozenset(listed)) else "holds"
        return found

    def place_varies(self) -> bool:
        zones = frozenset(zone.variable for zone in self.policy.zones if not zone.service_area)
        return self.unlike(zones & self.read)

    def _moved(
        self, variable: Variable
    ) -> Iterator[tuple[Value | None, tuple[int, ...], Value | None, tuple[int, ...]]]:
        """Pairs of twins that differ in one variable: the value and the outcome of each."""
        by_rest: dict[frozenset[tuple[str, Value]], list[tuple[Value | None, tuple[int, ...]]]] = defaultdict(list)
        for call, rule, raised_by, plan in self.calls:
            rest = frozenset((name, value) for name, value in call.items() if name != variable.name)
            by_rest[rest].append((call.get(variable.name), self.ranks(rule, raised_by, plan)))
        for twins in by_rest.values():
            yield from ((*one, *other) for one in twins for other in twins if one is not other)

    def _less(self, one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        ordered = [each.ordered for each in self.components.items]
        return any(flag and after < before for flag, before, after in zip(ordered, one, other, strict=True))

    def danger(self) -> bool:
        """Whether more danger gets less somewhere."""
        for variable in self.variables.values():
            if variable.danger and variable.name in self.read:
                order = variable.values.index
                for value, one, more, other in self._moved(variable):
                    if value is not None and more is not None and order(value) < order(more) and self._less(one, other):
                        return True
        return False

    def unknown(self) -> bool:
        """Whether unknown danger gets less than none, or an unknown type less than the floor."""
        for variable in self.variables.values():
            if variable.danger and variable.name in self.read:
                for value, one, unknown, other in self._moved(variable):
                    if value == variable.values[0] and unknown is None and self._less(one, other):
                        return True
        floor = self.policy.triage_floor
        return any(
            plan.priority > floor.priority
            or plan.dispatch_within is None
            or plan.dispatch_within > floor.dispatch_within
            or plan.find_out_within is None
            or plan.find_out_within > floor.find_out_within
            for call, _, _, plan in self.calls
            if "type" not in call
        )

    def refusals(self) -> set[tuple[str, str]]:
        """What refuses and the rule that does: an urgent call declined or kept waiting, or a plan past the bounds."""
        found: set[tuple[str, str]] = set()
        for _, rule, _, plan in self.calls:
            decided = self.plans[rule]
            if plan.priority <= URGENT and any(grant.act == "decline" for grant in plan.may):
                found.add(("declined", rule))
            if plan.priority <= URGENT and plan.offer is not None and plan.offer.meanwhile == "wait":
                found.add(("waits", rule))
            late = decided.dispatch_within is None or decided.dispatch_within > SENT_BY[decided.priority]
            long = decided.offer is not None and decided.offer.within > WAITING[decided.offer.meanwhile]
            if late or long or not decided.send or any(g.within > LONGEST[g.act] for g in plan.may):
                found.add(("bounds", rule))
        return found

    def dead(self) -> set[str]:
        """The rules that match no call."""
        every: tuple[Rule | AddRule, ...] = (*self.policy.rules, *self.policy.add)
        return {
            rule.id
            for rule in every
            if not any(brute_force.matches(rule.when, self.variables, call) for call, *_ in self.calls)
        }

    def never_deciding(self) -> set[str]:
        """The rules that decide no call, dead ones too."""
        return {rule.id for rule in self.policy.deciding} - {rule for _, rule, _, _ in self.calls}

    def off_the_list(self) -> bool:
        """Whether something that ought to be protected is not, as far as random policies go."""
        wrong = any(attribute.name in PROTECTED and not attribute.protected for attribute in self.policy.attributes)
        pairs = {(each.support, name) for each in self.policy.may_differ for name in each.attributes}
        return wrong or not pairs <= {("interpreter", "caller.language")}
