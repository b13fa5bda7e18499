"""Keras in the server's process: what Streamlit would do to it after every script run."""

import keras

from pages.shared import caches


def test_a_script_run_leaves_the_session_of_keras_alone(open_page):
    caches.wake_keras()
    named = keras.layers.Dense(1).name
    page = open_page("prepare")
    page.run()
    assert not page.exception
    assert keras.layers.Dense(1).name != named, "the session was emptied: names are counted from the start again"
