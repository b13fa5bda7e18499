"""What the tests of this folder share."""

import pytest

from core.runs.store import RunStore
from core.runs.summaries import Summaries


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(tmp_path)


@pytest.fixture
def summaries() -> Summaries:
    return Summaries()
