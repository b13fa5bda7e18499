"""Whether runs belong to the data set in use, and to one another."""

import pytest

from core.config.run_config import RunConfig
from core.runs.data_match import DataInUse, have_different_data, with_newest_data
from tests.made_runs import make

IN_USE = DataInUse("a" * 16, 10_000)


@pytest.fixture
def trained(store):
    """`trained("b")`: a run of this data set; without a letter, one that does not know."""

    def trained(data: str = ""):
        run = make(store, RunConfig(epochs=1))
        return store.write(run.id, data={"fingerprint": data * 16, "names": list("0123456789")}) if data else run

    return trained


def test_a_run_belongs_to_the_data_in_use_unless_it_is_known_that_it_does_not(trained):
    assert [IN_USE.has_trained(trained(data)) for data in ("a", "", "b")] == [True, True, False]


def test_two_runs_differ_only_if_both_data_sets_are_known(trained):
    assert have_different_data(trained("a"), trained("b"))
    assert not have_different_data(trained("a"), trained("a"))
    assert not have_different_data(trained("a"), trained())


def test_runs_of_the_newest_data_set_are_averaged_with_those_that_do_not_know(trained):
    old, unknown, new = trained("b"), trained(), trained("a")
    assert with_newest_data([old, unknown, new]) == [unknown, new]
    assert with_newest_data([unknown]) == [unknown]
    assert with_newest_data([]) == []
