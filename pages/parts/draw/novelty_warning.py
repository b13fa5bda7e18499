"""The warning that a drawing is no digit, with the training digits that come nearest to it."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import streamlit as st

from core.drawing.novelty import N_NEIGHBOURS, NoveltyDetector, NoveltyResult
from pages.shared import caches
from pages.shared.digit_grid import digit_grid


def judge(digit: np.ndarray) -> NoveltyResult | None:
    """Whether `digit`, uint8 (28, 28), looks like one; None as long as the training digits are still being learnt."""
    learnt = _familiar(caches.data().source.sentence)
    return learnt.result().check(digit) if learnt.done() else None


def novelty_score(images: np.ndarray) -> np.ndarray:
    """How unlike any digit each image is, float (n,); waits until the training digits are learnt."""
    return _familiar(caches.data().source.sentence).result().novelty_score(images)


def warn(verdict: NoveltyResult | None) -> None:
    """Says that it may be no digit, where it is stranger than almost all digits."""
    if verdict and verdict.is_novel:
        st.warning(
            "**This may be no digit.** It is stranger than 98 of 100 digits, so do not trust the bars: "
            "softmax shares out 100 % whatever it is shown.",
            icon=":material/help:",
        )
        evidence(verdict)


def evidence(verdict: NoveltyResult) -> None:
    """The five nearest training digits."""
    training = caches.data().train
    st.caption("The five training digits that look most like it:")
    digit_grid(
        training.images[verdict.nearest],
        [f"{training.labels[index]} · training {index}" for index in verdict.nearest],
        key="draw_nearest",
        columns=N_NEIGHBOURS,
        alt="The five nearest training digits",
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _familiar(source: str) -> Future[NoveltyDetector]:
    """Learnt beside the page, some seconds for 54,000 images: the first drawing does not wait for it."""
    data = caches.data()
    worker = ThreadPoolExecutor(1, thread_name_prefix="familiar")
    return worker.submit(NoveltyDetector.from_digits, data.train.images, data.validation.images)
