"""The rest between two measurements of a network that trains, by a clock that the test moves."""

import pytest

from core.training import moment_pace
from core.training.moment_pace import MomentPace


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(moment_pace.time, "perf_counter", lambda: now[0])
    return now


def test_the_first_measurement_waits_for_nothing(clock):
    assert MomentPace(lambda: False).may_measure(is_newer=False)


def test_unwatched_a_hundredth_of_the_time_is_spent_on_measuring(clock):
    pace = MomentPace(lambda: False)
    pace.note(0.02, is_newer=True)
    clock[0] += 1.9
    assert not pace.may_measure(is_newer=True)
    clock[0] += 0.2
    assert pace.may_measure(is_newer=True)


@pytest.mark.parametrize(("took", "rest"), [(0.008, 0.4), (0.1, 2.0)])
def test_watched_a_newer_network_is_measured_after_a_short_rest_and_an_older_one_is_not(clock, took, rest):
    pace = MomentPace(lambda: True)
    pace.note(took, is_newer=True)
    clock[0] += rest - 0.01
    assert not pace.may_measure(is_newer=True)
    clock[0] += 0.02
    assert pace.may_measure(is_newer=True)
    assert not pace.may_measure(is_newer=False)


def test_a_glance_is_wanted_after_a_second_and_only_by_those_who_watch(clock):
    watched = [True]
    pace = MomentPace(lambda: watched[0])
    pace.note(0.004, is_newer=True)
    clock[0] += 0.9
    assert not pace.wants_glance()
    clock[0] += 0.2
    assert pace.wants_glance()
    watched[0] = False
    assert not pace.wants_glance()


def test_older_networks_that_are_measured_meanwhile_do_not_put_off_a_glance(clock):
    """The first moments are close together. While they were measured, the drawn network stood still for seconds."""
    pace = MomentPace(lambda: True)
    pace.note(0.004, is_newer=True)
    for _ in range(4):
        clock[0] += 0.3
        pace.note(0.004, is_newer=False)
    assert pace.wants_glance()
