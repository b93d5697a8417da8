"""A story on the terminal: dense, calm, readable at 100 columns; every sign is a word, colour only helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from everycall.centre.story_words import (
    CHANNEL_WORDS,
    clock_text,
    codes,
    date_text,
    service_word,
    span,
)
from everycall.terminal import visible

if TYPE_CHECKING:
    from datetime import tzinfo

    from rich.console import Console, RenderableType

    from everycall.centre.story_parts import (
        CallStory,
        Detail,
        DetailKind,
        Line,
        NeedStory,
        ResponseStory,
        StampStory,
        Story,
        UnitStory,
        Who,
    )

WIDTH: Final = 100
"""Columns where the output goes to no terminal."""

_SIGN: Final[dict[DetailKind, str]] = {
    "rule": "rule",
    "why": "why",
    "considered": "passed over",
    "known": "",
    "missing": "missing",
    "late": "late entry",
    "due": "due",
    "ended": "no longer due",
    "struck": "struck",
    "sealed": "",
    "flag": "!",
}
_STYLE: Final[dict[DetailKind, str]] = {
    "rule": "dim",
    "considered": "dim",
    "missing": "yellow",
    "late": "yellow",
    "due": "dim",
    "ended": "dim",
    "flag": "bold red",
    "sealed": "dim",
}
_ROLES: Final = {"call_taker": "call-taker", "neighbour_agency": "neighbour"}


def show_story(story: Story, console: Console, zone: tzinfo) -> None:
    """Print a story.

    Args:
        story: What to print.
        console: Where; its width is kept to.
        zone: Of the times.
    """
    story = harmless(story)
    parts: list[RenderableType] = [_head(story, zone)]
    for title, part in (
        ("Look here", _flags(story)),
        ("Needs", _needs(story, zone)),
        ("Responses", _responses(story)),
        ("Units", _units(story, zone)),
        ("Calls", _calls(story, zone)),
        ("What happened", _lines(story, zone)),
    ):
        if part is not None:
            parts += [Text(), Text(title, style="bold"), Padding(part, (0, 0, 0, 2))]
    print_trimmed(Group(*parts), console)


def harmless(story: Story) -> Story:
    """The story with control characters shown: words from outside must not steer the reader's terminal."""

    def cleaned(value: object) -> object:
        if isinstance(value, str):
            return visible(value)
        if isinstance(value, (list, tuple)):
            return [cleaned(item) for item in value]
        if isinstance(value, dict):
            return {key: cleaned(item) for key, item in value.items()}
        return value

    return msgspec.convert(cleaned(msgspec.to_builtins(story)), type(story))


def print_trimmed(part: RenderableType, console: Console) -> None:
    """Print without the blanks that tables leave at the ends of lines, where no terminal needs them."""
    if console.is_terminal:
        console.print(part)
        return
    with console.capture() as capture:
        console.print(part)
    for line in capture.get().splitlines():
        console.out(line.rstrip(), highlight=False)


def _head(story: Story, zone: tzinfo) -> RenderableType:
    name = _main(story)
    title = f"Incident {name}" if name else f"Call {story.calls[0].call if story.calls else story.asked}"
    types = list(dict.fromkeys(codes(need.type) for need in story.needs if need.type)) or ["type not known"]
    received = min((call.received_at for call in story.calls), default=None)
    top = Table.grid(expand=True)
    top.add_column()
    top.add_column(justify="right")
    top.add_row(Text(f"{title}: {', '.join(types)}", style="bold"), Text(story.centre, style="dim"))
    rows: list[RenderableType] = [top]
    when = "" if received is None else f"{date_text(received, zone)} {clock_text(received, zone)}, "
    rows.append(
        Text(
            f"{when}{_count(len(story.calls), 'call')}, {_count(len(story.needs), 'need')}, "
            f"{_count(len({unit.unit for unit in story.units}), 'unit')}; times in {story.zone}"
        )
    )
    rows.extend(
        Text(f"{held.incident} was merged into {held.merged_into}") for held in story.incidents if held.merged_into
    )
    rows.extend(
        Text(f"{held.incident} was split from {held.split_from}") for held in story.incidents if held.split_from
    )
    rows.extend(
        Text(f"{held.incident} is {held.external} in the other system") for held in story.incidents if held.external
    )
    return Group(*rows)


def _main(story: Story) -> str:
    """The incident that the story is about; what belongs to another, after a merge or a split, says so."""
    into = {held.incident: held.merged_into for held in story.incidents}
    name: str | None = story.asked if story.asked in into else next(iter(into), None)
    seen: set[str] = set()
    while name is not None and into.get(name) in into and name not in seen:
        seen.add(name)
        name = into[name]
    return name or ""


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _flags(story: Story) -> RenderableType | None:
    if not story.flags:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for flag in story.flags:
        table.add_row(Text(f"! {codes(flag.code)}", style="bold red"), Text(flag.text))
    return table


def _needs(story: Story, zone: tzinfo) -> RenderableType | None:
    if not story.needs:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for need in story.needs:
        table.add_row(need.need, service_word(need.service), _need(need, zone))
    return table


def _need(need: NeedStory, zone: tzinfo) -> Text:
    text = Text()
    text.append(codes(need.type) if need.type else "type not known")
    text.append(f", priority {need.priority}" if need.priority else ", no priority")
    first = []
    if need.first_type and need.first_type != need.type:
        first.append(codes(need.first_type))
    if need.first_priority and need.first_priority != need.priority:
        first.append(f"priority {need.first_priority}")
    if first:
        text.append(f" (first: {', '.join(first)})", style="dim")
    if need.asked_for and need.asked_for != need.type:
        text.append(f"; asked for: {codes(need.asked_for)}")
    for old in need.struck:
        text.append("\n")
        text.append(f"~~{old}~~", style="strike")
        text.append(" struck")
    text.append("\n")
    if need.outcome is None:
        text.append("OPEN", style="bold yellow")
        text.append(": no outcome yet")
        return text
    text.append(codes(need.outcome).upper(), style="bold green" if need.outcome == "responded" else "bold")
    if need.evidence:
        text.append(f": {need.evidence}")
    if need.settled_at is not None:
        text.append(
            f"; settled {clock_text(need.settled_at, zone)} by {need.settled_by or 'nobody'}, "
            f"{span(need.settled_at - need.opened_at)} after it was asked",
            style="dim",
        )
    return text


