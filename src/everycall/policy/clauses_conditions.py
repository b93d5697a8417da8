"""Conditions in clauses: which literal says that a condition holds on a side.

A *place* is where a value lives: a variable and the side whose own it is, or no side where all share it. Two sides
that share all variables of a rule of one policy have one literal for its condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.clauses_gates import TRUE, Line
from everycall.policy.clauses_hull import Overlaps, hull_of
from everycall.policy.clauses_values import Sight, values_in_order
from everycall.policy.conditions import All, Always, Any, Not, mentioned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from everycall.policy.attributes import Value
    from everycall.policy.clauses_gates import Gates
    from everycall.policy.clauses_values import Positions
    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Call, Scene, Side
    from everycall.policy.rules import AddRule, Policy, Rule

Place = tuple[str, str]
"""A variable, and the side whose own it is ("": all sides share it)."""


class Outline:
    """A policy of the scene, laid out for encoding: its rules by number, what they mention, and their hulls."""

    def __init__(self, policy: Policy, scene: Scene, size: Callable[[str], int]) -> None:
        """Lay out a policy of the scene, whose variables have so many positions."""
        self.policy: Final = policy
        self.sight: Final = Sight(policy, scene.variables)
        self.deciding: Final = policy.deciding
        self.conditions: Final = (*[rule.when for rule in self.deciding], *[rule.when for rule in policy.add])
        self.mentioned: Final = [mentioned(condition) for condition in self.conditions]
        self.number: Final[dict[str, int]] = {}
        every: tuple[Rule | AddRule, ...] = (*self.deciding, *policy.add)
        for number, rule in enumerate(every):
            self.number.setdefault(rule.id, number)
        self.hulls: Final = [hull_of(condition, self.sight.asked, size) for condition in self.conditions]
        self.overlaps: Final = Overlaps(self.hulls[: len(self.deciding)])
        self._mentioning: Final[dict[frozenset[str], int]] = {}

    def mentioning(self, variables: frozenset[str]) -> int:
        """The deciding rules, as bits, that look at any of these variables."""
        found = self._mentioning.get(variables)
        if found is None:
            found = sum(
                1 << number
                for number, names in enumerate(self.mentioned[: len(self.deciding)])
                if not names.isdisjoint(variables)
            )
            self._mentioning[variables] = found
        return found


class Conditions:
    """The literals of values and conditions, and the clauses that say what every call fulfils."""

    def __init__(self, scene: Scene, gates: Gates) -> None:
        self.scene: Final = scene
        self.gates: Final = gates
        self.values: Final[dict[str, tuple[Value | None, ...]]] = {
            name: values_in_order(variable) for name, variable in scene.variables.items()
        }
        self.outlines: Final = [Outline(policy, scene, self.size) for policy in scene.policies]
        self.sides: Final = {side.name: side for side in scene.sides}
        self._lines: Final[dict[Place, Line]] = {}
        self._of_rules: Final[dict[str, dict[int, int]]] = {side.name: {} for side in scene.sides}
        self._shared: Final[dict[tuple[int, int], int]] = {}
        self._respect_the_zones()

    def size(self, variable: str) -> int:
        """How many positions a variable of the scene has."""
        return len(self.values[variable])

    def outline(self, side: Side) -> Outline:
        """The policy that a side is under."""
        return self.outlines[side.policy]

    def side(self, name: str) -> Side:
        """A side by its name.

        Raises:
            ValueError: There is none.
        """
        found = self.sides.get(name)
        if found is None:
            raise ValueError(f"The scene has no side {name!r}: ask about one of {', '.join(self.sides)}.")
        return found

    def place(self, side: Side, variable: str) -> Place:
        """Where the value of a variable on a side lives."""
        return variable, self.owner(side, variable)

    def owner(self, side: Side, variable: str) -> str:
        """The side itself if the variable is its own, otherwise ""."""
        return side.name if variable in side.own else ""

    def line(self, place: Place) -> Line:
        """The positions at a place."""
        found = self._lines.get(place)
        if found is None:
            found = self._lines[place] = Line(self.gates, self.size(place[0]))
        return found

    def among(self, side: Side, variable: str, positions: Positions) -> int:
        """True if and only if the side's value is at one of these positions."""
        return self.line(self.place(side, variable)).among(positions)

    def holds(self, side: Side, condition: Condition) -> int:
        """True if and only if the condition holds on the side, as its policy sees it."""
        if isinstance(condition, Always):
            return TRUE
        if isinstance(condition, Not):
            return -self.holds(side, condition.part)
        if isinstance(condition, All):
            return self.gates.every([self.holds(side, part) for part in condition.parts])
        if isinstance(condition, Any):
            return self.gates.one([self.holds(side, part) for part in condition.parts])
        return self.among(side, condition.variable, self.outline(side).sight.asked(condition))

    def rule_holds(self, side: Side, number: int) -> int:
        """True if and only if the condition of this rule of the side's policy holds on the side."""
        found = self._of_rules[side.name].get(number)
        if found is None:
            outline = self.outline(side)
            key = side.policy, number
            if not outline.mentioned[number].isdisjoint(side.own):
                found = self.holds(side, outline.conditions[number])
            elif key in self._shared:
                found = self._shared[key]
            else:
                found = self._shared[key] = self.holds(side, outline.conditions[number])
            self._of_rules[side.name][number] = found
        return found

    def calls(self, is_true: Callable[[int], bool]) -> Mapping[str, Call]:
        """The calls of a model, by side; a value that no question looked at is unknown, or the first."""
        at = {place: line.position(is_true) for place, line in self._lines.items()}
        found: dict[str, Call] = {}
        for side in self.scene.sides:
            call = found[side.name] = {}
            for name, values in self.values.items():
                value = values[at.get(self.place(side, name), 0)]
                if value is not None:
                    call[name] = value
        return found

    def _respect_the_zones(self) -> None:
        told: set[tuple[Place, Place]] = set()
        for side in self.scene.sides:
            for inner, outer in sorted(self.scene.nested()):
                pair = self.place(side, inner), self.place(side, outer)
                if pair not in told:
                    told.add(pair)
                    self.gates.add(-self._is(side, inner, yes=True), -self._is(side, outer, yes=False))
        areas: set[tuple[Place, ...]] = set()
        for side in self.scene.sides:
            for zones in self.scene.areas():
                places = tuple([self.place(side, zone) for zone in zones])
                if places not in areas:
                    areas.add(places)
                    self.gates.at_most_one([self._is(side, zone, yes=True) for zone in zones])

    def _is(self, side: Side, zone: str, *, yes: bool) -> int:
        return self.among(side, zone, 1 << self.values[zone].index(yes))
