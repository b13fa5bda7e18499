"""Every page opens without any run, names its data and reads digits without Keras in the server's process."""

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
        assert any("It reads" in answer.value for answer in app.header), "no digit was read"
    heavy = {"keras", "tensorflow", "jax"} & set(sys.modules)
    assert not heavy, f"{name} imports {heavy}"

import time
import numpy as np
from core.drawing.personal_digits import PersonalDigits
from core.runs.store import RunStore
from core.jobs.personalise import Personalisation
from pages.shared import visitor
visitor._secret = lambda: b"a pupil"
PersonalDigits(visitor.visitor()).add(np.full((28, 28), 9, np.uint8), 4)
teaching = Personalisation(visitor.visitor(), RunStore())
app.session_state["draw_way"], app.session_state["_inside_navigation"] = "hand", True
app.switch_page("pages/draw.py").run()
next(button for button in app.button if button.label == "Train a copy on them").click()
app.session_state["_inside_navigation"] = True
app.run()
assert not app.exception, app.exception
while "Training on" not in teaching.progress().message:
    assert teaching.progress().running, teaching.progress()
    time.sleep(0.05)
teaching.stop()
heavy = {"keras", "tensorflow", "jax"} & set(sys.modules)
assert not heavy, f"teaching imports {heavy}"
os._exit(0)  # do not wait for the thread that studies the training digits
"""

ALL_PARTS = """
import importlib, pkgutil, sys
import pages.parts, pages.shared
for package in (pages.parts, pages.shared):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
heavy = {"pandas", "pyarrow"} & set(sys.modules)
assert not heavy, f"pages import {heavy}"
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_cold_and_names_its_data(name: str, open_page: Callable[..., AppTest]):
    app = open_page(name)
    assert not app.exception
    assert len(app.title) == 1
    assert "MNIST" in " ".join(text.value for text in app.markdown)


def test_no_part_of_a_page_imports_pandas():
    """It takes 60 MB and 0.2 s. Streamlit imports it for `ttl="12h"`, which Train had."""
    subprocess.run([sys.executable, "-c", ALL_PARTS], cwd=ROOT, check=True, timeout=120)


@pytest.mark.slow
def test_pages_open_digits_are_read_and_personal_digits_are_trained_without_keras():
    # In a process of its own: other tests have Keras loaded already.
    subprocess.run([sys.executable, "-c", COLD, *NAMES], cwd=ROOT, check=True, timeout=120)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("explore", "split"),
        ("explore", "index"),
        ("explore", "view"),
        ("prepare", "index"),
        ("prepare", "step"),
        ("train", "units"),
        ("train", "recipe"),
        ("train", "run"),
        ("compare", "runs"),
        ("evaluate", "run"),
        ("evaluate", "split"),
        ("draw", "send"),
        ("draw", "run"),
    ],
)
def test_what_a_link_says_is_shown_as_words(name: str, asked: str, open_page: Callable[..., AppTest]):
    # As Markdown it would be a picture, which the browser fetches from a machine of the link's maker.
    app = open_page(name, **{asked: "![x](//a.b/c)"})
    shown = " ".join(element.value for element in (*app.warning, *app.error))
    assert shown
    assert "![x](//a.b/c)" not in shown
    assert not app.exception
