"""Where the published cases of the Merkle tree lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def shared_merkle(shared_data: Path) -> Path:
    """The folder of published proofs, good and bad, beside the real city files."""
    return shared_data.parent / "standards" / "merkle"
