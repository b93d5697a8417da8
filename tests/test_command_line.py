"""The verbs as a user types them: what is printed, what the exit status says, and what a mistake is told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVERYCALL = (sys.executable, "-c", "from everycall.cli import main; main()")
"""The program as the entry point of the package starts it."""

VERBS = ("import", "replay", "balance", "show", "export", "reconcile", "day")

PROFILE = """
name = "marlow_bay"
title = "Marlow Bay, calls"
zone = "America/Chicago"
limits = ["Made up."]
call = "Incident"
service = "police"
first_type = "Type"
channel = { column = "Source", values = { "911" = "emergency_voice", "Line" = "ten_digit_line" } }
[stamps]
received = "Received"
first_dispatched = "Dispatched"
first_on_scene = "Arrived"
closed = "Closed"
"""


def town(folder: Path, rows: int) -> list[str]:
    """An export of a town that does not exist, and its profile, as arguments."""
    (folder / "town.toml").write_text(PROFILE)
    lines = ["Incident,Received,Dispatched,Arrived,Closed,Type,Source"]
    for number in range(rows):
        day, second = divmod(number * 97, 80_000)
        clock = [
            f"2021-06-{day % 27 + 1:02d} {t // 3600:02d}:{t // 60 % 60:02d}:{t % 60:02d}"
            for t in (second, second + 60, second + 400, second + 900)
        ]
        lines.append(f"M{number},{','.join(clock)},Alarm,{'911' if number % 3 else 'Line'}")
    (folder / "town.csv").write_text("\n".join(lines) + "\n")
    return [str(folder / "town.csv"), "--profile", str(folder / "town.toml")]


def run(
    *arguments: str, env: dict[str, str] | None = None, program: Sequence[str] = EVERYCALL
) -> subprocess.CompletedProcess[str]:
    """Type a command; its output is piped, as in a script."""
    found = subprocess.run(
        [*program, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning", "COLUMNS": "80", **(env or {})},
    )
    assert "Traceback" not in found.stderr, found.stderr
    assert "Traceback" not in found.stdout, found.stdout
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a town's export, its record, and its tables."""
    made = tmp_path_factory.mktemp("verbs")
    found = run("replay", *town(made, 60), "--record", str(made / "town.record"))
    assert found.returncode == 0, found.stderr
    return made


def test_a_user_goes_from_a_citys_file_to_tables_and_back(folder: Path) -> None:
    """Import, replay, balance, show, export, reconcile: each verb's result is the next one's input."""
    imported = run("import", *town(folder, 60), "-o", str(folder / "calls.parquet"))
    assert imported.returncode == 0
    assert (folder / "calls.parquet").exists()

    balance = run("balance", str(folder / "town.record"))
    assert balance.returncode == 0
    assert "60 received = 60 with an outcome + 0 open + 0 spooled" in " ".join(balance.stdout.split())
    assert "It balances." in balance.stdout

    content = json.loads(run("balance", str(folder / "town.record"), "--json").stdout)
    assert content["requests"]["received"] == 60
    assert content["balances"] is True

    story = run("show", str(folder / "town.record"), "C000001")
    assert story.returncode == 0
    assert "C000001" in story.stdout

    exported = run("export", str(folder / "town.record"), "-o", str(folder / "back.csv"))
    assert exported.returncode == 0
    assert "60 calls and needs" in exported.stdout
    assert (folder / "back.assignments.csv").exists()
    assert len((folder / "back.csv").read_text().splitlines()) == 61

    (folder / "switch.csv").write_text("time,line,answered\n2021-06-01 00:01:37,911,yes\n2021-06-01 00:39:36,911,no\n")
    reconciled = run("reconcile", str(folder / "town.record"), str(folder / "switch.csv"))
    assert reconciled.returncode == 1
    assert "Abandoned at the switch and not in the record: 1" in reconciled.stdout


TOWN = ("{folder}/town.csv", "--profile", "{folder}/town.toml")

