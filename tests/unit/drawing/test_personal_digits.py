"""Personal digits are saved, shown, exported and deleted; other files in the folder are ignored."""

import io

import numpy as np
import pytest
from PIL import Image

from core.drawing.personal_digits import MAX_UNDO, PersonalDigits
from core.errors import DrawingError

ME, ANOTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def personal(tmp_path) -> PersonalDigits:
    return PersonalDigits(ME, tmp_path)


def labels(personal: PersonalDigits) -> list[int]:
    return [one.label for one in personal.all()]


def image(value: int) -> np.ndarray:
    return np.full((28, 28), value, np.uint8)


def test_what_was_saved_is_there_again(personal, tmp_path):
    personal.add(image(7), 7)
    personal.add(image(3), 3)
    kept = PersonalDigits(ME, tmp_path).all()
    assert [one.label for one in kept] in ([7, 3], [3, 7])  # told within the same millisecond
    assert all((one.image == one.label).all() for one in kept)


def test_a_hand_is_one_visitors_alone(personal, tmp_path):
    another = PersonalDigits(ANOTHER, tmp_path)
    personal.add(image(7), 7)
    another.add(image(3), 3)
    another.clear()
    assert labels(personal) == [7]
    assert labels(another) == []


@pytest.mark.parametrize("visitor", ["", "..", "../../etc", "0123456789AB", "0123456789ab\n", "0123456789abc"])
def test_what_is_no_visitor_names_no_folder(visitor, tmp_path):
    with pytest.raises(DrawingError, match="must be twelve of the characters"):
        PersonalDigits(visitor, tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_or_all_are_forgotten_and_brought_back(personal):
    first = personal.add(image(7), 7)
    personal.add(image(3), 3)
    personal.delete(first.id)
    assert labels(personal) == [3]
    personal.clear()
    assert labels(personal) == []
    assert personal.count_undoable() == 1
    personal.undo_delete()
    assert labels(personal) == [3]
    personal.undo_delete()
    assert sorted(labels(personal)) == [3, 7]
    assert personal.count_undoable() == 0


def test_the_trash_is_bounded(personal):
    for _ in range(MAX_UNDO + 3):
        personal.add(image(7), 7)
        personal.clear()
    assert len(list((personal.folder / "forgotten").iterdir())) == MAX_UNDO


def test_the_same_drawing_is_kept_once(personal):
    assert personal.add(image(7), 7).id == personal.add(image(7), 7).id
    personal.add(image(8), 7)
    assert labels(personal) == [7, 7]


def test_a_drawing_labelled_again_has_the_latest_label(personal):
    personal.add(image(7), 1)
    personal.add(image(7), 7)
    assert labels(personal) == [7]


def test_what_an_earlier_version_kept_for_all_comes_to_whoever_says_it_is_theirs(personal, tmp_path):
    (tmp_path / "hand").mkdir()
    Image.fromarray(image(7)).save(tmp_path / "hand" / "1600000000000-3c4d-7.png")
    another = PersonalDigits(ANOTHER, tmp_path)
    assert labels(personal) == []
    assert personal.count_unclaimed() == another.count_unclaimed() == 1
    another.settle_unclaimed(mine=False)
    personal.settle_unclaimed(mine=True)
    assert labels(personal) == [7]
    assert labels(another) == []
    assert personal.count_unclaimed() == another.count_unclaimed() == 0, "each is asked once"
    personal.clear()
    assert PersonalDigits("0" * 12, tmp_path).count_unclaimed() == 1, "another still finds it"


@pytest.mark.parametrize("name", ["../../secret", "0000000000000-abcd-7.png", "", "a.png"])
def test_only_what_is_kept_can_be_deleted(personal, name, tmp_path):
    (tmp_path / "secret").write_text("stays")
    with pytest.raises(DrawingError, match="not in My hand any more"):
        personal.delete(name)
    assert (tmp_path / "secret").exists()


def test_the_export_holds_images_and_labels(personal):
    personal.add(image(200), 9)
    with np.load(io.BytesIO(personal.export())) as kept:
        assert kept["images"].shape == (1, 28, 28)
        assert kept["images"].dtype == np.uint8
        assert kept["labels"].tolist() == [9]


@pytest.mark.parametrize(("picture", "label"), [(image(1), 10), (image(1), -1), (np.zeros((2, 2), np.uint8), 1)])
def test_what_is_no_digit_is_not_kept(personal, picture, label):
    with pytest.raises(DrawingError, match="Received"):
        personal.add(picture, label)
    assert personal.all() == []


def test_damaged_and_foreign_files_are_passed_over(personal):
    kept = personal.add(image(5), 5)
    (personal.folder / "notes.txt").write_text("mine")
    (personal.folder / "0000000000001-abcd-3.png").write_bytes(b"cut")
    assert [one.id for one in personal.all()] == [kept.id]


def test_an_empty_hand_is_no_error(personal):
    assert len(personal.digits()) == 0
    assert personal.all() == []
