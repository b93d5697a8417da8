"""Examples for what is listed, found by changing one value of a call that a rule decides; each step is evaluated."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import consistent
from everycall.policy.conditions import mentioned
from everycall.policy.properties.pairs import Smallest
from everycall.policy.properties.replay import CALL, TWIN
from everycall.policy.properties.witnesses import with_value
from everycall.policy.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from everycall.policy.attributes import Value
    from everycall.policy.formula import Call
    from everycall.policy.properties.asking import Inquiry
    from everycall.policy.properties.replay import Decided
    from everycall.policy.rules import AddRule

    Compare = Callable[[Decided, Decided], bool]
    Values = Callable[[Value | None], bool]

NEAR: Final = 24
"""So many neighbours of a rule's own call are tried."""
VALUES: Final = 8
"""So many values of the variable are tried for each twin."""


def _known(value: Value | None) -> bool:
    return value is not None


class Examples:
    """Finds pairs of calls, alike but for one variable, that a rule has to do with."""

    def __init__(self, inquiry: Inquiry) -> None:
        """For the policy of this inquiry."""
        self._inquiry: Final = inquiry
        self._replay: Final = inquiry.single().replay
        self._small: Final = Smallest(self._replay, inquiry.witnesses)

    def pair(
        self,
        rule: Rule | AddRule,
        variable: str,
        shows: Compare,
        *,
        first: Values = _known,
        second: Values = _known,
        rising: bool = False,
    ) -> dict[str, Call] | None:
        """Twins of which one has a value that is `first` and the other one that is `second`, if some are found.

        Args:
            rule: Has to do with it: it decides or raises one of the two.
            variable: In which they differ.
            shows: What must hold of the two outcomes.
            first: The values of the first twin.
            second: The values of the second.
            rising: Whether the second has to have the higher one.
        """
        kinds = self._inquiry.witnesses.kinds(variable)
        order = self._inquiry.variables[variable].values
        ones = [value for value in kinds if first(value)][:VALUES]
        others = [value for value in kinds if second(value)][:VALUES]

        def holds(calls: Mapping[str, Call]) -> bool:
            call, twin = calls[CALL], calls[TWIN]
            here, there = call.get(variable), twin.get(variable)
            if not (first(here) and second(there) and self._possible(call, twin)):
                return False
            if rising and (here is None or there is None or order.index(here) >= order.index(there)):
                return False
            one, other = self._replay.decide(CALL, call), self._replay.decide(CALL, twin)
            return shows(one, other) and any(rule.id in (each.rule, *each.raised_by) for each in (one, other))

        for call in self._around(rule):
            for one in ones:
                for other in others:
                    calls = {CALL: with_value(call, variable, one), TWIN: with_value(call, variable, other)}
                    if holds(calls):
                        return self._small.by_test(holds, calls, frozenset({variable}))
        return None

    def _around(self, rule: Rule | AddRule) -> Iterator[Call]:
        witnesses = self._inquiry.witnesses
        call = witnesses.deciding(rule) if isinstance(rule, Rule) else witnesses.matching(rule)
        if call is not None:
            yield call
            yield from islice(witnesses.near(call, mentioned(rule.when)), NEAR)

    def _possible(self, *calls: Call) -> bool:
        zones = self._inquiry.policy.zones
        return all(consistent(zones, call) == call for call in calls)

    def lower(self, one: Decided, other: Decided) -> bool:
        """Whether the second outcome is less than the first in an ordered component."""
        components = self._replay.scene.components.items
        return any(
            component.ordered and after < before
            for component, before, after in zip(components, one.ranks, other.ranks, strict=True)
        )
