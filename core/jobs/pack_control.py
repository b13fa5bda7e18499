"""What visitors ask of runs that train in one call: a request to one of them acts on all, after the same step."""

from collections.abc import Sequence
from typing import Any

from core.runs.control import ControlReader, merge_requests
from core.runs.run import Run


class PackControl:
    """The requests to all runs of a pack, as they were at the last call of the engine."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._files = [ControlReader(run) for run in runs]
        self.members = [MemberControl(run, self) for run in runs]
        self.refresh()

    def refresh(self) -> None:
        """Reads the requests again. The pack calls it after each call, while all runs wait at the same step."""
        self.requests: dict[str, Any] = merge_requests([file.requests() for file in self._files])


class MemberControl(ControlReader):
    """The requests as one of the runs sees them. Its `stop` ends this run alone: its loss is no longer a number."""

    def __init__(self, run: Run, shared: PackControl) -> None:
        super().__init__(run)
        self._shared = shared

    def requests(self) -> dict[str, Any]:
        return self._shared.requests

    def is_paused(self, epochs: int) -> bool:
        if super().is_paused(epochs):
            self._shared.refresh()  # no call follows that would do it
        return super().is_paused(epochs)
