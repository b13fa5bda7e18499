"""A saved evaluation is used only for the same weights and images, and the test set stays sealed."""

import json

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.errors import RunError
from core.evaluation import evaluation_cache, evaluations, seal
from core.runs.events import RunEnded, Started
from core.runs.timeline import EventFile
from tests.faults.system import fill_disk


class Network:
    """Says the label of the images it was shown, but for every tenth; counts how often it is asked."""

    def __init__(self, digits, wrong_every=10):
        self.calls, predicted = 0, digits.labels.astype(np.int64)
        predicted[::wrong_every] = (predicted[::wrong_every] + 1) % 10
        self.answer = 30 * np.eye(10, dtype=np.float32)[predicted]

    def __call__(self):
        return self

    def logits(self, images):
        self.calls += 1
        return self.answer[: len(images)]


def finished(store, config=None, images=(1000, 200), **ended):
    """A run that has ended, with a file where its weights would be."""
    run = store.create(config or RunConfig())
    run.model_path.write_bytes(b"weights")
    events = EventFile(run.events_path)
    events.append(Started(1.0, "CPU", 10, *images, 4, 1))
    events.append(RunEnded("finished", "", 2.0, 1, **ended))
    events.close()
    return store.get(run.id)


# The tiny data set has 1,000 training images; a run with 1,000 counted ones belongs to it.


def test_the_second_time_no_network_predicts(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.validation)
    first = evaluations.predict_split(run, "validation", tiny_mnist, network)
    again = evaluations.predict_split(run, "validation", tiny_mnist, network)
    assert network.calls == 1
    np.testing.assert_array_equal(first.logits, again.logits)
    assert again.evaluation.accuracy == 180 / 200


def test_on_a_full_disk_a_network_still_answers(store, tiny_mnist, monkeypatch):
    run, network = finished(store), Network(tiny_mnist.validation)

    fill_disk(monkeypatch, "replace")
    for _ in range(2):
        assert evaluations.predict_split(run, "validation", tiny_mnist, network).evaluation.accuracy == 180 / 200
    assert network.calls == 2, "nothing could be kept"


def test_a_run_deleted_while_it_is_evaluated_does_not_come_back_as_a_damaged_one(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.validation)

    def delete_then_get():
        store.delete(run.id)
        return network

    assert evaluations.predict_split(run, "validation", tiny_mnist, delete_then_get).evaluation.images == 200
    assert store.damaged() == {}


def test_the_loss_of_sure_mistakes_is_counted_whole(store, tiny_mnist):
    # Every tenth image is wrong by 30; cut at Keras' epsilon the mean would be 1.6.
    found = evaluations.predict_split(finished(store), "validation", tiny_mnist, Network(tiny_mnist.validation))
    assert found.evaluation.loss == pytest.approx(30 / 10)
    assert found.probabilities.sum(1) == pytest.approx(np.ones(200))


def test_probabilities_kept_by_an_earlier_version_are_computed_again_and_their_counts_still_open(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.test)
    seal.open_test_set(run)
    evaluations.predict_split(run, "test", tiny_mnist, network)
    path = run.folder / "evaluations" / "test-final.json"
    facts = json.loads(path.read_text())
    del facts["holds"]
    path.write_text(json.dumps({**facts, "loss": 0.29}))
    np.save(path.with_suffix(".npy"), np.full((200, 10), 0.1, np.float32))
    kept = evaluation_cache.cached_evaluation(run)
    assert (kept.accuracy, kept.loss) == (0.9, None)
    assert evaluations.predict_split(run, "test", tiny_mnist, network).evaluation.accuracy == 0.9
    assert network.calls == 2
    assert evaluation_cache.cached_evaluation(run).loss == pytest.approx(3.0)


def test_other_weights_are_computed_again(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.validation)
    evaluations.predict_split(run, "validation", tiny_mnist, network)
    run.model_path.write_bytes(b"other weights")
    evaluations.predict_split(run, "validation", tiny_mnist, network)
    assert network.calls == 2


def test_other_images_are_computed_again(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.validation)
    evaluations.predict_split(run, "validation", tiny_mnist, network)
    evaluations.predict_split(run, "validation", tiny_mnist._replace(validation=tiny_mnist.validation[::-1]), network)
    assert network.calls == 2


def test_an_answer_cut_short_on_disk_is_computed_again(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.validation)
    evaluations.predict_split(run, "validation", tiny_mnist, network)
    path = run.folder / "evaluations" / "validation-final.npy"
    path.write_bytes(path.read_bytes()[:100])
    evaluations.predict_split(run, "validation", tiny_mnist, network)
    assert network.calls == 2


def test_each_epoch_is_kept_for_itself(store, tiny_mnist):
    run = finished(store)
    run.epoch_path(1).write_bytes(b"early weights")
    early, late = Network(tiny_mnist.validation, 2), Network(tiny_mnist.validation, 10)
    evaluations.predict_split(run, "validation", tiny_mnist, late)
    assert evaluations.predict_split(run, "validation", tiny_mnist, early, epoch=1).evaluation.accuracy == 0.5
    assert evaluations.predict_split(run, "validation", tiny_mnist, late).evaluation.accuracy == 0.9