MISTAKES: list[tuple[str, Sequence[str], int, str]] = [
    ("no record", ["balance", "{folder}/nothing.record"], 2, "nothing.record"),
    ("foreign file", ["balance", "{folder}/town.csv"], 2, "record"),
    ("a folder", ["balance", "{folder}"], 2, "folder"),
    ("show in a foreign file", ["show", "{folder}/town.csv", "C000001"], 2, "record"),
    ("no such incident", ["show", "{folder}/town.record", "2021-999999"], 1, "2021-999999"),
    ("export of nothing", ["export", "{folder}/nothing.record", "-o", "{folder}/x.csv"], 2, "nothing.record"),
    ("export to another kind", ["export", "{folder}/town.record", "-o", "{folder}/x.doc"], 2, ".parquet, .csv"),
    ("export into no folder", ["export", "{folder}/town.record", "-o", "{folder}/no/x.csv"], 2, "no folder"),
    ("existing record", ["replay", *TOWN, "-r", "{folder}/town.record"], 2, "exists"),
    ("replay of nothing", ["replay", "{folder}/nothing.csv", "-r", "{folder}/y.record"], 2, "nothing.csv"),
    ("replay of an unknown city", ["replay", "{folder}/switch.csv", "-r", "{folder}/y.record"], 2, "profile"),
    ("import of nothing", ["import", "{folder}/nothing.csv"], 1, "nothing.csv"),
    ("reconcile without a log", ["reconcile", "{folder}/town.record", "{folder}/nothing.csv"], 2, "nothing.csv"),
    ("reconcile with the record twice", ["reconcile", "{folder}/town.record", "{folder}/town.record"], 2, "error"),
    ("no verb like it", ["balans", "x"], 2, "balans"),
    ("no argument", ["balance"], 2, "RECORD"),
    ("an option too many", ["balance", "{folder}/town.record", "--fast"], 2, "--fast"),
    ("no number", ["reconcile", "{folder}/town.record", "{folder}/town.csv", "--tolerance", "x"], 2, "tolerance"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "says"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_told_in_a_sentence_and_by_the_exit_status(
    folder: Path, arguments: Sequence[str], status: int, says: str
) -> None:
    (folder / "switch.csv").write_text("time,line,answered\n2021-06-01 00:01:37,911,yes\n")
    found = run(*(argument.format(folder=folder) for argument in arguments))
    told = found.stderr + found.stdout
    assert found.returncode == status, told
    assert says in told
    assert not (folder / "y.record").exists(), "and nothing is left behind"


@pytest.mark.parametrize("verb", ["import", "replay", "export", "reconcile"])
def test_a_verb_that_lacks_its_extra_says_which_one(folder: Path, verb: str) -> None:
    """A dispatch floor's install has no table libraries; the other verbs work there."""
    without = (
        sys.executable,
        "-c",
        "import sys; sys.modules['polars'] = None; from everycall.cli import main; main()",
    )
    arguments = {
        "import": [str(folder / "town.csv")],
        "replay": [str(folder / "town.csv"), "-r", str(folder / "z.record")],
        "export": [str(folder / "town.record"), "-o", str(folder / "z.csv")],
        "reconcile": [str(folder / "town.record"), str(folder / "town.csv")],
    }
    found = run(verb, *arguments[verb], program=without)
    assert found.returncode == 2
    assert "everycall[tables]" in found.stderr
    assert run("balance", str(folder / "town.record"), program=without).returncode == 0
    assert run("show", str(folder / "town.record"), "C000001", program=without).returncode == 0


def test_the_list_of_verbs_names_each_with_what_it_is_for() -> None:
    found = run("--help")
    assert found.returncode == 0
    for verb in VERBS:
        assert re.search(rf"\b{verb}\s+\w+", found.stdout), verb
    assert run("--version").stdout.strip()


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself_within_80_columns(verb: str) -> None:
    found = run(verb, "--help")
    assert found.returncode == 0
    assert "Usage: everycall" in found.stdout
    assert max(len(line) for line in found.stdout.splitlines()) <= 80


@pytest.mark.parametrize("arguments", [["balance"], ["show", "C000001"], ["reconcile", "switch.csv"]])
def test_what_is_piped_has_no_colours_and_fits_a_page(folder: Path, arguments: list[str]) -> None:
    (folder / "switch.csv").write_text("time,line,answered\n2021-06-01 00:01:37,911,yes\n2021-06-01 00:39:36,911,no\n")
    rest = [str(folder / name) if name.endswith(".csv") else name for name in arguments[1:]]
    found = run(arguments[0], str(folder / "town.record"), *rest)
    assert "\x1b" not in found.stdout
    assert found.stderr == ""
    widest = 100 if arguments[0] == "show" else 80  # a story is told in lines of 100 where nobody says otherwise
    wide = [line for line in found.stdout.splitlines() if len(line) > widest]
    assert wide == []


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], ["polars", "everycall.core", "everycall.engine", "sqlite3"]),
        (["balance", "--help"], ["polars", "everycall.exchange"]),
        (["balance", "RECORD"], ["polars", "everycall.exchange"]),
        (["show", "RECORD", "C000001"], ["polars", "everycall.exchange"]),
        (["reconcile", "--help"], ["polars"]),
        (["export", "--help"], ["polars"]),
    ],
)
def test_a_verb_loads_only_what_it_needs(folder: Path, arguments: list[str], absent: list[str]) -> None:
    typed = [str(folder / "town.record") if argument == "RECORD" else argument for argument in arguments]
    found = run(*typed, program=(sys.executable, "-X", "importtime", *EVERYCALL[1:]))
    loaded = {line.rpartition("|")[2].strip() for line in found.stderr.splitlines() if line.startswith("import time:")}
    assert "everycall.cli" in loaded
    for name in absent:
        assert not any(module == name or module.startswith(f"{name}.") for module in loaded), name


