"""Fixtures and helpers that use the Draw page as a visitor does."""

import shutil

import pytest

from core.drawing.personal_digits import PersonalDigits
from pages.shared import visitor
from tests.app.page import rerun


@pytest.fixture
def who(monkeypatch):
    """`who("a pupil")` looks at the page from now on: a browser's secret and the visitor's id."""

    def who(secret: str) -> str:
        monkeypatch.setattr(visitor, "_secret", secret.encode)
        return visitor.visitor()

    return who


@pytest.fixture
def personal(home, who):
    yield PersonalDigits(who("a pupil"), home)
    shutil.rmtree(home / "hand", ignore_errors=True)


def path(*points, width=20):
    commands = [["M", *points[0]], *[["L", *point] for point in points[1:]]]
    return {"type": "Path", "path": commands, "strokeWidth": width}


SEVEN = path((60, 60), (220, 60), (120, 240))


def draw(app, *paths, key="draw"):
    """Puts strokes on the canvas as its component does when a pen is lifted."""
    app.session_state[f"{key}-state"] = {
        "mounted": 1,
        "initial": {"objects": list(paths)},
        "drawn": {"objects": list(paths)},
    }
    return rerun(app)


def shown(app) -> str:
    blocks = (*app.markdown, *app.header, *app.caption, *app.info, *app.warning, *app.success, *app.error)
    return " ".join(block.value for block in blocks)


def press(app, label: str):
    """Presses the button whose label begins so, and sees what the page then shows."""
    next(button for button in app.button if button.label.startswith(label)).click()
    return rerun(app)


def html(app) -> str:
    return " ".join(element.proto.body for element in app.main if element.type == "html") or " ".join(
        element.proto.body for element in app.get("html")
    )
