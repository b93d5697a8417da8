"""From one call that changes to a region around it, with its words, its example and who is touched."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY
from everycall.policy.difference.landscape import Landscape
from everycall.policy.difference.membership import lies_in
from everycall.policy.difference.result import Description, Example, Region, Shift, Touched, ValueSet
from everycall.policy.difference.sentences import Sentences
from everycall.policy.difference.widening import NEW, OLD, Deciders, Widened, Widening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.difference.judge import Both, Judge
    from everycall.policy.difference.landscape import Box
    from everycall.policy.difference.result import Direction
    from everycall.policy.difference.widening import Promise
    from everycall.policy.formula import Call, Scene

_NOON: Final = 12 * 60
_LEADING: Final = ("priority", "send", "minimum_officers", "dispatch_within", "arrive_within", "find_out_within", "may")


class Describer:
    """Describes what changes in one scene."""

    def __init__(self, scene: Scene, judge: Judge) -> None:
        """Lay out the landscape."""
        self._scene: Final = scene
        self._judge: Final = judge
        self._land: Final = Landscape(scene)
        self._say: Final = Sentences(scene)
        self._order: Final = self._order_of_mention()
        self._widenings: Final[dict[tuple[Deciders, frozenset[int]], Widening]] = {}

    def region(self, call: Call, listed: Sequence[Region]) -> tuple[Region, Promise] | None:
        """The region around a call that changes, and what all its calls do.

        Args:
            call: One that lies in none of those listed.
            listed: The regions of its direction that were found before.
        """
        call = self.readable(call, listed)
        both = self._judge.both(call)
        promise = self._judge.promise(both)
        if promise is None:
            return None
        point = self._land.point(call)
        shortest = self._shortest(point, both, promise)
        if shortest is None:
            return None
        leading = min(shortest.promise.components(), key=self._weight)
        spread = self._widening((None, None), shortest.silent).spread(shortest, leading, self._deciders(both))
        known = spread.deciders_known() if spread is shortest else (None, None)
        widening = self._widening(known, shortest.silent)
        pure = widening.pure(spread)
        if spread.silent and pure:
            spread = replace_silent(spread, widening.needed(spread))
        return self._told(call, both, spread, apart=not pure), spread.promise

    def _deciders(self, both: Both) -> tuple[int, int]:
        """The places of the rules that decide a call."""
        old, new = [self._land.rules[side].ids.index(both[side].rule) for side in (OLD, NEW)]
        return old, new

    def _weight(self, component: int) -> tuple[int, int]:
        """Which component leads, where one must."""
        head = self._scene.components.items[component].name.partition(".")[0]
        return _LEADING.index(head) if head in _LEADING else len(_LEADING), component

    def _shortest(self, point: Box, both: Both, promise: Promise) -> Widened | None:
        """The region around a call that takes the fewest words; as many of its components as all its calls share."""
        old, new = self._deciders(both)
        either: tuple[Deciders, Deciders] = ((old, None), (None, new))
        for known in either:
            whole = self._widening(known).whole(promise)
            if whole is not None:
                return whole
        found: list[Widened] = []
        for known, wanted in self._attempts(old, new, promise):
            made = self._widening(known).around(point, wanted, self._order)
            if made is not None:
                found.append(self._widening(known).extended(made, promise))
        found += self._unraised(point, (old, new), promise)
        whole = self._widening((old, new)).whole(promise)
        if whole is not None:
            found.append(whole)
        return min(found, key=Widened.length, default=None)

    def _unraised(self, point: Box, deciders: tuple[int, int], promise: Promise) -> Iterator[Widened]:
        """The same, but for what `add` rules that the call does not meet would raise: those are named instead."""
        old, new = deciders
        silent = self._land.silent_at(point, promise.components())
        if not silent:
            return
        leading = promise.only((min(promise.components(), key=self._weight),))
        known: Deciders
        for known in ((None, None), (old, None), (None, new), (old, new)):
            widening = self._widening(known, silent)
            made = widening.whole(leading) or widening.around(point, leading, self._order)
            if made is not None:
                yield widening.extended(made, promise)

    def _attempts(self, old: int, new: int, promise: Promise) -> Iterator[tuple[Deciders, Promise]]:
        """What to widen, and with which promise: fewer components make wider regions.

        What `add` rules change, they mostly change whatever decides; what the plans change depends on the rules.
        """
        ranks = [self._land.rules[OLD].ranks[old], self._land.rules[NEW].ranks[new]]
        by_plan = [at for at in promise.components() if ranks[OLD][at] != ranks[NEW][at]]
        by_add = [at for at in promise.components() if at not in by_plan]
        if by_add:
            yield (None, None), promise.only(by_add[:1])
        if by_plan:
            yield (None, None), promise.only(by_plan[:1])
            for known in ((old, None), (None, new), (old, new)):
                yield known, promise.only(by_plan[:1])
        yield (old, new), promise.only(by_add[:1] or by_plan)

    def _widening(self, known: Deciders, silent: frozenset[int] = frozenset()) -> Widening:
        key = (known, silent)
        if key not in self._widenings:
            self._widenings[key] = Widening(self._land, known, silent)
        return self._widenings[key]

    def readable(self, call: Call, listed: Sequence[Region]) -> Call:
        """The call without what plays no part: the same rules decide, it changes alike, and it is not listed yet."""
        plain: dict[str, Value] = {TIME_OF_DAY: _NOON, WEEKDAY: "monday"}
        looked_at = {self._land.variables[at].name for at, nodes in enumerate(self._land.looking_at) if nodes}
        wanted = self._decided(call)
        for name in [*[name for name in call if name not in looked_at], *[name for name in call if name in looked_at]]:
            tried = {key: value for key, value in call.items() if key != name}
            if name in plain:
                tried[name] = plain[name]
            if self._decided(tried) == wanted and not any(lies_in(self._judge, tried, region) for region in listed):
                call = tried
        return call

    def _decided(self, call: Call) -> tuple[str, str, Direction | None]:
        both = self._judge.both(call)
        promise = self._judge.promise(both)
        return both[OLD].rule, both[NEW].rule, None if promise is None else promise.direction

    def _told(self, call: Call, both: Both, wide: Widened, *, apart: bool) -> Region:
        promise = wide.promise
        facts = tuple([self._fact(at, wide.box) for at in sorted(wide.narrowed(), key=self._order.index, reverse=True)])
        ids = [rules.ids for rules in self._land.rules]
        known = [_first([ids[side][at] for at in wide.known[side]], both[side].rule) for side in (OLD, NEW)]
        deciders = [_first([ids[side][at] for at in wide.deciders[side]], both[side].rule) for side in (OLD, NEW)]
        shifts = self._shifts(both)
        named = {*promise.falls, *promise.rises}
        mixed = promise.direction == "less" and any(
            after > before and component.ordered
            for component, before, after in zip(
                self._scene.components.items, both[OLD].ranks, both[NEW].ranks, strict=True
            )
        )
        unless_old, unless_new = self._land.adding(wide.silent)
        description = Description(
            old_rules=known[OLD],
            new_rules=known[NEW],
            facts=facts,
            unless_old=unless_old,
            unless_new=unless_new,
            apart=apart,
        )
        return Region(
            direction=promise.direction,
            description=replace(description, words=self._say.description(description, promise.direction)),
            old_rules=deciders[OLD],
            new_rules=deciders[NEW],
            changes=tuple([shift for at, shift in shifts.items() if at in named]),
            also=tuple([shift for at, shift in shifts.items() if at not in named]),
            mixed=mixed,
            example=self.example(call, both),
            touched=self._touched(wide),
        )

    def _fact(self, at: int, box: Box) -> ValueSet:
        values = self._land.values(at, box[at])
        return ValueSet(
            variable=self._land.variables[at].name,
            values=tuple([value for value in values if value is not None]),
            unknown=None in values,
        )

    def _shifts(self, both: Both) -> dict[int, Shift]:
        pairs = zip(self._scene.components.items, both[OLD].ranks, both[NEW].ranks, strict=True)
        changed = {
            at: (component, before, after) for at, (component, before, after) in enumerate(pairs) if before != after
        }
        names = {name for component, _, _ in changed.values() for name in component.names}
        return {
            at: self._say.shift(*changed[at])
            for at in sorted(changed, key=self._weight)
            # Who is told of what was not allowed before is no news beside that it is.
            if not (
                (name := changed[at][0].name).endswith(".ladder")
                and (name.removesuffix(".ladder") in names or name.removesuffix("ladder") + "within" in names)
            )
        }

    def example(self, call: Mapping[str, Value], both: Both) -> Example:
        """A call with what decides it, in words."""
        facts = dict(call)
        return Example(facts=facts, old_rule=both[OLD].rule, new_rule=both[NEW].rule, words=self._say.call(facts))

    def _touched(self, wide: Widened) -> Touched:
        land = self._land
        box = land.touched(wide.box, wide.pairs or self._widening(wide.deciders_known()).together(wide))
        narrow = {
            variable.name: self._fact(at, box)
            for at, variable in enumerate(land.variables)
            if box[at] != land.everything[at]
        }
        protected = tuple(
            [narrow[variable.name] for variable in land.variables if variable.protected and variable.name in narrow]
        )
        return Touched(
            services=_codes(narrow.get(SERVICE)),
            types=_codes(narrow.get(TYPE)),
            zones=tuple([name.removeprefix("zone.") for name in narrow if name.startswith("zone.")]),
            protected=protected,
            protected_words=self._say.facts(protected),
        )

    def _order_of_mention(self) -> list[int]:
        """The variables that rules look at, those first of which a description should say nothing if it can."""

        def weight(at: int) -> tuple[int, str]:
            variable = self._land.variables[at]
            if variable.protected:
                return 0, variable.name
            if variable.name.startswith("zone."):
                return 1, variable.name
            return {SERVICE: 4, TYPE: 5, TIME_OF_DAY: 2, WEEKDAY: 2}.get(variable.name, 3), variable.name

        return sorted([at for at, nodes in enumerate(self._land.looking_at) if nodes], key=weight)


def replace_silent(found: Widened, silent: frozenset[int]) -> Widened:
    """What was found, with fewer conditions to be silent."""
    return dataclasses.replace(found, silent=silent)


def _first(names: Sequence[str], first: str) -> tuple[str, ...]:
    return (first, *[name for name in names if name != first]) if first in names else tuple(names)


def _codes(fact: ValueSet | None) -> tuple[str, ...] | None:
    if fact is None:
        return None
    return tuple([str(value) for value in fact.values] + (["unknown"] if fact.unknown else []))
