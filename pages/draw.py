"""Draw."""

from pages.shared import frame

frame.page("draw")
