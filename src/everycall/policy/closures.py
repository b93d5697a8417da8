"""Conditions as closures: what a condition asks of a call, made ready to be asked many thousand times.

A leaf becomes the set of values for which it holds (`None`, unknown, among them or not), and a conjunction one loop
over such sets. Nothing is generated as text and nothing is evaluated as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from everycall.policy.conditions import (
    All,
    Always,
    Any,
    Between,
    Condition,
    During,
    Has,
    In,
    Is,
    Leaf,
    Not,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from everycall.policy.attributes import Value, Variable
    from everycall.policy.formula import Call

    Test = Callable[[Call], bool]


def holding(leaf: Leaf, variable: Variable) -> frozenset[Value | None]:
    """The values of the variable for which the leaf holds; `None` among them: unknown."""
    named = frozenset(value for value in variable.values if _names(leaf, value))
    unknown = leaf.value is None if isinstance(leaf, Is) else not isinstance(leaf, During) and leaf.or_unknown
    if unknown or (variable.counts_as is not None and _names(leaf, variable.counts_as)):
        return named | {None}
    return named


def _names(leaf: Leaf, value: Value) -> bool:
    match leaf:
        case Is():
            return leaf.value is not None and leaf.value == value
        case In():
            return value in leaf.values
        case Between():
            return isinstance(value, int) and leaf.lowest <= value <= leaf.highest
        case During():
            if not isinstance(value, int):
                return False
            if leaf.start < leaf.end:
                return leaf.start <= value < leaf.end
            return value >= leaf.start or value < leaf.end
        case Has() | Within():
            return value is True
        case _:
            assert_never(leaf)


class Closures:
    """Makes the closures of one policy's conditions; equal leaves share their set of values."""

    def __init__(self, variables: Mapping[str, Variable]) -> None:
        """Make closures over these variables."""
        self._variables = variables
        self._held: dict[Leaf, frozenset[Value | None]] = {}

    def holding(self, leaf: Leaf) -> frozenset[Value | None]:
        """The values for which the leaf holds; see the function `holding`."""
        held = self._held.get(leaf)
        if held is None:
            held = self._held[leaf] = holding(leaf, self._variables[leaf.variable])
        return held

    def test(self, condition: Condition) -> Test | None:
        """What tells of a call whether the condition holds; none if it always does."""
        match condition:
            case Always():
                return None
            case All():
                return self.conjunction(condition.parts)
            case Any():
                tests = [self.test(part) for part in condition.parts]
                if any(test is None for test in tests):
                    return None
                return _one_of([test for test in tests if test is not None])
            case Not():
                test = self.test(condition.part)
                return _never if test is None else _not(test)
            case _:
                return _every([(condition.variable, self.holding(condition))], [])

    def conjunction(self, parts: Sequence[Condition]) -> Test | None:
        """What tells whether all of these hold; none if they always do."""
        asked: list[tuple[str, frozenset[Value | None]]] = []
        tests: list[Test] = []
        for part in parts:
            if isinstance(part, (Always, All, Any, Not)):
                test = self.test(part)
                tests += [] if test is None else [test]
            else:
                asked.append((part.variable, self.holding(part)))
        return _every(asked, tests) if asked or tests else None


def _every(asked: Sequence[tuple[str, frozenset[Value | None]]], tests: Sequence[Test]) -> Test:
    if len(asked) == 1 and not tests:
        (name, allowed) = asked[0]
        return lambda call: call.get(name) in allowed

    def holds(call: Call) -> bool:
        get = call.get
        for name, allowed in asked:
            if get(name) not in allowed:
                return False
        return all(test(call) for test in tests) if tests else True

    return holds


def _one_of(tests: Sequence[Test]) -> Test:
    def holds(call: Call) -> bool:
        return any(test(call) for test in tests)

    return holds


def _not(test: Test) -> Test:
    return lambda call: not test(call)


def _never(_call: Call) -> bool:
    return False
