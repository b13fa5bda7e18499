"""A visitor is recognised by a cookie of their own, or by what stays the same in Streamlit's, which it writes again."""

from types import SimpleNamespace

import pytest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from core.drawing.personal_digits import PersonalDigits
from pages.shared import visitor
from pages.shared.visitor import token


@pytest.fixture
def browser(monkeypatch) -> SimpleNamespace:
    """A browser with the cookies that a test puts there."""
    browser = SimpleNamespace(context=SimpleNamespace(cookies={}), session_state={})
    monkeypatch.setattr(visitor, "st", browser)
    return browser


def kept_by_script() -> dict[str, str]:
    """The cookie that the page's script has the browser keep."""
    assignment = visitor.script().split("'")[1].split(";")[0]
    return dict([assignment.split("=")])


def test_a_cookie_written_again_is_the_same_visitor():
    first, second = (generate_xsrf_token_string(b"0123456789abcdef", time) for time in (1, 2))
    assert first != second
    assert token(first) == token(second) == b"0123456789abcdef"


def test_another_browser_is_another_visitor():
    assert token(generate_xsrf_token_string()) != token(generate_xsrf_token_string())


def test_a_cookie_of_another_form_still_identifies_a_visitor():
    assert token("anything") == b"anything"


@pytest.mark.parametrize("cookies", [{"_streamlit_xsrf": generate_xsrf_token_string()}, {}])
def test_a_browser_that_was_closed_is_the_same_visitor_the_next_day(browser, cookies):
    browser.context.cookies = cookies
    before, kept = visitor.visitor(), kept_by_script()
    browser.session_state.clear()
    browser.context.cookies = kept | {"_streamlit_xsrf": generate_xsrf_token_string()}
    assert visitor.visitor() == before
    assert kept_by_script() == kept


@pytest.mark.parametrize("forged", ["", "../..", "zz" * 16, "ab", "0123456789abcde'; alert(1)"])
def test_a_cookie_that_is_none_of_ours_counts_for_nothing(browser, forged):
    streamlits = {"_streamlit_xsrf": generate_xsrf_token_string(b"0123456789abcdef", 1)}
    browser.context.cookies = streamlits
    genuine = visitor.visitor()
    browser.context.cookies = streamlits | {"digit_lab_visitor": forged}
    assert visitor.visitor() == genuine
    assert PersonalDigits(genuine).folder.name == genuine
