"""The film on the page Start: moments of a real run of the recipe behind "Train your first network".

    MNIST_PATH=… .venv/bin/python -m tests.benchmarks.first_film

Trains that recipe in a home of its own and writes `pages/parts/start/first_film.json.gz`.
"""

import base64
import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.config.recipes import FIRST_NETWORK
from core.runs.moments import read_moments
from core.runs.store import RunStore

STEPS = (0, 1, 4, 16, 32, 64, 128, 256, 676, 1688, 3376, 8440)  # the last three: ends of epochs 1, 2 and 5
PLACE = 0  # which of the fixed images runs through the network
_COARSE = 8  # weights in a picture are whole numbers from -127 to 127; the eye needs no more than every eighth


def smaller(frame: dict[str, Any]) -> dict[str, Any]:
    """A frame without what the page Start does not show: the terms of each sum, and the images that activate a unit."""
    for layer in frame["layers"]:
        layer["terms"], layer["exciting"] = [], None
        if pictures := layer["pictures"]:
            exact = np.frombuffer(base64.b64decode(pictures["data"]), np.int8)
            coarse = np.clip(np.rint(exact / _COARSE) * _COARSE, -120, 120).astype(np.int8)
            pictures["data"] = base64.b64encode(coarse).decode()
    return frame


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["DIGIT_LAB_HOME"] = home
        subprocess.run([sys.executable, "-m", "core", "train", FIRST_NETWORK.name], check=True)
        (run,) = (run for run in RunStore(Path(home)).runs() if not run.shipped)
        from pages.parts.start import film as start_film  # after the home is set
        from pages.shared import film_data, living_network

        moments = [moment for moment in read_moments(run) if moment.step in STEPS]
        assert [moment.step for moment in moments] == list(STEPS)
        film = film_data.film_of(run, moments, PLACE)
        shown = [
            {**{name: each[name] for name in ("step", "epoch", "validation_accuracy")}, "frame": smaller(each["frame"])}
            for each in film["moments"]
        ]
        content = {"label": int(living_network.fixed().labels[PLACE]), "moments": shown}
        text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        start_film.FILE.write_bytes(gzip.compress(text, mtime=0))
        print(f"{start_film.FILE}: {start_film.FILE.stat().st_size} bytes, {len(text)} for the browser")


if __name__ == "__main__":
    main()
