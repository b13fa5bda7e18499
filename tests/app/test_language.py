"""Every page renders plain English, with a finished run and without one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.frame import PAGES
from tests.plain_english import find


def rendered(node: Any) -> Iterator[str]:
    """The messages of all elements below a node, as the browser receives them."""
    proto = getattr(node, "proto", None)
    if proto is not None:
        yield str(proto).encode().decode("unicode_escape", "ignore")
    for child in getattr(node, "children", {}).values():
        yield from rendered(child)


@pytest.mark.parametrize("name", [page.name for page in PAGES])
def test_a_page_renders_plain_english(name: str, open_page: Callable[..., AppTest]):
    app = open_page(name)
    text = "\n".join(rendered(app._tree))
    assert len(text) > 500
    assert not find(text)


@pytest.mark.parametrize("name", ["compare", "evaluate", "draw", "train"])
def test_a_page_with_a_run_renders_plain_english(name: str, open_page: Callable[..., AppTest]):
    app = open_page(name, run="shipped")
    assert not find("\n".join(rendered(app._tree)))