def _responses(story: Story) -> RenderableType | None:
    if not story.responses:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for response in story.responses:
        other = response.incident != _main(story)
        name = f"{response.agency} {response.incident}" if other else response.agency
        table.add_row(name, codes(response.status), _response(response))
    return table


def _response(response: ResponseStory) -> Text:
    text = Text(response.plan)
    policy = "" if response.policy == response.rule else f" of policy {response.policy}"
    if response.rule == "not_recorded":
        return Text("the export does not say which rule was followed", style="dim")
    text.append(f"; rule {response.rule}{policy}", style="dim")
    if response.adjusted:
        text.append("; changed by hand")
    if response.over_objection:
        text.append("; OVER OBJECTION", style="bold red")
    return text


def _units(story: Story, zone: tzinfo) -> RenderableType | None:
    if not story.units:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    for unit in story.units:
        table.add_row(unit.unit, unit.assignment, _unit(unit, zone, other=unit.incident != _main(story)))
    return table


def _unit(unit: UnitStory, zone: tzinfo, *, other: bool) -> Text:
    text = Text()
    if other:
        text.append(f"{unit.incident}: ", style="dim")
    if unit.stacked:
        text.append("stacked behind other work")
    if unit.by_report:
        text.append("by its own report" + (", " if unit.stamps else ""))
    for number, stamp in enumerate(unit.stamps):
        if number or unit.stacked:
            text.append(" · ", style="dim")
        _stamp(text, stamp, zone)
        if stamp.name == "at_hospital" and unit.hospital:
            text.append(f" ({unit.hospital})")
    return text


def _stamp(text: Text, stamp: StampStory, zone: tzinfo) -> None:
    # A stamp stays in one piece: its name and its time do not part at the end of a line.
    name = codes(stamp.name).replace(" ", "\u00a0")
    text.append(name)
    if stamp.at is None:
        text.append(
            f"\u00a0missing\u00a0({codes(stamp.missing or 'not_reported')})".replace(" ", "\u00a0"),
            style="yellow",
        )
        return
    text.append("\u00a0")
    text.append(clock_text(stamp.at, zone))
    for old in stamp.struck:
        text.append(" ")
        text.append(f"~~{clock_text(old, zone)}~~", style="strike dim")
    if stamp.conflicts:
        others = ", ".join(clock_text(at, zone) for at in stamp.conflicts)
        text.append(f" (also reported: {others})", style="yellow")


def _calls(story: Story, zone: tzinfo) -> RenderableType | None:
    if not story.calls:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column()
    for call in story.calls:
        table.add_row(call.call, _call(call, zone))
    return table


def _call(call: CallStory, zone: tzinfo) -> Text:
    text = Text(f"{CHANNEL_WORDS[call.channel]} at {clock_text(call.received_at, zone)}")
    for name, value in (
        ("line", call.line),
        ("language", call.language),
        ("its number elsewhere", call.external),
    ):
        if value:
            text.append(f"; {name}: {value}")
    if call.place:
        text.append(f"; {call.place}")
    if call.words:
        text.append(f"; words {call.words}", style="dim")
    if call.unsafe_to_ring:
        text.append("; UNSAFE TO RING", style="bold red")
    return text


def _lines(story: Story, zone: tzinfo) -> RenderableType | None:
    if not story.lines:
        return None
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, style="dim")
    date = ""
    main = _main(story)
    who = ""
    time = ""
    for line in story.lines:
        today = date_text(line.recorded_at, zone)
        if today != date:
            table.add_row("", Text(today, style="bold"), "")
            date, time, who = today, "", ""
        clock = clock_text(line.recorded_at, zone)
        actor = _who(line.who)
        same = clock == time and actor == who
        told = Group(_line(line, main), *[_detail(detail) for detail in line.details])
        table.add_row("" if clock == time else clock, told, "" if same else actor)
        time, who = clock, actor
    return table


def _line(line: Line, main: str) -> Text:
    text = Text()
    if line.struck is not None:
        text.append(f"~~{line.text}~~", style="strike")
        text.append(f" {line.struck}", style="yellow")
    else:
        loud = line.event in ("needs_settled", "deadline_passed", "emergency_signalled")
        text.append(line.text, style="bold" if loud else "")
    if line.incident not in (None, main) and str(line.incident) not in line.text:
        text.append(f" [{line.incident}]", style="dim")
    return text


def _detail(detail: Detail) -> RenderableType:
    """A detail under its line, indented as a whole."""
    sign = _SIGN[detail.kind]
    style = _STYLE.get(detail.kind, "")
    text = Text(f"{sign}{'' if sign in ('', '!') else ':'}{' ' if sign else ''}", style=style)
    if detail.kind == "struck":
        text.append(f"~~{detail.text}~~", style="strike dim")
    else:
        text.append(detail.text, style=style)
    return Padding(text, (0, 0, 0, 2))


def _who(who: Who) -> str:
    if who.role == "system":
        return "the system"
    parts = [f"{who.person}, {_ROLES.get(who.role, codes(who.role))}"]
    if who.position and who.position != who.person:
        parts.append(who.position)
    return " ".join(parts)
