"""What stands in the cells of a decision table: each condition in its attribute's column, each outcome in words.

A rule whose condition is a conjunction spreads over the columns; what is no plain question about one attribute
(an `any`, a `not` of several) stands whole in the column "also". An empty cell means that the rule does not ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.policy.conditions import All, Always, Any, Between, Condition, During, Has, In, Is, Leaf, Not, Within
from everycall.policy.words import clock_words, duration_words, value_words, variable_words, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from everycall.policy.rules import Grant, Offer, Plan, Raise, Stage, Step

ALSO: Final = "also"


def asked(leaf: Leaf) -> str:
    """What a leaf asks of its attribute, without the attribute's name."""
    if isinstance(leaf, Is):
        return value_words(leaf.variable, leaf.value)
    if isinstance(leaf, During):
        return f"{clock_words(leaf.start)} to {clock_words(leaf.end)}"
    or_unknown = " or unknown" if leaf.or_unknown else ""
    if isinstance(leaf, In):
        return ", ".join(value_words(leaf.variable, value) for value in leaf.values) + or_unknown
    if isinstance(leaf, Between):
        return f"{leaf.lowest} to {leaf.highest}{or_unknown}"
    return (f"has {leaf.value}" if isinstance(leaf, Has) else f"within {leaf.zone}") + or_unknown


def column(leaf: Leaf) -> str:
    """The column that a leaf's answer stands in: its attribute; the zones share one."""
    if isinstance(leaf, Within):
        return "zone"
    return leaf.attribute if isinstance(leaf, Has) else variable_words(leaf.variable)


def spread(condition: Condition) -> dict[str, list[str]]:
    """A condition over the columns of the table."""
    found: dict[str, list[str]] = {}
    for part in _conjuncts(condition):
        if isinstance(part, Not) and not isinstance(part.part, (All, Any, Not, Always)):
            found.setdefault(column(part.part), []).append(f"not {asked(part.part)}")
        elif isinstance(part, (All, Any, Not)):
            found.setdefault(ALSO, []).append(words(part))
        elif not isinstance(part, Always):
            found.setdefault(column(part), []).append(asked(part))
    return found


def _conjuncts(condition: Condition) -> Iterable[Condition]:
    if isinstance(condition, All):
        for part in condition.parts:
            yield from _conjuncts(part)
    else:
        yield condition


def columns(conditions: Sequence[Condition]) -> list[str]:
    """The columns that these conditions need: service and type first, then by how many ask, "also" last."""
    counts: dict[str, int] = {}
    for condition in conditions:
        for name in spread(condition):
            counts[name] = counts.get(name, 0) + 1
    first = [name for name in ("service", "type") if name in counts]
    rest = sorted((name for name in counts if name not in (*first, ALSO)), key=lambda name: (-counts[name], name))
    return first + rest + ([ALSO] if ALSO in counts else [])


def sent(send: Iterable[tuple[str, int]], support: Iterable[str]) -> str:
    """Units and support: "2 police, 1 als; interpreter"."""
    units = ", ".join(f"{count} {capability}" for capability, count in send)
    return "; ".join(part for part in (units, ", ".join(support)) if part)


class Labels:
    """Short names for grants and ladders, so that a row can name what many rows share: "decline 1", "ladder 2"."""

    def __init__(self, plans: Iterable[Plan], raises: Iterable[Raise]) -> None:
        self.grants: dict[Grant, str] = {}
        self.ladders: dict[tuple[Step, ...], str] = {}
        for plan in plans:
            self._ladder(plan.ladder)
            for found in plan.may:
                act = found.act.replace("_", " ")
                count = sum(held.act == found.act for held in self.grants)
                self.grants.setdefault(found, f"{act} {count + 1}")
                self._ladder(found.ladder)
            if plan.offer is not None:
                self._ladder(plan.offer.ladder)
        for added in raises:
            self._ladder(added.ladder)

    def _ladder(self, steps: tuple[Step, ...]) -> None:
        if steps:
            self.ladders.setdefault(steps, f"ladder {len(self.ladders) + 1}")

    def ladder(self, steps: tuple[Step, ...]) -> str:
        """The short name of a ladder; nothing for none."""
        return self.ladders[steps] if steps else ""


def offered(offer: Offer, labels: Labels) -> str:
    """What is offered to whom first; its ladder by its short name."""
    goes = "our units go meanwhile" if offer.meanwhile == "send" else "our units wait for the answer"
    told = labels.ladder(offer.ladder)
    return f"to {offer.to} ({offer.ground}) for {duration_words(offer.within)}; {goes}; then {told}"


def outcome(plan: Plan, labels: Labels) -> dict[str, str]:
    """A plan over the outcome's columns; what it does not say is missing."""
    cells = {
        "priority": str(plan.priority),
        "send": sent(plan.send, plan.support),
        "officers": str(plan.minimum_officers or ""),
        "dispatch": _within(plan.dispatch_within),
        "arrive": _within(plan.arrive_within),
        "find out": _within(plan.find_out_within),
        "stage": "; and ".join(_staged(stage) for stage in plan.stages),
        "cancellation": "" if plan.cancellation_closes else "closes nothing",
        "offer": offered(plan.offer, labels) if plan.offer else "",
        "late": labels.ladder(plan.ladder),
        "may": ", ".join(labels.grants[found] for found in plan.may),
    }
    return {name: text for name, text in cells.items() if text}


def raised(added: Raise, labels: Labels) -> dict[str, str]:
    """What an `add` rule raises, over the same columns."""
    cells = {
        "priority": "" if added.priority is None else f"at least {added.priority}",
        "send": sent([(name, count) for name, count in added.send], added.support),
        "officers": "" if added.minimum_officers is None else f"at least {added.minimum_officers}",
        "dispatch": _within(added.dispatch_within),
        "arrive": _within(added.arrive_within),
        "find out": _within(added.find_out_within),
        "stage": _staged(added.stage) if added.stage else "",
        "cancellation": "closes nothing" if added.keep_open else "",
        "offer": "our units go meanwhile" if added.go_meanwhile else "",
        "late": f"also {labels.ladder(added.ladder)}" if added.ladder else "",
        "may": "nobody may " + " or ".join(act.replace("_", " ") for act in added.forbid) if added.forbid else "",
    }
    return {name: text for name, text in cells.items() if text}


def _staged(stage: Stage) -> str:
    return f"{stage.because}; until {stage.until}"


def _within(seconds: int | None) -> str:
    return "" if seconds is None else duration_words(seconds)
