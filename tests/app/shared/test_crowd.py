"""The more visitors, the less often pages refresh."""

from pages.shared.crowd import UNHURRIED, Crowd


def test_a_few_visitors_change_nothing_and_a_class_stretches_the_time():
    now = [0.0]
    crowd = Crowd(lambda: now[0])
    for number in range(UNHURRIED):
        crowd.note(str(number))
        crowd.note(str(number))
    assert crowd.size() == UNHURRIED
    assert crowd.stretched(1.0) == 1.0
    for number in range(3 * UNHURRIED):
        crowd.note(str(number))
    assert crowd.stretched(1.0) == 3.0
    now[0] += 60
    crowd.note("0")
    assert crowd.size() == 1
    assert crowd.stretched(0.5) == 0.5
