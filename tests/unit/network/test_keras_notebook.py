"""The notebook of a run: valid for every tool that reads notebooks, and it trains what the run trained."""

import os
import re

import nbformat
import numpy as np
import pytest

from core.config.recipes import RECIPES
from core.config.run_config import RunConfig
from core.network.keras_notebook import notebook_json
from core.runs.store import RunStore
from tests.small_run import train

TABLE = ("| images | accuracy |", "|---|---|", "| test | 97.93% |")
_LOAD = """import keras, numpy as np
with np.load({path!r}) as given:
    data = {{name: given[name] for name in given.files}}
keras.datasets.mnist.load_data = lambda: ((data["x_train"], data["y_train"]), (data["x_test"], data["y_test"]))"""


def read(config, **more):
    book = nbformat.reads(notebook_json(config, "Mine", **more), as_version=4)
    nbformat.validate(book)
    return book


@pytest.mark.parametrize("name", RECIPES)
def test_it_is_a_valid_notebook_and_each_cell_compiles(name):
    book = read(RECIPES[name].config, figures=TABLE)
    for cell in book.cells:
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")
    assert "| test | 97.93% |" in book.cells[0].source
    assert ("EpochPrefetcher" in "".join(cell.source for cell in book.cells)) == RECIPES[name].config.redraws_images


def test_it_says_what_was_done_by_hand():
    said = "the learning rate was set to 0.01 in epoch 17"
    assert f"Not in this notebook: while the run trained, {said}." in read(RunConfig(), by_hand=said).cells[0].source


def test_it_holds_no_place_of_this_machine():
    text = notebook_json(RECIPES["best"].config, "Mine")
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)


@pytest.mark.slow
def test_it_reaches_the_accuracy_of_the_run(tmp_path, real_mnist, monkeypatch):
    import nbclient

    config = RECIPES["chollet"].config.changed(epochs=3)
    _, ended = train(RunStore(tmp_path), config)
    book = read(config)
    path = os.environ["MNIST_PATH"]  # instead of the download, which needs a network
    book.cells.insert(1, nbformat.v4.new_code_cell(_LOAD.format(path=path)))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # Streamlit sets it, and then no notebook shows pictures
    monkeypatch.chdir(tmp_path)
    nbclient.NotebookClient(
        book, timeout=500, startup_timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    printed = "".join(output.get("text", "") for output in outputs)
    accuracy = float(re.search(r"Test accuracy ([\d.]+)%", printed)[1]) / 100
    assert abs(accuracy - ended.test_accuracy) < 0.006  # seeds of this recipe differ by up to 0.3 points
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2  # curves and confusion matrix
    assert np.isfinite(accuracy)
