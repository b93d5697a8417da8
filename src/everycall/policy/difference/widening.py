"""From one call to the widest set of calls around it that change in the same way.

Every step keeps the promise that *every* call within changes in that direction, as far as the landscape can tell,
which errs only on the narrow side. `dominance` says what
is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from everycall.policy.difference.dominance import Sources, below, by_component, sources_of
from everycall.policy.difference.landscape import FAILS, HOLDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from everycall.policy.difference.landscape import Box, Landscape
    from everycall.policy.difference.result import Direction

OLD: Final = 0
NEW: Final = 1


@dataclass(frozen=True, slots=True)
class Promise:
    """What every call of a region must do: in these components (by number) change that way.

    Attributes:
        falls: The components in which the new outcome is lower.
        rises: The components in which it is higher.
    """

    direction: Direction
    falls: tuple[int, ...]
    rises: tuple[int, ...]

    def only(self, components: Collection[int]) -> Promise:
        """The same, of fewer components."""
        return Promise(
            direction=self.direction,
            falls=tuple([at for at in self.falls if at in components]),
            rises=tuple([at for at in self.rises if at in components]),
        )

    def components(self) -> tuple[int, ...]:
        """All that it is about."""
        return self.falls + self.rises


Deciders = tuple[int | None, int | None]
"""The places of the rules that are known to decide, of the old version and of the new; none: not known."""


@dataclass(frozen=True, slots=True)
class Widened:
    """The widest box that was found.

    Attributes:
        known: For each version the rules of which one decides all calls of it; none: whichever.
        box: The kinds of values.
        granted: The kinds that those rules' deciding allows at all: where the box is as wide, nothing is said.
        deciders: For each version the rules that may decide.
        promise: What all calls of it do.
        silent: The conditions of `add` rules that hold of none of its calls.
        pairs: The rules that may decide the same of its calls, where that was worked out.
    """

    known: tuple[tuple[int, ...], tuple[int, ...]]
    box: Box
    granted: Box
    deciders: tuple[tuple[int, ...], tuple[int, ...]]
    promise: Promise
    silent: frozenset[int] = frozenset()
    pairs: tuple[tuple[int, int], ...] = ()

    def narrowed(self) -> list[int]:
        """The variables of which something has to be said."""
        return [at for at, kinds in enumerate(self.box) if kinds != self.granted[at]]

    def deciders_known(self) -> Deciders:
        """The one rule of each version that is known to decide, where only one is said."""
        old, new = [rules[0] if len(rules) == 1 else None for rules in self.known]
        return old, new

    def length(self) -> int:
        """How much has to be said; a second rule's name says less to a reader than a fact does."""
        return 2 * len(self.narrowed()) + (3 if all(self.known) else 0) + (4 if self.silent else 0)


