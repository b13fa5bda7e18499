"""The digits of a number or a picture: the whole number, and for each digit its box, its input and its bars."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core.data.class_names import DIGITS, Names
from core.drawing.digit_region import FoundDigit
from core.drawing.page_reading import PageReading
from core.formatting import count, percent
from pages.parts.draw import novelty_warning
from pages.parts.draw.network_choice import NetworkChoice
from pages.parts.draw.pixels import pixels
from pages.shared import palette
from pages.shared.softmax import softmax_bars

ACROSS = 5
UNLIKELY = 0.5  # of the whole number: below this the page says that it is probably wrong
_NO_DIGIT = "#888888"


@dataclass(frozen=True)
class Reader:
    """Reads images for segmentation with the chosen network. waits: for the detector of what is no digit."""

    network: NetworkChoice
    waits: bool = True

    @property
    def novelty_threshold(self) -> float:
        return novelty_warning.novelty_threshold(waits=self.waits)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return self.network.reader.probabilities(images)

    def novelty_score(self, images: np.ndarray) -> np.ndarray:
        return novelty_warning.novelty_score(images)

    def doubts(self, images: np.ndarray) -> np.ndarray:
        return novelty_warning.doubts(self.network, images)


def show(picture: np.ndarray, page: PageReading, names: Names) -> None:
    """What was read in `picture`, uint8 (h, w) or (h, w, 3). names: of the network's classes."""
    number = ("" if names == DIGITS else ", ").join(names[digit] for digit in page.digits)
    st.header(f"It reads **{number}**" if number else "It finds no digit", anchor=False)
    st.caption(_summary(page))
    if number and page.probability < UNLIKELY:
        st.warning(
            "The number is probably not right as a whole. Compare each digit below with the picture. A photograph from "
            "straight above, in even light, helps.",
            icon=":material/help:",
        )
    alt = f"The picture with a box around {'the mark' if len(page.found) == 1 else f'each of {len(page.found)} marks'}"
    pixels([(_draw_boxes(picture, page), "", alt)], height=min(480, picture.shape[0]))
    for start in range(0, len(page.found), ACROSS):
        for at, column in zip(range(start, len(page.found)), st.columns(ACROSS), strict=False):
            with column, st.container(border=True):
                _mark(names, at, page)


def _summary(page: PageReading) -> str:
    digits = len(page.digits)
    marks = len(page.found) - digits
    sentences = [f"{count(digits, 'digit')} found."]
    if marks:
        sentences.append(f"{count(marks, 'mark')} {'is' if marks == 1 else 'are'} no digit{'' if marks == 1 else 's'}.")
    if digits:
        correct = "it is correct" if digits == 1 else "all of them are correct"
        sentences.append(f"Probability that {correct}: {percent(page.probability, 1)}.")
        sentences.append("It is lower than the bars say: ink may be divided wrongly, or look like a digit and be none.")
    return " ".join(sentences)


def _mark(names: Names, at: int, page: PageReading) -> None:
    found = page.found[at]
    if found.probabilities is None:
        return
    best = names[found.read_as]
    if page.are_digits[at]:
        st.markdown(f"Digit {at + 1}: **{best}**  \n:small[{percent(float(page.trust[at]), 0)} likely to be right]")
    else:
        st.markdown(f"Mark {at + 1}: **no digit**  \n:small[A {best} is the most similar class.]")
    pixels([(found.image, "", f"Mark {at + 1}: the network's input")], height=84)
    softmax_bars(found.probabilities, names=names)


def _draw_boxes(picture: np.ndarray, page: PageReading) -> np.ndarray:
    image = Image.fromarray(picture).convert("RGB")
    draw = ImageDraw.Draw(image)
    thick = max(2, max(picture.shape) // 400)
    for found, is_digit in zip(page.found, page.are_digits, strict=True):
        colour = palette.DIGITS[found.read_as] if is_digit else _NO_DIGIT
        draw.rectangle(_box(found), outline=colour, width=thick)
        size = max(12, found.height // 4)
        label = str(found.read_as) if is_digit else "no digit"
        draw.text((found.left + thick + 2, found.top + thick), label, fill=colour, font_size=size)
    return np.asarray(image)


def _box(found: FoundDigit) -> tuple[int, int, int, int]:
    return found.left, found.top, found.right, found.bottom
