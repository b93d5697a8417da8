"""Writing small files so that a power cut leaves the old one or the new one, never half of it.

A file is durable when its bytes *and* its name are: an fsync of the file keeps the bytes, an fsync of the
folder keeps the name. POSIX promises neither by the other.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: files made, renamed or removed in it stay so after a power cut.

    Raises:
        OSError: The folder cannot be opened or the disk reports an error.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however many calls it takes.

    Raises:
        OSError: The disk is full or reports an error; some of the bytes may have been written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_new_file(path: Path, data: bytes, *, mode: int) -> None:
    """Make a file that must not exist yet, and make it durable: bytes and name.

    Args:
        path: Where.
        data: Its content.
        mode: Its permission bits, such as 0o600.

    Raises:
        FileExistsError: There is a file already; it is left alone.
        OSError: The file could not be written; nothing is left of it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[int]:
    """Hold the lock that a small file stands for; the file stays when the lock goes.

    Removing it would let two processes each hold a lock on a file of the same name.

    Args:
        path: The lock file, made when it is missing.
        wait: Whether to wait for another holder.

    Yields:
        The descriptor of the lock file.

    Raises:
        BlockingIOError: Somebody else holds it and we were not to wait.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)
