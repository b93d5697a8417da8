"""No dead rule: every rule can match a call. What never decides, and what only the default answers, is listed.

A rule is *alive* if some call is decided by it, or (an `add` rule) matches it: a call that the evaluator confirms shows
that, and needs no engine. *Masked*: it matches calls, and earlier rules decide them all. *Dead*: it matches none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import SERVICE, TYPE
from everycall.policy.formula import AllOf, Decides, Matches, Neg
from everycall.policy.properties.asking import Confirmed, NoneExist, Open
from everycall.policy.properties.pairs import Smallest, one_call
from everycall.policy.properties.replay import CALL
from everycall.policy.properties.report import Shown
from everycall.policy.properties.witnesses import with_value
from everycall.policy.properties.words import rule_words, rules_by_id
from everycall.policy.rules import DEFAULT, TRIAGE

if TYPE_CHECKING:
    from everycall.policy.formula import Call, Formula
    from everycall.policy.properties.asking import Inquiry, Settled, Tally
    from everycall.policy.rules import AddRule, Rule

NO_DEAD_RULE: Final = "no_dead_rule"
MOST_MASKING: Final = 24
"""So many masking rules are named at the most."""


class Life:
    """Which rules can match, and which can decide."""

    def __init__(self, inquiry: Inquiry, tally: Tally) -> None:
        """Nothing is asked yet."""
        self._inquiry: Final = inquiry
        self._asker: Final = inquiry.single()
        self._tally: Final = tally
        self.dead: Final[list[Shown]] = []
        self.listed: Final[list[Shown]] = []
        self.open: Final[list[str]] = []

    def look(self) -> None:
        """Ask of every rule."""
        policy = self._inquiry.policy
        for rule in policy.rules:
            self._deciding(rule)
        for added in policy.add:
            self._matching(added)
        for rule in policy.deciding[-2:]:
            self._last(rule)

    def _ask(self, question: Formula) -> Settled:
        return self._asker.ask(question, self._tally)

    def _deciding(self, rule: Rule) -> None:
        if self._inquiry.witnesses.deciding(rule) is not None:
            self._tally.witnesses += 1
            return
        settled = self._ask(Decides(side=CALL, rule=rule.id))
        if isinstance(settled, Confirmed):
            self._inquiry.witnesses.remember(rule.id, settled.calls[CALL])
        elif self._matching(rule):
            if isinstance(settled, NoneExist):
                self._mask(rule)
            else:
                words = f"Whether {rule_words(rule)} ever decides is not known: {settled.because}."
                self.listed.append(Shown(kind="perhaps_masked", words=words, rules=(rule.id,)))

    def _matching(self, rule: Rule | AddRule) -> bool:
        """Whether some call matches; if not, it is dead, or open."""
        if self._inquiry.witnesses.matching(rule) is not None:
            self._tally.witnesses += 1
            return True
        settled = self._ask(Matches(side=CALL, rule=rule.id))
        if isinstance(settled, NoneExist):
            words = f"No call can match {rule_words(rule)}: its conditions exclude each other. Take it out or mend it."
            self.dead.append(Shown(kind="dead", words=words, rules=(rule.id,)))
        elif isinstance(settled, Open):
            self.open.append(f"whether any call matches {rule_words(rule)}: {settled.because}")
        return isinstance(settled, Confirmed)

    def _mask(self, rule: Rule) -> None:
        """Find earlier rules that together take all its calls: each in turn that decides what is still left."""
        rules = rules_by_id(self._inquiry.policy)
        masking: list[str] = []
        call: Call | None = self._inquiry.witnesses.matching(rule)
        example = call
        complete = False
        while len(masking) < MOST_MASKING:
            if call is not None:
                masking.append(self._asker.replay.decide(CALL, call).rule)
            left = AllOf(
                parts=(
                    Matches(side=CALL, rule=rule.id),
                    *[Neg(part=Matches(side=CALL, rule=name)) for name in masking],
                )
            )
            settled = self._ask(left)
            if not isinstance(settled, Confirmed):
                complete = isinstance(settled, NoneExist)
                break
            call = settled.calls[CALL]
            example = example or call
        more = "" if complete else " and others"
        names = ", ".join(rule_words(rules[name]) for name in masking)
        words = f"{rule_words(rule)} never decides: whatever matches it is decided before, by {names}{more}."
        self.listed.append(
            Shown(
                kind="masked",
                words=words[0].upper() + words[1:],
                rules=(rule.id, *masking),
                first=None if example is None else one_call("masked", self._asker.replay, {CALL: example}, "").first,
            )
        )

    def _last(self, rule: Rule) -> None:
        """Triage and default: whether they are ever reached is listed, and what only the default answers."""
        question = Decides(side=CALL, rule=rule.id)
        call = self._inquiry.witnesses.deciding(rule)
        if call is not None:
            self._tally.witnesses += 1
        else:
            settled = self._ask(question)
            if isinstance(settled, Confirmed):
                call = settled.calls[CALL]
            else:
                sure = isinstance(settled, NoneExist)
                words = "never decides: the rules answer every call" if sure else "may never decide; nobody could say"
                shown = Shown(kind="not_reached", words=f"{_named(rule)} {words} that it is for.", rules=(rule.id,))
                self.listed.append(shown)
                return
        if rule.id == DEFAULT:
            self._gap(question, call)

    def _gap(self, question: Formula, call: Call) -> None:
        """Calls that only the default answers: one of them, and for how many types and services there are some."""
        calls = Smallest(self._asker.replay, self._inquiry.witnesses).of(question, {CALL: call})
        concerned, pairs = self._concerned(calls[CALL])
        words = (
            "Some calls are answered by the default only, at least for "
            f"{concerned} of {pairs} pairs of a type and a service. Such a call: {{call}}."
        )
        self.listed.append(one_call("gap", self._asker.replay, calls, words))

    def _concerned(self, call: Call) -> tuple[int, int]:
        """Of the pairs of type and service, how many the default answers when nothing else is known."""
        variables = self._inquiry.variables
        plain = {name: value for name, value in call.items() if not variables[name].unknown}
        types, services = variables[TYPE].values, variables[SERVICE].values
        reached = 0
        for kind in types:
            of_type = with_value(plain, TYPE, kind)
            for service in services:
                decided = self._asker.replay.decide(CALL, with_value(of_type, SERVICE, service))
                reached += decided.rule == DEFAULT
        return reached, len(types) * len(services)


def _named(rule: Rule) -> str:
    return "Triage" if rule.id == TRIAGE else "The default"
