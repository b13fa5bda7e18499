"""The warning that a drawing may be no digit, with the training digits nearest to it.

A network of its own says what is no digit (`core.evaluation.digit_check`). It knows handwritten digits; for a network
that reads other things, the distance to the training images of the data set in use decides.
"""

import math
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import streamlit as st

from core.drawing.novelty import N_NEIGHBOURS, NoveltyDetector, NoveltyResult
from core.evaluation import digit_check
from pages.parts.draw.network_choice import NetworkChoice
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


def doubts(network: NetworkChoice, images: np.ndarray) -> np.ndarray:
    """How probable it is that each image is no digit, float (n,); zeros if the network reads other things."""
    return digit_check.shipped().doubts(images) if network.run.reads_digits else np.zeros(len(images))


def warn(network: NetworkChoice, digit: np.ndarray, verdict: NoveltyResult | None) -> None:
    """Warns if `digit`, uint8 (28, 28), is hardly one, or unlike the images that the network learned from."""
    if network.run.reads_digits:
        found = digit_check.shipped().check(digit)
        unusual, why = not found.is_digit, f"It looks more like {digit_check.KINDS[found.kind]}."
    else:
        unusual = bool(verdict and verdict.is_novel)
        why = "It differs more from the training images than 98 of 100 real ones do."
    if not unusual:
        return
    what = "digit" if network.run.reads_digits else "picture of these ten classes"
    st.warning(
        f"**This may be no {what}.** {why} Do not trust the bars: a softmax always adds up to 100%, whatever the "
        "input.",
        icon=":material/help:",
    )
    if verdict:
        evidence(verdict)


def evidence(verdict: NoveltyResult) -> None:
    """The five nearest training digits."""
    training, names = caches.data().train, caches.data().names
    st.caption("The five most similar training images, with their labels:")
    digit_grid(
        DigitTiles(
            training.images[verdict.nearest],
            [names[training.labels[index]] for index in verdict.nearest],
            columns=N_NEIGHBOURS,
            alt="The five most similar training images",
        ),
        key="draw_nearest",
    )


@st.cache_resource(max_entries=2, show_spinner=False)
def _detector(source: str) -> Future[NoveltyDetector]:
    """Built in the background, some seconds for 54,000 images: the first drawing does not wait for it."""
    data = caches.data()
    worker = ThreadPoolExecutor(1, thread_name_prefix="novelty")
    return worker.submit(NoveltyDetector.from_digits, data.train.images, data.validation.images)
