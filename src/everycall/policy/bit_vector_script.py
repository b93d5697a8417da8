"""A question as an SMT-LIB 2 script over bit-vectors: the text that z3 reads, and that a certificate hashes.

Who decides is a chain of if-then-else in the order of the rules. It gives a *class*: rules whose plans have the same
rank in every component are one. A component's outcome is the highest of the rank of the class and the ranks of the
matching `add` rules, as a bit-vector.

A script holds only what its question needs. That this is sound:

*Far rules.* Let F be a question and H its hull: sets of values so that all calls for which F holds are in H. H is
worked out from the conjunctions and disjunctions of F over what `Decides`, `Matches`, `Asks`, `ValueIs` and `Lower`
imply of a call (`Decides` of a rule implies that rule's condition, whatever the rules before it), and is everything
where nothing is known. Let F' be F in which rules whose hull does not meet H are left out of every chain and of every
list of `add` rules, while every condition that F itself names, or that belongs to a rule which it names, stays. Within
H a rule left out never matches, so F and F' are equal there. F implies H. F' implies H too, since what H was worked out
from is still in F'. So F and F' are equal everywhere. This takes no care of how F is built: a hull that is too large
only costs time.

*Known conditions.* Let G be those conjuncts of F that are `Decides` or `Matches` or the negation of one. They are
written out with all that they need, by the above. In the other conjuncts, a side that G makes a rule decide has that
rule's class; a condition that G says does not hold is left out of chains; and a chain ends at one that it says holds.
As F' implies G, that changes nothing. Twins share the conditions that look at nothing of their own, so most of the
second twin's chain is known from the first's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.bit_vector_hulls import Hull, bits, join, meet
from everycall.policy.bit_vector_terms import FALSE, TRUE, conjunction, disjunction, literal, negation, symbol, width_of
from everycall.policy.conditions import mentioned
from everycall.policy.formula import (
    AllOf,
    Asks,
    AtLeast,
    Decides,
    Differs,
    Less,
    Lower,
    Matches,
    Neg,
    OneOf,
    ValueIs,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from everycall.policy.bit_vector_encoding import Encoding
    from everycall.policy.formula import Formula, Side


class Script:
    """One question written out.

    Attributes:
        text: The script without its `check-sat`.
        slots: The symbols of the values that it is about.
    """

    def __init__(self, encoding: Encoding, question: Formula) -> None:
        """Write a question.

        Raises:
            ValueError: It names a side, rule, variable or component that the scene does not have.
        """
        self._encoding: Final = encoding
        self._definitions: list[str] = []
        self._asserted: list[str] = []
        self._defined: set[str] = set()
        self._used: set[str] = set()
        self._decider: dict[str, int] = {}
        self._known: dict[str, bool] = {}
        self._classes: dict[str, tuple[str, list[tuple[int, ...]]]] = {}
        self._adding: dict[str, list[tuple[str, tuple[int | None, ...]]]] = {}
        self._outcomes: dict[tuple[str, int], int | str] = {}
        conjuncts = list(_conjuncts(question, holds=True))
        self._hull: Final = meet([self._hull_of(part, holds=holds) for part, holds in conjuncts])
        asserted_first = (Decides, Matches)
        for part, holds in conjuncts:
            if isinstance(part, asserted_first):
                self._assert(part, holds=holds)
        for part, holds in conjuncts:
            self._learn(part, holds=holds)
        for part, holds in conjuncts:
            if not isinstance(part, asserted_first):
                self._assert(part, holds=holds)
        self.slots: Final = tuple(sorted(self._used))
        lines = ["(set-logic QF_BV)"]
        for slot in self.slots:
            lines += encoding.declaration(slot)
        lines += encoding.map(frozenset(self.slots))
        # Not `define-fun`: z3 keeps such definitions, and each later question of the context would carry them along.
        lines += ["(assert", *self._definitions, conjunction(self._asserted) + ")" * len(self._definitions), ")", ""]
        self.text: Final = "\n".join(lines)

    def _define(self, name: str, term: str) -> str:
        if name not in self._defined:
            self._defined.add(name)
            self._definitions.append(f"(let (({name} {term}))")
        return name

    def _assert(self, part: Formula, *, holds: bool) -> None:
        term = self._term(part)
        self._asserted.append(term if holds else negation(term))

    def _hull_of(self, formula: Formula, *, holds: bool) -> Hull:
        """By symbols, a hull of the calls for which a formula holds (or does not)."""
        encoding = self._encoding
        match formula:
            case Neg(part=part):
                return self._hull_of(part, holds=not holds)
            case AllOf(parts=parts) | OneOf(parts=parts):
                hulls = [self._hull_of(part, holds=holds) for part in parts]
                return meet(hulls) if isinstance(formula, AllOf) is holds else join(hulls)
            case Asks(side=name, condition=condition):
                side = encoding.side(name)
                return encoding.hull(side, encoding.rules[side.policy].sight.hull(condition, holds=holds))
            case Matches(side=name, rule=rule):
                side = encoding.side(name)
                return encoding.hull(
                    side, encoding.rules[side.policy].sight.hull(encoding.when(side, rule), holds=holds)
                )
            case Decides(side=name, rule=rule) if holds:
                side = encoding.side(name)
                encoding.place(side, rule)
                return encoding.hull(side, encoding.rules[side.policy].hull(rule))
            case ValueIs():
                slot, values = encoding.value_is(formula)
                return {slot: values if holds else encoding.every(formula.variable) & ~values}
            case Lower(side=one, than=other, variable=variable) if holds:
                known = encoding.known(variable)
                return {encoding.slot(encoding.side(name), variable): known for name in (one, other)}
            case _:
                return {}

    def _learn(self, part: Formula, *, holds: bool) -> None:
        """Keep what an asserted conjunct says of rules, for the conjuncts after it."""
        match part:
            case Matches(side=name, rule=rule):
                self._known[self._matching(self._encoding.side(name), rule)] = holds
            case Decides(side=name, rule=rule) if holds:
                side = self._encoding.side(name)
                place = self._encoding.place(side, rule)
                self._decider[name] = place
                for earlier in self._before(side, place):
                    self._known[earlier] = False
                self._known[self._matching(side, rule)] = True
            case _:
                pass

    def _matching(self, side: Side, rule: str) -> str:
        """The symbol of "this rule's condition holds", defined before it is used."""
        name, term, slots = self._encoding.matching(side, rule)
        if name not in self._defined:
            self._define(name, term)
            self._used |= slots
        return name

    def _before(self, side: Side, place: int) -> list[str]:
        """The symbols of the rules before this one that may matter."""
        rules = self._encoding.rules[side.policy]
        near = self._encoding.meeting(side, self._hull, adding=False) & ((1 << place) - 1)
        return [self._matching(side, rules.deciding[earlier].id) for earlier in bits(near)]

    def _term(self, formula: Formula) -> str:  # noqa: PLR0911  # a return for each kind of formula
        encoding = self._encoding
        match formula:
            case AllOf(parts=parts):
                return conjunction([self._term(part) for part in parts])
            case OneOf(parts=parts):
                return disjunction([self._term(part) for part in parts])
            case Neg(part=part):
                return negation(self._term(part))
            case Decides(side=name, rule=rule):
                side = encoding.side(name)
                earlier = self._before(side, encoding.place(side, rule))
                return conjunction([self._matching(side, rule), *map(negation, earlier)])
            case Matches(side=name, rule=rule):
                return self._matching(encoding.side(name), rule)
            case Asks(side=name, condition=condition):
                side = encoding.side(name)
                self._used |= {encoding.slot(side, variable) for variable in mentioned(condition)}
                return encoding.condition(side, condition)
            case ValueIs():
                slot, values = encoding.value_is(formula)
                self._used.add(slot)
                return encoding.among(slot, values)
            case Lower():
                return self._lower(formula)
            case AtLeast(side=name, component=component, rank=rank):
                return self._less(self._outcome(name, component), rank, component, negated=True)
            case Less(side=name, than=than, component=component):
                return self._less(self._outcome(name, component), self._outcome(than, component), component)
            case Differs(side=name, other=other, component=component):
                one, two = self._outcome(name, component), self._outcome(other, component)
                if isinstance(one, int) and isinstance(two, int):
                    return TRUE if one != two else FALSE
                return negation(f"(= {self._rank(one, component)} {self._rank(two, component)})")

    def _lower(self, atom: Lower) -> str:
        encoding = self._encoding
        one = encoding.slot(encoding.side(atom.side), atom.variable)
        other = encoding.slot(encoding.side(atom.than), atom.variable)
        self._used |= {one, other}
        known = encoding.known(atom.variable)
        return conjunction([encoding.among(one, known), encoding.among(other, known), f"(bvult {one} {other})"])

    def _levels(self, component: str) -> int:
        return len(self._encoding.scene.components.items[self._encoding.component(component)].levels)

    def _rank(self, rank: int | str, component: str) -> str:
        return literal(rank, width_of(self._levels(component))) if isinstance(rank, int) else rank

    def _less(self, one: int | str, two: int | str, component: str, *, negated: bool = False) -> str:
        """That one rank is below another; a rank may lie outside the chain where both are given or it is compared."""
        if isinstance(one, int) and isinstance(two, int):
            less = TRUE if one < two else FALSE
        elif isinstance(two, int) and not 0 <= two < self._levels(component):
            less = TRUE if two > 0 else FALSE
        else:
            less = f"(bvult {self._rank(one, component)} {self._rank(two, component)})"
        return negation(less) if negated else less

    def _class(self, side: Side) -> tuple[str, list[tuple[int, ...]]]:
        """The class of who decides on a side: a term, and what each class's ranks are."""
        held = self._classes.get(side.name)
        if held is not None:
            return held
        rules = self._encoding.rules[side.policy]
        classes: dict[tuple[int, ...], int] = {}
        links: list[tuple[int, list[str]]] = []
        if side.name in self._decider:
            near = [self._decider[side.name]]
        else:
            near = list(bits(self._encoding.meeting(side, self._hull, adding=False)))
        for place in near:
            matching = self._matching(side, rules.deciding[place].id)
            known = self._known.get(matching)
            last = place == near[-1] or known is True
            if known is False and not last:
                continue
            found = classes.setdefault(rules.ranks(place), len(classes))
            if links and links[-1][0] == found:
                links[-1][1].append(matching)
            else:
                links.append((found, [matching]))
            if last:
                break
        width = width_of(len(classes))
        chain = [f"(ite {disjunction(matching)} {literal(found, width)} " for found, matching in links[:-1]]
        term = "".join([*chain, literal(links[-1][0], width), ")" * len(chain)])
        if chain:
            term = self._define(symbol("class", "of", side.name), term)
        self._classes[side.name] = term, list(classes)
        return term, list(classes)

    def _adds(self, side: Side) -> list[tuple[str, tuple[int | None, ...]]]:
        """The `add` rules that may match on a side: the symbol of each, and its ranks."""
        held = self._adding.get(side.name)
        if held is None:
            rules = self._encoding.rules[side.policy]
            near = bits(self._encoding.meeting(side, self._hull, adding=True))
            each = [(self._matching(side, rules.add[place].id), rules.raised(place)) for place in near]
            held = self._adding[side.name] = [added for added in each if self._known.get(added[0]) is not False]
        return held

    def _outcome(self, name: str, component: str) -> int | str:
        """The rank of a side's outcome: a number where it can be but one, or else a term."""
        side = self._encoding.side(name)
        at = self._encoding.component(component)
        held = self._outcomes.get((name, at))
        if held is None:
            held = self._outcomes[name, at] = self._highest(side, at, self._levels(component))
        return held

    def _highest(self, side: Side, at: int, levels: int) -> int | str:
        term, classes = self._class(side)
        raising: dict[int, list[str]] = {}
        for matching, raised in self._adds(side):
            rank = raised[at]
            if rank is not None:
                raising.setdefault(rank, []).append(matching)
        width = width_of(levels)
        by_rank: dict[int, list[int]] = {}
        for found, ranks in enumerate(classes):
            by_rank.setdefault(ranks[at], []).append(found)
        lowest = min(by_rank)
        if len(by_rank) == 1:
            decided = literal(lowest, width)
        else:
            of_class = width_of(len(classes))
            *some, (rest, _) = sorted(by_rank.items(), key=lambda item: (len(item[1]), item[0]))
            cases = [
                f"(ite {disjunction([f'(= {term} {literal(found, of_class)})' for found in members])} "
                f"{literal(rank, width)} "
                for rank, members in some
            ]
            decided = "".join([*cases, literal(rest, width), ")" * len(cases)])
            decided = self._define(symbol("decided", side.name, str(at)), decided)
        higher = sorted([rank for rank in raising if rank > lowest], reverse=True)
        if not higher:
            return lowest if len(by_rank) == 1 else decided
        cases = [f"(ite {disjunction(raising[rank])} {literal(rank, width)} " for rank in higher]
        term = "".join([*cases, literal(lowest, width), ")" * len(cases)])
        if len(by_rank) > 1:
            term = self._define(symbol("raised", side.name, str(at)), term)
            term = f"(ite (bvult {decided} {term}) {term} {decided})"
        return self._define(symbol("outcome", side.name, str(at)), term)


def _conjuncts(formula: Formula, *, holds: bool) -> Iterator[tuple[Formula, bool]]:
    """The parts that must each hold (or not) for the formula to hold (or not)."""
    if isinstance(formula, Neg):
        yield from _conjuncts(formula.part, holds=not holds)
    elif isinstance(formula, (AllOf, OneOf)) and isinstance(formula, AllOf) is holds:
        for part in formula.parts:
            yield from _conjuncts(part, holds=holds)
    else:
        yield formula, holds
