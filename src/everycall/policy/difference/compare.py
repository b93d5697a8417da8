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

import time
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from everycall.policy.attributes import TIME_OF_DAY, WEEKDAY
from everycall.policy.difference.describing import Describer
from everycall.policy.difference.judge import Judge
from everycall.policy.difference.membership import DIRECTIONS, lies_in
from everycall.policy.difference.overall import overall
from everycall.policy.difference.questions import Panel, changes, keeps, scene_of, within
from everycall.policy.difference.result import Difference, Region, Verdict
from everycall.policy.formula import AllOf, Found, Neg, NoAnswer, OneOf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from everycall.policy.difference.result import Direction
    from everycall.policy.difference.widening import Promise
    from everycall.policy.formula import Call, Engine, Formula, Scene
    from everycall.policy.rules import Policy

MOST_REGIONS: Final = 40
_WORD: Final = {"less": "less", "more": "more", "otherwise": "unlike help"}


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
        self._describer: Final = Describer(scene, self._judge)
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
                beyond = self._describer.example(self._describer.readable(call, regions), self._judge.both(call))
                break
            made = self._describer.region(call, regions)
            if made is None:
                because = "A call that changes could not be described; this is a fault of this program."
                beyond = self._describer.example(call, self._judge.both(call))
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
