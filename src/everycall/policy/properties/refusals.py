"""No silent refusal: nobody can decline the most urgent calls, and whatever may be refused or put off has an end.

Nor does a plan refuse by sending nobody, or within a year: `limits` holds plans against the shipped bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.policies import HIGHEST_PRIORITIES
from everycall.policy.formula import AllOf, Decides, Matches, Neg, OneOf
from everycall.policy.properties.asking import Confirmed, Question
from everycall.policy.properties.limits import faults_of_floors, faults_of_grant, faults_of_offer, faults_of_plan
from everycall.policy.properties.pairs import Smallest, one_call
from everycall.policy.properties.replay import CALL
from everycall.policy.properties.report import Shown
from everycall.policy.properties.words import rule_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.formula import Formula
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.rules import Plan, Policy, Rule, Step

NO_SILENT_REFUSAL: Final = "no_silent_refusal"
URGENT: Final = max(map(int, HIGHEST_PRIORITIES))

PERSONS: Final = frozenset(
    {"call_taker", "dispatcher", "unit", "supervisor", "duty_chief", "neighbour_agency", "oversight", "administrator"}
)
"""The roles of people; the others (a telephone switch, an importer, the system) are programs."""


def refusals(inquiry: Inquiry, tally: Tally) -> tuple[list[Shown], list[str]]:
    """What refutes the property, and what stayed open."""
    refuted = [Shown(kind="past_bounds", words=words) for words in faults_of_floors(inquiry.policy)]
    still_open: list[str] = []
    asker = inquiry.single()
    small = Smallest(asker.replay, inquiry.witnesses)
    questions = list(_questions(inquiry))
    words = {id(question): said for question, said in questions}
    for question, settled in asker.ask_each([question for question, _ in questions], tally):
        if isinstance(settled, Confirmed):
            calls = small.of(question.formula, settled.calls)
            said = words[id(question)] + " Such a call: {call}; {rule}."
            refuted.append(one_call("refusal", asker.replay, calls, said))
        else:
            still_open.append(f"{rule_words(question.rule)}: {settled.because}")
    return refuted, still_open


def _questions(inquiry: Inquiry) -> Iterator[tuple[Question, str]]:
    for rule, words, formula in _faulty(inquiry.policy):
        yield Question(rule=rule, formula=formula, group=inquiry.group(rule)), words


def _faulty(policy: Policy) -> Iterator[tuple[Rule, str, Formula]]:
    """Each rule whose grants could be wrong, what would be wrong, and when it is so."""
    urgent_by_add = [
        Matches(side=CALL, rule=added.id)
        for added in policy.add
        if added.add.priority is not None and added.add.priority <= URGENT
    ]
    for rule in policy.deciding:
        decides = Decides(side=CALL, rule=rule.id)
        for fault in faults_of_plan(rule.plan):
            yield rule, f"{_safe(rule_words(rule)).capitalize()} {fault}.", decides
        for act in dict.fromkeys(grant.act for grant in rule.plan.may):
            forbidden = [Matches(side=CALL, rule=added.id) for added in policy.add if act in added.add.forbid]
            allowed = AllOf(parts=(decides, Neg(part=OneOf(parts=tuple(forbidden)))))
            if act == "decline" and (rule.plan.priority <= URGENT or urgent_by_add):
                urgent = AllOf(parts=()) if rule.plan.priority <= URGENT else OneOf(parts=tuple(urgent_by_add))
                words = f"A call of priority {URGENT} or more urgent can be declined, by {_safe(rule_words(rule))}."
                yield rule, words, AllOf(parts=(allowed, urgent))
            for fault in _faults(rule.plan, act):
                yield rule, f"{_safe(rule_words(rule)).capitalize()} allows to {act} {fault}.", allowed
        if rule.plan.offer is not None:
            offer = rule.plan.offer
            for fault in (*_faults_of(offer.ground, offer.within, offer.ladder), *faults_of_offer(offer)):
                yield rule, f"{_safe(rule_words(rule)).capitalize()} offers the call to {offer.to} {fault}.", decides
            if offer.meanwhile == "wait" and (rule.plan.priority <= URGENT or urgent_by_add):
                go = [Matches(side=CALL, rule=added.id) for added in policy.add if added.add.go_meanwhile]
                urgent = AllOf(parts=()) if rule.plan.priority <= URGENT else OneOf(parts=tuple(urgent_by_add))
                words = (
                    f"A call of priority {URGENT} or more urgent waits while it is offered to {offer.to}, by "
                    f"{_safe(rule_words(rule))}. Write 'meanwhile: send'."
                )
                yield rule, words, AllOf(parts=(decides, urgent, Neg(part=OneOf(parts=tuple(go)))))


def _faults(plan: Plan, act: str) -> Iterator[str]:
    for grant in plan.may:
        if grant.act == act:
            if not grant.roles:
                yield "without saying who may"
            yield from _faults_of(",".join(grant.grounds), grant.within, grant.ladder)
            yield from faults_of_grant(grant)


def _faults_of(ground: str, within: int, ladder: tuple[Step, ...]) -> Iterator[str]:
    if not ground:
        yield "without a ground"
    if within <= 0:
        yield "without a time by which it ends"
    if not ladder:
        yield "without a ladder of people who then hear of it"
    elif ladder[-1].role not in PERSONS:
        yield f"with a ladder that ends in no person ({ladder[-1].role})"


def _safe(words: str) -> str:
    """Braces in a rule's id are no place for a filling."""
    return words.replace("{", "{{").replace("}", "}}")
