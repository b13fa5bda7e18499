"""Logs a run into MLflow: knobs as parameters, every epoch as metrics, and the files of the download as artifacts.

It needs the package mlflow-skinny alone. Its store is a database or a server, so there is no file to download.
"""

import io
import os
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from core.errors import RunError
from core.evaluation.run_export import build_archive, figures, file_name
from core.runs.events import EpochDone
from core.runs.run import Run

EXPERIMENT = "digit-lab"
DEFAULT_STORE = "sqlite:///mlflow.db"  # in the working directory, as MLflow itself has it
_METRICS = {
    "loss": "loss",
    "accuracy": "accuracy",
    "validation_loss": "val_loss",
    "validation_accuracy": "val_accuracy",
    "learning_rate": "learning_rate",
}  # with the names of Keras
_MOST = 1_000  # metrics that MLflow takes at once


def log_run(run: Run, store: str = "") -> str:
    """Logs `run` into an MLflow store and returns a sentence that says where.

    store: a database or a server as MLflow writes it, for example `http://127.0.0.1:5000`; empty: MLFLOW_TRACKING_URI,
    else `mlflow.db` here. Raises `RunError` if mlflow-skinny is not installed, or if the store refuses the run.
    """
    if find_spec("mlflow") is None:
        raise RunError("MLflow needs mlflow-skinny, which is not installed here. Run `pip install mlflow-skinny`.")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing about this machine is sent
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven would take four minutes without a server
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param
    from mlflow.exceptions import MlflowException

    store = store or os.environ.get("MLFLOW_TRACKING_URI", "") or DEFAULT_STORE
    start = run.started.time if run.started else run.created
    tags = {"mlflow.note.content": run.note, "digit_lab.run": run.id}
    try:
        client = MlflowClient(tracking_uri=store)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        place = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
        logged = client.create_run(place, round(start * 1000), tags, run.title).info.run_id
        knobs = [Param(name, str(value)) for name, value in run.config.to_dict().items() if value != ""]
        client.log_batch(logged, params=knobs)
        metrics = [Metric(name, value, round(1000 * (start + at)), step) for name, value, at, step in _metrics(run)]
        for first in range(0, len(metrics), _MOST):
            client.log_batch(logged, metrics=metrics[first : first + _MOST])
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(io.BytesIO(build_archive(run))) as archive:
                archive.extractall(folder)
            client.log_artifacts(logged, str(Path(folder) / file_name(run)))
        ended = run.ended
        client.set_terminated(logged, "FINISHED", round(1000 * (ended.time if ended else start)))
    except MlflowException as error:
        raise RunError(
            "MLflow did not take the run. Check the address of the store after --output.", str(error)
        ) from error
    return f"Logged as {logged} into the experiment {EXPERIMENT} of {store}."


def _metrics(run: Run) -> Iterator[tuple[str, float, float, int]]:
    """Name, value, seconds since the start and epoch of each figure; the figures of the saved network come last."""
    for epoch in run.epochs:
        for name, keras_name in _METRICS.items():
            if (value := getattr(epoch, name)) is not None:
                yield keras_name, float(value), epoch.seconds, epoch.epoch
    last: EpochDone | None = run.epochs[-1] if run.epochs else None
    for images, (accuracy, loss) in figures(run).items():
        for name, value in (("accuracy", accuracy), ("loss", loss)):
            if value is not None:
                yield f"saved_{images}_{name}", value, last.seconds if last else 0.0, last.epoch if last else 0
