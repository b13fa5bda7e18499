"""A network as an ONNX model, written from the layer table and the weights with onnx's own helpers.

Keras is not needed, so it works on every backend. Keras' own exporter (tf2onnx 1.17) does not know the function that
gelu needs. Images of convolutions are (n, channels, height, width) here, as ONNX has them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from core.config.run_config import RunConfig
from core.digits import SIDE
from core.network.architecture import LayerRow, layer_table
from core.network.forward import MODEL, NORM_EPSILON

TAKES, GIVES, BATCH = "image", "probabilities", "batch"
OPSET, FORMAT = 20, 10  # the first opset with gelu (2023), and the file format of that time
_ACTIVATIONS = {
    "relu": "Relu", "elu": "Elu", "gelu": "Gelu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softmax": "Softmax",
}  # fmt: skip


def onnx_bytes(config: RunConfig, weights: Mapping[str, np.ndarray]) -> bytes:
    """The model as a file: `image`, uint8 (batch, 28, 28), to `probabilities`, float32 (batch, 10).

    weights: float32, by Keras' path (`digit_lab/dense1/kernel`).
    """
    import onnx
    from onnx import TensorProto, helper

    chain = _Chain(weights)
    for row in layer_table(config):
        chain.add_row(row)
    chain.nodes[-1].output[0] = GIVES
    takes = helper.make_tensor_value_info(TAKES, TensorProto.UINT8, [BATCH, SIDE, SIDE])
    gives = helper.make_tensor_value_info(GIVES, TensorProto.FLOAT, [BATCH, 10])
    graph = helper.make_graph(chain.nodes, MODEL, [takes], [gives], chain.constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=FORMAT, producer_name="Digit Lab")
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _Chain:
    """The nodes so far; each takes the output of the one before it."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.shape: tuple[int, ...] = (SIDE, SIDE)  # of one image, as Keras has it

    def add_row(self, row: LayerRow) -> None:
        """Adds the nodes of one row of the layer table."""
        for kind, constants, attributes in self._nodes_of(row):
            self._add(row.name, kind, constants, attributes)
        if operation := _ACTIVATIONS.get(row.activation):
            self._add(row.name, operation, {}, {"axis": -1} if operation == "Softmax" else {})
        self.shape = row.output_shape

    def _nodes_of(self, row: LayerRow) -> Iterator[tuple[str, dict[str, np.ndarray], dict[str, Any]]]:
        """Operation, constant inputs and attributes of each node; dropout does nothing outside training."""
        match row.kind:
            case "scale":
                yield "Cast", {}, {"to": 1}  # float32
                yield "Mul", {"factor": np.array(1 / 255, np.float32)}, {}
            case "channel":
                yield "Reshape", {"shape": np.array([0, 1, SIDE, SIDE])}, {}
            case "flatten":
                if len(self.shape) == 3:  # Keras flattens with the channels last
                    yield "Transpose", {}, {"perm": (0, 2, 3, 1)}
                yield "Reshape", {"shape": np.array([0, *row.output_shape])}, {}  # 0: as many images as before
            case "dense":
                yield "Gemm", self._of(row, "kernel", "bias"), {}
            case "conv":
                found = self._of(row, "kernel", "bias")
                found["kernel"] = np.ascontiguousarray(found["kernel"].transpose(3, 2, 0, 1))
                yield "Conv", found, {"kernel_shape": found["kernel"].shape[2:]}
            case "pool":
                assert row.layer is not None
                window = (row.layer.size, row.layer.size)
                yield "MaxPool", {}, {"kernel_shape": window, "strides": window}
            case "norm":
                found = self._of(row, "gamma", "beta", "moving_mean", "moving_variance")
                yield "BatchNormalization", found, {"epsilon": NORM_EPSILON}

    def _of(self, row: LayerRow, *names: str) -> dict[str, np.ndarray]:
        """The weights of a row; a layer before a norm has no bias."""
        return {name: self.weights[f"{MODEL}/{row.name}/{name}"] for name in names if name != "bias" or row.bias}

    def _add(self, place: str, kind: str, constants: Mapping[str, np.ndarray], attributes: Mapping[str, Any]) -> None:
        from onnx import helper, numpy_helper

        taken = [self.nodes[-1].output[0] if self.nodes else TAKES]
        name = f"{place}/{kind.lower()}{len(self.nodes)}"
        for each, array in constants.items():
            self.constants.append(numpy_helper.from_array(np.asarray(array), f"{name}/{each}"))
            taken.append(self.constants[-1].name)
        self.nodes.append(helper.make_node(kind, taken, [name], name=name, **attributes))
