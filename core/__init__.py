"""Digit Lab's data and model logic. It has no UI code and never imports Streamlit."""
