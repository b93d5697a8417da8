"""What a verb writes overwrites nothing of anybody else's, and what cannot be written is said in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from everycall.policy.output import NotWrittenError, write_file

ROOT = Path(__file__).parents[2]
NAIVE = ROOT / "docs" / "policy-story" / "1-naive.yaml"
EVERYCALL = (sys.executable, "-c", "from everycall.cli import main; main()")
MINE = b"mine, and not yours"


def everycall(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    typed = [*EVERYCALL, *map(str, arguments)]
    return subprocess.run(typed, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "ok.yaml"
    path.write_bytes(NAIVE.read_bytes())
    return path


def test_a_file_is_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "out"
    write_file(place, b"first", what="page")
    for ours in (None, lambda begins: begins.startswith(b"other")):
        with pytest.raises(NotWrittenError, match="is there already"):
            write_file(place, b"second", what="page", ours=ours)
        assert place.read_bytes() == b"first"
    place.chmod(0o640)
    write_file(place, b"third", what="page", ours=lambda begins: begins == b"first")
    assert place.read_bytes() == b"third"
    assert place.stat().st_mode & 0o777 == 0o640
    for nowhere in (tmp_path, tmp_path / "none" / "out", place / "out"):
        with pytest.raises(NotWrittenError, match=r"Name a (file|place)"):
            write_file(nowhere, b"x", what="page")
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_stays_a_link_and_what_it_leads_to_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(MINE)
    link = tmp_path / "link"
    link.symlink_to("real")
    with pytest.raises(NotWrittenError):
        write_file(link, b"x", what="page", ours=lambda begins: begins == b"x")
    write_file(link, b"x", what="page", ours=lambda begins: begins == MINE)
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


def test_a_certificate_takes_the_place_of_a_certificate_and_of_nothing_else(policy: Path, tmp_path: Path) -> None:
    record = tmp_path / "centre.record"
    record.write_bytes(MINE)
    for taken in (record, policy):
        before = taken.read_bytes()
        found = everycall("policy", "check", policy, "--certificate", taken)
        assert (found.returncode, taken.read_bytes() == before) == (2, True)
        assert "is there already, and is no certificate" in found.stderr
        assert found.stdout == ""
    certificate = tmp_path / "certificate.json"
    for _ in range(2):
        assert everycall("policy", "check", policy, "--certificate", certificate).returncode == 1
    assert certificate.read_bytes().startswith(b'{\n "everycall_certificate": 1')


def test_questions_take_the_place_of_questions_and_of_nothing_else(policy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "questions"
    for _ in range(2):
        assert everycall("policy", "check", policy, "--smtlib", folder).returncode == 1
    names = sorted(folder.iterdir())
    assert names
    names[0].write_bytes(MINE)
    found = everycall("policy", "check", policy, "--smtlib", folder)
    assert (found.returncode, names[0].read_bytes()) == (2, MINE)
    assert "is there already" in found.stderr


def test_a_page_takes_the_place_of_a_page_and_a_text_of_nothing(policy: Path, tmp_path: Path) -> None:
    before = policy.read_bytes()
    for form in ("html", "text", "table"):
        found = everycall("policy", "show", policy, "--as", form, "-o", policy)
        assert (found.returncode, policy.read_bytes() == before) == (2, True), form
        assert "is there already" in found.stderr
        out = tmp_path / f"out.{form}"
        assert everycall("policy", "show", policy, "--as", form, "-o", out).returncode == 0
        assert everycall("policy", "show", policy, "--as", form, "-o", out).returncode == (0 if form == "html" else 2)
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><p>mine")
    assert everycall("policy", "show", policy, "--as", "html", "-o", page).returncode == 2
    found = everycall("policy", "show", policy, "-o", tmp_path / "none" / "x")
    assert found.returncode == 2
    assert "cannot be written" in found.stderr
    assert "Name a place that can be written" in found.stderr


def test_format_and_new_say_what_to_name(policy: Path, tmp_path: Path) -> None:
    found = everycall("policy", "format", tmp_path / "none.yaml")
    assert (found.returncode, "Errno" in found.stderr) == (2, False)
    assert "Name a policy's file" in found.stderr
    found = everycall("policy", "new", tmp_path / "nodir" / "x.yaml")
    assert (found.returncode, "Errno" in found.stderr) == (2, False)
    assert "--output a place that can be written" in found.stderr
    other = tmp_path / "compose.yaml"
    other.write_bytes(b"services:\n    web:    {image: x}\n")
    found = everycall("policy", "format", other)
    assert (found.returncode, "is no policy" in found.stderr) == (2, True)
    assert other.read_bytes() == b"services:\n    web:    {image: x}\n"
    beside = policy.with_name("ok.yaml.new")
    beside.write_bytes(MINE)
    policy.write_bytes(policy.read_bytes().replace(b"title: ", b"title:    "))
    assert everycall("policy", "format", policy).returncode == 0
    assert beside.read_bytes() == MINE
    assert policy.read_bytes() == NAIVE.read_bytes()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "centre.record"
    lawful = NAIVE.with_name("4-jurisdiction.yaml")
    assert everycall("policy", "adopt", lawful, "-r", path, "--by", "D417", "--create", "centre").returncode == 0
    return path


CALL = '{"service": "police", "type": "robbery", "facts": {}}'
VERBS = [
    (["policy", "check", "POLICY"], 1),
    (["policy", "check", "POLICY", "--json"], 1),
    (["policy", "explain", "POLICY", "CALL"], 0),
    (["policy", "explain", "POLICY", "CALL", "--json"], 0),
    (["policy", "show", "POLICY"], 0),
    (["policy", "show", "POLICY", "--as", "html"], 0),
    (["policy", "diff", "LAWFUL", "POLICY"], 1),
    (["policy", "diff", "LAWFUL", "POLICY", "--json"], 1),
    (["policy", "schema"], 0),
    (["policy", "history", "RECORD"], 0),
    (["policy", "history", "RECORD", "--json"], 0),
    (["whatif", "RECORD", "--policy", "POLICY"], 0),
    (["whatif", "RECORD", "--policy", "POLICY", "--json"], 0),
]


def typed(verb: list[str], policy: Path, record: Path) -> list[str]:
    call = policy.with_name("call.json")
    call.write_text(CALL)
    names = {"POLICY": policy, "LAWFUL": NAIVE.with_name("4-jurisdiction.yaml"), "CALL": call, "RECORD": record}
    return [*EVERYCALL, *[str(names.get(word, word)) for word in verb]]


@pytest.mark.parametrize(("verb", "status"), VERBS, ids=[" ".join(verb) for verb, _ in VERBS])
def test_a_reader_that_has_gone_is_no_error_and_changes_no_verdict(
    verb: list[str], status: int, policy: Path, record: Path
) -> None:
    read, write = os.pipe()
    os.close(read)
    # Every other verb as a container runs it, whose output is not buffered.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if "--json" in verb else ""}
    found = subprocess.run(
        typed(verb, policy, record), stdout=write, stderr=subprocess.PIPE, check=False, timeout=120, env=environment
    )
    os.close(write)
    assert (found.stderr, found.returncode) == (b"", status)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("verb", [verb for verb, _ in VERBS], ids=[" ".join(verb) for verb, _ in VERBS])
def test_a_full_disk_is_said_in_a_sentence(verb: list[str], policy: Path, record: Path) -> None:
    # Every other verb as a container runs it, whose output is not buffered.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if "--json" in verb else ""}
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run(
            typed(verb, policy, record), stdout=full, stderr=subprocess.PIPE, check=False, timeout=120, env=environment
        )
    told = found.stderr.decode().splitlines()
    assert found.returncode == 2
    assert len(told) == 1, told
    assert told[0].startswith("error: The output cannot be written: No space left on device.")
