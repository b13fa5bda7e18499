"""Arrays of other shapes and ranges are converted, and a note says how."""

import re

import numpy as np
import pytest

from core.data.formats import read
from tests.unit.data.files_of_data import has_all_of, same, write_npz


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda a: {name: a[name].reshape(-1, 784) for name in ("x_train", "x_test")}, "784 pixels were reshaped"),
        (lambda a: {name: a[name][..., None] for name in ("x_train", "x_test")}, "channel axis"),
        (lambda a: {name: a[name][:, None] for name in ("x_train", "x_test")}, "channel axis"),
        (lambda a: {name: a[name] / 255 for name in ("x_train", "x_test")}, "multiplied by 255"),
        (lambda a: {name: (a[name] / 255).astype("f4") for name in ("x_train", "x_test")}, "multiplied by 255"),
        (lambda a: {name: a[name] / 127.5 - 1 for name in ("x_train", "x_test")}, "-1 to 1"),
        (lambda a: {name: a[name].astype("i8") for name in ("x_train", "x_test")}, "rounded"),
        (lambda a: {name: a[name][:, None] for name in ("y_train", "y_test")}, r"\(n, 1\)"),
        (lambda a: {name: np.eye(10)[a[name]] for name in ("y_train", "y_test")}, "One-hot"),
        (lambda a: {"y_test": a["y_test"].astype(float)}, "decimal point"),
    ],
)
def test_other_shapes_and_ranges_are_converted(tmp_path, arrays, change, note):
    parts = read(write_npz(tmp_path, {**arrays, **change(arrays)}))
    assert same(parts, arrays)
    assert parts.training.images.dtype == np.uint8
    assert re.search(note, " ".join(parts.notes))


def test_pixels_of_0_and_1_become_0_and_255(tmp_path, arrays):
    changed = {name: (arrays[name] > 127).astype(np.uint8) for name in ("x_train", "x_test")}
    parts = read(write_npz(tmp_path, {**arrays, **changed}))
    assert set(np.unique(parts.training.images)) == {0, 255}
    assert "Pixels of 0 and 1 were multiplied by 255." in parts.notes


def test_official_files_are_not_converted(tmp_path, arrays):
    assert read(write_npz(tmp_path, arrays)).notes == ()


def test_names_of_other_projects_are_known(tmp_path, arrays):
    others = dict(zip(("train_images", "train_labels", "test_images", "test_labels"), arrays.values(), strict=True))
    assert same(read(write_npz(tmp_path, others)), arrays)


def test_an_npz_of_one_part_is_split(tmp_path, arrays):
    both = {kind: np.concatenate([arrays[f"{kind}_train"], arrays[f"{kind}_test"]] * 2) for kind in "xy"}
    parts = read(write_npz(tmp_path, {"images": both["x"], "labels": both["y"]}))
    assert has_all_of(parts, both["x"], both["y"])
    assert any("every seventh" in note for note in parts.notes)
