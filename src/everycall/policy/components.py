"""Components: the help that goes out, taken apart into chains, so that "less" has one documented meaning.

Each component is a finite chain of levels, from the least help to the most; the *rank* is the place in that chain.
A plan is less than another *in a component* when its rank there is lower. Over all components that is a partial
order: a plan may be less in one and more in another.

| component | more help |
| --- | --- |
| `priority` | a smaller number |
| `send.<capability>`, `minimum_officers` | more |
| `support.<name>` | arranged |
| `dispatch_within`, `arrive_within`, `find_out_within` | sooner; none is the least |
| `ladder.<role>` | told sooner; never is the least |
| `cancellation_closes` | a cancellation closes nothing |
| `offer.<agency>.<ground>.meanwhile` | not offered, then going meanwhile, then waiting |
| `offer.<agency>.<ground>.within` | not offered, then the shorter wait |
| `may.<act>.<role>.<ground>[.<agency>]` | not allowed, then the shorter time |
| `stage.<because>.<until>`, `….ladder` of an offer or a grant | no order: they can only be the same or different |

The codes in a name have their own dots written otherwise (`part_of`), so that two different things never share a chain;
`parts_of` takes a name apart again. How staging is worded is operative (what ends the waiting), so each reason with its
end is a chain of its own.

What a deciding rule gives and what the matching `add` rules give combine by the highest rank, component by
component: that is why an `add` rule can only raise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.core.base import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from everycall.policy.rules import Grant, Plan, Policy, Raise, Stage, Step

Key = tuple[int, ...]
"""How a level sorts within its chain."""

ANY_OTHER: Final = "any_other"
"""The agencies that no rule names."""

_SEPARATOR: Final = "."
_ESCAPED: Final = (("\\", "\\\\"), (_SEPARATOR, "\\:"))
_OFFER_PARTS: Final = 3
"""`offer`, the agency and the ground; what it is about follows."""
_GRANT_PARTS: Final = 4
"""`may`, the act, the role and the ground; of a hand-over the agency follows."""
_NOT_ALLOWED: Final[Key] = (1, 0)
_NOT_OFFERED: Final[Key] = (2, 0)


def part_of(code: str) -> str:
    """A code as a part of a component's name: its own dots written otherwise, so that no two names run together."""
    for plain, escaped in _ESCAPED:
        code = code.replace(plain, escaped)
    # An agency may bear the name under which the agencies stand that no rule names.
    return f"\\-{code}" if code == ANY_OTHER else code


def parts_of(name: str) -> tuple[str, ...]:
    """The codes of which a component's name is made: ("may", "hold", "dispatcher", "no_danger")."""
    return tuple([_PLAIN.sub(lambda found: _UNESCAPED[found[0]], part) for part in name.split(_SEPARATOR)])


def stage_name(stage: Stage) -> str:
    """The component of staging for this reason and with this end."""
    return _named("stage", stage.because, stage.until)


def support_name(support: str) -> str:
    """The component of a support."""
    return _named("support", support)


def about(name: str) -> str:
    """What follows the names in the component of an offer (meanwhile, within, ladder) or of a grant ("", ladder)."""
    parts = parts_of(name)
    if parts[0] not in ("offer", "may"):
        return ""
    named = _OFFER_PARTS if parts[0] == "offer" else _GRANT_PARTS + (parts[1] == "hand_over")
    return parts[named] if len(parts) > named else ""


def _named(*codes: str) -> str:
    return _SEPARATOR.join(part_of(code) for code in codes)


_UNESCAPED: Final = {"\\\\": "\\", "\\:": _SEPARATOR, "\\-": ""}
_PLAIN: Final = re.compile(r"\\[\\:-]")


class Component(Frozen, frozen=True, kw_only=True):
    """One chain.

    Attributes:
        names: What it is called; several where they have the same level in every plan of the policies at hand.
        ordered: Whether a lower rank is less help, or only another.
        levels: In words, from the least help to the most.
    """

    names: tuple[str, ...]
    ordered: bool
    levels: tuple[str, ...]

    @property
    def name(self) -> str:
        """The first of its names, by which formulas refer to it."""
        return self.names[0]


