"""Whether a drawing looks like a digit at all, and which training digits are nearest to it.

A softmax gives all of its probability to the ten digits, also for a letter. So this does not use the network: it
measures the distance to the five nearest training digits, after blurring and a PCA. In our measurements that separates
letters from digits better than the network's energy or its largest probability (docs/drawing.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from scipy import ndimage
from threadpoolctl import ThreadpoolController

from core.data.principal_components import principal_directions

N_NEIGHBOURS = 5
N_COMPONENTS = 48
NOVEL_SHARE = 0.015  # share of held-out digits above the threshold: it is chosen so
THRESHOLD_IMAGES = 3000  # images that set the threshold
_BLUR = 1.0  # pixels: strokes next to each other still count as near
_MAX_HOLES, _HOLE_PENALTY = 2, 0.15  # a digit has two holes at most; each further hole adds this to the distance
_MAX_DEPTH, _DEPTH_PENALTY = (
    3.0,
    0.1,
)  # pixels from the edge to the middle of the thickest stroke; each further pixel adds this
_CHUNK = 250  # images at a time
_COMPARED = 25  # … with all training images: each takes 1 MB meanwhile


@dataclass(frozen=True, eq=False)
class NoveltyResult:
    """The novelty score of one drawing, and its nearest training digits."""

    novelty_score: float
    is_novel: bool  # its score is above that of all but `NOVEL_SHARE` of real digits
    nearest: np.ndarray  # int64 (5,): positions in the training images, nearest first
    distances: np.ndarray  # float32 (5,)


@dataclass(frozen=True, eq=False)
class NoveltyDetector:
    """Compares images with training digits. Made by `from_digits`."""

    mean: np.ndarray  # float32 (196,)
    directions: np.ndarray  # float32 (196, 48)
    places: np.ndarray  # float32 (n, 48): the training images in these components
    threshold: float = 0.0

    @classmethod
    def from_digits(cls, training: np.ndarray, held_out: np.ndarray) -> Self:
        """From training images, uint8 (n, 28, 28); held-out ones set the threshold. 54,000 images take about 3 s."""
        with _libraries().limit(limits=1):  # beside a training run, two threads are slower than one
            features = _features(training)
            mean = features.mean(0)
            found_directions, _ = principal_directions(_scatter(features, mean), N_COMPONENTS)
            directions = np.ascontiguousarray(found_directions, np.float32)
            places = np.empty((len(features), directions.shape[1]), np.float32)
            for part in _chunks(len(features)):
                places[part] = (features[part] - mean) @ directions
            found = cls(mean, directions, places)
            scores = found.novelty_score(held_out[:THRESHOLD_IMAGES])
        return cls(found.mean, found.directions, found.places, float(np.quantile(scores, 1 - NOVEL_SHARE)))

    def novelty_score(self, images: np.ndarray) -> np.ndarray:
        """How much each image, uint8 (n, 28, 28), differs from all digits: float64 (n,), usually about 0.2."""
        parts = [self._nearest(images[part])[0] for part in _chunks(len(images), _COMPARED)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def check(self, image: np.ndarray) -> NoveltyResult:
        """One image, uint8 (28, 28)."""
        with _libraries().limit(limits=1):
            scores, nearest, distances = self._nearest(image[None])
        return NoveltyResult(float(scores[0]), bool(scores[0] > self.threshold), nearest[0], distances[0])

    def _nearest(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        features = _features(images) - self.mean
        here = features @ self.directions
        residual = np.maximum((features**2).sum(1) - (here**2).sum(1), 0)  # the part outside the components
        squares = (here**2).sum(1)[:, None] + (self.places**2).sum(1) - 2 * here @ self.places.T
        found = np.argpartition(squares, N_NEIGHBOURS - 1, axis=1)[:, :N_NEIGHBOURS]
        found = np.take_along_axis(found, np.take_along_axis(squares, found, 1).argsort(1, kind="stable"), 1)
        near = np.maximum(np.take_along_axis(squares, found, 1), 0)
        scores = np.sqrt(near.mean(1)) + residual + np.array([_shape_penalty(image) for image in images])
        return scores, found, np.sqrt(near + residual[:, None]).astype(np.float32)


@cache
def _libraries() -> ThreadpoolController:
    """The libraries that multiply matrices for NumPy; to look for them takes longer than one drawing."""
    return ThreadpoolController()


def _features(images: np.ndarray) -> np.ndarray:
    """Blurred, at half the size, scaled to length 1: float32 (n, 196)."""
    features = np.empty((len(images), (images.shape[1] // 2) * (images.shape[2] // 2)), np.float32)
    for part in _chunks(len(images)):
        blurred = ndimage.gaussian_filter(images[part].astype(np.float32), (0, _BLUR, _BLUR))[:, ::2, ::2]
        features[part] = blurred.reshape(len(blurred), -1)
        features[part] /= np.maximum(np.linalg.norm(features[part], axis=1, keepdims=True), 1e-6)
    return features


def _scatter(features: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The covariance times the number of images, float64 (196, 196)."""
    total = np.zeros((features.shape[1],) * 2)
    for part in _chunks(len(features)):
        off = features[part].astype(float) - mean
        total += off.T @ off
    return total


def _chunks(images: int, size: int = _CHUNK) -> Iterator[slice]:
    """All images in parts: the whole set at once would take hundreds of megabytes."""
    return (slice(at, at + size) for at in range(0, images, size))


def _shape_penalty(image: np.ndarray) -> float:
    """A penalty for what digits never have: many holes, or a very thick stroke."""
    pieces, _ = ndimage.label(np.pad(image < 100, 1, constant_values=True))
    holes = int((np.bincount(pieces.ravel())[1:] >= 2).sum()) - 1  # without the paper around; a single pixel is no hole
    depth = float(ndimage.distance_transform_edt(np.pad(image > 128, 1)).max())
    return _HOLE_PENALTY * max(holes - _MAX_HOLES, 0) + _DEPTH_PENALTY * max(depth - _MAX_DEPTH, 0)
