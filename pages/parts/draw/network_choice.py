"""The network that the Draw page asks: a run as it is now, or after one of its epochs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps

import numpy as np
import streamlit as st

from core.data.class_names import Names
from core.network.numpy_network import Reader
from core.runs.store import Run
from pages.shared import caches
from pages.shared.fragments import guarded_fragment
from pages.shared.local_time import run_title
from pages.shared.missing_runs import say_missing
from pages.shared.run_options import more_runs, run_options
from pages.shared.stable_selectbox import picked, picker
from pages.shared.visitor import marks, visitor

_RUN, _EPOCH = "draw_run", "draw_epoch"
_LINK = "draw_link"  # the link when this page last ran
NEWEST = 0  # on the epoch slider: the network as it is now


@dataclass(frozen=True)
class NetworkChoice:
    """A run and one of its saved epochs; None: as it is now."""

    run: Run
    epoch: int | None

    @property
    def reader(self) -> Reader:
        """The network itself."""
        return caches.reader(self.run.id, self.epoch)

    def probabilities(self, digit: np.ndarray) -> np.ndarray:
        """float32 (10,) for one digit, uint8 (28, 28)."""
        return self.reader.probabilities(digit[None])[0]

    @property
    def names(self) -> Names:
        """The names of its ten classes."""
        return self.run.class_names

    @property
    def title(self) -> str:
        return run_title(self.run) + (f", after epoch {self.epoch}" if self.epoch else "")


def rerun_on_stroke(show: Callable[[NetworkChoice], None]) -> Callable[[NetworkChoice], None]:
    """Makes a view a fragment: a stroke reruns only the view and not the page around it.

    So the view has its own error handling, and checks whether the run was deleted since the last stroke.
    """

    @guarded_fragment()
    @wraps(show)
    def fragment(network: NetworkChoice) -> None:
        if not network.run.folder.is_dir():
            st.rerun()  # the whole page, which explains it and chooses another run
        show(network)

    return fragment


def usable_runs(*keep: str | None) -> list[Run]:
    """The runs with a network to ask, the visitor's own first: finished, shipped, or with a saved epoch.

    keep: ids of runs that are in the list even if it is long.
    """
    return run_options(caches.store().runs(), lambda run: run.has_model or run.checkpoint_epochs, keep=keep)


def followed_new_link() -> bool:
    """Whether the visitor has just followed a link to a run or a digit, other than the one that this page wrote."""
    query = st.query_params.get("run"), st.query_params.get("send")
    return any(query) and query != st.session_state.get(_LINK)


def choose(*, linked: bool) -> NetworkChoice | None:
    """Controls for the choice of the network; None, with an explanation, if there is none. linked: use the link."""
    requested = st.query_params.get("run")
    runs = {run.id: run for run in usable_runs(requested, picked(_RUN))}
    if not runs:
        st.info("No network is trained yet. Train one first; it takes a few seconds.")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        return None
    if linked and requested in runs:
        st.session_state[_RUN] = requested
    elif requested and (linked or requested not in runs):
        say_missing(requested)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        labels = {run_id: _label(runs[run_id]) + mark for run_id, mark in marks(runs.values()).items()}
        chosen = picker(
            "Network",
            labels,
            key=_RUN,
            first=_first(runs.values()),
            persist_state="session",
            width=440,
            help=more_runs(runs),
        )
        st.query_params["run"] = chosen
        st.session_state[_LINK] = (chosen, st.query_params.get("send"))
        network = NetworkChoice(runs[chosen], _choose_epoch(runs[chosen]))
    _say_other_classes(network)
    return network


def _say_other_classes(network: NetworkChoice) -> None:
    if network.run.reads_digits:
        return
    st.warning(
        f"This network reads no digits. It was trained on other images and knows ten other classes: "
        f"{', '.join(network.names)}. Whatever you draw, it answers with one of these.",
        icon=":material/checkroom:",
    )


def _first(runs: Iterable[Run]) -> str | None:
    """The visitor's own newest finished run; without one the shipped model, which was trained for drawings."""
    runs, me = list(runs), visitor()
    mine = [run.id for run in runs if run.has_model and not run.shipped and run.starter == me]
    return next(iter(mine), next((run.id for run in runs if run.shipped), None))


def _label(run: Run) -> str:
    return run_title(run) + (f" (training: epoch {len(run.epochs)})" if run.active else "")


def _choose_epoch(run: Run) -> int | None:
    epochs = run.checkpoint_epochs
    if len(epochs) < 2:
        return None
    epoch = st.select_slider(
        "After epoch",
        [*epochs, NEWEST],
        NEWEST,
        format_func=lambda epoch: "newest" if epoch == NEWEST else str(epoch),
        key=f"{_EPOCH}_{run.id}",
        help="Use the weights that the network had after an earlier epoch.",
        width=280,
    )
    return None if epoch == NEWEST else epoch