class Components:
    """The components of one policy, or of several that are compared, and the rank of every plan in them."""

    def __init__(self, plans: Sequence[Plan], raises: Sequence[Raise]) -> None:
        """Lay out the chains for these plans and what may be added to them."""
        plans, raises = tuple(dict.fromkeys(plans)), tuple(dict.fromkeys(raises))  # many rules share one
        agencies = sorted({to for plan in plans for grant in plan.may for to in grant.to})
        self._agencies: Final = (*[part_of(to) for to in agencies], ANY_OTHER)
        self._ladders: dict[tuple[Step, ...], int] = {}
        for plan in plans:
            for steps in [grant.ladder for grant in plan.may] + ([plan.offer.ladder] if plan.offer else []):
                self._ladders.setdefault(steps, len(self._ladders))
        plan_keys = [self._of_plan(plan) for plan in plans]
        self._named: Final = frozenset(
            {name for keys in plan_keys for name in keys} | {n for r in raises for n in self._of_raise(r, ())}
        )
        raise_keys = [self._of_raise(added, self._named) for added in raises]
        chains: dict[str, list[Key]] = {
            name: sorted(
                {keys.get(name, _absent(name)) for keys in plan_keys} | {k[name] for k in raise_keys if name in k}
            )
            for name in sorted(self._named)
        }
        self._chains: Final = {name: keys for name, keys in chains.items() if len(keys) > 1}
        self.items: Final = self._grouped(plan_keys, raise_keys)
        self.index: Final = {name: at for at, item in enumerate(self.items) for name in item.names}

    @classmethod
    def of(cls, *policies: Policy) -> Components:
        """The components of these policies together."""
        return cls(
            [rule.plan for policy in policies for rule in policy.deciding],
            [rule.add for policy in policies for rule in policy.add],
        )

    def ranks(self, plan: Plan) -> tuple[int, ...]:
        """The rank of a plan in each component, in the order of `items`.

        Raises:
            ValueError: The plan has a level that none of the plans and raises of the constructor make.
        """
        keys = self._of_plan(plan)
        return tuple([self._chains[c.name].index(keys.get(c.name, _absent(c.name))) for c in self.items])

    def raised(self, added: Raise) -> tuple[int | None, ...]:
        """The rank that an `add` rule gives in each component; none where it says nothing."""
        keys = self._of_raise(added, self._named)
        return tuple([self._chains[c.name].index(keys[c.name]) if c.name in keys else None for c in self.items])

    def _grouped(
        self, plan_keys: Sequence[Mapping[str, Key]], raise_keys: Sequence[Mapping[str, Key]]
    ) -> tuple[Component, ...]:
        groups: dict[object, list[str]] = {}
        for name, chain in self._chains.items():
            where: object = name
            if name.startswith("may."):
                # Grants come in bundles (many roles and grounds at once): those that never part need one chain.
                levels = tuple([chain.index(keys.get(name, _absent(name))) for keys in plan_keys])
                adds = tuple([chain.index(keys[name]) if name in keys else None for keys in raise_keys])
                where = (parts_of(name)[1], _of_a_ladder(name), tuple(chain), levels, adds)
            groups.setdefault(where, []).append(name)
        return tuple(
            [
                Component(
                    names=tuple(names),
                    ordered=not _unordered(names[0]),
                    levels=tuple([self._words(names[0], key) for key in self._chains[names[0]]]),
                )
                for names in groups.values()
            ]
        )

    def _of_plan(self, plan: Plan) -> dict[str, Key]:
        keys: dict[str, Key] = {
            "priority": (-plan.priority,),
            "minimum_officers": (plan.minimum_officers,),
            "cancellation_closes": (int(not plan.cancellation_closes),),
            "dispatch_within": _soon(plan.dispatch_within),
            "arrive_within": _soon(plan.arrive_within),
            "find_out_within": _soon(plan.find_out_within),
        }
        keys.update({_named("send", capability): (count,) for capability, count in plan.send})
        keys.update({support_name(name): (1,) for name in plan.support})
        keys.update({stage_name(stage): (1,) for stage in plan.stages})
        keys.update({f"ladder.{step.role}": (1, -step.at) for step in plan.ladder})
        if plan.offer is not None:
            name = _named("offer", plan.offer.to, plan.offer.ground)
            keys[f"{name}.meanwhile"] = (int(plan.offer.meanwhile == "send"), 0)
            keys[f"{name}.within"] = (0, -plan.offer.within)
            keys[f"{name}.ladder"] = (self._ladders[plan.offer.ladder],)
        for grant in plan.may:
            for name in self._names_of(grant):
                held = keys.get(name)
                if held is None or held > (0, -grant.within):
                    keys[name] = (0, -grant.within)
                    keys[f"{name}.ladder"] = (self._ladders[grant.ladder],)
        return keys

    def _names_of(self, grant: Grant) -> Iterable[str]:
        for role in grant.roles:
            for ground in grant.grounds:
                name = _named("may", grant.act, role, ground)
                if grant.act == "hand_over":
                    yield from (f"{name}.{to}" for to in [part_of(to) for to in grant.to] or self._agencies)
                else:
                    yield name

    def _of_raise(self, added: Raise, named: Iterable[str]) -> dict[str, Key]:
        keys: dict[str, Key] = {_named("send", capability): (count,) for capability, count in added.send}
        keys.update({support_name(name): (1,) for name in added.support})
        keys.update({f"ladder.{step.role}": (1, -step.at) for step in added.ladder})
        if added.priority is not None:
            keys["priority"] = (-added.priority,)
        if added.minimum_officers is not None:
            keys["minimum_officers"] = (added.minimum_officers,)
        if added.stage is not None:
            keys[stage_name(added.stage)] = (1,)
        if added.keep_open:
            keys["cancellation_closes"] = (1,)
        for name, seconds in (
            ("dispatch_within", added.dispatch_within),
            ("arrive_within", added.arrive_within),
            ("find_out_within", added.find_out_within),
        ):
            if seconds is not None:
                keys[name] = _soon(seconds)
        for name in named:
            if added.go_meanwhile and name.startswith("offer.") and about(name) == "meanwhile":
                keys[name] = (1, 0)
            if any(name.startswith(f"may.{act}.") for act in added.forbid):
                keys[name] = _absent(name)
        return keys

    def _words(self, name: str, key: Key) -> str:
        if _of_a_ladder(name):
            steps = next((steps for steps, at in self._ladders.items() if (at,) == key), None)
            return "none" if steps is None else ", ".join(f"{step.role} at {step.at} s" for step in steps)
        return _words(name, key)


