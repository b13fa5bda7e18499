"""Explore."""

from pages.shared import frame

frame.page("explore")
