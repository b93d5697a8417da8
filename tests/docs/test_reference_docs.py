"""What can be asked, happen, be refused, be due or end stands in docs/ under its name; nothing else does."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from msgspec import inspect

from everycall.core.actors import Role
from everycall.core.commands import AnyCommand, decode_command
from everycall.core.deadlines import DeadlineKind
from everycall.core.events import AnyEvent, decode_event
from everycall.core.incidents import ResponseStatus
from everycall.core.outcomes import Outcome
from everycall.core.vocabulary import (
    APCO_DISPOSITION_OF,
    AUDIT_CODE_OF,
    CALL_STAMP_NAMES,
    CHANNELS,
    MISSING_REASONS,
    OUTCOME_NAMES,
    SERVICES,
    STAMP_NAMES,
    Mode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md")), *sorted((ROOT / "bench").glob("*.md"))]


def text_of(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def sections(page: str, level: int) -> dict[str, str]:
    """The text under each heading of a level, up to the next heading of that or a higher one."""
    parts = re.split(rf"^{'#' * level} (.+)$", text_of(page), flags=re.MULTILINE)
    names = parts[1::2]
    assert len(names) == len(set(names)), "a heading stands twice"
    return {
        name: re.split(rf"^#{{1,{level}}} ", told, flags=re.MULTILINE)[0]
        for name, told in zip(names, parts[2::2], strict=True)
    }


def named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_0-9]+)`", text))


def listed(text: str) -> list[str]:
    """The words of a table's first column."""
    return re.findall(r"^\| `([a-z_0-9]+)` \|", text, re.MULTILINE)


def examples(text: str) -> list[str]:
    return re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def struct(kind: Any) -> inspect.StructType:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info


def by_tag(union: Any) -> dict[str, inspect.StructType]:
    return {str(struct(kind).tag): struct(kind) for kind in get_args(union)}


COMMANDS, EVENTS, OUTCOMES = by_tag(AnyCommand), by_tag(AnyEvent), by_tag(Outcome)


def test_every_command_has_its_heading_and_every_heading_its_command() -> None:
    assert list(sections("commands.md", 3)) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_field_of_a_command_is_told_and_whether_it_is_required(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (required)? ?\|$", sections("commands.md", 3)[name], re.MULTILINE)
    fields = [(field.encode_name, "required" if field.required else "") for field in COMMANDS[name].fields]
    assert rows == fields


def test_every_example_of_a_command_is_one_and_stands_under_its_name() -> None:
    told = 0
    for name, text in sections("commands.md", 3).items():
        for example in examples(text):
            command = decode_command(example.encode())
            assert struct(type(command.body)).tag == name
            told += 1
    assert told >= len(COMMANDS) // 2
    for example in examples(text_of("commands.md").split("\n## ")[0]):
        decode_command(example.encode())


def test_every_event_has_its_heading_and_every_heading_its_event() -> None:
    assert set(sections("events.md", 3)) == set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_every_field_of_an_event_is_told(name: str) -> None:
    common = named(sections("events.md", 2)["Fields that many events have"])
    fields = {field.encode_name for field in EVENTS[name].fields}
    assert fields <= common | named(sections("events.md", 3)[name])


@pytest.mark.parametrize("name", EVENTS)
def test_the_deadlines_of_an_event_are_of_kinds_that_there_are(name: str) -> None:
    for line in re.findall(r"^Deadlines: (.*)$", sections("events.md", 3)[name], re.MULTILINE):
        assert named(line) <= set(get_args(DeadlineKind))


def test_every_example_of_an_event_is_one() -> None:
    found = examples(text_of("events.md"))
    assert found
    for example in found:
        decode_event(example.encode())


def test_every_field_of_the_envelope_is_told() -> None:
    example = json.loads(examples(text_of("events.md"))[0])
    assert set(example) <= named(sections("events.md", 2)["The envelope"])


def source() -> Iterator[ast.AST]:
    for room in ("core", "engine"):
        for path in sorted((ROOT / "src" / "everycall" / room).glob("*.py")):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def refusals() -> Iterator[tuple[str, str | None]]:
    """The codes as they stand in the source, each with its rule where that stands there too."""
    for node in source():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = {word.arg: word.value for word in node.keywords}
            rule = words.get("rule")
            known = rule.value if isinstance(rule, ast.Constant) else None
            if node.func.id == "Refusal" and isinstance(code := words.get("code"), ast.Constant):
                yield str(code.value), str(known) if known else None
            elif node.func.id == "lacking" and isinstance(code := node.args[0], ast.Constant):
                yield str(code.value), str(known) if known else None if rule else "house:3"
            elif node.func.id == "unknown" and isinstance(kind := node.args[0], ast.Constant):
                yield "unknown_" + re.sub("[ -]", "_", str(kind.value)), "house:3"
        elif isinstance(node, ast.FunctionDef) and node.name == "why_not_free":
            for found in ast.walk(node):
                if isinstance(found, ast.Return) and isinstance(found.value, ast.Tuple):
                    code = found.value.elts[0]
                    assert isinstance(code, ast.Constant)
                    yield str(code.value), "house:4"


def test_every_refusal_has_its_heading_and_every_heading_its_refusal() -> None:
    assert set(sections("refusals.md", 2)) == {code for code, _ in refusals()}


def test_every_refusal_says_when_it_comes_what_to_do_and_by_which_rule() -> None:
    told = sections("refusals.md", 2)
    for code, text in told.items():
        assert text.count(".") >= 3, code
    for code, rule in refusals():
        assert "Rule: " in told[code], code
        if rule is not None:
            assert rule in told[code].split("Rule: ")[1], code


def test_every_outcome_has_its_heading_and_its_evidence_is_told() -> None:
    told = sections("outcomes.md", 2)
    assert list(told) == list(OUTCOME_NAMES) == list(OUTCOMES)
    for name, kind in OUTCOMES.items():
        assert {field.encode_name for field in kind.fields} - {"export"} <= named(told[name]), name


def test_every_outcome_has_its_audit_code_and_its_apco_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\d\d) \|$", text_of("outcomes.md"), re.MULTILINE)
    assert rows == [(name, AUDIT_CODE_OF[name], APCO_DISPOSITION_OF[name]) for name in OUTCOME_NAMES]


