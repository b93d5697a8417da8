"""An explanation as a person reads it in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from everycall.policy.changes import grant_words, ladder_words, offer_words, stage_words
from everycall.policy.permissions import DOING
from everycall.policy.words import duration_words, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from everycall.policy.explain import Explanation, IfKnown, Near
    from everycall.policy.reasons import Question
    from everycall.policy.rules import Plan

NEAREST: Final = 5
"""So many of the rules that came near are shown; all are in the JSON."""

_UNKNOWNS: Final = 12
_VALUES: Final = 6
_PLACES: Final = {
    "before": "comes first: it would decide",
    "after": "comes later",
    "add": "only raises",
}


def show_explanation(found: Explanation, console: Console) -> None:
    """Print an explanation, the answer first."""
    _deciding(found, console)
    _head(console, "What goes out")
    console.print(Padding(_plan_table(found.plan), (0, 0, 0, 2), expand=False))
    _head(console, "Who may do what")
    for line in _permissions(found):
        _put(console, line)
    if found.near:
        _head(console, "What came near")
        for near in found.near[:NEAREST]:
            _near(near, console)
        if len(found.near) > NEAREST:
            _put(console, f"and {len(found.near) - NEAREST} more (--json lists them)", style="dim")
    if found.if_known:
        _head(console, "What is unknown, and would matter")
        for known in found.if_known[:_UNKNOWNS]:
            _put(console, if_known_words(known))
        if len(found.if_known) > _UNKNOWNS:
            _put(console, f"and {len(found.if_known) - _UNKNOWNS} more (--json lists them)", style="dim")
    console.print()
    console.print(Text(f"{found.version}, SHA-256 {found.policy}", style="dim"))


def _deciding(found: Explanation, console: Console) -> None:
    """Which rule decided, and what raised that."""
    decided = found.decided
    console.print(Text("Rule ") + Text(decided.rule, style="bold") + Text(f" decides{_at(decided.line)}."))
    if decided.because:
        _put(console, decided.because)
    for question in decided.held:
        _put(console, f"✓ {_answered(question)}")
    for also in found.also[:1]:
        more = f" and {len(found.also) - 1} more" if len(found.also) > 1 else ""
        _put(console, f"Rule {also}{more} would match too, but comes later.", style="dim")
    for raised in found.raised:
        console.print(Text("Rule ") + Text(raised.rule, style="bold") + Text(f" raises it{_at(raised.line)}."))
        for question in raised.held:
            _put(console, f"✓ {_answered(question)}")
        for change in raised.changed or ("It changes nothing: all that it adds was there.",):
            _put(console, change)


def if_known_words(known: IfKnown) -> str:
    """What not knowing may cost: "if weapon were yes: rule robbery; priority 4 → 1"."""
    values = list(known.values[:_VALUES])
    if len(known.values) > _VALUES:
        values.append(f"{len(known.values) - _VALUES} more")
    rule = f"rule {known.rule}" + (f" raised by {listed(known.raised_by, 'and')}" if known.raised_by else "")
    zone = known.variable.startswith("zone.")
    place = f"the place were {{}} {known.variable.removeprefix('zone.')}" if zone else f"{known.variable} were {{}}"
    return f"if {place.format(listed(values))}: {rule}; {'; '.join(known.changed) or 'the same help'}"


def _head(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _put(console: Console, line: str, style: str = "") -> None:
    console.print(Padding(Text(line, style=style), (0, 0, 0, 2), expand=False))


def _at(line: int) -> str:
    return f" (line {line})" if line else ""


def _answered(question: Question) -> str:
    return question.asks if question.asks == question.call else f"{question.asks}: {question.call}"


def _near(near: Near, console: Console) -> None:
    lacked = " and ".join(f"{question.asks} (here {question.call})" for question in near.lacked)
    _put(console, f"{near.rule}{_at(near.line)}, {_PLACES[near.place]}: lacks {lacked}")


def _plan_table(plan: Plan) -> Table:
    """The plan, a row a component; nothing that it does not say, but for what a reader would miss."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    rows = [
        ("priority", str(plan.priority)),
        ("send", ", ".join(f"{count} {capability}" for capability, count in plan.send) or "nobody"),
        ("minimum officers", str(plan.minimum_officers) if plan.minimum_officers else ""),
        ("support", ", ".join(plan.support)),
        ("dispatch within", _within(plan.dispatch_within)),
        ("arrive within", _within(plan.arrive_within)),
        ("find out the type within", "" if plan.find_out_within is None else duration_words(plan.find_out_within)),
        *[("stage", stage_words(stage)) for stage in plan.stages],
        ("offer", "" if plan.offer is None else offer_words(plan.offer)),
        ("a late deadline tells", ladder_words(plan.ladder)),
        ("a cancellation", "closes it" if plan.cancellation_closes else "closes nothing"),
    ]
    for name, said in rows:
        if said:
            table.add_row(Text(name, style="dim"), Text(said))
    return table


def _within(seconds: int | None) -> str:
    return "no deadline" if seconds is None else duration_words(seconds)


def _permissions(found: Explanation) -> Sequence[str]:
    lines = [grant_words(grant) for grant in found.plan.may]
    lines += [f"nobody may {DOING[one.act]}: forbidden by rule {listed(one.by, 'and')}" for one in found.forbidden]
    named = {grant.act for grant in found.plan.may} | {one.act for one in found.forbidden}
    nobody = [doing for act, doing in DOING.items() if act not in named]
    if nobody:
        lines.append(f"nobody may {listed(nobody)}")
    return lines
