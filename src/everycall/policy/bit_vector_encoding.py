"""A scene's variables, rules and conditions as SMT-LIB terms over bit-vectors: what does not depend on the question.

A variable is a bit-vector, shared by the sides or one of a side's own, whose value is the code of the call's value
(`bit_vector_hulls`); unknown is a code, and codes that stand for nothing are ruled out. A condition is a Boolean over
these, defined once for all sides that share every variable it looks at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.bit_vector_hulls import Hull, Sieve, Sight, code_of, count_of
from everycall.policy.bit_vector_terms import (
    comment_word,
    conjunction,
    disjunction,
    literal,
    negation,
    runs,
    symbol,
    width_of,
)
from everycall.policy.conditions import All, Always, Any, Not, mentioned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from everycall.policy.attributes import Value
    from everycall.policy.conditions import Condition
    from everycall.policy.formula import Scene, Side, ValueIs
    from everycall.policy.rules import AddRule, Plan, Policy, Rule


class Rules:
    """The rules of one policy as a scene sees them, found by id and by hull."""

    def __init__(self, scene: Scene, policy: Policy) -> None:
        """Number the rules.

        Raises:
            ValueError: Two rules have one id, so that no question could tell them apart.
        """
        self.sight: Final = Sight(policy, scene.variables)
        self.deciding: Final[tuple[Rule, ...]] = policy.deciding
        self.add: Final[tuple[AddRule, ...]] = policy.add
        self.place: Final = {rule.id: place for place, rule in enumerate(self.deciding)}
        every: tuple[Rule | AddRule, ...] = (*self.deciding, *self.add)
        self.conditions: Final = {rule.id: rule.when for rule in every}
        if len(self.conditions) < len(self.deciding) + len(self.add):
            raise ValueError("Two rules of the policy have the same id: give each its own.")
        self._ranks: dict[Plan, tuple[int, ...]] = {}
        self._raised: dict[str, tuple[int | None, ...]] = {}
        self._scene: Final = scene
        self._hulls: dict[str, Hull] = {}
        self._sieves: dict[bool, Sieve] = {}

    def hull(self, rule: str) -> Hull:
        """The hull of a rule's condition."""
        held = self._hulls.get(rule)
        if held is None:
            held = self._hulls[rule] = self.sight.hull(self.conditions[rule])
        return held

    def meeting(self, hull: Hull, *, adding: bool) -> int:
        """The places of the deciding (or `add`) rules whose hulls meet this one."""
        sieve = self._sieves.get(adding)
        if sieve is None:
            rules: Sequence[Rule | AddRule] = self.add if adding else self.deciding
            sieve = self._sieves[adding] = Sieve([self.hull(rule.id) for rule in rules])
        return sieve.meeting(hull)

    def ranks(self, place: int) -> tuple[int, ...]:
        """The ranks of a deciding rule's plan."""
        plan = self.deciding[place].plan
        held = self._ranks.get(plan)
        if held is None:
            held = self._ranks[plan] = self._scene.components.ranks(plan)
        return held

    def raised(self, place: int) -> tuple[int | None, ...]:
        """The ranks that an `add` rule gives."""
        rule = self.add[place]
        held = self._raised.get(rule.id)
        if held is None:
            held = self._raised[rule.id] = self._scene.components.raised(rule.add)
        return held


