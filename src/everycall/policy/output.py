"""Files and output that a verb writes: nothing of anybody else's is overwritten, and what cannot be written is said.

Invariants:

1. A file that is there is replaced only if it is plainly an earlier one of the same kind; it is whole, before or after.
2. Standard output that cannot be written ends a verb with a sentence, or in silence where the reader has gone.
"""

from __future__ import annotations

import io
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Buffer

FIRST_BYTES: Final = 4096
"""So much of a file that is there is looked at."""


class NotWrittenError(Exception):
    """A file was not written; the sentence says why, and what to do."""


class OutputError(Exception):
    """Standard output cannot be written; no `OSError`, so that no verb takes it for a fault of a file it reads."""


class OutputClosedError(OutputError):
    """Whoever read the output has gone: `| head` has seen enough."""


def write_file(path: Path, data: bytes, *, what: str, ours: Callable[[bytes], bool] | None = None) -> None:
    """Write a file beside its place and move it there.

    Args:
        path: Where. A device or a pipe is written as it is.
        data: All of it.
        what: What it is called in the sentence of a refusal: `certificate`.
        ours: Whether a file that is there, by its first bytes, is an earlier one of this kind and may be replaced;
            without it no file is.

    Raises:
        NotWrittenError: Something else is there, or it cannot be written.
    """
    try:
        place = path.resolve()
        if place.is_dir():
            raise NotWrittenError(f"{path} is a folder. Name a file for the {what}.")
        if place.exists() and not place.is_file():
            place.write_bytes(data)
            return
        if place.exists():
            with place.open("rb") as held:
                begins = held.read(FIRST_BYTES)
            if ours is None or not ours(begins):
                raise NotWrittenError(
                    f"{path} is there already, and is no {what} of an earlier run. Name another file, or remove it."
                )
        replace_file(place, data)
    except OSError as error:
        raise NotWrittenError(
            f"The {what} cannot be written to {path}: {error.strerror or error}. Name a place that can be written."
        ) from error


def replace_file(place: Path, data: bytes) -> None:
    """Write beside it and rename, so that a full disk loses nothing; the access rights of what was there stay.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    beside = place.with_name(f".{secrets.token_hex(6)}.new")
    try:
        with beside.open("xb") as written:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
        if place.exists():
            beside.chmod(place.stat().st_mode)
        beside.replace(place)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


class _Checked(io.FileIO):
    """Standard output of which a failure is no `OSError`."""

    def write(self, data: Buffer, /) -> int | None:  # type: ignore[override]  # the stubs name another alias
        try:
            return super().write(data)
        except BrokenPipeError as error:
            raise OutputClosedError from error
        except OSError as error:
            raise OutputError(
                f"The output cannot be written: {error.strerror or error}. Send it where there is room."
            ) from error


def check_output() -> None:
    """From here on `sys.stdout` raises `OutputError`; a console of another system is left as it is."""
    old = sys.stdout
    if not isinstance(old, io.TextIOWrapper):
        return
    unbuffered = type(old.buffer) is io.FileIO  # as PYTHONUNBUFFERED has it
    if not unbuffered and type(getattr(old.buffer, "raw", None)) is not io.FileIO:
        return
    old.flush()
    checked = _Checked(old.fileno(), "wb", closefd=False)
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(checked),
        encoding=old.encoding,
        errors=old.errors,
        line_buffering=unbuffered or old.line_buffering,
    )


def drop_output() -> None:
    """What is still to be written goes nowhere, or the interpreter would complain as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def even_if_nobody_reads() -> Iterator[None]:
    """For a verb whose exit status is its answer: it stands though nobody reads the words to their end."""
    try:
        yield
        sys.stdout.flush()
    except OutputClosedError:
        drop_output()
