"""A moment is read from its file as it was written; strange files are ignored."""

from dataclasses import replace

import numpy as np
import pytest

from core.config.run_config import RunConfig
from core.digits import Digits
from core.runs.checkpoints import write_arrays
from core.runs.moment import LayerMoment, Moment
from core.runs.moments import MomentFolder, all_weights, fixed_images, has_all_weights, read_moments, write_moment
from core.runs.store import RunStore

N = 20


@pytest.fixture
def run(tmp_path):
    return RunStore(tmp_path).create(RunConfig(network="conv8x3-dense16"))


def moment(rng, step: int, *, whole: bool = False) -> Moment:
    def half(*shape):
        return rng.standard_normal(shape).astype(np.float16)

    layers = (
        LayerMoment(
            "conv8x3",
            "conv",
            np.arange(8, dtype=np.int32),
            half(3, 3, 1, 8),
            half(8),
            half(N, 13, 13, 8),
            0.1,
            0.5,
            half(N, 8),
        ),
        LayerMoment("dense16", "dense", np.arange(16, dtype=np.int32), half(50, 16), half(16), half(N, 16), 0.01, 0.0),
        LayerMoment(
            "softmax10", "dense", np.arange(10, dtype=np.int32), half(16, 10), half(10), half(N, 10), 0.02, 0.0
        ),
    )
    weights = (np.zeros((16, 10), np.float32), np.zeros(10, np.float32)) if whole else None
    positions = rng.standard_normal((N, 2)).astype(np.float32)
    return Moment(step, step / 10, float("nan"), float("nan"), 2.3, 0.1, layers, half(N, 10), positions, weights)


def test_a_moment_comes_back_as_it_was_written(run, rng):
    first, second = moment(rng, 0, whole=True), moment(rng, 128)
    for each in (second, first):
        write_moment(run, each)
    read = read_moments(run)
    assert [each.step for each in read] == [0, 128]
    assert [has_all_weights(each) for each in read] == [True, False]
    for mine, theirs in zip(read, (first, second), strict=True):
        assert np.isnan(mine.loss)
        assert mine.epoch == theirs.epoch
        np.testing.assert_array_equal(mine.probabilities, theirs.probabilities)
        np.testing.assert_array_equal(mine.positions, theirs.positions)
        for own, other in zip(mine.layers, theirs.layers, strict=True):
            assert (own.name, own.kind, own.update_ratio, own.dead) == (
                other.name, other.kind, other.update_ratio, other.dead,
            )  # fmt: skip
            for name in ("units", "kernel", "bias", "activations", "peaks"):
                if own.kind == "conv" and name in ("activations", "peaks"):
                    continue
                np.testing.assert_array_equal(getattr(own, name), getattr(other, name))
                assert getattr(own, name) is None or getattr(own, name).dtype == getattr(other, name).dtype
    assert [weight.shape for weight in read[0].weights] == [(16, 10), (10,)]


def test_feature_maps_come_back_to_one_part_in_254_of_their_largest_value(run, rng):
    written = moment(rng, 3).layers[0].activations
    written[4, :, :, 2] = 0
    first, *others = moment(rng, 3).layers
    write_moment(run, replace(moment(rng, 3), layers=(replace(first, activations=written), *others)))
    maps = read_moments(run)[0].layers[0].activations
    assert maps.dtype == np.float16
    largest = np.abs(written).max(axis=(1, 2), keepdims=True).astype(float)
    assert (np.abs(maps.astype(float) - written.astype(float)) <= largest * (1 / 254 + 1e-3)).all()
    assert not maps[4, :, :, 2].any()


def test_peaks_come_back_to_one_part_in_256(run, rng):
    written = np.array([[0, 1, -1, 0.1, 3.14, 60_000, 6e-8, np.inf]], np.float16).repeat(N, axis=0)
    first, *others = moment(rng, 3).layers
    write_moment(run, replace(moment(rng, 3), layers=(replace(first, peaks=written), *others)))
    peaks = read_moments(run)[0].layers[0].peaks
    assert peaks.dtype == np.float16
    np.testing.assert_allclose(peaks.astype(float), written.astype(float), rtol=1 / 256)


def test_maps_of_a_network_that_diverged_are_kept_as_zeros(run, rng):
    broken = np.full((N, 13, 13, 8), np.nan, np.float16)
    first, *others = moment(rng, 3).layers
    write_moment(run, replace(moment(rng, 3), layers=(replace(first, activations=broken), *others)))
    assert len(read_moments(run)) == 1


def test_a_moment_of_an_earlier_version_with_the_maps_of_three_images_is_read(run, rng):
    maps = rng.standard_normal((3, 13, 13, 8)).astype(np.float16)
    write_moment(run, moment(rng, 7))
    path = run.folder / "moments/00000007.npz"
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files if not name.endswith((":scale", ":peaks"))}
    np.savez(path, **{**arrays, "layer00:activations": maps})
    (read,) = read_moments(run)
    np.testing.assert_array_equal(read.layers[0].activations, maps)
    assert read.layers[0].peaks is None


