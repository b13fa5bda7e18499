"""The forecast: it learns from the runs before it, and says how wrong it was."""

import numpy as np
import pytest

from core.config.recipes import recipe
from core.config.run_config import RunConfig
from core.network import forecast
from core.network.architecture import count_multiplications, count_parameters
from core.runs.events import EpochDone, RunEnded, Started
from core.runs.store import RunStore
from core.runs.timeline import EventFile

CONFIGS = [
    RunConfig(units=units, batch_size=batch, epochs=epochs)
    for units, batch, epochs in ((32, 32, 2), (128, 32, 5), (512, 128, 5), (512, 32, 3), (256, 512, 4), (64, 64, 8))
]


def seconds(config: RunConfig, images: int = 54_000) -> float:
    """A made-up device, half as fast as the prior and of other proportions."""
    batches = -(-images // config.batch_size)
    return config.epochs * (
        batches * 2e-4
        + images * 3 * count_multiplications(config) * 5e-11
        + batches * count_parameters(config) * 3e-9
        + 0.3
    )


def finished_run(
    store: RunStore,
    config: RunConfig,
    *,
    complete: int | None = None,
    outcome: str = "finished",
    busy: float = 1,
    compiling: float = 0.0,
    is_next_seed: bool = False,
    **facts,
):
    """A run of which `whole` epochs were trained; all of them unless said otherwise. `busy`: it took so much longer."""
    run = store.create(config, **facts)
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 1, 54_000, 6_000, 1, config.epochs, is_next_seed=is_next_seed))
    trained = config.changed(epochs=complete or config.epochs)
    for epoch in range(1, trained.epochs + 1):
        done = busy * seconds(config.changed(epochs=epoch)) + compiling
        file.append(EpochDone(epoch, epoch, done, 1.0, 0.5, 0.001))
    file.append(RunEnded(outcome, "", 2.0, trained.epochs, fit_seconds=seconds(trained)))
    file.close()
    return run


def test_without_runs_there_is_a_guess_that_says_so(store):
    estimate = forecast.forecast(RunConfig(), 54_000, store.runs())
    assert estimate.measured == 0
    assert 0.5 < estimate.seconds < 60


@pytest.mark.parametrize(("name", "measured"), [("fast", 9.8), ("best", 736)])
def test_the_first_guess_for_convolutions_is_within_a_factor_of_two(name, measured):
    """docs/fast.md and docs/shipped_model.md have what they took on two cores."""
    config = recipe(name).config
    guess = forecast.forecast(config, forecast.training_images(config, 60_000), []).seconds
    assert measured / 2 < guess < 2 * measured


def test_it_learns_this_device_from_its_runs(store):
    config = RunConfig(units=200, batch_size=50, epochs=6)
    guess = forecast.forecast(config, 54_000, store.runs()).seconds
    for config in CONFIGS:
        finished_run(store, config)
    estimate = forecast.forecast(config, 54_000, store.runs())
    assert estimate.measured == len(CONFIGS)
    assert estimate.seconds == pytest.approx(seconds(config), rel=0.1)
    assert abs(estimate.seconds - seconds(config)) < abs(guess - seconds(config))


def test_one_run_already_forecasts_its_own_repetition(store):
    finished_run(store, RunConfig())
    assert forecast.forecast(RunConfig(seed=5), 54_000, store.runs()).seconds == pytest.approx(
        seconds(RunConfig()), rel=0.1
    )


@pytest.mark.parametrize("busy", [(1.0, 1.0), (1.5, 0.6), (1.0, 0.4), (0.7, 1.4)])
def test_two_short_runs_leave_the_prices_they_hardly_paid_as_they_were(store, busy):
    # 4096 × 3 units take a quarter of an hour. A price set to nothing by two runs of a second would promise seconds.
    large, *short = RunConfig(units=4096, hidden_layers=3), RunConfig(epochs=1), RunConfig(epochs=3, units=64)
    expected, *each = (forecast.forecast(config, 54_000, []).seconds for config in (large, *short))
    for config, usual, longer in zip(short, each, busy, strict=True):
        finished_run(store, config, busy=longer * usual / seconds(config))
    estimate = forecast.forecast(large, 54_000, store.runs())
    assert estimate.measured == 2
    assert expected / 4 < estimate.seconds < 4 * expected


