"""The captions of the first tour: each number in them is that of the run's moments."""

import numpy as np
import pytest

from core.network.tour import CURVES, DIGITS, LAYERS, LEARNED, MAP, Stop, tour
from core.runs.moments import LayerMoment, Moment

LABELS = np.array([1, 7] * 5 + [0] * 10, np.uint8)
LAYERS_SHOWN = ["dense1", "output"]
# What the network predicts at steps 0, 1, 10, 1,200: first 0 for all, then 1 for each 7 as well, then all but one right.
PREDICTED = [
    np.zeros(20, np.uint8),
    np.array([1, 1] * 5 + [0] * 10, np.uint8),
    np.array([1, 1] + [1, 7] * 4 + [0] * 10, np.uint8),
    np.array([1, 7] * 5 + [0] * 9 + [6], np.uint8),
]
STEPS = (0, 1, 10, 1200)


def layer(name: str, units: int, ratio: float) -> LayerMoment:
    numbers = np.zeros((20, units), np.float16)
    kept = np.arange(units, dtype=np.int32)
    return LayerMoment(name, "dense", kept, np.ones((4, units), np.float16), numbers[0], numbers, ratio, 0.0)


def moment(step: int, predicted: np.ndarray, ratios: tuple[float, float], sure: float = 0.75) -> Moment:
    probabilities = np.full((20, 10), (1 - sure) / 9, np.float16)
    probabilities[np.arange(20), predicted] = sure
    accuracy = float((predicted == LABELS).mean())
    layers = (layer("dense4", 4, ratios[0]), layer("softmax10", 10, ratios[1]))
    return Moment(step, step / 100, 1, 0.5, 1, accuracy, layers, probabilities, np.zeros((20, 2), np.float32))


RATIOS = [(np.nan, np.nan), (0.01, 0.25), (0.02, 0.01), (0.001, 0.0005)]
MOMENTS = [moment(*each) for each in zip(STEPS, PREDICTED, RATIOS, strict=True)]


def stops(moments=MOMENTS) -> list[Stop]:
    return tour(moments, LABELS, LAYERS_SHOWN, "validation images")


def at(part: str, title: str) -> Stop:
    (found,) = [stop for stop in stops() if stop.part == part and title in stop.title]
    return found


def test_it_goes_from_the_untrained_network_to_the_end_in_order():
    positions = [stop.position for stop in stops()]
    assert positions == sorted(positions)
    assert (positions[0], positions[-1]) == (0, 3)
    assert "50.00% of 20 validation images right" in stops()[0].text
    assert "95.00% of 20 validation images are right. 1 is still wrong" in stops()[-1].text


def test_the_accuracy_passes_a_share_where_it_is_first_above_it():
    half = at(CURVES, "passes 50%")
    assert half.position == 1  # exactly half were right before: that is not past it
    assert half.text == "75.00% of 20 validation images are right at step 1; 50.00% at step 0."
    most = at(CURVES, "passes 90%")
    assert most.position == 2
    assert most.text == "95.00% of 20 validation images are right at step 10; 75.00% at step 1."


def test_an_image_is_recognised_where_its_true_label_first_passes_half():
    stop = at(DIGITS, "recognises")
    assert (stop.position, stop.image) == (1, 0)
    assert stop.title == "Here it recognises this 1"
    assert "75.0% at step 1, 2.8% at step 0" in stop.text


def test_the_pair_is_the_one_whose_confusion_fell_most():
    stop = at(MAP, "tell")
    assert (stop.position, stop.title) == (2, "Here it learned to tell 1 from 7")
    assert stop.text == "At step 1 it took one for the other 5 times, at step 10 once, and at the end never."


def test_the_layer_with_the_largest_update_is_named():
    stop = at(LAYERS, "largest")
    assert stop.position == 1
    assert "the layer output by 25.000% of their size. At the end it is 0.050%." in stop.text


def test_the_image_learned_last_is_right_from_its_moment_on():
    stop = at(LEARNED, "last image")
    assert (stop.position, stop.image) == (3, 1)
    assert stop.text == (
        "At step 10 the network still predicted 1. From step 1,200 on it is right at every moment."
    )  # fmt: skip


def test_a_network_that_learned_nothing_has_only_a_beginning_and_an_end():
    ratios = (np.nan, np.nan)
    assert len(stops([moment(step, PREDICTED[0], ratios, 0.3) for step in STEPS])) == 2


@pytest.mark.parametrize("kept", [0, 1])
def test_a_single_moment_makes_no_tour(kept):
    assert stops(MOMENTS[:kept]) == []
