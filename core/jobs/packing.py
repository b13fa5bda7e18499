"""Which seeds of one config a GPU trains together, in one compiled call (`core.training.pack`).

DIGIT_LAB_SEEDS_PER_CALL says how many. One is the default, as long as nobody has measured on a GPU whether more are
quicker; on a CPU they are slower, so there it does not count.
"""

from collections.abc import Container, Sequence
from pathlib import Path

from core.config.environment import SEEDS_PER_CALL
from core.config.run_config import RunConfig
from core.devices.computing import device_kind
from core.jobs.cluster import settings
from core.jobs.kept_workers import differ_in_seed
from core.jobs.places import CPU, GPU
from core.network.architecture import is_dense
from core.runs.run import Run
from core.runs.store import WAITING, RunStore

PACKED_ON = (GPU,)  # the kinds of devices


def seeds_per_call(home: Path, config: RunConfig) -> int:
    """How many seeds of `config` train in one call on the device that it asks for. On a cluster each trains alone."""
    is_here = not settings.load(home)
    return _chosen() if is_here and device_kind(config.device) in PACKED_ON and can_pack(config) else 1


def can_pack(config: RunConfig) -> bool:
    """Whether the seeds of a config can train in one call.

    Not with convolutions, which fill a GPU by themselves; nor with redrawn images, which are others for each seed; nor
    with the schedule that follows validation, because then each network has a learning rate of its own.
    """
    return is_dense(config) and not config.redraws_images and config.schedule != "plateau"


def runs_to_train(store: RunStore, run: Run, slot: str, without: Container[str]) -> list[Run]:
    """The waiting run, and others that train with it if it trains in this slot. without: the ids of those that begin.

    A run that has trained before continues alone.
    """
    most = _chosen() if (CPU if slot == CPU else GPU) in PACKED_ON and can_pack(run.config) else 1
    if most == 1 or run.started:
        return [run]
    waiting = [each for each in store.active() if each.state == WAITING and each.id not in without and not each.started]
    seeds = sorted((each for each in waiting if differ_in_seed(run, each)), key=lambda each: each.config.seed)
    return [run, *seeds[: most - 1]]


def order(runs: Sequence[Run]) -> str:
    """The line that lets a worker train these runs in one call. It ends with them."""
    return " ".join(run.id for run in runs)


def _chosen() -> int:
    """DIGIT_LAB_SEEDS_PER_CALL. Raises `DeviceError` if that is no number from 1 to 20."""
    return SEEDS_PER_CALL.value
