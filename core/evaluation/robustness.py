"""Robustness: accuracy under each distortion at increasing strength, kept with the run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.augment.distortions import DISTORTIONS, distort
from core.data.mnist import Mnist
from core.digits import Digits
from core.evaluation import evaluation_cache, seal
from core.evaluation.evaluations import Network
from core.evaluation.metrics import wilson_interval
from core.files import suppress_disk_errors, write_json
from core.runs.store import Run
from core.untrusted import number, text, whole

IMAGES = 1000  # enough for ±1 point at 97%, and fast enough for one or two seconds
STEPS = 6
_SEED = 28
_CHANCE = 0.1


@dataclass(frozen=True)
class DistortionResult:
    """Accuracy under one distortion. strengths: from 0 to the strongest, in the distortion's own unit."""

    name: str
    strengths: tuple[float, ...]
    right: tuple[int, ...]
    images: int

    @property
    def accuracies(self) -> list[float]:
        return [right / self.images for right in self.right]

    @property
    def intervals(self) -> list[tuple[float, float]]:
        return [wilson_interval(right, self.images) for right in self.right]

    @property
    def half_loss_strength(self) -> float | None:
        """The weakest strength at which half of the accuracy above chance is lost; None if it never is."""
        line = (self.accuracies[0] + _CHANCE) / 2
        found = (s for s, a in zip(self.strengths, self.accuracies, strict=True) if a < line)
        return next(found, None)


def evaluate_robustness(
    run: Run,
    split: str,
    data: Mnist,
    get_network: Callable[[], Network],
    epoch: int | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> list[DistortionResult]:
    """A run's accuracy under every distortion: kept, else measured now and kept."""
    seal.check_seal(run, split)
    digits = data.split(split)[:IMAGES]
    key = evaluation_cache.cache_key(run, epoch, digits)
    path = evaluation_cache.cache_path(run, f"robustness-{split}", epoch).with_suffix(".json")
    if found := _read_saved(path, key):
        return found
    network = get_network()
    found = []
    for done, name in enumerate(DISTORTIONS):
        progress(done / len(DISTORTIONS))
        found.append(measure(network, digits, name))
    facts = {**key, "stood": [[each.name, each.strengths, each.right, each.images] for each in found]}
    with suppress_disk_errors():
        evaluation_cache.make_folder(run)
        write_json(path, facts)
    return found


def measure(network: Network, digits: Digits, name: str) -> DistortionResult:
    """Predicts `digits` at every strength, each image with a random amount from the same seed."""
    strengths = strength_levels(name)
    right = [
        _count_correct(network, apply_distortion(digits.images, name, strength), digits.labels)
        for strength in strengths
    ]
    return DistortionResult(name, strengths, tuple(right), len(digits))


def strength_levels(name: str) -> tuple[float, ...]:
    """The strengths at which a distortion is measured."""
    return tuple(round(DISTORTIONS[name].max_strength * step / STEPS, 4) for step in range(STEPS + 1))


def apply_distortion(images: np.ndarray, name: str, strength: float) -> np.ndarray:
    """`images`, uint8 (n, 28, 28), distorted with the seed of every measurement."""
    return distort(images, rng=np.random.default_rng(_SEED), **{name: strength})


def _count_correct(network: Network, images: np.ndarray, labels: np.ndarray) -> int:
    return int((network.probabilities(images).argmax(axis=1) == labels).sum())


def _read_saved(path: Path, key: dict[str, object]) -> list[DistortionResult]:
    facts = evaluation_cache.read_facts(path, key)
    if facts is None:
        return []
    try:
        found = [_checked_result(*each) for each in facts["stood"]]
    except (KeyError, TypeError, ValueError):
        return []
    measured = [(each.name, each.strengths) for each in found]
    # If not: written by a version with other distortions, so it is measured again.
    return found if measured == [(name, strength_levels(name)) for name in DISTORTIONS] else []


def _checked_result(name: str, strengths: list[float], right: list[int], images: int) -> DistortionResult:
    """A saved result. Raises `ValueError` or `TypeError` unless all of it are numbers that can be."""
    images = whole(images, 1, IMAGES)
    return DistortionResult(
        text(name, 40),
        tuple(number(strength) for strength in strengths),
        tuple(whole(count, 0, images) for count in right),
        images,
    )
