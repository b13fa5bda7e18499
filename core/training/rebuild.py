"""Writes weights as a `.keras` file of this project: `python -m core.training.rebuild FOLDER`.

A network that came from elsewhere is never loaded by Keras. Its weights are read as numbers, and here they are put into
a network that is built from the knobs or from checked settings. What is saved holds nothing else of the foreign file.
"""

import sys
from pathlib import Path

from core import process_settings
from core.config.run_config import RunConfig
from core.files import read_json
from core.runs import file_names
from core.runs.checkpoints import read_arrays

WEIGHTS, BLUEPRINT = "weights.npz", "blueprint.json"


def rebuild(folder: Path) -> None:
    """Writes `model.keras` from run.json and weights.npz, and removes the latter.

    For layers that are not this project's, the blueprint says which ones (`GraphReader.blueprint`).
    """
    from core.training import graph_model, models  # the settings of the process must come before Keras

    weights = read_arrays(folder / WEIGHTS)
    if blueprint := read_json(folder / BLUEPRINT):
        model = graph_model.build(blueprint, weights)
    else:
        model = models.build(RunConfig.from_dict(read_json(folder / file_names.FACTS)["config"]))
        models.set_weights(model, weights)
    models.save(model, folder / file_names.MODEL)
    for name in (WEIGHTS, BLUEPRINT):
        (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    process_settings.apply()
    rebuild(Path(sys.argv[1]))
