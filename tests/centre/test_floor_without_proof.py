"""A dispatch floor evaluates its policy in an install that has no engine of the proof."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LACKING = "import sys; sys.modules.update(z3=None, pysat=None, jinja2=None); from everycall.cli import main; main()"


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LACKING, *arguments], capture_output=True, text=True, check=False, timeout=120, cwd=ROOT
    )


def test_a_whole_day_is_dispatched_by_a_certified_policy_without_an_engine(tmp_path: Path) -> None:
    found = typed("day", "-o", str(tmp_path / "day.record"))
    assert found.returncode == 0, found.stderr
    found = typed("policy", "history", str(tmp_path / "day.record"))
    assert found.returncode == 0
    assert "certified" in found.stdout


@pytest.mark.parametrize(
    "verb",
    [
        ("show", "docs/policy-story/4-jurisdiction.yaml"),
        ("format", "docs/policy-story/4-jurisdiction.yaml", "--check"),
        ("schema",),
    ],
)
def test_what_only_reads_needs_no_engine(verb: tuple[str, ...]) -> None:
    assert typed("policy", *verb).returncode == 0


@pytest.mark.parametrize(
    "verb",
    [
        ("check", "docs/policy-story/4-jurisdiction.yaml"),
        ("diff", "docs/policy-story/1-naive.yaml", "docs/policy-story/4-jurisdiction.yaml"),
        ("show", "docs/policy-story/4-jurisdiction.yaml", "--as", "html"),
        ("adopt", "docs/policy-story/4-jurisdiction.yaml", "--record", "nowhere.record", "--create", "c", "--by", "D1"),
    ],
)
def test_what_lacks_its_extra_says_which_one(verb: tuple[str, ...]) -> None:
    found = typed("policy", *verb)
    assert found.returncode == 2
    assert "everycall[policy]" in found.stderr
    assert "Traceback" not in found.stderr
    assert not (ROOT / "nowhere.record").exists()
