"""Like calls alike: twins that differ in one protected attribute get the same, in every component.

For a policy with rules r1 … rn, write D(c) for the rule that decides call c. The twins x and y of an attribute A are
equal in all but A's variables.

*Per-rule lemma.* If D(x) ≠ D(y), the earlier of the two reads A. For let D(x) come first. It holds of x and not of y
(else y would be decided by it, or by an earlier one), and a condition that does not read A holds of both or of neither.
So the deciding plans are equal for all twins if and only if no rule r that reads A has twins with D(x) = r and another
plan at y. Given that, if the outcomes differ in a component, some `add` rule that reads A raises one twin and not the
other.

One attribute at a time is enough: what is protected is bound by nothing else, so from any call one can go to any other
that is alike, one attribute after the other, and equality carries over.

An exception is a support that `may_differ` lists for the attribute, and only what `add` rules give of it: what a
deciding rule says must be equal in every component, that one too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.components import support_name
from everycall.policy.conditions import mentioned
from everycall.policy.formula import AllOf, Decides, Differs, Less, Matches, Neg, OneOf
from everycall.policy.properties.asking import Confirmed, Question, decided_by
from everycall.policy.properties.pairs import Smallest, twins
from everycall.policy.properties.replay import CALL, TWIN
from everycall.policy.properties.report import AttributeReport, Shown, verdict_of
from everycall.policy.properties.words import counted, listing, rule_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from everycall.policy.attributes import Attribute
    from everycall.policy.components import Components
    from everycall.policy.formula import Formula
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.rules import AddRule, Policy, Rule

LIKE_CALLS_ALIKE: Final = "like_calls_alike"


class Likeness:
    """The questions of likeness for one policy."""

    def __init__(self, policy: Policy, components: Components, ranks: Mapping[str, tuple[int, ...]]) -> None:
        """For this policy, its components, and the ranks of its deciding rules' plans."""
        self.policy: Final = policy
        self._components: Final = components
        self._plan_of: Final = ranks
        self._plans: Final[dict[tuple[int, ...], list[str]]] = {}
        for name, plan in ranks.items():
            self._plans.setdefault(plan, []).append(name)
        self._decided: Final = {ranks: decided_by(TWIN, rules) for ranks, rules in self._plans.items()}

    def of_rule(self, rule: Rule) -> Formula | None:
        """Twins of which this rule decides one, and another plan goes to the other; none if there is one plan only."""
        if len(self._plans) == 1:
            return None
        decides = Decides(side=CALL, rule=rule.id)
        return AllOf(parts=(decides, Neg(part=self._decided[self._plan_of[rule.id]])))

    def of_addition(self, rule: AddRule, exempt: frozenset[str]) -> Formula | None:
        """Twins of which this rule raises one and not the other, which then gets less; none if it raises nothing."""
        raised = [
            component.name
            for component, rank in zip(self._components.items, self._components.raised(rule.add), strict=True)
            if rank is not None and not exempt.issuperset(component.names)
        ]
        if not raised:
            return None
        less: list[Formula] = [Less(side=TWIN, than=CALL, component=name) for name in raised]
        matches = Matches(side=CALL, rule=rule.id), Neg(part=Matches(side=TWIN, rule=rule.id))
        return AllOf(parts=(*matches, OneOf(parts=tuple(less))))

    def by_rule(self, variables: frozenset[str], exempt: frozenset[str]) -> Iterator[tuple[Rule | AddRule, Formula]]:
        """The question of each rule that reads any of the variables."""
        for rule in self.policy.deciding:
            if mentioned(rule.when) & variables:
                question = self.of_rule(rule)
                if question is not None:
                    yield rule, question
        for added in self.policy.add:
            if mentioned(added.when) & variables:
                question = self.of_addition(added, exempt)
                if question is not None:
                    yield added, question

    def direct(self, exempt: frozenset[str]) -> Formula:
        """All of it as one question, without the lemma: slower, and what the lemma is tested against."""
        parts: list[Formula] = [
            Differs(side=CALL, other=TWIN, component=component.name)
            for component in self._components.items
            if not exempt.issuperset(component.names)
        ]
        parts += [
            AllOf(parts=(decided_by(CALL, rules), Neg(part=self._decided[ranks])))
            for ranks, rules in self._plans.items()
        ]
        return OneOf(parts=tuple(parts))


def exempt_by(policy: Policy, attribute: str) -> frozenset[str]:
    """The components that may differ by this attribute through `add` rules."""
    return frozenset(support_name(each.support) for each in policy.may_differ if attribute in each.attributes)


class Found:
    """What was found of one set of variables."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.pairs: list[Shown] = []
        self.open: list[str] = []
        self.rules: list[str] = []


def look(
    inquiry: Inquiry,
    tally: Tally,
    differ: frozenset[str],
    *,
    exempt: frozenset[str] = frozenset(),
    words: Callable[[str], str],
    about: str,
) -> Found:
    """Ask of every rule that reads these variables whether twins that differ in them are told apart by it.

    Args:
        inquiry: The policy and its engines.
        tally: What it costs is added here.
        differ: The variables in which the twins differ.
        exempt: Components that `add` rules may give to one twin and not to the other.
        words: The claim about a rule, by the rule's name in words.
        about: The attribute, as the report names it.
    """
    asker, same = inquiry.moving(differ)
    likeness = Likeness(inquiry.policy, inquiry.components, inquiry.ranks)
    small = Smallest(asker.replay, inquiry.witnesses)
    found = Found()
    found.rules = [rule.id for rule in inquiry.policy.mentioning(differ)]
    questions = [
        Question(rule=rule, formula=AllOf(parts=(*same, asked)), group=inquiry.group(rule))
        for rule, asked in likeness.by_rule(differ, exempt)
    ]
    for question, settled in asker.ask_each(questions, tally):
        name = rule_words(question.rule)
        if isinstance(settled, Confirmed):
            pair = small.of(question.formula, settled.calls, differ)
            found.pairs.append(twins("unlike", asker.replay, pair, words(name), rule=question.rule.id, variable=about))
        else:
            found.open.append(f"{about}, {name}: {settled.because}")
    return found


def attribute_report(inquiry: Inquiry, tally: Tally, attribute: Attribute) -> tuple[AttributeReport, Found]:
    """Whether anything depends on one protected attribute."""
    variables = frozenset(name for name, each in inquiry.variables.items() if each.attribute == attribute.name)
    read = variables & inquiry.read
    may_differ = tuple([each.support for each in inquiry.policy.may_differ if attribute.name in each.attributes])
    if not read:
        because = "No rule reads it."
        return AttributeReport(name=attribute.name, verdict="holds", because=because, may_differ=may_differ), Found()
    found = look(
        inquiry,
        tally,
        read,
        exempt=exempt_by(inquiry.policy, attribute.name),
        words=lambda rule: f"What goes out depends on {attribute.name}, by {rule}.",
        about=attribute.name,
    )
    verdict = verdict_of(found.pairs, found.open)
    because = {
        "holds": f"{counted(len(found.rules), 'rule')} may ask about it, and no two of its values are told apart"
        + (f" but for {listing(may_differ)}." if may_differ else "."),
        "refuted": f"Calls are told apart by it, by {counted(len(found.pairs), 'rule')}.",
        "not_established": "Not every question about it was answered.",
    }[verdict]
    return (
        AttributeReport(
            name=attribute.name, verdict=verdict, because=because, rules=tuple(found.rules), may_differ=may_differ
        ),
        found,
    )