def test_every_refusal_for_want_of_evidence_stands_beside_its_outcome() -> None:
    tree = ast.parse((ROOT / "src" / "everycall" / "core" / "evidence.py").read_text("utf-8"))
    codes = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "lacking"
        and isinstance(node.args[0], ast.Constant)
    }
    # The permission to decline is looked for where needs are settled.
    told = set(re.findall(r"refusals\.md#(\w+)", text_of("outcomes.md")))
    assert told == codes | {"decline_not_allowed"}


def test_every_kind_of_deadline_has_its_heading_and_all_of_it_is_told() -> None:
    told = sections("deadlines.md", 2)
    assert list(told) == list(get_args(DeadlineKind))
    for kind, text in told.items():
        flat = " ".join(text.split())
        for part in ("Waits for: ", "Set: ", "Ended: ", "Ladder: ", "When it passes: "):
            assert flat.count(part) == 1, (kind, part)


WORDS = (
    *("act", "agency", "assignment", "balance", "call", "capability", "centre", "channel", "checkpoint"),
    *("command", "console", "crew", "deadline", "decision", "event", "evidence", "fact", "finding"),
    *("ground", "hand-over", "hold", "incident", "instruction", "ladder", "like calls", "need", "outcome"),
    *("patient", "policy", "preempt", "reconstructed", "record", "refusal", "response", "response plan"),
    *("retired", "review", "role", "rule", "rung", "seal", "self-initiated", "service", "spooled"),
    *("staging", "stamp", "station", "strike", "undo", "unit", "vehicle", "waiting", "welfare check"),
)
"""What the design and the core call things."""


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Services", SERVICES),
        ("Channels", CHANNELS),
        ("Modes", get_args(Mode)),
        ("Roles", get_args(Role)),
        ("Call stamps", CALL_STAMP_NAMES),
        ("Assignment stamps", STAMP_NAMES),
        ("Missing reasons", MISSING_REASONS),
        ("Response statuses", get_args(ResponseStatus)),
    ],
)
def test_every_word_of_a_closed_list_is_in_the_glossary(heading: str, words: tuple[str, ...]) -> None:
    assert listed(sections("glossary.md", 2)[heading]) == list(words)


def test_the_glossary_has_the_words_of_the_design_in_order() -> None:
    table = text_of("glossary.md").split("\n## ")[0].split("| --- | --- |")[1]
    words = re.findall(r"^\| ([a-z -]+) \|", table, re.MULTILINE)
    assert words == sorted(set(words))
    assert set(WORDS) <= set(words)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_and_a_heading_that_are_there(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target
