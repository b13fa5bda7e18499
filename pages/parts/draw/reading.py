"""The digits of a number or a picture: the whole number, and for each digit its box, its input and its bars."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from core.drawing import segmentation
from core.drawing.normalise import normalise_ink
from core.drawing.segmentation import DigitRegion, DigitScorer
from core.formatting import count, percent
from pages.parts.draw import novelty_warning
from pages.parts.draw.network_choice import NetworkChoice
from pages.parts.draw.pixels import pixels
from pages.shared import palette
from pages.shared.softmax import softmax_bars

ACROSS = 5


def digit_scorer(network: NetworkChoice) -> DigitScorer:
    """How much pieces of ink look like digits to this network."""
    return lambda images: segmentation.digit_likelihood(
        network.reader.probabilities(images), novelty_warning.novelty_score(images)
    )


def show(network: NetworkChoice, grey: np.ndarray, found: Sequence[DigitRegion]) -> None:
    """`grey`, uint8 (h, w), is the picture in which the digits were found."""
    images = np.stack([normalise_ink(one.ink).digit for one in found])
    shares = network.reader.probabilities(images)
    number = ("" if network.run.reads_digits else ", ").join(network.names[digit] for digit in shares.argmax(1))
    sure = float(np.prod(shares.max(axis=1)))
    st.subheader(f"It reads **{number}**", anchor=False)
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
                _digit(network, at, images[at], shares[at])


def _digit(network: NetworkChoice, at: int, image: np.ndarray, shares: np.ndarray) -> None:
    verdict = novelty_warning.check_novelty(image)
    doubt = "  \n:orange[may be no digit]" if verdict and verdict.is_novel else ""
    st.markdown(f"Digit {at + 1}: **{network.names[int(shares.argmax())]}**{doubt}")
    pixels([(image, "", f"Digit {at + 1}: the network's input")], height=84)
    softmax_bars(shares, names=network.names)


def _draw_boxes(grey: np.ndarray, found: Sequence[DigitRegion], shares: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(grey).convert("RGB")
    draw = ImageDraw.Draw(picture)
    thick = max(2, max(grey.shape) // 400)
    for one, answer in zip(found, shares, strict=True):
        colour = palette.DIGITS[int(answer.argmax())]
        draw.rectangle((one.left, one.top, one.right, one.bottom), outline=colour, width=thick)
        size = max(12, one.height // 4)
        draw.text((one.left + thick + 2, one.top + thick), str(int(answer.argmax())), fill=colour, font_size=size)
    return np.asarray(picture)
