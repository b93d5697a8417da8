"""Decisions and outcomes in clauses: which rule decides on a side, and how far its outcome goes in each component.

*Decides.* Rule q decides on a side if its condition holds and that of no earlier rule does. Only earlier rules whose
hull meets the hull of q can hold together with q (see `clauses_hull`), so the literal for "q decides" names those
alone: it means the same.

*Outcomes.* For a component whose ranks are 0 … n, the outcome is kept as thresholds: for each k from 1 to n a literal
"rank k or more". It is true if the deciding plan has that rank or a matching `add` rule gives it. What the deciding
plan has is tied to the deciding rule: "q decides" implies q's plan, and the plan implies each threshold or its
negation. Rules with the same ranks everywhere share the plan.

*Located.* Those implications say something only where some rule's literal is true. A question about outcomes on a
side therefore assumes that one of a set of *candidates* decides there. Any set is right that holds every rule which
decides on that side in some call of the question: then each call of the question still is a model (nothing is lost);
and in each model a literal "q decides" is true, which fixes the plan and all thresholds to what they truly are (nothing
is invented). `candidates` gives such a set, as small as these arguments make it:

1. The hull of the question, as that side sees it: a rule whose hull does not meet it decides no call of the question.
2. If the question says "rule r decides on this side", r is the only candidate.
3. If it says "rule r decides on another side" under the same policy, then a rule before r that mentions no variable
   which either side has for its own holds on both sides or on neither; on the other side it does not hold (or r would
   not decide): so it does not decide here. And if r itself mentions none, it holds here too, so no later rule decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.clauses_gates import FALSE, TRUE
from everycall.policy.clauses_hull import members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from everycall.policy.clauses_conditions import Conditions, Place
    from everycall.policy.clauses_values import Positions
    from everycall.policy.formula import Side
    from everycall.policy.rules import Plan

Ranks = tuple[int, ...]


class Outcomes:
    """The literals of decisions and thresholds, made as they are needed."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions: Final = conditions
        self._gates: Final = conditions.gates
        self._components: Final = conditions.scene.components
        self._decides: Final[dict[tuple[int, str, int], int]] = {}
        self._complete: Final[set[int]] = set()
        self._linked: Final[dict[str, dict[int, int]]] = {name: {} for name in conditions.sides}
        self._ranks: Final[dict[Plan, Ranks]] = {}
        self._plans: Final[dict[str, dict[Ranks, int]]] = {name: {} for name in conditions.sides}
        self._decided: Final[dict[str, dict[tuple[int, int], int]]] = {name: {} for name in conditions.sides}
        self._reached: Final[dict[tuple[str, int, int], int]] = {}
        self._raised: Final = [
            [self._components.raised(rule.add) for rule in outline.policy.add] for outline in conditions.outlines
        ]

    def decides(self, side: Side, rule: int, *, only_if: bool) -> int:
        """A literal that implies that the rule decides on the side; unless `only_if`, they imply each other."""
        outline = self._conditions.outline(side)
        earlier = outline.overlaps.meeting(outline.hulls[rule]) & ((1 << rule) - 1)
        own = outline.mentioning(side.own) & (earlier | 1 << rule)
        key = side.policy, side.name if own else "", rule
        found = self._decides.get(key)
        if found is None or (not only_if and found not in self._complete):
            holds = self._conditions.rule_holds(side, rule)
            others = [self._conditions.rule_holds(side, other) for other in members(earlier)]
            if found is None:
                impossible = holds == FALSE or TRUE in others
                found = self._decides[key] = FALSE if impossible else self._gates.fresh()
                if not impossible:
                    self._gates.add(-found, holds)
                    self._gates.add_all([-found, -other] for other in others)
            if not only_if:
                self._complete.add(found)
                self._gates.add(found, -holds, *others)
        return found

    def candidates(
        self, side: Side, hull: Mapping[Place, Positions] | None, decided: Sequence[tuple[Side, int]]
    ) -> int:
        """The deciding rules, as bits, one of which decides on the side in every call of a question.

        Args:
            side: Where something is to decide.
            hull: The hull of the question.
            decided: Of which the question says that this rule decides on that side.
        """
        if hull is None:
            return 0
        outline = self._conditions.outline(side)
        seen = {name: where for (name, owner), where in hull.items() if owner == self._conditions.owner(side, name)}
        found = outline.overlaps.meeting(seen)
        for other, rule in decided:
            if other.name == side.name:
                found &= 1 << rule
            elif other.policy == side.policy:
                parting = outline.mentioning(side.own | other.own)
                before = (1 << rule) - 1
                found &= parting | ~before
                if not parting >> rule & 1:
                    found &= before | 1 << rule
        return found

    def located(self, side: Side, candidates: int, go_on: Callable[[], None]) -> int:
        """A fresh literal that implies that one of these rules decides on the side."""
        deciding = []
        linked = self._linked[side.name]
        for rule in members(candidates):
            literal = linked.get(rule)
            if literal is None:
                go_on()
                literal = linked[rule] = self.decides(side, rule, only_if=True)
                if literal != FALSE:
                    self._link(side, rule, literal)
            if literal != FALSE:
                deciding.append(literal)
        located = self._gates.fresh()
        self._gates.add(-located, *deciding)
        return located

    def reaches(self, side: Side, component: int, rank: int) -> int:
        """True if and only if the outcome on the side has at least this rank, where its rule is located."""
        if rank <= 0:
            return TRUE
        if rank >= len(self._components.items[component].levels):
            return FALSE
        key = side.name, component, rank
        found = self._reached.get(key)
        if found is None:
            outline = self._conditions.outline(side)
            first_add = len(outline.deciding)
            added = [
                self._conditions.rule_holds(side, first_add + number)
                for number, ranks in enumerate(self._raised[side.policy])
                if (ranks[component] or 0) >= rank
            ]
            found = self._reached[key] = self._gates.one([self._threshold(side, component, rank), *added])
        return found

    def differs(self, side: Side, other: Side, component: int) -> int:
        """True if and only if the outcomes of two sides have different ranks."""
        return self._gates.one(
            [
                self._gates.unlike(self.reaches(side, component, rank), self.reaches(other, component, rank))
                for rank in range(1, len(self._components.items[component].levels))
            ]
        )

    def less(self, side: Side, than: Side, component: int) -> int:
        """True if and only if the outcome on `side` has a lower rank than on `than`."""
        return self._gates.one(
            [
                self._gates.every((-self.reaches(side, component, rank), self.reaches(than, component, rank)))
                for rank in range(1, len(self._components.items[component].levels))
            ]
        )

    def _threshold(self, side: Side, component: int, rank: int) -> int:
        """Whether the deciding plan alone has the rank."""
        made = self._decided[side.name]
        found = made[component, rank] = self._gates.fresh()
        for ranks, plan in self._plans[side.name].items():
            self._gates.add(-plan, found if ranks[component] >= rank else -found)
        return found

    def _link(self, side: Side, rule: int, decides: int) -> None:
        """The rule that decides has its plan."""
        plan_of = self._conditions.outline(side).deciding[rule].plan
        ranks = self._ranks.get(plan_of)
        if ranks is None:
            ranks = self._ranks[plan_of] = self._components.ranks(plan_of)
        plans = self._plans[side.name]
        plan = plans.get(ranks)
        if plan is None:
            plan = plans[ranks] = self._gates.fresh()
            for (component, rank), literal in self._decided[side.name].items():
                self._gates.add(-plan, literal if ranks[component] >= rank else -literal)
        self._gates.add(-decides, plan)
