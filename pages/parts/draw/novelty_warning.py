"""The warning that a drawing may be no digit, with the training digits nearest to it."""

import math
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import streamlit as st

from core.drawing.novelty import N_NEIGHBOURS, NoveltyDetector, NoveltyResult
from pages.shared import caches
from pages.shared.digit_grid import DigitTiles, digit_grid


def check_novelty(digit: np.ndarray) -> NoveltyResult | None:
    """Whether `digit`, uint8 (28, 28), looks like one; None while the detector is still being built."""
    detector = _detector(caches.data().source.sentence)
    return detector.result().check(digit) if detector.done() else None


def novelty_score(images: np.ndarray) -> np.ndarray:
    """How much each image differs from all digits, float (n,); waits until the detector is built."""
    return _detector(caches.data().source.sentence).result().novelty_score(images)


def novelty_threshold(*, waits: bool) -> float:
    """The score above which a drawing gets a warning; infinite while the detector is built, unless this `waits`."""
    detector = _detector(caches.data().source.sentence)
    return detector.result().threshold if waits or detector.done() else math.inf


def warn(verdict: NoveltyResult | None) -> None:
    """Warns if the drawing differs more from the training digits than almost all real digits do."""
    if verdict and verdict.is_novel:
        st.warning(
            "**This may be no digit.** It differs more from the training digits than 98 of 100 real digits do. Do not "
            "trust the bars: a softmax always adds up to 100%, whatever the input.",
            icon=":material/help:",
        )
        evidence(verdict)


def evidence(verdict: NoveltyResult) -> None:
    """The five nearest training digits."""
    training = caches.data().train
    st.caption("The five most similar training digits:")
    digit_grid(
        DigitTiles(
            training.images[verdict.nearest],
            [f"{training.labels[index]} · training {index}" for index in verdict.nearest],
            columns=N_NEIGHBOURS,
            alt="The five most similar training digits",
        ),
        key="draw_nearest",
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _detector(source: str) -> Future[NoveltyDetector]:
    """Built in the background, some seconds for 54,000 images: the first drawing does not wait for it."""
    data = caches.data()
    worker = ThreadPoolExecutor(1, thread_name_prefix="novelty")
    return worker.submit(NoveltyDetector.from_digits, data.train.images, data.validation.images)
