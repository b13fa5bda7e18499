"""A run's predictions for the images of a split, cached for all visitors."""

import streamlit as st

from core.evaluation import evaluations
from core.evaluation.evaluations import Predictions
from core.runs.store import Run
from pages.shared import caches


def predict(run: Run, split: str, epoch: int | None = None) -> Predictions:
    """A run's predictions for a split: kept with the run, else computed now with a message on screen."""
    path = run.model_path if epoch is None else run.epoch_path(epoch)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    return _predict(run.id, split, epoch, changed, caches.data().source.sentence)


@st.cache_resource(max_entries=32, show_spinner="Predicting every image …")
def _predict(run_id: str, split: str, epoch: int | None, changed: int, source: str) -> Predictions:
    run = caches.store().get(run_id)
    return evaluations.predict_split(run, split, caches.data(), lambda: caches.reader(run_id, epoch), epoch)
