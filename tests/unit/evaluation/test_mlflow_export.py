"""A run in MLflow, where mlflow-skinny is installed; it is not among the packages of the tests."""

from importlib.util import find_spec

import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation import mlflow_export
from core.runs.store import RunStore
from tests.trained_run import trained_run


def test_a_missing_package_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(mlflow_export, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="Run `pip install mlflow-skinny`"):
        mlflow_export.log_run(RunStore(tmp_path).create(RunConfig()))


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow-skinny is not installed")
def test_knobs_curves_and_files_are_logged(tmp_path, tiny_mnist, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.chdir(tmp_path)
    store = f"sqlite:///{tmp_path}/mlflow.db"
    for name in ("First", "Second"):  # the second finds the experiment
        run = trained_run(RunStore(tmp_path), RunConfig(units=4), tiny_mnist, name)
        assert store in mlflow_export.log_run(run, store)
    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("digit-lab")
    newest, first = client.search_runs([experiment.experiment_id])
    assert (newest.info.run_name, first.info.run_name) == ("Second", "First")
    assert newest.data.params["units"] == "4"
    assert newest.data.metrics["val_accuracy"] == 0.5
    assert {each.path for each in client.list_artifacts(newest.info.run_id)} >= {"README.md", "model.keras"}
