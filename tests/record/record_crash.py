"""A program that writes and says what was acknowledged, to be cut short; and the check of what it left
behind.

As a program: `record_crash.py endless FOLDER`, `... sessions FOLDER`, `... spool FOLDER`, then options as
name=value. Each acknowledgement is one line on standard output, written by one system call after the record
or the spool answered.
"""

import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from everycall.record import (
    Batch,
    Entry,
    RecordError,
    RecordMissing,
    Spool,
    SqliteRecord,
    durable,
    spool,
    sqlite_log,
    sqlite_open,
)

PADDING = b"x" * 400


@dataclass
class Producer:
    """Hands out batches in the order of the log, for several threads."""

    record: SqliteRecord
    turn: threading.Lock = field(default_factory=threading.Lock)
    following: int = 0

    def __post_init__(self) -> None:
        self.following = self.record.length() + 1
        self.sealer = self.record.sealer()

    def one(self, command: str, size: int) -> None:
        """Make a batch, wait for it, and acknowledge it."""
        first = self.write(command, size)
        acknowledge(f"batch {first} {size} {command}")

    def write(self, command: str, size: int) -> int:
        """Make a batch and wait for it; gives its first sequence."""
        sealed = self.sealer.seal(f"value of {command}", searchable=False)
        entries = tuple(
            Entry(
                f"{command} {i} {size} {sealed.reference} {sealed.commitment} ".encode() + PADDING,
                ("tag:all",),
            )
            for i in range(size)
        )
        with self.turn:
            batch = Batch(self.following, entries, command, b"print", b"answer " + command.encode(), (sealed.row,))
            future = self.record.submit(batch)
            self.following += size
        future.result()
        return batch.first


def acknowledge(what: str) -> None:
    os.write(1, f"{what}\n".encode())


def endless(folder: Path) -> None:
    """Write with eight producers until killed."""
    path = folder / "a.record"
    record = SqliteRecord.open(path) if path.exists() else SqliteRecord.create(path, centre="c")
    producer = Producer(record)
    acknowledge("created")
    name = os.urandom(4).hex()

    def produce(thread: int) -> None:
        number = 0
        while True:
            producer.one(f"{name}-{thread}-{number}", 1 + number % 4)
            number += 1

    for thread in range(8):
        threading.Thread(target=produce, args=(thread,)).start()


def sessions(folder: Path, batches: int = 30) -> None:
    """Make a record and write it in three sessions, with checkpoints, blobs and readers in between."""
    path = folder / "a.record"
    for session in range(3):
        with SqliteRecord.open(path) if session else SqliteRecord.create(path, centre="c") as record:
            if session == 0:
                acknowledge("created")
            producer = Producer(record)

            def produce(name: str, producer: Producer = producer) -> None:
                for number in range(batches // 2):
                    producer.one(f"{name}-{number}", 1 + number % 3)

            acknowledge(f"blob {record.put_blob(b'blob %d ' % session * 900)}")
            threads = [threading.Thread(target=produce, args=(f"s{session}-{name}",)) for name in "ab"]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        SqliteRecord.open(path, read_only=True).close()


def spooling(folder: Path, items: int = 24) -> None:
    """Put items, draining some of them now and then."""
    kept = Spool(folder / "calls.spool")
    for number in range(items):
        kept.put(b"item %d " % number + PADDING)
        acknowledge(f"put {number}")
        if number % 5 == 4:
            drained = list(kept.items())[: 3 if number % 2 else None]
            for item in drained:
                acknowledge(f"drained {item.data.split()[1].decode()}")
            kept.clear(drained[-1])


# The check.


def problems_of_record(folder: Path, acknowledged: list[str]) -> list[str]:
    """Open what was left behind with the real code; say what is lost or wrong."""
    try:
        return problems_of_opened_record(folder, acknowledged)
    except RecordMissing:
        return [f"lost: {what}" for what in acknowledged]
    except RecordError as error:
        return [f"cannot be read: {error}", *(f"lost: {what}" for what in acknowledged)]


def problems_of_opened_record(folder: Path, acknowledged: list[str]) -> list[str]:
    with SqliteRecord.open(folder / "a.record") as record:
        problems = record.faults()
        sealer = record.sealer()
        whole: dict[tuple[int, int, str], bool] = {}
        log = [(sequence, data.decode().split()) for sequence, data in record.read()]
        at = 0
        while at < len(log):
            first, (command, _, size, reference, commitment, _) = log[at]
            batch = log[at : at + int(size)]
            expected = [(first + i, [command, str(i), size, reference, commitment]) for i in range(int(size))]
            if [(sequence, words[:5]) for sequence, words in batch] != expected:
                problems.append(f"not whole: {command}")
            stored = record.find_command(command)
            if stored is None or (stored.first, stored.count, stored.answer) != (
                first,
                int(size),
                b"answer " + command.encode(),
            ):
                problems.append(f"command not with its entries: {command}")
            row = record.seal_row(reference)
            if row is None or sealer.open(row, commitment) != f"value of {command}":
                problems.append(f"seal not with its entries: {command}")
            whole[first, int(size), command] = True
            at += int(size)
        if len(list(record.by_tag("tag:all"))) != len(log):
            problems.append("tags not with their entries")
        for what in acknowledged:
            kind, *words = what.split()
            if kind == "batch" and (int(words[0]), int(words[1]), words[2]) not in whole:
                problems.append(f"lost: {what}")
            elif kind == "blob":
                try:
                    record.blob(words[0])
                except LookupError:
                    problems.append(f"lost: {what}")
        Producer(record).write(f"probe-{os.urandom(4).hex()}", 2)  # it goes on from here
    return problems


def problems_of_spool(folder: Path, acknowledged: list[str]) -> list[str]:
    """Items are in the spool, or were drained before; say which are not."""
    kept = Spool(folder / "calls.spool")
    there = {item.data.split()[1].decode() for item in kept.items()}
    there |= {what.split()[1] for what in acknowledged if what.startswith("drained")}
    problems = [f"lost: {what}" for what in acknowledged if what.startswith("put") and what.split()[1] not in there]
    kept.put(b"item more")  # it goes on from here
    return problems


def main(mode: str, folder: Path, options: dict[str, str]) -> None:
    sqlite_log.CHECKPOINT_AFTER_COMMITS = int(options.get("checkpoint", "256"))
    sqlite_open.SYNCHRONOUS = options.get("synchronous", "FULL")
    if "forget_folder" in options:
        for module in (sqlite_log, durable, spool):
            module.sync_folder = lambda _: None  # type: ignore[attr-defined] # the fault to be found
    if "forget_file" in options:
        os.fsync = lambda fd: None  # noqa: ARG005 - named as the real one
    {"endless": endless, "sessions": sessions, "spool": spooling}[mode](folder)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), dict(option.split("=") for option in sys.argv[3:]))
