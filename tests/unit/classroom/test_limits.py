"""What each limit refuses, and the sentence that says so: the limit, who set it, and what to do."""

import pytest

from core.classroom.limits import Limits, Waiting
from core.classroom.settings import Settings
from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import LimitError

PUPIL, TEACHER = Visitor("aaaabbbbcccc", "10.0.0.5"), Visitor("ddddeeeeffff", is_teacher=True)


def limits(**chosen) -> Limits:
    return Limits(Settings(chosen, shared=True))


@pytest.mark.parametrize(
    ("chosen", "check", "sentence"),
    [
        ({"units": 64}, lambda it: it.check_config(RunConfig(units=65)),
         "Units may be at most 64 on this server (set by your teacher). Choose a smaller value."),
        ({"units": 64}, lambda it: it.check_config(RunConfig(network="dense32-dense65")), "Units may be at most 64"),
        ({"hidden_layers": 1}, lambda it: it.check_config(RunConfig(network="dense9-dense9")), "Hidden layers may be"),
        ({"epochs": 5}, lambda it: it.check_config(RunConfig(epochs=6)), "Epochs may be at most 5"),
        ({"train_images": 5000}, lambda it: it.check_config(RunConfig()), "Training images may be at most 5,000"),
        ({}, lambda it: it.check_config(RunConfig(units=4096, hidden_layers=3)),
         "This network has 36,818,954 parameters. At most 5,000,000 are allowed (the default of this server). "
         "Choose fewer units or layers."),
        ({}, lambda it: it.check_seconds(1201),
         "This run would take about 20 min. At most 20 min are allowed (the default of this server). "
         "Choose fewer epochs or images, or a smaller network."),
        ({"longest_seconds": 60}, lambda it: it.check_seconds(90), "At most 1 min are allowed (set by your teacher)"),
        ({}, lambda it: it.check_waiting(Waiting(10, 10, 10)),
         "You have 10 runs waiting. At most 10 of one visitor may wait (the default of this server). "
         "Wait until some have trained, or remove some from the queue."),
        ({}, lambda it: it.check_waiting(Waiting(0, 40, 40)), "40 runs from your network address are waiting."),
        ({}, lambda it: it.check_waiting(Waiting(0, 0, 200)), "200 runs are waiting on this server. At most 200"),
        ({}, lambda it: it.check_waiting(Waiting(0, 0, 0), 11), "You asked for 11 runs."),
        ({"sweeps": "teacher"}, lambda it: it.check_sweep(PUPIL),
         "Only the teacher may start sweeps (set by your teacher). Train single runs on Train."),
        ({"sweeps": "nobody"}, lambda it: it.check_sweep(TEACHER), "Nobody may start sweeps on this server"),
        ({}, lambda it: it.check_searches(3), "At most 3 searches may run at the same time (the default"),
        ({"runs_gigabytes": 2}, lambda it: it.check_disk(1_900_000_000, 110_000_000),
         "The runs on this server take 1.9 GB, and this needs about 0.1 GB more. At most 2 GB are allowed (set by "
         "your teacher). Delete runs on Compare, and then empty the trash there: the trash counts too."),
        ({"picture_megabytes": 2}, lambda it: it.check_picture(2_200_000), "This picture has 2.2 MB. At most 2 MB are"),
        ({"digits_per_visitor": 3}, lambda it: it.check_digits(3, 3), "My hand holds at most 3 digits (set by"),
        ({"digits_in_all": 9}, lambda it: it.check_digits(0, 8, 2), "All visitors together may keep 9 digits (set by"),
    ],
)  # fmt: skip
def test_what_is_refused_says_the_limit_and_who_set_it(chosen, check, sentence):
    with pytest.raises(LimitError) as refusal:
        check(limits(**chosen))
    assert sentence in refusal.value.sentence


def test_what_reaches_a_limit_exactly_is_allowed():
    found = limits(units=64, epochs=5, digits_per_visitor=3, runs_gigabytes=2)
    found.check_config(RunConfig(units=64, epochs=5))
    found.check_seconds(1200)
    found.check_waiting(Waiting(9, 39, 199))
    found.check_searches(2)
    found.check_disk(1_900_000_000, 100_000_000)
    found.check_picture(10_000_000)
    found.check_digits(2, 2)
    found.check_sweep(PUPIL)
    limits(sweeps="teacher").check_sweep(TEACHER)


def test_a_person_alone_has_no_limits():
    found = Limits(Settings({}, shared=False))
    found.check_config(RunConfig(units=4096, hidden_layers=8, epochs=500))
    found.check_seconds(1e6)
    found.check_waiting(Waiting(5000, 5000, 5000), 200)
    found.check_disk(10**13, 10**13)
    found.check_searches(50)
