"""Somebody else's network of any known layers as a `Reader`: the pages use it like one of this project's networks."""

import io
import os
from collections.abc import Mapping
from typing import IO, Any, Self

import numpy as np

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.errors import DigitLabError, RunError
from core.files import open_regular
from core.network.architecture import LayerRow
from core.network.forward import apply_activation
from core.network.graph import Graph
from core.network.keras_file import MAX_WEIGHTS_BYTES, KerasArchive
from core.network.keras_layers import read_layers, refused
from core.network.numpy_network import BATCH, Reader, in_batches
from core.runs.run import Run

# The knobs of a run whose network is not built from knobs. Nobody knows how it was trained.
NO_KNOBS = RunConfig(hidden_layers=0, validate_on="none")
_BATCH_VALUES = 1 << 21  # between two layers, of all images of a batch
_STEP = 1 / 64  # of the ink, for a slope


class GraphReader(Reader):
    """A foreign network. Its weights have the paths of `Graph`; its rows are its own layers."""

    def __init__(
        self, graph: Graph, weights: Mapping[str, np.ndarray], scaling: tuple[float, float] = (1.0, 0.0)
    ) -> None:
        """scaling: factor and offset that make the network's input from pixels, 0 to 255."""
        self.graph, self.weights, self.config, self.scaling = graph, weights, NO_KNOBS, scaling
        self.rows = [node.row for node in graph.nodes]
        if not graph.ends_with_softmax:
            self.rows.append(LayerRow("probabilities", "activation", (10,), 0, "softmax"))
        self._batch = max(1, min(BATCH, _BATCH_VALUES // graph.most_values))

    def blueprint(self) -> dict[str, Any]:
        """Everything but the weights as JSON, for `training.graph_model`, which builds it with Keras."""
        layers = [
            {
                "kind": "Dropout" if node.operation.kind == "dropout" else node.layer.kind,
                "name": node.name,
                "inputs": node.layer.inputs,
                "settings": node.settings,
                "weights": [*node.operation.weights],
            }
            for node in self.graph.nodes
        ]
        softmax = not self.graph.gives_probabilities
        return {
            "start": self.graph.start,
            "shape": self.graph.input_shape,
            "scaling": self.scaling,
            "layers": layers,
            "softmax": softmax,
        }

    def scaled(self, factor: float, offset: float) -> Self:
        """The same network for another input: factor · pixel + offset, with pixels from 0 to 1."""
        return type(self)(self.graph, self.weights, (factor / 255, offset))

    def with_weights(self, weights: Mapping[str, np.ndarray]) -> Self:
        return type(self)(self.graph, weights, self.scaling)

    @classmethod
    def read(cls, file: IO[bytes]) -> Self:
        """The network in a `.keras` file. Raises `RunError` with the reason where it cannot be used."""
        archive = KerasArchive(file, MAX_WEIGHTS_BYTES)
        try:
            graph = Graph.of(read_layers(archive.config()))
            return cls(graph, graph.read_weights(archive))
        except RunError:
            raise
        except (DigitLabError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
            reason = error.sentence if isinstance(error, DigitLabError) else "its description is not that of a network"
            raise refused(reason) from None

    def logits(self, images: np.ndarray) -> np.ndarray:
        return in_batches(lambda part: self._logits(part.astype(np.float32)), images, self._batch)

    def features(self, images: np.ndarray) -> np.ndarray:
        return in_batches(self._features, images, self._batch)

    def layers(self, images: np.ndarray) -> list[tuple[LayerRow, np.ndarray]]:
        values = self._scaled(images.astype(np.float32))
        found = [(node.row, node.operation.function(sums)) for node, _, sums in self.graph.walk(self.weights, values)]
        if not self.graph.ends_with_softmax:
            found.append((self.rows[-1], apply_activation("softmax", self._logits(images.astype(np.float32)))))
        return found

    def gradient(self, image: np.ndarray, digit: int) -> np.ndarray:
        """The slope at each pixel, measured: the logit with a little more and a little less ink."""
        steps = np.zeros((2, SIDE * SIDE, SIDE * SIDE), np.float32)
        places = np.arange(SIDE * SIDE)
        steps[0, places, places], steps[1, places, places] = 255 * _STEP, -255 * _STEP
        inks = image.astype(np.float32)[None] + steps.reshape(-1, SIDE, SIDE)
        logits = in_batches(self._logits, inks, self._batch)[:, digit].reshape(2, SIDE, SIDE)
        return np.asarray((logits[0] - logits[1]) / (2 * _STEP), np.float32)

    def _scaled(self, inks: np.ndarray) -> np.ndarray:
        factor, offset = self.scaling
        return inks * np.float32(factor) + np.float32(offset)

    def _logits(self, inks: np.ndarray) -> np.ndarray:
        """inks: float32 (n, 28, 28), from 0 to 255."""
        sums = values = np.zeros(0, np.float32)
        for node, _, sums in self.graph.walk(self.weights, self._scaled(inks)):
            values = sums if node is not self.graph.nodes[-1] else node.operation.function(sums)
        if self.graph.ends_with_softmax:
            return sums
        if self.graph.gives_probabilities:
            return np.log(np.maximum(values, np.float32(1e-30)))
        return values

    def _features(self, images: np.ndarray) -> np.ndarray:
        last, values = self.graph.nodes[-1], self._scaled(images.astype(np.float32))
        top = self.graph.weighted[-1] if self.graph.weighted else last
        for node, inputs, _ in self.graph.walk(self.weights, values):
            if node is top:
                values = inputs[0]
        return values.reshape(len(values), -1)


def network_of(run: Run, epoch: int | None = None) -> Reader:
    """The final network of a run, or that of one of its kept epochs. Raises `RunError` where its file is damaged."""
    if not run.foreign:
        return Reader.of(run, epoch)
    try:
        with os.fdopen(open_regular(run.model_path), "rb") as file:
            return GraphReader.read(io.BytesIO(file.read(MAX_WEIGHTS_BYTES + 1)))
    except OSError as error:
        raise RunError(f"The network of the run {run.id} is missing. Open its file again.") from error
