"""Every run judges the same drawing: ten bars each, and who disagrees."""

import numpy as np
import streamlit as st

from core.drawing.normalise import NormalisedDrawing
from core.errors import DigitLabError
from pages.parts.draw.network_choice import Chosen, answering
from pages.shared import palette
from pages.shared.softmax import softmax_bars

AT_ONCE = 8  # runs


def show(network: Chosen, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """The visitor's newest runs, then those of others, three in a row, after the vote."""
    others = [Chosen(run, None) for run in answering()]
    answers = [(other, _asked(other, drawn.digit)) for other in others[:AT_ONCE]]
    votes = np.bincount([int(shares.argmax()) for _, shares in answers if shares is not None], minlength=10)
    chosen = int(probabilities.argmax())
    st.markdown(_verdict(votes))
    for start in range(0, len(answers), 3):
        for column, (other, shares) in zip(st.columns(3), answers[start : start + 3], strict=False):
            with column, st.container(border=True):
                if shares is None:
                    st.caption(f"{other.title}: its weights cannot be read.")
                    continue
                best = int(shares.argmax())
                sign = palette.RIGHT_SIGN if best == chosen else palette.WRONG_SIGN
                word = "agrees" if best == chosen else "**disagrees**"
                st.markdown(f"**{best}** {sign} {word}  \n:small[{other.title}]")
                softmax_bars(shares)
    if len(others) > AT_ONCE:
        st.caption(f"{AT_ONCE} of {len(others)} runs: the newest, and yours before those of others.")


def _verdict(votes: np.ndarray) -> str:
    said = [f"**{digit}** ({votes[digit]})" for digit in np.argsort(-votes, kind="stable") if votes[digit]]
    return f"All {votes.sum()} read {said[0]}." if len(said) == 1 else f"They disagree: {', '.join(said)}."


def _asked(network: Chosen, digit: np.ndarray) -> np.ndarray | None:
    try:
        return network.probabilities(digit)
    except DigitLabError:
        return None
