"""The forecast: it learns from the runs before it, and says how wrong it was."""

import numpy as np
import pytest

from core import forecast
from core.architecture import multiplications, parameter_count
from core.config import RunConfig
from core.events import RunEnded, Started
from core.runs import RunStore
from core.timeline import EventFile

CONFIGS = [
    RunConfig(units=units, batch_size=batch, epochs=epochs)
    for units, batch, epochs in ((32, 32, 2), (128, 32, 5), (512, 128, 5), (512, 32, 3), (256, 512, 4), (64, 64, 8))
]


def seconds(config: RunConfig, images: int = 54_000) -> float:
    """A made-up device, half as fast as the prior and of other proportions."""
    batches = -(-images // config.batch_size)
    return config.epochs * (
        batches * 2e-4 + images * 3 * multiplications(config) * 5e-11 + batches * parameter_count(config) * 3e-9 + 0.3
    )


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


def ran(store: RunStore, config: RunConfig, **facts):
    run = store.create(config, **facts)
    file = EventFile(run.events_path)
    file.append(Started(1.0, "CPU", 1, 54_000, 6_000, 1, config.epochs))
    file.append(RunEnded("finished", "", 2.0, config.epochs, fit_seconds=seconds(config)))
    file.close()
    return run


def test_without_runs_there_is_a_guess_that_says_so(store):
    told = forecast.forecast(RunConfig(), 54_000, store.runs())
    assert told.measured == 0
    assert 0.5 < told.seconds < 60


def test_it_learns_this_device_from_its_runs(store):
    wanted = RunConfig(units=200, batch_size=50, epochs=6)
    guess = forecast.forecast(wanted, 54_000, store.runs()).seconds
    for config in CONFIGS:
        ran(store, config)
    told = forecast.forecast(wanted, 54_000, store.runs())
    assert told.measured == len(CONFIGS)
    assert told.seconds == pytest.approx(seconds(wanted), rel=0.1)
    assert abs(told.seconds - seconds(wanted)) < abs(guess - seconds(wanted))


def test_one_run_already_forecasts_its_own_repetition(store):
    ran(store, RunConfig())
    assert forecast.forecast(RunConfig(seed=5), 54_000, store.runs()).seconds == pytest.approx(
        seconds(RunConfig()), rel=0.1
    )


def test_the_error_is_reported_afterwards(store):
    run = ran(store, RunConfig(), forecast_seconds=seconds(RunConfig()) / 1.25)
    assert forecast.error(store.get(run.id)) == pytest.approx(0.25)
    assert forecast.error(ran(store, RunConfig(seed=2))) is None


def test_memory_counts_what_the_optimiser_keeps():
    plain, adam = (forecast.memory(RunConfig(units=4096, optimizer=name)) for name in ("sgd", "adam"))
    assert adam - plain == 4 * 2 * parameter_count(RunConfig(units=4096))


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
