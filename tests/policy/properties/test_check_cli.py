"""The verb `policy check`: what it prints, writes and returns."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from policy_texts import text

from everycall.policy.certificate import read_certificate
from everycall.policy.check_cli import check

if TYPE_CHECKING:
    from pathlib import Path

AGENCY = "- {rule: agency, when: {type: robbery, caller.employer: agency_a}, plan: slow, because: an order}"
GUARD = "- {rule: guard, when: {type: robbery, zone: {within: federal_building}}, plan: slow, because: b}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "policy.yaml"


def test_a_policy_that_holds_says_so_first_and_returns_0(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(text())
    assert check(file) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert "This text treats like calls alike on these attributes. It does not show that people do." in lines[:6]
    assert "Human discretion" in shown.out
    assert "--place-varies" in shown.out
    assert [each.name for each in file.parent.iterdir()] == ["policy.yaml"]


def test_a_refuted_policy_shows_the_pair_with_lines_and_returns_1(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text(AGENCY))
    assert check(file) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "This text is not shown to treat like calls alike." in shown
    assert "Two calls, alike but for caller.employer (type robbery)" in shown
    assert "rule agency (line" in shown
    assert shown.index("Like calls alike") < shown.index("Listed") < shown.index("What this does not say")


def test_the_certificate_and_the_questions_are_written_where_asked(file: Path, tmp_path: Path) -> None:
    file.write_bytes(text(AGENCY))
    out, folder = tmp_path / "out.json", tmp_path / "smt" / "here"
    assert check(file, certificate=out, smtlib=folder) == 1
    certificate = read_certificate(out.read_bytes())
    for found in certificate.properties:
        script = folder / f"{found.name}.smt2"
        assert found.smtlib == (sha256(script.read_bytes()).hexdigest() if script.exists() else None)


def test_json_is_the_certificate(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(text())
    assert check(file, json=True) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == sha256(text()).hexdigest()


def test_a_place_that_matters_is_shown_when_asked_and_then_decides_the_status(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(text(GUARD))
    assert check(file) == 0
    assert "Possible proxies for who somebody is" in capsys.readouterr().out
    assert check(file, place_varies=True) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "place varies refuted" in shown
    assert "employer attribute" in shown


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"everycall_policy: 1\n", "Remedy"), (b"\xff", "Remedy"), (None, "No such file")],
)
def test_what_cannot_be_read_returns_2_and_says_what_to_do(
    file: Path, content: bytes | None, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        file.write_bytes(content)
    assert check(file) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_at_all_is_refused(file: Path, seconds: float) -> None:
    file.write_bytes(text())
    assert check(file, seconds=seconds) == 2


def test_a_folder_that_cannot_be_made_is_named(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(text())
    assert check(file, smtlib=file) == 2
    assert "policy.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["z3", "pysat"])
def test_without_an_engine_it_says_what_to_install(file: Path, missing: str) -> None:
    file.write_bytes(text(AGENCY))
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from pathlib import Path\n"
        "from everycall.policy.check_cli import check\n"
        f"sys.exit(check(Path({str(file)!r})))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 2, ran.stderr
    assert "pip install 'everycall[policy]'" in ran.stderr


def test_many_refutations_are_cut_and_it_says_where_the_rest_is(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = "\n".join(
        f"- {{rule: r{n}, when: {{type: robbery, caller.employer: agency_a, patients: {n}}}, plan: slow, because: b}}"
        for n in range(5)
    )
    file.write_bytes(text(rules))
    assert check(file) == 1
    assert "and 2 more: --certificate or --json gives all" in capsys.readouterr().out
