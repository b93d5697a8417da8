"""Kill -9 under load: whatever was acknowledged is there afterwards, with its answer, and the state is whole.

That this passes says nothing about power loss; the record's own test drops unsynced writes.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine_kill_child import command

from everycall.centre.balance_view import balance_of
from everycall.centre.embedded import EmbeddedCentre
from everycall.core.events import decode_event
from everycall.core.evolve import evolve
from everycall.core.state import State
from everycall.engine.answers import Answer, encode_answer
from everycall.record import SqliteRecord

CHILD = Path(__file__).with_name("engine_kill_child.py")


def killed(path: Path, part: int, rng: random.Random) -> dict[str, str]:
    """Run a centre under load, kill it at a random moment, and give what it had acknowledged."""
    with subprocess.Popen([sys.executable, CHILD, path, str(part)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.4))
        os.kill(child.pid, signal.SIGKILL)
        lines = [first, *child.stdout.readlines()]
    assert child.returncode == -signal.SIGKILL
    whole = [line.decode().rstrip("\n").split(" ", 1) for line in lines if line.endswith(b"\n")]
    return dict(whole)


def rounds(folder: Path, count: int, seed: int) -> None:
    rng = random.Random(seed)
    total = 0
    for part in range(count):
        path = folder / f"killed-{part}.record"
        SqliteRecord.create(path, centre="test").close()
        acknowledged = killed(path, part, rng) | {}
        assert acknowledged
        total += len(acknowledged)
        state = State()
        with SqliteRecord.open(path, read_only=True) as record:
            for sequence, data in record.read():
                envelope = decode_event(data)
                assert envelope.sequence == sequence
                evolve(state, envelope.body)
            for key, answer in acknowledged.items():
                known = record.find_command(key)
                assert known is not None, f"{key} was acknowledged and is lost"
                assert known.answer.decode() == answer
            assert record.faults() == []
        with EmbeddedCentre.open(path) as centre:
            assert centre.engine.state.encoded() == state.encoded()
            assert centre.engine.balance.holds(centre.engine.state)
            for key in rng.sample(sorted(acknowledged), min(20, len(acknowledged))):
                again: Answer = centre.engine.handle(command(*map(int, key.split("/"))))
                assert encode_answer(again).decode() == acknowledged[key]  # type: ignore[arg-type]
        assert balance_of(path).holds
    assert total > 50 * count, "it was under load"


def test_nothing_acknowledged_is_lost_when_a_centre_is_killed(tmp_path: Path) -> None:
    rounds(tmp_path, 5, seed=20_260_101)


@pytest.mark.soak
def test_nothing_acknowledged_is_lost_in_a_hundred_kills(tmp_path: Path) -> None:
    rounds(tmp_path, 100, seed=20_260_102)
