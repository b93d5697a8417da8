"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["engine_fixtures"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real city files; tests that need it are skipped where it is missing."""
    here = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("EVERYCALL_SHARED", here.parent / "shared")) / "data"
    if not folder.is_dir():
        reason = f"no real city files at {folder}; set EVERYCALL_SHARED to the folder that holds data/"
        if os.environ.get("EVERYCALL_REQUIRE_SHARED"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
