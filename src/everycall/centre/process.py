"""What a process that drives a centre sets for itself."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def collector_at_ease() -> Iterator[None]:
    """Let Python's cycle collector look less often.

    A state of frozen entities holds no cycles, but thousands of tables and futures come and go; half the time
    of a replay went into looking through them.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


@contextlib.contextmanager
def told_by_the_verb() -> Iterator[None]:
    """Keep the log's sentences from the screen of a verb that tells its failure itself; faults keep their stack."""
    log = logging.getLogger("everycall")
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda entry: entry.exc_info is not None)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
