"""Colours and signs that mean the same on every page."""

import streamlit as st

# Tableau's ten colours, which most colour-blind people can distinguish; the same as in .streamlit/config.toml.
DIGITS = (
    "#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#8c8c8c",
)  # fmt: skip
POSITIVE, NEGATIVE = (214, 69, 69), (62, 110, 168)  # red and blue of signed numbers, as RGB
TRAINING, VALIDATION = "#4e79a7", "#f28e2b"
RIGHT, WRONG = "#2e9e5b", "#d64545"
RIGHT_SIGN, WRONG_SIGN = "✓", "✗"


def verdict_text() -> tuple[str, str]:
    """The colours of small words that say right and wrong, in the visitor's theme: at least 4.5:1 on the page."""
    return ("#4cc583", "#ff8a8a") if st.context.theme.type == "dark" else ("#1f7a45", "#c03434")


def run_colour(index: int) -> str:
    """The colour of the run with this `colour_index`: the same in every chart and table."""
    return DIGITS[index % len(DIGITS)]


def ink() -> str:
    """The text colour of the visitor's theme, for charts that do not follow the theme."""
    return "#e8eaf0" if st.context.theme.type == "dark" else "#1c1e26"
