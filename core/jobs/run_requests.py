"""What visitors ask of runs: pause, continue, stop, more epochs, another learning rate."""

from abc import ABC, abstractmethod

from core.classroom.visitors import Visitor
from core.config.recipes import matching_recipe
from core.errors import RunError
from core.jobs.admission import Admission
from core.jobs.places import Place, check_run
from core.jobs.queue import RunQueue
from core.network import forecast
from core.runs.control import ControlRequests
from core.runs.events import FINISHED
from core.runs.store import WAITING, Run, RunStore


class RunRequests(ABC):
    """The requests of the scheduler. `visitor` is who asks; without it, every request is allowed.

    Raises `RunError` if it is somebody else's run, `LimitError` if a limit of the server refuses it, and `DeviceError`
    if a run would go back into the queue whose GPU is missing.
    """

    store: RunStore
    place: Place
    _queue: RunQueue
    _admission: Admission

    def pause(self, run_id: str, *, visitor: Visitor | None = None) -> None:
        """Pauses after the current engine call. The run keeps its device."""
        self._requests_to(run_id, visitor).pause()

    def step(self, run_id: str, *, visitor: Visitor | None = None) -> None:
        """Trains one epoch and pauses. A run that does not train is resumed first."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).step()
        else:
            self._enqueue(run, visitor, step=True)

    def resume(self, run_id: str, *, visitor: Visitor | None = None) -> None:
        """Continues a paused run at once, and a stopped or interrupted one at `run.resume_point`."""
        run = self._get_controllable(run_id, visitor)
        if run.active:
            ControlRequests(run).resume()
        elif run.state == FINISHED:
            raise RunError(f"The run {run.title} has finished. Train it for more epochs, or start a new run.")
        else:
            self._enqueue(run, visitor)

    def add_epochs(self, run_id: str, epochs: int, *, visitor: Visitor | None = None) -> None:
        """Trains a run that has ended for more epochs. Raises `ConfigError` beyond the knob's range."""
        run = self._get_controllable(run_id, visitor)
        _refuse_change(run)
        if run.active:
            raise RunError(f"The run {run.title} is still training. Wait until it ends, or stop it, then add epochs.")
        if run.resume_point is None:
            raise _nothing_saved(run)
        self._check_device(run)
        done = run.epochs[-1].epoch if run.epochs else 0
        config = run.config.changed(epochs=done + epochs)
        self._admission.check_runs([config], visitor)
        images = run.started.train_images if run.started else 0
        total_seconds = forecast.forecast(config, images, self.store.runs()).seconds if images else 0.0
        run = self.store.write(
            run_id, config=config.to_dict(), recipe=matching_recipe(config), forecast_seconds=total_seconds
        )
        self._enqueue(run, visitor)

    def stop(self, run_id: str, *, visitor: Visitor | None = None) -> None:
        """Stops a run and saves its weights, or takes a waiting run out of the queue.

        A run that never trained goes to the trash and can be put back.
        """
        run = self._get_controllable(run_id, visitor)
        if self._queue.remove(run):  # a worker that is just taking it finds it gone
            return
        if run.active:
            ControlRequests(run).stop()

    def set_learning_rate(self, run_id: str, rate: float, *, visitor: Visitor | None = None) -> None:
        """Sets the learning rate of a run that trains. Raises `ConfigError` if the rate is out of range."""
        _refuse_change(self.store.get(run_id))
        self._requests_to(run_id, visitor).learning_rate(rate)

    def put_back(self, run: Run, *, visitor: Visitor | None = None) -> Run:
        """Puts a run that `stop` removed back into the queue."""
        self._check_device(run)
        with self._admission.exclusive():
            self._admission.check_room([run.config], visitor)
            run = self.store.restore(run.id)
        self._wake()
        return run

    @abstractmethod
    def _wake(self, retried: str = "") -> None:
        """Looks at the queue at once. retried: the id of a run that may fail to start as often as a new one."""

    def _check_device(self, run: Run) -> None:
        if not self.place.address:  # a cluster gives a run that asks for gpu:1 any GPU
            check_run(self.place, run)

    def _enqueue(self, run: Run, visitor: Visitor | None, *, step: bool = False) -> None:
        if not run.can_continue:
            raise _nothing_saved(run)
        self._check_device(run)
        with self._admission.exclusive():
            self._admission.check_room([run.config], visitor)
            self._queue.add(run, step=step, address=visitor.address if visitor else "")
        self._wake(run.id)

    def _get_controllable(self, run_id: str, visitor: Visitor | None) -> Run:
        run = self.store.get(run_id)
        if run.shipped:
            raise RunError("The model that comes with Digit Lab is read-only. Train a run of your own.")
        if visitor is not None and not visitor.may_control(run):
            raise RunError(f"Somebody else started the run {run.title}. Only they and the teacher can control it.")
        return run

    def _requests_to(self, run_id: str, visitor: Visitor | None) -> ControlRequests:
        run = self._get_controllable(run_id, visitor)
        if not run.active or run.state == WAITING:
            raise RunError(f"The run {run.title} is not training now, it is {run.state}. Resume it first.")
        return ControlRequests(run)


def _nothing_saved(run: Run) -> RunError:
    return RunError(f"The run {run.title} has no saved epoch from which it could continue. Start it again.")


def _refuse_change(run: Run) -> None:
    """What was predicted about a run holds for the knobs with which it started."""
    if run.prediction is not None:
        raise RunError(f"The result of the run {run.title} was predicted, so its knobs are fixed. Start a new run.")
