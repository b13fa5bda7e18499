"""The digits of a number or a picture: the whole number, and for each digit its box, its input and its bars."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core.data.class_names import DIGITS, Names
from core.drawing import segmentation
from core.drawing.digit_region import FoundDigit
from core.formatting import count, percent
from pages.parts.draw import novelty_warning
from pages.parts.draw.network_choice import NetworkChoice
from pages.parts.draw.pixels import pixels
from pages.shared import palette
from pages.shared.softmax import softmax_bars

ACROSS = 5


@dataclass(frozen=True)
class PageReader:
    """Reads images for segmentation with the chosen network."""

    network: NetworkChoice

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return self.network.reader.probabilities(images)

    def novelty_score(self, images: np.ndarray) -> np.ndarray:
        return novelty_warning.novelty_score(images)


def show(grey: np.ndarray, found: Sequence[FoundDigit], names: Names) -> None:
    """The digits that were found and read in the picture `grey`, uint8 (h, w). names: of the network's classes."""
    shares = np.stack([digit.probabilities for digit in found])
    number = ("" if names == DIGITS else ", ").join(names[digit] for digit in shares.argmax(1))
    sure = segmentation.probability_all_correct(found)
    st.header(f"It reads **{number}**", anchor=False)
    one = len(found) == 1
    correct = "it is correct" if one else "all of them are correct"
    st.caption(
        f"{count(len(found), 'digit')} found. Probability that {correct}: {percent(sure, 1)}, according to the network."
    )
    alt = f"The picture with a box around {'the digit' if one else f'each of {len(found)} digits'}"
    pixels([(_draw_boxes(grey, found, shares), "", alt)], height=min(480, grey.shape[0]))
    for start in range(0, len(found), ACROSS):
        for at, column in zip(range(start, len(found)), st.columns(ACROSS), strict=False):
            with column, st.container(border=True):
                _digit(names, at, found[at].image, shares[at])


def _digit(names: Names, at: int, image: np.ndarray, shares: np.ndarray) -> None:
    verdict = novelty_warning.check_novelty(image)
    doubt = "  \n:orange[may be no digit]" if verdict and verdict.is_novel else ""
    st.markdown(f"Digit {at + 1}: **{names[int(shares.argmax())]}**{doubt}")
    pixels([(image, "", f"Digit {at + 1}: the network's input")], height=84)
    softmax_bars(shares, names=names)


def _draw_boxes(grey: np.ndarray, found: Sequence[FoundDigit], shares: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(grey).convert("RGB")
    draw = ImageDraw.Draw(picture)
    thick = max(2, max(grey.shape) // 400)
    for one, answer in zip(found, shares, strict=True):
        colour = palette.DIGITS[int(answer.argmax())]
        draw.rectangle((one.left, one.top, one.right, one.bottom), outline=colour, width=thick)
        size = max(12, one.height // 4)
        draw.text((one.left + thick + 2, one.top + thick), str(int(answer.argmax())), fill=colour, font_size=size)
    return np.asarray(picture)
