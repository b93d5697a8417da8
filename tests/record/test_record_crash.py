"""What was acknowledged is there after a kill -9 or a power cut: whole batches only, without a gap."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from record_crash import problems_of_record, problems_of_spool
from record_power_loss import Acknowledged, Disk, Step, Synced, Variant, trace

PROGRAM = Path(__file__).with_name("record_crash.py")
SEED = int(os.environ.get("EVERYCALL_SEED", "20260101"))
VARIANTS: tuple[Variant, ...] = ("nothing unsynced", "all unsynced", "some unsynced")


@pytest.fixture
def choice() -> random.Random:
    print(f"EVERYCALL_SEED={SEED}")  # noqa: T201 - shown when the test fails, to repeat it
    return random.Random(SEED)


# Kill -9.


@pytest.mark.parametrize("rounds", [pytest.param(6, id="some"), pytest.param(200, id="many", marks=pytest.mark.soak)])
def test_kill_9_under_load_loses_nothing_acknowledged(tmp_path: Path, choice: random.Random, rounds: int) -> None:
    for number in range(rounds):
        folder = tmp_path / str(number)
        folder.mkdir()
        acknowledged: list[str] = []
        for _ in range(2):  # the second time on what the first kill has left
            acknowledged += run_and_kill(folder, choice.uniform(0.0, 0.3))
            assert problems_of_record(folder, acknowledged) == []
        assert len(acknowledged) > 2, "it was killed before it did anything; nothing is shown by that"
        shutil.rmtree(folder)


def run_and_kill(folder: Path, seconds: float) -> list[str]:
    child = subprocess.Popen([sys.executable, PROGRAM, "endless", folder], stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read()
    child.wait()
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL, "it ended by itself"
    lines = (first + rest).decode().split("\n")
    return lines[:-1]  # what follows the last line end was not said in full


# Power cuts.


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the program writes and each disk is put together; in memory, where there is such a place."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        (Path(name) / "run").mkdir()
        yield Path(name) / "run"


Check = Callable[[Path, list[str]], list[str]]


def cut_power(
    steps: list[Step], check: Check, folder: Path, choice: random.Random, *, every: bool
) -> Iterator[tuple[int, Variant, list[str]]]:
    """Cut after every acknowledgement, and at other points: at some, or at every one in every variant."""
    disk = Disk()
    others = set(choice.sample(range(len(steps)), min(len(steps), 150)))
    for number, step in enumerate(steps):
        disk.take(step)
        if every:
            variants = list(VARIANTS)
        elif isinstance(step, Acknowledged):
            variants = ["nothing unsynced"]
        elif number in others:
            variants = [choice.choice(VARIANTS)]
        else:
            continue
        for variant in variants:
            image = folder.with_name("image")
            image.mkdir()
            disk.lose_power(variant, choice, image)
            yield number, variant, check(image, disk.acknowledged)
            shutil.rmtree(image)


RUNS: dict[str, tuple[str, Check]] = {
    "record": ("sessions", problems_of_record),
    "spool": ("spool", problems_of_spool),
}


@pytest.mark.parametrize(
    "every", [pytest.param(False, id="some"), pytest.param(True, id="every", marks=pytest.mark.soak)]
)
@pytest.mark.parametrize("run", RUNS)
def test_a_power_cut_at_any_point_loses_nothing_acknowledged(
    folder: Path,
    choice: random.Random,
    run: str,
    every: bool,
) -> None:
    mode, check = RUNS[run]
    steps = trace([PROGRAM, mode, folder, "checkpoint=5"], folder)
    assert sum(isinstance(step, Acknowledged) for step in steps) >= 24
    assert sum(isinstance(step, Synced) for step in steps) >= 24
    cuts = 0
    for number, variant, problems in cut_power(steps, check, folder, choice, every=every):
        assert problems == [], f"after step {number} with {variant}"
        cuts += 1
    assert cuts >= 60


@pytest.mark.parametrize(
    ("run", "fault", "lost"),
    [
        ("record", "synchronous=OFF", "lost: batch"),
        ("record", "synchronous=NORMAL", "lost: batch"),
        ("record", "forget_folder=1", "lost: created"),
        ("spool", "forget_folder=1", "lost: put"),
        ("spool", "forget_file=1", "lost: put"),
    ],
)
def test_the_power_cut_finds_what_is_not_durable(
    folder: Path, choice: random.Random, run: str, fault: str, lost: str
) -> None:
    mode, check = RUNS[run]
    steps = trace([PROGRAM, mode, folder, "checkpoint=5", fault], folder)
    found = [problem for _, _, problems in cut_power(steps, check, folder, choice, every=False) for problem in problems]
    assert any(problem.startswith(lost) for problem in found), f"the harness must find {fault}"
