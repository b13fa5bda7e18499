"""The timing of a matrix product, with a clock made for the test."""

from core.lesson import timing


def test_one_product_is_timed_in_both_precisions_by_turns():
    ticks = iter(range(1000))
    seconds = timing.time_matrix_product(repeats=3, budget=1e9, clock=lambda: next(ticks), shape=(2, 3, 2))
    assert seconds == (1, 1)  # one tick from the beginning of a product to its end


def test_a_slow_machine_is_measured_only_twice():
    ticks = iter(range(0, 100_000, 100))
    timing.time_matrix_product(repeats=50, budget=0.1, clock=lambda: next(ticks), shape=(2, 3, 2))
    assert next(ticks) <= 1100


def test_float64_takes_longer_than_float32():
    # An inequality far from its limit, about 2 on any machine: both precisions take turns and the best counts.
    seconds = timing.time_matrix_product(repeats=20, budget=2)
    assert seconds.float64 > 1.2 * seconds.float32 > 0
