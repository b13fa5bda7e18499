"""A visitor is recognised by what stays the same in a cookie that Streamlit writes anew each time."""

from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from pages.shared.visitor import token


def test_a_cookie_written_anew_is_the_same_visitor():
    first, second = (generate_xsrf_token_string(b"0123456789abcdef", time) for time in (1, 2))
    assert first != second
    assert token(first) == token(second) == b"0123456789abcdef"


def test_another_browser_is_another_visitor():
    assert token(generate_xsrf_token_string()) != token(generate_xsrf_token_string())


def test_a_cookie_of_another_form_still_tells_visitors_apart():
    assert token("anything") == b"anything"
