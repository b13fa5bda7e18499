"""The ten softmax bars, and the prediction in words."""

import html

import numpy as np
import streamlit as st

from pages.shared import palette

_STYLE = """<style>
.softmax {display: grid; grid-template-columns: 1.4ch 1fr 7ch; gap: .3rem .6rem; align-items: center;
  font-variant-numeric: tabular-nums; line-height: 1.3}
.softmax .track {background: color-mix(in srgb, currentColor 9%, transparent); border-radius: .25rem; height: 1.15em}
.softmax .bar {height: 100%; border-radius: .25rem; background: #8f95a8; transition: width .15s; min-width: 1px}
.softmax .best .bar {background: var(--primary-color, #6d66f5)}
.softmax .best {font-weight: 700}
.softmax > div {display: contents}
.softmax .share {text-align: right}
.softmax .truth > :first-child {text-decoration: underline; text-decoration-thickness: .15em}
</style>"""


def softmax_bars(probabilities: np.ndarray, *, truth: int | None = None, title: str = "") -> None:
    """Shows the ten probabilities, float (10,), as bars: the largest in colour, the `truth` underlined."""
    best = int(np.argmax(probabilities))
    rows = "".join(
        _row(digit, float(share), digit == best, digit == truth) for digit, share in enumerate(probabilities)
    )
    if title:
        st.markdown(title)
    st.html(f'{_STYLE}<div class="softmax" role="list" aria-label="Probability of each digit">{rows}</div>')


def answer(probabilities: np.ndarray, truth: int | None = None) -> str:
    """The prediction in words: "It reads **7** with 98.2% ✓"."""
    best = int(np.argmax(probabilities))
    sign = "" if truth is None else f" {palette.RIGHT_SIGN if truth == best else palette.WRONG_SIGN}"
    return f"It reads **{best}**, {probabilities[best]:.1%} sure{sign}"


def _row(digit: int, share: float, best: bool, truth: bool) -> str:
    classes = " ".join(name for name, on in (("best", best), ("truth", truth)) if on)
    label = html.escape(f"{digit}: {share:.1%}")
    return (
        f'<div class="{classes}" role="listitem" aria-label="{label}"><span>{digit}</span>'
        f'<span class="track"><span class="bar" style="display:block;width:{share:.2%}"></span></span>'
        f'<span class="share">{share:.1%}</span></div>'
    )
