"""Digit Lab's data and model logic. It never imports Streamlit; pages only show what is worked out here."""
