"""The selection box for runs: its labels may change while it is on screen."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st

    from pages.shared.stable_selectbox import picked, picker

    def note() -> None:
        st.session_state.noted = picked("run")

    names = st.session_state.get("names", {"old": "old, 97%", "new": "new, training"})
    st.text(picker("Run", names, key="run", first=st.session_state.get("first"), on_change=note))


def _drawn(**state: object) -> AppTest:
    app = AppTest.from_function(_page)
    for key, value in state.items():
        app.session_state[key] = value
    return app.run()


def test_a_choice_stays_when_its_label_changes():
    app = _drawn()
    app.selectbox[0].set_value("new").run()
    app.session_state["names"] = {"old": "old, 97%", "new": "new, 98%"}
    app.run()
    assert not app.exception
    assert app.text[0].value == app.session_state["noted"] == "new"
    assert app.run().text[0].value == "new"


def test_an_old_label_still_means_what_it_meant():
    """As a browser sends it whose list was drawn before the run ended."""
    app = _drawn()
    app.session_state["names"] = {"old": "old, 97%", "new": "new, 98%"}
    box = app.run().selectbox[0]
    box.options.append("new, training")
    box.set_value("new, training").run()
    assert app.text[0].value == app.session_state["noted"] == "new"


def test_each_of_two_equal_labels_can_be_chosen():
    """The browser sends labels: the second of two equal ones could not be chosen."""
    app = _drawn(names={"a1": "Twins", "b2": "Twins", "c3": "Other"})
    assert app.selectbox[0].options == ["Twins · a1", "Twins · b2", "Other"]
    app.selectbox[0].set_value("Twins · b2").run()
    assert app.text[0].value == app.session_state["noted"] == "b2"
    app.session_state["names"] = {"b2": "Twins", "c3": "Other"}  # the first one was deleted
    assert app.run().text[0].value == "b2"
    assert app.selectbox[0].options == ["Twins", "Other"]


def test_a_choice_that_is_gone_gives_way_to_the_first():
    app = _drawn(first="new")
    assert app.text[0].value == "new"
    app.selectbox[0].set_value("old").run()
    assert app.text[0].value == "old"
    app.session_state["names"] = {"new": "new, 98%", "newest": "newest, 99%"}
    assert app.run().text[0].value == "new"
