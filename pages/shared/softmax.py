"""The ten softmax bars, and the prediction in words."""

import html

import numpy as np
import streamlit as st

from core.data.class_names import DIGITS, Names
from pages.shared import palette

_STYLE = """<style>
.softmax {display: grid; grid-template-columns: minmax(1.4ch, max-content) 1fr 7ch; gap: .3rem .6rem;
  align-items: center; font-variant-numeric: tabular-nums; line-height: 1.3}
.softmax .track {background: color-mix(in srgb, currentColor 9%, transparent); border-radius: .25rem; height: 1.15em}
.softmax .bar {height: 100%; border-radius: .25rem; background: #8f95a8; transition: width .15s; min-width: 1px}
.softmax .best .bar {background: var(--primary-color, #6d66f5)}
.softmax .best {font-weight: 700}
.softmax > div {display: contents}
.softmax .share {text-align: right}
.softmax .truth > :first-child {text-decoration: underline; text-decoration-thickness: .15em}
</style>"""


def softmax_bars(
    probabilities: np.ndarray, *, truth: int | None = None, title: str = "", names: Names = DIGITS
) -> None:
    """Shows the ten probabilities, float (10,), as bars: the largest in colour, the `truth` underlined."""
    best = int(np.argmax(probabilities))
    rows = "".join(
        _row(names[digit], float(share), digit == best, digit == truth) for digit, share in enumerate(probabilities)
    )
    if title:
        st.markdown(title)
    st.html(f'{_STYLE}<div class="softmax" role="list" aria-label="Probability of each digit">{rows}</div>')


def answer(probabilities: np.ndarray, truth: int | None = None, names: Names = DIGITS) -> str:
    """The prediction in words: "It reads **7** with 98.2% ✓"."""
    best = int(np.argmax(probabilities))
    sign = "" if truth is None else f" {palette.RIGHT_SIGN if truth == best else palette.WRONG_SIGN}"
    verb = "reads" if names == DIGITS else "sees"
    return f"It {verb} **{names[best]}**, {probabilities[best]:.1%} sure{sign}"


def _row(name: str, share: float, best: bool, truth: bool) -> str:
    classes = " ".join(name for name, on in (("best", best), ("truth", truth)) if on)
    label = html.escape(f"{name}: {share:.1%}")
    return (
        f'<div class="{classes}" role="listitem" aria-label="{label}"><span>{html.escape(name)}</span>'
        f'<span class="track"><span class="bar" style="display:block;width:{share:.2%}"></span></span>'
        f'<span class="share">{share:.1%}</span></div>'
    )
