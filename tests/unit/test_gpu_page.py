"""The page that the benchmark of a GPU writes, from figures that were made up."""

from tests.benchmarks import gpu_page
from tests.benchmarks.gpu_runs import KNOWN, WAITING


def side(seconds: float, accuracy: float) -> dict[str, float]:
    return {"seconds": seconds, "accuracy": accuracy, "epoch": 0.07}


RESULTS = {
    "machine": "one GPU",
    "date": "2026-12-01",
    "devices": {"tensorflow": {"name": "A GPU", "versions": {"keras": "3"}, "libraries": ["libcublas.so.13.1"]}},
    "point": {"tensorflow": {"chollet": {WAITING: [0.5, 0.7, 0.6], KNOWN: [2.0]}}},
    "fit": {"jax": {"dli": [{"stock": side(30.0, 0.981), "engine": side(each, 0.983)} for each in (3.0, 5.0, 6.0)]}},
    "shared": {"jax": {"1": [300.4], "8": [1234.5]}},
}


def test_each_part_that_was_measured_is_a_table_of_medians():
    page = gpu_page.page(RESULTS, rehearsal=False)
    assert "| TensorFlow | A GPU | keras 3 | libcublas.so.13.1 |" in page
    assert "| TensorFlow | `chollet` | 0.60 (0.50 to 0.70) |  | 2.00 |" in page
    assert "| JAX | `dli` | 30.00 (30.00 to 30.00) | 5.00 (3.00 to 6.00) | 6.00 (5.00 to 10.00) | 0.07 |" in page
    assert "| 98.10% | 98.30% |" in page
    assert "| JAX | 8 | 1,234 |" in page
    assert "rehearsal" not in page.lower()


def test_a_rehearsal_says_that_its_figures_mean_nothing():
    page = gpu_page.page({"machine": "here", "date": "today", "devices": {}}, rehearsal=True)
    assert "these figures mean nothing" in page
    assert "##" not in page.replace("# Speed", "")
