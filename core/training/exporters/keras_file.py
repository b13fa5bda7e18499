"""The `.keras` file, for Keras itself on any backend."""

from pathlib import Path

import numpy as np

from core.training import models
from core.training.exporters.exporter import Exportable
from core.training.predict import Predictor


def write(network: Exportable, path: Path) -> None:
    """Saves the network, without an optimiser."""
    models.save(network.model, path)


def probabilities(path: Path, images: np.ndarray) -> np.ndarray:
    """uint8 (n, 28, 28) → float32 (n, 10), by Keras."""
    return Predictor(path).probabilities(images)
