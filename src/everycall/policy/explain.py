"""Why a call gets what it gets: which rule decided, what raised it, what came near, and what not knowing may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from everycall.core.actors import Role
from everycall.core.base import Frozen
from everycall.core.policies import PermittedAct
from everycall.policy.attributes import SERVICE, TYPE, consistent
from everycall.policy.changes import changes
from everycall.policy.closures import Closures
from everycall.policy.compose import composed
from everycall.policy.evaluate import compile_policy
from everycall.policy.reasons import Question, Reasons, how_many
from everycall.policy.rules import Offer, Plan, Step
from everycall.policy.words import known_words, value_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.attributes import Value
    from everycall.policy.conditions import Condition
    from everycall.policy.evaluate import Decision
    from everycall.policy.formula import Call
    from everycall.policy.rules import Policy, Rule

_FARTHEST_OFF: Final = 2
"""A rule that lacks more than so many answers did not come near; a wrong service or type counts as two."""


class Decided(Frozen, frozen=True, kw_only=True):
    """The rule that decided, where it stands in the text (0: nowhere by itself), and which of its questions held."""

    rule: str
    line: int
    because: str
    held: tuple[Question, ...]


class Raised(Frozen, frozen=True, kw_only=True):
    """An `add` rule that matched, and what it changed ("priority 4 → 1"); nothing where all was there."""

    rule: str
    line: int
    because: str
    held: tuple[Question, ...]
    changed: tuple[str, ...]


class Near(Frozen, frozen=True, kw_only=True):
    """A rule that came near.

    Attributes:
        rule: Its id.
        line: Where it stands.
        place: Before the rule that decided, so that it would have decided itself; after it; or an `add` rule.
        lacked: The answers that were missing or other.
    """

    rule: str
    line: int
    place: Literal["before", "after", "add"]
    lacked: tuple[Question, ...]


class Permitted(Frozen, frozen=True, kw_only=True):
    """Who may hold, hand over or decline this call; `within` is in seconds, `to` empty for any agency."""

    act: PermittedAct
    roles: tuple[Role, ...]
    grounds: tuple[str, ...]
    to: tuple[str, ...]
    within: int
    ladder: tuple[Step, ...]


class Forbidden(Frozen, frozen=True, kw_only=True):
    """An act that the deciding rule allows to somebody and these `add` rules forbid to everybody."""

    act: PermittedAct
    by: tuple[str, ...]


class IfKnown(Frozen, frozen=True, kw_only=True):
    """What would be otherwise if something unknown were known.

    Attributes:
        variable: What is unknown.
        values: The values, in words, that all lead to this.
        rule: Which rule would decide.
        raised_by: Which `add` rules would raise.
        changed: What would differ; nothing where the same help goes out by another rule.
    """

    variable: str
    values: tuple[str, ...]
    rule: str
    raised_by: tuple[str, ...]
    changed: tuple[str, ...]


class Explanation(Frozen, frozen=True, kw_only=True):
    """Everything that a person may ask about one call under one policy.

    Attributes:
        policy: The hash of the policy's text.
        version: Its name.
        call: What is known of the call, in words.
        decided: Which rule decided, and why it matched.
        plan: What goes out, all raises included; durations in seconds.
        raised: The `add` rules that matched, in order, each with what it changed.
        also: Later rules that match too, but come after the one that decided.
        near: The rules that came near, the nearest first, of those the earlier first.
        permitted: Who may hold, hand over or decline.
        forbidden: What an `add` rule took away.
        offer: To whom the rule offers it first.
        if_known: What each unknown could change.
    """

    policy: str
    version: str
    call: tuple[str, ...]
    decided: Decided
    plan: Plan
    raised: tuple[Raised, ...]
    also: tuple[str, ...]
    near: tuple[Near, ...]
    permitted: tuple[Permitted, ...]
    forbidden: tuple[Forbidden, ...]
    offer: Offer | None
    if_known: tuple[IfKnown, ...]


def explain(policy: Policy, call: Call) -> Explanation:
    """Explain what a policy says of a call by its known values, which must be values of its variables."""
    return _Explainer(policy, call).explanation()


class _Explainer:
    def __init__(self, policy: Policy, call: Call) -> None:
        self.policy, self.call = policy, call
        self.compiled = compile_policy(policy)
        self.decision = self.compiled.decide(call)
        counts_as = {v.name: v.counts_as for v in self.compiled.variables.values() if v.counts_as is not None}
        self.closures = Closures(self.compiled.variables)
        self.reasons = Reasons(self.closures, counts_as, call)
        self.deciding = policy.deciding
        self.place = [rule.id for rule in self.deciding].index(self.decision.rule)

    @property
    def rule(self) -> Rule:
        return self.deciding[self.place]

    def explanation(self) -> Explanation:
        decision, rule = self.decision, self.rule
        return Explanation(
            policy=self.policy.hash,
            version=self.policy.heading.version,
            call=tuple([known_words(name, self.call[name]) for name in self.compiled.variables if name in self.call]),
            decided=Decided(rule=rule.id, line=rule.line, because=rule.because, held=self.reasons.held(rule.when)),
            plan=decision.plan,
            raised=self._raised(),
            also=tuple([later.id for later in self.policy.rules[self.place + 1 :] if self._matches(later.when)]),
            near=tuple(self._near()),
            permitted=tuple(
                [
                    Permitted(
                        act=grant.act,
                        roles=grant.roles,
                        grounds=grant.grounds,
                        to=grant.to,
                        within=grant.within,
                        ladder=grant.ladder,
                    )
                    for grant in decision.plan.may
                ]
            ),
            forbidden=self._forbidden(),
            offer=decision.plan.offer,
            if_known=tuple([found for name in self._unknown() for found in self._if_known(name)]),
        )

    def _matches(self, condition: Condition) -> bool:
        test = self.closures.test(condition)
        return test is None or test(self.call)

    def _raised(self) -> tuple[Raised, ...]:
        found: list[Raised] = []
        plan = self.rule.plan
        for added in self.policy.add:
            if added.id in self.decision.raised_by:
                more = composed(plan, [added.add])
                found.append(
                    Raised(
                        rule=added.id,
                        line=added.line,
                        because=added.because,
                        held=self.reasons.held(added.when),
                        changed=changes(plan, more),
                    )
                )
                plan = more
        return tuple(found)

    def _near(self) -> Iterator[Near]:
        found: list[tuple[int, int, Near]] = []

        def look(rule: str, line: int, place: Literal["before", "after", "add"], when: Condition) -> None:
            lacked = self.reasons.lacked(when)
            off = sum(2 if question.variable in (SERVICE, TYPE) else 1 for question in lacked)
            if 0 < off <= _FARTHEST_OFF and len(lacked) < how_many(when):
                found.append((off, len(found), Near(rule=rule, line=line, place=place, lacked=lacked)))

        for at, rule in enumerate(self.policy.rules):
            if at != self.place:
                look(rule.id, rule.line, "before" if at < self.place else "after", rule.when)
        for added in self.policy.add:
            look(added.id, added.line, "add", added.when)
        for _, _, near in sorted(found, key=lambda one: one[:2]):
            yield near

    def _forbidden(self) -> tuple[Forbidden, ...]:
        allowed = dict.fromkeys(grant.act for grant in self.rule.plan.may)
        adds = [added for added in self.policy.add if added.id in self.decision.raised_by]
        found = [(act, tuple([added.id for added in adds if act in added.add.forbid])) for act in allowed]
        return tuple([Forbidden(act=act, by=by) for act, by in found if by])

    def _unknown(self) -> list[str]:
        """The unknown variables that some rule looks at; service and type, which change the most, last."""
        read = self.policy.read() | {SERVICE, TYPE}
        unknown = [name for name in self.compiled.variables if name in read and name not in self.call]
        return sorted(unknown, key=lambda name: name in (SERVICE, TYPE))

    def _if_known(self, name: str) -> Iterator[IfKnown]:
        """What would be otherwise for each value, the values with the same decision together."""
        groups: dict[tuple[str, tuple[str, ...]], tuple[Decision, list[Value]]] = {}
        for value in self.compiled.variables[name].values:
            call = {**self.call, name: value}
            if consistent(self.policy.zones, call) != call:
                continue  # such a place there cannot be
            decision = self.compiled.decide(call)
            groups.setdefault((decision.rule, decision.raised_by), (decision, []))[1].append(value)
        for decision, values in groups.values():
            changed = changes(self.decision.plan, decision.plan)
            if changed or decision.rule != self.decision.rule:
                yield IfKnown(
                    variable=name,
                    values=_ranges(name, values),
                    rule=decision.rule,
                    raised_by=decision.raised_by,
                    changed=changed,
                )


def _ranges(name: str, values: list[Value]) -> tuple[str, ...]:
    """The values in words, runs of numbers as "2 to 7"."""
    runs: list[list[Value]] = []
    for value in values:
        last = runs[-1][-1] if runs else None
        if isinstance(value, int) and not isinstance(value, bool) and isinstance(last, int) and value == last + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    ends = [(value_words(name, run[0]), value_words(name, run[-1]), len(run)) for run in runs]
    return tuple([first if length == 1 else f"{first} to {last}" for first, last, length in ends])
