"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["engine_fixtures"]

# The ordinary run tries the same examples each time, so that what passed still passes; `make soak` tries new ones.
settings.register_profile("ordinary", derandomize=True, print_blob=True)
settings.register_profile("soak", print_blob=True)
settings.load_profile(os.environ.get("EVERYCALL_HYPOTHESIS", "ordinary"))


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


@pytest.fixture(scope="session")
def shared_merkle(shared_data: Path) -> Path:
    """The folder of published proofs of the hash tree, good and bad, beside the real city files."""
    return shared_data.parent / "standards" / "merkle"
