"""Fixes that a visitor chose for a data set. They are applied when it is read; its files stay as they are.

DIGIT_LAB_HOME/data/fixes.json   for each data set: the fixes, and the findings that the visitor accepted
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.digits import NUM_CLASSES, Digits
from core.files import read_json, write_json
from core.home import home

INVERT, TRANSPOSE, RELABEL = "invert", "transpose", "relabel"  # relabel:1234567890 gives label 0 the new label 1 …
NOTES = {
    INVERT: "The images are inverted: paper is black and ink is white, as in MNIST.",
    TRANSPOSE: "Rows and columns of the images are swapped.",
    RELABEL: "The labels are renumbered to fit the digits.",
}
_MOST_SETS = 200  # whose choices are kept


@dataclass(frozen=True)
class Choice:
    """What a visitor decided about one data set. accepted: kinds of findings that may stay as they are."""

    fixes: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()


def chosen(key: str) -> Choice:
    """The choice for the data set `key` (`Source.key`)."""
    saved = _read().get(key)
    if not isinstance(saved, dict):
        return Choice()
    fixes, accepted = (_texts(saved.get(name)) for name in ("fixes", "accepted"))
    return Choice(tuple(fix for fix in fixes if _is_fix(fix)), accepted)


def add_fix(key: str, fix: str) -> None:
    """Applies one more fix from the next reading on. Raises `RunError` if the disk is full."""
    before = chosen(key)
    _save(key, Choice((*before.fixes, fix), before.accepted))


def accept(key: str, kind: str) -> None:
    """Keeps a finding as it is, so that pages warn no longer."""
    before = chosen(key)
    _save(key, Choice(before.fixes, tuple({*before.accepted, kind})))


def forget(key: str) -> None:
    """Removes all fixes of the data set."""
    _save(key, Choice())


def apply(digits: Digits, fixes: Sequence[str]) -> Digits:
    """The digits after the fixes, one after another."""
    images, labels = digits.images, digits.labels
    for fix in fixes:
        kind, _, detail = fix.partition(":")
        if kind == INVERT:
            images = 255 - images
        elif kind == TRANSPOSE:
            images = np.ascontiguousarray(images.transpose(0, 2, 1))
        elif kind == RELABEL:
            labels = np.array([int(digit) for digit in detail], np.uint8)[labels]
    return Digits(images, labels)


def notes(fixes: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each fix."""
    return tuple(NOTES[fix.partition(":")[0]] for fix in fixes)


def _is_fix(fix: str) -> bool:
    kind, _, detail = fix.partition(":")
    permutes = len(detail) == NUM_CLASSES and sorted(detail) == [str(digit) for digit in range(NUM_CLASSES)]
    return permutes if kind == RELABEL else kind in NOTES and not detail


def _texts(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _path() -> Path:
    return home() / "data" / "fixes.json"


def _read() -> dict[str, object]:
    saved = read_json(_path())
    return saved if isinstance(saved, dict) else {}


def _save(key: str, choice: Choice) -> None:
    _path().parent.mkdir(parents=True, exist_ok=True)
    others = {name: value for name, value in _read().items() if name != key}
    kept = dict(list(others.items())[-_MOST_SETS:])
    write_json(_path(), {**kept, key: {"fixes": list(choice.fixes), "accepted": list(choice.accepted)}})
