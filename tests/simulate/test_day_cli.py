"""The verb `day`: what anybody sees first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from everycall.simulate.day_cli import day

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert day(output=tmp_path / "my day.record") == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_it_shows_the_day_its_balance_a_story_and_what_to_try_next(printed: str, tmp_path: Path) -> None:
    assert "invented town" in printed
    assert "It balances." in printed
    assert "possibly under duress: help goes on" in printed
    assert "UNSAFE TO RING" in printed
    path = tmp_path / "my day.record"
    for verb in ("show", "balance", "export"):
        assert f"everycall {verb} '{path}'" in printed


def test_what_is_piped_is_plain_text_of_a_width_that_can_be_read(printed: str) -> None:
    assert "\x1b" not in printed
    before = printed.partition("Try next")[0]
    assert max(len(line) for line in before.splitlines()) <= 100


def test_a_record_that_is_there_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "day.record"
    path.write_bytes(b"mine")
    assert day(output=path) == 2
    assert "exists already" in capsys.readouterr().err
    assert path.read_bytes() == b"mine"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert day(output=tmp_path / "nowhere" / "day.record") == 2
    assert "make it first" in capsys.readouterr().err
