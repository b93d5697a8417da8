"""docs/policy-language.md: every example does what the page says, and every key of the language stands on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from everycall.policy.evaluate import compile_policy
from everycall.policy.text import PolicyError, format_policy, read_policy
from everycall.policy.text.fields import (
    ALWAYS,
    COMPARISONS,
    CONNECTIVES,
    COUNTS_AS,
    KINDS_OF_ATTRIBUTE,
    POLICY,
    SECTIONS,
    TIME_KEY,
    UNKNOWN_WORDS,
    WEEKDAY_KEY,
    ZONE_KEY,
)

PAGE = (Path(__file__).parents[3] / "docs" / "policy-language.md").read_text("utf-8")


class Block(NamedTuple):
    kind: str
    text: str
    line: int


BLOCKS = [
    Block(match[1], match[2], PAGE[: match.start()].count("\n") + 1)
    for match in re.finditer(r"^```(.*)\n((?:.*\n)*?)```$", PAGE, re.MULTILINE)
]
WHOLE = next(block.text for block in BLOCKS if block.kind == "yaml whole")


def parts(text: str, indent: int) -> dict[str, str]:
    """The lines of each key at this indentation."""
    found = re.split(rf"^(?= {{{indent}}}[^ \n])", text, flags=re.MULTILINE)
    return {piece.split(":")[0].strip(): piece for piece in found if piece.strip()}


def completed(fragment: str) -> str:
    """The whole policy of the page with these sections in the place of its own; declarations are added to its own."""
    whole, own = parts(WHOLE, 0), parts(fragment, 0)
    text = ""
    for name, section in own.items():
        text += section.rstrip("\n") + "\n"
        if name in ("attributes", "zones", "ladders", "grants", "plans"):
            declared = parts(section.split("\n", 1)[1], 2)
            text += "".join(
                piece.rstrip("\n") + "\n"
                for key, piece in parts(whole[name].split("\n", 1)[1], 2).items()
                if key not in declared
            )
    return text + "".join(section for name, section in whole.items() if name not in own)


def before(at: int) -> Block:
    return next(block for block in reversed(BLOCKS[:at]) if block.kind.startswith("yaml"))


READ = [block for block in BLOCKS if block.kind in ("yaml", "yaml whole")]
REFUSED = [(block, BLOCKS[at + 1]) for at, block in enumerate(BLOCKS) if block.kind == "yaml refused"]
CALLS = [
    (before(at), line) for at, block in enumerate(BLOCKS) if block.kind == "calls" for line in block.text.splitlines()
]


def test_every_block_of_the_page_is_of_a_kind_that_is_executed() -> None:
    assert {block.kind for block in BLOCKS} == {"", "yaml whole", "yaml", "yaml refused", "text", "calls"}
    assert [block.kind for block in BLOCKS].count("") == 1, "only the commands at the top"
    assert all(said.kind == "text" for _, said in REFUSED)
    assert len(REFUSED) == [block.kind for block in BLOCKS].count("text")


@pytest.mark.parametrize("block", READ, ids=[f"line {block.line}" for block in READ])
def test_an_example_reads(block: Block) -> None:
    read_policy(completed(block.text).encode())


def test_the_whole_policy_is_laid_out_as_the_page_says() -> None:
    """But for what the page keeps in one line where the layout takes several, there is nothing to change."""
    assert read_policy(WHOLE.encode()).rules
    once = format_policy(WHOLE.encode())
    assert format_policy(once) == once


@pytest.mark.parametrize(("block", "said"), REFUSED, ids=[f"line {block.line}" for block, _ in REFUSED])
def test_a_wrong_example_is_refused_in_these_words(block: Block, said: Block) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(completed(block.text).encode())
    assert str(caught.value) == said.text.strip()


@pytest.mark.parametrize(("block", "line"), CALLS, ids=[f"line {block.line} {line}" for block, line in CALLS])
def test_a_call_gets_what_the_page_says(block: Block, line: str) -> None:
    call, said = line.split(" -> ")
    decision = compile_policy(read_policy(completed(block.text).encode())).decide(json.loads(call))
    assert " + ".join([decision.rule, *decision.raised_by]) == said


def sections() -> dict[str, str]:
    found = re.split(r"^## (.+)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_section_of_a_policy_has_its_heading_or_stands_in_the_table_of_the_heading() -> None:
    told = sections()
    for field in POLICY.fields:
        assert field.name in told or f"`{field.name}`" in told["The heading"], field.name


PLACES = {
    "effective": "The heading", "attribute": "attributes", "zone": "zones", "step": "ladders", "grant": "grants",
    "plan": "plans", "changed plan": "plans", "stage": "plans", "offer": "plans", "rule": "rules",
    "substitution": "rules", "add rule": "add", "raise": "add", "triage": "triage", "triage floor": "triage",
    "default": "default", "may differ": "may_differ", "floor": "floor",
}  # fmt: skip


@pytest.mark.parametrize("section", SECTIONS[1:], ids=[section.name for section in SECTIONS[1:]])
def test_every_key_that_is_read_stands_in_its_place(section) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - a Section
    told = re.sub(r"^```(?:.*\n)*?```$", "", sections()[PLACES[section.name]], flags=re.MULTILINE)
    words = set(re.findall(r"`([a-z_]+)`", told))
    assert [name for name in section.names() if name not in words] == []


def test_every_other_word_of_the_language_stands_on_the_page() -> None:
    words = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    language = {*CONNECTIVES, *COMPARISONS, *KINDS_OF_ATTRIBUTE, *UNKNOWN_WORDS, COUNTS_AS, ALWAYS, "or", "unknown"}
    assert language | {ZONE_KEY, TIME_KEY, WEEKDAY_KEY} <= words
