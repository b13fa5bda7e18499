"""An error carries a sentence for the page and a detail for programmers."""

from core.errors import ConfigError


def test_the_sentence_leaves_out_what_was_received_and_the_text_has_it():
    error = ConfigError("units must be a whole number from 1 to 4096.", received="many")
    assert error.sentence == "units must be a whole number from 1 to 4096."
    assert str(error) == "units must be a whole number from 1 to 4096. Received: 'many'."


def test_an_error_without_a_received_value_is_its_sentence():
    assert str(ConfigError("Choose a value in range.")) == "Choose a value in range."


def test_none_can_be_what_was_received():
    assert str(ConfigError("A name is needed.", received=None)) == "A name is needed. Received: None."
