"""What the tests of this folder share."""

import pytest


@pytest.fixture
def short_calls(monkeypatch):
    """Calls of four batches, so that a small run has many."""
    monkeypatch.setattr("core.training.call_size.estimate_step_seconds", lambda model, size: 0.05 / 4)
