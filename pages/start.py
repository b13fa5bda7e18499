"""Start."""

from pages.shared import frame

frame.page("start")
