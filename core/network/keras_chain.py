"""The layers of a network as a `.keras` file describes them: a chain of Keras' own layers, or a sentence why not."""

from collections.abc import Iterator
from typing import Any

from core.errors import RunError

INPUTS = ((28, 28), (28, 28, 1), (784,))
_MAX_LAYERS = 60


def layer_chain(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The layers from the input to the output. Raises `RunError` where they are no chain, or are more than a list."""
    kind = config.get("class_name")
    own = config.get("registered_name") in (None, kind) and str(config.get("module", "keras")).startswith("keras")
    if kind not in ("Sequential", "Functional") or not own:
        raise refused("it is a class of its own, and only networks of Keras' layers are opened")
    inner = config["config"]
    layers = inner["layers"]
    if not isinstance(layers, list) or not 2 <= len(layers) <= _MAX_LAYERS:
        raise refused(f"a network must have from 2 to {_MAX_LAYERS} layers")
    before = ""
    for layer in layers:
        kind, module = str(layer.get("class_name")), str(layer.get("module", "keras.layers"))
        if kind == "Lambda":
            raise refused("it has a Lambda layer. Such a layer holds program code, which is never executed here")
        if not module.startswith("keras.") or layer.get("registered_name") or not isinstance(layer["config"], dict):
            raise refused(f"its layer {kind[:40]} is not one of Keras' own. Program code of others is never executed")
        if config["class_name"] == "Functional":
            before = _follow(layer, before)
        yield layer


def _follow(layer: dict[str, Any], before: str) -> str:
    """The layer's name, after a check that its one input is the layer before."""
    name = str(layer.get("name") or layer["config"].get("name"))
    nodes = layer.get("inbound_nodes") or []
    inputs = [argument for node in nodes for argument in node["args"]]
    if not before and not inputs:
        return name
    if len(nodes) != 1 or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise refused("its layers are no simple chain: a layer has several inputs or is used several times")
    if inputs[0]["config"]["keras_history"][0] != before:
        raise refused("its layers are no simple chain: a layer's input is not the layer before it")
    return name


def takes_row(layer: dict[str, Any]) -> bool:
    """Whether the input is a row of pixels. Raises `RunError` if it is no image of 28×28 pixels in grey."""
    config = layer["config"]
    shape = (
        config.get("batch_shape")
        or config.get("batch_input_shape")
        or (layer.get("build_config") or {}).get("input_shape")
    )
    if not isinstance(shape, list) or tuple(shape[1:]) not in INPUTS:
        words = " × ".join(map(str, shape[1:])) if isinstance(shape, list) else "unknown"
        raise refused(f"its input must be 28×28, 28×28×1 or 784 pixels, and it is {words[:40]}")
    return len(shape) == 2


def refused(reason: str) -> RunError:
    """The error for a network that cannot be opened."""
    return RunError(f"This network cannot be opened: {reason.rstrip('.')}.")
