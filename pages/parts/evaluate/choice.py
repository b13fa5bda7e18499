"""What Evaluate shows: the run, the images, the epoch and the open image. The link holds all of them."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.config.run_config import TEST_SET
from core.data.class_names import Names
from core.digits import Digits
from core.evaluation import evaluations, seal
from core.evaluation.evaluations import TEST, TRAIN, VALIDATION, Predictions
from core.formatting import percent
from core.network.numpy_network import Reader
from core.runs.store import Run
from pages.parts.evaluate import epoch_choice, test_seal
from pages.shared import caches, lead_to, other_subset, url_state
from pages.shared.local_time import local_time
from pages.shared.predictions import predict
from pages.shared.run_picker import choose_run
from pages.shared.widget_values import keep

RESULT = "evaluate_result"  # key of the container with the chosen view
NAMES = {VALIDATION: "Validation", TEST: "Test set", TRAIN: "Training"}
_SPLIT, _EPOCH, _VISITED = "evaluate_split", "evaluate_epoch", "evaluate_here"
_INDEX, _UNASKED = "evaluate_index", "evaluate_index_unasked"  # the open image, and whether the page chose it
_FINAL = 0  # on the slider: the network as it ended


@dataclass(frozen=True, eq=False)
class Selection:
    """A network and the images that it predicts. `epoch` is None for the final network."""

    run: Run
    split: str
    epoch: int | None
    digits: Digits
    predictions: Predictions

    @property
    def place(self) -> str:
        """How many images of which split: '10,000 test images'."""
        return f"{len(self.digits):,} {NAMES[self.split].lower().removesuffix(' set')} images"

    @property
    def names(self) -> Names:
        """The names of the ten classes."""
        return self.run.class_names

    @property
    def reader(self) -> Reader:
        """The network itself."""
        return caches.reader(self.run.id, self.epoch)

    def opened(self, among: np.ndarray | None = None) -> int:
        """The open image; if none is open, the first of the list `among`, or of all images, is opened.

        The visitor's own choice stays open, also beside a list without it. What a page has opened does not.
        """
        linked = url_state.number(st.query_params.get("index", ""), len(self.digits))
        index, unasked = st.session_state.get(_INDEX, linked), st.session_state.get(_UNASKED, False)
        if index is None or not 0 <= index < len(self.digits) or (unasked and among is not None and index not in among):
            index, unasked = 0 if among is None else int(among[0]), True
        open_digit(index)
        st.session_state[_UNASKED] = unasked
        return index


def open_digit(index: int | None) -> None:
    """Opens an image by its index in the split, or none. Callbacks use it too."""
    st.session_state[_UNASKED] = False
    st.session_state[_INDEX] = None if index is None else int(index)
    if index is None:
        st.query_params.pop("index", None)
    else:
        st.query_params["index"] = str(int(index))


def open_training_digit(index: int) -> None:
    """Switches to the training images and opens one of them; for callbacks."""
    st.session_state[_SPLIT] = TRAIN
    open_digit(index)


def choose() -> Selection | None:
    """The controls at the top of the page; None, after a sentence, if there is nothing to show yet."""
    above = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        run = choose_run("Run", key="evaluate_run", with_model=False, above=above)
        if run is None:
            return None
        with above:
            linked = _linked_split()
        split = _choose_split(run, linked or evaluations.default_split(run))
    epoch = _choose_epoch(run)
    if split == TEST and seal.sealed(run):
        test_seal.show(run, on_open=lambda: lead_to.ask(RESULT))
        return None
    with st.container():  # also if empty: what follows keeps its place, and does not vanish while a network predicts
        remark(run, split)
    if not _is_ready(run, split, epoch):
        return None
    return Selection(run, split, epoch, caches.data().split(split), predict(run, split, epoch))


def _choose_split(run: Run, first: str) -> str:
    keep(_SPLIT, first)
    lock = " :material/lock:" if seal.sealed(run) else ""
    split: str = st.segmented_control(
        "Images",
        [VALIDATION, TEST, TRAIN],
        format_func=lambda name: NAMES[name] + lock * (name == TEST),
        required=True,
        key=_SPLIT,
        persist_state="session",
        on_change=open_digit,
        args=(None,),
        help="Validation images guide your choices. The test set shows how good the final choice is. Training "
        "images show what the network has memorised.",
    )
    st.query_params["split"] = split
    return split


def _linked_split() -> str | None:
    """The split in the link, `?split=test`. A sealed test set stays sealed: the caller checks it."""
    linked = st.query_params.get("split")
    if linked is None or linked in NAMES:
        return linked
    st.warning(
        f"The link names unknown images, {url_state.quoted(linked)}. Use one of {', '.join(NAMES)}. Showing the "
        f"usual ones."
    )
    return None


def _choose_epoch(run: Run) -> int | None:
    epochs = run.checkpoint_epochs
    options = [*epochs, _FINAL] if run.has_model else epochs
    if len(options) < 2:
        chosen = options[0] if options else _FINAL
        epoch_choice.show(run, chosen or None)
        return chosen or None
    slider, curve = st.columns([2, 3], gap="large", vertical_alignment="center")
    with slider:
        chosen = _slider(run, options)
    with curve:
        epoch_choice.show(run, chosen or None)
    if chosen == _FINAL:
        st.query_params.pop("epoch", None)
        return None
    st.query_params["epoch"] = str(chosen)
    return chosen


def _slider(run: Run, options: list[int]) -> int:
    key = f"{_EPOCH}_{run.id}"
    linked = url_state.number(st.query_params.get("epoch", ""), max(options) + 1)
    if st.session_state.get(key) not in options:
        st.session_state[key] = linked if linked in options else options[-1]
    keep(key, options[-1])
    return st.select_slider(
        "After epoch",
        options,
        format_func=lambda epoch: "the end" if epoch == _FINAL else str(epoch),
        key=key,
        help="Shows the weights after an earlier epoch. Curve, matrix and bars change together.",
    )


def _is_ready(run: Run, split: str, epoch: int | None) -> bool:
    """Whether the predictions are kept, take about a second, or were requested by a click.

    A visitor who has just arrived does not wait: a convolution needs seconds for thousands of images.
    """
    here = st.session_state.get(_VISITED)
    st.session_state[_VISITED] = True
    if here or evaluations.is_quick(run, split, caches.data(), epoch):
        return True
    images = len(caches.data().split(split))
    with st.container(border=True):
        st.markdown(f"This network has not predicted the **{images:,}** images yet.")
        st.button(
            "Compute", type="primary", icon=":material/play_arrow:", key="evaluate_ask",
            on_click=lead_to.ask, args=(RESULT,),
        )  # fmt: skip
        why = "Nobody knows how large it is" if run.foreign else "It has convolutions"
        st.caption(f"{why}, so this may take some seconds. The result is kept.")
    return False


def remark(run: Run, split: str, who: str = "This run") -> None:
    """What a reader must know about these images before trusting the figures of `who`."""
    other_subset.note({who: run})
    if split == VALIDATION and not run.config.holds_out:
        st.caption(
            f":material/info: {who} was also trained on the validation images, so its accuracy here is too high."
        )
    elif split == TEST and run.config.validate_on == TEST_SET:
        st.caption(f":material/info: {who} was validated on the test set after every epoch, as in its recipe.")
    elif split == TEST and (opened := seal.test_set_openings(run)):
        day = local_time(opened[0])
        st.caption(f":material/lock_open: The test set of {who.lower()} was opened on {day}.")
    elif split == TRAIN:
        shown = run.ended.train_accuracy if run.ended else None
        differs = (
            ""
            if shown is None
            else f" Train shows {percent(shown)}: the mean over the last epoch, while the network was still learning."
        )
        st.caption(f":material/info: The network was trained on these images. Mistakes here are unusual.{differs}")
