"""Sets that are useless although their files are sound are noticed, and the offered fix repairs them."""

import numpy as np
import pytest

from core.data import checks, fixes, mnist
from core.data.checks import inspect
from core.digits import Digits
from core.errors import DataError
from tests.unit.data.files_of_data import write_npz


@pytest.fixture(scope="module")
def means(embedded) -> np.ndarray:
    return checks.class_means(embedded.validation)


@pytest.fixture(scope="module")
def sound(embedded) -> Digits:
    return embedded.train[:1500]


def kinds(found) -> list[str]:
    return [finding.kind for finding in found]


CHANGES = {
    "inverted": lambda digits: Digits(255 - digits.images, digits.labels),
    "transposed": lambda digits: Digits(digits.images.transpose(0, 2, 1).copy(), digits.labels),
    "renumbered": lambda digits: Digits(digits.images, (digits.labels + np.uint8(9)) % 10),
}


def test_sound_digits_have_no_findings(sound, means):
    assert inspect(sound, means) == []


@pytest.mark.parametrize("kind", CHANGES)
def test_a_changed_set_is_noticed_and_the_fix_repairs_it(kind, sound, means):
    changed = CHANGES[kind](sound)
    (finding,) = inspect(changed, means)
    assert finding.kind == kind
    assert finding.serious
    fixed = fixes.apply(changed, [finding.fix])
    assert np.array_equal(fixed.images, sound.images)
    assert np.array_equal(fixed.labels, sound.labels)


def test_a_set_with_two_faults_is_repaired_in_two_steps(sound, means):
    changed = CHANGES["inverted"](CHANGES["transposed"](sound))
    chosen = [finding.fix for finding in inspect(changed, means)]
    assert len(chosen) == 2
    assert inspect(fixes.apply(changed, chosen), means) == []


def test_black_images_are_noticed(sound, means):
    black = Digits(np.zeros_like(sound.images), sound.labels)
    assert kinds(inspect(black, means)) == ["empty"]
    images = sound.images.copy()
    images[::3] = 0
    assert "blank" in kinds(inspect(Digits(images, sound.labels), means))


def test_two_values_are_noticed_but_not_serious(sound, means):
    (finding,) = inspect(Digits((sound.images > 127) * np.uint8(255), sound.labels), means)
    assert (finding.kind, finding.serious, finding.fix) == ("two-valued", False, "")


def test_labels_of_other_images_are_noticed(sound, means, rng):
    (finding,) = inspect(Digits(sound.images, rng.permutation(sound.labels)), means)
    assert (finding.kind, finding.fix) == ("labels", "")


def test_some_wrong_labels_are_not_mistaken_for_foreign_ones(sound, means, rng):
    labels = sound.labels.copy()
    wrong = rng.random(len(labels)) < 0.2
    labels[wrong] = rng.integers(0, 10, wrong.sum())
    assert inspect(Digits(sound.images, labels), means) == []


def test_classes_that_are_no_digits_are_not_called_transposed_or_renumbered(means):
    from tests.app.test_own_data import shapes

    assert "transposed" not in (found := kinds(inspect(Digits(*shapes(1000, 1)), means)))
    assert "renumbered" not in found
    assert "labels" not in found


@pytest.mark.parametrize("count", [10, 30, 90])
def test_small_sets_are_not_judged_by_their_labels(sound, means, count, rng):
    digits = sound[:count]
    assert "labels" not in kinds(inspect(digits, means))


def test_the_files_stay_and_the_choice_is_kept(tmp_path, monkeypatch, arrays):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MNIST_PATH", str(write_npz(tmp_path, {**arrays, "x_train": 255 - arrays["x_train"]})))
    before = (tmp_path / "mnist.npz").read_bytes()
    source = mnist.load().source
    assert "inverted" in kinds(source.open_findings)
    fixes.add_fix(source.key, fixes.INVERT)
    fixed = mnist.load()
    assert np.array_equal(fixed.training.images, arrays["x_train"])
    assert "inverted" not in kinds(fixed.source.findings)
    assert fixed.source.sentence.endswith(fixes.NOTES[fixes.INVERT])
    assert (tmp_path / "mnist.npz").read_bytes() == before
    fixes.forget(source.key)
    fixes.accept(source.key, "inverted")
    assert "inverted" not in kinds(mnist.load().source.open_findings)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"KEY": 7}', '{"KEY": {"fixes": "invert", "accepted": 3}}', '{"KEY": {"fixes": ["rm -rf"]}}',
                '{"KEY": {"fixes": ["relabel:0123"]}}', '{"KEY": {"fixes": ["relabel:0000000000"]}}']
)  # fmt: skip
def test_a_damaged_list_of_choices_is_no_choice(tmp_path, monkeypatch, content):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fixes.json").write_text(content.replace("KEY", "abc"))
    assert fixes.chosen("abc").fixes == ()


def test_the_notes_of_a_set_are_in_its_sentence(tmp_path, monkeypatch, arrays):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv(
        "MNIST_PATH",
        str(write_npz(tmp_path, {**arrays, "x_train": arrays["x_train"] / 255, "x_test": arrays["x_test"] / 255})),
    )
    for _ in range(2):  # read, then from the kept copy
        assert mnist.load().source.sentence.endswith("Pixels from 0 to 1 were multiplied by 255.")


def test_classes_have_names_and_a_broken_list_of_them_is_an_error(tmp_path, monkeypatch, arrays):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MNIST_PATH", str(write_npz(tmp_path, arrays)))
    assert mnist.load().shows_digits
    (tmp_path / "labels.txt").write_text("\n".join("abcdefghij"))
    assert mnist.load().names == tuple("abcdefghij")
    (tmp_path / "labels.txt").write_text("a\n")
    with pytest.raises(DataError, match=r"labels\.txt must have 10 lines"):
        mnist.load()
