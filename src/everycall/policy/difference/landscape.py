"""What the rules of two policies can tell apart, and what they may say of many calls at once.

A *box* gives each variable a set of values; a call is in it when each of its values is. Values that no condition
tells apart form one *kind*, so a set of values is a small integer with a bit a kind. What a condition says of a
box is one of three: it holds of every call, of none, or (as far as is seen here) of some. "Some" may be said
where "every" or "none" is true, never the other way round; so whatever is concluded from a box is safe, and the
engines are asked about it once more at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import and_
from typing import TYPE_CHECKING, Final

from everycall.policy.attributes import Value, Variable, fitting
from everycall.policy.conditions import All, Always, Any, Between, During, Has, In, Is, Not, Within, leaves
from everycall.policy.properties.proxies import FEW_PREMISES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.policy.conditions import Condition, Leaf
    from everycall.policy.formula import Call, Scene
    from everycall.policy.rules import Policy

HOLDS: Final = 1
"""It may hold; alone: it holds of every call of the box."""

FAILS: Final = 2
"""It may fail; alone: it holds of no call of the box."""

_ALWAYS, _LEAF, _NOT, _ALL, _ANY = range(5)
Node = tuple[int, int, int, tuple[int, ...]]
Box = list[int]
"""A set of kinds for each variable, by its number."""


@dataclass(frozen=True, slots=True)
class Added:
    """An `add` rule: its condition's node, and the rank that it gives in each component."""

    rule: str
    node: int
    ranks: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy's rules: for each deciding rule its id, its condition's node, the ranks of its plan."""

    ids: tuple[str, ...]
    nodes: tuple[int, ...]
    ranks: tuple[tuple[int, ...], ...]
    adds: tuple[Added, ...]


class Landscape:
    """The conditions of a scene's two policies over the same kinds of values.

    Conditions that mean the same, in whichever policy, are one node.
    """

    def __init__(self, scene: Scene) -> None:
        """Lay out the kinds and the nodes."""
        self.scene: Final = scene
        self.variables: Final[tuple[Variable, ...]] = tuple(scene.variables.values())
        self._number: Final = {variable.name: at for at, variable in enumerate(self.variables)}
        self._named: Final = [_values_named(scene, policy) for policy in scene.policies]
        self.kinds: Final = [self._kinds_of(at) for at in range(len(self.variables))]
        self._kind_of: Final = [
            {value: kind for kind, members in enumerate(kinds) for value in members} for kinds in self.kinds
        ]
        self.everything: Final[tuple[int, ...]] = tuple([(1 << len(kinds)) - 1 for kinds in self.kinds])
        self.nodes: Final[list[Node]] = []
        self._node_of: Final[dict[Node, int]] = {}
        self.rules: Final = tuple([self._rules(at, policy) for at, policy in enumerate(scene.policies)])
        self.roots: Final = tuple(
            dict.fromkeys(
                [node for rules in self.rules for node in (*rules.nodes, *[added.node for added in rules.adds])]
            )
        )
        self._allowed: Final[dict[tuple[int, int], Box]] = {}
        self.looking_at: Final[list[list[int]]] = [[] for _ in self.variables]
        for root in self.roots:
            for variable in self.read_by(root):
                self.looking_at[variable].append(root)

    def number(self, variable: str) -> int:
        """A variable's place."""
        return self._number[variable]

    def point(self, call: Call) -> Box:
        """The box of the calls that no condition tells apart from this one."""
        return [1 << self._kind_of[at][call.get(variable.name)] for at, variable in enumerate(self.variables)]

    def values(self, variable: int, kinds: int) -> list[Value | None]:
        """The values of a set of kinds, in the variable's own order, unknown last."""
        found = {value for at, members in enumerate(self.kinds[variable]) if kinds >> at & 1 for value in members}
        every: list[Value | None] = [*self.variables[variable].values, None]
        return [value for value in every if value in found]

    def read_by(self, node: int) -> frozenset[int]:
        """The variables that a node looks at."""
        kind, variable, _, parts = self.nodes[node]
        if kind == _LEAF:
            return frozenset((variable,))
        return frozenset().union(*[self.read_by(part) for part in parts])

    def status(self, node: int, box: Box, known: dict[int, int]) -> int:
        """What a node says of a box: `HOLDS`, `FAILS` or both; `known` are nodes whose answer is given."""
        given = known.get(node)
        if given is not None:
            return given
        kind, variable, kinds, parts = self.nodes[node]
        if kind == _LEAF:
            held = box[variable]
            return (HOLDS if held & kinds else 0) | (FAILS if held & ~kinds else 0)
        if kind == _ALL:
            fails = 0
            for part in parts:
                found = self.status(part, box, known)
                if found == FAILS:
                    return FAILS
                fails |= found & FAILS
            return HOLDS | fails
        if kind == _ANY:
            holds = 0
            for part in parts:
                found = self.status(part, box, known)
                if found == HOLDS:
                    return HOLDS
                holds |= found & HOLDS
            return FAILS | holds
        if kind == _NOT:
            found = self.status(parts[0], box, known)
            return found >> 1 | (found & 1) << 1
        return HOLDS

    def assume(self, node: int, *, holds: bool, box: Box, known: dict[int, int]) -> None:
        """Take for granted that a node holds (or fails), and narrow the box by what follows at sight."""
        known[node] = HOLDS if holds else FAILS
        kind, variable, kinds, parts = self.nodes[node]
        if kind == _LEAF:
            box[variable] &= kinds if holds else ~kinds
        elif kind == _NOT:
            self.assume(parts[0], holds=not holds, box=box, known=known)
        elif kind in (_ALL, _ANY):
            if holds is (kind == _ALL):
                for part in parts:
                    self.assume(part, holds=holds, box=box, known=known)
                return
            # One part at least is as the whole is; if only one still can be, it is.
            other = FAILS if holds else HOLDS
            left = [part for part in parts if self.status(part, box, known) != other]
            if len(left) == 1:
                self.assume(left[0], holds=holds, box=box, known=known)

    def project(self, node: int, box: Box, known: dict[int, int]) -> None:
        """Take out of the box the single kinds with which the node cannot hold, although it is known to."""
        granted = {at: said for at, said in known.items() if at != node}
        for variable in self.read_by(node):
            held, kept, bit = box[variable], 0, 1
            while bit <= held:
                if held & bit:
                    box[variable] = bit
                    kept |= bit if self.status(node, box, granted) & HOLDS else 0
                bit <<= 1
            box[variable] = kept

    @cached_property
    def plans(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """For each version the deciding rules' plans, as numbers: equal plans have the same."""
        numbers: dict[tuple[int, ...], int] = {}
        old, new = [tuple([numbers.setdefault(ranks, len(numbers)) for ranks in rules.ranks]) for rules in self.rules]
        return old, new

    @cached_property
    def together(self) -> tuple[tuple[int, int], ...]:
        """The deciding rules of both versions that can decide the same call, as far as is seen here.

        Where a rule decides, its condition holds and those above it do not: so its condition cannot stand above
        the rule that decides under the other version. And some value of every variable must be allowed by both.
        """
        first = [{node: at for at, node in reversed(list(enumerate(rules.nodes)))} for rules in self.rules]
        old, new = [rules.nodes for rules in self.rules]
        return tuple(
            [
                (one, other)
                for one, node in enumerate(old)
                for other in range(min(first[1].get(node, len(new)), len(new) - 1) + 1)
                if first[0].get(new[other], len(old)) >= one
                and all(map(and_, self.allowed(0, one), self.allowed(1, other)))
            ]
        )

    def allowed(self, side: int, rule: int) -> Box:
        """The kinds of values of the calls that a deciding rule can decide, as far as single ones tell."""
        held = self._allowed.get((side, rule))
        if held is None:
            held, known = list(self.everything), dict[int, int]()
            nodes = self.rules[side].nodes
            self.assume(nodes[rule], holds=True, box=held, known=known)
            for node in nodes[:rule]:
                self.assume(node, holds=False, box=held, known=known)
            self.project(nodes[rule], held, {})
            self._allowed[side, rule] = held
        return held

    @cached_property
    def _telling(self) -> tuple[int, ...]:
        """The variables that tell who called: protected ones, and zones of so few premises that they tell it too."""
        small = {
            zone.variable
            for policy in self.scene.policies
            for zone in policy.zones
            if zone.premises is not None and zone.premises <= FEW_PREMISES
        }
        return tuple([at for at, variable in enumerate(self.variables) if variable.protected or variable.name in small])

    def whose(self, box: Box, pair: tuple[int, int]) -> tuple[int, ...]:
        """Of whom the calls of a box are that these two rules decide, as far as single values tell."""
        old, new = self.allowed(0, pair[0]), self.allowed(1, pair[1])
        return tuple([box[at] & old[at] & new[at] for at in self._telling])

    def touched(self, box: Box, pairs: Iterable[tuple[int, int]]) -> Box:
        """The box without the values that none of these pairs of rules can decide."""
        found = [0] * len(box)
        for one, other in pairs:
            old, new = self.allowed(0, one), self.allowed(1, other)
            found = [
                held | (kinds & old[at] & new[at]) for at, (held, kinds) in enumerate(zip(found, box, strict=True))
            ]
        return found

    def silent_at(self, point: Box, components: Sequence[int]) -> frozenset[int]:
        """The conditions of `add` rules that do not hold at a point and would raise in one of these components."""
        return frozenset(
            [
                added.node
                for rules in self.rules
                for added in rules.adds
                if any(added.ranks[at] is not None for at in components) and self.status(added.node, point, {}) == FAILS
            ]
        )

    def adding(self, nodes: frozenset[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The `add` rules with these conditions, each once: of the new version where it has it, else of the old."""
        new = {added.node: added.rule for added in self.rules[1].adds if added.node in nodes}
        old = {added.node: added.rule for added in self.rules[0].adds if added.node in nodes and added.node not in new}
        return tuple(old.values()), tuple(new.values())

    # How nodes are made.

    def _rules(self, at: int, policy: Policy) -> Rules:
        components = self.scene.components
        deciding = policy.deciding
        return Rules(
            ids=tuple([rule.id for rule in deciding]),
            nodes=tuple([self._node(at, rule.when) for rule in deciding]),
            ranks=tuple([components.ranks(rule.plan) for rule in deciding]),
            adds=tuple(
                [
                    Added(rule=rule.id, node=self._node(at, rule.when), ranks=components.raised(rule.add))
                    for rule in policy.add
                ]
            ),
        )

    def _intern(self, kind: int, variable: int = 0, kinds: int = 0, parts: tuple[int, ...] = ()) -> int:
        node = (kind, variable, kinds, parts)
        found = self._node_of.get(node)
        if found is None:
            found = self._node_of[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def _node(self, policy: int, condition: Condition) -> int:
        if isinstance(condition, Always):
            return self._intern(_ALWAYS)
        if isinstance(condition, Not):
            return self._negated(self._node(policy, condition.part))
        if isinstance(condition, (All, Any)):
            kind = _ALL if isinstance(condition, All) else _ANY
            return self._joined(kind, [self._node(policy, part) for part in condition.parts])
        variable = self._number[condition.variable]
        return self._leaf(variable, self._as_kinds(variable, self._named[policy][condition]))

    def _leaf(self, variable: int, kinds: int) -> int:
        return self._intern(_LEAF, variable, kinds)

    def _negated(self, node: int) -> int:
        kind, variable, kinds, parts = self.nodes[node]
        if kind == _LEAF:
            return self._leaf(variable, self.everything[variable] & ~kinds)
        return parts[0] if kind == _NOT else self._intern(_NOT, parts=(node,))

    def _joined(self, kind: int, parts: Iterable[int]) -> int:
        """All or any of the parts; what they ask of the same variable becomes one question."""
        flat: list[int] = []
        for part in parts:
            flat += self.nodes[part][3] if self.nodes[part][0] == kind else [part]
        asked: dict[int, int] = {}
        rest: list[int] = []
        for part in flat:
            sort, variable, kinds, _ = self.nodes[part]
            if sort == _LEAF:
                held = asked.get(variable)
                asked[variable] = kinds if held is None else held & kinds if kind == _ALL else held | kinds
            else:
                rest.append(part)
        together = {self._leaf(variable, kinds) for variable, kinds in asked.items()}
        together.update(rest)
        return together.pop() if len(together) == 1 else self._intern(kind, parts=tuple(sorted(together)))

    def _kinds_of(self, at: int) -> list[tuple[Value | None, ...]]:
        variable = self.variables[at]
        every: list[Value | None] = [*variable.values, *([None] if variable.unknown else [])]
        asked = sorted(
            {mask for named in self._named for leaf, mask in named.items() if leaf.variable == variable.name}
        )
        kinds: dict[int, list[Value | None]] = {}
        for place, value in enumerate(every):
            signature = sum([(mask >> place & 1) << bit for bit, mask in enumerate(asked)])
            kinds.setdefault(signature, []).append(value)
        return [tuple(members) for members in kinds.values()]

    def _as_kinds(self, at: int, mask: int) -> int:
        """A set of values, by place, as a set of kinds; no kind is cut by what a condition names."""
        places = {value: place for place, value in enumerate([*self.variables[at].values, None])}
        return sum([1 << kind for kind, members in enumerate(self.kinds[at]) if mask >> places[members[0]] & 1])


def _values_named(scene: Scene, policy: Policy) -> dict[Leaf, int]:
    """For each question of a policy the scene's values of which it holds, by place; the last place is unknown."""
    own = policy.variables()
    found: dict[Leaf, int] = {}
    seen: dict[str, list[Value | None]] = {}
    conditions = [*[rule.when for rule in policy.deciding], *[added.when for added in policy.add]]
    for condition in conditions:
        for leaf in leaves(condition):
            if leaf in found:
                continue
            variable = own[leaf.variable]
            if leaf.variable not in seen:
                seen[leaf.variable] = [fitting(variable, value) for value in scene.variables[leaf.variable].values]
            places = _truths(leaf, variable, seen[leaf.variable])
            found[leaf] = sum([1 << place for place, holds in enumerate(places) if holds])
    return found


def _truths(leaf: Leaf, variable: Variable, seen: Sequence[Value | None]) -> list[bool]:
    asks_unknown = leaf.value is None if isinstance(leaf, Is) else not isinstance(leaf, During) and leaf.or_unknown
    unknown = asks_unknown or (variable.counts_as is not None and _names(leaf, variable.counts_as))
    return [unknown if value is None else _names(leaf, value) for value in seen] + [unknown]


def _names(leaf: Leaf, value: Value) -> bool:
    """Whether a question names a known value."""
    if isinstance(leaf, Is):
        return leaf.value == value
    if isinstance(leaf, In):
        return value in leaf.values
    if isinstance(leaf, (Has, Within)):
        return value is True
    if not isinstance(value, int):
        return False
    if isinstance(leaf, Between):
        return leaf.lowest <= value <= leaf.highest
    if leaf.start < leaf.end:
        return leaf.start <= value < leaf.end
    return value >= leaf.start or value < leaf.end
