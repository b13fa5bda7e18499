"""Writes weights as a `.keras` file of this project: `python -m core.training.rebuild FOLDER`.

A network that came from elsewhere is never loaded by Keras. Its weights are read as numbers, and here they are put into
a network that is built from the knobs; what is saved holds nothing of the foreign file but these numbers.
"""

import sys
from pathlib import Path

from core import process_settings
from core.config.run_config import RunConfig
from core.files import read_json
from core.runs import file_names
from core.runs.checkpoints import read_arrays

WEIGHTS = "weights.npz"


def rebuild(folder: Path) -> None:
    """Writes `model.keras` from run.json and weights.npz, and removes the latter."""
    from core.training import models  # the settings of the process must come before Keras

    model = models.build(RunConfig.from_dict(read_json(folder / file_names.FACTS)["config"]))
    models.set_weights(model, read_arrays(folder / WEIGHTS))
    models.save(model, folder / file_names.MODEL)
    (folder / WEIGHTS).unlink()


if __name__ == "__main__":
    process_settings.apply()
    rebuild(Path(sys.argv[1]))
