"""A visitor is recognised by a cookie that no script can read, or by a login; a run does not give the cookie away."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from core.classroom import names, teacher
from core.classroom.settings import Settings
from core.config.run_config import RunConfig
from core.drawing.personal_digits import PersonalDigits
from core.runs.store import RunStore
from pages.shared import caches, login, server_settings, visitor

SECRET = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
CLAIMS = {"is_logged_in": True, "iss": "https://school.example", "sub": "17", "name": "Ada L.", "email": "ada@x.org"}


@pytest.fixture
def browser(monkeypatch, tmp_path) -> SimpleNamespace:
    """A browser with the cookies that a test puts there, and an empty home."""
    context = SimpleNamespace(cookies={visitor.visitor_cookie.NAME: SECRET}, headers={}, ip_address=None)
    browser = SimpleNamespace(context=context, session_state={})
    store = RunStore(tmp_path)
    monkeypatch.setattr(visitor, "st", browser)
    monkeypatch.setattr(caches, "store", lambda: store)
    monkeypatch.setattr(login, "user", dict)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    return browser


def settings(monkeypatch, **chosen) -> None:
    monkeypatch.setattr(server_settings, "settings", lambda: Settings(chosen))


def test_the_same_cookie_is_the_same_visitor_and_another_one_is_another(browser):
    me = visitor.visitor()
    browser.session_state.clear()
    assert visitor.visitor() == me
    browser.context.cookies = {visitor.visitor_cookie.NAME: OTHER}
    assert visitor.visitor() != me


def test_the_id_in_a_run_does_not_lead_to_the_cookie_on_another_server(browser, tmp_path_factory, monkeypatch):
    # A plain hash of 48 bits could be searched through: then a run.json would let anybody act as its starter.
    me = visitor.visitor()
    assert me not in hashlib.sha256(bytes.fromhex(SECRET)).hexdigest()
    other_store = RunStore(tmp_path_factory.mktemp("home"))
    monkeypatch.setattr(caches, "store", lambda: other_store)
    assert visitor.visitor() != me


def test_who_takes_no_cookies_is_one_visitor_for_the_session(browser):
    browser.context.cookies = {}
    me = visitor.visitor()
    assert visitor.visitor() == me
    browser.session_state.clear()
    assert visitor.visitor() != me


@pytest.mark.parametrize("forged", ["", "../..", "zz" * 16, "ab", "0123456789abcde'; alert(1)", "0" * 1000])
def test_a_cookie_that_is_none_of_ours_counts_for_nothing(browser, forged):
    browser.context.cookies = {}
    genuine = visitor.visitor()
    browser.context.cookies = {visitor.visitor_cookie.NAME: forged}
    assert visitor.visitor() == genuine
    assert PersonalDigits(genuine).folder.name == genuine


def test_what_the_same_browser_made_in_an_earlier_version_stays_its_own(browser):
    store, before = caches.store(), hashlib.sha256(bytes.fromhex(SECRET)).hexdigest()[:12]
    run, other = store.create(RunConfig(), starter=before), store.create(RunConfig(), starter="ddddeeeeffff")
    deleted = store.create(RunConfig(), starter=before)
    store.delete(deleted.id)
    PersonalDigits(before).add(np.full((28, 28), 9, np.uint8), 4)
    visitor.remember()
    me = visitor.visitor()
    assert store.get(run.id).starter == store.restore(deleted.id).starter == me
    assert store.get(other.id).starter == "ddddeeeeffff"
    assert len(PersonalDigits(me).all()) == 1


def test_the_key_makes_a_browser_the_teachers(browser):
    run = caches.store().create(RunConfig(), starter="ddddeeeeffff")
    assert not visitor.may_control(run)
    teacher.unlock(caches.store().home, visitor.visitor(), teacher.first_key(caches.store().home))
    assert visitor.is_teacher()
    assert visitor.may_control(run)
    browser.context.cookies = {visitor.visitor_cookie.NAME: OTHER}
    assert not visitor.is_teacher()


def test_a_visitor_has_a_name_or_a_pseudonym(browser):
    assert visitor.display_name() == names.pseudonym(visitor.visitor())
    names.give(caches.store().home, visitor.visitor(), "Bob")
    assert visitor.display_name() == "Bob"


def test_who_logs_in_is_the_same_visitor_on_every_computer_and_has_the_name_of_the_login(browser, monkeypatch):
    by_cookie = visitor.visitor()
    monkeypatch.setattr(login, "user", lambda: CLAIMS)
    me = visitor.visitor()
    visitor.remember()
    assert me != by_cookie
    assert visitor.display_name() == "Ada L."
    browser.context.cookies = {visitor.visitor_cookie.NAME: OTHER}
    assert visitor.visitor() == me
    monkeypatch.setattr(login, "user", lambda: {**CLAIMS, "sub": "18"})
    assert visitor.visitor() != me


@pytest.mark.parametrize(
    ("claims", "chosen", "expected"),
    [
        ({}, {}, False),
        ({"email_verified": True}, {"teacher_emails": ("ADA@x.org",)}, True),
        ({}, {"teacher_emails": ("ada@x.org",)}, False),  # anybody may write any address that nobody verified
        ({"email_verified": False}, {"teacher_emails": ("ada@x.org",)}, False),
        ({"email_verified": True}, {"teacher_emails": ("bob@x.org",)}, False),
        ({"role": "teacher"}, {"teacher_claim": "role", "teacher_claim_value": "teacher"}, True),
        ({"roles": ["pupil", "teacher"]}, {"teacher_claim": "roles", "teacher_claim_value": "teacher"}, True),
        ({"roles": "no teacher"}, {"teacher_claim": "roles", "teacher_claim_value": "teacher"}, False),
        ({"role": ""}, {"teacher_claim": "role"}, False),
        ({"role": "teacher"}, {"teacher_claim_value": "teacher"}, False),
    ],
)
def test_a_login_gives_the_teachers_role_by_address_or_claim(browser, monkeypatch, claims, chosen, expected):
    monkeypatch.setattr(login, "user", lambda: {**CLAIMS, **claims})
    settings(monkeypatch, **chosen)
    assert visitor.is_teacher() is expected


def test_the_network_address_is_that_of_the_connection_unless_the_settings_trust_a_header(browser, monkeypatch):
    browser.context.ip_address = "10.0.0.5"
    browser.context.headers = {"X-Forwarded-For": "1.2.3.4, 10.0.0.99"}
    settings(monkeypatch)
    assert visitor.address() == "10.0.0.5"
    settings(monkeypatch, address_header="X-Forwarded-For")
    assert visitor.address() == "10.0.0.99", "the proxy adds the last one; the browser may have sent the others"
    browser.context.headers = {}
    assert visitor.address() == ""
