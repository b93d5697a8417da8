"""The four ways to write one instruction: each command of the page is run, and says what the page says it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "policy-story.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n\$ everycall ([^\n]+)\n(.*?)exit status (\d)\n```", PAGE, re.DOTALL)
RULES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def together(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("command", "says", "status"), BLOCKS, ids=[command for command, *_ in BLOCKS])
def test_a_command_of_the_page_says_what_the_page_says(command: str, says: str, status: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "from everycall.cli import main; main()", *command.split()],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "110"},
        check=False,
        cwd=ROOT,
        timeout=120,
    )
    assert str(found.returncode) == status, found.stderr
    printed = together(found.stdout)
    for line in says.splitlines():
        assert together(line) in printed


def test_each_way_is_checked_and_two_of_them_for_the_place_too() -> None:
    assert len(BLOCKS) == 8


def test_the_rules_of_the_page_are_those_of_the_texts() -> None:
    texts = [
        together(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "docs/policy-story").glob("[1-4]-*.yaml"))
    ]
    assert len(RULES) == len(texts) == 4
    for shown, text in zip(RULES, texts, strict=True):
        for line in shown.splitlines():
            words = together(line.split("  #")[0])
            assert words.removeprefix("- ") in text, words
