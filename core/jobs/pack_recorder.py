"""Trains several seeds of one config in one compiled call, and records each as a run of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from core.jobs import slots
from core.jobs.pack_control import PackControl
from core.jobs.recorder import RunRecorder, Together
from core.runs.events import Event, RunEnded
from core.runs.store import RunStore
from core.training.pack import Pack


class PackRecorder:
    """The runs of a pack, in one slot. Each trains in a thread of its own."""

    def __init__(
        self,
        store: RunStore,
        run_ids: Sequence[str],
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        on_wait: Callable[[str], None] = lambda run_id: None,
    ) -> None:
        """on_event: receives the events of the first run. on_wait: as in `slots.hold`."""
        self.store, self.on_wait = store, on_wait
        self.records = [store.get(run_id) for run_id in run_ids]
        self.control = PackControl(self.records)
        self.pack = Pack(len(run_ids), after_call=self.control.refresh)
        self.recorders = [
            RunRecorder(
                store,
                record.id,
                on_event=on_event if record is self.records[0] else lambda event: None,
                together=Together(member, control, len(run_ids)),
            )
            for record, member, control in zip(self.records, self.pack.members, self.control.members, strict=True)
        ]

    def run(self, *, claim: bool = False) -> list[RunEnded | None]:
        """Trains all to their ends. claim, and what is returned for each: as `RunRecorder.run`."""
        with (
            slots.hold(self.store, self.records, self.on_wait, self.control.members[0].should_stop),
            ThreadPoolExecutor(len(self.recorders)) as threads,
        ):
            self.control.refresh()
            ends = [threads.submit(self._train, place, claim) for place in range(len(self.recorders))]
        return [end.result() for end in ends]

    def stop(self) -> None:
        """Stops all runs after their current call, as a visitor's Stop does."""
        for recorder in self.recorders:
            recorder.stop()

    def _train(self, place: int, claim: bool) -> RunEnded | None:
        try:
            return self.recorders[place].run(claim=claim)
        finally:
            self.pack.members[place].leave()
