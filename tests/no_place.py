"""A place for runs without a free device: all runs wait, and no process starts."""

from core.config.run_config import RunConfig
from core.jobs.places import Device
from core.runs.run import Run


class NoPlace:
    """As `core.jobs.places.Place`; a scheduler with it only keeps the queue."""

    address = ""

    def check(self, config: RunConfig) -> None: ...

    def slots(self, config: RunConfig) -> tuple[str, ...]:
        return ("cpu",)

    def slot_of(self, run: Run) -> str:
        return ""

    def free(self) -> dict[str, int]:
        return {}

    def devices(self) -> list[Device]:
        return [Device("here", "cpu", "CPU (2 cores)", 1)]

    def problem(self) -> str:
        return ""

    def warning(self) -> str:
        return ""

    def refresh(self) -> None: ...

    def expect(self, config: RunConfig | None = None) -> None: ...

    def forget_failures(self, run_id: str) -> None: ...

    def close(self) -> None: ...

    def usage(self, run: Run) -> None: ...

    def has(self, run_id: str) -> bool:
        return False