def test_fifteen_varied_runs_are_learnt_whatever_was_thought_before(store, rng):
    for _ in range(15):
        units, layers, size = 2 ** rng.uniform(4, 11), rng.integers(1, 4), 2 ** rng.integers(4, 10)
        epochs = rng.integers(1, 9)
        config = RunConfig(units=int(units), hidden_layers=int(layers), batch_size=int(size), epochs=int(epochs))
        finished_run(store, config, busy=float(np.exp(rng.normal(0, 0.1))))
    for config in (RunConfig(units=100, epochs=9), RunConfig(units=300, hidden_layers=2), RunConfig(units=3000)):
        estimate = forecast.forecast(config, 54_000, store.runs()).seconds
        assert estimate == pytest.approx(seconds(config), rel=0.2)


@pytest.mark.parametrize("outcome", ["stopped", "finished", "failed"])
def test_a_run_of_fewer_epochs_than_wanted_says_so(store, outcome):
    """Stopped by hand, by early stopping, or by a full disk."""
    config = RunConfig(epochs=200)
    finished_run(store, config, complete=10, outcome=outcome)
    estimate = forecast.forecast(config.changed(seed=5), 54_000, store.runs())
    assert estimate.measured == 1
    assert estimate.seconds == pytest.approx(seconds(config), rel=0.2)  # what a run costs once is not known from one


def test_a_run_without_a_whole_epoch_is_not_used(store):
    run = store.create(RunConfig())
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 1, 54_000, 6_000, 1, 5))
    file.close()
    assert forecast.forecast(RunConfig(), 54_000, store.runs()).measured == 0


def test_what_another_seed_saves_is_learned_from_seeds(store):
    for units in (64, 256):
        finished_run(store, RunConfig(units=units, epochs=2), compiling=5.0)
        for seed in (2, 3, 4):
            finished_run(store, RunConfig(units=units, epochs=2, seed=seed), is_next_seed=True)
    config = RunConfig(units=128, epochs=2)
    estimate = forecast.forecast(config, 54_000, store.runs())
    assert estimate.next_seed_seconds == pytest.approx(seconds(config), rel=0.15)
    assert estimate.seconds == pytest.approx(seconds(config) + 5, rel=0.15)


def test_a_sweep_compiles_once_for_all_seeds_of_a_setting():
    compiling = forecast.forecast(RunConfig(), 54_000, []).compiling
    seeds = [RunConfig(seed=seed) for seed in range(1, 5)]
    alone = forecast.mean_seconds(seeds[:1], 60_000, [])
    assert forecast.mean_seconds(seeds, 60_000, []) == pytest.approx(alone - 0.75 * compiling)
    different = [RunConfig(units=units) for units in (64, 128)]
    mean = np.mean([forecast.mean_seconds([config], 60_000, []) for config in different])
    assert forecast.mean_seconds(different, 60_000, []) == pytest.approx(mean)


def test_convolutions_take_longer_than_dense_layers_of_as_many_multiplications():
    dense, convolution = RunConfig(units=128), RunConfig(network="conv8x3-pool2-dense32")
    assert count_multiplications(dense) == pytest.approx(count_multiplications(convolution), rel=0.15)
    times = [forecast.forecast(config, 54_000, []).seconds for config in (dense, convolution)]
    assert times[1] > 3 * times[0]


def test_the_error_is_reported_afterwards(store):
    run = finished_run(store, RunConfig(), forecast_seconds=seconds(RunConfig()) / 1.25)
    assert forecast.relative_error(store.get(run.id)) == pytest.approx(0.25)
    assert forecast.relative_error(finished_run(store, RunConfig(seed=2))) is None


def test_memory_counts_what_the_optimiser_keeps():
    plain, adam = (forecast.memory(RunConfig(units=4096, optimizer=name)) for name in ("sgd", "adam"))
    assert adam - plain == 4 * 2 * count_parameters(RunConfig(units=4096))


@pytest.mark.parametrize(
    ("config", "images"),
    [(RunConfig(), 54_000), (RunConfig(validate_on="test"), 60_000), (RunConfig(train_images=700), 700)],
)
def test_the_images_of_an_epoch_are_counted_as_training_takes_them(config, images):
    assert forecast.training_images(config, 60_000) == images


def test_more_work_never_takes_less_time():
    runs = []
    times = [forecast.forecast(RunConfig(units=units), 54_000, runs).seconds for units in (16, 64, 256, 1024, 4096)]
    assert np.all(np.diff(times) > 0)
