"""Which calls get less under a new version of a policy, and which get more.

The search, for each direction:

1. Ask the engines for a call that changes so and lies in none of the regions found. Replay it through the real
   evaluator.
2. Take away from it what plays no part, so that it can be read.
3. Widen it to a region: the calls that one rule decides, old or new, with as little said beyond that as can be,
   every one of which changes so. Go on with 1.
4. When all engines say that nothing is left, ask them whether any call of a region does not change as it says.

"Established" needs every engine in 3 and 4; a time-out or a disagreement is not established, never a pass.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.policy.attributes import SERVICE, TIME_OF_DAY, TYPE, WEEKDAY
from everycall.policy.difference.judge import Judge
from everycall.policy.difference.landscape import Landscape
from everycall.policy.difference.overall import overall
from everycall.policy.difference.questions import Panel, changes, keeps, scene_of, within
from everycall.policy.difference.result import (
    Description,
    Difference,
    Direction,
    Example,
    Region,
    Shift,
    Touched,
    ValueSet,
    Verdict,
)
from everycall.policy.difference.sentences import Sentences
from everycall.policy.difference.widening import NEW, OLD, Deciders, Widened, Widening
from everycall.policy.formula import AllOf, Found, Neg, NoAnswer, OneOf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.difference.judge import Both
    from everycall.policy.difference.landscape import Box
    from everycall.policy.difference.widening import Promise
    from everycall.policy.formula import Call, Engine, Formula, Scene
    from everycall.policy.rules import Policy

DIRECTIONS: Final[tuple[Direction, ...]] = ("less", "more", "otherwise")
MOST_REGIONS: Final = 40
_NOON: Final = 12 * 60


def compare(
    old: Policy,
    new: Policy,
    *,
    engines: Sequence[Callable[[Scene], Engine]],
    seconds: float = 60.0,
    regions: int = MOST_REGIONS,
    progress: Callable[[Direction, int], None] | None = None,
) -> Difference:
    """Say which calls get less, more, or otherwise unlike help under the new version.

    Args:
        old: The version to compare with.
        new: The version in question.
        engines: What makes each engine; "established" needs two of them.
        seconds: After which the search ends, with what it has found.
        regions: How many regions to list for each direction.
        progress: Told the direction and how many of its regions are found.

    Returns:
        The difference; what could not be shown within the time says so.
    """
    began = time.process_time()
    if old.hash == new.hash:
        verdicts = tuple([Verdict(direction=each, established=True, complete=True) for each in DIRECTIONS])
        return _result(old, new, (), (), verdicts, began, same=True)
    scene = scene_of(old, new)
    search = _Search(scene, Panel([make(scene) for make in engines], seconds), regions)
    verdicts = tuple([search.run(direction, progress) for direction in DIRECTIONS])
    verdicts = tuple([_with_clock(verdict, scene) for verdict in verdicts])
    names = tuple([engine.name for engine in search.panel.engines])
    return _result(old, new, names, tuple(search.found), verdicts, began, same=False)


def _result(
    old: Policy,
    new: Policy,
    engines: tuple[str, ...],
    regions: tuple[Region, ...],
    verdicts: tuple[Verdict, ...],
    began: float,
    *,
    same: bool,
) -> Difference:
    return Difference(
        old=old.heading.version,
        new=new.heading.version,
        old_hash=old.hash,
        new_hash=new.hash,
        same_text=same,
        engines=engines,
        regions=regions,
        verdicts=verdicts,
        changes=() if same else overall(old, new),
        seconds=time.process_time() - began,
    )


def _with_clock(verdict: Verdict, scene: Scene) -> Verdict:
    """Hours by two clocks cannot be compared: the scene's hour is the same for both versions, an instant's is not."""
    zones = [policy.heading.time_zone for policy in scene.policies]
    clock = frozenset((TIME_OF_DAY, WEEKDAY))
    if zones[0] == zones[1] or not any(any(policy.mentioning(clock)) for policy in scene.policies):
        return verdict
    because = (
        f"The time zone changes from {zones[0]} to {zones[1]} and rules read the time of day: which instants "
        "that touches was not compared, only equal hours on both clocks."
    )
    return replace(verdict, established=False, because=" ".join([text for text in (verdict.because, because) if text]))


class _Search:
    """Finds the regions of one comparison."""

    def __init__(self, scene: Scene, panel: Panel, most: int) -> None:
        self._scene: Final = scene
        self.panel: Final = panel
        self._most: Final = most
        self._judge: Final = Judge(scene)
        self._land: Final = Landscape(scene)
        self._say: Final = Sentences(scene)
        self._order: Final = self._order_of_mention()
        self._widenings: Final[dict[tuple[Deciders, frozenset[int]], Widening]] = {}
        self.found: Final[list[Region]] = []

    def run(self, direction: Direction, progress: Callable[[Direction, int], None] | None) -> Verdict:
        """Find the regions of one direction."""
        ordered = [component.ordered for component in self._scene.components.items]
        if not (any(ordered) if direction != "otherwise" else not all(ordered)):
            # Nothing in either version that could differ so: each chain has one level.
            return Verdict(direction=direction, established=True, complete=True)
        question = changes(self._scene, direction)
        regions: list[Region] = []
        promises: list[Promise] = []
        faults = len(self.panel.faults)
        because, complete, beyond = "", False, None
        while True:
            blocked = tuple([Neg(part=within(self._scene, direction, region.description)) for region in regions])
            answer = self.panel.settle(
                AllOf(parts=(question, *blocked)), lambda found: self._confirms(found, direction, regions)
            )
            if isinstance(answer, NoAnswer):
                because = f"It is not known whether more calls are touched ({answer.because})."
                break
            if not isinstance(answer, Found):
                complete = True
                break
            call = dict(answer.calls["old"])
            if len(regions) == self._most:
                because = f"More calls get {_WORD[direction]} than the {self._most} regions that are listed."
                beyond = self._example(self._readable(call, regions), self._judge.both(call))
                break
            made = self._region(call, regions)
            if made is None:
                because = "A call that changes could not be described; this is a fault of this program."
                beyond = self._example(call, self._judge.both(call))
                break
            regions.append(made[0])
            promises.append(made[1])
            if progress is not None:
                progress(direction, len(regions))
        doubt = self._verify(regions, promises)
        if len(self.panel.faults) > faults:
            doubt = " ".join([doubt, "The engines disagree: " + "; ".join(self.panel.faults[faults:]) + "."]).strip()
        self.found.extend([replace(region, established=not doubt) for region in regions])
        return Verdict(
            direction=direction,
            established=complete and not doubt,
            complete=complete,
            because=" ".join([text for text in (because, doubt) if text]),
            beyond=beyond,
        )

    def _verify(self, regions: Sequence[Region], promises: Sequence[Promise]) -> str:
        """Why it is not established that every call of every region changes as it says; empty if it is."""
        if not regions:
            return ""
        broken: list[Formula] = [
            AllOf(
                parts=(within(self._scene, region.direction, region.description), Neg(part=keeps(self._scene, promise)))
            )
            for region, promise in zip(regions, promises, strict=True)
        ]

        def breaks(found: Found) -> bool:
            call = dict(found.calls["old"])
            both = self._judge.both(call)
            return any(
                self._lies_in(call, region) and not self._judge.keeps(both, promise)
                for region, promise in zip(regions, promises, strict=True)
            )

        answer = self.panel.settle(OneOf(parts=tuple(broken)), breaks)
        if isinstance(answer, NoAnswer):
            return f"It is not established that all calls described change so ({answer.because})."
        if isinstance(answer, Found):
            return "Some call described does not change so; this is a fault of this program."
        return ""

    def _confirms(self, found: Found, direction: Direction, regions: Sequence[Region]) -> bool:
        call = dict(found.calls["old"])
        return self._judge.direction(call) == direction and not any(self._lies_in(call, region) for region in regions)

    def _lies_in(self, call: Call, region: Region) -> bool:
        return lies_in(self._judge, call, region)

    # From a call to a region.

    def _region(self, call: Call, listed: Sequence[Region]) -> tuple[Region, Promise] | None:
        call = self._readable(call, listed)
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
        for known in ((old, None), (None, new), (old, new)):
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

    def _readable(self, call: Call, listed: Sequence[Region]) -> Call:
        """The call without what plays no part: the same rules decide, it changes alike, and it is not listed yet."""
        plain: dict[str, Value] = {TIME_OF_DAY: _NOON, WEEKDAY: "monday"}
        looked_at = {self._land.variables[at].name for at, nodes in enumerate(self._land.looking_at) if nodes}
        wanted = self._decided(call)
        for name in [*[name for name in call if name not in looked_at], *[name for name in call if name in looked_at]]:
            tried = {key: value for key, value in call.items() if key != name}
            if name in plain:
                tried[name] = plain[name]
            if self._decided(tried) == wanted and not any(self._lies_in(tried, region) for region in listed):
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
            example=self._example(call, both),
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

    def _example(self, call: Mapping[str, Value], both: Both) -> Example:
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


_LEADING: Final = ("priority", "send", "minimum_officers", "dispatch_within", "arrive_within", "find_out_within", "may")
_WORD: Final = {"less": "less", "more": "more", "otherwise": "unlike help"}


def lies_in(judge: Judge, call: Call, region: Region) -> bool:
    """Whether a call is one of a region's."""
    described = region.description
    if not has_facts(call, described.facts):
        return False
    both = judge.both(call)
    named = zip((described.old_rules, described.new_rules), both, strict=True)
    if not all(not rules or outcome.rule in rules for rules, outcome in named):
        return False
    unless = zip((described.unless_old, described.unless_new), both, strict=True)
    if any(not frozenset(rules).isdisjoint(outcome.raised_by) for rules, outcome in unless):
        return False
    if not described.apart:
        return True
    promise = judge.promise(both)
    return promise is None or DIRECTIONS.index(promise.direction) >= DIRECTIONS.index(region.direction)


def has_facts(call: Mapping[str, Value], facts: Sequence[ValueSet]) -> bool:
    """Whether a call has these facts."""
    return all(fact.unknown if (value := call.get(fact.variable)) is None else value in fact.values for fact in facts)


def replace_silent(found: Widened, silent: frozenset[int]) -> Widened:
    """What was found, with fewer conditions to be silent."""
    return dataclasses.replace(found, silent=silent)


def _first(names: Sequence[str], first: str) -> tuple[str, ...]:
    return (first, *[name for name in names if name != first]) if first in names else tuple(names)


def _codes(fact: ValueSet | None) -> tuple[str, ...] | None:
    if fact is None:
        return None
    return tuple([str(value) for value in fact.values] + (["unknown"] if fact.unknown else []))
