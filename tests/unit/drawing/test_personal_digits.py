"""A person's own digits are kept, looked at, exported and deleted; nothing else in the folder counts."""

import io

import numpy as np
import pytest
from PIL import Image

from core.drawing.personal_digits import MAX_UNDO, PersonalDigits
from core.errors import DrawingError

ME, ANOTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def hand(tmp_path) -> PersonalDigits:
    return PersonalDigits(ME, tmp_path)


def labels(hand: PersonalDigits) -> list[int]:
    return [one.label for one in hand.all()]


def image(value: int) -> np.ndarray:
    return np.full((28, 28), value, np.uint8)


def test_what_was_told_is_there_again(hand, tmp_path):
    hand.add(image(7), 7)
    hand.add(image(3), 3)
    kept = PersonalDigits(ME, tmp_path).all()
    assert [one.label for one in kept] in ([7, 3], [3, 7])  # told within the same millisecond
    assert all((one.image == one.label).all() for one in kept)


def test_a_hand_is_one_visitors_alone(hand, tmp_path):
    another = PersonalDigits(ANOTHER, tmp_path)
    hand.add(image(7), 7)
    another.add(image(3), 3)
    another.clear()
    assert labels(hand) == [7]
    assert labels(another) == []


@pytest.mark.parametrize("visitor", ["", "..", "../../etc", "0123456789AB", "0123456789ab\n", "0123456789abc"])
def test_what_is_no_visitor_names_no_folder(visitor, tmp_path):
    with pytest.raises(DrawingError, match="must be twelve of the characters"):
        PersonalDigits(visitor, tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_or_all_are_forgotten_and_brought_back(hand):
    first = hand.add(image(7), 7)
    hand.add(image(3), 3)
    hand.delete(first.id)
    assert labels(hand) == [3]
    hand.clear()
    assert labels(hand) == []
    assert hand.count_undoable() == 1
    hand.undo_delete()
    assert labels(hand) == [3]
    hand.undo_delete()
    assert sorted(labels(hand)) == [3, 7]
    assert hand.count_undoable() == 0


def test_the_trash_is_bounded(hand):
    for _ in range(MAX_UNDO + 3):
        hand.add(image(7), 7)
        hand.clear()
    assert len(list((hand.folder / "forgotten").iterdir())) == MAX_UNDO


def test_the_same_drawing_is_kept_once(hand):
    assert hand.add(image(7), 7).id == hand.add(image(7), 7).id
    hand.add(image(8), 7)
    assert labels(hand) == [7, 7]


def test_told_otherwise_the_same_drawing_is_what_was_told_last(hand):
    hand.add(image(7), 1)
    hand.add(image(7), 7)
    assert labels(hand) == [7]


def test_what_an_earlier_version_kept_for_all_comes_to_whoever_says_it_is_theirs(hand, tmp_path):
    (tmp_path / "hand").mkdir()
    Image.fromarray(image(7)).save(tmp_path / "hand" / "1600000000000-3c4d-7.png")
    another = PersonalDigits(ANOTHER, tmp_path)
    assert labels(hand) == []
    assert hand.count_unclaimed() == another.count_unclaimed() == 1
    another.settle_unclaimed(mine=False)
    hand.settle_unclaimed(mine=True)
    assert labels(hand) == [7]
    assert labels(another) == []
    assert hand.count_unclaimed() == another.count_unclaimed() == 0, "each is asked once"
    hand.clear()
    assert PersonalDigits("0" * 12, tmp_path).count_unclaimed() == 1, "another still finds it"


@pytest.mark.parametrize("name", ["../../secret", "0000000000000-abcd-7.png", "", "a.png"])
def test_only_what_is_kept_can_be_deleted(hand, name, tmp_path):
    (tmp_path / "secret").write_text("stays")
    with pytest.raises(DrawingError, match="not in My hand any more"):
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
