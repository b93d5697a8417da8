"""The verbs new, format and schema."""

from __future__ import annotations

import json
from errno import ENOSPC
from typing import TYPE_CHECKING

import pytest
from policy_frame import FRAME

from everycall.policy.text import format_policy, policy_schema, read_policy, read_with_warnings
from everycall.policy.text_cli import format_file, new, schema, starter_text

if TYPE_CHECKING:
    from pathlib import Path


def test_new_writes_a_policy_and_says_what_comes_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    assert new(file, title="Ours", author="A", authority="B", version="v1", time_zone="Europe/Paris") == 0
    heading = read_policy(file.read_bytes()).heading
    assert (heading.title, heading.time_zone) == ("Ours", "Europe/Paris")
    assert "everycall policy check" in capsys.readouterr().out


def test_new_takes_the_types_of_the_centre(tmp_path: Path) -> None:
    types = tmp_path / "types.txt"
    types.write_bytes(b"\xef\xbb\xbfFIRE-1\r\n\r\n  10-50\n")
    assert new(tmp_path / "p.yaml", types=types) == 0
    assert b"values: [FIRE-1, 10-50]" in (tmp_path / "p.yaml").read_bytes()


def test_new_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    file.write_bytes(b"mine")
    assert new(file) == 2
    assert file.read_bytes() == b"mine"
    assert "--output" in capsys.readouterr().err


def test_new_writes_nothing_that_is_no_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    assert new(file, time_zone="Mars/Base") == 2
    assert not file.exists()
    assert "There is no time zone 'Mars/Base'." in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_new_says_when_the_types_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    types = tmp_path / "types.txt"
    if content is not None:
        types.write_bytes(content)
    assert new(tmp_path / "p.yaml", types=types) == 2
    assert "error: " in capsys.readouterr().err


def test_format_writes_the_file_anew_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(FRAME)
    file.chmod(0o640)
    assert format_file(file) == 0
    assert file.read_bytes() == format_policy(FRAME.encode())
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]
    assert format_file(file, check=True) == 0


def test_format_check_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(FRAME)
    assert format_file(file, check=True) == 1
    assert file.read_text() == FRAME
    assert "everycall policy format" in capsys.readouterr().err


def test_format_follows_a_link_to_the_file(tmp_path: Path) -> None:
    file, link = tmp_path / "policy.yaml", tmp_path / "link.yaml"
    file.write_text(FRAME)
    link.symlink_to(file)
    assert format_file(link) == 0
    assert link.is_symlink()
    assert file.read_bytes() == format_policy(FRAME.encode())


def test_format_says_line_and_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("a: 1\na: 2\n")
    assert format_file(file) == 2
    assert f"{file}: line 2: 'a' stands here twice" in capsys.readouterr().err
    assert format_file(tmp_path / "nothing.yaml") == 2
    assert "error: " in capsys.readouterr().err


def test_format_does_not_lose_the_file_where_it_cannot_write_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    file = tmp_path / "policy.yaml"
    file.write_text(FRAME)
    monkeypatch.setattr("os.fsync", full)
    assert format_file(file) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert file.read_text() == FRAME
    assert list(tmp_path.iterdir()) == [file]


def test_schema_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema() == 0
    assert json.loads(capsys.readouterr().out) == policy_schema()


def test_the_starter_policy_is_written_as_it_ships(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    assert new(path, starter=True) == 0
    assert path.read_bytes() == starter_text()
    policy, warnings = read_with_warnings(starter_text())
    assert len(policy.rules) + len(policy.add) >= 60
    assert not warnings
    assert format_policy(starter_text()) == starter_text()


def test_the_starter_policy_takes_no_heading_that_it_would_not_use(tmp_path: Path) -> None:
    assert new(tmp_path / "policy.yaml", starter=True, title="Ours") == 2
    assert not (tmp_path / "policy.yaml").exists()
