"""Every page opens cold, names its data and reads digits without Keras in the server's process."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.frame import PAGES
from tests.conftest import ROOT

NAMES = [page.name for page in PAGES]

COLD = """
import os, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
app.query_params["run"] = "shipped"
for name in sys.argv[1:]:
    app.query_params["send"] = "test:3"  # Draw reads it
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception, (name, app.exception)
    if name == "draw":
        assert any("0" in answer.value for answer in app.subheader), "no digit was read"
    heavy = {"keras", "tensorflow", "jax"} & set(sys.modules)
    assert not heavy, f"{name} imports {heavy}"
os._exit(0)  # the training digits, learnt beside the page, are not waited for
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_cold_and_names_its_data(name: str, open_page: Callable[..., AppTest]):
    app = open_page(name)
    assert not app.exception
    assert len(app.title) == 1
    assert "MNIST" in " ".join(text.value for text in app.markdown)


def test_pages_open_and_digits_are_read_without_keras():
    # In a process of its own: other tests have Keras loaded already.
    subprocess.run([sys.executable, "-c", COLD, *NAMES], cwd=ROOT, check=True, timeout=120)