class Widening:
    """Widens around calls that a known rule decides: of one version, or one of each."""

    def __init__(self, landscape: Landscape, known: Deciders, silent: frozenset[int] = frozenset()) -> None:
        """Work out what follows from those rules' deciding, and from these conditions' not holding."""
        self._land: Final = landscape
        self._deciders: Final = known
        self._silent: Final = silent
        # Only noted, not put into the box: "unless this rule adds" shall be said, and not "weapon is not yes".
        self._known: Final[dict[int, int]] = dict.fromkeys(silent, FAILS)
        self.granted: Final[Box] = list(landscape.everything)
        for rules, decider in zip(landscape.rules, known, strict=True):
            if decider is not None:
                landscape.assume(rules.nodes[decider], holds=True, box=self.granted, known=self._known)
                for node in rules.nodes[:decider]:
                    landscape.assume(node, holds=False, box=self.granted, known=self._known)
        for rules, decider in zip(landscape.rules, known, strict=True):
            if decider is not None:
                landscape.project(rules.nodes[decider], self.granted, {})
        components = landscape.scene.components.items
        self._ordered: Final = tuple([at for at, component in enumerate(components) if component.ordered])
        self._adding: Final = tuple([by_component(rules.adds, len(components)) for rules in landscape.rules])
        self._add_nodes: Final = tuple(dict.fromkeys([added.node for rules in landscape.rules for added in rules.adds]))
        self._kept: dict[tuple[int, int, bytes], bool] = {}

    def whole(self, promise: Promise) -> Widened | None:
        """All calls that those rules decide, if part of the promise is kept by every one; with that part."""
        box = list(self.granted)
        return self._told(box, self._statuses(box), promise)

    def around(self, point: Box, promise: Promise, order: Sequence[int]) -> Widened | None:
        """The widest box around a point; none if the promise is not kept even there.

        Args:
            point: Of a call that the rules decide.
            promise: What every call of the box must do; what turns out to be kept beyond it is not looked for.
            order: The variables, those first of which nothing should be said if possible.
        """
        box = [kinds & self.granted[at] for at, kinds in enumerate(point)]
        if not all(box):
            return None
        said = self._statuses(box)
        self._kept = {}
        if not self._keeps(said, promise):
            return None
        for variable in order:
            if box[variable] != self.granted[variable]:
                self._try(box, said, variable, self.granted[variable], promise)
        for variable in reversed(order):
            for bit in _bits(self.granted[variable] & ~box[variable]):
                self._try(box, said, variable, box[variable] | bit, promise)
        return self._told(box, said, promise)

    def extended(self, found: Widened, promise: Promise) -> Widened:
        """What was found, with all of this promise that its calls keep."""
        return self._told(found.box, self._statuses(found.box), promise) or found

    def together(self, found: Widened) -> list[tuple[int, int]]:
        """The rules that may decide the same of the calls of what was found here."""
        return list(self._pairs(self._statuses(found.box)))

    def _statuses(self, box: Box) -> dict[int, int]:
        return {root: self._land.status(root, box, self._known) for root in self._land.roots}

    def _told(self, box: Box, said: dict[int, int], promise: Promise) -> Widened | None:
        """The box with what is kept of the promise."""
        kept: list[int] = []
        for at in promise.components():
            self._kept = {}
            if self._keeps(said, promise.only((at,))):
                kept.append(at)
        self._kept = {}
        if not kept:
            return None
        return Widened(
            known=(_one(self._deciders[OLD]), _one(self._deciders[NEW])),
            box=box,
            granted=self.granted,
            deciders=(self._possible(OLD, said), self._possible(NEW, said)),
            promise=promise.only(kept),
            silent=self._silent,
        )

    def needed(self, found: Widened) -> frozenset[int]:
        """Those of the silent conditions without which what was found would not keep its promise."""
        needed = set(self._silent)
        for node in sorted(self._silent):
            said = self._statuses(found.box)
            for root in self._silent - needed | {node}:
                said[root] = self._land.status(root, found.box, {})
            self._kept = {}
            if self._keeps(said, found.promise, among=found.pairs):
                needed.discard(node)
        self._kept = {}
        return frozenset(needed)

    def _try(self, box: Box, said: dict[int, int], variable: int, kinds: int, promise: Promise) -> None:
        before = box[variable]
        box[variable] = kinds
        changed: list[tuple[int, int]] = []
        status, known = self._land.status, self._known
        for root in self._land.looking_at[variable]:
            found = status(root, box, known)
            if found != said[root]:
                changed.append((root, said[root]))
                said[root] = found
        if changed and not self._keeps(said, promise):
            box[variable] = before
            said.update(changed)

    def _possible(self, side: int, said: dict[int, int]) -> tuple[int, ...]:
        """The rules that may decide under a version."""
        known = self._deciders[side]
        if known is not None:
            return (known,)
        found: list[int] = []
        for at, node in enumerate(self._land.rules[side].nodes):
            if said[node] & HOLDS:
                found.append(at)
                if not said[node] & FAILS:
                    break
        return tuple(found)

    def _keeps(self, said: dict[int, int], promise: Promise, among: Sequence[tuple[int, int]] = ()) -> bool:
        adding = bytes([said[node] for node in self._add_nodes])
        plans = self._land.plans
        kept_before = self._kept
        for old, new in among or self._pairs(said):
            key = (plans[OLD][old], plans[NEW][new], adding)
            kept = kept_before.get(key)
            if kept is None:
                kept = kept_before[key] = self._keeps_with(old, new, said, promise)
            if not kept:
                return False
        return True

    def _pairs(self, said: dict[int, int]) -> Iterator[tuple[int, int]]:
        old, new = self._possible(OLD, said), self._possible(NEW, said)
        if self._deciders != (None, None):
            return product(old, new)
        first, second = frozenset(old), frozenset(new)
        return iter([pair for pair in self._land.together if pair[0] in first and pair[1] in second])

    def _keeps_with(self, old: int, new: int, said: dict[int, int], promise: Promise) -> bool:
        ranks, adding = [self._land.rules[side].ranks for side in (OLD, NEW)], self._adding

        def sources(at: int) -> tuple[Sources, Sources]:
            return (
                sources_of(ranks[OLD][old][at], adding[OLD][at], said),
                sources_of(ranks[NEW][new][at], adding[NEW][at], said),
            )

        return all(below(after, before, strictly=True) for before, after in map(sources, promise.falls)) and all(
            below(before, after, strictly=True) for before, after in map(sources, promise.rises)
        )

    def pure(self, found: Widened) -> bool:
        """Whether no call of what was found changes in a direction that comes before its own: less, then more."""
        if found.promise.direction == "less":
            return True
        said = self._statuses(found.box)
        upwards = found.promise.direction == "otherwise"
        judged: dict[tuple[int, int], bool] = {}
        for old, new in found.pairs or self._pairs(said):
            key = (self._land.plans[OLD][old], self._land.plans[NEW][new])
            if key not in judged:
                before, after = self._all_sources(old, new, said)
                judged[key] = all(
                    below(before[at], after[at], strictly=False)
                    and (not upwards or below(after[at], before[at], strictly=False))
                    for at in self._ordered
                )
            if not judged[key]:
                return False
        return True

    def _all_sources(self, old: int, new: int, said: dict[int, int]) -> list[list[Sources]]:
        return [
            [
                sources_of(rank, adding, said)
                for rank, adding in zip(self._land.rules[side].ranks[decider], self._adding[side], strict=True)
            ]
            for side, decider in ((OLD, old), (NEW, new))
        ]

    def spread(self, found: Widened, leading: int, deciders: tuple[int, int]) -> Widened:
        """What was found, with all other rules whose calls, with the same facts, change alike in one component.

        Only for a widening that knows no decider. Rules whose calls are of other callers, or inside another
        zone of few premises, stay apart: what touches only some must not drown in what touches all.

        Args:
            found: What to spread.
            leading: The component.
            deciders: The rules of the call from which it was found.
        """
        box = [kinds if kinds != found.granted[at] else self.granted[at] for at, kinds in enumerate(found.box)]
        said = self._statuses(box)
        wanted = found.promise.only((leading,))
        pairs = list(self._pairs(said))
        plans = [(self._land.plans[OLD][old], self._land.plans[NEW][new]) for old, new in pairs]
        sample = dict(zip(plans, pairs, strict=True))
        kept = {key: self._keeps_with(*pair, said, wanted) for key, pair in sample.items()}
        whose = self._land.whose(box, deciders)
        good = {
            pair for pair, key in zip(pairs, plans, strict=True) if kept[key] and self._land.whose(box, pair) == whose
        }
        pairs = self._without_impossible(pairs, good, box)
        best = self._widest(pairs, good, found)
        if best is None:
            return found
        inside = [pair for pair in pairs if all(not known or pair[side] in known for side, known in enumerate(best))]
        every = {(self._land.plans[OLD][old], self._land.plans[NEW][new]): (old, new) for old, new in inside}
        promise = [
            at
            for at in found.promise.components()
            if all(self._keeps_with(*pair, said, found.promise.only((at,))) for pair in every.values())
        ]
        may_decide = [tuple(sorted({pair[side] for pair in inside})) for side in (OLD, NEW)]
        return Widened(
            known=(tuple(sorted(best[OLD])), tuple(sorted(best[NEW]))),
            box=box,
            granted=self.granted,
            deciders=(may_decide[OLD], may_decide[NEW]),
            promise=found.promise.only(promise),
            silent=self._silent,
            pairs=tuple(inside),
        )

    def _without_impossible(
        self, pairs: Sequence[tuple[int, int]], good: set[tuple[int, int]], box: Box
    ) -> list[tuple[int, int]]:
        """The pairs without those that are no good and cannot be: one rule's calls are not the other's.

        A rule none of whose pairs is good is not looked at more closely: nothing would come of it.
        """
        hopeful = [{pair[side] for pair in good} for side in (OLD, NEW)]
        decide: dict[tuple[int, int], frozenset[int]] = {}

        def apart(side: int, pair: tuple[int, int]) -> bool:
            key = (side, pair[side])
            if pair[side] not in hopeful[side]:
                return False
            if key not in decide:
                decide[key] = self._beside(side, pair[side], box)
            return pair[1 - side] not in decide[key]

        return [pair for pair in pairs if pair in good or not (apart(OLD, pair) or apart(NEW, pair))]

    def _beside(self, side: int, rule: int, box: Box) -> frozenset[int]:
        """The rules of the other version that may decide calls of the box that this rule decides."""
        narrow = [kinds & allowed for kinds, allowed in zip(box, self._land.allowed(side, rule), strict=True)]
        if not all(narrow):
            return frozenset()
        found: list[int] = []
        for at, node in enumerate(self._land.rules[1 - side].nodes):
            said = self._land.status(node, narrow, self._known)
            if said & HOLDS:
                found.append(at)
                if not said & FAILS:
                    break
        return frozenset(found)

    def _widest(
        self, pairs: Sequence[tuple[int, int]], good: set[tuple[int, int]], found: Widened
    ) -> tuple[set[int], set[int]] | None:
        """The most rules, of one version or of both, all of whose pairs are good and that hold what was found."""
        choices: list[tuple[set[int], set[int]]] = []
        for side in (OLD, NEW):
            rules = {pair[side] for pair in pairs} - {pair[side] for pair in pairs if pair not in good}
            if rules.issuperset(found.deciders[side]):
                rules = set() if len(good) == len(pairs) else rules
                choices.append((rules, set()) if side == OLD else (set(), rules))
        if not choices and all(found.known):
            (old,), (new,) = found.known
            if (old, new) in good:
                choices.append(({one for one, other in good if other == new}, {new}))
                choices.append(({old}, {other for one, other in good if one == old}))
        for choice in choices:
            if not any(choice):
                return choice
        return max(choices, key=lambda choice: sum(map(len, choice)), default=None)


def _one(decider: int | None) -> tuple[int, ...]:
    return () if decider is None else (decider,)


def _bits(kinds: int) -> list[int]:
    return [1 << at for at in range(kinds.bit_length()) if kinds >> at & 1]
