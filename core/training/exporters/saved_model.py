"""TensorFlow's SavedModel as a ZIP, for TensorFlow Serving and everything that TensorFlow runs on."""

import tempfile
import zipfile
from pathlib import Path

import numpy as np

from core.files import write_atomic
from core.training.exporters.exporter import Exportable, in_parts, quiet

FOLDER = "saved_model"  # inside the ZIP


def write(network: Exportable, path: Path) -> None:
    """Writes the ZIP. Its endpoint `serve` takes uint8 (n, 28, 28) and gives float32 (n, 10)."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / FOLDER
        with quiet():
            network.model.export(folder, format="tf_saved_model", verbose=False)
        # TensorFlow records the folder on this machine from which each line of Python came. It is debug information.
        (folder / "debug" / "saved_model_debug_info.pb").unlink(missing_ok=True)
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        with zipfile.ZipFile(Path(place) / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                archive.write(file, f"{FOLDER}/{file.relative_to(folder).as_posix()}")
        write_atomic(path, (Path(place) / "packed.zip").read_bytes())


def probabilities(path: Path, images: np.ndarray) -> np.ndarray:
    """uint8 (n, 28, 28) → float32 (n, 10), by TensorFlow without Keras."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as place, quiet():
        with zipfile.ZipFile(path) as archive:
            archive.extractall(place)
        loaded = tf.saved_model.load(f"{place}/{FOLDER}")
        return in_parts(lambda part: np.asarray(loaded.serve(tf.constant(part))), images)
