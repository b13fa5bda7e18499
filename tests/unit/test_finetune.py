"""Teaching a copy one person's hand."""

import numpy as np
import pytest

from core.digits import Digits
from core.errors import DrawingError
from core.runs import RunStore


@pytest.fixture(scope="module")
def network(tiny_mnist):
    from core.config import RunConfig
    from core.models import weights_of
    from core.reader import Reader
    from core.training import train

    config = RunConfig(units=64, epochs=4, device="cpu")
    model = train(config, tiny_mnist, lambda event: None).model
    return Reader(config, weights_of(model))


@pytest.fixture(scope="module")
def mine(tiny_mnist) -> Digits:
    """A hand that writes everything upside down."""
    return Digits(tiny_mnist.validation.images[:40, ::-1, ::-1].copy(), tiny_mnist.validation.labels[:40])


@pytest.fixture(scope="module")
def taught(network, mine, tiny_mnist):
    from core.finetune import teach

    before = {path: weight.copy() for path, weight in network.weights.items()}
    heard: list[float] = []
    model, gain = teach(network, mine, tiny_mnist.train, tiny_mnist.test, progress=heard.append)
    return model, gain, before, heard


def test_the_copy_learns_the_hand_and_says_what_it_cost(taught, mine, tiny_mnist):
    model, gain, _, heard = taught
    assert gain.mine[1] > gain.mine[0]
    assert gain.held_back
    assert gain.judged == 10
    predicted = model.predict(tiny_mnist.test.images, verbose=0).argmax(1)
    assert gain.test[1] == pytest.approx((predicted == tiny_mnist.test.labels).mean())
    assert heard[-1] == 1
    assert heard == sorted(heard)


def test_the_network_itself_stays_as_it_was(taught, network):
    for path, weight in network.weights.items():
        np.testing.assert_array_equal(weight, taught[2][path])


def test_the_copy_is_kept_as_a_run_that_answers(taught, tmp_path):
    from core.config import RunConfig
    from core.finetune import keep
    from core.reader import Reader

    store = RunStore(tmp_path)
    original = store.create(RunConfig(units=64, epochs=4), name="mine")
    run = keep(store, original, taught[0], taught[1], 40)
    assert run.state == "finished"
    assert "40 digits of my hand" in run.note
    assert Reader.of(run).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def test_few_digits_are_judged_by_themselves_and_that_is_said(network, mine, tiny_mnist):
    from core.finetune import teach

    _, gain = teach(network, mine[:3], tiny_mnist.train, tiny_mnist.test[:50])
    assert not gain.held_back
    assert gain.judged == 3


def test_nothing_to_teach_gets_a_sentence(network, mine, tiny_mnist):
    from core.finetune import teach

    with pytest.raises(DrawingError, match="no digit"):
        teach(network, mine[:0], tiny_mnist.train, tiny_mnist.test)