def test_the_test_set_is_sealed_until_it_is_opened(store, tiny_mnist):
    run, network = finished(store), Network(tiny_mnist.test)
    with pytest.raises(RunError, match="sealed"):
        evaluations.predict_split(run, "test", tiny_mnist, network)
    assert network.calls == 0
    seal.open_test_set(run)
    assert evaluations.predict_split(run, "test", tiny_mnist, network).evaluation.accuracy == 0.9


def test_opening_is_written_down_once(store):
    run = finished(store)
    seal.open_test_set(run)
    seal.open_test_set(run)
    assert len(seal.test_set_openings(store.get(run.id))) == 1


def test_a_recipe_that_reads_the_test_set_itself_leaves_no_seal(store):
    assert not seal.sealed(finished(store, RunConfig(validate_on="none"), test_accuracy=0.9))
    assert not seal.sealed(finished(store, RunConfig(validate_on="test")))
    assert seal.sealed(finished(store))
    assert not seal.sealed(finished(store, test_accuracy=0.9))


def test_the_kept_figures_need_neither_images_nor_network(store, tiny_mnist):
    run = finished(store)
    assert evaluation_cache.cached_evaluation(run) is None
    seal.open_test_set(run)
    full = evaluations.predict_split(run, "test", tiny_mnist, Network(tiny_mnist.test)).evaluation
    kept = evaluation_cache.cached_evaluation(run)
    np.testing.assert_array_equal(kept.counts, full.counts)
    assert kept.loss == full.loss
    run.model_path.write_bytes(b"trained on")
    assert evaluation_cache.cached_evaluation(run) is None


def test_a_run_without_weights_says_so(store, tiny_mnist):
    run = store.create(RunConfig())
    with pytest.raises(RunError, match="has no network yet"):
        evaluations.predict_split(run, "validation", tiny_mnist, Network(tiny_mnist.validation))
    with pytest.raises(RunError, match="no weights of epoch 7"):
        evaluations.predict_split(run, "validation", tiny_mnist, Network(tiny_mnist.validation), epoch=7)


def test_a_run_of_another_data_set_is_found_out_by_its_number_of_images(store, tiny_mnist):
    run = finished(store)
    smaller = tiny_mnist._replace(train=tiny_mnist.train[:500])
    with pytest.raises(RunError, match="another data set"):
        evaluations.predict_split(run, "validation", smaller, Network(tiny_mnist.validation))


def test_a_run_of_another_data_set_is_found_out_by_its_own_figures(store, tiny_mnist):
    # Fashion-MNIST has as many images as MNIST; only the accuracy gives it away.
    run = finished(store, validation_accuracy=0.7)
    with pytest.raises(RunError, match=r"90.00% accuracy instead of the recorded 70.00%"):
        evaluations.predict_split(run, "validation", tiny_mnist, Network(tiny_mnist.validation))


def test_all_of_mnist_and_its_5_000_are_distinguished_but_not_refused(store, embedded):
    # The model that comes along was trained on all of MNIST; on a machine without it, it meets the 5,000.
    run = finished(store, RunConfig(validate_on="none"), test_accuracy=0.99, images=(60_000, 0))
    assert evaluations.trained_on_other_subset(run, embedded)
    network = Network(embedded.test)
    assert evaluations.predict_split(run, "test", embedded, network).evaluation.accuracy == pytest.approx(0.9)
    same = finished(store, RunConfig(validate_on="none"), test_accuracy=0.9, images=(4_500, 0))
    assert not evaluations.trained_on_other_subset(same, embedded)


def test_the_model_that_comes_along_is_found_to_have_seen_the_5_000(store, embedded, real_mnist):
    shipped = next(run for run in store.runs() if run.shipped)  # also trained on drawings of pen writers
    assert evaluations.trained_on_other_subset(shipped, embedded)
    assert not evaluations.trained_on_other_subset(shipped, real_mnist)
    writers = RunConfig(validate_on="none", writers=2)
    same = finished(store, writers, test_accuracy=0.9, images=(4_500 + 1_490, 0))
    assert not evaluations.trained_on_other_subset(same, embedded)


@pytest.mark.parametrize("images", [60_000 + 1_490, 1_000 + 1_490])
def test_writers_drawings_make_no_other_data_set(store, tiny_mnist, images):
    run = finished(store, RunConfig(validate_on="none", writers=2), test_accuracy=0.9, images=(images, 0))
    assert not evaluations.trained_on_other_subset(run, tiny_mnist), "nobody knows, and it is no part of MNIST"


def test_the_same_images_have_the_same_fingerprint(tiny_mnist):
    digits = tiny_mnist.test
    assert evaluation_cache.fingerprint(digits) == evaluation_cache.fingerprint(digits[:])
    relabelled = type(digits)(digits.images, (digits.labels + 1) % 10)
    assert evaluation_cache.fingerprint(digits) != evaluation_cache.fingerprint(relabelled)


def test_the_training_digits_that_the_tutorials_look_at_are_the_ones_they_saw(real_mnist):
    train = real_mnist.split("train")
    assert (train.labels[3], train.labels[2000]) == (1, 5)
