"""This server: limits in words, a name for the class, and what the teacher may do after unlocking."""

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classroom import names, settings, teacher
from core.config.run_config import RunConfig
from core.drawing.personal_digits import PersonalDigits, counts
from core.jobs.scheduler import Scheduler
from core.program import project_version
from core.runs.store import RunStore
from pages.parts.server import people
from pages.shared import caches, login, server_settings
from tests.app.train_page import labels, press, words
from tests.no_place import NoPlace


@pytest.fixture
def store(home_store: RunStore) -> Iterator[RunStore]:
    """The store of the dashboard under test, without settings, names and a key."""
    yield home_store
    for name in ("classroom", "hand"):
        shutil.rmtree(home_store.home / name, ignore_errors=True)
    (home_store.home / "server.toml").unlink(missing_ok=True)


def fill(page: AppTest, label: str, text: str) -> None:
    next(box for box in [*page.text_input, *page.text_area] if box.label == label).input(text)


def unlocked(open_page, store: RunStore) -> AppTest:
    """The page after the teacher has entered the key."""
    key = teacher.first_key(store.home)
    page = open_page("server")
    fill(page, "Teacher's key", key)
    page = press(page, "Unlock")
    assert "teacher's role" in words(page)
    return page


def figures(page: AppTest) -> str:
    return next(each.proto.body for each in page.get("html") if 'class="server"' in each.proto.body)


def test_everybody_sees_limits_version_and_queue_but_no_settings(open_page, store):
    page = open_page("server")
    assert not page.exception
    assert "Only this computer can open this server" in words(page)
    assert "| Waiting runs of one visitor | no limit | default |" in words(page)
    assert project_version() in figures(page)
    assert "GB free" in figures(page)
    assert {"Save the name", "Unlock"} <= labels(page)
    assert not {"Save settings", "Stop them"} & labels(page)


def test_a_server_that_others_reach_shows_what_protects_it(open_page, store, monkeypatch):
    monkeypatch.setattr(server_settings, "is_shared", lambda: True)
    settings.change(store.home, {"units": 64, "sweeps": "teacher"})
    text = words(open_page("server"))
    assert "| Waiting runs of one visitor | 10 | default |" in text
    assert "| Longest forecast of a run | 20 min | default |" in text
    assert "| Who may sweep | only the teacher | the teacher |" in text
    assert "| Units | 64 | the teacher |" in text


def test_a_visitor_gives_a_name_which_is_shown_as_text(open_page, store):
    page = open_page("server")
    assert "In the class you are" in words(page)
    fill(page, "Your name for the class", "Ada <b> ![x](//a.b/c)")
    page = press(page, "Save the name")
    assert set(names.all_names(store.home).values()) == {"Ada <b> ![x](//a.b/c)"}
    assert "![x](//a.b/c)" not in words(page)
    assert r"Ada \<b\>" in words(page)


def test_a_wrong_key_unlocks_nothing(open_page, store):
    teacher.first_key(store.home)
    page = open_page("server")
    fill(page, "Teacher's key", "AAAA-AAAA-AAAA-AAAA")
    page = press(page, "Unlock")
    assert "This is not the teacher's key." in words(page)
    assert "Save settings" not in labels(page)


def test_the_teacher_changes_a_setting_and_sees_what_was_wrong_in_the_file(open_page, store):
    (store.home / "server.toml").write_text("[knobs]\nunits = 5000\n")
    page = unlocked(open_page, store)
    assert "units must be a whole number from 0 to 4,096" in words(page)
    next(box for box in page.number_input if box.label == "Waiting runs of one visitor").set_value(3)
    fill(page, "Teachers' e-mail addresses", "ada@x.org\n bob@x.org\n")
    page = press(page, "Save settings")
    assert "Saved. The settings count at once." in words(page)
    found = settings.read(store.home, shared=False)
    assert found.chosen == {"waiting_per_visitor": 3, "teacher_emails": ("ada@x.org", "bob@x.org")}
    assert "| Waiting runs of one visitor | 3 | the teacher |" in words(page)
    page = press(page, "Set all to default")
    assert not settings.read(store.home, shared=False).chosen


def test_who_lost_the_role_cannot_save_on_a_page_that_was_drawn_before(open_page, store):
    page = unlocked(open_page, store)
    teacher.replace_key(store.home)
    page = press(page, "Save settings")
    assert not settings.read(store.home, shared=False).chosen
    assert "Save settings" not in labels(page)


def test_the_teacher_gives_the_role_back(open_page, store):
    page = press(unlocked(open_page, store), "Give the role back")
    assert "Save settings" not in labels(page)


def test_the_teacher_stops_all_runs_empties_the_trash_and_clears_drawings(open_page, store, monkeypatch):
    jobs = Scheduler(store, NoPlace())
    monkeypatch.setattr(caches, "jobs", lambda: jobs)
    PersonalDigits("ddddeeeeffff", store.home).add(np.full((28, 28), 9, np.uint8), 4)
    deleted = store.create(RunConfig(), starter="ddddeeeeffff")
    store.delete(deleted.id)
    store.create(RunConfig(epochs=500), queued=True, starter="ddddeeeeffff")
    page = unlocked(open_page, store)
    page = press(page, "Stop them")
    assert not store.active()
    page = press(page, next(label for label in labels(page) if label.startswith("Empty the trash of all")))
    assert not list(store.trash.iterdir())
    page = press(page, "Delete them for good")
    assert not counts(store.home)
    jobs.close()


def test_the_waiting_runs_leave_the_queue_before_those_that_train_stop(open_page, store, monkeypatch):
    """Otherwise the device goes to the next of them, which trains for a moment."""
    jobs, stopped = Scheduler(store, NoPlace()), []
    monkeypatch.setattr(caches, "jobs", lambda: jobs)
    monkeypatch.setattr(jobs, "stop", lambda run, **asked: stopped.append(run))
    training, *waiting = [store.create(RunConfig(seed=seed), queued=seed > 1) for seed in (1, 2, 3)]
    assert training.lock.acquire({"after": 0})
    press(unlocked(open_page, store), "Stop them")
    assert {*stopped[:2]} == {run.id for run in waiting}
    assert stopped[2:] == [training.id]
    training.lock.release()
    jobs.close()


def test_a_login_gives_name_and_role_and_offers_to_log_out(open_page, store, monkeypatch):
    claims = {"is_logged_in": True, "iss": "https://x.org", "sub": "1", "name": "Ada *L.*", "role": "teacher"}
    monkeypatch.setattr(login, "user", lambda: claims)
    settings.change(store.home, {"teacher_claim": "role", "teacher_claim_value": "teacher"})
    page = open_page("server")
    assert r"In the class you are **Ada \*L.\***" in words(page)
    assert "Your login has the **teacher's role**" in words(page)
    assert {"Log out", "Save settings"} <= labels(page)
    assert "Unlock" not in labels(page)
    assert "Save the name" not in labels(page)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"client_id": "x", "redirect_uri": "y"}, [""]),
        ({"redirect_uri": "y", "google": {"client_id": "x"}, "school": {"client_id": "z"}}, ["google", "school"]),
        ({"client_kwargs": {"scope": "openid"}}, []),
    ],
)
def test_there_is_a_button_for_each_provider_of_the_login(section, expected):
    assert people.providers(section) == expected


def test_without_authlib_the_page_says_what_to_install(open_page, store, monkeypatch):
    monkeypatch.setattr(people, "get_secrets_auth_section", lambda: {"client_id": "x"})
    monkeypatch.setattr(login, "is_configured", lambda: False)
    assert "pip install 'digit-lab[login]'" in words(open_page("server"))
