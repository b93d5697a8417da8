"""The verb `show`: exit codes, plain text when piped, JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from everycall.centre.show_cli import show
from everycall.centre.story_parts import Story
from everycall.simulate.day import run_day

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("show") / "day.record"
    run_day(path)
    return path


def test_a_story_is_printed_as_plain_text_when_it_goes_to_no_terminal(
    record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(record, "2026-000100") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith("Incident 2026-000100: ")
    assert "\x1b" not in told.out
    assert all(line == line.rstrip() and len(line) <= 100 for line in told.out.splitlines())


def test_json_is_the_whole_story_and_reads_back(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(record, "C000100", json=True) == 0
    out = capsys.readouterr().out
    plain = json.loads(out)
    assert plain["centre"] == "rivermouth"
    story = msgspec.json.decode(out, type=Story)
    assert story.lines
    assert story.calls[0].call == "C000100"


def test_another_zone_can_be_asked_for(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(record, "C000001", zone="Asia/Tokyo") == 0
    assert "times in Asia/Tokyo" in capsys.readouterr().out


def test_what_is_not_there_gives_one_and_names_what_is_near(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(record, "2026-0001") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "2026-000100" in told.err


@pytest.mark.parametrize("zone", ["Atlantis/Nowhere", "../etc/passwd", "", "Europe"])
def test_a_zone_that_is_none_gives_two(record: Path, zone: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = 0 if zone == "" else 2  # nothing said means the record's own
    assert show(record, "C000001", zone=zone) == expected
    if expected:
        assert "not known here" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"no record at all"])
def test_what_is_no_record_gives_two_and_says_what_to_do(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.record"
    if content is not None:
        path.write_bytes(content)
    assert show(path, "C000001") == 2
    assert str(path) in capsys.readouterr().err.replace("\n", "")


def test_showing_writes_nothing_into_the_record(record: Path) -> None:
    before = record.read_bytes()
    assert show(record, "C000050") == 0
    assert record.read_bytes() == before
