"""The comparison's questions, as formulas, and the panel of engines that answers them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import TIME_OF_DAY
from everycall.policy.conditions import Between, During
from everycall.policy.formula import (
    AllOf,
    Asks,
    Decides,
    Differs,
    Found,
    Less,
    Matches,
    Neg,
    Never,
    NoAnswer,
    OneOf,
    Scene,
    Side,
    ValueIs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from everycall.policy.attributes import Variable
    from everycall.policy.difference.result import Description, Direction, ValueSet
    from everycall.policy.difference.widening import Promise
    from everycall.policy.formula import Answer, Engine, Formula
    from everycall.policy.rules import Policy

OLD_SIDE: Final = "old"
NEW_SIDE: Final = "new"
_ENOUGH: Final = 2
"""So many engines must say "never": one alone has been wrong before (`z3`, see the design's measurements)."""

_FEW: Final = 12
"""Up to so many numbers are asked for one by one."""


def scene_of(old: Policy, new: Policy) -> Scene:
    """One call under both versions: everything is shared."""
    return Scene(policies=(old, new), sides=(Side(name=OLD_SIDE), Side(name=NEW_SIDE, policy=1)))


def fewer(component: str) -> Less:
    """The new version gives less in this component."""
    return Less(side=NEW_SIDE, than=OLD_SIDE, component=component)


def further(component: str) -> Less:
    """The new version gives more in this component."""
    return Less(side=OLD_SIDE, than=NEW_SIDE, component=component)


def changes(scene: Scene, direction: Direction) -> Formula:
    """A call changes in this direction. One that gets less in anything gets less."""
    ordered = [component.name for component in scene.components.items if component.ordered]
    if direction == "less":
        return OneOf(parts=tuple([fewer(name) for name in ordered]))
    not_less = tuple([Neg(part=fewer(name)) for name in ordered])
    if direction == "more":
        return AllOf(parts=(OneOf(parts=tuple([further(name) for name in ordered])), *not_less))
    free = [component.name for component in scene.components.items if not component.ordered]
    not_more = tuple([Neg(part=further(name)) for name in ordered])
    differs = OneOf(parts=tuple([Differs(side=OLD_SIDE, other=NEW_SIDE, component=name) for name in free]))
    return AllOf(parts=(differs, *not_less, *not_more))


def keeps(scene: Scene, promise: Promise) -> Formula:
    """A call changes as promised, and in no direction that comes before."""
    names = [component.name for component in scene.components.items]
    rises = [further(names[at]) for at in promise.rises]
    return AllOf(parts=(*[fewer(names[at]) for at in promise.falls], *rises, *_before(scene, promise.direction)))


def _before(scene: Scene, direction: Direction) -> list[Neg]:
    """A call changes in no direction that comes before this one."""
    ordered = [component.name for component in scene.components.items if component.ordered]
    found = [] if direction == "less" else [Neg(part=fewer(name)) for name in ordered]
    return found + ([Neg(part=further(name)) for name in ordered] if direction == "otherwise" else [])


def within(scene: Scene, direction: Direction, description: Description) -> Formula:
    """A call is described, in a region of this direction."""
    named = ((OLD_SIDE, description.old_rules), (NEW_SIDE, description.new_rules))
    decides = [OneOf(parts=tuple([Decides(side=side, rule=rule) for rule in rules])) for side, rules in named if rules]
    apart = _before(scene, direction) if description.apart else []
    unless = ((OLD_SIDE, description.unless_old), (NEW_SIDE, description.unless_new))
    silent = [Neg(part=Matches(side=side, rule=rule)) for side, rules in unless for rule in rules]
    return AllOf(parts=(*decides, *[_among(scene, fact) for fact in description.facts], *silent, *apart))


def _among(scene: Scene, fact: ValueSet) -> Formula:
    """The variable has one of these values: asked about the shorter of the values and the rest."""
    variable = scene.variables[fact.variable]
    numbers = [value for value in fact.values if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) > _FEW and (spans := _spans(scene, variable, numbers)) is not None:
        if fact.unknown:
            return OneOf(parts=(*spans, ValueIs(side=OLD_SIDE, variable=variable.name, value=None)))
        if not variable.unknown:
            return OneOf(parts=spans)
        known = Neg(part=ValueIs(side=OLD_SIDE, variable=variable.name, value=None))
        return AllOf(parts=(known, OneOf(parts=spans)))
    every = [*variable.values, None] if variable.unknown else [*variable.values]
    named = [*fact.values, None] if fact.unknown else [*fact.values]
    rest = [value for value in every if value not in named]
    shorter = named if len(named) <= len(rest) else rest
    asked = OneOf(parts=tuple([ValueIs(side=OLD_SIDE, variable=variable.name, value=value) for value in shorter]))
    return asked if shorter is named else Neg(part=asked)


def _spans(scene: Scene, variable: Variable, numbers: Sequence[int]) -> tuple[Formula, ...] | None:
    """The numbers as spans, asked of a side that sees every value as it is; none where neither side does."""
    seeing = [
        side.name
        for side in scene.sides
        if (own := scene.policies[side.policy].variables().get(variable.name)) and own.values == variable.values
    ]
    if not seeing:
        return None
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return tuple(
        [
            Asks(
                side=seeing[0],
                condition=During(start=low, end=high + 1)
                if variable.name == TIME_OF_DAY
                else Between(variable=variable.name, lowest=low, highest=high),
            )
            for low, high in spans
        ]
    )


class Panel:
    """The engines together: what one finds the evaluator must confirm, "never" they must all say."""

    def __init__(self, engines: Sequence[Engine], seconds: float) -> None:
        """Have these engines answer until so many seconds from now have passed."""
        self.engines: Final = engines
        self._end: Final = time.monotonic() + seconds
        self.faults: Final[list[str]] = []

    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.monotonic()

    def settle(self, question: Formula, confirms: Callable[[Found], bool]) -> Answer:
        """`Found`, confirmed; `Never`, from all of them; or `NoAnswer` with the reason."""
        never: list[str] = []
        why: list[str] = []
        for engine in self.engines:
            left = self.left()
            answer = engine.ask(question, left) if left > 0 else NoAnswer(because="the time is up")
            if isinstance(answer, Never):
                never.append(engine.name)
            elif isinstance(answer, NoAnswer):
                why.append(f"{engine.name}: {answer.because}")
            elif confirms(answer):
                if never:
                    self.faults.append(f"{', '.join(never)} overlooked a call that {engine.name} found")
                return answer
            else:
                self.faults.append(f"{engine.name} found a call that the evaluator does not confirm")
                why.append(self.faults[-1])
        if not why and len(never) >= _ENOUGH:
            return Never()
        return NoAnswer(because="; ".join(why) or f"{len(self.engines)} engines are not enough")
