"""The what-if: the past needs of a record that another policy would have treated otherwise.

Each need is put to the policy as it stood at the record's first decision (`whatif_past` says why), and the answer
is compared with the plan that the record has, or with that of another version (`against`). Sealed facts cannot be
read and count as unknown. Nothing is written.

A rebuilt record does not say which rule was followed. Without another version to compare with, only its first
priority is compared, as far as both are numbers; whether the two scales mean the same, nobody can tell from it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from everycall.core.facts import GROUP_PREFIX, readable
from everycall.core.policies import Asked, ResponsePlan, combined
from everycall.core.sealed import Sealed
from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY, call_of
from everycall.policy.components import Components
from everycall.policy.evaluator import PolicyEvaluator
from everycall.policy.formula import Scene
from everycall.simulate.whatif_plans import compared, compared_priorities, compared_ranks, verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from everycall.core.vocabulary import Service
    from everycall.policy.attributes import Value
    from everycall.policy.evaluate import Decision
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy
    from everycall.simulate.whatif_past import PastDecision, PastNeed
    from everycall.simulate.whatif_plans import Level, Verdict

EXAMPLES: Final = 5
"""Need ids that are kept for each verdict and pair of rules."""


@dataclass(frozen=True, slots=True)
class Treated:
    """One past need under the policy.

    Attributes:
        need: It, as it stood at the first decision.
        before: The rule that decided, by the record or by the other version; empty: not known.
        after: The rule that would decide.
        changed: The components that differ: -1 less, 1 more, 0 only other.
        why_not: Why nothing can be compared, where that is so.
    """

    need: PastNeed
    before: str
    after: str
    changed: Mapping[str, int]
    verdict: Verdict
    why_not: str = ""


@dataclass(slots=True)
class WhatIf:
    """What the study found; every count is of needs."""

    version: str
    against: str | None
    reconstructed: bool
    needs: int = 0
    calls: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    why_not: Counter[str] = field(default_factory=Counter)
    less: Counter[str] = field(default_factory=Counter)
    more: Counter[str] = field(default_factory=Counter)
    otherwise: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    group_totals: dict[str, Counter[str]] = field(default_factory=dict)
    unknown_types: Counter[str] = field(default_factory=Counter)
    no_type: int = 0
    sealed: int = 0
    sealed_facts: Counter[str] = field(default_factory=Counter)

    def add(self, treated: Treated) -> None:
        """Count one need."""
        need, verdict = treated.need, treated.verdict
        self.needs += 1
        self.verdicts[verdict] += 1
        if treated.why_not:
            self.why_not[treated.why_not] += 1
        for name, sign in treated.changed.items():
            (self.less if sign < 0 else self.more if sign > 0 else self.otherwise)[name] += 1
        groups = groups_of(need)
        for name, value in groups.items():
            self.group_totals.setdefault(name, Counter())[value] += 1
        if verdict in ("same", "not_comparable"):
            return
        key = (treated.before, treated.after, verdict)
        self.rules[key] += 1
        kept = self.examples.setdefault(key, [])
        if len(kept) < EXAMPLES:
            kept.append(need.need)
        if verdict in ("less", "mixed"):
            for name, value in groups.items():
                self.groups.setdefault(name, Counter())[value] += 1


def _label(policy: Policy) -> str:
    return f"{policy.heading.version} ({policy.hash[:12]})"


def groups_of(need: PastNeed) -> dict[str, str]:
    """What a need is counted by: type, service, and the groups of an export. Codes only, nothing personal."""
    found = {"type": need.type or "unknown", "service": need.service}
    for fact in need.facts:
        if fact.name.startswith(GROUP_PREFIX) and isinstance(fact.value, str):
            found[fact.name] = fact.value
    return found


class _Asking:
    """One version of a policy, asked about past needs."""

    def __init__(self, policy: Policy) -> None:
        self.policy: Final = policy
        self.evaluator: Final = PolicyEvaluator(policy)

    def asked(self, need: PastNeed) -> Asked:
        return Asked(
            service=cast("Service", need.service),  # it comes from an event, which has nothing else
            incident_type=need.type,
            facts=readable(need.facts, self.evaluator.reads),
            received_at=need.received_at,
        )

    def plan(self, needs: Iterable[PastNeed]) -> ResponsePlan:
        """The plan for needs that were decided on together, as the core puts them together."""
        return combined([self.evaluator.plan(self.asked(need)) for need in needs])

    def decision(self, need: PastNeed) -> Decision:
        return self.evaluator.decide(self.asked(need))


class Study:
    """Puts past needs to a policy."""

    def __init__(self, policy: Policy, *, against: Policy | None = None, reconstructed: bool = False) -> None:
        """Make the evaluators ready.

        Args:
            policy: The version in question.
            against: The version to compare with; none: what the record says.
            reconstructed: The record was rebuilt from an export.

        Raises:
            zoneinfo.ZoneInfoNotFoundError: This machine does not know a policy's time zone.
        """
        self._new: Final = _Asking(policy)
        self._old: Final = None if against is None else _Asking(against)
        self._components: Final = None if against is None else Components.of(against, policy)
        self._types: Final = frozenset(policy.variables()[TYPE].values)
        self._ranks: Final[dict[tuple[bool, str, tuple[str, ...]], Level]] = {}
        self._calls: Final[set[str]] = set()
        self.found: Final = WhatIf(
            version=_label(policy),
            against=None if against is None else _label(against),
            reconstructed=reconstructed,
        )

    def run(self, decisions: Iterable[PastDecision], each: Callable[[Treated], None] | None = None) -> WhatIf:
        """Go through all past decisions.

        Args:
            decisions: Of the record.
            each: Told of every need, for those who write a table.
        """
        for decision in decisions:
            for treated in self._treated(decision):
                self._note(treated.need)
                self.found.add(treated)
                if each is not None:
                    each(treated)
        self.found.calls = len(self._calls)
        return self.found

    def _treated(self, decision: PastDecision) -> Iterator[Treated]:
        if self._old is not None:
            for need in decision.needs:
                yield self._between_versions(need, self._old)
            return
        if decision.plan is not None:
            after = self._new.plan(decision.needs)
            changed = compared(decision.plan, after)
            for need in decision.needs:
                yield Treated(need, decision.plan.rule, after.rule, changed, verdict_of(changed))
            return
        for need in decision.needs:
            yield self._without_plan(need)

    def _between_versions(self, need: PastNeed, old: _Asking) -> Treated:
        before, after = old.decision(need), self._new.decision(need)
        components = self._components
        assert components is not None  # noqa: S101 - there is an old version, so there are components
        changed = compared_ranks(
            [component.name for component in components.items],
            [component.ordered for component in components.items],
            self._ranked(components, before, new=False),
            self._ranked(components, after, new=True),
        )
        return Treated(need, before.rule, after.rule, changed, verdict_of(changed))

    def _ranked(self, components: Components, decision: Decision, *, new: bool) -> Level:
        key = (new, decision.rule, tuple(decision.raised_by))
        if key not in self._ranks:
            self._ranks[key] = components.ranks(decision.plan)
        return self._ranks[key]

    def _without_plan(self, need: PastNeed) -> Treated:
        after = self._new.plan((need,))
        if need.decided != "not_recorded":
            why = {
                "joined": "it joined an incident that was under way",
                "never": "it never came into an incident, so that nothing was decided",
            }.get(need.decided, "the record has no plan for it")
            return Treated(need, "", after.rule, {}, "not_comparable", why)
        if need.priority is None:
            return Treated(need, "", after.rule, {}, "not_comparable", "the export gives no first priority")
        if not need.priority.isdecimal():
            return Treated(need, "", after.rule, {}, "not_comparable", "the export's priorities are no numbers")
        sign = compared_priorities(need.priority, after.priority)
        changed = {"priority": sign} if sign else {}
        return Treated(need, f"priority {need.priority}", after.rule, changed, verdict_of(changed))

    def _note(self, need: PastNeed) -> None:
        """What the policy could not see of a need."""
        found = self.found
        if need.type is None:
            found.no_type += 1
        elif need.type not in self._types and "other" not in self._types:
            found.unknown_types[need.type] += 1
        self._calls.add(need.call)
        reads = self._new.evaluator.reads
        if self._old is not None:
            reads |= self._old.evaluator.reads
        sealed = {fact.name for fact in need.facts if fact.name in reads and isinstance(fact.value, Sealed)}
        if sealed:
            found.sealed += 1
            found.sealed_facts.update(sealed)


def calls_for(old: Policy, new: Policy, decisions: Iterable[PastDecision]) -> Iterator[Call]:
    """Past needs as calls that both versions of a policy can be asked about, for `policy diff --record`."""
    variables = Scene(policies=(old, new), sides=()).variables
    asking = _Asking(new)
    reads = frozenset(variables)
    for decision in decisions:
        for need in decision.needs:
            facts: dict[str, Value] = dict(readable(need.facts, reads))
            local = asking.evaluator.call_of(asking.asked(need))
            told = {**facts, TIME_OF_DAY: local[TIME_OF_DAY], WEEKDAY: local[WEEKDAY]}
            if need.service != "unknown":
                told[SERVICE] = need.service
            if need.type is not None:
                told[TYPE] = need.type
            yield call_of(variables, told)
