"""Groups of runs: by the value of a knob, and by experiment."""

from core.config.run_config import RunConfig
from core.evaluation import grouping
from tests.unit.evaluation.rows import ELSEWHERE, HERE, personalised, rate_changed, row


def test_groups_follow_the_values_of_the_knob_and_say_how_good_they_are(store, summaries):
    rows = [row(store, summaries, RunConfig(units=units), level=level)
            for units, level in ((256, 0.98), (64, 0.96), (64, 0.97))]  # fmt: skip
    groups = grouping.group_by_knob(rows, "units")
    assert [(group.value, len(group.rows)) for group in groups] == [(64, 2), (256, 1)]
    assert groups[0].title == "Units 64 · 2 runs · best validation 96.50% ± 0.71, highest 97.00%"


def test_a_group_says_what_else_differs_within_it(store, summaries):
    configs = [RunConfig(units=64, epochs=2), RunConfig(units=64, optimizer="sgd", seed=2), RunConfig(units=128)]
    groups = grouping.group_by_knob([row(store, summaries, config) for config in configs], "units")
    assert groups[0].title.endswith(" · these also differ in optimiser, epochs, seed")
    assert "differ" not in groups[1].title


def test_a_run_on_which_the_knob_has_no_effect_is_in_no_group_of_its_values(store, summaries):
    # "Dropout 0" held a convolutional network.
    plain, convolutional = row(store, summaries), row(store, summaries, RunConfig(network="conv8x3-pool2-dense64"))
    groups = grouping.group_by_knob([plain, convolutional], "dropout")
    assert [(group.value, group.rows) for group in groups] == [(0.0, [plain]), (None, [convolutional])]
    assert "Dropout has no effect" in groups[1].title


def test_seeds_of_one_config_are_one_experiment(store, summaries):
    rows = [row(store, summaries, RunConfig(units=units, seed=seed)) for units in (64, 128) for seed in (1, 2, 3)]
    assert [len(group) for group in grouping.group_by_experiment(rows)] == [3, 3]


def test_seeds_of_two_data_sets_are_two_experiments(store, summaries):
    rows = [row(store, summaries, RunConfig(seed=seed), data) for data in (HERE, ELSEWHERE) for seed in (1, 2, 3)]
    assert [len(group) for group in grouping.group_by_experiment(rows)] == [3, 3]
    (group,) = grouping.group_by_knob(rows, "units")
    assert group.title.endswith(" · these also differ in data set, seed")


def test_only_what_repeats_an_experiment_counts_as_one_of_its_seeds(store, summaries):
    seeds = [row(store, summaries, RunConfig(seed=seed)) for seed in (1, 2, 3)]
    others = [
        rate_changed(store, summaries, RunConfig(seed=4)),
        personalised(store, summaries, RunConfig(seed=5)),
        row(store, summaries, RunConfig(seed=6), outcome="stopped"),  # would end the band where it was stopped
        row(store, summaries, RunConfig(seed=1)),  # the same curve once more would narrow the band
    ]
    found = grouping.group_by_experiment([*others[:3], *seeds, others[3]])
    assert found == [*([each] for each in others[:3]), seeds, [others[3]]]
