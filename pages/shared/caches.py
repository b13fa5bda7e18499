"""What all visitors share: the data, the store of runs, the scheduler and the networks that predict.

Keras is not imported here: what needs it runs in a separate process (`core.jobs.worker`, `core.jobs.personalise`). In
the server it would use 800 MB, and Streamlit clears Keras' session after every script run of every visitor.
"""

import os

import streamlit as st

from core.data import mnist
from core.data.mnist import Mnist
from core.jobs import search
from core.jobs.scheduler import Scheduler
from core.network.numpy_network import Reader
from core.runs.store import RunStore


@st.cache_resource(show_spinner="Reading MNIST …")
def data() -> Mnist:
    """The data set in use, read once for all visitors."""
    return mnist.load()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The folder of runs."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def jobs() -> Scheduler:
    """Queue and workers; there is one for the whole server. DIGIT_LAB_SPARE=0: no worker waits before Start."""
    return Scheduler(store(), spare=os.environ.get("DIGIT_LAB_SPARE") != "0")


@st.cache_resource(show_spinner=False)
def searches() -> bool:
    """Once for each server: continues the searches that a restart interrupted, and the queue that they fill."""
    return search.resume_unfinished(store()) and bool(jobs())


@st.cache_resource(max_entries=24, show_spinner=False)
def _reader(run_id: str, epoch: int | None, changed: float) -> Reader:
    return Reader.of(store().get(run_id), epoch)


def reader(run_id: str, epoch: int | None = None) -> Reader:
    """The network of a run after `epoch`, or its final one; while it trains, the one after its newest epoch."""
    run = store().get(run_id)
    if epoch is None and not run.has_model and run.checkpoint_epochs:
        epoch = run.checkpoint_epochs[-1]
    path = run.model_path if epoch is None else run.epoch_path(epoch)
    return _reader(run_id, epoch, path.stat().st_mtime if path.exists() else 0.0)
