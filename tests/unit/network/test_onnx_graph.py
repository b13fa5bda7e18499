"""The network in ONNX: ONNX Runtime gives the answers of the NumPy network, whatever the layers are."""

import numpy as np
import onnx
import onnxruntime
import pytest

from core.config.run_config import KNOBS, RunConfig
from core.network.architecture import layer_table
from core.network.forward import MODEL
from core.network.numpy_network import Reader
from core.network.onnx_graph import onnx_bytes

_NAMES = {
    "dense": ("kernel", "bias"),
    "conv": ("kernel", "bias"),
    "norm": ("gamma", "beta", "moving_mean", "moving_variance"),
}


def random_weights(config: RunConfig, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights by Keras' path, without Keras. Variances are positive."""
    weights, shape = {}, (28, 28)
    for row in layer_table(config):
        sizes = {"bias": (row.output_shape[-1],), **dict.fromkeys(_NAMES["norm"], (row.output_shape[-1],))}
        if row.kind in ("dense", "conv"):
            window = (row.layer.kernel, row.layer.kernel) if row.kind == "conv" else ()
            sizes["kernel"] = (*window, shape[-1], row.output_shape[-1])
        for name in _NAMES.get(row.kind, ()):
            if name != "bias" or row.bias:
                values = rng.normal(0, 0.2, sizes[name]).astype(np.float32)
                weights[f"{MODEL}/{row.name}/{name}"] = np.abs(values) if name == "moving_variance" else values
        shape = row.output_shape
    return weights


@pytest.mark.parametrize(
    "config",
    [
        *(RunConfig(network="conv3x4-pool2-dense7", activation=name) for name in KNOBS["activation"].choices),
        RunConfig(hidden_layers=0),
        RunConfig(hidden_layers=2, units=9, dropout=0.5),
        RunConfig(network="norm-conv2x3-norm-pool3-norm-dense5-norm-dense4"),
        RunConfig(network="conv2x28", activation="tanh"),
    ],
    ids=lambda config: config.network + config.activation,
)
def test_it_answers_as_the_network_in_numpy(config, rng):
    weights = random_weights(config, rng)
    images = rng.integers(0, 256, (5, 28, 28)).astype(np.uint8)
    session = onnxruntime.InferenceSession(onnx_bytes(config, weights), providers=["CPUExecutionProvider"])
    for part in (images, images[:1]):  # any number of images
        (found,) = session.run(None, {"image": part})
        np.testing.assert_allclose(found, Reader(config, weights).probabilities(part), atol=1e-5)


def test_its_ends_have_names_and_a_free_number_of_images(rng):
    config = RunConfig(units=4)
    graph = onnx.load_from_string(onnx_bytes(config, random_weights(config, rng))).graph
    (takes,), (gives,) = graph.input, graph.output
    assert (takes.name, gives.name) == ("image", "probabilities")
    assert takes.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    sides = [side.dim_param or side.dim_value for side in takes.type.tensor_type.shape.dim]
    assert sides == ["batch", 28, 28]
