"""What Evaluate looks at: the run, the split and the epoch, all in the link, and the seal on the test set."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import evaluations
from core.digits import Digits
from core.evaluations import TEST, TRAIN, VALIDATION, Answers
from core.runs import Run
from pages.shared import caches
from pages.shared.choose import choose_run

_SPLIT, _EPOCH = "evaluate_split", "evaluate_epoch"
_NAMES = {VALIDATION: "Validation", TEST: "Test set", TRAIN: "Training"}
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
        return f"{len(self.digits):,} {_NAMES[self.split].lower().removesuffix(' set')} images"

    @property
    def predictor(self):
        return caches.predictor(self.run.id, self.epoch)

    def bars(self, index: int) -> np.ndarray:
        """The ten probabilities of one image: float32 (10,)."""
        return self.answers.probabilities[index]


def choose() -> Asked | None:
    """The controls on top of the page; None, after saying why, where there is nothing to look at yet."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        run = choose_run("Run", key="evaluate_run", with_model=False)
        if run is None:
            return None
        split = _choose_split(run)
    epoch = _choose_epoch(run)
    if split == TEST and evaluations.sealed(run):
        _seal(run)
        return None
    _remark(run, split)
    return Asked(run, split, epoch, evaluations.split_of(caches.data(), split), ask(run, split, epoch))


def ask(run: Run, split: str, epoch: int | None = None) -> Answers:
    """What a run says about a split: kept with the run, else asked now, which is said while it lasts."""
    with st.spinner("Asking the network about every image …", show_time=True):
        return evaluations.answers(run, split, caches.data(), lambda: caches.predictor(run.id, epoch), epoch)


def _choose_split(run: Run) -> str:
    usual = VALIDATION if run.config.validate_on == "held-out" else TEST
    st.session_state.setdefault(_SPLIT, usual)
    lock = " :material/lock:" if evaluations.sealed(run) else ""
    return st.segmented_control(
        "Images",
        [VALIDATION, TEST, TRAIN],
        format_func=lambda name: _NAMES[name] + lock * (name == TEST),
        required=True,
        key=_SPLIT,
        persist_state="session",
        help="Validation images guide your choices. The test set tells how good the final choice is. On training "
        "images the network shows what it has learnt by heart.",
    )


def _choose_epoch(run: Run) -> int | None:
    kept = run.kept_epochs
    if not kept:
        return None
    options = [*kept, _END] if run.has_model else kept
    key = f"{_EPOCH}_{run.id}"
    linked = st.query_params.get("epoch", "")
    if key not in st.session_state:
        st.session_state[key] = int(linked) if linked.isdecimal() and int(linked) in options else options[-1]
    if st.session_state[key] not in options:
        st.session_state[key] = options[-1]
    if len(options) == 1:
        return None if options[0] == _END else options[0]
    chosen = st.select_slider(
        "Epoch",
        options,
        format_func=lambda epoch: "the end" if epoch == _END else str(epoch),
        key=key,
        help="Go back to the weights after an earlier epoch: curves, matrix and bars move together.",
    )
    if chosen == _END:
        st.query_params.pop("epoch", None)
        return None
    st.query_params["epoch"] = str(chosen)
    return chosen


def _seal(run: Run) -> None:
    """Says what the seal means, and lets it be broken."""
    runs = caches.store().runs()
    opened = sum(bool(evaluations.openings(each)) for each in runs)
    with st.container(border=True):
        st.markdown("#### :material/lock: The test set is sealed for this run")
        st.markdown(
            "While you try networks, you choose by the **validation** images, and what you choose by flatters the "
            "winner a little. The **test set** has guided no choice, so it tells honestly how the network will do on "
            "digits it has never met. Every look that leads to another choice wears that honesty out: open it when "
            "you have chosen.\n\n"
            f"You have opened it for {opened} of your {len(runs)} runs so far."
        )
        if st.button("Open the test set", type="primary", icon=":material/lock_open:", key="evaluate_open"):
            evaluations.open_test_set(run)
            st.rerun()
        st.caption("It stays open for this run, and the day is written down with it.")


def _remark(run: Run, split: str) -> None:
    """What one should know of these images before believing the figures."""
    if split == VALIDATION and run.config.validate_on != "held-out":
        st.caption(":material/info: This run was trained on the validation images too, so they flatter it.")
    elif split == TEST and run.config.validate_on == "test":
        st.caption(":material/info: This run was validated on the test set after every epoch, as its recipe has it.")
    elif split == TEST and (opened := evaluations.openings(run)):
        day = np.datetime_as_string(np.datetime64(int(opened[0]), "s"), unit="m").replace("T", " ")
        st.caption(f":material/lock_open: The test set was opened for this run on {day} UTC.")
    elif split == TRAIN:
        st.caption(":material/info: The network has seen these images again and again. What it gets wrong here is odd.")
