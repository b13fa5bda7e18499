"""Helpers that use the Train page as a visitor does."""

from streamlit.testing.v1 import AppTest

from tests.app.page import rerun
from tests.conftest import ROOT


def visit(**query: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
    for name, value in query.items():
        page.query_params[name] = value
    page.switch_page("pages/train.py").run()
    assert not page.exception, page.exception
    return page


def unfold(page: AppTest, key: str) -> AppTest:
    """Opens a box that is closed at first."""
    page.session_state[key] = True
    return rerun(page)


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [button for button in page.button if button.label == label]
    assert not button.disabled, f"{label} cannot be pressed"
    button.click()
    return rerun(page)


def labels(page: AppTest) -> set[str]:
    return {button.label for button in page.button}


def words(page: AppTest) -> str:
    kinds = (page.markdown, page.info, page.warning, page.error, page.success, page.caption)
    return " ".join(str(each.value) for kind in kinds for each in kind)


def html(page: AppTest) -> str:
    return " ".join(each.proto.body for each in page.get("html"))


def slider(page, label):
    return next(each for each in [*page.slider, *page.select_slider] if each.label == label)
