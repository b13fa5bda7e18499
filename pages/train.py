"""Train."""

from pages.shared import frame

frame.page("train")
