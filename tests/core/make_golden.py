"""Writes the golden bytes of the event version that is written now: python tests/core/make_golden.py.

For a new event, or a change before the first release of a version. The files of a released version are never
written again: what changes then is the version (`core.events.VERSION`), with a step in `UPCASTS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from golden_entries import EVENTS, examples_of, tag_of

from everycall.core.events import VERSION

GOLDEN: Final = Path(__file__).parent / "golden"


def main() -> None:
    """One file for each event type, one entry a line."""
    folder = GOLDEN / f"v{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jsonl"):
        old.unlink()
    for event in EVENTS:
        lines = b"".join(data + b"\n" for data in examples_of(event))
        (folder / f"{tag_of(event)}.jsonl").write_bytes(lines)


if __name__ == "__main__":
    main()
