"""Maps of the digits: principal components take a second, t-SNE takes a minute.

Principal components are those of the pixels, with 0 to 1 as ink. t-SNE: van der Maaten and Hinton, Visualizing data
using t-SNE (JMLR 9, 2008), in scikit-learn's Barnes-Hut form, on the first fifty components of a sample.
"""

import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from core.data import cache
from core.data.mnist import Mnist
from core.data.principal_components import principal_directions
from core.data.sampling import stratified_sample
from core.digits import SIDE

N_COMPONENTS = 50
TSNE_SAMPLE = {"train": 3000, "validation": 1000, "test": 1000}
_TSNE_STEPS = 1000
_CHUNK = 4000  # images at a time: 12 MB as float32
_PIXELS = SIDE * SIDE


class PrincipalAxes(NamedTuple):
    """The directions in which the digits differ most, and the share of all variance along each."""

    mean: np.ndarray  # float32 (784,)
    directions: np.ndarray  # float32 (784, 50), each of length 1, the strongest first
    shares: np.ndarray  # float64 (50,)

    def project(self, images: np.ndarray, dims: int = N_COMPONENTS) -> np.ndarray:
        """Coordinates of images along the first `dims` directions: uint8 (n, 28, 28) → float32 (n, dims)."""
        directions = np.ascontiguousarray(self.directions[:, :dims])
        shift = self.mean @ directions
        parts = [_scaled(chunk) @ directions - shift for chunk in _chunks(images)]
        return np.concatenate([np.zeros((0, dims), np.float32), *parts])


def load_axes(mnist: Mnist) -> PrincipalAxes:
    """The principal axes of all images of the data set, computed once and kept in the home."""
    arrays = cache.load_or_compute("axes", mnist, lambda: principal_axes([d.images for d in mnist[:3]])._asdict())
    return PrincipalAxes(arrays["mean"], arrays["directions"], arrays["shares"])


def principal_axes(parts: Iterable[np.ndarray]) -> PrincipalAxes:
    """The principal axes of images given in parts, uint8 (n, 28, 28) each; 70,000 take about a second."""
    n, total, products = 0, np.zeros(_PIXELS), np.zeros((_PIXELS, _PIXELS))
    # One thread: two are a little faster on a free machine, but many times slower while a training run uses the cores.
    with threadpool_limits(1):
        for images in parts:
            for chunk in _chunks(images):
                ink = _scaled(chunk)
                n, total = n + len(ink), total + ink.sum(axis=0, dtype=np.float64)
                products += ink.T @ ink
        mean = total / max(n, 1)
        covariance = products / max(n, 1) - np.outer(mean, mean)
        directions, shares = principal_directions(covariance, N_COMPONENTS)
    return PrincipalAxes(mean.astype(np.float32), directions.astype(np.float32), shares)


def sample(mnist: Mnist, sizes: dict[str, int] = TSNE_SAMPLE, seed: int = 0) -> dict[str, np.ndarray]:
    """Positions drawn from each split, equally many of each digit, sorted: split → int64 (up to its size,)."""
    rng = np.random.default_rng(seed)
    return {split: stratified_sample(mnist.split(split).labels, size, rng) for split, size in sizes.items()}


def tsne(mnist: Mnist, progress: Callable[[float], None]) -> dict[str, np.ndarray]:
    """A t-SNE map of a sample: split → positions, and split_places → float32 (n, 2). Takes about a minute."""
    from sklearn.manifold import TSNE  # takes 1 s to import; only a separate process runs this

    chosen = sample(mnist)
    found = load_axes(mnist)
    places = np.concatenate([found.project(mnist.split(split).images[at]) for split, at in chosen.items()])
    perplexity = min(30.0, (len(places) - 1) / 3)
    with contextlib.redirect_stdout(_TsneProgress(progress)):
        flat = TSNE(
            init="pca", perplexity=perplexity, max_iter=_TSNE_STEPS, random_state=0, n_jobs=2, verbose=2
        ).fit_transform(places)
    cuts = np.cumsum([len(at) for at in chosen.values()])[:-1]
    mapped = dict(zip((f"{split}_places" for split in chosen), np.split(flat.astype(np.float32), cuts), strict=True))
    return {**chosen, **mapped}


class _TsneProgress(io.TextIOBase):
    """Reads the progress that scikit-learn prints: "[t-SNE] Iteration 250: error = …"."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        if found := re.search(r"Iteration (\d+)", text):
            self._progress(int(found[1]) / _TSNE_STEPS)
        return len(text)


def _scaled(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    return (images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK))
