"""Every fragment shows an error that the visitor can solve as a sentence, and nothing else is hidden."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT

modules = sorted(path.relative_to(ROOT) for path in [*(ROOT / "pages").rglob("*.py"), ROOT / "streamlit_app.py"])
GUARDED = Path("pages/shared/fragments.py")  # the one place that may use Streamlit's own


def bare_fragments(module: Path) -> list[int]:
    """The lines of a module that use `st.fragment`, as a decorator or a call, or import it."""
    nodes = ast.walk(ast.parse((ROOT / module).read_text("utf-8")))
    return [
        node.lineno
        for node in nodes
        if (isinstance(node, ast.Attribute) and node.attr == "fragment")
        or (isinstance(node, ast.ImportFrom) and any(alias.name == "fragment" for alias in node.names))
    ]


@pytest.mark.parametrize("module", [module for module in modules if module != GUARDED], ids=str)
def test_every_fragment_is_a_guarded_one(module: Path):
    assert not bare_fragments(module), f"{module}: use `guarded_fragment` from pages/shared/fragments.py"


def test_the_walk_finds_a_bare_fragment():
    assert bare_fragments(GUARDED)


def page(message: str) -> None:
    """A page with two fragments, of which the first raises."""
    import streamlit as st

    from core.errors import RunError
    from pages.shared.fragments import guarded_fragment

    @guarded_fragment()
    def broken() -> None:
        raise RunError(message, received="a run") if message else KeyError("a defect")

    @guarded_fragment()
    def sound() -> None:
        st.markdown("sound")

    broken()
    sound()


def test_an_error_inside_a_fragment_is_one_sentence_and_the_rest_of_the_page_is_there():
    app = AppTest.from_function(page, args=("Choose another run.",)).run()
    assert not app.exception
    assert [error.value for error in app.error] == ["Choose another run."]
    assert app.markdown[0].value == "sound"


def test_a_defect_inside_a_fragment_stays_visible():
    assert AppTest.from_function(page, args=("",)).run().exception
