"""The captions of the first tour: each number in them is that of the run's moments, computed a second way here."""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.tour import Words, tour
from core.evaluation.tour_stop import CURVES, DIGITS, LAYERS, LEARNED, MAP, NETWORK, PARTS, Stop
from core.runs.moment import LayerMoment, Moment
from tests.plain_english import find

LABELS = np.array([1, 7] * 5 + [0] * 10, np.uint8)
WORDS = Words(["dense1", "output"], "validation images")
# What the network predicts at each step: first 0 for all, then 1 for each 7 as well, then all but one right.
STEPS = (0, 1, 10, 1200, 1300, 1400)
PREDICTED = [
    np.zeros(20, np.uint8),
    np.array([1, 1] * 5 + [0] * 10, np.uint8),
    np.array([1, 1] + [1, 7] * 4 + [0] * 10, np.uint8),
    *[np.array([1, 7] * 5 + [0] * 9 + [6], np.uint8)] * 3,
]
RATIOS = [(np.nan, np.nan), (0.01, 0.25), (0.02, 0.01), (0.01, 0.01), (0.01, 0.01), (0.001, 0.0005)]


def layer(name: str, units: int, ratio: float, images: int, dead: float = 0.0) -> LayerMoment:
    numbers = np.zeros((images, units), np.float16)
    kept = np.arange(units, dtype=np.int32)
    return LayerMoment(name, "dense", kept, np.ones((4, units), np.float16), np.zeros(units), numbers, ratio, dead)


def moment(step: int, predicted: np.ndarray, ratios=(np.nan, np.nan), sure=0.75, labels=LABELS, **more) -> Moment:
    images = len(labels)
    probabilities = np.full((images, 10), (1 - sure) / 9, np.float16)
    probabilities[np.arange(images), predicted] = sure
    accuracy = float((predicted == labels).mean())
    layers = (layer("dense4", 4, ratios[0], images, more.pop("dead", 0.0)), layer("softmax10", 10, ratios[1], images))
    made = Moment(step, step / 100, 1.0, 0.5, 1.0, accuracy, layers, probabilities, np.zeros((images, 2), np.float32))
    return replace(made, **more)


MOMENTS = [moment(*each) for each in zip(STEPS, PREDICTED, RATIOS, strict=True)]


def stops(moments=MOMENTS, labels=LABELS, words=WORDS) -> list[Stop]:
    return tour(moments, labels, words)


def at(part: str, title: str, found: list[Stop] | None = None) -> Stop:
    (stop,) = [stop for stop in found or stops() if stop.part == part and title in stop.title]
    return stop


def titles(found: list[Stop]) -> list[str]:
    return [stop.title for stop in found]


def test_it_goes_from_the_untrained_network_to_the_end_in_order():
    found = stops()
    positions = [stop.position for stop in found]
    assert positions == sorted(positions)
    assert (positions[0], positions[-1]) == (0, len(MOMENTS) - 1)
    assert {stop.part for stop in found} <= set(PARTS)
    assert "50.00% of 20 validation images right" in found[0].text
    assert found[-1].text == "19 of 20 validation images are right. 1 is still wrong."


def test_the_image_that_runs_through_the_network_is_the_one_on_screen():
    stop = at(NETWORK, "One image", stops(words=replace(WORDS, place=1)))
    assert stop.image == 1
    assert stop.text.startswith("This 7 runs from left to right, through dense1 to ten probabilities.")
    assert stop.text.endswith("The highest is 75.0% for 0: wrong.")


def test_the_loss_of_the_untrained_network_stands_beside_that_of_ten_equal_probabilities():
    stop = at(CURVES, "loss says")
    assert stop.text.startswith("Before training it is 1.00. A network that gives each digit 10% has 2.30.")
    later = [replace(each, step=each.step + 5) for each in MOMENTS]
    assert "The loss says how wrong it is" not in titles(stops(later))
    assert stops(later)[0].title == "The first moment that was kept"


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


