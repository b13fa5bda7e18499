"""One clock for two runs: readings, positions, and images seen."""

from types import SimpleNamespace

import numpy as np

from core.config.run_config import RunConfig
from core.runs.events import Started
from core.runs.moment_clock import images_seen, ticks


def moments(*steps: int) -> list[SimpleNamespace]:
    return [SimpleNamespace(step=step) for step in steps]


def seen(train_images: int, batch_size: int, *steps: int) -> list[int]:
    batches = -(-train_images // batch_size)
    started = Started(0.0, "CPU", 10, train_images, 0, batches, 2)
    run = SimpleNamespace(started=started, config=RunConfig(batch_size=batch_size))
    return images_seen(run, moments(*steps))


def test_images_seen_are_those_of_the_batches_one_after_another():
    sizes = [32] * 3 + [4]  # an epoch of 100 images
    expected = [0, *np.cumsum(sizes * 2).tolist()]
    assert seen(100, 32, *range(9)) == expected


def test_larger_batches_see_more_images_in_as_many_steps():
    assert seen(1000, 10, 5) == [50]
    assert seen(1000, 100, 5) == [500]


def test_a_run_without_a_start_event_counts_whole_batches():
    run = SimpleNamespace(started=None, config=RunConfig(batch_size=8))
    assert images_seen(run, moments(0, 3)) == [0, 24]


def test_each_run_shows_its_newest_moment_that_is_not_later_than_the_clock():
    left, right = [0, 10, 20, 40], [0, 16, 20]
    found = ticks(left, right)
    assert [tick.reading for tick in found] == [0, 10, 16, 20, 40]
    for reading, at_left, at_right in found:
        assert left[at_left] == max(each for each in left if each <= reading)
        assert right[at_right] == max(each for each in right if each <= reading)


def test_a_run_that_begins_later_waits_at_its_first_moment():
    assert ticks([0, 5], [3]) == [(0, 0, 0), (3, 0, 0), (5, 1, 0)]
