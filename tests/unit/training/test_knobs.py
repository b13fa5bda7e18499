"""Every knob has an effect: each one, changed alone, changes the events of a run."""

from dataclasses import asdict

import pytest

from core.config.run_config import KNOBS, RunConfig
from core.data.mnist import Mnist
from core.devices import computing
from core.errors import DeviceError
from core.runs.events import BatchDone, EpochDone, RunEnded, Started

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")
BASE = RunConfig(units=16, batch_size=50, epochs=2, learning_rate=0.01)
# Where the base would not show it: what to change it from, and what to.
FROM = {"patience": {"learning_rate": 3.0, "epochs": 6}, "schedule": {"epochs": 3}, "unchanged": {"augmentation": 1.0}}
TO = {
    "hidden_layers": 2, "units": 32, "activation": "tanh", "dropout": 0.5, "network": "conv4x5-pool4",
    "optimizer": "sgd", "learning_rate": 0.1, "schedule": "cosine", "batch_size": 100, "epochs": 1, "patience": 1,
    "validate_on": "none", "train_images": 500, "wrong_labels": 0.5, "augmentation": 1.0, "pen": 1.0, "styles": 1.0,
    "seed": 2, "unchanged": 0.5,
}  # fmt: skip
ELSEWHERE = {"loss", "device", "writers"}  # below, and in test_training_images
CLOCK = {"time", "seconds", "fit_seconds", "images_per_second", "best_epoch"}


def story(config: RunConfig, mnist: Mnist) -> list[dict]:
    """All that a run tells, but what the clock says."""
    from core.training.trainer import train

    events: list = []
    events.append(train(config, mnist, events.append).ended)
    kept = [event for event in events if isinstance(event, (Started, EpochDone, RunEnded))]
    return [{name: value for name, value in asdict(event).items() if name not in CLOCK} for event in kept]


@pytest.fixture(scope="module")
def small(tiny_mnist: Mnist) -> Mnist:
    return tiny_mnist._replace(test=tiny_mnist.test[:100], validation=tiny_mnist.validation[:100])


@pytest.fixture(scope="module")
def base_story(small: Mnist) -> list[dict]:
    return story(BASE, small)


def test_the_same_config_gives_the_same_events(small: Mnist, base_story: list[dict]):
    assert story(BASE, small) == base_story


@pytest.mark.parametrize("name", sorted(set(KNOBS) - ELSEWHERE))
def test_every_knob_changes_the_events(name: str, small: Mnist, base_story: list[dict]):
    base = BASE.changed(**FROM.get(name, {}))
    before = story(base, small) if name in FROM else base_story
    assert story(base.changed(**{name: TO[name]}), small) != before


def test_the_loss_form_changes_what_the_labels_are_and_not_the_curve(small: Mnist, base_story: list[dict]):
    from core.training.models import build

    one_hot = BASE.changed(loss="one-hot")
    assert build(BASE).loss == "sparse_categorical_crossentropy"
    assert build(one_hot).loss == "categorical_crossentropy"
    for mine, theirs in zip(story(one_hot, small), base_story, strict=True):
        figures = {name for name, value in theirs.items() if isinstance(value, float)}
        assert {name: mine[name] for name in figures} == pytest.approx(
            {name: theirs[name] for name in figures}, rel=1e-4
        )


def test_asking_for_a_gpu_where_there_is_none_is_answered_with_a_sentence(small: Mnist):
    if computing.device_kind("gpu") == "gpu":
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match=r"no GPU\. Choose auto or cpu\. .*Received: 'gpu'"):
        story(BASE.changed(device="gpu"), small)


def test_a_live_point_is_reported_within_the_epoch(small: Mnist):
    from core.training.trainer import train

    events: list = []
    train(BASE.changed(epochs=1), small, events.append)
    points = [event for event in events if isinstance(event, BatchDone)]
    assert points[-1].batch == points[-1].step == len(small.train) // BASE.batch_size
    assert 0 < points[0].accuracy < 1