def test_a_run_without_moments_has_none(run):
    assert read_moments(run) == []


@pytest.mark.parametrize(
    "change",
    [
        {"step": 3},
        {"layers": ()},
        {"positions": np.zeros((N, 3), np.float32)},
        {"positions": np.zeros((N, 2), np.float64)},
        {"probabilities": np.zeros((N, 9), np.float16)},
        {"epoch": float("nan")},
        {"validation_loss": "much"},
    ],
    ids=str,
)
def test_a_strange_moment_is_left_out(run, rng, change):
    write_moment(run, moment(rng, 0))
    write_moment(run, replace(moment(rng, 5), **change))
    if "step" in change:
        (run.folder / "moments/00000003.npz").rename(run.folder / "moments/00000005.npz")
    assert [each.step for each in read_moments(run)] == [0]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "pool"},
        {"units": np.arange(10, dtype=np.int64)},
        {"units": np.arange(9, dtype=np.int32)},
        {"kernel": np.zeros((16, 9), np.float16)},
        {"activations": np.zeros((N + 1, 10), np.float16)},
        {"dead": 1.5},
    ],
    ids=str,
)
def test_a_strange_layer_is_left_out(run, rng, change):
    strange = moment(rng, 5)
    write_moment(run, replace(strange, layers=(*strange.layers[:-1], replace(strange.layers[-1], **change))))
    assert read_moments(run) == []


@pytest.mark.parametrize(
    "change",
    [
        {"layer00:scale": np.ones((N, 7), np.float16)},
        {"layer00:scale": np.ones((N, 8), np.float32)},
        {"layer00:peaks": np.ones((N + 1, 8), np.float16)},
        {"layer00:activations": np.ones((26, 13, 13, 8), np.int8), "layer00:scale": np.ones((26, 8), np.float16)},
        {"layer00:activations": np.ones((N, 13, 15, 8), np.int8)},
        {"layer01:scale": np.ones((N, 16), np.float16)},
        {"layer01:peaks": np.ones((N, 16), np.float16)},
    ],
    ids=lambda change: " ".join(change),
)
def test_strange_feature_maps_are_left_out(run, rng, change):
    write_moment(run, moment(rng, 7))
    path = run.folder / "moments/00000007.npz"
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    np.savez(path, **(arrays | change))
    assert read_moments(run) == []


def test_a_damaged_file_a_link_and_another_kind_of_file_are_left_out(run, rng, tmp_path):
    write_moment(run, moment(rng, 0))
    folder = run.folder / "moments"
    whole = (folder / "00000000.npz").read_bytes()
    (folder / "00000001.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "00000002.npz").write_bytes(b"")
    (folder / "00000003.npz").symlink_to(folder / "00000000.npz")
    write_arrays(folder / "00000004.npz", {"facts": np.zeros(3, np.uint8)})
    np.savez(folder / "00000006.npz", facts=np.array({"a": 1}, dtype=object), allow_pickle=True)
    (folder / "notes.txt").write_text("hello")
    assert [each.step for each in read_moments(run)] == [0]


def test_what_is_trained_again_is_discarded(run, rng):
    for step in (0, 4, 8):
        write_moment(run, moment(rng, step))
    MomentFolder(run).discard_after(4)
    assert [each.step for each in read_moments(run)] == [0, 4]


def test_the_end_of_a_kept_epoch_has_all_weights(run, rng):
    weights = {"digit_lab/dense1/kernel": np.ones((3, 2), np.float32)}
    run.epoch_path(2).parent.mkdir(exist_ok=True)
    write_arrays(run.epoch_path(2), weights)
    np.testing.assert_array_equal(all_weights(run, moment(rng, 20))[0], weights["digit_lab/dense1/kernel"])
    assert all_weights(run, moment(rng, 21)) is None
    assert all_weights(run, moment(rng, 30)) is None


@pytest.mark.parametrize("n", [20, 25, 200, 3000])
def test_fixed_images_begin_with_those_on_screen_and_have_each_digit_about_equally(n, rng):
    digits = Digits(np.zeros((n, 28, 28), np.uint8), rng.integers(0, 10, n).astype(np.uint8))
    chosen = fixed_images(digits)
    assert chosen.dtype == np.int64
    assert chosen[:25].tolist() == list(range(min(25, n)))
    assert len(set(chosen.tolist())) == len(chosen) == min(n, 500)
    if n > 500:
        assert np.ptp(np.bincount(digits.labels[chosen[25:]])) <= 1
    np.testing.assert_array_equal(chosen, fixed_images(digits))
