"""Every file that a run keeps, cut short or zeroed as after a power cut: own sentences, and no other run is touched."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from core.classroom import names, teacher
from core.drawing.personal_digits import PersonalDigits
from core.errors import DigitLabError
from core.evaluation import evaluations
from core.evaluation.run_archive import is_download
from core.files import write_json
from core.jobs.recorder import RunRecorder
from core.jobs.run_files import RunFiles
from core.jobs.sweep import SweepStore
from core.network.numpy_network import Reader
from core.runs import moments, preview
from core.runs.control import ControlRequests
from core.runs.events import EpochDone
from core.runs.run import Run
from core.runs.store import RunStore
from core.runs.summaries import Summaries
from tests.fuzz.test_folders import look_at
from tests.small_run import SMALL

# Their content does not matter: the log is never read, and a lock counts while a process holds it.
WITHOUT_CONTENT = {"worker.log", "lock"}


@pytest.fixture(scope="module")
def home(tmp_path_factory, tiny_mnist, nothing_is_compiled) -> Path:
    """A home with one run that was stopped in the middle of an epoch and has every kind of file, and with another."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.data.mnist.load", lambda: tiny_mnist)
        patch.setenv("DIGIT_LAB_HOME", str(home))
        store = RunStore(home)
        store.create(SMALL, name="another")
        run = store.create(SMALL.changed(epochs=50), name="damaged")

        def stop(event: object) -> None:
            if isinstance(event, EpochDone) and event.epoch == 2:
                ControlRequests(run).stop()

        RunRecorder(store, run.id, on_event=stop).run()
        write_json(run.queued_path, 1.0)
        write_json(run.test_set_path, {"opened": [1.0]})
        if not run.stopped_state_path.exists():
            shutil.copy(run.state_path, run.stopped_state_path)
        evaluations.predict_split(run, "test", tiny_mnist, lambda: Reader.of(run, None))
        Summaries().curve(run)
    return home


def spoilt(content: bytes) -> Iterator[bytes]:
    """What is left of a file: a part, or as many zeros as it had bytes."""
    for length in sorted({0, 1, len(content) // 2, max(len(content) - 1, 0)}):
        yield content[:length]
    yield bytes(len(content))


def read_everything(store: RunStore, data) -> None:
    """What pages, queue and a resume read of each run. Only the project's own errors may come out."""
    look_at(store)
    for run in store.runs():
        if run.shipped:
            continue
        for read in (
            lambda run=run: Reader.of(run, None),
            lambda run=run: Reader.of(run, 1),
            lambda run=run: RunFiles(store, run).load_state(),
            lambda run=run: moments.read_moments(run),
            lambda run=run: preview.read_preview(run),
            lambda run=run: evaluations.predict_split(run, "test", data, lambda: Reader.of(run, None)),
            lambda run=run: ControlRequests(run).read(),
            lambda run=run: is_download(run.folder),
        ):
            with suppress(DigitLabError):
                read()


def kinds(run: Run) -> list[str]:
    """One file of each kind that the run has, as a path below its folder."""
    files = [path.relative_to(run.folder) for path in sorted(run.folder.rglob("*")) if path.is_file()]
    by_kind = {(path.parent, path.suffix if len(path.parts) > 1 else path.name): str(path) for path in files}
    return list(by_kind.values())


@pytest.mark.slow  # a network is trained for it
def test_every_kind_of_file_of_a_run_may_be_half_written(home, tiny_mnist, tmp_path):
    original = next(run for run in RunStore(home).runs() if run.name == "damaged")
    found = kinds(original)
    wanted = {"run.json", "events.jsonl", "state.npz", "stopped.npz", "model.keras", "control.json", "queued"}
    wanted |= {"test_set.json", "summary.json", "curve.npy"}
    assert wanted <= set(found)
    assert {Path(name).parent.name for name in found} == {"", "epochs", "moments", "evaluations"}
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    folder = copy / "runs" / original.id
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file() and original.id not in path.parts}
    for name in set(found) - WITHOUT_CONTENT:
        whole = (folder / name).read_bytes()
        for content in spoilt(whole):
            (folder / name).write_bytes(content)
            store = RunStore(copy)
            read_everything(store, tiny_mnist)
            assert "another" in {run.name for run in store.runs()}, name
            assert set(store.damaged()) <= {original.id}, name
        (folder / name).write_bytes(whole)
    assert {path: path.read_bytes() for path in before} == before, "another run or file has changed"


@pytest.mark.slow  # a network is trained for it
def test_a_resume_from_damaged_states_is_a_sentence_and_no_new_beginning(home, tmp_path):
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    store = RunStore(copy)
    run = next(run for run in store.runs() if run.name == "damaged")
    for path in (run.state_path, run.stopped_state_path):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DigitLabError, match=r"The file state.npz of the run .* is missing or damaged"):
        RunFiles(store, run).load_state()


def test_files_of_the_home_may_be_half_written(tmp_path, rng):
    home = tmp_path
    store = RunStore(home)
    names.give(home, "0123456789ab", "Ada")
    teacher.first_key(home)
    hand = PersonalDigits("0123456789ab", home)
    digit = hand.add(rng.integers(0, 255, (28, 28), np.uint8), 7)
    for path in (home / "classroom" / "names.json", home / "classroom" / "teacher.json", hand.folder / digit.id):
        whole = path.read_bytes()
        for content in spoilt(whole):
            path.write_bytes(content)
            names.all_names(home), teacher.is_unlocked(home, "0123456789ab"), hand.all(), store.runs()
        path.write_bytes(whole)
    assert names.name_of(home, "0123456789ab") == "Ada"
    assert len(hand.all()) == 1


def test_files_of_a_sweep_may_be_half_written(tmp_path):
    store = RunStore(tmp_path)
    folder = tmp_path / "sweeps" / "260101-120000-abcd"
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text("{}")
    for content in (b"", b"{", bytes(50)):
        for name in ("sweep.json", "told.json", "study.log"):
            (folder / name).write_bytes(content)
        assert SweepStore(store).all() == []
