"""A verdict in its colour: green for a clear winner, neutral grey for none."""

import streamlit as st

from core.evaluation.significance import Verdict


def show(verdict: Verdict, before: str = "") -> None:
    """Draws the verdict, after a sentence `before` it."""
    text = f"{before}{verdict.text}"
    if verdict.clear:
        st.success(text, icon=":material/balance:")
        return
    with st.container(border=True):
        st.markdown(f":material/balance: {text}")
