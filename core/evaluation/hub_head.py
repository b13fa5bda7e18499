"""The head of a model card as Hugging Face reads it: YAML at the top of README.md.

With it, the folder of a downloaded run can be pushed to the Hub as it is. The fields are those of the Hub's
documentation of model cards; `model-index` holds the accuracies.
"""

import json
from collections.abc import Iterator, Mapping

from core.data.class_names import MNIST, KnownSet

Figures = Mapping[str, tuple[float, float | None]]  # accuracy and loss by `training`, `validation` and `test`
_TAGS = ("digit-lab", "image-classification")
_SPLITS = {"validation": ("train", "Validation accuracy"), "test": ("test", "Test accuracy")}


def yaml_head(title: str, figures: Figures, data: KnownSet = MNIST) -> str:
    """The head with its two lines `---`, and an empty line after it. data: what the network was trained on."""
    return "\n".join(["---", *_fields(data), *_model_index(title, figures, data), "---", "", ""])


def _fields(data: KnownSet) -> Iterator[str]:
    yield "library_name: keras"
    yield "license: mit  # the licence of Digit Lab; choose your own for your network"
    yield "pipeline_tag: image-classification"
    if data.hub:
        yield f"datasets:\n- {data.hub}"
    yield "metrics:\n- accuracy"
    own = ["handwritten-digits"] if data == MNIST else []
    yield from ("tags:", *(f"- {tag}" for tag in (*_TAGS, *own, *([data.hub] if data.hub else []))))


def _model_index(title: str, figures: Figures, data: KnownSet) -> Iterator[str]:
    """The accuracies on images that the network was not trained on; nothing where none is known."""
    known = [(split, label, figures[name][0]) for name, (split, label) in _SPLITS.items() if name in figures]
    if not known:
        return
    yield "model-index:"
    yield f"- name: {_text(title)}"
    yield "  results:"
    for split, label, accuracy in known:
        yield "  - task:\n      type: image-classification"
        yield f"    dataset:\n      type: {data.hub or 'own'}\n      name: {data.title or 'own images'}"
        yield f"      split: {split}"
        yield f"    metrics:\n    - type: accuracy\n      value: {accuracy:.6g}\n      name: {label}"


def _text(title: str) -> str:
    """A title from a visitor as YAML; a text in JSON is one in YAML too."""
    return json.dumps(" ".join(title.split()), ensure_ascii=False)
