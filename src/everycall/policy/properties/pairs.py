"""The smallest readable example: what an engine found, with everything back at its default that need not be otherwise.

Each step is replayed through the real evaluator; a step after which the claim no longer holds is not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.properties.replay import CALL, TWIN, Decided
from everycall.policy.properties.report import Difference, Shown, ShownCall
from everycall.policy.properties.words import (
    USUAL,
    call_words,
    fact_words,
    gets_words,
    listing,
    rule_words,
    rules_by_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.components import Component
    from everycall.policy.formula import Call, Formula
    from everycall.policy.properties.replay import Replay
    from everycall.policy.properties.witnesses import Witnesses
    from everycall.policy.rules import Policy

    Calls = dict[str, Call]
    Test = Callable[[Mapping[str, Call]], bool]

ROUNDS = 3
"""So often everything is tried again: one value at its default may let another go to its own."""
MOST_PLAINER = 4
"""So many plainer values are tried for what the twins share."""
MOST_PAIRS = 400
"""So many pairs of values are tried for the attribute that differs."""


class Smallest:
    """Makes examples small, for one scene."""

    def __init__(self, replay: Replay, witnesses: Witnesses) -> None:
        """`replay` is of the scene that the question was about."""
        self._replay = replay
        self._witnesses = witnesses
        self._variables = replay.scene.variables

    def of(self, question: Formula, calls: Mapping[str, Call], differ: frozenset[str] = frozenset()) -> Calls:
        """The calls with as little in them as the question allows.

        Args:
            question: What must go on to hold of them.
            calls: For which it holds.
            differ: The variables in which twins may differ.
        """
        return self.by_test(lambda candidate: self._replay.confirms(question, candidate), calls, differ)

    def by_test(self, holds: Test, calls: Mapping[str, Call], differ: frozenset[str] = frozenset()) -> Calls:
        """As `of`, for whatever is to go on to hold."""
        best = {name: dict(call) for name, call in calls.items()}
        for _ in range(ROUNDS):
            before = best
            for name in self._order(differ):
                best = self._shared(best, name, holds)
            for name in sorted(differ):
                best = self._apart(best, name, holds, several=len(differ) > 1)
            if best == before:
                break
        return best

    def _order(self, differ: frozenset[str]) -> list[str]:
        """Everything that twins share: places first, what happened last."""
        shared = [name for name in self._variables if name not in differ]
        return sorted(shared, key=lambda name: (name == "type", name == "service", not name.startswith("zone.")))

    def _shared(self, calls: Calls, name: str, holds: Test) -> Calls:
        now = next(iter(calls.values())).get(name)
        for value in self._plainer(self._variables[name], now):
            candidate = {side: _with(call, name, value) for side, call in calls.items()}
            if holds(candidate):
                return candidate
        return calls

    def _plainer(self, variable: Variable, now: Value | None) -> Iterable[Value | None]:
        if now is None or now == USUAL.get(variable.name):
            return
        if variable.unknown:
            yield None
        if variable.name in USUAL:
            yield USUAL[variable.name]
        for value in self._witnesses.kinds(variable.name)[:MOST_PLAINER]:
            if value == now:
                return
            if value is not None:
                yield value

    def _apart(self, calls: Calls, name: str, holds: Test, *, several: bool) -> Calls:
        variable = self._variables[name]
        values = self._simple(variable, [call.get(name) for call in calls.values()])
        if several:
            plain = [*([None] if variable.unknown else []), *values]
            for value in plain:
                candidate = {side: _with(call, name, value) for side, call in calls.items()}
                if holds(candidate):
                    return candidate
        if len(calls) == 1:
            return calls
        for one, other in _pairs(values, variable)[:MOST_PAIRS]:
            candidate = {CALL: _with(calls[CALL], name, one), TWIN: _with(calls[TWIN], name, other)}
            if holds(candidate):
                return candidate
        return calls

    def _simple(self, variable: Variable, now: Sequence[Value | None]) -> list[Value | None]:
        """A value of each kind and those at hand, those that read well first, unknown last."""
        every = dict.fromkeys([*self._witnesses.kinds(variable.name), *now])
        if "other" in variable.values:
            every["other"] = None
        known = [value for value in every if value is not None]
        known.sort(key=lambda value: (value == "other", variable.values.index(value)))
        return [*known, None] if variable.unknown else list(known)


def _pairs(values: Sequence[Value | None], variable: Variable) -> list[tuple[Value | None, Value | None]]:
    """Pairs of different values: two known ones before one unknown, against `other` or no where there is that."""
    against: tuple[Value | None, ...] = ("other", False, variable.values[0])

    def plain(pair: tuple[Value | None, Value | None]) -> tuple[bool, int]:
        known = [value for value in pair if value is not None]
        return None in pair, min([against.index(value) for value in known if value in against], default=len(against))

    return sorted([(one, other) for one in values for other in values if one != other], key=plain)


def _with(call: Call, name: str, value: Value | None) -> Call:
    changed = dict(call)
    if value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return changed


def shown(policy: Policy, call: Call, decided: Decided) -> ShownCall:
    """A call as it is shown, with what the evaluator decided."""
    rule = rules_by_id(policy)[decided.rule]
    return ShownCall(
        facts=dict(sorted(call.items())),
        words=call_words(call) or "nothing known",
        rule=decided.rule,
        line=rule.line,
        raised_by=decided.raised_by,
    )


def differing(call: Call, twin: Call) -> list[str]:
    """The variables in which two calls differ."""
    return sorted(
        name
        for name in {*call, *twin}
        if call.get(name) != twin.get(name) or isinstance(call.get(name), bool) is not isinstance(twin.get(name), bool)
    )


_FIRST = (
    "priority",
    "send",
    "minimum_officers",
    "dispatch_within",
    "arrive_within",
    "stage",
    "offer",
    "support",
    "may",
)
"""The components that people look for first, in that order; the others follow."""
MOST_SAID = 6
"""So many differences are said in a sentence; all are in the report."""


def weight(component: Component) -> tuple[bool, int]:
    """How early a component is said."""
    kind = component.name.partition(".")[0]
    return component.name.endswith(".ladder"), _FIRST.index(kind) if kind in _FIRST else len(_FIRST)


def differences(replay: Replay, one: Decided, other: Decided) -> tuple[Difference, ...]:
    """In which components two outcomes differ, in words, what weighs most first."""
    components = replay.scene.components.items
    apart = [at for at in range(len(components)) if one.ranks[at] != other.ranks[at]]
    return tuple(
        [
            Difference(
                component=components[at].name,
                first=gets_words(components[at], one.ranks[at], one.plan),
                second=gets_words(components[at], other.ranks[at], other.plan),
            )
            for at in sorted(apart, key=lambda at: weight(components[at]))
        ]
    )


def whose(policy: Policy, rule: str, raised_by: Iterable[str]) -> str:
    """Which rules made an outcome: "rule report (line 12) decides, raised by rule interpreter (line 30)"."""
    rules = rules_by_id(policy)
    words = f"{rule_words(rules[rule])} decides"
    raising = [rule_words(rules[name]) for name in raised_by]
    return f"{words}, raised by {listing(raising)}" if raising else words


def one_call(kind: str, replay: Replay, calls: Mapping[str, Call], words: str) -> Shown:
    """A single call as an example; `{call}` and `{rule}` in the words are filled in."""
    call, policy = calls[CALL], replay.policy(CALL)
    decided = replay.decide(CALL, call)
    named = call_words(call) or "a call of which nothing is known"
    filled = words.format(call=named, rule=whose(policy, decided.rule, decided.raised_by))
    return Shown(kind=kind, words=filled, rules=(decided.rule,), first=shown(policy, call, decided))


def twins(
    kind: str, replay: Replay, calls: Mapping[str, Call], words: str, *, rule: str, variable: str | None = None
) -> Shown:
    """A pair as it is shown.

    Args:
        kind: For programs.
        replay: Of the scene.
        calls: The pair.
        words: What is claimed; the pair itself is described after it.
        rule: The rule to look at first.
        variable: What the pair is about.
    """
    policy, call, twin = replay.policy(CALL), calls[CALL], calls[TWIN]
    one, other = replay.decide(CALL, call), replay.decide(CALL, twin)
    apart = differing(call, twin)
    unshared = _unshared(one.raised_by, other.raised_by)
    told = differences(replay, one, other)
    if not told:
        # What decides differs, and `add` rules make up for it: show the plans as the rules have them.
        words += " Before the add rules:"
        told = differences(replay, _before(replay, one), _before(replay, other))
    alike = call_words(call, apart) or "all else unknown"
    says = [
        f"with {_values(apart, each)}, {whose(policy, decided.rule, [n for n in decided.raised_by if n in unshared])}: "
        + listing(what, MOST_SAID)
        for each, decided, what in (
            (call, one, [difference.first for difference in told]),
            (twin, other, [difference.second for difference in told]),
        )
    ]
    return Shown(
        kind=kind,
        words=f"{words} Two calls, alike but for {', '.join(apart)} ({alike}): {says[0]}; {says[1]}",
        rules=tuple(dict.fromkeys((rule, one.rule, other.rule, *unshared))),
        variable=variable,
        first=shown(policy, call, one),
        second=shown(policy, twin, other),
        differences=told,
    )


def _before(replay: Replay, decided: Decided) -> Decided:
    """What the deciding rule alone gives."""
    plan = next(rule.plan for rule in replay.policy(CALL).deciding if rule.id == decided.rule)
    return Decided(rule=decided.rule, raised_by=(), plan=plan, ranks=replay.scene.components.ranks(plan))


def _values(names: Iterable[str], call: Call) -> str:
    return ", ".join(fact_words(name, call.get(name)) for name in names)


def _unshared(one: Iterable[str], other: Iterable[str]) -> list[str]:
    return sorted(set(one) ^ set(other))
