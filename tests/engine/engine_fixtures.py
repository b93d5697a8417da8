"""A centre for the tests of the engine: over memory with failures to order, and over a real record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from engine_centres import MemoryCentre, RecordCentre

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from engine_centres import CentreUnderTest


@pytest.fixture
def memory() -> MemoryCentre:
    return MemoryCentre()


@pytest.fixture
def on_record(tmp_path: Path) -> Iterator[RecordCentre]:
    with RecordCentre(tmp_path / "engine.record") as centre:
        yield centre


@pytest.fixture(params=["memory", "record"])
def centre(request: pytest.FixtureRequest) -> CentreUnderTest:
    found: CentreUnderTest = request.getfixturevalue({"memory": "memory", "record": "on_record"}[request.param])
    return found
