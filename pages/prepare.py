"""Prepare."""

from pages.shared import frame

frame.page("prepare")
