"""Runs in groups: by the value of a knob, and as repetitions of one experiment with several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.config.run_config import KNOBS
from core.evaluation.comparison import Experiment, RunRow, differing_knobs, knob_text
from core.evaluation.significance import seed_statistics
from core.formatting import count, percent

MAX_NAMED = 4  # knobs that a group's title names


def group_by_experiment(found: Sequence[RunRow]) -> list[list[RunRow]]:
    """Rows of the same experiment together, one for each seed, in the order in which each experiment first appears.

    A row forms a group of its own where it is no repetition (unfinished, learning rate changed during training,
    personalised) or the second run of a seed: its curve is equal to the first, so the spread would look too small.
    """
    groups: dict[tuple[Experiment, str], list[RunRow]] = {}
    seeds: set[tuple[Experiment, int]] = set()
    for row in found:
        seed = row.experiment, row.config.seed
        joins = row.is_repetition and seed not in seeds
        if joins:
            seeds.add(seed)
        groups.setdefault((row.experiment, "" if joins else row.run.id), []).append(row)
    return list(groups.values())


@dataclass(frozen=True, eq=False)
class Group:
    """Rows with one value of a knob, and a title that says how good they are and what else differs within the group.

    value: None for runs that have no such value: the knob has no effect on them, or they came with Digit Lab.
    """

    value: object
    rows: list[RunRow]
    title: str


def group_by_knob(found: Sequence[RunRow], knob: str) -> list[Group]:
    """The rows by their value of a knob, in the order of the values; last, the rows that belong to no value."""
    values: dict[object, list[RunRow]] = {}
    unused: list[RunRow] = []
    unknown: list[RunRow] = []
    shipped: list[RunRow] = []
    for row in found:
        if row.run.shipped:
            shipped.append(row)
        elif knob in row.unknown_knobs:
            unknown.append(row)
        elif knob in row.config.unused_knobs:
            unused.append(row)
        else:
            values.setdefault(getattr(row.config, knob), []).append(row)
    label = KNOBS[knob].label
    groups = [Group(value, values[value], _title(f"{label} {knob_text(knob, value)}", values[value], knob))
              for value in sorted(values, key=_order)]  # fmt: skip
    if unused:
        groups.append(Group(None, unused, _title(f"{label} has no effect: layers set one by one", unused, knob)))
    if unknown:
        groups.append(Group(None, unknown, f"{label} is not known: opened from a file · {count(len(unknown), 'run')}"))
    if shipped:
        groups.append(Group(None, shipped, "Came with Digit Lab, in no group"))
    return groups


def _order(value: object) -> tuple[bool, float, str]:
    return (False, float(value), "") if isinstance(value, (int, float)) else (True, 0.0, str(value))


def _title(name: str, members: list[RunRow], knob: str) -> str:
    parts = [name, count(len(members), "run")]
    if validated := [row.validation for row in members if row.validation is not None]:
        found = seed_statistics(validated)
        width = f" ± {100 * found.deviation:.2f}" if found.seeds > 1 else ""
        parts.append(f"best validation {percent(found.mean)}{width}, highest {percent(max(validated))}")
    others = [KNOBS[name].label.lower() for name in differing_knobs(row.config for row in members) if name != knob]
    if len({row.run.data_fingerprint for row in members}) > 1:
        others.insert(0, "data set")
    if others:
        more = f" and {len(others) - MAX_NAMED} more" if len(others) > MAX_NAMED else ""
        parts.append(f"these also differ in {', '.join(others[:MAX_NAMED])}{more}")
    return " · ".join(parts)
