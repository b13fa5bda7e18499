"""A pack: runs that differ only in their seed, trained in one compiled call.

Each run keeps its own thread with its own `fit`, callbacks and events. Where it would call the engine, it waits until
the others have come to the same call; the last one makes the call for all. On a GPU a step of a small network mostly
waits for kernels to start, and one kernel for eight networks takes little longer than one for one. On a CPU it does not
pay (docs/speed-seeds.md).
"""

import threading
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from core.training.batching import Call, Sums


class Pack:
    """The meeting point of `size` runs. after_call: called after each call for all, before any of them goes on."""

    def __init__(self, size: int, after_call: Callable[[], None] = lambda: None) -> None:
        self.members = [Member(self, place) for place in range(size)]
        self.after_call = after_call
        self._changed = threading.Condition()
        self._present = set(range(size))  # places of the runs that still train
        self._waiting: dict[int, tuple[Any, Call]] = {}  # place → the backend and the call of a run that waits
        self._logits: dict[int, np.ndarray | None] = {}  # place → of its call, float32 (n, 10); None: it calls alone
        self._steps: PackedSteps | None = None
        self.is_divided = False  # after an error, each run calls the engine for itself

    def run(self, place: int, backend: Any, call: Call) -> Sums:
        """The sums of a run's call, made with those of all others."""
        with self._changed:
            self._waiting[place] = backend, call
            self._call_if_complete()
            self._changed.wait_for(lambda: place in self._logits)
            logits = self._logits.pop(place)
        return backend.run(call) if logits is None else backend.sums(call, logits)

    def leave(self, place: int) -> None:
        """A run ends: the others no longer wait for it."""
        with self._changed:
            self._present.discard(place)
            self._call_if_complete()

    def _call_if_complete(self) -> None:
        if not self._waiting or self._waiting.keys() != self._present:
            return
        calls = dict(sorted(self._waiting.items()))
        self._waiting.clear()
        self._logits |= dict.fromkeys(calls) if self.is_divided else self._call(calls)
        try:
            self.after_call()
        finally:
            self._changed.notify_all()

    def _call(self, calls: dict[int, tuple[Any, Call]]) -> dict[int, np.ndarray | None]:
        """The logits of each place. If one call cannot serve all, they train as alone: slower, with the same result."""
        try:
            if self._steps is None:
                self._steps = PackedSteps.of({place: backend for place, (backend, _) in calls.items()})
            return {**self._steps.run({place: call for place, (_, call) in calls.items()})}
        except Exception:
            traceback.print_exc()
            print("These seeds do not train in one call. Each trains for itself.", flush=True)
            self.is_divided = True
            return dict.fromkeys(calls)


class Member:
    """One run of a pack."""

    def __init__(self, pack: Pack, place: int) -> None:
        self.pack, self.place = pack, place

    def run(self, backend: Any, call: Call) -> Sums:
        """As `backend.run`, together with the other runs."""
        return self.pack.run(self.place, backend, call)

    def leave(self) -> None:
        """The run ends. It may say so more than once."""
        self.pack.leave(self.place)


class PackedSteps:
    """The compiled steps of all runs of a pack. Each backend has its own class for them.

    A run that has left keeps its place, because another number of networks would be another program: the images of
    another run fill it, and its network stays as it is.
    """

    def __init__(self, backends: dict[int, Any]) -> None:
        self.places, self.backends = list(backends), list(backends.values())
        self.plan = self.backends[0].plan

    @staticmethod
    def of(backends: dict[int, Any]) -> "PackedSteps":
        """For these runs. Raises `ValueError` if their networks or images have different shapes."""
        import keras

        if keras.backend.backend() == "jax":
            from core.training.pack_jax import PackedJax

            return PackedJax(backends)
        from core.training.pack_tensorflow import PackedTensorFlow

        return PackedTensorFlow(backends)

    def run(self, calls: dict[int, Call]) -> dict[int, np.ndarray]:
        """Trains a call of each run that still trains; returns its logits, float32 (n, 10)."""
        filler = next(iter(calls.values()))
        present = np.array([place in calls for place in self.places])
        logits = self._train([calls.get(place, filler) for place in self.places], present)
        return {place: each for place, each in zip(self.places, logits, strict=True) if place in calls}

    def _train(self, calls: list[Call], present: np.ndarray) -> list[np.ndarray]:
        """Trains a call of each place; the networks that are not `present`, bool (places,), stay as they are."""
        raise NotImplementedError
