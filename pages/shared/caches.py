"""What all visitors share: the data, the store of runs, the jobs and the networks that answer."""

import os

import streamlit as st

from core import mnist, search, waking
from core.jobs import Jobs
from core.mnist import Mnist
from core.reader import Reader
from core.runs import RunStore


@st.cache_resource(show_spinner="Reading MNIST …")
def data() -> Mnist:
    """The data set in use, read once for all visitors."""
    return mnist.load()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The folder of runs."""
    return RunStore()


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """Queue and workers; there is one for the whole server. DIGIT_LAB_SPARE=0: no worker waits before Start."""
    return Jobs(store(), spare=os.environ.get("DIGIT_LAB_SPARE") != "0")


@st.cache_resource(show_spinner=False)
def searches() -> bool:
    """Once a server: goes on with the searches that a restart left unfinished, and with the queue they fill."""
    return search.adopt(store()) and bool(jobs())


@st.cache_resource(show_spinner=False)
def wake_keras() -> None:
    """Imports Keras, once a server, and keeps it from being put to sleep again. Only teaching needs it here.

    After every script run of every visitor Streamlit calls `keras.backend.clear_session`, which forgets the compiled
    functions of everybody's networks, and it collects garbage twice, a second in all over the objects of TensorFlow.
    Frozen, those are passed over.
    """
    waking.wake_keras(alone=False)
    import keras

    keras.backend.clear_session = lambda free_memory=True: None


@st.cache_resource(max_entries=24, show_spinner=False)
def _reader(run_id: str, epoch: int | None, changed: float) -> Reader:
    return Reader.of(store().get(run_id), epoch)


def reader(run_id: str, epoch: int | None = None) -> Reader:
    """The network of a run, after `epoch`, or as it ended; while it still trains, as its newest epoch left it."""
    run = store().get(run_id)
    if epoch is None and not run.has_model and run.kept_epochs:
        epoch = run.kept_epochs[-1]
    path = run.model_path if epoch is None else run.epoch_path(epoch)
    return _reader(run_id, epoch, path.stat().st_mtime if path.exists() else 0.0)
