"""What tests do on any page of the dashboard."""

from streamlit.testing.v1 import AppTest


def rerun(app: AppTest, done: object = None) -> AppTest:
    """Runs the page once more where it is, after something was `done` on it. No exception may be shown.

    AppTest runs the page's file alone, which would bounce and lose clicks.
    """
    app.session_state["_inside_navigation"] = True
    app.run()
    assert not app.exception, app.exception
    return app


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)