def test_a_pair_that_is_still_often_confused_was_not_learned():
    still = np.array([1, 1] * 3 + [1, 7] * 2 + [0] * 10, np.uint8)
    found = stops([MOMENTS[0], MOMENTS[1], *(moment(step, still) for step in (10, 20, 30))])
    assert not [title for title in titles(found) if "tell" in title]


def test_the_layer_with_the_largest_update_is_named():
    stop = at(LAYERS, "largest")
    assert stop.position == 1
    assert "the layer output change by 25.0% of their size per step. At the end it is 0.050%." in stop.text


def test_the_image_learned_late_is_right_from_its_moment_on():
    stop = at(LEARNED, "late")
    assert (stop.position, stop.image) == (3, 1)
    assert "At step 10 the network still predicted 1. From step 1,200 on it is right." in stop.text


def test_an_image_that_is_right_only_at_the_last_moment_does_not_count_as_learned():
    found = stops(MOMENTS[:4])
    stop = at(LEARNED, "late", found)  # the sevens are right at two moments, the ones at three
    assert (stop.position, stop.title) == (1, "It learned this 1 late")


def test_an_image_that_was_forgotten_twice_is_named():
    good, bad = PREDICTED[3], PREDICTED[3].copy()
    bad[2] = 4
    found = stops([moment(step, row) for step, row in enumerate((PREDICTED[0], good, bad, good, bad, good, good))])
    stop = at(LEARNED, "forgot", found)
    assert (stop.image, stop.position) == (2, 2)
    assert (
        "again twice, for the first time at step 2: there the network predicted 4. At the end it is right." in stop.text
    )


def test_over_fitting_is_named_only_for_images_that_it_does_not_train_on():
    losses = [(2.3, 2.3), (0.5, 0.5), (0.4, 0.45), (0.3, 0.47), (0.2, 0.49), (0.1, 0.55)]
    rows = zip(MOMENTS, losses, strict=True)
    over = [replace(each, loss=train, validation_loss=held) for each, (train, held) in rows]
    stop = at(CURVES, "over-fitting", stops(over))
    assert stop.position == 2
    assert "lowest here: 0.450. At the end it is 0.550." in stop.text
    assert "the training loss fell from 0.400 to 0.100" in stop.text
    inside = stops(over, words=replace(WORDS, images="images of the training data"))
    assert "Here over-fitting begins" not in titles(inside)
    assert "Here over-fitting begins" not in titles(stops())


def test_the_layer_with_the_most_dead_units_is_named():
    dead = [*MOMENTS[:-1], moment(STEPS[-1], PREDICTED[-1], dead=0.25)]
    stop = at(LAYERS, "nothing", stops(dead))
    assert stop.text == (
        "25.0% of the units of dense1 are dead at the end: their output is 0 for each of 20 validation images. "
        "At step 0 it was 0.0%."
    )
    assert "Units that do nothing" not in titles(stops())


def test_where_the_outputs_stop_being_numbers_the_tour_ends_with_that():
    nothing = np.full((20, 10), np.nan, np.float16)
    broken = [*MOMENTS[:3], replace(MOMENTS[3], probabilities=nothing, validation_loss=np.nan, loss=np.nan)]
    found = stops(broken)
    assert (found[-1].title, found[-1].position) == ("Here training broke", 3)
    assert found[-1].text == "At step 1,200 the outputs are no longer numbers. At step 10 the loss was 1.00."
    assert max(stop.position for stop in found[:-1]) == 2
    assert not [stop for stop in found if "nan" in stop.text.lower()]
    assert stops([broken[3], *MOMENTS[4:]]) == []  # not even the first moment has numbers


def test_a_network_that_learned_nothing_has_only_a_beginning_and_an_end():
    found = stops([moment(step, PREDICTED[0] + 3, sure=0.3) for step in STEPS])
    assert [stop.position for stop in found] == [0, 0, 0, len(STEPS) - 1]
    assert found[-1].text == "0 of 20 validation images are right. 20 are still wrong."


