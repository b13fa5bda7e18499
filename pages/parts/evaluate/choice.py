"""What Evaluate looks at: the run, the images, the epoch and the digit that is open, all of them in the link."""

from dataclasses import dataclass

import streamlit as st

from core.digits import Digits
from core.evaluation import evaluations
from core.evaluation.evaluations import TEST, TRAIN, VALIDATION, Answers
from core.network.numpy_network import Reader
from core.runs.store import Run
from pages.parts.evaluate import epoch_choice, test_seal
from pages.shared import caches, url_state
from pages.shared.answers import ask
from pages.shared.local_time import local_time
from pages.shared.run_picker import choose_run

NAMES = {VALIDATION: "Validation", TEST: "Test set", TRAIN: "Training"}
_SPLIT, _EPOCH, _INDEX, _HERE = "evaluate_split", "evaluate_epoch", "evaluate_index", "evaluate_here"
_END = 0  # on the slider: the network as it ended


@dataclass(frozen=True, eq=False)
class Asked:
    """A network and the images it is asked about. `epoch` is None for the network as it ended."""

    run: Run
    split: str
    epoch: int | None
    digits: Digits
    answers: Answers

    @property
    def place(self) -> str:
        """Where the images come from, in words: '10,000 test images'."""
        return f"{len(self.digits):,} {NAMES[self.split].lower().removesuffix(' set')} images"

    @property
    def reader(self) -> Reader:
        """The network itself."""
        return caches.reader(self.run.id, self.epoch)

    def opened(self, otherwise: int = 0) -> int:
        """The digit that is open; where none is, `otherwise` is opened."""
        linked = url_state.number(st.query_params.get("index", ""), len(self.digits))
        index = st.session_state.get(_INDEX, linked)
        if index is None or not 0 <= index < len(self.digits):
            index = otherwise
        open_digit(index)
        return index


def open_digit(index: int | None) -> None:
    """Opens one of the images, by its place in the split, or none; for callbacks too."""
    st.session_state[_INDEX] = None if index is None else int(index)
    if index is None:
        st.query_params.pop("index", None)
    else:
        st.query_params["index"] = str(int(index))


def open_training_digit(index: int) -> None:
    """Turns to the training images and opens one of them; for callbacks."""
    st.session_state[_SPLIT] = TRAIN
    open_digit(index)


def choose() -> Asked | None:
    """The controls on top of the page; None, after saying why, where there is nothing to look at yet."""
    above = st.container()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        run = choose_run("Run", key="evaluate_run", with_model=False, above=above)
        if run is None:
            return None
        with above:
            linked = _linked_split()
        split = _choose_split(run, linked or evaluations.usual_split(run))
    epoch = _choose_epoch(run)
    if split == TEST and evaluations.sealed(run):
        test_seal.show(run)
        return None
    remark(run, split)
    if not _at_once(run, split, epoch):
        return None
    return Asked(run, split, epoch, caches.data().split(split), ask(run, split, epoch))


def _choose_split(run: Run, first: str) -> str:
    st.session_state.setdefault(_SPLIT, first)
    lock = " :material/lock:" if evaluations.sealed(run) else ""
    split: str = st.segmented_control(
        "Images",
        [VALIDATION, TEST, TRAIN],
        format_func=lambda name: NAMES[name] + lock * (name == TEST),
        required=True,
        key=_SPLIT,
        persist_state="session",
        on_change=open_digit,
        args=(None,),
        help="Validation images guide your choices. The test set tells how good the final choice is. On training "
        "images the network shows what it has learnt by heart.",
    )
    st.query_params["split"] = split
    return split


def _linked_split() -> str | None:
    """The images of the link, `?split=test`. A sealed test set stays sealed: that is looked at afterwards."""
    linked = st.query_params.get("split")
    if linked is None or linked in NAMES:
        return linked
    st.warning(
        f"The link must name images: {', '.join(NAMES)}. Received: {url_state.quoted(linked)}. Showing the usual ones."
    )
    return None


def _choose_epoch(run: Run) -> int | None:
    kept = run.kept_epochs
    options = [*kept, _END] if run.has_model else kept
    if len(options) < 2:
        chosen = options[0] if options else _END
        epoch_choice.show(run, chosen or None)
        return chosen or None
    slider, curve = st.columns([2, 3], gap="large", vertical_alignment="center")
    with slider:
        chosen = _slider(run, options)
    with curve:
        epoch_choice.show(run, chosen or None)
    if chosen == _END:
        st.query_params.pop("epoch", None)
        return None
    st.query_params["epoch"] = str(chosen)
    return chosen


def _slider(run: Run, options: list[int]) -> int:
    key = f"{_EPOCH}_{run.id}"
    linked = url_state.number(st.query_params.get("epoch", ""), max(options) + 1)
    if st.session_state.get(key) not in options:
        st.session_state[key] = linked if linked in options else options[-1]
    return st.select_slider(
        "After epoch",
        options,
        format_func=lambda epoch: "the end" if epoch == _END else str(epoch),
        key=key,
        help="Go back to the weights after an earlier epoch: curve, matrix and bars move together.",
    )


def _at_once(run: Run, split: str, epoch: int | None) -> bool:
    """Whether the answers are there or can be had in about a second, or were asked for by a click.

    Who has only just come gets the page without waiting: a convolution takes seconds over thousands of images.
    """
    here = st.session_state.get(_HERE)
    st.session_state[_HERE] = True
    if here or evaluations.at_once(run, split, caches.data(), epoch):
        return True
    images = len(caches.data().split(split))
    with st.container(border=True):
        st.markdown(f"This network has not been asked about the **{images:,}** images yet.")
        st.button("Ask it now", type="primary", icon=":material/play_arrow:", key="evaluate_ask")
        st.caption("Its convolutions take some seconds over so many; what it says is kept.")
    return False


def remark(run: Run, split: str, who: str = "This run") -> None:
    """What one should know of these images before believing the figures of `who`."""
    if evaluations.knew_another_part(run, caches.data()):
        st.caption(
            f":material/warning: {who} learned from another part of MNIST than is in use now. Some of these images "
            "may be among those it learned from, which flatters it."
        )
    if split == VALIDATION and run.config.validate_on != "held-out":
        st.caption(f":material/info: {who} was trained on the validation images too, so they flatter it.")
    elif split == TEST and run.config.validate_on == "test":
        st.caption(f":material/info: {who} was validated on the test set after every epoch, as its recipe has it.")
    elif split == TEST and (opened := evaluations.openings(run)):
        day = local_time(opened[0])
        st.caption(f":material/lock_open: The test set was opened for {who.lower()} on {day}.")
    elif split == TRAIN:
        st.caption(":material/info: The network has seen these images again and again. What it gets wrong here is odd.")
