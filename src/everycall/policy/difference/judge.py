"""What the real evaluator says of a call under both versions, as ranks that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from everycall.policy.difference.widening import NEW, OLD, Promise
from everycall.policy.evaluate import compile_policy

if TYPE_CHECKING:
    from everycall.policy.difference.result import Direction
    from everycall.policy.formula import Call, Scene


@dataclass(frozen=True, slots=True)
class Outcome:
    """What decides, what raises, and the rank in each component."""

    rule: str
    raised_by: tuple[str, ...]
    ranks: tuple[int, ...]


Both = tuple[Outcome, Outcome]
"""Under the old version, under the new."""


class Judge:
    """Decides calls under both versions of a scene by their real evaluators."""

    def __init__(self, scene: Scene) -> None:
        """Make the evaluators ready."""
        self._components: Final = scene.components
        self._ordered: Final = tuple([component.ordered for component in scene.components.items])
        self._compiled: Final = [compile_policy(policy) for policy in scene.policies]
        self._ranks: Final[dict[tuple[int, str, tuple[str, ...]], Outcome]] = {}

    def outcome(self, side: int, call: Call) -> Outcome:
        """What one version does with a call."""
        compiled = self._compiled[side]
        decision = compiled.decide(compiled.call_of(call))
        key = (side, decision.rule, tuple(decision.raised_by))
        held = self._ranks.get(key)
        if held is None:
            ranks = self._components.ranks(decision.plan)
            held = self._ranks[key] = Outcome(rule=key[1], raised_by=key[2], ranks=ranks)
        return held

    def both(self, call: Call) -> Both:
        """What each version does with a call."""
        return self.outcome(OLD, call), self.outcome(NEW, call)

    def promise(self, both: Both) -> Promise | None:
        """How a call changes, and in which components; none: it does not."""
        old, new = both
        pairs = list(enumerate(zip(old.ranks, new.ranks, strict=True)))
        falls = tuple([at for at, (before, after) in pairs if after < before])
        rises = tuple([at for at, (before, after) in pairs if after > before])
        if not falls and not rises:
            return None
        ordered_falls = tuple([at for at in falls if self._ordered[at]])
        ordered_rises = tuple([at for at in rises if self._ordered[at]])
        if ordered_falls:
            return Promise(direction="less", falls=ordered_falls, rises=())
        if ordered_rises:
            return Promise(direction="more", falls=(), rises=ordered_rises)
        return Promise(direction="otherwise", falls=falls, rises=rises)

    def direction(self, call: Call) -> Direction | None:
        """In which direction a call changes; none: it does not."""
        promise = self.promise(self.both(call))
        return None if promise is None else promise.direction

    def keeps(self, both: Both, promise: Promise) -> bool:
        """Whether a call changes at least as promised."""
        old, new = both
        found = self.promise(both)
        return (
            found is not None
            and found.direction == promise.direction
            and all(new.ranks[at] < old.ranks[at] for at in promise.falls)
            and all(new.ranks[at] > old.ranks[at] for at in promise.rises)
        )
