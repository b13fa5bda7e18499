"""Compare."""

from pages.shared import frame

frame.page("compare")
