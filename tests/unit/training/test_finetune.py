"""Training a copy of a network on personal digits."""

import errno

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.digits import Digits
from core.errors import DrawingError, RunError
from core.evaluation import evaluations, seal
from core.runs.store import Run, RunStore
from tests.made_runs import make


@pytest.fixture(scope="module")
def network(tiny_mnist):
    from core.network.numpy_network import Reader
    from core.training.models import get_weights
    from core.training.trainer import train

    config = RunConfig(units=64, epochs=4, device="cpu")
    model = train(config, tiny_mnist, lambda event: None).model
    return Reader(config, get_weights(model))


@pytest.fixture(scope="module")
def own_digits(tiny_mnist) -> Digits:
    """A hand that writes everything upside down."""
    return Digits(tiny_mnist.validation.images[:40, ::-1, ::-1].copy(), tiny_mnist.validation.labels[:40])


@pytest.fixture(scope="module")
def finetuned(network, own_digits, tiny_mnist):
    from core.training.finetune import FinetuneDigits, train_copy

    before = {path: weight.copy() for path, weight in network.weights.items()}
    heard: list[float] = []
    model, gain = train_copy(
        network, FinetuneDigits(own_digits, tiny_mnist.train, tiny_mnist.test), progress=heard.append
    )
    return model, gain, before, heard


def original(store: RunStore, config: RunConfig, **facts) -> Run:
    """A run that has learned from 1,000 of the tiny images; only what it says of itself counts."""
    return make(store, config.changed(units=64, epochs=1), points=1, **facts)


def test_the_copy_learns_the_hand_and_says_what_it_cost(finetuned, own_digits, tiny_mnist):
    model, gain, _, heard = finetuned
    assert gain.mine[1] > gain.mine[0]
    assert gain.held_back
    assert gain.judged == 9  # every fourth of 40, without the newest
    assert gain.newest[0] == own_digits.labels[-1]
    assert gain.newest[2] == model.predict(own_digits.images[-1:], verbose=0).argmax()
    predicted = model.predict(tiny_mnist.test.images, verbose=0).argmax(1)
    assert gain.others[1] == pytest.approx((predicted == tiny_mnist.test.labels).mean())
    assert gain.images == len(tiny_mnist.test)
    assert heard[-1] == 1
    assert heard == sorted(heard)


def test_the_network_itself_stays_as_it_was(finetuned, network):
    for path, weight in network.weights.items():
        np.testing.assert_array_equal(weight, finetuned[2][path])


def test_the_copy_is_kept_as_a_run_that_answers_its_starter_alone(finetuned, tmp_path):
    from core.network.numpy_network import Reader
    from core.training.finetuned_run import save_copy

    store = RunStore(tmp_path)
    run = save_copy(store, original(store, RunConfig(), name="mine"), *finetuned[:2], 40, starter="0123456789ab")
    assert run.state == "finished"
    assert run.starter == "0123456789ab"
    assert "40 digits of my hand" in run.note
    assert Reader.of(run).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)
    assert "1 digit of my hand" in save_copy(store, original(store, RunConfig()), *finetuned[:2], 1).note


def test_of_a_copy_that_a_full_disk_does_not_take_nothing_is_left(finetuned, tmp_path, monkeypatch):
    from core.training.finetuned_run import save_copy

    store, (model, gain) = RunStore(tmp_path), finetuned[:2]
    of = original(store, RunConfig())

    def save(path):
        path.write_bytes(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(model, "save", save)
    with pytest.raises(RunError, match="full"):
        save_copy(store, of, model, gain, 1)
    assert [run.id for run in store.runs() if not run.shipped] == [of.id]


def test_the_copy_can_be_evaluated_on_what_the_original_learned_from(finetuned, tmp_path, tiny_mnist):
    from core.network.numpy_network import Reader
    from core.training.finetuned_run import save_copy

    store = RunStore(tmp_path)
    of = original(store, RunConfig(validate_on="held-out"))
    copy = save_copy(store, of, *finetuned[:2], 40)
    data = tiny_mnist._replace(train=blank(of.started.train_images), validation=blank(of.started.validation_images))
    assert len(evaluations.predict_split(copy, "validation", data, lambda: Reader.of(copy)).labels) == len(
        data.validation
    )


def test_a_sealed_run_is_judged_by_validation_images_and_its_copy_stays_sealed(finetuned, tmp_path, tiny_mnist):
    from dataclasses import replace

    from core.training.finetune import choose_test_digits
    from core.training.finetuned_run import save_copy

    store = RunStore(tmp_path)
    of = original(store, RunConfig(validate_on="held-out"))
    split, others = choose_test_digits(of, tiny_mnist)
    assert split == "validation"
    np.testing.assert_array_equal(others.images, tiny_mnist.validation.images)
    copy = save_copy(store, of, finetuned[0], replace(finetuned[1], split=split), 40)
    assert seal.sealed(of)
    assert seal.sealed(copy)
    assert "validation images" in copy.note
    assert "test" not in copy.note


def test_an_opened_run_is_judged_by_the_test_set_and_that_is_written_down_with_its_copy(
    finetuned, tmp_path, tiny_mnist
):
    from core.training.finetune import choose_test_digits
    from core.training.finetuned_run import save_copy

    store = RunStore(tmp_path)
    of = original(store, RunConfig(validate_on="held-out"))
    seal.open_test_set(of)
    assert choose_test_digits(of, tiny_mnist)[0] == "test"
    copy = save_copy(store, of, *finetuned[:2], 40)
    assert "test images" in copy.note
    assert seal.test_set_openings(copy)


def test_few_digits_are_judged_by_themselves_and_that_is_reported(network, own_digits, tiny_mnist):
    from core.training.finetune import FinetuneDigits, train_copy

    _, gain = train_copy(network, FinetuneDigits(own_digits[:3], tiny_mnist.train, tiny_mnist.test[:50]))
    assert not gain.held_back
    assert gain.judged == 2  # the newest is reported on its own


def test_nothing_to_teach_gets_a_sentence(network, own_digits, tiny_mnist):
    from core.training.finetune import FinetuneDigits, train_copy

    with pytest.raises(DrawingError, match="no digits to train on"):
        train_copy(network, FinetuneDigits(own_digits[:0], tiny_mnist.train, tiny_mnist.test))


def blank(count: int) -> Digits:
    return Digits(np.zeros((count, 28, 28), np.uint8), np.zeros(count, np.uint8))
