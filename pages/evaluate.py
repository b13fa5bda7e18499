"""Evaluate."""

from pages.shared import frame

frame.page("evaluate")
