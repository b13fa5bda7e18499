"""Reads the weights in a `.keras` file, which is a ZIP with an HDF5 file in it, without Keras.

The file may come from anywhere. It is data: nothing in it is executed, no other file is opened, and every size is
compared with the network that the knobs describe before memory is used for it.
"""

import io
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.files import open_regular

WEIGHTS_FILE = "model.weights.h5"
MAX_MEMBERS = 10  # Keras writes three
_COPIES = 4  # the weights and up to two values of the optimiser for each of them; older files have a third
_EXTRA_BYTES = 4 * 2**20  # what HDF5 and Keras write beside the numbers


def max_weights_bytes(parameters: int) -> int:
    """The size that the weights file of a network with so many parameters may have."""
    return parameters * 4 * _COPIES + _EXTRA_BYTES


def read_weights(path: Path, parameters: int, names: Mapping[str, tuple[str, ...]]) -> dict[str, np.ndarray]:
    """The weights of each layer: float32, by `layer/weight`.

    parameters: of the whole network. names: for each layer the names of its weights, in the order of Keras.
    Raises `OSError`, `ValueError`, `KeyError` or what zipfile and h5py raise, for a file that is no such network.
    """
    import h5py  # takes a third of a second, and only the first network needs it

    content = _read_member(path, max_weights_bytes(parameters))
    with h5py.File(io.BytesIO(content), "r") as weights_file:
        layers = _layers(weights_file)
        read: dict[str, np.ndarray] = {}
        for layer, weight_names in names.items():
            variables = layers[layer]
            for place, weight in zip(range(len(variables)), weight_names, strict=False):
                read[f"{layer}/{weight}"] = _read_dataset(_member(variables, str(place)), parameters)
        return read


def _read_member(path: Path, max_bytes: int) -> bytes:
    with os.fdopen(open_regular(path), "rb") as file, zipfile.ZipFile(file) as archive:
        if len(archive.infolist()) > MAX_MEMBERS:
            raise ValueError("too many files in the archive")
        member = archive.getinfo(WEIGHTS_FILE)
        if member.file_size > max_bytes or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"its weights take {member.file_size:,} bytes, this network has at most {max_bytes:,}")
        with archive.open(member) as stream:
            return stream.read(member.file_size)


def _layers(weights_file: Any) -> dict[str, Any]:
    """Each layer's variables by the layer's name."""
    found = {}
    layers = _member(weights_file, "layers")
    for key in list(layers)[:100]:
        variables = _member(_member(layers, key), "vars")
        name = variables.attrs.get("name")
        if isinstance(name, str):
            found[name] = variables
    return found


def _member(group: Any, name: str) -> Any:
    """A member of an HDF5 group. A link, which can lead into another file, raises `ValueError`."""
    import h5py

    if not isinstance(group, h5py.Group) or not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ValueError("the file holds a link where weights are expected")
    return group[name]


def _read_dataset(dataset: Any, parameters: int) -> np.ndarray:
    """One array of weights, which this file holds itself and which is no larger than the network."""
    import h5py

    if not isinstance(dataset, h5py.Dataset) or dataset.external or dataset.is_virtual:
        raise ValueError("the weights are in another file")
    if dataset.dtype != np.float32 or not 0 < math.prod(dataset.shape) <= parameters:
        raise ValueError(f"weights of an unexpected type or shape: {dataset.dtype} {dataset.shape}")
    return np.asarray(dataset)