_NO_LADDER: Final[Key] = (1 << 30,)
_DEADLINES: Final = ("dispatch_within", "arrive_within", "find_out_within")


def _unordered(name: str) -> bool:
    return name.startswith("stage.") or _of_a_ladder(name)


def _of_a_ladder(name: str) -> bool:
    """Whether it is the ladder of an offer or a grant, and not a truck (`send.ladder`) or a ground of that name."""
    return about(name) == "ladder"


def _absent(name: str) -> Key:
    """The level of a plan that says nothing of this component."""
    if _of_a_ladder(name):
        return _NO_LADDER  # above all others, so that forbidding an act is a raise here too
    if name.startswith("may."):
        return _NOT_ALLOWED
    if name.startswith("offer."):
        return _NOT_OFFERED
    return (0, 0) if name.startswith("ladder.") or name in _DEADLINES else (0,)


def _soon(seconds: int | None) -> Key:
    return (0, 0) if seconds is None else (1, -seconds)


def _words(name: str, key: Key) -> str:
    if name.startswith("may."):
        return "not allowed" if key == _NOT_ALLOWED else f"allowed, {-key[1]} s"
    if name.startswith("offer."):
        if key == _NOT_OFFERED:
            return "not offered"
        return f"{-key[1]} s" if about(name) == "within" else ("units go meanwhile" if key[0] else "units wait")
    if name.startswith("ladder."):
        return f"told after {-key[1]} s" if key[0] else "never told"
    if name in _DEADLINES:
        return f"within {-key[1]} s" if key[0] else "no deadline"
    if name == "priority":
        return f"priority {-key[0]}"
    if name.startswith("support."):
        return "arranged" if key[0] else "not arranged"
    if name.startswith("stage."):
        return "yes" if key[0] else "no"
    if name == "cancellation_closes":
        return "a cancellation closes nothing" if key[0] else "a cancellation closes it"
    return str(key[0])
