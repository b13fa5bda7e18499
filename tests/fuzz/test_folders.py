"""Run folders, snapshots and networks from elsewhere: only that run suffers, whatever its files hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.classroom.assignments import Assignment
from core.classroom.board import read_board
from core.classroom.board_csv import board_csv
from core.classroom.board_names import BoardNames
from core.config.run_config import RunConfig
from core.evaluation import seal
from core.evaluation.evaluation_cache import cached_evaluation
from core.jobs.queue import RunQueue
from core.jobs.worker_pool import WorkerPool
from core.network.numpy_network import Reader
from core.runs import checkpoints, moments
from core.runs.checkpoints import TrainingState
from core.runs.curves import Curves
from core.runs.moment import LayerMoment, Moment
from core.runs.prediction import NUMBER, Asked
from core.runs.run import Run
from core.runs.store import SHIPPED, RunStore
from core.runs.summaries import Summaries
from pages.parts.board import markup
from tests.fuzz.cases import AMOUNTS, Json, damaged, tries
from tests.hostile_runs import KNOWN_VALUES

SMALL = RunConfig(hidden_layers=0)
_FACTS = (
    "name", "note", "recipe", "starred", "created", "sweep", "starter", "colour", "forecast_seconds", "config",
    "assignment", "prediction",
)  # fmt: skip
_BOARD = Assignment("?", ("units",), SMALL, Asked(NUMBER), id="1a2b3c4d")
_PREDICTED = {"assignment": "1a2b3c4d", "prediction": {"predict": "number", "given": "97"}}
_EVENT = st.sampled_from(list(KNOWN_VALUES)).flatmap(
    lambda kind: st.dictionaries(st.sampled_from([*KNOWN_VALUES[kind], "x"]), Json, max_size=2).map(
        lambda strange: {"event": kind, **KNOWN_VALUES[kind], **strange}
    )
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "run.json": st.dictionaries(st.sampled_from(_FACTS), Json, max_size=2) | Json,
        "events.jsonl": st.lists(_EVENT | Json, max_size=6),
        "queued": Json,
        "control.json": Json,
        "lock": Json,
        "test_set.json": st.fixed_dictionaries({"opened": Json}) | Json,
        "summary.json": Json,
        "evaluations/test-final.json": st.fixed_dictionaries({"counts": Json, "loss": Json}),
    },
)


def write(run: Run, files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = run.folder / name
        path.parent.mkdir(exist_ok=True)
        if name == "run.json" and isinstance(content, dict):
            content = {"config": SMALL.to_dict(), **_PREDICTED, **content}
        lines = content if name == "events.jsonl" else [content]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def look_at(store: RunStore) -> None:
    """Everything that pages and the queue ask of each run."""
    summaries, queue = Summaries(), RunQueue(store, WorkerPool(store, spare=False, command=()))
    queue.stop_long_pauses()
    queue.due()
    board = read_board(_BOARD, store)
    markup.board(board, BoardNames(store.home)), board_csv(board, BoardNames(store.home), teacher=True)
    for run in store.runs():
        _ = run.state, run.step, run.rates, run.resume_point, run.paused_since, run.title.encode(), run.continues
        summaries.get(run), summaries.curve(run), store.state(run)
        seal.sealed(run), cached_evaluation(run)
        curves = Curves(run).refresh()
        for axis in ("step", "epoch", "seconds"):
            curves.batch_points(axis, "loss"), curves.epoch_points(axis, "accuracy"), curves.best_epoch()


@AMOUNTS
def test_run_folders(amount, tmp_path: Path):
    first = RunStore(tmp_path)
    other, strange = first.create(SMALL), first.create(SMALL)
    original = (strange.folder / "run.json").read_bytes()

    def read(files: dict[str, Any]) -> None:
        for path in strange.folder.rglob("*"):
            if path.is_file():
                path.unlink()
        (strange.folder / "run.json").write_bytes(original)
        write(strange, files)
        store = RunStore(tmp_path)
        look_at(store)
        assert other.id in {run.id for run in store.runs()}
        assert set(store.damaged()) <= {strange.id}

    tries(read, FILES, amount)


@AMOUNTS
def test_training_states_and_weights(amount, tmp_path: Path):
    path = tmp_path / "state.npz"
    weights = {"digit_lab/dense1/kernel": np.ones((4, 2), np.float32)}
    checkpoints.write_state(path, TrainingState(2, weights, {"optimizer/rate": np.array(0.1)}, {"loss": [1.0, 0.5]}))

    def read(content: bytes) -> None:
        path.write_bytes(content)
        checkpoints.read_progress(path)
        checkpoints.read_state(path)

    tries(read, damaged(path.read_bytes()), amount)


@AMOUNTS
def test_facts_of_training_states(amount, tmp_path: Path):
    path = tmp_path / "state.npz"

    def read(facts: Any) -> None:
        text = json.dumps(facts).encode()
        np.savez(path, told=np.frombuffer(text, np.uint8))
        checkpoints.read_progress(path)
        checkpoints.read_state(path)

    names = st.sampled_from(["epoch", "batch", "batches", "history", "seconds", "sums", "stopped"])
    tries(read, st.dictionaries(names, Json, max_size=7) | Json, amount)


@AMOUNTS
def test_moments(amount, tmp_path: Path):
    run = RunStore(tmp_path).create(SMALL)
    zeros = np.zeros((2, 10), np.float16)
    layer = LayerMoment("softmax10", "dense", np.arange(10, dtype=np.int32), np.zeros((4, 10), np.float16),
                        np.zeros(10, np.float16), zeros, 0.0, 0.0)  # fmt: skip
    moments.write_moment(run, Moment(3, 0.5, 1.0, 0.5, 1.0, 0.5, (layer,), zeros, np.zeros((2, 2), np.float32)))
    (path,) = (run.folder / "moments").iterdir()
    original = path.read_bytes()
    assert moments.read_moment(path) is not None

    def read(content: bytes) -> None:
        path.write_bytes(content)
        moments.read_moments(run)

    tries(read, damaged(original), amount)


@AMOUNTS
def test_networks(amount, tmp_path: Path):
    store = RunStore(tmp_path)
    shipped = store.get(SHIPPED)
    run = store.create(shipped.config)
    original = shipped.read_model()
    assert Reader.of(shipped)

    def read(edits: list[tuple[int, bytes]]) -> None:
        content = bytearray(original)
        for place, new in edits:
            content[place : place + len(new)] = new
        run.model_path.write_bytes(content)
        Reader.of(run)

    # The first 20,000 and the last 2,000 bytes hold all that is no weight.
    place = st.integers(0, 20_000) | st.integers(len(original) - 2_000, len(original))
    tries(read, st.lists(st.tuples(place, st.binary(min_size=1, max_size=8)), max_size=4), amount)
