"""The values that a sweep tries for a knob: lists and ranges as people write them, and every combination."""

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from core.config.run_config import KNOB_TYPES, KNOBS, RunConfig, read_knob
from core.errors import ConfigError

MAX_RUNS = 200
MAX_AXIS_TEXT = 2000  # characters
_NUMBER = r"[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|–|to|\.\.)\s*({_NUMBER})(?:\s*(?:by|step)\s*({_NUMBER}))?", re.IGNORECASE)


@dataclass(frozen=True)
class Axis:
    """The values of one knob in a sweep; in a search, any value between two bounds."""

    knob: str
    text: str  # as the visitor wrote it
    values: tuple[Any, ...]
    bounds: tuple[float, float] | None = None  # where the text is one range without a step


def read_axis(knob: str, text: str) -> Axis:
    """Reads `64, 128, 256`, `1-5`, `0.0001 to 0.1` or `0-0.4 by 0.1`. Raises `ConfigError` for any other text.

    A range means every whole number in it. For a knob on a log scale it means the powers of two (or ten) in it.
    """
    if len(text) > MAX_AXIS_TEXT:
        raise ConfigError(
            f"Values to try may have {MAX_AXIS_TEXT:,} characters. Write a range instead.", received=len(text)
        )
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if not pieces:
        raise ConfigError(
            f"{KNOBS[knob].label} needs values to try. Write a list (64, 128, 256) or a range (1-5).", received=text
        )
    ranges = [_parse_range(knob, piece) for piece in pieces]
    values = [
        value
        for piece, found in zip(pieces, ranges, strict=True)
        for value in (_range_values(knob, *found) if found else [read_knob(knob, piece)])
    ]
    single = ranges[0] if len(ranges) == 1 else None
    bounds = (single[0], single[1]) if single and single[2] is None else None
    return Axis(knob, text.strip(), tuple(dict.fromkeys(values)), bounds)


def combinations(base: RunConfig, axes: Iterable[Axis]) -> list[RunConfig]:
    """`base` with every combination of the axes' values, each config once. Raises `ConfigError` for over 200 runs."""
    axes = list(axes)
    size = math.prod(len(axis.values) for axis in axes)
    if size > MAX_RUNS:
        raise ConfigError(
            f"A sweep has at most {MAX_RUNS} runs. These values make {size:,} combinations. "
            "Try fewer values, or use a search, which chooses among them.",
            received=f"{size:,} combinations",
        )
    names = [axis.knob for axis in axes]
    every = product(*(axis.values for axis in axes))
    return list(dict.fromkeys(base.changed(**dict(zip(names, values, strict=True))) for values in every))


def extreme_configs(base: RunConfig, axes: Iterable[Axis]) -> list[RunConfig]:
    """`base` with the ends of every range and each word: the smallest and the largest runs that a search may try."""
    axes = list(axes)
    ends = [axis.values if KNOB_TYPES[axis.knob] is str else (axis.values[-1], axis.values[0]) for axis in axes]
    found = []
    for values in islice(product(*ends), MAX_RUNS):
        with suppress(ConfigError):  # knobs that exclude each other: a search leaves them out
            found.append(base.changed(**{axis.knob: value for axis, value in zip(axes, values, strict=True)}))
    return found or [base]


def _parse_range(knob: str, piece: str) -> tuple[float, float, float | None] | None:
    """Low, high and step of a range; None for a single value. Raises `ConfigError` for wrong bounds."""
    found = _RANGE.fullmatch(piece) if KNOB_TYPES[knob] is not str else None
    if found is None:
        return None
    low, high = (float(read_knob(knob, found[place])) for place in (1, 2))
    step = float(found[3]) if found[3] else None
    if low >= high or (step is not None and not 0 < step < math.inf):
        raise ConfigError(
            f"A range of {KNOBS[knob].label.lower()} must go up. Write the smaller number first, and a step above 0.",
            received=piece,
        )
    return low, high, step


def _range_values(knob: str, low: float, high: float, step: float | None) -> list[Any]:
    """The values in a range of this knob."""
    facts, kind = KNOBS[knob], KNOB_TYPES[knob]
    if step is None and facts.log:
        base = 2 if kind is int else 10
        first, last = math.ceil(math.log(low, base) - 1e-9), math.floor(math.log(high, base) + 1e-9)
        powers = [kind(float(f"{float(base) ** power:.6g}")) for power in range(first, last + 1)]
        return [kind(low), *(power for power in powers if low < power < high), kind(high)]
    step = step or (1.0 if kind is int else float(facts.step or (high - low) / 4))
    steps = (high - low) / step  # infinity for a step that is nearly 0
    if steps + 1 > MAX_RUNS + 1e-9:
        raise ConfigError(
            f"A range of {KNOBS[knob].label.lower()} has at most {MAX_RUNS} values. This one has {steps + 1:,.0f}. "
            "Use a larger step.",
            received=steps + 1,
        )
    count = math.floor(steps + 1e-9) + 1
    return [facts.check(knob, kind(float(f"{low + place * step:.10g}")), kind) for place in range(count)]
