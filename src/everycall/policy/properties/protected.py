"""The protected list: what ships as protected, and what is derived from it, is declared as protected.

What else a text leaves unprotected is its author's choice, so whatever rules read of that is listed; and so is
every rule that reads what is protected, since the rule's name reaches the dispatcher even where nothing else follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.facts import PROTECTED
from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY, variables_of
from everycall.policy.conditions import mentioned
from everycall.policy.differing import MAY_DIFFER
from everycall.policy.properties.report import Shown
from everycall.policy.properties.words import ended, listing, rule_words
from everycall.policy.sensitive_names import shipped_as_protected, sounds_protected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.attributes import Attribute
    from everycall.policy.rules import AddRule, Policy, Rule

PROTECTED_LIST: Final = "protected_list"
NOT_PROTECTED: Final = "not_protected"
"""The kind of what rules read and nobody declared protected."""
NOT_PROTECTED_BUT_NEAR: Final = "not_protected_but_near"
"""The same of what bears a name that sounds protected."""
READS_PROTECTED: Final = "reads_protected"
"""The kind of a rule that reads something protected."""
CALLER: Final = "caller"
"""The source of what callers say of themselves."""
_NO_QUESTION: Final = frozenset({SERVICE, TYPE, TIME_OF_DAY, WEEKDAY})


def not_protected(policy: Policy) -> tuple[Shown, ...]:
    """What ought to be protected and is not, and what may differ and ought not, each with why."""
    declared = {attribute.name: attribute for attribute in policy.attributes}
    found: list[Shown] = []
    for attribute in policy.attributes:
        listed = shipped_as_protected(attribute)
        if listed is not None and not attribute.protected:
            which = "" if listed == attribute.name else f", by its value {listed},"
            reason = f" The reason given: {attribute.taken_off}" if attribute.taken_off else " No reason is given."
            words = f"{_where(attribute)}{which} is on the shipped list and is declared not protected.{reason}"
            found.append(Shown(kind="taken_off", words=words, variable=attribute.name))
        elif not attribute.protected:
            from_whom = _protected_ancestor(attribute, declared)
            if from_whom is not None:
                words = (
                    f"{_where(attribute)} is derived from {from_whom}, which says who somebody is, and is not "
                    "declared protected."
                )
                found.append(Shown(kind="lineage", words=words, variable=attribute.name))
    return (*found, *_differing(policy))


def _where(attribute: Attribute) -> str:
    return f"{attribute.name} (line {attribute.line})" if attribute.line else attribute.name


def _differing(policy: Policy) -> Iterator[Shown]:
    """Each pair of a support and an attribute that is not in the shipped table."""
    for each in policy.may_differ:
        allowed = MAY_DIFFER.get(each.support, frozenset())
        wrong = [name for name in each.attributes if name not in allowed]
        if not wrong:
            continue
        where = f" (line {each.line})" if each.line else ""
        by = f"it may depend on {' and '.join(sorted(allowed))} only" if allowed else "it is not in the shipped table"
        words = (
            f"may_differ{where} lets the support {each.support} depend on {', '.join(wrong)}: {by}. A support is an "
            "instruction, so what may differ by who somebody is, is no choice of the text. Take it out, or give the "
            f"support to everyone. The reason given: {ended(each.because)}."
        )
        yield Shown(kind="may_not_differ", words=words, variable=wrong[0])


def _protected_ancestor(attribute: Attribute, declared: dict[str, Attribute]) -> str | None:
    """The first protected attribute that this one was worked out from, however far back."""
    waiting, seen = list(attribute.derived_from), {attribute.name}
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        ancestor = declared.get(name)
        if name in PROTECTED:
            return name
        if ancestor is not None and (ancestor.protected or shipped_as_protected(ancestor) is not None):
            return name
        if ancestor is not None:
            waiting.extend(ancestor.derived_from)
    return None


def read_and_who(policy: Policy) -> tuple[Shown, ...]:
    """What rules read and nobody protected, the likeliest to say who calls first; then who reads the protected."""
    readers: dict[str, list[Rule | AddRule]] = {}
    every: tuple[Rule | AddRule, ...] = (*policy.rules, *policy.add)
    for rule in every:
        for variable in mentioned(rule.when):
            readers.setdefault(variable, []).append(rule)
    plain: list[tuple[int, Shown]] = []
    who: list[Shown] = []
    for attribute in policy.attributes:
        rules = _reading(attribute, readers)
        if not rules or attribute.name in _NO_QUESTION:
            continue
        if attribute.protected:
            who += [_told_apart(rule, attribute) for rule in rules]
            continue
        near = sounds_protected(attribute)
        if near is not None or not attribute.danger:
            order = 0 if near is not None else 1 if attribute.source == CALLER else 2
            plain.append((order, _plain(attribute, near, rules)))
    plain.sort(key=lambda each: each[0])
    return (*[shown for _, shown in plain], *who)


def _reading(attribute: Attribute, readers: dict[str, list[Rule | AddRule]]) -> list[Rule | AddRule]:
    found: dict[str, Rule | AddRule] = {}
    for name in (attribute.name, *[variable.name for variable in variables_of(attribute)]):
        found.update({rule.id: rule for rule in readers.get(name, [])})
    return list(found.values())


def _plain(attribute: Attribute, near: str | None, rules: list[Rule | AddRule]) -> Shown:
    sounds = f" It sounds like {near}, which is protected." if near is not None else ""
    words = f"{attribute.name}, from {attribute.source}: read by {listing(map(rule_words, rules), 3)}.{sounds}"
    kind = NOT_PROTECTED if near is None else NOT_PROTECTED_BUT_NEAR
    return Shown(kind=kind, words=words, rules=tuple([rule.id for rule in rules]), variable=attribute.name)


def _told_apart(rule: Rule | AddRule, attribute: Attribute) -> Shown:
    words = f"{rule_words(rule)} reads {attribute.name}: the rule's name reaches the dispatcher wherever it holds."
    return Shown(kind=READS_PROTECTED, words=words[0].upper() + words[1:], rules=(rule.id,), variable=attribute.name)
