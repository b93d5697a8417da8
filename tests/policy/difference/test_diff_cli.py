"""The verb `policy diff`: what a chief reads, and the exit status that a script reads."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from written_versions import FOR_EMPLOYEES, text

from everycall.policy.diff_cli import diff

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    path = folder / name
    path.write_text(text(*changes), encoding="utf-8")
    return path


def test_nothing_less_is_status_0_and_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = written(tmp_path, "old.yaml")
    new = written(tmp_path, "new.yaml", ("soon: {priority: 2", "soon: {priority: 1"))
    assert diff(old, new) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "No call gets less under the new version." in told.out
    assert "Every call that rule theft decided" in told.out


def test_less_is_status_1_and_who_is_touched_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(written(tmp_path, "old.yaml"), written(tmp_path, "new.yaml", FOR_EMPLOYEES)) == 1
    told = capsys.readouterr().out
    assert "Some calls get LESS" in told
    careful = told.index("CAREFUL: ")
    assert "only of calls where caller.employer is agency_a" in told
    assert careful < told.index("Less help")
    assert "for example: " in told
    assert "ONLY calls where caller.employer is agency_a" in told


def test_a_slower_floor_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = written(tmp_path, "new.yaml", ("answer_within: 15 s", "answer_within: 20 s"))
    assert diff(written(tmp_path, "old.yaml"), new) == 1
    told = capsys.readouterr().out
    assert "an allowance of the floor became slower for every call" in told
    assert "LESS: The floor's allowance for answering a call: 15 s → 20 s" in told


def test_the_same_text_is_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(written(tmp_path, "old.yaml"), written(tmp_path, "new.yaml")) == 0
    assert "no call is treated otherwise" in capsys.readouterr().out


def test_what_is_not_established_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = written(tmp_path, "new.yaml", ("soon: {priority: 2", "soon: {priority: 1"))
    assert diff(written(tmp_path, "old.yaml"), new, seconds=0) == 1
    told = capsys.readouterr().out
    assert "It is NOT ESTABLISHED that no call gets less." in told
    assert "the time is up" in told


def test_json_holds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(written(tmp_path, "old.yaml"), written(tmp_path, "new.yaml", FOR_EMPLOYEES), json=True) == 1
    found = msgspec.json.decode(capsys.readouterr().out)
    assert found["nothing_less"] is False
    assert found["established"] is True
    assert {region["direction"] for region in found["regions"]} >= {"less"}
    assert found["regions"][0]["touched"]["protected"][0]["variable"] == "caller.employer"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"rules: [", "cannot be read"),
        (None, "No such file"),
    ],
)
def test_what_cannot_be_read_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, words: str
) -> None:
    new = tmp_path / "new.yaml"
    if content is not None:
        new.write_bytes(content)
    assert diff(written(tmp_path, "old.yaml"), new) == 2
    told = capsys.readouterr()
    assert words in told.err
    assert "new.yaml" in told.err
    assert told.out == ""


def test_without_the_engines_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:  # what `__import__` takes and gives
        if name.startswith("everycall.policy.bit_vectors"):
            raise ModuleNotFoundError("No module named 'z3'", name="z3")
        return found(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert diff(written(tmp_path, "old.yaml"), written(tmp_path, "new.yaml", FOR_EMPLOYEES)) == 2
    assert "install everycall[policy]" in capsys.readouterr().err
