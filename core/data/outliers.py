"""Unusual digits: outliers, near-duplicates of training images in the test set, and likely label errors.

* Outliers: the mean distance to the five nearest training images (Ramaswamy, Rastogi and Shim, Efficient algorithms for
  mining outliers, SIGMOD 2000).
* Near-duplicates: the test images closest to a training image (as Barz and Denzler searched CIFAR in Do we train on
  test data?, J. Imaging 6, 2020).
* Label errors: confident learning (Northcutt, Jiang and Chuang, JAIR 70, 2021) on out-of-fold predictions.

Distances are measured along the first fifty principal axes, where noise of single pixels has little effect.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from core.data.mnist import Mnist
from core.data.projections import load_axes
from core.digits import NUM_CLASSES

N_NEIGHBOURS = 5
FOLDS, FOLD_EPOCHS = 5, 10
_CHUNK = 2000
Progress = Callable[[float], None]


class LabelErrors(NamedTuple):
    """Digits whose label is probably wrong, the most likely first."""

    positions: np.ndarray  # int64 (n,)
    suggested: np.ndarray  # int64 (n,), the digit that the network predicts
    margins: np.ndarray  # float (n,), probability of the label minus that of the suggestion: lower is surer


def analyse(mnist: Mnist, progress: Progress) -> dict[str, np.ndarray]:
    """What the three searches need, for all digits in the order train, validation, test; takes a minute or two.

    neighbours: int32 (n, 5), positions of the nearest training images (train and validation), nearest first, without
    the digit itself. distances: float32 (n, 5). probabilities: float32 (n, 10), from a network not trained on it.
    """
    found = load_axes(mnist)
    places = np.concatenate([found.project(digits.images) for digits in mnist[:3]])
    labels = np.concatenate([digits.labels for digits in mnist[:3]])
    training = len(mnist.train) + len(mnist.validation)
    near, far = nearest_training(places, training, lambda share: progress(0.5 * share))
    probabilities = out_of_fold_probabilities(places, labels, lambda share: progress(0.5 + 0.5 * share))
    return {"neighbours": near, "distances": far, "probabilities": probabilities}


def nearest_training(places: np.ndarray, training: int, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """For each place, the nearest of the first `training` places other than itself: int32 and float32 (n, 5)."""
    k, n = min(N_NEIGHBOURS, training - 1), len(places)
    near, far = np.zeros((n, k), np.int32), np.zeros((n, k), np.float32)
    others = np.ascontiguousarray(places[:training].T)
    squares = np.square(places).sum(axis=1)
    for start in range(0, n, _CHUNK):
        here = np.arange(start, min(start + _CHUNK, n))
        gaps = squares[:training] - 2 * (places[here] @ others)
        own = here[here < training]
        gaps[own - start, own] = np.inf
        for rank in range(k):  # taking the minimum k times is faster than a partition of 60,000
            best = gaps.argmin(axis=1)
            near[here, rank] = best
            far[here, rank] = np.sqrt(np.maximum(gaps[np.arange(len(here)), best] + squares[here], 0))
            gaps[np.arange(len(here)), best] = np.inf
        progress((start + len(here)) / n)
    return near, far


def out_of_fold_probabilities(places: np.ndarray, labels: np.ndarray, progress: Progress, seed: int = 0) -> np.ndarray:
    """Probabilities for each place from a small network trained on the other folds: float32 (n, 10)."""
    from sklearn.neural_network import MLPClassifier  # only a separate process runs this
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    fold = rng.permutation(np.arange(len(labels)) % FOLDS)
    spread = places.std(axis=0) + 1e-6
    # Weak axes are scaled up half-way to the strong ones: they separate digits too, but hold more noise.
    scaled = (places - places.mean(axis=0)) / np.sqrt(spread * spread[0])
    probabilities = np.zeros((len(labels), NUM_CLASSES), np.float32)
    # Products this small are faster on one thread, and fifteen times faster while a training run uses the cores.
    with threadpool_limits(1):
        for held_out_fold in range(FOLDS):
            inside = np.flatnonzero(fold != held_out_fold)
            batch = min(max(len(inside) // 100, 32), 500, len(inside))
            rate = 1e-3 * max(batch / 200, 1)
            network = MLPClassifier((256,), alpha=1e-3, batch_size=batch, learning_rate_init=rate, random_state=seed)
            for done in range(1, FOLD_EPOCHS + 1):
                rng.shuffle(inside)
                network.partial_fit(scaled[inside], labels[inside], classes=np.arange(NUM_CLASSES))
                progress((held_out_fold + done / FOLD_EPOCHS) / FOLDS)
            probabilities[fold == held_out_fold] = network.predict_proba(scaled[fold == held_out_fold])
    return probabilities


def label_errors(labels: np.ndarray, probabilities: np.ndarray) -> LabelErrors:
    """Confident learning: digits that the network confidently takes for another digit than their label.

    A digit counts as a confident j if its probability of j reaches the mean of that probability over all digits
    labelled j; if several j qualify, the most probable one. A digit is suspect if that j differs from its label.
    labels: (n,), probabilities: (n, 10), out of fold.
    """
    counts = np.bincount(labels, minlength=NUM_CLASSES)
    own = np.bincount(labels, weights=probabilities[np.arange(len(labels)), labels], minlength=NUM_CLASSES)
    thresholds = np.where(counts > 0, own / np.maximum(counts, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    suspects = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != labels))
    margins = probabilities[suspects, labels[suspects]] - probabilities[suspects, suggested[suspects]]
    order = np.argsort(margins, kind="stable")
    return LabelErrors(suspects[order], suggested[suspects[order]], margins[order])


def outliers(distances: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` digits farthest from their nearest training images: positions and mean distances, worst first."""
    mean = distances.mean(axis=1)
    order = np.argsort(-mean, kind="stable")[:count]
    return order, mean[order]


def near_duplicates(neighbours: np.ndarray, distances: np.ndarray, training: int) -> np.ndarray:
    """Pairs of a test digit and its nearest training digit: int64 (test images, 2), positions, the most suspect first.

    Any two simple strokes are close, so the measure is how much closer the nearest is than the next four.
    """
    closer = distances[training:, 0] / np.maximum(distances[training:, 1:].mean(axis=1), 1e-6)
    tests = np.argsort(closer, kind="stable") + training
    return np.stack([tests, neighbours[tests, 0]], axis=1).astype(np.int64)
