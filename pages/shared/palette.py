"""Colours and signs that mean the same on every page."""

import streamlit as st

# Tableau's ten colours, which most colour-blind people can distinguish; the same as in .streamlit/config.toml.
DIGITS = (
    "#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#8c8c8c",
)  # fmt: skip
POSITIVE, NEGATIVE = (214, 69, 69), (62, 110, 168)  # red and blue of signed numbers, as RGB
DIVERGING = ((0.0, "rgb(62,110,168)"), (0.5, "rgb(247,247,247)"), (1.0, "rgb(214,69,69)"))  # a colour scale of Plotly
TRAINING, VALIDATION = "#4e79a7", "#f28e2b"
RIGHT, WRONG = "#2e9e5b", "#d64545"
RIGHT_SIGN, WRONG_SIGN = "✓", "✗"


def run_colour(index: int) -> str:
    """The colour of the run with this `colour_index`: the same in every chart and table."""
    return DIGITS[index % len(DIGITS)]


def ink() -> str:
    """The text colour of the visitor's theme, for charts that do not follow the theme."""
    return "#e8eaf0" if st.context.theme.type == "dark" else "#1c1e26"
