"""A browser that missed one drawing of a page shows the right values after the next one.

On a busy server a page may be drawn again before its first messages have left. All knobs then stood at their lowest
values, and the link with them.
"""

import pytest

from core.config.run_config import RunConfig
from tests.app.train_page import rerun
from tests.made_runs import make

KINDS = ("slider", "select_slider", "selectbox", "number_input", "button_group")


def told(page) -> dict[str, object]:
    """For each widget, what a browser shows that gets this drawing and had no other before."""
    protos = [widget.proto for kind in KINDS for widget in page.get(kind)]
    return {proto.id: str(_value(proto) if proto.set_value else proto.default) for proto in protos}


def _value(proto) -> object:
    field = {"Selectbox": "raw_value", "ButtonGroup": "raw_values"}.get(proto.DESCRIPTOR.name, "value")
    return getattr(proto, field)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        (
            "train",
            {"hidden_layers": "2", "units": "16", "activation": "tanh", "learning_rate": "0.003", "batch_size": "50",
             "train_images": "400", "writers": "6", "dropout": "0.3", "seed": "7", "device": "cpu"},
        ),
        ("compare", {"view": "sweep"}),
        pytest.param("evaluate", {"view": "gallery", "split": "train"}, marks=pytest.mark.slow),
        ("draw", {}),
    ],
)  # fmt: skip
def test_each_drawing_tells_every_value(name, query, open_page, store):
    run = make(store, RunConfig(epochs=3, train_images=400), outcome="finished")
    page = open_page(name, **query, **({} if name == "train" else {"run": run.id}))
    first, second, third = told(page), told(rerun(page)), told(rerun(page))
    assert first
    assert first.items() <= second.items() <= third.items()
