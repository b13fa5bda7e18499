"""The weights in somebody else's `.keras` file, read as plain numbers: no object of the file is built.

Declared and real sizes are checked before anything is unpacked, and nothing outside the file is opened: HDF5 files can
refer to other files on the disk.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.config.run_config import RunConfig
from core.errors import RunError
from core.files import read_limited
from core.network.architecture import layer_table
from core.network.forward import MODEL

MAX_WEIGHTS_BYTES = 1 << 30
MAX_CONFIG_BYTES = 4 << 20
_MAX_VARIABLES = 16  # of one layer


class KerasArchive:
    """A `.keras` file. Raises `RunError` if it is damaged, or no such file."""

    def __init__(self, content: bytes) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                self.config = json.loads(_member(archive, "config.json", MAX_CONFIG_BYTES))
                self._weights = _member(archive, "model.weights.h5", MAX_WEIGHTS_BYTES)
        except RunError:
            raise
        except Exception as error:  # zipfile, json and zlib raise different errors
            raise _damaged("it is no .keras file, or it is damaged") from error
        if not isinstance(self.config, dict):
            raise _damaged("its config.json is not a network")

    def weights(self, layers: Sequence[tuple[str, str]], shapes: Sequence[Sequence[tuple[int, ...]]]) -> Any:
        """For each layer (name, class), its arrays in Keras' order: float32.

        shapes: what each array must have, so that no file can announce a larger one. Raises `RunError` where they
        differ.
        """
        import h5py  # takes a third of a second

        try:
            with h5py.File(io.BytesIO(self._weights), "r") as file:
                groups = _groups(h5py, file, layers)
                return [
                    [_array(h5py, group, at, shape) for at, shape in enumerate(of_layer)]
                    for group, of_layer in zip(groups, shapes, strict=True)
                ]
        except RunError:
            raise
        except Exception as error:  # h5py raises different errors
            raise _damaged("its weights cannot be read") from error


def own_weights(content: bytes, config: RunConfig) -> dict[str, np.ndarray]:
    """The weights in a `.keras` file that this project saved: float32 by Keras' path (`digit_lab/dense1/kernel`).

    The layers are those of the knobs, whatever the file says of them. Raises `RunError` where the weights do not fit.
    """
    kernels = kernel_shapes(config)
    asked, expected, names = [], [], []
    for row in layer_table(config):
        if row.kind in ("dense", "conv"):
            asked.append((row.name, "Dense" if row.kind == "dense" else "Conv2D"))
            expected.append([kernels[row.name], row.output_shape[-1:]][: 1 + row.bias])
            names.append(["kernel", "bias"])
        elif row.kind == "norm":
            asked.append((row.name, "BatchNormalization"))
            expected.append([row.output_shape[-1:]] * 4)
            names.append(["gamma", "beta", "moving_mean", "moving_variance"])
    found = KerasArchive(content).weights(asked, expected)
    return {
        f"{MODEL}/{layer}/{name}": array
        for (layer, _), of_layer, arrays in zip(asked, names, found, strict=True)
        for name, array in zip(of_layer, arrays, strict=False)
    }


def kernel_shapes(config: RunConfig) -> dict[str, tuple[int, ...]]:
    """The shape of the kernel of each dense layer and convolution, by its name."""
    shapes: dict[str, tuple[int, ...]] = {}
    before: tuple[int, ...] = ()
    for row in layer_table(config):
        if row.kind == "dense":
            shapes[row.name] = (before[0], row.output_shape[0])
        elif row.kind == "conv":
            assert row.layer is not None
            shapes[row.name] = (row.layer.kernel, row.layer.kernel, before[-1], row.layer.size)
        before = row.output_shape
    return shapes


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise _damaged(f"{name} is missing. A file that ends in .h5 must be saved again as .keras")
    if found[0].file_size > limit:
        raise _damaged(f"{name} is too large ({found[0].file_size:,} bytes)")
    with archive.open(found[0]) as stream:
        try:
            return read_limited(stream, found[0].file_size)  # type: ignore[arg-type]
        except ValueError:
            raise _damaged(f"{name} unpacks to more than it declares") from None


def _groups(h5py: Any, file: Any, layers: Sequence[tuple[str, str]]) -> list[Any]:
    """The group of each layer's variables. Keras writes the layer's name into it; older versions number the classes."""
    parent = _inside(h5py, file, "layers")
    by_name, by_key = {}, {}
    for key in parent:
        variables = _inside(h5py, _inside(h5py, parent, key), "vars")
        by_key[key] = variables
        if isinstance(name := variables.attrs.get("name"), str):
            by_name[name] = variables
    found: list[Any] = []
    seen: dict[str, int] = {}
    for name, kind in layers:
        snake = _snake(kind)
        count = seen[snake] = seen.get(snake, -1) + 1
        group = by_name.get(name) or by_key.get(name) or by_key.get(f"{snake}_{count}" if count else snake)
        if group is None:
            raise _damaged(f"the weights of its layer {name[:40]} are missing")
        found.append(group)
    return found


def _inside(h5py: Any, group: Any, name: str) -> Any:
    """A member that lies in this file. Links to other files, or to other places, are refused."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise _damaged("its weights refer to another place")
    return group[name]


def _array(h5py: Any, group: Any, at: int, shape: tuple[int, ...]) -> np.ndarray:
    data = _inside(h5py, group, str(at))
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual or at >= _MAX_VARIABLES:
        raise _damaged("its weights refer to another place")
    if data.shape != shape or data.dtype.kind != "f" or data.dtype.itemsize > 8:
        raise _damaged(f"a weight has the shape {data.shape} instead of {shape}")
    values = np.asarray(data, np.float32)
    if not np.isfinite(values).all():
        raise _damaged("some of its weights are not numbers (NaN or infinite)")
    return values


def _snake(kind: str) -> str:
    """Keras' name for a class: Conv2D becomes conv2d, MaxPooling2D max_pooling2d."""
    letters = [f"_{letter.lower()}" if letter.isupper() and at else letter.lower() for at, letter in enumerate(kind)]
    return "".join(letters).replace("2_d", "2d").replace("1_d", "1d")


def _damaged(fault: str) -> RunError:
    return RunError(f"This .keras file cannot be used: {fault}. Save the network again with model.save('name.keras').")
