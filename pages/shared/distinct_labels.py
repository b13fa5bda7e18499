"""Labels for a selection box: the browser sends the label of what is selected, so no two may be equal."""

from collections import Counter
from collections.abc import Mapping


def distinct(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels by id; where several are equal, each gets its id behind it.

    >>> distinct({"a1": "units 64", "b2": "units 64", "c3": "units 128"})
    {'a1': 'units 64 · a1', 'b2': 'units 64 · b2', 'c3': 'units 128'}
    """
    often = Counter(labels.values())
    return {name: label if often[label] == 1 else f"{label} · {name}" for name, label in labels.items()}
