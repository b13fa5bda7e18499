"""The scheduler checks every request of a visitor; the command line has no limits."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from core.classroom.settings import Settings
from core.classroom.visitors import Visitor
from core.config.run_config import RunConfig
from core.errors import LimitError
from core.jobs.admission import Rules, expected_bytes
from core.jobs.scheduler import Scheduler
from core.jobs.sweep_axes import extreme_configs, read_axis
from core.runs.events import FINISHED, RunEnded, to_line
from core.runs.store import RunStore
from tests.no_place import NoPlace

ADA, BOB = Visitor("aaaabbbbcccc", "10.0.0.5"), Visitor("ddddeeeeffff", "10.0.0.5")
TEACHER = Visitor("000011112222", is_teacher=True)
SMALL = RunConfig(units=4, epochs=1)


@pytest.fixture
def limited(tmp_path):
    """`limited(waiting_per_visitor=2)`: a scheduler with these settings, on a server that others can reach."""
    made = []

    def limited(**chosen) -> Scheduler:
        rules = Rules(lambda: Settings(chosen, shared=True), lambda: 60_000)
        made.append(Scheduler(RunStore(tmp_path), NoPlace(), rules=rules))
        return made[-1]

    yield limited
    for jobs in made:
        jobs.close()


def test_a_visitor_has_so_many_waiting_runs_and_then_a_sentence(limited):
    jobs = limited(waiting_per_visitor=2)
    runs = [jobs.submit(SMALL, visitor=ADA) for _ in range(2)]
    with pytest.raises(LimitError, match=r"You have 2 runs waiting\. At most 2"):
        jobs.submit(SMALL, visitor=ADA)
    jobs.submit(SMALL, visitor=BOB)
    jobs.stop(runs[0].id, visitor=ADA)
    jobs.submit(SMALL, visitor=ADA)
    with pytest.raises(LimitError, match="You have 2 runs"):
        jobs.put_back(runs[0], visitor=ADA)  # else to remove and to put back would be a way around the limit
    assert {run.starter for run in jobs.queue()} == {ADA.id, BOB.id}


def test_clicks_at_the_same_moment_do_not_pass_the_limit_together(limited):
    servers = [limited(waiting_per_visitor=3) for _ in range(2)]  # on one home
    jobs = servers[0]

    def click(number: int) -> None:
        with suppress(LimitError):
            servers[number % 2].submit(SMALL, visitor=ADA)

    with ThreadPoolExecutor(8) as browsers:
        list(browsers.map(click, range(16)))
    assert len(jobs.queue()) == 3


def test_forged_cookies_are_bounded_by_their_network_address(limited):
    jobs = limited(waiting_per_address=4)
    forged = [Visitor(f"{number:012x}", "10.0.0.5") for number in range(15)]
    for visitor in forged[:4]:
        jobs.submit(SMALL, visitor=visitor)
    with pytest.raises(LimitError, match="4 runs from your network address are waiting"):
        jobs.submit(SMALL, visitor=forged[4])
    jobs.submit(SMALL, visitor=Visitor("aaaabbbbcccc", "10.0.0.6"))
    jobs.submit(SMALL, visitor=Visitor("aaaabbbbcccc", ""))  # of this machine


def test_all_visitors_together_have_a_limit(limited):
    jobs = limited(waiting_in_all=2)
    jobs.submit(SMALL, visitor=ADA)
    jobs.submit(SMALL)
    with pytest.raises(LimitError, match="2 runs are waiting on this server"):
        jobs.submit(SMALL, visitor=BOB)


@pytest.mark.parametrize("visitor", [None, TEACHER])
def test_the_command_line_and_the_teacher_have_no_limits_on_runs(limited, visitor):
    jobs = limited(waiting_per_visitor=1, waiting_in_all=1, units=8, parameters=10, longest_seconds=1)
    for _ in range(2):
        jobs.submit(RunConfig(units=512), visitor=visitor)
    assert len(jobs.queue()) == 2


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (RunConfig(units=512), "Units may be at most 256"),
        (RunConfig(epochs=500, units=256, hidden_layers=8), "This run would take about"),
        (RunConfig(network="dense256-dense256-dense256-dense256"), "parameters. At most 300,000"),
    ],
)
def test_a_run_that_is_too_large_is_not_created(limited, config, sentence):
    jobs = limited(units=256, longest_seconds=100, parameters=0 if config.epochs == 500 else 300_000)
    with pytest.raises(LimitError, match=sentence):
        jobs.submit(config, visitor=ADA)
    assert not jobs.queue()


def test_a_sweep_is_refused_as_a_whole(limited):
    jobs = limited(waiting_per_visitor=3)
    runs = [(SMALL.changed(seed=seed), {"sweep": "s"}) for seed in range(4)]
    with pytest.raises(LimitError, match="You asked for 4 runs"):
        jobs.submit_all(runs, visitor=ADA)
    assert not jobs.queue()
    assert len(jobs.submit_all(runs[:3], visitor=ADA)) == 3


def test_only_the_teacher_sweeps_where_the_teacher_says_so(limited):
    jobs = limited(sweeps="teacher")
    for ask in (lambda who: jobs.check_sweep([SMALL], who), lambda who: jobs.check_sweep([SMALL], who, trials=20),
                lambda who: jobs.submit(SMALL, sweep="s", visitor=who)):  # fmt: skip
        with pytest.raises(LimitError, match="Only the teacher may start sweeps"):
            ask(ADA)
        ask(TEACHER)


def test_a_search_is_checked_at_the_ends_of_its_ranges(limited):
    jobs = limited(units=128)
    axes = (read_axis("units", "16-256"), read_axis("optimizer", "adam, sgd"))
    configs = extreme_configs(SMALL, axes)
    assert {(config.units, config.optimizer) for config in configs} == {
        (16, "adam"), (16, "sgd"), (256, "adam"), (256, "sgd"),
    }  # fmt: skip
    with pytest.raises(LimitError, match="Units may be at most 128"):
        jobs.check_sweep(configs, ADA, trials=20)


def test_more_epochs_and_a_resume_have_the_same_limits(limited):
    jobs = limited(epochs=5, waiting_per_visitor=1)
    run = jobs.submit(SMALL, visitor=ADA)
    jobs.stop(run.id, visitor=ADA)
    jobs.store.restore(run.id)
    run.queued_path.unlink()  # as one that was interrupted
    jobs.submit(SMALL, visitor=ADA)
    with pytest.raises(LimitError, match="You have 1 run waiting"):
        jobs.resume(run.id, visitor=ADA)
    assert run.state == "interrupted"


def test_a_full_allowance_of_disk_refuses_runs_and_names_the_trash(limited):
    jobs = limited(runs_gigabytes=1)
    with pytest.raises(LimitError, match=r"At most 1 GB are allowed .set by your teacher.*empty the trash"):
        jobs.submit(RunConfig(units=4096, hidden_layers=3, epochs=100), visitor=TEACHER)
    with pytest.raises(LimitError, match="1 GB"):
        jobs.check_disk(1_000_000_001)
    jobs.check_disk(900_000_000)
    assert expected_bytes(RunConfig(epochs=100)) == expected_bytes(RunConfig(epochs=50)), "a run keeps 50 epochs"


def test_the_oldest_run_makes_room_only_where_that_is_switched_on(limited, monkeypatch):
    cautious, tidy = limited(runs_gigabytes=1), limited(runs_gigabytes=1, delete_oldest=True)
    old = cautious.store.create(SMALL)
    old.events_path.write_text(to_line(RunEnded(FINISHED, "", 5.0, 0)))
    monkeypatch.setattr("core.classroom.disk._size", lambda folder: 600_000_000)
    monkeypatch.setattr("core.classroom.disk._FRESH_SECONDS", 0.0)
    with pytest.raises(LimitError):
        cautious.check_disk(500_000_000)
    with pytest.raises(LimitError):
        tidy.check_disk(1_000_000_001)  # this would not fit into an empty folder either, so nothing is deleted for it
    assert cautious.store.get(old.id)
    tidy.check_disk(500_000_000)
    assert not [run for run in cautious.store.runs() if not run.shipped]


def test_a_scheduler_without_rules_has_no_limits(tmp_path):
    jobs = Scheduler(RunStore(tmp_path), NoPlace())
    for _ in range(12):
        jobs.submit(SMALL, visitor=ADA)
    assert len(jobs.queue()) == 12
    jobs.close()
