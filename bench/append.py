"""How many durable appends a second, and how long each takes: `python bench/append.py [--folder DISK]`.

All rivals in one run and in turns, since a shared disk changes by the minute: the floor (4 KiB appended to a
plain file, then fdatasync), one SQLite transaction an event, and the record's group commit. One event is 600
bytes with two tags and its command, the same rows for all. A rate is the median of the rounds; latencies are
over all of them.
"""

import argparse
import itertools
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from everycall.record import Batch, Entry, SqliteRecord
from everycall.record.sqlite_log import CHECKPOINT_AFTER_COMMITS
from everycall.record.sqlite_open import connect, prepare_writer
from everycall.record.sqlite_write import BatchWork, SqliteWriter

EVENT = bytes(range(200)) * 3
ANSWER = b"x" * 60
NUMBERS = itertools.count(1)


def event() -> tuple[str, Entry]:
    """A command id, random as clients make them, and its event of 600 bytes."""
    number = next(NUMBERS)
    return uuid.uuid4().hex, Entry(EVENT, (f"call:C{number:09}", f"incident:2026-{number // 5:07}"))


def batch(first: int, command: str, entry: Entry) -> Batch:
    """What the command made."""
    return Batch(first, (entry,), command, b"f" * 32, ANSWER)


@dataclass
class Result:
    """What one setup did, over all rounds."""

    name: str
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Events a second: the median round."""
        return statistics.median(self.rates)


def drive(result: Result, producers: int, seconds: float, once: Callable[[], None]) -> None:
    """Let threads call `once` for some seconds, and note the rate and each call's time."""
    stop = time.perf_counter() + seconds
    taken: list[list[float]] = [[] for _ in range(producers)]

    def produce(mine: list[float]) -> None:
        while (start := time.perf_counter()) < stop:
            once()
            mine.append(time.perf_counter() - start)

    threads = [threading.Thread(target=produce, args=(mine,)) for mine in taken]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    all_of_them = [latency for mine in taken for latency in mine]
    result.rates.append(len(all_of_them) / elapsed)
    result.latencies += all_of_them


def floor(result: Result, folder: Path, seconds: float) -> None:
    """The disk alone."""
    page = b"x" * 4096
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:

        def once() -> None:
            os.write(descriptor, page)
            os.fdatasync(descriptor)

        drive(result, 1, seconds, once)
    finally:
        os.close(descriptor)


def one_commit_each(result: Result, folder: Path, producers: int, seconds: float) -> None:
    """One transaction an event, producers taking turns; the same statements, durability and checkpoints."""
    path = folder / "single.record"
    SqliteRecord.create(path, centre="bench").close()
    with closing(connect(path, read_only=False)) as connection:
        prepare_writer(connection, path)
        writer = SqliteWriter(connection, path, 0)
        turn = threading.Lock()

        def once() -> None:
            made = event()
            with turn:
                writer.commit([BatchWork(batch(writer.length + 1, *made))])
                if writer.length % CHECKPOINT_AFTER_COMMITS == 0:
                    writer.checkpoint()

        drive(result, producers, seconds, once)


def group_commit(result: Result, folder: Path, producers: int, seconds: float) -> None:
    """The record as it is: every producer waits until its own event is durable."""
    with SqliteRecord.create(folder / "group.record", centre="bench") as record:
        turn = threading.Lock()
        submitted = 0

        def once() -> None:
            nonlocal submitted
            made = event()
            with turn:
                submitted += 1
                future = record.submit(batch(submitted, *made))
            future.result()

        drive(result, producers, seconds, once)


def bulk(result: Result, folder: Path, seconds: float) -> None:
    """A replay: one producer that waits for nothing but room, and for all of it at the end."""
    with SqliteRecord.create(folder / "bulk.record", centre="bench") as record:
        start = time.perf_counter()
        submitted = 0
        while time.perf_counter() < start + seconds:
            submitted += 1
            record.submit(batch(submitted, *event()))
        record.flush()
        result.rates.append(submitted / (time.perf_counter() - start))


def main() -> None:
    """Run all setups and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="a folder on the disk to measure")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each setup in each round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    setups: list[tuple[Result, Callable[[Result, Path], None]]] = [
        (Result("floor: 4 KiB + fdatasync"), lambda r, f: floor(r, f, given.seconds)),
        (Result("one commit each, 1 producer"), lambda r, f: one_commit_each(r, f, 1, given.seconds)),
        (Result("one commit each, 16 producers"), lambda r, f: one_commit_each(r, f, 16, given.seconds)),
        (Result("group commit, 1 producer"), lambda r, f: group_commit(r, f, 1, given.seconds)),
        (Result("group commit, 16 producers"), lambda r, f: group_commit(r, f, 16, given.seconds)),
        (Result("group commit, 256 producers"), lambda r, f: group_commit(r, f, 256, given.seconds)),
        (Result("bulk, 1 producer, not waiting"), lambda r, f: bulk(r, f, given.seconds)),
    ]
    for _ in range(given.rounds):
        for result, run in setups:
            with tempfile.TemporaryDirectory(prefix="append-bench-", dir=given.folder) as folder:
                run(result, Path(folder))
    single = next(result for result, _ in setups if result.name == "one commit each, 16 producers")
    print(f"{'':32} {'events/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'to one commit each, 16':>23}")
    for result, _ in setups:
        times = "       -        -"
        if result.latencies:
            cuts = statistics.quantiles(result.latencies, n=100)
            times = f"{cuts[49] * 1000:8.2f} {cuts[98] * 1000:8.2f}"
        print(f"{result.name:32} {result.rate:9,.0f} {times} {result.rate / single.rate:22.2f}x")


if __name__ == "__main__":
    main()
