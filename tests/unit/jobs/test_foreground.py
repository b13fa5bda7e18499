"""Several seeds on the command line: each is a run of its own, and equals the run that was trained alone."""

import json

import numpy as np
import pytest

from core.__main__ import main
from core.jobs.foreground import Foreground
from core.jobs.recorder import RunRecorder
from core.jobs.sweep import SweepStore
from core.runs.events import EpochDone, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile
from tests.small_run import SMALL, train, weights_of

pytestmark = pytest.mark.usefixtures("embedded_data")
FEW = ("--train-images", "300", "--units", "8", "--epochs", "2", "--validate-on", "test")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    return tmp_path


def test_json_has_each_run_and_the_spread(home, capsys):
    assert main(["train", *FEW, "--seeds", "3", "--seed", "5", "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    store = RunStore(home)
    runs = [store.get(each["run"]) for each in report["runs"]]
    assert [run.config.seed for run in runs] == [5, 6, 7]
    assert {run.state for run in runs} == {"finished"}
    assert {run.sweep for run in runs} == {report["sweep"]}
    assert [each["recipe"] for each in report["runs"]] == [report["recipe"]] * 3 == [None] * 3  # null, as for one run
    accuracies = [each["test_accuracy"] for each in report["runs"]]
    assert report["test_accuracy"]["mean"] == pytest.approx(np.mean(accuracies))
    assert report["test_accuracy"]["deviation"] == pytest.approx(np.std(accuracies, ddof=1))


def test_the_mean_and_its_interval_are_printed(home, capsys):
    assert main(["train", *FEW, "--seeds", "2"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("finished after 2 epochs") == 2
    assert "over 2 seeds. The mean is between" in printed
    assert "Training accuracy: " in printed  # as the line of each run says it


def test_a_seed_of_another_data_set_is_not_averaged(home, capsys, monkeypatch):
    def train(self, run):
        data = "a" if run.config.seed == 1 else "b"  # a download of MNIST has ended after the first seed
        self.store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")})
        file = EventFile(run.events_path)
        file.append(Started(run.config.seed, "CPU", 10, 100, 10, 4, 2))
        file.close()
        return RunEnded("finished", "", 2.0, epochs=2, test_accuracy=0.9 if data == "a" else 0.97)

    monkeypatch.setattr(Foreground, "train", train)
    assert main(["train", *FEW, "--seeds", "3"]) == 0
    printed = capsys.readouterr().out
    assert "Not counted: 1 seed of another data set." in printed
    assert "97.00% ± 0.00 over 2 seeds" in printed


@pytest.mark.parametrize(("seeds", "sentence"), [("1", "2 to 20"), ("many", "whole number"), ("2.5", "whole number")])
def test_a_wrong_number_of_seeds_makes_no_run(home, capsys, seeds, sentence):
    assert main(["train", *FEW, "--seeds", seeds]) == 2
    assert sentence in capsys.readouterr().err
    assert not SweepStore(RunStore(home)).all()


def test_a_stop_ends_all_seeds(home, monkeypatch, capsys):
    run = RunRecorder.run

    def stopped(self, **options):
        self.stop()
        return run(self, **options)

    monkeypatch.setattr(RunRecorder, "run", stopped)
    main(["train", *FEW, "--seeds", "3"])
    (sweep,) = SweepStore(RunStore(home)).all()
    assert sweep.stopped
    assert len(sweep.runs(RunStore(home).runs())) == 1


def test_the_network_of_a_run_trains_another_seed_bit_for_bit_as_alone(store):
    config = SMALL.changed(dropout=0.3, schedule="cosine", optimizer="adamw")
    alone, _ = train(store, config.changed(seed=9))
    first = store.create(config)
    recorder = RunRecorder(store, first.id)
    recorder.run()
    second = store.create(config.changed(seed=9))
    after = RunRecorder(store, second.id, warm=recorder.warm)
    after.run()
    assert after.warm.network is recorder.warm.network
    assert [run.started.is_next_seed for run in (first, second, alone)] == [False, True, False]
    ours, theirs = weights_of(second), weights_of(alone)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert second.model_path.stat().st_size == alone.model_path.stat().st_size


def test_a_run_that_fails_leaves_no_network_for_the_next_seed(store, monkeypatch):
    run = store.create(SMALL)
    recorder = RunRecorder(store, run.id)
    recorder.run()
    failing = RunRecorder(store, store.create(SMALL.changed(seed=2)).id, warm=recorder.warm)
    monkeypatch.setattr(failing, "on_event", lambda event: 1 / 0 if isinstance(event, EpochDone) else None)
    assert failing.run().outcome == "failed"
    assert failing.warm is None
