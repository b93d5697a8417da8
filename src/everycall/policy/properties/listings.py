"""What danger lowers on purpose: staging and declared substitutions, each with its reason and what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.components import stage_name
from everycall.policy.conditions import mentioned
from everycall.policy.formula import AllOf, Decides, Less, Matches
from everycall.policy.properties.asking import Confirmed, NoneExist
from everycall.policy.properties.danger import more_danger
from everycall.policy.properties.examples import Examples
from everycall.policy.properties.pairs import Smallest, twins
from everycall.policy.properties.replay import CALL, TWIN
from everycall.policy.properties.report import Shown
from everycall.policy.properties.words import ended, every_rule, rule_words
from everycall.policy.rules import Rule

if TYPE_CHECKING:
    from everycall.policy.attributes import Value, Variable
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.properties.replay import Decided
    from everycall.policy.rules import AddRule, Stage, Substitution


def declared(inquiry: Inquiry, tally: Tally) -> list[Shown]:
    """Every substitution and every staging by danger, with an example where there is one."""
    listed: list[Shown] = []
    examples = Examples(inquiry)
    policy = inquiry.policy
    dangers = [variable for variable in inquiry.variables.values() if variable.danger and variable.name in inquiry.read]
    for rule in every_rule(policy):
        listed += [_substitution(inquiry, tally, examples, dangers, rule, each) for each in rule.instead]
        for stage in _stages(rule):
            shown = _staging(inquiry, examples, dangers, rule, stage)
            if shown is not None:
                listed.append(shown)
    return listed


def _substitution(
    inquiry: Inquiry,
    tally: Tally,
    examples: Examples,
    dangers: list[Variable],
    rule: Rule | AddRule,
    declared_one: Substitution,
) -> Shown:
    name = declared_one.component
    words = (
        f"{rule_words(rule)} may give less {name} where there is more danger, because: {ended(declared_one.because)}; "
        f"until: {ended(declared_one.until)}."
    )
    words = words[0].upper() + words[1:]
    replay = inquiry.single().replay
    at = replay.scene.components.index.get(name)
    unused = Shown(kind="unused_substitution", words=f"{words} It never does.", rules=(rule.id,), variable=name)
    if at is None:
        return unused
    for variable in dangers:
        pair = _pair(examples, rule, variable, at)
        if pair is not None:
            tally.witnesses += 1
            return twins("substitution", replay, pair, words, rule=rule.id, variable=name)
    unsure = False
    for variable in dangers:
        differ = frozenset({variable.name})
        asker, same = inquiry.moving(differ)
        gives = Decides(side=TWIN, rule=rule.id) if isinstance(rule, Rule) else Matches(side=TWIN, rule=rule.id)
        less = Less(side=TWIN, than=CALL, component=name)
        question = AllOf(parts=(*same, more_danger(variable).formula, gives, less))
        settled = asker.ask(question, tally)
        if isinstance(settled, Confirmed):
            small = Smallest(asker.replay, inquiry.witnesses).of(question, settled.calls, differ)
            return twins("substitution", asker.replay, small, words, rule=rule.id, variable=name)
        unsure = unsure or not isinstance(settled, NoneExist)
    if unsure:
        return Shown(kind="substitution", words=f"{words} No example was found.", rules=(rule.id,), variable=name)
    return unused


def _pair(examples: Examples, rule: Rule | AddRule, variable: Variable, at: int) -> dict[str, dict[str, Value]] | None:
    """Twins of which the second is in more danger, has to do with the rule, and gets less of the component."""

    def shows(one: Decided, other: Decided) -> bool:
        return other.ranks[at] < one.ranks[at] and rule.id in (other.rule, *other.raised_by)

    return examples.pair(rule, variable.name, shows, rising=True)


def _stages(rule: Rule | AddRule) -> tuple[Stage, ...]:
    if isinstance(rule, Rule):
        return rule.plan.stages
    return () if rule.add.stage is None else (rule.add.stage,)


def _staging(
    inquiry: Inquiry, examples: Examples, dangers: list[Variable], rule: Rule | AddRule, stage: Stage
) -> Shown | None:
    """That units wait near the place, for this reason and until this, as danger grows; none if danger does not matter.

    Where they waited for another reason before, or until something else, that is listed as well.
    """
    at = inquiry.single().replay.scene.components.index.get(stage_name(stage))
    reason, end = ended(stage.because), ended(stage.until)
    words = f"{rule_words(rule)} has units wait near the place, because: {reason}; until: {end}."
    words = words[0].upper() + words[1:]
    if at is None:
        return Shown(kind="staging", words=words, rules=(rule.id,))

    def shows(one: Decided, other: Decided) -> bool:
        return stage not in one.plan.stages and stage in other.plan.stages

    for variable in dangers:
        pair = examples.pair(rule, variable.name, shows, rising=True)
        if pair is not None:
            replay = inquiry.single().replay
            return twins("staging", replay, pair, words, rule=rule.id, variable=variable.name)
    by_danger = mentioned(rule.when) & {variable.name for variable in dangers}
    return Shown(kind="staging", words=words, rules=(rule.id,)) if by_danger else None
