"""The weights in a `.keras` file, which is a ZIP with an HDF5 file in it, read without Keras.

The file may come from anywhere. It is data: no object of it is built, no other file is opened (HDF5 files can refer to
other files on the disk), and declared and real sizes are checked before anything is unpacked.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import IO, Any

import numpy as np

from core.config.run_config import RunConfig
from core.errors import RunError
from core.files import read_limited
from core.network.architecture import count_parameters, layer_table, weight_shapes
from core.network.forward import weight_paths

MAX_WEIGHTS_BYTES = 1 << 30
MAX_CONFIG_BYTES = 4 << 20
_MAX_VARIABLES = 16  # of one layer
_COPIES = 4  # the weights and up to two values of the optimiser for each of them; older files have a third
_EXTRA_BYTES = 4 * 2**20  # what HDF5 and Keras write beside the numbers
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CLASSES = {"dense": "Dense", "conv": "Conv2D", "norm": "BatchNormalization"}  # in Keras, by the kind of a row

Layers = Sequence[tuple[str, str]]  # the name and the class of each


class KerasArchive:
    """A `.keras` file. Raises `RunError` if it is damaged, or no such file, or if its weights are above `max_bytes`."""

    def __init__(self, file: IO[bytes], max_bytes: int = MAX_WEIGHTS_BYTES) -> None:
        self._file = file
        self._weights = self._member("model.weights.h5", max_bytes)

    def config(self) -> dict[str, Any]:
        """The description of the network."""
        try:
            found = json.loads(self._member("config.json", MAX_CONFIG_BYTES))
        except (ValueError, RecursionError) as error:
            raise _damaged("its config.json cannot be read") from error
        if not isinstance(found, dict):
            raise _damaged("its config.json is not a network")
        return found

    def weights(self, layers: Layers, shapes: Sequence[Sequence[tuple[int, ...]]]) -> list[list[np.ndarray]]:
        """For each layer its arrays in Keras' order: float32.

        shapes: what each array must have, so that no file can announce a larger one. Raises `RunError` where they
        differ.
        """
        import h5py  # takes a third of a second, and only the first network needs it

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

    def _member(self, name: str, limit: int) -> bytes:
        try:
            with zipfile.ZipFile(self._file) as archive:
                return _unpacked(archive, name, limit)
        except RunError:
            raise
        except Exception as error:  # zipfile and zlib raise different errors
            raise _damaged("it is no .keras file, or it is damaged") from error


def max_weights_bytes(config: RunConfig) -> int:
    """The size that the weights file of a network with these knobs may have."""
    return count_parameters(config) * 4 * _COPIES + _EXTRA_BYTES


def own_weights(file: IO[bytes], config: RunConfig) -> dict[str, np.ndarray]:
    """The weights in a `.keras` file that this project saved: float32 by Keras' path (`digit_lab/dense1/kernel`).

    The layers are those of the knobs, whatever the file says of them. Raises `RunError` where the weights do not fit.
    """
    shapes = weight_shapes(config)
    layers = [(row.name, _CLASSES[row.kind]) for row in layer_table(config) if row.name in shapes]
    found = KerasArchive(file, max_weights_bytes(config)).weights(layers, [[*of.values()] for of in shapes.values()])
    return dict(zip(weight_paths(config), chain.from_iterable(found), strict=True))


def check_finite(arrays: Iterable[np.ndarray]) -> None:
    """Raises `RunError` if a weight is NaN or infinite: no network is made from those of somebody else."""
    if not all(np.isfinite(array).all() for array in arrays):
        raise _damaged("some of its weights are not numbers (NaN or infinite)")


def _unpacked(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise _damaged(f"{name} is missing. A file that ends in .h5 must be saved again as .keras")
    if found[0].file_size > limit or found[0].compress_type not in _COMPRESSIONS:
        raise _damaged(f"{name} is too large ({found[0].file_size:,} bytes), or packed in an unusual way")
    with archive.open(found[0]) as stream:
        try:
            return read_limited(stream, found[0].file_size)
        except ValueError:
            raise _damaged(f"{name} unpacks to more than it declares") from None


def _groups(h5py: Any, file: Any, layers: Layers) -> list[Any]:
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
    return np.asarray(data, np.float32)


def _snake(kind: str) -> str:
    """Keras' name for a class: Conv2D becomes conv2d, MaxPooling2D max_pooling2d."""
    letters = [f"_{letter.lower()}" if letter.isupper() and at else letter.lower() for at, letter in enumerate(kind)]
    return "".join(letters).replace("2_d", "2d").replace("1_d", "1d")


def _damaged(fault: str) -> RunError:
    return RunError(f"This .keras file cannot be used: {fault}. Save the network again with model.save('name.keras').")
