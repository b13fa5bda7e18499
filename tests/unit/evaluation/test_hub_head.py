"""The head of a card, as Hugging Face reads it."""

import pytest
import yaml
from huggingface_hub import ModelCard

from core.config.run_config import RunConfig
from core.evaluation import run_export
from core.evaluation.hub_head import yaml_head
from core.runs.store import RunStore
from tests.trained_run import trained_run

FIGURES = {"training": (0.99, 0.02), "validation": (0.975, 0.1), "test": (0.9731, None)}


def test_the_hub_reads_library_data_and_accuracies():
    card = ModelCard(f"{yaml_head('Mine', FIGURES)}# Mine\n")
    assert card.data.library_name == "keras"
    assert card.data.datasets == ["mnist"]
    assert card.data.metrics == ["accuracy"]
    assert card.data.license == "mit"
    assert card.data.pipeline_tag == "image-classification"
    found = [(each.dataset_split, each.metric_name, each.metric_value) for each in card.data.eval_results]
    assert found == [("train", "Validation accuracy", 0.975), ("test", "Test accuracy", 0.9731)]
    assert card.text.strip() == "# Mine"


@pytest.mark.parametrize("title", ['A "quoted" title: # and more', "Müller 😀 · 5 epochs", "- {list}", "back\\slash"])
def test_a_title_from_a_visitor_stays_one_text(title):
    head = yaml_head(title, FIGURES)
    read = yaml.safe_load(head.strip().removeprefix("---").removesuffix("---"))
    assert read["model-index"][0]["name"] == title


def test_without_figures_there_is_no_index():
    assert "model-index" not in yaml_head("Mine", {"training": (0.99, 0.02)})


def test_validation_on_the_test_set_is_not_a_figure_of_its_own(tmp_path, tiny_mnist):
    store = RunStore(tmp_path)
    held_out = trained_run(store, RunConfig(units=4), tiny_mnist)
    assert "Validation accuracy" in run_export._head(held_out)
    on_test = trained_run(store, RunConfig(units=4, validate_on="test"), tiny_mnist)
    assert "Validation accuracy" not in run_export._head(on_test)
