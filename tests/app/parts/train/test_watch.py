"""How often Train looks at a run. Where another machine trains it, a refresh takes nothing from the training."""

import socket
import time

import pytest

from core.config.run_config import RunConfig
from core.runs.events import BatchDone, Started
from core.runs.timeline import EventFile
from pages.parts.train import film, watch
from pages.shared import caches, static_assets
from tests.app.page import rerun
from tests.app.train_page import visit
from tests.made_moments import make_film
from tests.small_run import SMALL


@pytest.mark.parametrize(
    ("node", "seconds"),
    [
        ({}, watch.REFRESH_SECONDS),
        ({"node": socket.gethostname()}, watch.REFRESH_SECONDS),
        ({"node": "another-machine"}, watch.AWAY_REFRESH_SECONDS),
    ],
)
def test_a_run_on_another_machine_is_looked_at_more_often(store, node, seconds):
    run = store.create(SMALL)
    file = EventFile(run.events_path)
    file.append(Started(time.time(), "CPU", 1, 10, 0, 1, 3))
    file.append(BatchDone(1, 1, 1, 1.0, 1.0, 0.5, 100.0))
    lock = run.lock
    assert lock.acquire({"after": 0, **node})
    assert watch._refresh_every(run) == seconds
    lock.release()
    assert watch._refresh_every(run) is None


def test_what_is_drawn_while_a_run_trains_keeps_its_place_when_the_run_ends(store):
    """Streamlit hides what moves to another place until the page is complete: it vanished, and the page jumped."""
    run = make_film(store, RunConfig(units=4, epochs=1, seed=5), caches.data())
    lines = run.events_path.read_text("utf-8").splitlines(keepends=True)
    run.events_path.write_text("".join(line for line in lines if "RunEnded" not in line), "utf-8")
    lock = run.lock
    assert lock.acquire({"after": 0})
    page = visit(run=run.id)
    assert run.active
    while_training = places(page, run.id)
    assert len(while_training) == 3
    run.events_path.write_text("".join(lines), "utf-8")
    lock.release()
    rerun(page)
    assert not run.active
    assert while_training == places(page, run.id)


def places(page, run_id: str) -> dict[str, list[int]]:
    """Where charts, drawing, and digits are on the page: the place in each container around them."""
    found = {}

    def walk(block, path: list[int]) -> None:
        for place, child in block.children.items():
            name = getattr(child.proto, "id", "") or getattr(getattr(child.proto, "block", None), "id", "")
            for part in (f"network_{run_id}", "run_charts", "run_digits"):
                if part in str(name):
                    found[part] = [*path, place]
            if hasattr(child, "children"):
                walk(child, [*path, place])

    walk(page.main, [])
    return found


def test_the_scripts_of_the_drawing_are_fetched_before_a_run_starts():
    """Else the place of the network is empty in the first second of a run."""
    (fetcher,) = [each for each in visit().get("bidi_component") if "script_fetcher" in each.proto.id]
    for script in film.SCRIPTS:
        assert static_assets.script_address(script) in str(fetcher.proto)
