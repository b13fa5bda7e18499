"""Arrays and shapes, checked against NumPy."""

import numpy as np
import pytest

from core.lesson import tensors
from core.lesson.arithmetic import flatten
from core.lesson.tensors import ArrayInfo, broadcast_axes


def test_facts_are_what_numpy_says():
    facts = ArrayInfo.from_array(np.array([[3, 200, 7]], np.uint8))
    assert (facts.shape, facts.dtype, facts.low, facts.high, facts.bytes) == ((1, 3), "uint8", 3, 200, 3)
    assert (facts.axes, facts.values) == (2, 3)
    assert ArrayInfo.from_array(np.float64(0.5)).axes == 0


def test_the_ladder_climbs_from_a_pixel_to_a_batch_of_videos(tiny_mnist):
    rungs = tensors.tensor_examples(tiny_mnist.train, 5, 10, 12)
    assert [rung.array.ndim for rung in rungs] == [0, 1, 2, 3, 4, 4, 5]
    assert rungs[-1].array.shape == (4, 6, 28, 28, 3)
    assert rungs[0].array == tiny_mnist.train.images[5, 10, 12]
    assert np.array_equal(rungs[1].array, tiny_mnist.train.images[5, 10])
    assert all(rung.array.dtype == np.uint8 for rung in rungs)


def test_the_batch_begins_with_the_digit_and_goes_round_the_end(tiny_mnist):
    batch = tensors.tensor_examples(tiny_mnist.train, 999, 0, 0)[3].array
    assert len(batch) == 32
    assert np.array_equal(batch[0], tiny_mnist.train.images[999])
    assert np.array_equal(batch[1], tiny_mnist.train.images[0])
    assert tensors.next_indices(2, 32, 3).tolist() == [2, 0, 1]


def test_the_video_walks_to_the_right_in_grey(tiny_mnist):
    video = tensors.make_video(tiny_mnist.train.images[0])
    columns = np.arange(28)
    places = [(frame[..., 0].sum(axis=0) * columns).sum() / frame[..., 0].sum() for frame in video.astype(float)]
    assert places == sorted(places)
    assert (video[..., 0] == video[..., 2]).all()


@pytest.mark.parametrize(
    ("left", "right"), [((3, 3), (3, 1)), ((3, 3), (3,)), ((3, 3), ()), ((2, 1, 4), (5, 1)), ((60_000, 28, 28), (28,))]
)
def test_broadcasting_follows_numpy(left, right):
    assert tuple(result for _, _, result in broadcast_axes(left, right)) == np.broadcast_shapes(left, right)


def test_shapes_that_do_not_fit_have_no_result_in_that_axis():
    assert broadcast_axes((3, 3), (2,)) == [(3, 1, 3), (3, 2, None)]
    with pytest.raises(ValueError, match="broadcast"):
        np.broadcast_shapes((3, 3), (2,))


def test_a_pixel_is_found_again_at_its_position(tiny_mnist):
    image = tiny_mnist.train.images[0]
    assert all(flatten(image[None])[0, tensors.flat_index(r, c)] == image[r, c] for r in range(28) for c in range(28))
    assert tensors.flat_index(27, 27) == 783


def test_scrambling_keeps_the_numbers_and_loses_the_pictures(tiny_mnist):
    images = tiny_mnist.train.images[:32]
    mixed = tensors.scramble_pixels(images)
    assert np.array_equal(np.sort(mixed.ravel()), np.sort(images.ravel()))
    assert (mixed[0] != images[0]).any()
