"""Every knob is checked, travels through link and file unchanged, and explains itself."""

import json

import pytest

from core.config.recipes import FIRST_NETWORK, RECIPES, TUTORIALS, matching_recipe, recipe
from core.config.run_config import DEFAULTS, KNOB_TYPES, KNOBS, RunConfig
from core.errors import ConfigError, NetworkError

OTHER = {
    "hidden_layers": 3, "units": 64, "activation": "tanh", "dropout": 0.25, "optimizer": "sgd", "learning_rate": 0.1,
    "schedule": "cosine", "batch_size": 128, "epochs": 2, "patience": 3, "loss": "one-hot", "validate_on": "test",
    "train_images": 500, "wrong_labels": 0.2,
    "augmentation": 0.5, "pen": 0.6, "styles": 0.3, "writers": 2, "unchanged": 0.5, "seed": 9, "device": "cpu",
    "network": "conv8x3-pool2-dense32",
}  # fmt: skip


@pytest.mark.parametrize("name", KNOBS)
def test_a_knob_travels_through_link_and_file(name: str):
    value = OTHER[name] if name in OTHER else (KNOBS[name].high or "")
    config = RunConfig(**{name: value})
    assert getattr(config, name) == value != DEFAULTS[name]
    assert RunConfig.from_query(config.to_query()) == config
    assert RunConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.to_query() == {name: f"{value:.12g}" if isinstance(value, float) else str(value)}


@pytest.mark.parametrize("name", [name for name in KNOBS if KNOB_TYPES[name] is not str])
def test_a_number_out_of_range_is_refused_with_what_is_allowed(name: str):
    low, high = KNOBS[name].low, KNOBS[name].high
    for value in (low - 1, high + 1, float("nan"), float("inf"), None, True, "3", [1]):
        with pytest.raises(ConfigError, match=f"{name} must be .* between .*Received: "):
            RunConfig(**{name: value})
    assert getattr(RunConfig(**{name: low}), name) == low


@pytest.mark.parametrize("name", [name for name in KNOBS if KNOBS[name].choices])
def test_a_choice_that_is_none_is_refused_with_the_choices(name: str):
    with pytest.raises(ConfigError, match=f"{name} must be one of {KNOBS[name].choices[0]}.*Received: 'quantum'"):
        RunConfig(**{name: "quantum"})


@pytest.mark.parametrize("name", KNOBS)
def test_every_knob_says_what_it_does_and_what_to_do_with_it(name: str):
    assert KNOBS[name].label
    assert len(KNOBS[name].help) > 40
    assert KNOBS[name].help.endswith(".")


def test_a_whole_number_stays_whole():
    assert RunConfig(units=64.0).units == 64
    with pytest.raises(ConfigError, match="whole number"):
        RunConfig(units=64.5)


def test_a_link_with_unknown_names_still_opens():
    assert RunConfig.from_query({"units": "64", "utm_source": "mail"}) == RunConfig(units=64)


def test_a_link_with_a_word_for_a_number_is_answered_with_a_sentence():
    with pytest.raises(ConfigError, match=r"units must be a whole number\. Write it in digits\. Received: 'many'"):
        RunConfig.from_query({"units": "many"})


def test_a_bad_value_in_a_link_spoils_no_other_and_is_named():
    config, refused = RunConfig().with_query({"units": "abc", "epochs": "3", "dropout": "7", "utm_source": "mail"})
    assert config == RunConfig(epochs=3)
    assert [why.split(" must")[0] for why in refused] == ["units", "dropout"]


def test_values_of_a_link_that_need_one_another_are_taken_in_any_order():
    # The recipe validates on nothing, and patience comes first in the link.
    base = RunConfig(validate_on="none")
    config, refused = base.with_query({"patience": "2", "schedule": "plateau", "validate_on": "test", "units": "-1"})
    assert config == RunConfig(patience=2, schedule="plateau", validate_on="test")
    assert len(refused) == 1
    unused, (why,) = base.with_query({"patience": "2"})
    assert unused == base
    assert why.startswith("patience must be 0 if validate_on is none")


def test_the_range_of_a_knob_is_reported_to_its_last_digit():
    assert KNOBS["seed"].allowed == "0 to 2147483647"
    with pytest.raises(ConfigError, match="between 0 and 2147483647"):
        RunConfig(seed=-1)


def test_equal_networks_by_hand_are_equal_configs():
    # A knob that the network by hand replaces must not make two equal runs look different.
    assert RunConfig(network="Dense64", units=512, dropout=0.3) == RunConfig(network="dense64 ")


def test_validation_is_needed_by_what_waits_for_it():
    with pytest.raises(ConfigError, match="patience must be 0"):
        RunConfig(validate_on="none", patience=2)
    with pytest.raises(ConfigError, match="schedule must not be plateau"):
        RunConfig(validate_on="none", schedule="plateau")


def test_differences_name_only_what_differs():
    assert RunConfig(units=64).differences(RunConfig(units=256)) == {"units": (64, 256)}


def test_dropout_stands_after_each_hidden_layer():
    assert [str(layer) for layer in RunConfig(hidden_layers=2, units=8, dropout=0.2).layers] == [
        "dense8", "dropout0.2", "dense8", "dropout0.2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["foo", "dense", "dense0", "conv8x0", "dropout2", "pool1", "norm3", "dense8x3", "-".join(["norm"] * 17)]
)
def test_a_network_that_cannot_be_read_is_refused(text: str):
    with pytest.raises(NetworkError, match="Received: "):
        RunConfig(network=text)


def test_the_five_tutorials_are_there_and_know_themselves():
    assert list(RECIPES)[:5] == list(TUTORIALS)
    for name in ("dli", "chollet", "quickstart", "ten-epochs"):
        assert matching_recipe(recipe(name).config.changed(seed=5)) == name
    with pytest.raises(ConfigError, match="Known recipes: dli, first-steps"):
        recipe("resnet")


@pytest.mark.parametrize("each", [*RECIPES.values(), FIRST_NETWORK], ids=lambda each: each.name)
def test_the_name_and_title_of_a_recipe_fit_into_its_box_on_train(each):
    """In a window of 1280 pixels, the last words of longer ones were cut off."""
    assert len(f"{each.name}: {each.title}") <= 62


@pytest.mark.parametrize("name", ["augmentation", "pen", "styles"])
def test_each_redrawing_knob_redraws_the_images(name: str):
    assert not RunConfig().redraws_images
    assert RunConfig(**{name: 0.5}).redraws_images


@pytest.mark.parametrize("text", ["9" * 309, "9" * 5000, "1" * 100_000, "-" + "9" * 400, "1e400", "nan", "inf"])
@pytest.mark.parametrize("name", ["units", "learning_rate", "seed"])
def test_a_number_of_hundreds_of_digits_is_a_sentence(name, text):
    with pytest.raises(ConfigError):
        RunConfig.from_query({name: text})


def test_layers_of_a_megabyte_are_a_sentence():
    with pytest.raises(ConfigError, match="500 characters"):
        RunConfig(network="dense8-" * 150_000)
