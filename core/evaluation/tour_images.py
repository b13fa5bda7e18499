"""Captions of a tour that are about single images or pairs of digits."""

import numpy as np

from core.digits import NUM_CLASSES
from core.evaluation.tour_stop import DIGITS, LEARNED, MAP, Recording, Stop, first_where, times
from core.formatting import percent
from core.runs.moment import FIRST_IMAGES

_MIN_FALL = 3  # images: a pair of digits whose confusion fell by less has nothing to show
_MIN_FORGOTTEN = 2  # times
_LAST_MOMENTS = 3  # an image that is right at all of these counts as learned


def recognised(recording: Recording) -> Stop | None:
    """Of the images that the film shows, the one whose true label rose most when it first passed 50%."""
    if not recording.learned:
        return None
    shown = min(FIRST_IMAGES, len(recording.labels))
    labels = recording.labels[:shown]
    each = [moment.probabilities[np.arange(shown), labels] for moment in recording.moments]
    true = np.stack(each).astype(np.float64)
    rises: list[tuple[float, int, int]] = []
    for image in range(shown):
        position = first_where(true[:, image] > 0.5)
        if position:
            rises.append((true[position, image] - true[position - 1, image], image, position))
    if not rises:
        return None
    _, image, position = max(rises, key=lambda rise: (rise[0], -rise[1]))
    text = (
        f"The probability of its true label passes 50% for the first time: {percent(true[position, image], 1)} at "
        f"{recording.step(position)}, {percent(true[position - 1, image], 1)} at {recording.step(position - 1)}."
    )
    look = "A tick or a cross says whether the network is right about each of these images now."
    return Stop(position, DIGITS, f"Here it recognises this {recording.label(image)}", text, look, image)


def told_apart(recording: Recording) -> Stop | None:
    """The pair of digits whose confusion fell most, by half or more, and the first moment with half of that fall.

    It counts from when more than half of the images are right: before, a network predicts few digits for all images.
    """
    start = first_where(recording.right.mean(axis=1) > 0.5)
    if start is None or not recording.learned:
        return None
    confused = np.stack([_confusion(row, recording.labels) for row in recording.predicted[start:]])
    peaks, ends = confused.max(axis=0), confused[-1]
    falls = np.where(2 * ends <= peaks, peaks - ends, 0)
    a, b = np.unravel_index(int(falls.argmax()), falls.shape)
    fall, counts = int(falls[a, b]), confused[:, a, b]
    if fall < _MIN_FALL:
        return None
    peak = int(counts.argmax())
    after = peak + int(np.argmax(counts[peak:] <= counts[peak] - fall / 2))
    end = "" if start + after == recording.last else f", and at the end {times(counts[-1])}"
    text = (
        f"At {recording.step(start + peak)} it took one for the other {times(counts[peak])}, at "
        f"{recording.step(start + after)} {times(counts[after])}{end}."
    )
    look = "On the map each point is an image, and its colour is its label. A cross is a mistake."
    title = f"Here it learned to tell {recording.classes[a]} from {recording.classes[b]}"
    return Stop(start + after, MAP, title, text, look)


def _confusion(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often one digit of a pair was predicted for the other: int (10, 10), counts above the diagonal only."""
    table = np.zeros((NUM_CLASSES, NUM_CLASSES), np.int64)
    np.add.at(table, (labels, predicted), 1)
    return np.triu(table + table.T, 1)


def forgotten(recording: Recording) -> Stop | None:
    """The image that was right and then wrong again most often, where that first happened."""
    right = recording.right
    lost = right[:-1] & ~right[1:]
    often = lost.sum(axis=0)
    image = int(often.argmax())
    if often[image] < _MIN_FORGOTTEN or not recording.learned:
        return None
    position = int(lost[:, image].argmax()) + 1
    end = "right" if right[-1, image] else "wrong"
    text = (
        f"From moment to moment it was right and then wrong again {times(often[image])}, for the first time at "
        f"{recording.step(position)}: there the network predicted {recording.prediction(position, image)}. "
        f"At the end it is {end}."
    )
    look = "Each row is an image, each column a moment. Red after green means: forgotten."
    return Stop(position, LEARNED, f"It learned and forgot this {recording.label(image)}", text, look, image)


def learned_last(recording: Recording) -> Stop | None:
    """Of the images that are right at the last three moments, the one that was wrong the longest."""
    wrong = ~recording.right
    learned = np.where(wrong.any(axis=0), len(wrong) - wrong[::-1].argmax(axis=0), 0)  # right from this position on
    learned[learned > len(wrong) - _LAST_MOMENTS] = -1
    image = int(learned.argmax())
    position = int(learned[image])
    if position < 1 or not recording.learned:
        return None
    text = (
        f"At {recording.step(position - 1)} the network still predicted "
        f"{recording.prediction(position - 1, image)}. From {recording.step(position)} on it is right. Of all images "
        "that are right at the last three moments, none was wrong for longer."
    )
    look = "The rows are sorted: what was learned early is at the top, what was learned late is below it."
    return Stop(position, LEARNED, f"It learned this {recording.label(image)} late", text, look, image)
