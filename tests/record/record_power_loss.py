"""What a disk would hold if the power were cut: traced writes and syncs of a program, replayed in part.

Killing a process shows nothing about durability: what it wrote is in the system's memory, and the next
process finds it there. So the program runs under strace, and from its system calls the files are rebuilt as a
disk may hold them after a cut at any point. The disk is as unkind as POSIX allows:

- bytes are on it once an fsync or fdatasync of their file, begun after they were written, has returned;
- a name made, renamed or removed is on it once an fsync of the folder has returned; syncing the file is not
  enough;
- of what is not synced, any part may be there: none, all, or some writes without earlier ones, the last one
  torn.
"""

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

WRITING = "write,pwrite64,ftruncate,fsync,fdatasync,openat,close,unlink,rename"
UNEXPECTED = (
    "open,creat,writev,pwritev,pwritev2,truncate,fallocate,copy_file_range,sendfile,sync_file_range,"
    "dup,dup2,dup3,unlinkat,renameat,renameat2,link,linkat,symlink,symlinkat"
)
"""Calls that change files too; the model does not know them, so it must not meet one on a file of ours."""

Variant = Literal["nothing unsynced", "all unsynced", "some unsynced"]


@dataclass(eq=False, slots=True)
class File:
    """A file apart from its names."""

    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, "Change"]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes written at an offset, or, without data, the file cut or grown to it."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.offset :]
            content.extend(bytes(self.offset - len(content)))
        else:
            content.extend(bytes(max(0, self.offset - len(content))))
            content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(frozen=True, slots=True)
class Written:
    file: File
    change: Change


@dataclass(frozen=True, slots=True)
class Named:
    """Names that came to stand for a file, or for none, all at once."""

    names: dict[str, File | None]


@dataclass(frozen=True, slots=True)
class Synced:
    """A file, or the folder when it is None; covers what was done before the step `begun`."""

    file: File | None
    begun: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    what: str


Step = Written | Named | Synced | Acknowledged


def trace(program: Sequence[str | Path], folder: Path) -> list[Step]:
    """Run a Python program under strace and give what it did to the files of a folder, and what it
    acknowledged.

    Raises:
        RuntimeError: strace is missing or may not trace, or the program failed.
    """
    if shutil.which("strace") is None:
        raise RuntimeError("strace is missing; on Debian: apt-get install strace")
    log = folder.with_name(folder.name + ".strace")
    calls = f"trace={WRITING},{UNEXPECTED}"
    command: list[str | Path] = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-xx",
        "-s",
        "100000000",
        "-e",
        calls,
        "-o",
        log,
        sys.executable,
    ]
    child = subprocess.run([*command, *program], capture_output=True, text=True, check=False)
    if child.returncode != 0:
        raise RuntimeError(f"the traced program failed: {child.stderr}")
    steps = list(Parser(folder).parse(log.read_text("ascii").splitlines()))
    log.unlink()
    acknowledged = [step.what for step in steps if isinstance(step, Acknowledged)]
    if sorted(acknowledged) != sorted(child.stdout.splitlines()):
        raise RuntimeError("the trace does not show what the program printed")
    return steps