def test_help_costs_less_than_half_a_second_of_processor_time() -> None:
    """Measured as the child's own, so that a busy machine does not count; the best of three."""
    spent: list[float] = []
    for _ in range(3):
        before = os.times()
        run("--help")
        after = os.times()
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(spent) < 0.5


@pytest.mark.parametrize(
    "verb", [["--help"], ["balance", "RECORD"], ["balance", "RECORD", "--json"], ["show", "RECORD", "C000001"]]
)
def test_a_reader_that_has_seen_enough_is_no_error(folder: Path, verb: list[str]) -> None:
    """`everycall show ... | head -1`."""
    read, write = os.pipe()
    os.close(read)
    typed = [str(folder / "town.record") if argument == "RECORD" else argument for argument in verb]
    with subprocess.Popen([*EVERYCALL, *typed], stdout=write, stderr=subprocess.PIPE, text=True) as child:
        os.close(write)
        _, told = child.communicate(timeout=60)
    assert told == ""
    assert child.returncode in (0, 1)


def test_control_c_ends_a_replay_and_leaves_a_record_that_can_be_used(tmp_path: Path) -> None:
    record = tmp_path / "cut.record"
    arguments = ["replay", *town(tmp_path, 20_000), "-r", str(record)]
    with subprocess.Popen([*EVERYCALL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        waited = time.monotonic()
        log = tmp_path / "cut.record-wal"
        while not (log.exists() and log.stat().st_size > 200_000):
            assert time.monotonic() - waited < 60
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in told
    found = run("balance", str(record), "--json")
    content = json.loads(found.stdout)
    assert 0 < content["calls"] < 20_000
    assert (
        content["requests"]["received"] == sum(content["requests"]["outcomes"].values()) + content["requests"]["open"]
    )
    assert "cut off" in run("balance", str(record)).stdout
    assert run("show", str(record), "C000001").returncode == 0


def test_a_full_disk_ends_a_replay_with_a_word(tmp_path: Path) -> None:
    """Simulated by a limit on the size of files."""
    limited = (
        sys.executable,
        "-c",
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000)); from everycall.cli import main; main()",
    )
    found = run("replay", *town(tmp_path, 3_000), "-r", str(tmp_path / "full.record"), program=limited)
    assert found.returncode == 2
    assert "error: The replay stopped" in found.stderr
    assert "cannot be written" in found.stderr
