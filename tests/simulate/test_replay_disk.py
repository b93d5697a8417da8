"""What a replay and a day say where the disk is full or the place is none: one sentence, exit status 2, no stack."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from test_replay_resume import entries, export

from everycall.centre.balance_view import balance_of
from everycall.simulate.day_cli import day
from everycall.simulate.replay_cli import replay

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = (
    "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); limit = int(sys.argv.pop(1)); "
    "limit < 0 or resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)); "
    "from everycall.cli import main; main()"
)


def run(folder: Path, *arguments: str, room: int = -1) -> subprocess.CompletedProcess[str]:
    """Type a command where no file can grow beyond so many bytes; what it prints goes into pipes."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(room), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
    )


def says_one_sentence(found: subprocess.CompletedProcess[str]) -> str:
    """What was told, after checking that it is one line with nothing of the program in it."""
    told = found.stderr.strip()
    assert found.returncode == 2, found
    assert found.stdout == ""
    assert len(told.splitlines()) == 1, told
    assert told.startswith("error: ")
    assert "Traceback" not in told
    return told


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(tmp_path_factory.mktemp("town"), 600).parent


ROOM = [0, 20_000, 200_000]


@pytest.mark.parametrize("room", ROOM)
def test_a_day_on_a_full_disk_ends_in_one_sentence(tmp_path: Path, room: int) -> None:
    says_one_sentence(run(tmp_path, "day", "-o", "d.record", room=room))


def test_a_day_that_was_cut_off_late_blames_the_disk_and_not_the_script(tmp_path: Path) -> None:
    told = says_one_sentence(run(tmp_path, "day", "-o", "d.record", room=700_000))
    assert "disk I/O error" in told
    assert "d.record holds a part of it" in told
    assert "refused against the script" not in told


@pytest.mark.parametrize("room", ROOM)
def test_a_replay_on_a_full_disk_ends_in_one_sentence(town: Path, tmp_path: Path, room: int) -> None:
    record = str(tmp_path / "r.record")
    says_one_sentence(run(town, "replay", "town.csv", "--profile", "town.toml", "--record", record, room=room))


def test_a_replay_goes_on_once_there_is_room_and_is_whole_then(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["replay", "town.csv", "--profile", "town.toml", "--record", str(tmp_path / "r.record")]
    told = says_one_sentence(run(town, *typed, room=200_000))
    assert "go on with everycall replay town.csv" in told
    assert "--resume --profile town.toml" in told
    says_one_sentence(run(town, *typed, "--resume", room=250_000))
    assert not (tmp_path / "r.record.spool").exists(), "an export is sent again; nothing of it waits"
    assert balance_of(tmp_path / "r.record").cut_off
    assert run(town, *typed, "--resume").returncode == 0
    assert replay(town / "town.csv", record=tmp_path / "whole", profile=str(town / "town.toml")) == 0
    capsys.readouterr()
    assert entries(tmp_path / "r.record") == entries(tmp_path / "whole")


PLACES = {
    "a folder": "folder.record",
    "in a file": "file/x.record",
    "in no folder": "none/x.record",
    # Who is root may write anywhere, except where nothing can be.
    "a read-only folder": "/proc/self/x.record" if os.geteuid() == 0 else "closed/x.record",
    "too long a name": "x" * 300,
    "a control character": "none\x1b[2J\n/x.record",
}


@pytest.mark.parametrize("verb", ["day", "replay"])
@pytest.mark.parametrize("place", PLACES.values(), ids=list(PLACES))
def test_a_place_that_is_none_is_told_in_one_sentence(
    town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, place: str
) -> None:
    (tmp_path / "folder.record").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "closed").mkdir(mode=0o500)
    path = tmp_path / place
    if verb == "day":
        assert day(output=path) == 2
    else:
        assert replay(town / "town.csv", record=path, profile=str(town / "town.toml")) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert len(told.err.strip().splitlines()) == 1
    assert "\x1b" not in told.err