class Parser:
    """Reads strace's lines; keeps account of descriptors and names."""

    CALL = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
    UNFINISHED = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
    RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>,? ?(.*)$")

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.names: dict[str, File] = {}
        self.descriptors: dict[int, File | None] = {}
        self.appending: set[int] = set()
        self.positions: dict[int, int] = {}
        self.lengths: dict[int, int] = {}
        self.done = 0

    def parse(self, lines: list[str]) -> Iterator[Step]:
        waiting: dict[str, tuple[str, int]] = {}
        for line in lines:
            begun = self.done
            if match := self.UNFINISHED.match(line):
                process, call, arguments = match.groups()
                waiting[process] = (f"{call}({arguments}", begun)
                if call == "write" and arguments.startswith("1, "):  # it may be read from now on
                    yield from self.count(Acknowledged(text) for text in printed(arguments))
                continue
            if match := self.RESUMED.match(line):
                process, _, rest = match.groups()
                start, begun = waiting.pop(process)
                if start.startswith("write(1, "):
                    continue
                joined = start if start.endswith(" ") or rest.startswith(")") else f"{start}, "
                line = f"{process} {joined}{rest}"  # noqa: PLW2901 - the line as it would be in one piece
            if (match := self.CALL.match(line)) and not match[4].startswith("-"):
                yield from self.count(self.steps(match[2], match[3], int(match[4]), begun))

    def count(self, steps: Iterator[Step]) -> Iterator[Step]:
        for step in steps:
            self.done += 1
            yield step

    def steps(self, call: str, arguments: str, result: int, begun: int) -> Iterator[Step]:
        match call:
            case "openat":
                yield from self.opened(arguments, result)
            case "unlink":
                if (name := self.name(arguments)) is not None:
                    del self.names[name]
                    yield Named({name: None})
            case "rename":
                old, new = map(self.name, arguments.split(", "))
                if old is not None and new is not None:
                    self.names[new] = file = self.names.pop(old)
                    yield Named({old: None, new: file})
            case _ if call in UNEXPECTED.split(","):
                subject = arguments.partition(",")[0]
                ours = subject.isdigit() and int(subject) in self.descriptors
                if ours or self.folder.encode().hex() in arguments.replace("\\x", ""):
                    raise AssertionError(f"the model of the disk does not know {call}({arguments[:200]})")
            case _:
                descriptor = int(arguments.partition(",")[0])
                if call == "write" and descriptor == 1:
                    yield from (Acknowledged(text) for text in printed(arguments))
                elif descriptor in self.descriptors:
                    yield from self.on_descriptor(call, descriptor, arguments, result, begun)

    def opened(self, arguments: str, descriptor: int) -> Iterator[Step]:
        _, path, flags = arguments.split(", ")[:3]
        if unhex(path).decode() == self.folder:
            self.descriptors[descriptor] = None
        elif (name := self.name(path)) is not None:
            if name not in self.names:
                assert "O_CREAT" in flags, f"{name} was there before the trace"
                self.names[name] = File()
                yield Named({name: self.names[name]})
            file = self.descriptors[descriptor] = self.names[name]
            self.positions[descriptor] = 0
            (self.appending.add if "O_APPEND" in flags else self.appending.discard)(descriptor)
            if "O_TRUNC" in flags:
                yield self.change(file, Change(0, None))

    def on_descriptor(self, call: str, descriptor: int, arguments: str, result: int, begun: int) -> Iterator[Step]:
        file = self.descriptors[descriptor]
        if call == "close":
            del self.descriptors[descriptor]
        elif call in {"fsync", "fdatasync"}:
            yield Synced(file, begun)
        else:
            assert file is not None, f"{call} on a folder"
            words = arguments.split(", ")
            if call == "ftruncate":
                yield self.change(file, Change(int(words[1]), None))
            else:
                data = unhex(words[1])[:result]
                if call == "pwrite64":
                    offset = int(words[3])
                elif descriptor in self.appending:
                    offset = self.lengths.get(id(file), 0)
                else:
                    offset = self.positions[descriptor]
                    self.positions[descriptor] += result
                yield self.change(file, Change(offset, data))

    def change(self, file: File, change: Change) -> Written:
        length = self.lengths.get(id(file), 0)
        self.lengths[id(file)] = change.offset if change.data is None else max(length, change.offset + len(change.data))
        return Written(file, change)

    def name(self, argument: str) -> str | None:
        path = unhex(argument).decode()
        return path.removeprefix(self.folder + "/") if path.startswith(self.folder + "/") else None


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.strip().strip('"').replace("\\x", ""))


def printed(arguments: str) -> list[str]:
    return unhex(arguments.split(", ")[1]).decode().splitlines()


class Disk:
    """The disk at one point of a program's run."""

    def __init__(self) -> None:
        self.names: dict[str, File] = {}
        self.unsynced_names: list[tuple[int, dict[str, File | None]]] = []
        self.acknowledged: list[str] = []
        self.steps = 0

    def take(self, step: Step) -> None:
        """Go on by one step."""
        match step:
            case Written(file, change):
                file.unsynced.append((self.steps, change))
            case Named(names):
                self.unsynced_names.append((self.steps, names))
            case Acknowledged(what):
                self.acknowledged.append(what)
            case Synced(None, begun):
                for at, names in self.unsynced_names:
                    if at < begun:
                        rename(self.names, names)
                self.unsynced_names = [(at, names) for at, names in self.unsynced_names if at >= begun]
            case Synced(File() as file, begun):
                for at, change in file.unsynced:
                    if at < begun:
                        change.apply(file.synced)
                file.unsynced = [(at, change) for at, change in file.unsynced if at >= begun]
        self.steps += 1

    def lose_power(self, variant: Variant, choice: random.Random, folder: Path) -> None:
        """Put into an empty folder what may be on the disk after a cut right now."""
        keep = {
            "nothing unsynced": 0.0,
            "all unsynced": 1.0,
            "some unsynced": choice.choice([0.2, 0.5, 0.9]),
        }[variant]
        names = dict(self.names)
        for _, change_of_names in self.unsynced_names:
            if choice.random() < keep:
                rename(names, change_of_names)
        for name, file in names.items():
            content = bytearray(file.synced)
            kept = [change for _, change in file.unsynced if choice.random() < keep]
            if variant == "some unsynced" and kept and kept[-1].data:
                last = kept.pop()
                assert last.data is not None
                torn = choice.randrange(len(last.data) + 1)
                kept.append(Change(last.offset, last.data[: choice.choice([torn, torn // 512 * 512])]))
            for change in kept:
                change.apply(content)
            if name.endswith("-shm") and variant == "some unsynced":
                content[:] = choice.randbytes(len(content))  # shared memory: whatever the disk has of it
            (folder / name).write_bytes(content)


def rename(names: dict[str, File], change: dict[str, File | None]) -> None:
    for name, file in change.items():
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file
