"""A run as a notebook: it trains the same network in plain Keras and draws its curves and its confusion matrix.

It is written as JSON of nbformat 4.5, for Jupyter, VS Code and Colab; matplotlib draws.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from core.config.run_config import RunConfig
from core.network.keras_script import sections

_CURVES = """import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(10, 3.5))
for axis, what in zip(axes, ("loss", "accuracy")):
    for name, label in ((what, "training"), (f"val_{what}", "validation")):
        if name in history.history:
            axis.plot(range(1, len(history.epoch) + 1), history.history[name], label=label)
    axis.set(xlabel="epoch", ylabel=what)
    axis.legend()
plt.show()"""
_MATRIX = """import numpy as np

true = np.argmax(test_labels, axis=1) if test_labels.ndim == 2 else test_labels
predicted = model.predict(test_images, verbose=0).argmax(axis=1)
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (true, predicted), 1)

figure, axis = plt.subplots(figsize=(6, 6))
axis.imshow(confusion - np.diag(np.diag(confusion)), cmap="Reds")
for row in range(10):
    for column in range(10):
        axis.text(column, row, confusion[row, column], ha="center", va="center", fontsize=8)
axis.set(xlabel="predicted digit", ylabel="true digit", xticks=range(10), yticks=range(10))
plt.show()"""
_NOISE = "Two seeds of one network differ by some tenths of a percentage point, and so may this notebook and the run."


def notebook_json(config: RunConfig, title: str, by_hand: str = "", figures: Sequence[str] = ()) -> str:
    """The notebook as text. figures: lines of a Markdown table with the run's accuracies; it may be empty."""
    cells = [_cell(kind, text, place) for place, (kind, text) in enumerate(_contents(config, title, by_hand, figures))]
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1, ensure_ascii=False) + "\n"


def _contents(config: RunConfig, title: str, by_hand: str, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Kind and text of each cell."""
    parts = sections(config)
    lines = [f"# {title}", "", "A network that reads handwritten digits, trained with Digit Lab. This notebook trains "]
    lines[-1] += "the same network on MNIST with Keras alone."
    lines += ["", f"Not in this notebook: while the run trained, {by_hand}."] if by_hand else []
    lines += ["", "The run in Digit Lab:", "", *figures, "", _NOISE] if figures else []
    yield "markdown", "\n".join(lines)
    yield "code", parts.imports
    if parts.redrawing:
        yield "markdown", "## Redrawing\n\nThe code that draws new training images for each epoch. Only NumPy is used."
        yield "code", parts.redrawing
    yield "markdown", "## Data"
    yield "code", parts.data
    yield "markdown", "## Network\n\nIt takes images as uint8 (n, 28, 28); scaling is its first layer."
    yield "code", parts.network
    yield "markdown", "## Training"
    yield "code", parts.training
    yield "code", _CURVES
    yield "markdown", "## Test\n\nThe test images are read once, at the end."
    yield "code", parts.result
    yield "code", _MATRIX


def _cell(kind: str, text: str, place: int) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{place}", "metadata": {}}
    cell["source"] = text.splitlines(keepends=True)
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell
