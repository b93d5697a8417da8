"""Rules and the policy that they make: what help goes out, and who may hold, hand over or decline.

Invariants:

1. The rules are tried in order and the first whose condition holds decides; a call whose type is unknown and
   that none decides gets `triage`; everything else gets `default`. So every call is decided, by something with a name.
2. After that, every `add` rule whose condition holds raises the plan. Nothing that an `add` rule can say lowers it.
3. Durations are whole seconds. Priorities are 0 to 9, 0 the most urgent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from everycall.core.actors import Role
from everycall.core.base import Frozen
from everycall.core.policies import PermittedAct
from everycall.policy.attributes import (
    TYPE,
    Attribute,
    Variable,
    Zone,
    variable_of_zone,
    variables_of,
)
from everycall.policy.conditions import Always, Condition, Is, mentioned

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT: Final = "default"
"""The id under which the default decides."""

TRIAGE: Final = "triage"
"""The id under which the triage plan decides."""

Meanwhile = Literal["send", "wait"]


class Step(Frozen, frozen=True, kw_only=True):
    """One rung of a ladder: who is told, `at` seconds after the deadline passed."""

    role: Role
    at: int


class Stage(Frozen, frozen=True, kw_only=True):
    """Wait near the place until it is safe: why, and what ends the waiting."""

    because: str
    until: str


class Offer(Frozen, frozen=True, kw_only=True):
    """Offer it to another agency first.

    Attributes:
        to: The agency.
        ground: The coded ground.
        within: Seconds that it has to accept; then it comes back.
        meanwhile: Whether our units go while the offer runs, or wait for the answer.
        ladder: Who is told, step by step, when there is no answer.
    """

    to: str
    ground: str
    within: int
    meanwhile: Meanwhile
    ladder: tuple[Step, ...]


class Grant(Frozen, frozen=True, kw_only=True):
    """Who may hold, hand over or decline, on which grounds, for how long.

    Attributes:
        act: What is allowed.
        roles: Who may do it.
        grounds: The coded grounds, one of which must be given.
        within: Seconds: the longest hold, the longest wait for an answer, the time to the review of a decline.
        ladder: Who is told, step by step, after that.
        to: For a hand-over the agencies; none: any.
    """

    act: PermittedAct
    roles: tuple[Role, ...]
    grounds: tuple[str, ...]
    within: int
    ladder: tuple[Step, ...]
    to: tuple[str, ...] = ()


class Substitution(Frozen, frozen=True, kw_only=True):
    """A declared exception to "danger gets no less": what stands in for what, why, and until when.

    Attributes:
        component: The component that may be less, as `components` names it ("send.ambulance").
        because: The reason, for people.
        until: What ends it, for people.
    """

    component: str
    because: str
    until: str


class Plan(Frozen, frozen=True, kw_only=True):
    """All that a rule says. A duration that is none is no deadline.

    Where there are several `stages`, all reasons and all ends of the waiting hold together.
    """

    priority: int
    send: tuple[tuple[str, int], ...] = ()
    minimum_officers: int = 0
    support: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    dispatch_within: int | None = None
    arrive_within: int | None = None
    find_out_within: int | None = None
    ladder: tuple[Step, ...] = ()
    cancellation_closes: bool = True
    offer: Offer | None = None
    may: tuple[Grant, ...] = ()


class Raise(Frozen, frozen=True, kw_only=True):
    """What an `add` rule adds; what it does not name stays.

    Attributes:
        priority: At least as urgent as this.
        send: At least so many of each.
        ladder: These people too, at the latest then.
        keep_open: A cancellation no longer closes it.
        go_meanwhile: Units go while an offer runs.
        forbid: Acts that nobody may do any more.
    """

    priority: int | None = None
    send: tuple[tuple[str, int], ...] = ()
    minimum_officers: int | None = None
    support: tuple[str, ...] = ()
    stage: Stage | None = None
    dispatch_within: int | None = None
    arrive_within: int | None = None
    find_out_within: int | None = None
    ladder: tuple[Step, ...] = ()
    keep_open: bool = False
    go_meanwhile: bool = False
    forbid: tuple[PermittedAct, ...] = ()


class Rule(Frozen, frozen=True, kw_only=True):
    """A rule that can decide."""

    id: str
    when: Condition
    plan: Plan
    because: str = ""
    instead: tuple[Substitution, ...] = ()
    line: int = 0


class AddRule(Frozen, frozen=True, kw_only=True):
    """A rule that can only raise."""

    id: str
    when: Condition
    add: Raise
    because: str = ""
    instead: tuple[Substitution, ...] = ()
    line: int = 0


class MayDiffer(Frozen, frozen=True, kw_only=True):
    """A support that may depend on who the caller is, and why: an interpreter by language."""

    support: str
    attributes: tuple[str, ...]
    because: str
    line: int = 0


class TriageFloor(Frozen, frozen=True, kw_only=True):
    """The least that a call of unknown type gets, whatever decides it; seconds."""

    priority: int
    dispatch_within: int
    find_out_within: int


class Floor(Frozen, frozen=True, kw_only=True):
    """The allowances that hold for every call, seconds; the ladder serves them all."""

    answer_within: int
    acknowledge_within: int
    call_back_within: int
    find_out_within: int
    hand_over_within: int
    hand_over_arrival_within: int
    welfare_every: int
    outcome_within: int
    review_within: int
    retire_after: int
    ladder: tuple[Step, ...]


class Heading(Frozen, frozen=True, kw_only=True):
    """Who wrote the policy, on whose authority, why, and for when (instants in ISO 8601 with offset)."""

    version: str
    title: str
    author: str
    authority: str
    reason: str
    time_zone: str
    effective_from: str | None = None
    effective_to: str | None = None


class Policy(Frozen, frozen=True, kw_only=True):
    """One version, read and resolved. Its hash is that of its text, byte for byte."""

    hash: str
    heading: Heading
    attributes: tuple[Attribute, ...]
    zones: tuple[Zone, ...]
    rules: tuple[Rule, ...]
    add: tuple[AddRule, ...]
    triage: Plan
    triage_floor: TriageFloor
    default: Plan
    may_differ: tuple[MayDiffer, ...]
    floor: Floor

    @property
    def deciding(self) -> tuple[Rule, ...]:
        """What can decide, in order: the rules, triage, the default."""
        return (
            *self.rules,
            Rule(id=TRIAGE, when=Is(variable=TYPE, value=None), plan=self.triage),
            Rule(id=DEFAULT, when=Always(), plan=self.default),
        )

    def variables(self) -> dict[str, Variable]:
        """All variables by name, those of the attributes first, then the zones'.

        Raises:
            ValueError: Two declarations give the same name, which the reader refuses.
        """
        found = [variable for attribute in self.attributes for variable in variables_of(attribute)]
        found += [variable_of_zone(zone) for zone in self.zones]
        named = {variable.name: variable for variable in found}
        if len(named) < len(found):
            raise ValueError("Two declarations give one variable name: one would be read as the other. Rename one.")
        return named

    def mentioning(self, variables: frozenset[str]) -> Iterator[Rule | AddRule]:
        """The rules that look at any of these variables: deciding ones first."""
        every: tuple[Rule | AddRule, ...] = (*self.deciding, *self.add)
        for rule in every:
            if mentioned(rule.when) & variables:
                yield rule

    def read(self) -> frozenset[str]:
        """The facts that the rules look at: what the core must hand to the evaluator."""
        every: tuple[Rule | AddRule, ...] = (*self.rules, *self.add)
        return frozenset(
            variable
            for rule in every
            for variable in mentioned(rule.when)
            if not variable.startswith("time.") and variable not in ("type", "service")
        )
