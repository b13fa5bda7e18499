"""What the tests of all packages share."""

from pathlib import Path

import pytest

from core.runs.store import RunStore
from core.runs.summaries import Summaries


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store of its own."""
    return RunStore(tmp_path)


@pytest.fixture
def summaries() -> Summaries:
    return Summaries()
