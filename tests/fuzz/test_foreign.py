"""What visitors bring along: downloads of runs, and networks that somebody else saved."""

import copy
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from core.config.run_config import RunConfig
from core.data.mnist import Mnist
from core.evaluation import run_export
from core.jobs import run_import
from core.network.foreign_model import read_foreign
from core.runs.prediction import CHOICE, Asked, Choice, Prediction
from core.runs.store import SHIPPED, Run, RunStore
from tests.fuzz.cases import AMOUNTS, Json, damaged, tries
from tests.made_runs import make

Edits = list[tuple[int, Any]]
EDITS = st.lists(st.tuples(st.integers(0, 10**6), Json), min_size=1, max_size=3)


def edited(tree: Any, edits: Edits) -> Any:
    """JSON with some of its values replaced, at any depth."""
    tree = json.loads(json.dumps(tree))
    for place, new in edits:
        spots = list(_spots(tree))
        holder, key = spots[place % len(spots)]
        holder[key] = copy.deepcopy(new)  # else the next edit may change the value that others use
    return tree


def _spots(tree: Any) -> Any:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield tree, key
        yield from _spots(value)


def members(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, value in files.items():
            archive.writestr(name, value)
    return content.getvalue()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    asked = Asked(CHOICE, choices=(Choice("Low", 0, 50), Choice("High")))
    predicted = Prediction("How high?", asked, "High").to_facts()
    return make(RunStore(tmp_path), RunConfig(hidden_layers=0, epochs=3), prediction=predicted)


@AMOUNTS
def test_downloaded_runs(amount, run: Run, tiny_mnist: Mnist, monkeypatch):
    monkeypatch.setattr(
        run_import, "_create", lambda *_: run
    )  # Keras, in a process of its own, would write the network
    original = run_export.build_archive(run)
    files = members(original)
    (facts,) = [name for name in files if name.endswith("run.json")]
    known, history = json.loads(files[facts]), files[facts.replace("run.json", "history.csv")]

    def read(content: bytes) -> None:
        run_import.import_file(RunStore(run.folder.parent.parent), "run.zip", content, tiny_mnist)

    def with_facts(edits: Edits) -> bytes:
        return packed({**files, facts: json.dumps(edited(known, edits)).encode()})

    def with_history(content: bytes) -> bytes:
        return packed({**files, facts.replace("run.json", "history.csv"): content})

    read(original)
    tries(read, damaged(original) | EDITS.map(with_facts) | damaged(history).map(with_history), amount)


@AMOUNTS
def test_networks_of_others(amount, tmp_path: Path):
    files = members(RunStore(tmp_path).get(SHIPPED).read_model())
    layers = json.loads(files["config.json"])
    digit = np.zeros((1, 28, 28), np.uint8)

    def read(content: bytes) -> None:
        model = read_foreign(content)
        model.reader(1.0, 0.0).logits(digit)

    def with_layers(edits: Edits) -> bytes:
        return packed({**files, "config.json": json.dumps(edited(layers, edits)).encode()})

    def with_weights(content: bytes) -> bytes:
        return packed({**files, "model.weights.h5": content})

    read(packed(files))
    tries(read, EDITS.map(with_layers) | damaged(files["model.weights.h5"]).map(with_weights), amount)
