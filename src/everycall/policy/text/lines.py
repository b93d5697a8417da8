"""The rules of a text, those that decide and those that add, and what may differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.policy.conditions import Always
from everycall.policy.rules import DEFAULT, TRIAGE, AddRule, MayDiffer, Plan, Raise, Rule, Substitution
from everycall.policy.text.fields import ACTS, ADD_RULE, MAY_DIFFER, MOST_RULES, PEOPLE, RULE, SUBSTITUTION
from everycall.policy.text.positions import Mapping, Node, Scalar
from everycall.policy.text.problems import Problems, near, quoted
from everycall.policy.text.values import PART, code, items_of, keys_of, kind_words, name_of, refuse_twice, text

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

    from everycall.policy.attributes import Attribute
    from everycall.policy.conditions import Condition
    from everycall.policy.text.asked import Conditions
    from everycall.policy.text.plans import Named

_WHOLE: Final = (
    "priority",
    "minimum_officers",
    "cancellation_closes",
    "dispatch_within",
    "arrive_within",
    "find_out_within",
)
COMPONENT: Final = (
    rf"{'|'.join(_WHOLE)}"
    rf"|(send|support)\.{PART}"
    rf"|ladder\.({'|'.join(PEOPLE)})"
    rf"|offer\.{PART}\.{PART}\.(meanwhile|within)"
    rf"|may\.({'|'.join(ACTS)})\.({'|'.join(PEOPLE)})\.{PART}(\.{PART})?"
)
"""The names of what has more and less; what has no order (stage) needs no exception."""

_COMPONENT: Final = re.compile(COMPONENT)
_FORMS: Final = (*_WHOLE, "send.<capability>", "support.<name>", "ladder.<role>", "offer.<agency>.<ground>.within")


class Rules:
    """Reads rules; ids are unique over both lists."""

    def __init__(self, problems: Problems, conditions: Conditions, named: Named) -> None:
        self._problems: Final = problems
        self._conditions: Final = conditions
        self._named: Final = named
        self._lines: Final[dict[str, int]] = {}

    def deciding(self, node: Node) -> tuple[Rule, ...]:
        """The section `rules`."""
        return tuple([self._rule(item) for item in self._items(node, "'rules'")])

    def adding(self, node: Node) -> tuple[AddRule, ...]:
        """The section `add`."""
        return tuple([self._add_rule(item) for item in self._items(node, "'add'")])

    def _items(self, node: Node, what: str) -> tuple[Node, ...]:
        items = items_of(self._problems, node, what, empty=True)
        if len(items) > MOST_RULES:
            self._problems.add(
                items[MOST_RULES],
                f"{what} has {len(items)} rules; {MOST_RULES} is the most.",
                "Put what gets the same plan into one rule: type: [a, b, c].",
            )
        return items[:MOST_RULES]

    def _rule(self, node: Node) -> Rule:
        rule = self._id(node)
        with self._problems.within_rule(rule):
            found = keys_of(self._problems, node, RULE, "The rule")
            return Rule(
                id=rule,
                when=self._when(found),
                plan=self._named.plan(found["plan"]) if "plan" in found else Plan(priority=0),
                because=text(self._problems, found["because"], "'because'") if "because" in found else "",
                instead=self._instead(found["instead"]) if "instead" in found else (),
                line=node.line,
            )

    def _add_rule(self, node: Node) -> AddRule:
        rule = self._id(node)
        with self._problems.within_rule(rule):
            found = keys_of(self._problems, node, ADD_RULE, "The rule")
            return AddRule(
                id=rule,
                when=self._when(found),
                add=self._named.raised(found["add"]) if "add" in found else Raise(),
                because=text(self._problems, found["because"], "'because'") if "because" in found else "",
                instead=self._instead(found["instead"]) if "instead" in found else (),
                line=node.line,
            )

    def _id(self, node: Node) -> str:
        key = node.get("rule") if isinstance(node, Mapping) else None
        if key is None:
            return ""  # what is missing is said with the other keys
        rule = code(self._problems, key, "The id of the rule")
        if rule in (TRIAGE, DEFAULT):
            self._problems.add(key, f"The id {quoted(rule)} is taken by the policy's own {rule}.", "Choose another id.")
        elif rule and rule in self._lines:
            self._problems.add(
                key, f"There are two rules {quoted(rule)} (the first on line {self._lines[rule]}).", "Rename one."
            )
        self._lines.setdefault(rule, key.line)
        return rule

    def _when(self, found: Table[str, Node]) -> Condition:
        return self._conditions.read(found["when"]) if "when" in found else Always()

    def _instead(self, node: Node) -> tuple[Substitution, ...]:
        items = items_of(self._problems, node, "'instead'")
        read = [self._substitution(item) for item in items]
        refuse_twice(self._problems, items, [substitution.component for substitution in read])
        return tuple(read)

    def _substitution(self, node: Node) -> Substitution:
        found = keys_of(self._problems, node, SUBSTITUTION, "A part of 'instead'")
        return Substitution(
            component=self._component(found["component"]) if "component" in found else "",
            because=text(self._problems, found["because"], "'because'") if "because" in found else "",
            until=text(self._problems, found["until"], "'until'") if "until" in found else "",
        )

    def _component(self, node: Node) -> str:
        said = node.text if isinstance(node, Scalar) else ""
        if not _COMPONENT.fullmatch(said):
            self._problems.add(node, f"The component is {kind_words(node)}.", near(said, _FORMS))
        return said


def may_differ_of(
    problems: Problems, node: Node, attributes: Table[str, Attribute], add: tuple[AddRule, ...]
) -> tuple[MayDiffer, ...]:
    """The section `may_differ`: supports that some `add` rule gives, by protected attributes."""
    given = frozenset(support for rule in add for support in rule.add.support)
    items = items_of(problems, node, "'may_differ'", empty=True)
    read = [_may_differ(problems, item, attributes, given) for item in items]
    refuse_twice(problems, items, [each.support for each in read])
    return tuple(read)


def _may_differ(problems: Problems, node: Node, attributes: Table[str, Attribute], given: frozenset[str]) -> MayDiffer:
    found = keys_of(problems, node, MAY_DIFFER, "A part of 'may_differ'")
    support = code(problems, found["support"], "'support'") if "support" in found else ""
    if support and support not in given:
        problems.add(
            found["support"],
            f"No rule under 'add' gives the support {quoted(support)}.",
            near(support, given) if given else "Add such a rule: what may differ can only be raised.",
        )
    names: list[str] = []
    for item in items_of(problems, found["by"], "'by'") if "by" in found else ():
        name = name_of(problems, item, "attribute", attributes)
        names.append(name)
        if name and not attributes[name].protected:
            problems.add(
                item,
                f"Attribute {quoted(name)} is not protected, so help may depend on it anyway.",
                "Name protected attributes only.",
            )
    if "by" in found and len(set(names)) < len(names):
        problems.add(found["by"], "'by' names an attribute twice.", "Delete one of them.")
    return MayDiffer(
        support=support,
        attributes=tuple(names),
        because=text(problems, found["because"], "'because'") if "because" in found else "",
        line=node.line,
    )
