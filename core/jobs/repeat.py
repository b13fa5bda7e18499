"""The same config with several seeds: a sweep in which only the seed differs. Its runs train one after another.

On a GPU they may train in one compiled call (`packing`). On a CPU that takes longer (docs/speed-seeds.md).
"""

from collections.abc import Sequence

from core.classroom.visitors import Visitor
from core.config.recipes import matching_recipe
from core.config.run_config import MAX_SEED, RunConfig
from core.errors import ConfigError
from core.formatting import count
from core.jobs.cluster.records import runs_at_a_time
from core.jobs.scheduler import Scheduler
from core.jobs.sweep import GRID, Sweep, SweepPlan, SweepStore
from core.jobs.sweep_axes import read_axis
from core.network.forecast import Forecast
from core.runs.run import describe
from core.runs.store import Run, RunStore

MIN_SEEDS, MAX_SEEDS = 2, 20
SEED = "seed"


def configs_of(config: RunConfig, seeds: int) -> list[RunConfig]:
    """`config` with its own seed and the next ones. Raises `ConfigError` for fewer than 2 or more than 20 seeds."""
    if not MIN_SEEDS <= seeds <= MAX_SEEDS:
        raise ConfigError(f"seeds must be {MIN_SEEDS} to {MAX_SEEDS}. Choose another number.", received=seeds)
    first = min(config.seed, MAX_SEED - seeds + 1)
    return [config.changed(seed=seed) for seed in range(first, first + seeds)]


def read_count(text: str) -> int:
    """How many seeds a text asks for. Raises `ConfigError` if it is no whole number."""
    try:
        return int(text[:10])
    except ValueError:
        raise ConfigError("seeds must be a whole number. Write it in digits.", received=text) from None


def create(store: RunStore, configs: Sequence[RunConfig], *, starter: str = "") -> Sweep:
    """Saves the sweep of these configs, as `configs_of` returns them; starts no run."""
    first = configs[0]
    axis = read_axis(SEED, f"{first.seed}-{configs[-1].seed}")
    plan = SweepPlan(GRID, first, (axis,), len(configs))
    name = f"{matching_recipe(first) or describe(first)} · {count(len(configs), 'seed')}"
    return SweepStore(store).create(plan, name=name, starter=starter)


def run_name(config: RunConfig) -> str:
    """The name of one of the runs."""
    return f"{matching_recipe(config) or describe(config)} · seed {config.seed}"


def start(scheduler: Scheduler, config: RunConfig, seeds: int, *, visitor: Visitor, expected: Forecast) -> list[Run]:
    """Queues a run for each seed. expected: the forecast for the first one on a device; the next ones compile nothing.

    Raises `LimitError` if a limit of the server refuses so many runs; then there is none of them.
    """
    configs = configs_of(config, seeds)
    scheduler.check_sweep(configs, visitor)
    sweep = create(scheduler.store, configs, starter=visitor.id)
    first = runs_at_a_time(scheduler.store.home, config.device)
    times = [expected.seconds if place < first else expected.next_seed_seconds for place in range(seeds)]
    runs = [
        (each, {"name": run_name(each), "sweep": sweep.id, "forecast_seconds": seconds})
        for each, seconds in zip(configs, times, strict=True)
    ]
    return scheduler.submit_all(runs, visitor=visitor)


def is_repeat(sweep: Sweep) -> bool:
    """Whether only the seed differs among the runs of a sweep."""
    return sweep.kind == GRID and [axis.knob for axis in sweep.axes] == [SEED]
