"""Weights that were cut short, swapped or deleted: a sentence, never a traceback."""

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError

# Keras 3.15 saves with an __array__ that NumPy 2.4 finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
CONFIG = RunConfig(units=4)


@pytest.fixture(scope="module")
def model():
    from core.training import models

    return models.build(CONFIG)


def test_a_model_file_cut_short_is_named(model, tmp_path):
    from core.training import models, predict

    path = tmp_path / "model.keras"
    models.save(model, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(RunError, match="1,000 bytes that cannot be read"):
        predict.Predictor(path)


def test_a_model_that_cannot_be_written_whole_leaves_no_part_of_it(model, tmp_path, monkeypatch):
    from core.training import models

    def save(path):
        path.write_bytes(b"a part")
        raise OSError("No space left on device")

    monkeypatch.setattr(model, "save", save)
    with pytest.raises(OSError, match="space"):
        models.save(model, tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_model_file_that_is_gone_is_named(tmp_path):
    from core.training import predict

    with pytest.raises(RunError, match="Received: 'no file'"):
        predict.Predictor(tmp_path / "model.keras")
