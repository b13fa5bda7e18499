"""What the coach says: one or two sentences and the knobs that they advise."""

from dataclasses import dataclass, field
from typing import Any

from core.config.run_config import KNOBS

BAD, WARN, GOOD = "bad", "warn", "good"


@dataclass(frozen=True)
class Advice:
    """One or two sentences, and the knobs to set for the next run."""

    rule: str
    kind: str  # bad, warn or good
    text: str
    remedy: dict[str, Any] = field(default_factory=dict)
    button: str = ""


def changed_rate(rate: float, factor: float) -> float:
    """A learning rate times `factor`, within the range of the knob."""
    low, high = KNOBS["learning_rate"].low or 0.0, KNOBS["learning_rate"].high or 1.0
    return float(f"{min(max(rate * factor, low), high):.6g}")
