"""Secret keys in files: one line, readable by its owner only, never overwritten."""

import os
import stat
from pathlib import Path

from everycall.record.durable import write_new_file
from everycall.record.tree.errors import Fault, InvalidKey, KeyFileExists, KeyFileExposed, KeyFileUnreadable
from everycall.record.tree.keys import SigningKey

OWNER_ONLY = 0o600
"""Permission bits of a key file."""

_LONGEST_FILE = 1024


def write_signing_key(path: Path, key: SigningKey) -> None:
    """Write a key into a new file that only its owner can read; it is durable on return.

    Raises:
        KeyFileExists: There is a file already; it is left alone.
        OSError: It could not be written; nothing is left of it.
    """
    try:
        write_new_file(path, f"{key.encode()}\n".encode(), mode=OWNER_ONLY)
    except FileExistsError:
        raise KeyFileExists(
            f"{path} is there already and is left alone: a key that is overwritten is lost for ever. "
            "Name another file, or move that one to a safe place first."
        ) from None


def read_signing_key(path: Path) -> SigningKey:
    """Read a key file.

    Raises:
        KeyFileUnreadable: There is no such file, or this user may not read it.
        KeyFileExposed: Others may read or write it.
        InvalidKey: It is not exactly one key and a newline.
    """
    try:
        # Not waiting: a pipe in the place of the file would hold up whoever starts the centre.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - what was opened is what is looked at
            status = os.fstat(descriptor)
            data = file.read(_LONGEST_FILE + 1) if stat.S_ISREG(status.st_mode) else None
    except OSError as problem:
        raise KeyFileUnreadable(
            f"The key file {path} cannot be read ({problem.strerror}): restore it from a backup, or ask its owner."
        ) from None
    if data is None:
        raise KeyFileUnreadable(f"{path} is not a file: name the key file itself.")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyFileExposed(
            f"Others than its owner can reach the key in {path}, so it may have been copied: take a new key, or, when "
            "you know that nobody copied it, chmod 600 the file."
        )
    if len(data) > _LONGEST_FILE:
        raise InvalidKey(Fault.TOO_LONG, f"{path} is longer than a key.")
    if not data.endswith(b"\n"):
        raise InvalidKey(Fault.NO_FINAL_NEWLINE, f"{path} does not end with a newline: it may be cut.")
    try:
        text = data.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise InvalidKey(Fault.NOT_UTF8, f"{path} is not text.") from None
    return SigningKey.parse(text)
