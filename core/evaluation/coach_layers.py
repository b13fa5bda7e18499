"""The coach's rules about layers: how large the updates are beside the weights, and how many units are dead.

They read the numbers of the bars under the film. A. Karpathy, CS231n notes, Neural Networks 3, "Ratio of
weights:updates": it should be about 0.001; if it is lower, the learning rate may be too low, if higher, too high.
"""

import math

from core.evaluation.advice import WARN, Advice, changed_rate
from core.evaluation.diagnostics import RunDiagnostics
from core.formatting import percent

USUAL = 1e-3
TOO_SMALL = USUAL / 10  # Adam at 0.00001 has 0.00008 and 58% after three epochs; at 0.0001 0.0004 and 89%
TOO_LARGE = USUAL * 10  # Adam at 0.01 has 0.006 and 96% after an epoch: a ratio above 0.001 alone is no fault
LARGE_FOR_DEAD_UNITS = USUAL * 3  # Adam and RMSprop at 0.1: 0.006 to 0.01, and 70 to 87% of the units are dead
SETTLED_STEP = 16  # the first steps of Adam and RMSprop are far larger than the later ones
LARGE_STEP = 100  # by then the updates of a healthy run have fallen to 0.003
LEARNED = 0.9  # from this accuracy on, small updates are what remains of the loss, and large ones do no harm


def updates_too_small(run: RunDiagnostics) -> Advice | None:
    """The updates are below a tenth of the usual size, while accuracy is low and the schedule has not lowered them."""
    ratio = _mean_update(run)
    if ratio is None or ratio >= TOO_SMALL or run.updates_step < SETTLED_STEP or _has_learned(run) or _is_lowered(run):
        return None
    layer = min(run.updates, key=lambda name: run.updates[name])
    tenfolds = min(max(round(math.log10(USUAL / ratio)), 1), 3) if ratio else 3
    rate = changed_rate(_rate(run), 10.0**tenfolds)
    text = (
        f"One step changes the weights of {layer} by only {_share(run.updates[layer])}. About 0.1% is usual. "
        "Raise the learning rate."
    )
    return Advice("updates too small", WARN, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def updates_too_large(run: RunDiagnostics) -> Advice | None:
    """The updates are more than ten times the usual size, while accuracy is low."""
    ratio = _mean_update(run)
    if ratio is None or ratio <= TOO_LARGE or run.updates_step < LARGE_STEP or _has_learned(run):
        return None
    layer = max(run.updates, key=lambda name: run.updates[name])
    rate = changed_rate(_rate(run), 0.1)
    text = (
        f"One step changes the weights of {layer} by {_share(run.updates[layer])}. About 0.1% is usual. "
        "Lower the learning rate."
    )
    return Advice("updates too large", WARN, text, {"learning_rate": rate}, f"Learning rate {rate:g}")


def dead_units(run: RunDiagnostics) -> Advice | None:
    """More than a quarter of a layer's units are dead. Some always are; these learn nothing more.

    Large updates switch units off for good; then a lower learning rate helps more than another activation.
    """
    layer, share = max(run.dead.items(), key=lambda item: item[1], default=("", 0.0))
    if share <= 0.25:
        return None
    text = (
        f"{percent(share, 0)} of the units in {layer} are dead: their output is 0 for every image, so they stop "
        "learning."
    )
    ratio = _mean_update(run)
    if ratio is not None and ratio > LARGE_FOR_DEAD_UNITS:
        rate = changed_rate(_rate(run), 0.1)
        largest = max(run.updates.values())
        text += f" One step changes weights by up to {_share(largest)}; about 0.1% is usual. Lower the learning rate."
        return Advice("dead units", WARN, text, {"learning_rate": rate}, f"Learning rate {rate:g}")
    if run.config.activation == "relu":
        return Advice("dead units", WARN, text, {"activation": "elu"}, "Activation elu")
    return Advice("dead units", WARN, text)


def _mean_update(run: RunDiagnostics) -> float | None:
    """The mean over the layers; None where it is unknown or no number."""
    ratios = list(run.updates.values())
    return sum(ratios) / len(ratios) if ratios and all(map(math.isfinite, ratios)) else None


def _has_learned(run: RunDiagnostics) -> bool:
    return not run.batches or run.batches[-1].accuracy >= LEARNED or run.config.wrong_labels > 0.3


def _is_lowered(run: RunDiagnostics) -> bool:
    """Whether the schedule has lowered the learning rate: the updates become small on purpose."""
    return bool(run.epochs) and not run.rates and run.epochs[-1].learning_rate < 0.5 * run.config.learning_rate


def _rate(run: RunDiagnostics) -> float:
    """The learning rate now: the visitor may have set it while the run trained."""
    return run.rates[-1].learning_rate if run.rates else run.config.learning_rate


def _share(ratio: float) -> str:
    """0.0001% and 2.3%: two digits that count."""
    digits = max(0, 1 - math.floor(math.log10(100 * ratio))) if ratio > 0 else 0
    return percent(ratio, min(digits, 8))