class Encoding:
    """One scene's variables and conditions as text; what does not depend on the question is kept."""

    def __init__(self, scene: Scene) -> None:
        """Prepare a scene.

        Raises:
            ValueError: The scene is not sound: see the message.
        """
        self.scene: Final = scene
        self.sides: Final[dict[str, Side]] = {side.name: side for side in scene.sides}
        if len(self.sides) < len(scene.sides):
            raise ValueError("Two sides of the scene have the same name: give each its own.")
        for side in scene.sides:
            if missing := sorted(side.own - set(scene.variables)):
                raise ValueError(
                    f"Side {side.name!r} has {missing[0]!r} for its own, which is no variable of the policies."
                )
            if not 0 <= side.policy < len(scene.policies):
                raise ValueError(f"Side {side.name!r} is under policy {side.policy}, which the scene does not have.")
        self.rules: Final = [Rules(scene, policy) for policy in scene.policies]
        self._width: Final = {name: width_of(count_of(variable)) for name, variable in scene.variables.items()}
        self._defined: dict[tuple[str, str], tuple[str, str, frozenset[str]]] = {}
        self._slots: Final = {
            side.name: {name: symbol(side.name, name) if name in side.own else symbol(name) for name in scene.variables}
            for side in scene.sides
        }
        self._variable_of: Final = {slot: name for slots in self._slots.values() for name, slot in slots.items()}
        self._nested: Final = sorted(scene.nested())

    def side(self, name: str) -> Side:
        """A side by its name.

        Raises:
            ValueError: There is none.
        """
        if name not in self.sides:
            raise ValueError(f"The scene has no side {name!r}: its sides are {', '.join(self.sides)}.")
        return self.sides[name]

    def place(self, side: Side, rule: str) -> int:
        """The place of a rule that can decide.

        Raises:
            ValueError: There is none of that id.
        """
        place = self.rules[side.policy].place.get(rule)
        if place is None:
            raise ValueError(f"No rule {rule!r} can decide on side {side.name!r}: ask for a rule of its policy.")
        return place

    def when(self, side: Side, rule: str) -> Condition:
        """The condition of a deciding or `add` rule.

        Raises:
            ValueError: There is none of that id.
        """
        conditions = self.rules[side.policy].conditions
        if rule not in conditions:
            raise ValueError(f"The policy of side {side.name!r} has no rule {rule!r}: ask for one of its rules.")
        return conditions[rule]

    def component(self, name: str) -> int:
        """The place of a component, by any of its names.

        Raises:
            ValueError: There is none of that name.
        """
        place = self.scene.components.index.get(name)
        if place is None:
            raise ValueError(f"The policies have no component {name!r} in which two outcomes can differ.")
        return place

    def slot(self, side: Side, variable: str) -> str:
        """The symbol of a variable's value on a side.

        Raises:
            ValueError: There is no such variable.
        """
        slot = self._slots[side.name].get(variable)
        if slot is None:
            raise ValueError(f"The scene has no variable {variable!r}: ask for one that its policies declare.")
        return slot

    def hull(self, side: Side, hull: Hull) -> Hull:
        """A hull by variables as one by symbols."""
        return {self.slot(side, name): values for name, values in hull.items()}

    def meeting(self, side: Side, hull: Hull, *, adding: bool) -> int:
        """The places of the rules that can match on this side, within a hull by symbols."""
        by_variable = {name: hull[slot] for name, slot in self._slots[side.name].items() if slot in hull}
        return self.rules[side.policy].meeting(by_variable, adding=adding)

    def matching(self, side: Side, rule: str) -> tuple[str, str, frozenset[str]]:
        """The symbol of "this rule's condition holds", its term, and the symbols of the values that it looks at.

        Raises:
            ValueError: There is no such rule.
        """
        when = self.when(side, rule)
        held = self._defined.get((side.name, rule))
        if held is None:
            looks_at = mentioned(when)
            of_side = bool(looks_at & side.own)
            name = symbol(
                "rule", "of side" if of_side else "of policy", side.name if of_side else str(side.policy), rule
            )
            looks_at_slots = frozenset(self.slot(side, variable) for variable in looks_at)
            held = name, self.condition(side, when), looks_at_slots
            self._defined[side.name, rule] = held
        return held

    def condition(self, side: Side, condition: Condition) -> str:
        """A condition on a side.

        Raises:
            ValueError: It looks at a variable that the side's policy does not have.
        """
        if isinstance(condition, Always):
            return "true"
        if isinstance(condition, Not):
            return negation(self.condition(side, condition.part))
        if isinstance(condition, (All, Any)):
            parts = [self.condition(side, part) for part in condition.parts]
            return conjunction(parts) if isinstance(condition, All) else disjunction(parts)
        values = self.rules[side.policy].sight.of(condition)
        return self.among(self.slot(side, condition.variable), values)

    def among(self, slot: str, values: int) -> str:
        """That a variable's value is in this set."""
        name = self._variable_of[slot]
        outside = self.every(name) & ~values
        inside_runs, outside_runs = list(runs(values)), list(runs(outside))
        if len(outside_runs) < len(inside_runs):
            return negation(disjunction([self._run(slot, name, run) for run in outside_runs]))
        return "true" if not outside else disjunction([self._run(slot, name, run) for run in inside_runs])

    def _run(self, slot: str, name: str, run: tuple[int, int]) -> str:
        lowest, highest = run
        width = self._width[name]
        if lowest == highest:
            return f"(= {slot} {literal(lowest, width)})"
        ends = []
        if lowest:
            ends.append(f"(bvuge {slot} {literal(lowest, width)})")
        if highest < (1 << width) - 1:
            ends.append(f"(bvule {slot} {literal(highest, width)})")
        return conjunction(ends)

    def value_is(self, atom: ValueIs) -> tuple[str, int]:
        """The symbol of the variable that an atom asks for, and the set of the value that it wants."""
        slot = self.slot(self.side(atom.side), atom.variable)
        code = code_of(self.scene.variables[atom.variable], atom.value)
        return slot, 0 if code is None else 1 << code

    def known(self, variable: str) -> int:
        """The set of a variable's known values.

        Raises:
            ValueError: There is no such variable.
        """
        if variable not in self._width:
            raise ValueError(f"The scene has no variable {variable!r}: ask for one that its policies declare.")
        return (1 << len(self.scene.variables[variable].values)) - 1

    def every(self, variable: str) -> int:
        """The set of all values of a variable of the scene."""
        return (1 << count_of(self.scene.variables[variable])) - 1

    def value(self, slot: str, code: int) -> Value | None:
        """The value that a code of a symbol stands for."""
        values = self.scene.variables[self._variable_of[slot]].values
        return values[code] if code < len(values) else None

    def declaration(self, slot: str) -> list[str]:
        """What declares a variable's value, and rules out the codes that stand for nothing."""
        name = self._variable_of[slot]
        width = self._width[name]
        last = count_of(self.scene.variables[name]) - 1
        lines = [f"(declare-const {slot} (_ BitVec {width}))"]
        if last < (1 << width) - 1:
            lines.append(f"(assert (bvule {slot} {literal(last, width)}))")
        return lines

    def map(self, slots: frozenset[str]) -> Iterator[str]:
        """The laws of the zones among these symbols: see `attributes.consistent`.

        Zones that are not among them may be unknown, which contradicts nothing.
        """
        for side in self.scene.sides:
            for inner, outer in self._nested:
                one, other = self.slot(side, inner), self.slot(side, outer)
                if one in slots and other in slots:
                    yield f"(assert (not {conjunction([self.is_yes(one), self.is_no(other)])}))"
            for areas in self.scene.areas():
                inside = [self.is_yes(slot) for area in areas if (slot := self.slot(side, area)) in slots]
                for at, one in enumerate(inside):
                    yield from (f"(assert (not {conjunction([one, other])}))" for other in inside[at + 1 :])

    def is_yes(self, slot: str) -> str:
        """That a zone's variable is yes."""
        return self.among(slot, 1 << 1)

    def is_no(self, slot: str) -> str:
        """That a zone's variable is no."""
        return self.among(slot, 1 << 0)

    def comment(self, slot: str) -> str:
        """What the codes of a variable stand for, for a reader of the script."""
        variable = self.scene.variables[self._variable_of[slot]]
        values = variable.values
        first, last = values[0], values[-1]
        if isinstance(first, int) and not isinstance(first, bool):
            words = [f"0 is {first} to {len(values) - 1} is {last}"]
        else:
            told = [{True: "yes", False: "no"}[v] if isinstance(v, bool) else str(v) for v in values]
            words = [f"{code} is {comment_word(word)}" for code, word in enumerate(told)]
        if variable.unknown:
            words.append(f"{len(values)} is unknown")
        return f"; {slot}: {', '.join(words)}"
