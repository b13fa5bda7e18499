"""How often browsers may send ink: one of them often, thirty of them seldom, so that the server has time for others."""

import pytest

from pages.parts.draw.rate_limit import LONGEST, MAX_LOAD, OVERHEAD, SHORTEST, RateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_message_that_comes_too_soon_is_skipped():
    clock = Clock()
    limit = RateLimit(clock)
    assert limit.admits("a")
    clock.now += SHORTEST / 4
    assert not limit.admits("a")
    assert limit.admits("b"), "another browser is not held back"
    clock.now += SHORTEST
    assert limit.admits("a")


def test_one_browser_on_a_quick_server_may_send_at_the_shortest_interval():
    limit = RateLimit(Clock())
    limit.admits("a")
    assert limit.interval() == SHORTEST


def test_thirty_browsers_get_a_longer_interval_and_the_load_keeps_its_limit():
    clock = Clock()
    limit = RateLimit(clock)
    for number in range(30):
        limit.admits(str(number))
    assert limit.interval() == pytest.approx(30 * OVERHEAD / MAX_LOAD)
    clock.now += 60
    assert limit.interval() == SHORTEST, "they have left"


def test_slow_updates_lengthen_the_interval_up_to_its_limit():
    limit = RateLimit(Clock())
    limit.admits("a")
    for _ in range(100):
        limit.took(0.1)
    assert 0.2 < limit.interval() < 0.25
    for _ in range(100):
        limit.took(60)
    assert limit.interval() == LONGEST


@pytest.mark.parametrize("patient", [True, False], ids=["clients that wait", "clients that do not wait"])
def test_thirty_people_who_draw_at_once_take_at_most_half_a_core(patient):
    clock, cost = Clock(), 0.02  # seconds of an update, with Streamlit's part
    limit = RateLimit(clock)
    due = {str(number): clock.now + number / 1000 for number in range(30)}
    spent = served = 0.0
    while clock.now < 160:  # a minute
        who = min(due, key=due.get)
        clock.now = max(clock.now, due[who])
        if limit.admits(who):
            clock.now += cost
            limit.took(cost - OVERHEAD)
            if clock.now > 110:  # after ten seconds all of them are known
                spent, served = spent + cost, served + 1
        due[who] = clock.now + (limit.interval() if patient else SHORTEST)
    most = MAX_LOAD if patient else 2 * MAX_LOAD  # ink that comes too soon is skipped from half of the interval on
    assert spent / (clock.now - 110) <= 1.1 * most
    assert served / 30 / (clock.now - 110) > 0.4, "each of them still sees the bars move"
