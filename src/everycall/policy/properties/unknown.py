"""Unknown: what nobody knows yet never costs a caller the help that its absence would have brought.

1. Danger that is unknown gets no less than danger that is absent (no, the lowest number).
2. A call whose type is unknown gets at least the triage floor: priority, time to dispatch, time to find out.
3. Protected attributes: by likeness, which runs over unknown as over every other value.
4. Whatever else gets less when unknown than with some known value is listed, with an example.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TYPE
from everycall.policy.formula import AllOf, AtLeast, Neg, OneOf, ValueIs
from everycall.policy.properties.asking import Confirmed, Open
from everycall.policy.properties.danger import Danger, Moves, from_absence_to_unknown, less
from everycall.policy.properties.examples import Examples
from everycall.policy.properties.pairs import Smallest, one_call, twins
from everycall.policy.properties.replay import CALL, TWIN
from everycall.policy.properties.report import Shown
from everycall.policy.properties.words import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from everycall.policy.attributes import Variable
    from everycall.policy.components import Components
    from everycall.policy.formula import Formula
    from everycall.policy.properties.asking import Inquiry, Tally
    from everycall.policy.rules import Plan, Policy, Raise

UNKNOWN: Final = "unknown"
MOST_RULES: Final = 40
"""So many rules are tried for an example before the engines are asked."""


def unknown_danger(inquiry: Inquiry, tally: Tally) -> tuple[list[Shown], list[str]]:
    """Where unknown danger gets less than none."""
    words = "Unknown {} gets less than none, by {}."
    return less(inquiry, tally, "unknown_danger", from_absence_to_unknown, words)


def unknown_type(inquiry: Inquiry, tally: Tally) -> tuple[list[Shown], list[str]]:
    """Where a call of unknown type gets less than the triage floor."""
    asker = inquiry.single()
    refuted: list[Shown] = []
    still_open: list[str] = []
    for what, below in below_the_floor(inquiry.policy, asker.scene.components):
        question = AllOf(parts=(ValueIs(side=CALL, variable=TYPE, value=None), below))
        settled = asker.ask(question, tally)
        if isinstance(settled, Confirmed):
            calls = Smallest(asker.replay, inquiry.witnesses).of(question, settled.calls)
            words = f"A call of unknown type can get less than the triage floor ({what}): {{call}}; {{rule}}."
            refuted.append(one_call("below_triage_floor", asker.replay, calls, words))
        elif isinstance(settled, Open):
            still_open.append(f"the triage floor ({what}): {settled.because}")
    return refuted, still_open


def below_the_floor(policy: Policy, components: Components) -> Iterator[tuple[str, Formula]]:
    """What the triage floor asks, and the formula of an outcome that is below it."""
    floor = policy.triage_floor
    for name, words, least, of_plan, of_raise in (
        ("priority", f"priority {floor.priority}", floor.priority, lambda p: p.priority, lambda r: r.priority),
        (
            "dispatch_within",
            f"sent within {duration(floor.dispatch_within)}",
            floor.dispatch_within,
            lambda p: p.dispatch_within,
            lambda r: r.dispatch_within,
        ),
        (
            "find_out_within",
            f"type found out within {duration(floor.find_out_within)}",
            floor.find_out_within,
            lambda p: p.find_out_within,
            lambda r: r.find_out_within,
        ),
    ):
        below = _below(policy, components, name, least, of_plan, of_raise)
        if below is not None:
            yield words, below


def _below(
    policy: Policy,
    components: Components,
    name: str,
    most: int,
    of_plan: Callable[[Plan], int | None],
    of_raise: Callable[[Raise], int | None],
) -> Formula | None:
    """That the outcome has no value, or one above `most`; none if that cannot be."""
    at = components.index.get(name)
    if at is None:  # every plan has the same
        value = of_plan(policy.default)
        return None if value is not None and value <= most else AllOf(parts=())
    enough = [
        components.ranks(rule.plan)[at]
        for rule in policy.deciding
        if (value := of_plan(rule.plan)) is not None and value <= most
    ]
    for added in policy.add:
        rank, value = components.raised(added.add)[at], of_raise(added.add)
        if rank is not None and value is not None and value <= most:
            enough.append(rank)
    if not enough:
        return AllOf(parts=())
    component = components.items[at].name
    return None if min(enough) == 0 else Neg(part=AtLeast(side=CALL, component=component, rank=min(enough)))


def gets_less(inquiry: Inquiry, tally: Tally) -> list[Shown]:
    """What gets less when unknown than with some known value: an example for each variable of which that is so."""
    examples = Examples(inquiry)
    listed: list[Shown] = []
    unsettled: list[Variable] = []
    for variable in inquiry.variables.values():
        if variable.protected or not variable.unknown or variable.name not in inquiry.read:
            continue
        shown = _example(inquiry, examples, variable)
        if shown is None:
            unsettled.append(variable)
        else:
            tally.witnesses += 1
            listed.append(shown)
    return listed + _asked(inquiry, tally, unsettled)


def _words(variable: Variable) -> str:
    return f"A call can get less while {variable.name} is unknown than when it is known."


def _example(inquiry: Inquiry, examples: Examples, variable: Variable) -> Shown | None:
    for rule in islice(inquiry.policy.mentioning(frozenset({variable.name})), MOST_RULES):
        pair = examples.pair(rule, variable.name, examples.lower, second=lambda value: value is None)
        if pair is not None:
            replay = inquiry.single().replay
            return twins("less_when_unknown", replay, pair, _words(variable), rule=rule.id, variable=variable.name)
    return None


def _asked(inquiry: Inquiry, tally: Tally, variables: list[Variable]) -> list[Shown]:
    """Ask the engines about the variables for which no example was found."""
    own = frozenset(variable.name for variable in variables)
    listed: list[Shown] = []
    for variable in variables:
        asker, same = inquiry.moving(frozenset({variable.name}), own)
        known = Neg(part=ValueIs(side=CALL, variable=variable.name, value=None))
        unknown = ValueIs(side=TWIN, variable=variable.name, value=None)
        steps = [(at, len(variable.values)) for at in range(len(variable.values))]
        moves = Moves(variable, AllOf(parts=(known, unknown)), steps)
        questions = list(Danger(inquiry).by_rule(moves))
        if not questions:
            continue
        question = AllOf(parts=(*same, OneOf(parts=tuple([asked for _, asked in questions]))))
        settled = asker.ask(question, tally)
        if isinstance(settled, Confirmed):
            small = Smallest(asker.replay, inquiry.witnesses)
            pair = small.of(question, settled.calls, frozenset({variable.name}))
            rule = asker.replay.decide(CALL, pair[CALL]).rule
            shown = twins("less_when_unknown", asker.replay, pair, _words(variable), rule=rule, variable=variable.name)
            listed.append(shown)
        elif isinstance(settled, Open):
            words = f"Whether a call gets less while {variable.name} is unknown is not known: {settled.because}."
            listed.append(Shown(kind="less_when_unknown_open", words=words, variable=variable.name))
    return listed
