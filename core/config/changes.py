"""How two configs differ, in words: one line for each knob that has an effect."""

from typing import Any

from core.config.layers import format_layers
from core.config.run_config import KNOBS, REPLACED_BY_NETWORK, RunConfig


def changes(before: RunConfig, after: RunConfig) -> list[str]:
    """What changes from one config to another: ["Units 128 → 16", "Activation relu → tanh"].

    Where one has its layers by hand, the layers of both are named instead of the knobs that build them.
    """
    found = before.differences(after)
    lines = []
    if before.network or after.network:
        layers = [format_layers(config.layers) or "none" for config in (before, after)]
        lines = [f"Hidden layers {layers[0]} → {layers[1]}"] if layers[0] != layers[1] else []
        found = {name: pair for name, pair in found.items() if name not in ("network", *REPLACED_BY_NETWORK)}
    return lines + [
        f"{KNOBS[name].label} {value_text(name, old)} → {value_text(name, new)}" for name, (old, new) in found.items()
    ]


def value_text(name: str, value: Any) -> str:
    """The value of a knob in such a line: "60,000", "none", or the word that its widget has for 0."""
    return KNOBS[name].shown(value)
