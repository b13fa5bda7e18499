"""The columns of Compare's table, and the cells of one run."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from core.config.knob import format_value
from core.config.recipes import RECIPES
from core.config.run_config import KNOB_TYPES, KNOBS, TEST_SET
from core.evaluation.comparison import RunRow, knob_text
from core.formatting import count, percent
from core.runs.data_match import have_different_data
from core.runs.store import PAUSED, RUNNING
from pages.shared import caches, other_subset, palette
from pages.shared.local_time import local_time, run_title

_ON_TEST, _MAY_HAVE_SEEN, _SEALED = " ᵗ", " *", "sealed"
_MARKS = {
    _ON_TEST: "ᵗ on the test set",
    _MAY_HAVE_SEEN: "* on images that it may have learned from",
    _SEALED: "sealed: test set not opened yet",
}


@dataclass(frozen=True)
class Layout:
    """What all rows of the table share. knobs: those with a column; differing: all that are not equal in all runs."""

    knobs: tuple[str, ...]
    baseline: RunRow | None
    recipes: bool
    differing: tuple[str, ...]


def columns(layout: Layout) -> list[dict[str, Any]]:
    """The heading of each column, and what it explains when you point at it."""

    def column(name: str, label: str, help: str = "", number: bool = False, soft: bool = False) -> dict[str, Any]:
        return {"id": name, "label": label, "help": help, "number": number, "soft": soft}

    against = []
    if layout.baseline:
        words = f"Best validation accuracy minus that of {run_title(layout.baseline.run)}, in percentage points"
        against = [column("gap", "± baseline", words, number=True)]
    return [
        column("state", "State"),
        *([column("recipe", "Recipe")] if layout.recipes else []),
        column("best", "Best val.", "Highest validation accuracy after any epoch", True),
        column(
            "last",
            "Saved val.",
            "Validation accuracy of the saved network: after the last epoch, or after the best epoch where patience "
            "chose it",
            True,
        ),
        *against,
        column(
            "test",
            "Test (95%)",
            "Test accuracy with its 95% interval (Wilson): in 95 of 100 such tests it contains the true accuracy. "
            "With *, the run may have learned from some of these images.",
            True,
        ),
        *(column(name, KNOBS[name].label, KNOBS[name].help, KNOB_TYPES[name] is not str) for name in layout.knobs),
        column("parameters", "Parameters", "How many numbers the network learns", True),
        column("seconds", "Seconds", "Training time", True),
        column("device", "Device", soft=True),
        column("when", "Created", soft=True),
    ]


@lru_cache(maxsize=2048)  # the rows of runs that have ended stay the same at every click
def table_row(row: RunRow, layout: Layout, *, group: int, mine: bool) -> dict[str, Any]:
    """One run as the table's JavaScript reads it. mine: whether the visitor may change it."""
    run, summary = row.run, row.summary
    values = [(name, "" if name in row.silent_knobs else getattr(row.config, name)) for name in layout.knobs]
    cells = [
        _state(row),
        *([_recipe(run.recipe)] if layout.recipes else []),
        _share(summary.best_validation, row),
        _share(summary.saved_validation, row),
        *([_gap(row, layout.baseline)] if layout.baseline else []),
        _test(row),
        *(
            ["" if value == "" else knob_text(name, value), None if value == "" else value, ""]
            for name, value in values
        ),
        _number(row.parameters, "{:,}"),
        _number(summary.seconds or None, "{:,.1f}"),
        [row.device.split(" (")[0], row.device, row.device],
        [local_time(run.created) if run.created else "", run.created, ""],
    ]
    words = [run_title(run), run.name, run.note, run.recipe, row.state, row.device, run.sweep]
    return {
        "id": run.id,
        "colour": palette.run_colour(run.colour_index),
        "title": run_title(run),
        "name": run.name,
        "note": run.note,
        "state": row.state,
        "starred": run.starred,
        "baseline": run.baseline,
        "fixed": run.shipped,
        "foreign": not mine,
        "group": group,
        "words": f"{' '.join(words).lower()} {filter_words(row, layout.differing)}",
        "cells": cells,
    }


def _recipe(name: str) -> list[Any]:
    return [name, name or None, RECIPES[name].title if name in RECIPES else ""]


def _state(row: RunRow) -> list[Any]:
    if row.state in (RUNNING, PAUSED):
        return [f"{row.state}, {len(row.summary.epochs)} of {row.config.epochs}", row.state, "epochs done"]
    return [row.state, row.state, row.summary.ended.reason if row.summary.ended else ""]


def _share(value: float | None, row: RunRow) -> list[Any]:
    if value is None:
        return ["", None, ""]
    on_test = row.config.validate_on == TEST_SET
    return [
        f"{percent(value)}{_ON_TEST * on_test}",
        value,
        "Measured on the test set, as in its recipe" if on_test else "",
    ]


def explain_marks(rows: Iterable[dict[str, Any]]) -> str:
    """What the marks in these rows mean, for those who cannot point at a cell; empty without marks."""
    texts = {cell[0] for row in rows for cell in row["cells"]}
    present = [words for mark, words in _MARKS.items() if any(text.endswith(mark) for text in texts)]
    return " · ".join(present)


def _number(value: float | None, form: str) -> list[Any]:
    return ["", None, ""] if value is None else [form.format(value), value, ""]


def _gap(row: RunRow, baseline: RunRow) -> list[Any]:
    here, there = row.validation, baseline.validation
    is_unlike = row.config.validate_on != baseline.config.validate_on or have_different_data(row.run, baseline.run)
    if row is baseline or here is None or there is None or is_unlike:
        return ["", None, ""]
    return [f"{100 * (here - there):+.2f}", here - there, "percentage points of best validation accuracy"]


def _test(row: RunRow) -> list[Any]:
    if row.sealed:
        return [_SEALED, None, "Nobody has seen the test accuracy of this run. Open the test set on Evaluate."]
    if row.test is None:
        return ["", None, ""]
    elsewhere = " of another data set than the one in use" if row.test_is_elsewhere else ""
    if row.test_interval is None:
        return [percent(row.test), row.test, f"Measured on the test images{elsewhere}."]
    low, high = row.test_interval
    interval = f"{percent(row.test)} [{100 * low:.2f}–{100 * high:.2f}]"
    about = f"{count(row.test_images or 0, 'test image')}{elsewhere}"
    if row.test_images == len(caches.data().test) and other_subset.may_have_seen(row.run):
        warning = "The run may have learned from some of them, so its accuracy may be too high."
        return [f"{interval}{_MAY_HAVE_SEEN}", row.test, f"{about}. {warning}"]
    return [interval, row.test, about]


def filter_words(row: RunRow, knobs: Iterable[str]) -> str:
    """The knobs as the filter finds them: `units:64`."""
    return " ".join(f"{name}:{format_value(getattr(row.config, name))}" for name in knobs).lower()
