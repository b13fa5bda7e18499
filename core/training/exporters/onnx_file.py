"""ONNX, for ONNX Runtime and the tools of other frameworks."""

from pathlib import Path

import numpy as np

from core.files import write_atomic
from core.network.onnx_graph import GIVES, TAKES, onnx_bytes
from core.training.exporters.exporter import Exportable, in_parts


def write(network: Exportable, path: Path) -> None:
    """Writes the network: `image`, uint8 (batch, 28, 28), to `probabilities`, float32 (batch, 10)."""
    write_atomic(path, onnx_bytes(network.network.config, network.network.weights))


def probabilities(path: Path, images: np.ndarray) -> np.ndarray:
    """uint8 (n, 28, 28) → float32 (n, 10), by ONNX Runtime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return in_parts(lambda part: np.asarray(session.run([GIVES], {TAKES: part})[0]), images)
