"""With a setting, TensorBoard's files are written while a run trains; what goes wrong there does not stop the run."""

import pytest

from core.jobs import recorder
from core.jobs.live_tensorboard import SETTING
from core.runs.curves import Curves
from core.runs.events import EpochDone
from core.runs.store import RunStore
from tests.small_run import SMALL, train

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


@pytest.fixture
def store(tmp_path, monkeypatch, tiny_mnist):
    monkeypatch.setattr(recorder.mnist, "load", lambda: tiny_mnist)
    return RunStore(tmp_path / "home")


def test_without_the_setting_nothing_is_written(store, tmp_path, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    train(store, SMALL.changed(epochs=1))
    assert not [*tmp_path.rglob("events.out*")]


def test_the_files_are_there_while_it_trains(store, tmp_path, monkeypatch):
    monkeypatch.setenv(SETTING, str(tmp_path / "board"))
    run, sizes = store.create(SMALL), []

    def look(event):
        if isinstance(event, EpochDone):
            sizes.append(sum(file.stat().st_size for file in (tmp_path / "board" / run.id).rglob("events.out*")))

    ended = recorder.RunRecorder(store, run.id, on_event=look).run()
    assert ended.outcome == "finished"
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    assert {path.name for path in (tmp_path / "board" / run.id).iterdir()} == {"train", "validation"}


def test_a_folder_that_cannot_be_written_does_not_stop_the_run(store, tmp_path, monkeypatch, capfd):
    (tmp_path / "board").write_text("a file in the way")
    monkeypatch.setenv(SETTING, str(tmp_path / "board"))
    _, ended = train(store, SMALL.changed(epochs=1))
    assert ended.outcome == "finished"
    assert capfd.readouterr().out.count("no longer written") == 1


@pytest.mark.slow
def test_tensorboard_reads_them(store, tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv(SETTING, str(tmp_path / "board"))
    run, _ = train(store, SMALL)
    found = {}
    for part in ("train", "validation"):
        found[part] = EventAccumulator(str(tmp_path / "board" / run.id / part), {"scalars": 0, "histograms": 0})
        found[part].Reload()
    epochs = Curves(run).refresh().epochs
    assert [each.value for each in found["train"].Scalars("epoch_loss")] == pytest.approx(
        [each.loss for each in epochs]
    )
    shown = [each.value for each in found["validation"].Scalars("epoch_accuracy")]
    assert shown == pytest.approx([each.validation_accuracy for each in epochs])
    assert [each.step for each in found["train"].Histograms("digit_lab/dense1/kernel")] == [1, 2, 3]
    assert found["train"].Graph().node
