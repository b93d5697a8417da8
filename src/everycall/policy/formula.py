"""Questions to the engines: is there a call, or a pair of twins, for which this formula holds?

A *scene* has one or more *sides*. A side is one call under one policy; sides share the values of all variables but
those that a side has for its own. Twins that differ in one attribute are two sides under the same policy, each with
that attribute for its own; a diff is two sides under two policies that share everything.

An engine answers `Found` with the calls, `Never` (there are none), or `NoAnswer`. `Never` counts only when two engines
with separate encodings say so; `Found` counts when the evaluator, asked with those calls, agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from everycall.core.base import Frozen
from everycall.policy.attributes import Value, Variable
from everycall.policy.components import Components
from everycall.policy.conditions import Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from everycall.policy.rules import Policy


class Side(Frozen, frozen=True, kw_only=True):
    """One call under one policy.

    Attributes:
        name: What formulas call it.
        policy: Its place in the scene's policies.
        own: The variables whose values it does not share with the other sides.
    """

    name: str
    policy: int = 0
    own: frozenset[str] = frozenset()


class Decides(Frozen, frozen=True, kw_only=True, tag=True):
    """On this side this rule (or `triage`, or `default`) decides."""

    side: str
    rule: str


class Matches(Frozen, frozen=True, kw_only=True, tag=True):
    """On this side the condition of this deciding or `add` rule holds."""

    side: str
    rule: str


class Asks(Frozen, frozen=True, kw_only=True, tag=True):
    """On this side this condition holds, by the meaning that its policy gives unknown."""

    side: str
    condition: Condition


class ValueIs(Frozen, frozen=True, kw_only=True, tag=True):
    """On this side the variable has exactly this value; `None`: it is unknown, whatever that counts as."""

    side: str
    variable: str
    value: Value | None


class Lower(Frozen, frozen=True, kw_only=True, tag=True):
    """The variable is known on both sides, and comes earlier among its values on `side` than on `than`."""

    side: str
    than: str
    variable: str


class AtLeast(Frozen, frozen=True, kw_only=True, tag=True):
    """On this side the outcome has at least this rank in the component (by name)."""

    side: str
    component: str
    rank: int


class Less(Frozen, frozen=True, kw_only=True, tag=True):
    """The outcome on `side` has a lower rank in the component than on `than`."""

    side: str
    than: str
    component: str


class Differs(Frozen, frozen=True, kw_only=True, tag=True):
    """The outcomes of two sides have different ranks in the component."""

    side: str
    other: str
    component: str


class AllOf(Frozen, frozen=True, kw_only=True, tag=True):
    """Each part holds; no part: true."""

    parts: tuple[Formula, ...]


class OneOf(Frozen, frozen=True, kw_only=True, tag=True):
    """At least one part holds; no part: false."""

    parts: tuple[Formula, ...]


class Neg(Frozen, frozen=True, kw_only=True, tag=True):
    """The part does not hold."""

    part: Formula


Formula = Decides | Matches | Asks | ValueIs | Lower | AtLeast | Less | Differs | AllOf | OneOf | Neg


Call = dict[str, Value]
"""A call by its known values; a variable that is missing is unknown."""


@dataclass(frozen=True, slots=True)
class Found:
    """There are such calls: these, by side."""

    calls: Mapping[str, Call]


@dataclass(frozen=True, slots=True)
class Never:
    """There are no such calls."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The engine does not know: why."""

    because: str


Answer = Found | Never | NoAnswer


@dataclass(frozen=True)
class Scene:
    """What questions are about.

    Both policies of a comparison may give a variable different values; the scene's variable has them all, and each
    policy sees of a value what it would see of a told fact (`fitting`).
    """

    policies: tuple[Policy, ...]
    sides: tuple[Side, ...]

    @cached_property
    def components(self) -> Components:
        """The chains of all the policies together."""
        return Components.of(*self.policies)

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """Every variable of any of the policies, with the values of all of them."""
        found: dict[str, Variable] = {}
        for policy in self.policies:
            for name, variable in policy.variables().items():
                held = found.get(name)
                found[name] = variable if held is None else _joined(held, variable)
        return found

    def side(self, name: str) -> Side:
        """A side by its name."""
        return next(side for side in self.sides if side.name == name)

    def nested(self) -> frozenset[tuple[str, str]]:
        """Pairs of zone variables of which the first lies inside the second."""
        names = self.variables
        return frozenset(
            (zone.variable, f"zone.{zone.inside}")
            for policy in self.policies
            for zone in policy.zones
            if zone.inside is not None and f"zone.{zone.inside}" in names
        )

    def areas(self) -> tuple[tuple[str, ...], ...]:
        """For each policy the zone variables of its service areas: a place is in at most one of them."""
        return tuple([tuple([zone.variable for zone in policy.zones if zone.service_area]) for policy in self.policies])


def _joined(one: Variable, other: Variable) -> Variable:
    values: Iterable[Value] = dict.fromkeys((*one.values, *other.values))
    first = one.values[0]
    if isinstance(first, int) and not isinstance(first, bool):
        numbers = sorted(value for value in values if isinstance(value, int))
        values = range(numbers[0], numbers[-1] + 1)
    return Variable(
        name=one.name,
        attribute=one.attribute,
        values=tuple(values),
        unknown=one.unknown or other.unknown,
        protected=one.protected or other.protected,
        danger=one.danger or other.danger,
    )


class Engine(Protocol):
    """Answers questions about one scene."""

    @property
    def name(self) -> str:
        """Its name and version, for the certificate."""

    def ask(self, question: Formula, seconds: float) -> Answer:
        """Whether there are calls for which the question holds.

        Every side's call must respect the zones, as `attributes.consistent` does: no place is inside a zone and outside
        the one that it lies in (unknown is neither), and none is in two service areas of one policy.

        Args:
            question: About the engine's scene.
            seconds: After which it may give up with `NoAnswer`.
        """
