"""What all visitors share: the data, the store of runs, the scheduler and the networks that predict.

Keras is not imported here: what needs it runs in a separate process (`core.jobs.worker`, `core.jobs.personalise`). In
the server it would use 800 MB, and Streamlit clears Keras' session after every script run of every visitor.
"""

import threading
from pathlib import Path

import streamlit as st

from core.config import environment
from core.data import mnist
from core.data.mnist import Mnist
from core.jobs import search
from core.jobs.admission import Rules
from core.jobs.cluster.place import choose
from core.jobs.scheduler import Scheduler
from core.network.graph_network import network_of
from core.network.numpy_network import Reader
from core.runs.store import RunStore
from pages.shared import server_settings

_schedulers: dict[Path, Scheduler] = {}  # by home; the server has one, tests have many
_creating = threading.Lock()


@st.cache_resource(show_spinner="Reading MNIST …")
def data() -> Mnist:
    """The data set in use, read once for all visitors."""
    return mnist.load()


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The folder of runs."""
    return RunStore()


def jobs() -> Scheduler:
    """Queue and workers; the whole server has one. DIGIT_LAB_SPARE=0: no worker waits before Start.

    It is not in Streamlit's cache: whatever empties that must not start a second queue with workers of its own.
    """
    runs = store()
    with _creating:
        scheduler = _schedulers.get(runs.home)
        if scheduler is None or scheduler.closed:
            rules = Rules(server_settings.settings, lambda: len(data().train) + len(data().validation))
            environment.check()
            place = choose(runs, spare=bool(environment.SPARE.value))
            scheduler = _schedulers[runs.home] = Scheduler(runs, place, rules=rules)
        return scheduler


@st.cache_resource(show_spinner=False)
def searches() -> bool:
    """Once for each server: continues the searches that a restart interrupted, and the queue that they fill."""
    return search.resume_unfinished(store()) and bool(jobs())


@st.cache_resource(max_entries=24, show_spinner=False)
def _reader(run_id: str, epoch: int | None, changed: float) -> Reader:
    return network_of(store().get(run_id), epoch)


def reader(run_id: str, epoch: int | None = None) -> Reader:
    """The network of a run after `epoch`, or its final one; while it trains, the one after its newest epoch."""
    run = store().get(run_id)
    if epoch is None and not run.has_model and run.checkpoint_epochs:
        epoch = run.checkpoint_epochs[-1]
    path = run.model_path if epoch is None else run.epoch_path(epoch)
    return _reader(run_id, epoch, path.stat().st_mtime if path.exists() else 0.0)
