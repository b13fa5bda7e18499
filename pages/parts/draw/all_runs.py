"""The predictions of several runs for the same drawing, ten bars each."""

import numpy as np
import streamlit as st

from core.data.class_names import Names
from core.drawing.normalise import NormalisedDrawing
from core.errors import DigitLabError
from core.formatting import count, plain
from pages.parts.draw.network_choice import NetworkChoice, usable_runs
from pages.shared.softmax import softmax_bars

MAX_RUNS = 8


def show(network: NetworkChoice, drawn: NormalisedDrawing, probabilities: np.ndarray) -> None:
    """What each prediction counts, then the runs, three in a row: the visitor's newest first, then those of others."""
    others = [NetworkChoice(run, None) for run in usable_runs() if run.class_names == network.names]
    answers = [(other, _probabilities(other, drawn.digit)) for other in others[:MAX_RUNS]]
    votes = np.bincount([int(shares.argmax()) for _, shares in answers if shares is not None], minlength=10)
    chosen = int(probabilities.argmax())
    st.markdown(_summary(votes, network.names))
    for start in range(0, len(answers), 3):
        for column, (other, shares) in zip(st.columns(3), answers[start : start + 3], strict=False):
            with column, st.container(border=True):
                if shares is None:
                    st.caption(f"{plain(other.title)}: its weights cannot be read.")
                    continue
                best = int(shares.argmax())
                note = "" if best == chosen else f" · the chosen network reads {network.names[chosen]}"
                st.markdown(f"Reads **{other.names[best]}**{note}  \n:small[{plain(other.title)}]")
                softmax_bars(shares, names=other.names)
    if len(others) > MAX_RUNS:
        st.caption(f"{MAX_RUNS} of {len(others)} runs: yours first, then those of others, the newest first.")


def _summary(votes: np.ndarray, names: Names) -> str:
    """How many runs predict each class, the most frequent one first."""
    order = [digit for digit in np.argsort(-votes, kind="stable") if votes[digit]]
    counts = [f"{count(votes[digit], 'run')} read **{names[digit]}**" for digit in order]
    return f"All {votes.sum()} runs read **{names[votes.argmax()]}**." if len(counts) == 1 else f"{'; '.join(counts)}."


def _probabilities(network: NetworkChoice, digit: np.ndarray) -> np.ndarray | None:
    try:
        return network.probabilities(digit)
    except DigitLabError:
        return None
