"""A person's own digits are kept, looked at, exported and deleted; nothing else in the folder counts."""

import io

import numpy as np
import pytest

from core.errors import DrawingError
from core.hand import Hand


@pytest.fixture
def hand(tmp_path) -> Hand:
    return Hand(tmp_path)


def image(value: int) -> np.ndarray:
    return np.full((28, 28), value, np.uint8)


def test_what_was_told_is_there_again(hand, tmp_path):
    hand.add(image(7), 7)
    hand.add(image(3), 3)
    kept = Hand(tmp_path).all()
    assert [one.label for one in kept] in ([7, 3], [3, 7])  # told within the same millisecond
    assert all((one.image == one.label).all() for one in kept)


def test_one_or_all_are_forgotten(hand):
    first = hand.add(image(7), 7)
    hand.add(image(3), 3)
    hand.delete(first.id)
    assert [one.label for one in hand.all()] == [3]
    hand.clear()
    assert hand.all() == []


@pytest.mark.parametrize("name", ["../../secret", "0000000000000-abcd-7.png", "", "a.png"])
def test_only_what_is_kept_can_be_deleted(hand, name, tmp_path):
    (tmp_path / "secret").write_text("stays")
    with pytest.raises(DrawingError, match="no such digit"):
        hand.delete(name)
    assert (tmp_path / "secret").exists()


def test_the_export_holds_images_and_labels(hand):
    hand.add(image(200), 9)
    with np.load(io.BytesIO(hand.export())) as kept:
        assert kept["images"].shape == (1, 28, 28)
        assert kept["images"].dtype == np.uint8
        assert kept["labels"].tolist() == [9]


@pytest.mark.parametrize(("picture", "label"), [(image(1), 10), (image(1), -1), (np.zeros((2, 2), np.uint8), 1)])
def test_what_is_no_digit_is_not_kept(hand, picture, label):
    with pytest.raises(DrawingError, match="Received"):
        hand.add(picture, label)
    assert hand.all() == []


def test_damaged_and_foreign_files_are_passed_over(hand):
    kept = hand.add(image(5), 5)
    (hand.folder / "notes.txt").write_text("mine")
    (hand.folder / "0000000000001-abcd-3.png").write_bytes(b"cut")
    assert [one.id for one in hand.all()] == [kept.id]


def test_an_empty_hand_is_no_error(hand):
    assert len(hand.digits()) == 0
    assert hand.all() == []
