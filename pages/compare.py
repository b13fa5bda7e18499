"""Compare: runs side by side, which of them is better and by how much, and sweeps that try many at once."""

from pages.shared import compare_runs, frame

frame.page("compare")
with frame.guard():
    compare_runs.show()
