"""One caption of a tour, and what all captions are made from."""

from dataclasses import dataclass

import numpy as np

from core.data.class_names import Names
from core.formatting import count
from core.runs.moment import Moment

CURVES, DIGITS, MAP, LEARNED, LAYERS, NETWORK = "curves", "digits", "map", "learned", "layers", "living"
PARTS = (CURVES, DIGITS, MAP, LEARNED, LAYERS, NETWORK)  # of the film


@dataclass(frozen=True)
class Stop:
    """One caption: the moment that it shows, the part of the film that it points at, and an image if it is about one.

    text: what the numbers of the run say. look: what can be seen or tried there.
    """

    position: int  # in the list of moments
    part: str
    title: str
    text: str
    look: str
    image: int | None = None  # of the fixed images


@dataclass(frozen=True, eq=False)
class Recording:
    """The moments of a run with what it predicted, and the names that the captions use."""

    moments: tuple[Moment, ...]  # with finite outputs
    labels: np.ndarray  # uint8 (images,)
    predicted: np.ndarray  # uint8 (moments, images)
    layers: tuple[str, ...]
    images: str
    place: int
    classes: Names

    def label(self, image: int) -> str:
        """The name of the class that a fixed image shows."""
        return self.classes[self.labels[image]]

    def prediction(self, position: int, image: int) -> str:
        """The name of the class that was predicted for a fixed image at a moment."""
        return self.classes[self.predicted[position, image]]

    @property
    def last(self) -> int:
        """The position of the last moment."""
        return len(self.moments) - 1

    @property
    def right(self) -> np.ndarray:
        """Which images are right at which moment: bool (moments, images)."""
        return np.asarray(self.predicted == self.labels)

    @property
    def learned(self) -> bool:
        """Whether more than half of the images are right at the end. Less says nothing about single images."""
        return bool(self.right[-1].mean() > 0.5)

    def step(self, position: int) -> str:
        """A moment in words: "step 1,200"."""
        return step_text(self.moments[position])

    def all_images(self) -> str:
        """The fixed images in words: "500 validation images"."""
        return f"{count(len(self.labels))} {self.images}"


def step_text(moment: Moment) -> str:
    """A moment in words: "step 1,200"."""
    return f"step {count(moment.step)}"


def first_where(true: np.ndarray) -> int | None:
    """The first place that is true; None if there is none. true: bool (n,)."""
    return int(true.argmax()) if true.any() else None


def times(number: int) -> str:
    """How often, in words: "never", "once", "12 times"."""
    return {0: "never", 1: "once", 2: "twice"}.get(int(number), f"{count(number)} times")