def test_a_network_that_jumps_about_and_is_mostly_wrong_is_said_to_learn_no_image():
    rows = [np.full(20, digit, np.uint8) for digit in (3, 0, 7, 0, 1, 7)]
    found = stops([moment(step, row) for step, row in enumerate(rows)])
    assert not [title for title in titles(found) if "learned" in title or "recognises" in title]


@pytest.mark.parametrize("kept", [0, 1])
def test_a_single_moment_makes_no_tour(kept):
    assert stops(MOMENTS[:kept]) == []


def run(rng: np.random.Generator, images: int, kept: int) -> tuple[list[Moment], np.ndarray]:
    """A run that gets better by chance: each image is right more and more often."""
    labels = rng.integers(0, 10, images).astype(np.uint8)
    moments = []
    for position in range(kept):
        right = rng.random(images) < (position / kept) ** 0.5
        row = np.where(right, labels, rng.integers(0, 10, images)).astype(np.uint8)
        more = {"labels": labels, "validation_loss": float(rng.random()), "loss": float(rng.random())}
        moments.append(
            moment(position * 3, row, rng.random(2), rng.uniform(0.3, 0.9), dead=float(rng.random()), **more)
        )
    return moments, labels


@pytest.mark.parametrize("images", [10, 60, 500])
@pytest.mark.parametrize("seed", range(6))
def test_each_claim_holds_in_runs_made_by_chance(seed, images):
    moments, labels = run(np.random.default_rng(seed), images, 12)
    for stop in tour(moments, labels, WORDS):
        now, text = moments[stop.position], f"{stop.title} {stop.text}"
        rows = [list(each.probabilities.argmax(axis=1)) for each in moments]
        by_step = {f"{each.step:,}": (each, row) for each, row in zip(moments, rows, strict=True)}
        assert not find(f"{text} {stop.look}")
        if pair := re.search(r"tell (\d) from (\d)", text):
            a, b = map(int, pair.groups())
            said = re.findall(r"(?:at|At) step ([\d,]*\d)[^,]*?(never|once|twice|\d+ times)", stop.text)
            for step, often in said:
                _, row = by_step[step]
                mixed = sum({int(label), int(guess)} == {a, b} for label, guess in zip(labels, row, strict=True))
                assert often == {0: "never", 1: "once", 2: "twice"}.get(mixed, f"{mixed} times")
            assert len(said) == 2
        if "passes" in stop.title:
            for share, step in re.findall(r"([\d.]+)%[^%]*? at step ([\d,]*\d)", stop.text):
                _, row = by_step[step]
                hits = sum(int(label == guess) for label, guess in zip(labels, row, strict=True))
                assert float(share) == pytest.approx(100 * hits / images, abs=0.006)
        if "recognises" in stop.title:
            for share, step in re.findall(r"([\d.]+)% at step ([\d,]*\d)", stop.text):
                there, _ = by_step[step]
                probability = float(there.probabilities[stop.image, labels[stop.image]])
                assert float(share) == pytest.approx(100 * probability, abs=0.06)
        if "largest steps" in stop.title:
            largest = max(layer.update_ratio for each in moments for layer in each.layers)
            assert largest in [layer.update_ratio for layer in now.layers]
            assert f"by {100 * largest:.1f}% of their size" in stop.text
        if "late" in stop.title:
            assert all(row[stop.image] == labels[stop.image] for row in rows[stop.position :])
            assert rows[stop.position - 1][stop.image] != labels[stop.image]
        if "forgot" in stop.title:
            marks = "".join("r" if row[stop.image] == labels[stop.image] else "w" for row in rows)
            often = marks.count("rw")
            assert {2: "twice"}.get(often, f"{often} times") in stop.text
            assert marks.index("rw") + 1 == stop.position
