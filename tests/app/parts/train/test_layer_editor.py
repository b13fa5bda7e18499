"""A network built layer by layer on Train."""

import pytest

from pages.parts.train import layer_editor
from pages.shared import controls
from tests.app.train_page import press, rerun, visit


@pytest.mark.slow
def test_layers_are_added_moved_and_removed_by_hand(store):
    page = visit()
    next(toggle for toggle in page.toggle if toggle.label == "Layers by hand").set_value(True)
    rerun(page)
    assert page.query_params["network"] == "dense128"
    press(page, "Convolution")
    assert page.query_params["network"] == "conv32x3-dense128"  # before the dense layer, where there is an image
    press(page, "Pooling")
    assert page.query_params["network"] == "conv32x3-pool2-dense128"
    press(page, "Dropout")
    assert page.query_params["network"] == "conv32x3-pool2-dense128-dropout0.25"
    press(page, "Move layer 2 before layer 1")
    assert page.query_params["network"] == "pool2-conv32x3-dense128-dropout0.25"
    press(page, "Remove layer 1")
    filters = next(box for box in page.number_input if box.label == "Conv: filters")
    filters.set_value(8)
    assert rerun(page).query_params["network"] == "conv8x3-dense128-dropout0.25"
    press(page, "Move layer 1 after layer 2")
    (error,) = page.error
    assert error.value == (
        "conv8x3 must come before the first dense layer: after it there is no image. "
        "Move it before the first dense layer, or remove it."
    )
    press(page, "Move layer 2 before layer 1")
    assert not page.error


def test_a_late_message_about_the_switch_leaves_the_knobs_as_they_are(store, monkeypatch):
    """Streamlit calls it a change, too, when it hears for the first time of a switch that is off."""
    form = controls.Form()
    monkeypatch.setattr(layer_editor.st, "session_state", {"by_hand_1": False})
    layer_editor._switch(form, "by_hand_1")
    assert form.values["network"] == ""
