"""Whether a network's confidence matches its accuracy: of predictions with 80%, are 80% right?"""

from dataclasses import dataclass

import numpy as np

from core.evaluation.metrics import evaluate

BINS = 15  # as in C. Guo et al., On Calibration of Modern Neural Networks, 2017
_MIN_TEMPERATURE, _MAX_TEMPERATURE = 0.05, 20.0
_TOLERANCE = 0.02  # temperatures as close to 1 as this change nothing that a reader would see


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Confidence against accuracy, in equal steps of confidence from 0 to 1.

    counts: int64 (bins,); confidence, accuracy: float64 (bins,), means within the bin, NaN where it is empty.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def edges(self) -> np.ndarray:
        """float64 (bins + 1,), from 0 to 1."""
        return np.linspace(0, 1, len(self.counts) + 1)

    @property
    def error(self) -> float:
        """Expected calibration error: the mean |confidence − accuracy|, weighted by images, in [0, 1]."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence - self.accuracy)[filled]
        return float(gaps @ self.counts[filled] / self.counts.sum()) if filled.any() else float("nan")


def reliability_curve(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> ReliabilityCurve:
    """Groups the images by the probability of the predicted digit. labels: (n,), probabilities: (n, 10)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    # Bins are open below and closed above, as in the paper; 1.0 falls into the last one.
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ReliabilityCurve(
            counts,
            np.bincount(place, confidence, bins) / counts,
            np.bincount(place, right, bins) / counts,
        )


def scale_logits(logits: np.ndarray, temperature: float) -> np.ndarray:
    """The logits divided by `temperature`: float64 (n, 10). Above 1 their softmax is less confident."""
    return logits.astype(np.float64) / temperature


def fit_temperature(labels: np.ndarray, logits: np.ndarray) -> float:
    """The temperature at which the mean cross-entropy is lowest. Fit it on validation, never on the test set."""
    from scipy.optimize import minimize_scalar  # takes a quarter of a second, so only pages that need it import it

    def loss(logarithm: float) -> float:
        return evaluate(labels, scale_logits(logits, float(np.exp(logarithm)))).loss or 0.0

    found = minimize_scalar(loss, bounds=(np.log(_MIN_TEMPERATURE), np.log(_MAX_TEMPERATURE)), method="bounded")
    return float(np.exp(found.x))


def describe_confidence(temperature: float) -> str:
    """What a fitted temperature says about the network: overconfident, underconfident or well calibrated."""
    if abs(temperature - 1) <= _TOLERANCE:
        return "well calibrated"
    return "overconfident" if temperature > 1 else "underconfident"
