"""The coach's check of a run that trains: not after each epoch, and never an old one once the run has ended."""

from types import SimpleNamespace

import pytest

from core.evaluation.checkup import Checkup
from pages.parts.train import checkup


@pytest.fixture
def checked(monkeypatch) -> list[int]:
    """The epochs whose weights were examined."""
    epochs: list[int] = []

    def check(run, epoch: int) -> Checkup:
        epochs.append(epoch)
        return Checkup(correct=(epoch,) * 10)

    monkeypatch.setattr(checkup, "_check", check)
    monkeypatch.setattr(checkup, "with_all_images", lambda found, run: found)
    return epochs


@pytest.fixture
def run(tmp_path):
    for epoch in (1, 2, 3):
        (tmp_path / str(epoch)).touch()
    return SimpleNamespace(
        path=str(tmp_path), active=True, checkpoint_epochs=[1], epoch_path=lambda epoch: tmp_path / str(epoch)
    )


def test_a_run_that_trains_is_checked_every_few_seconds(run, checked, monkeypatch):
    assert checkup.checkup(run).correct[0] == 1
    run.checkpoint_epochs = [1, 2]
    assert checkup.checkup(run).correct[0] == 1
    monkeypatch.setattr(checkup, "MIN_SECONDS", 0.0)
    assert checkup.checkup(run).correct[0] == 2
    assert checked == [1, 2]


def test_nobody_waits_for_a_check_that_another_visitor_has_begun(run, checked, monkeypatch):
    checkup.checkup(run)
    run.checkpoint_epochs = [1, 2]
    monkeypatch.setattr(checkup, "MIN_SECONDS", 0.0)
    with checkup._latest(run.path).computing:
        assert checkup.checkup(run).correct[0] == 1


def test_after_its_end_the_last_weights_count_at_once(run, checked):
    checkup.checkup(run)
    run.checkpoint_epochs, run.active = [1, 2, 3], False
    assert checkup.checkup(run).correct[0] == 3
    checkup.checkup(run)
    assert checked == [1, 3]


def test_without_weights_there_is_nothing_to_check(run, checked):
    run.checkpoint_epochs = []
    assert checkup.checkup(run) == Checkup()
    assert checked == []
