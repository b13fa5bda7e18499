"""The spare worker: a process that has imported Keras and compiled the network of the form before somebody starts it.

It is made for one slot: the GPU that it sees cannot be changed later.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from core.config.run_config import RunConfig
from core.jobs import slots
from core.jobs.slots import Slot
from core.network.architecture import count_parameters
from core.training import warmup

SPARE_SECONDS = 15 * 60  # an unused spare worker exits after this and frees its 550 MB
MOVE_SECONDS = 20.0  # at least, before it is replaced by one for another device: two visitors may choose in turns
DEBOUNCE_SECONDS = 1.0  # a knob that still changes is not worth a compilation
MAX_WARMUP_PARAMETERS = 5_000_000  # a larger network takes much memory in the spare worker, perhaps for nothing


class SpareWorker:
    """At most one process that waits. start: starts a worker for a slot."""

    def __init__(self, start: Callable[[Slot], "subprocess.Popen[bytes]"]) -> None:
        self._start = start
        self.slot = ""  # of the process, or of the last one
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._last_request: float = -SPARE_SECONDS
        self._device = RunConfig.device
        self._expected: tuple[RunConfig, float] | None = None  # and since when
        self._warm_config: RunConfig | None = None

    def expect(self, config: RunConfig | None) -> None:
        """A spare worker is wanted. `config`, if known, is compiled when it has not changed for a moment."""
        self._last_request = time.monotonic()
        if config is None:
            return
        self._device = config.device
        config = warmup.warmup_config(config)
        if count_parameters(config) > MAX_WARMUP_PARAMETERS:
            self._expected = None
        elif self._expected is None or self._expected[0] != config:
            self._expected = config, time.monotonic()

    def take(self, slot: str) -> "subprocess.Popen[bytes] | None":
        """The process, which waits no more; None if there is none for this slot."""
        if self.process is None or self.slot != slot or self.process.poll() is not None:
            return None
        process, self.process = self.process, None
        return process

    def update(self, free: Callable[[], Mapping[str, int]], *, is_idle: bool) -> None:
        """Starts, moves or ends it. free: how many more runs can start in each slot. is_idle: no own worker trains."""
        if self.process and self.process.poll() == slots.NO_USABLE_GPU:
            slots.mark_unusable(self.slot)  # the next one waits on the CPU
            self.stop()
        is_wanted = time.monotonic() - self._last_request < SPARE_SECONDS
        if self.process and (not is_wanted or self.process.poll() is not None):
            self.stop()
            self._last_request = -SPARE_SECONDS  # a worker that exited by itself would exit again
        elif is_wanted:
            self._move_to(self._best_slot(free(), is_idle=is_idle))
        self._warm_up()

    def stop(self) -> None:
        process, self.process = self.process, None
        if process:
            end_worker(process)

    def _best_slot(self, free: Mapping[str, int], *, is_idle: bool) -> Slot | None:
        """The slot in which the next run will probably train; None if no run can start soon."""
        possible = slots.slots_for(self._device)
        with_room = [slot for slot in possible if free.get(slot.name, 0) > 0]
        if not with_room:
            return possible[0] if is_idle else None  # another program uses the device, and may end at any moment
        return next((slot for slot in with_room if slot.name == self.slot), with_room[0])

    def _move_to(self, slot: Slot | None) -> None:
        if slot is None or (self.process and slot.name == self.slot):
            return
        if self.process:
            if time.monotonic() - self._started_at < MOVE_SECONDS:
                return
            self.stop()
        with suppress(OSError):  # without a spare worker, a run starts a few seconds later
            self.process = self._start(slot)
            self.slot, self._started_at, self._warm_config = slot.name, time.monotonic(), None

    def _warm_up(self) -> None:
        """Sends it the expected config when that has not changed for a moment."""
        expected = self._expected
        if not self.process or not expected or expected[0] == self._warm_config:
            return
        config, since = expected
        if time.monotonic() - since > DEBOUNCE_SECONDS:
            self._warm_config = config
            send_line(self.process, json.dumps(config.to_dict()))


def end_worker(worker: "subprocess.Popen[bytes]") -> None:
    """Ends a worker that waits for a run."""
    close_stdin(worker)  # end of its stdin
    with suppress(subprocess.TimeoutExpired):
        worker.wait(0.1)
        return
    worker.kill()
    worker.wait()


def send_line(worker: "subprocess.Popen[bytes]", line: str) -> None:
    """Writes a line to the stdin of a worker; nothing happens if it has ended."""
    assert worker.stdin is not None
    with suppress(BrokenPipeError):
        worker.stdin.write(f"{line}\n".encode())
        worker.stdin.flush()


def close_stdin(worker: "subprocess.Popen[bytes]") -> None:
    """Says to a worker that nothing more comes."""
    if worker.stdin:
        with suppress(BrokenPipeError):
            worker.stdin.close()
