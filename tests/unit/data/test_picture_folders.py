"""Folders of pictures by class are read; pictures of another size are refused before they are unpacked."""

from pathlib import Path

import numpy as np
from PIL import Image

from core.data import class_names
from core.data.formats import TrainTest, read
from core.digits import Digits
from tests.unit.data.files_of_data import has_all_of, peak_memory, refused


def write_pictures(folder: Path, digits: Digits, names=class_names.DIGITS) -> Path:
    for at, (image, label) in enumerate(digits):
        (folder / names[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / names[label] / f"{at}.png")
    return folder


def test_folders_of_pictures_are_split(tmp_path, embedded):
    digits = embedded.train[:140]
    parts = read(write_pictures(tmp_path, digits))
    assert (len(parts.training), len(parts.test)) == (120, 20)
    assert has_all_of(parts, digits.images, digits.labels)
    assert parts.names == ()


def test_folders_for_training_and_test(tmp_path, embedded):
    write_pictures(tmp_path / "train", embedded.train[:120])
    write_pictures(tmp_path / "test", embedded.test[:80])
    parts = read(tmp_path)
    assert has_all_of(TrainTest(parts.training, embedded.test[:0]), *vars(embedded.train[:120]).values())
    assert np.bincount(parts.training.labels[-12:]).max() < 8  # shuffled: the last tenth is held out later


def test_the_names_of_the_folders_are_the_names_of_the_classes(tmp_path, embedded):
    names = tuple("abcdefghij")
    assert read(write_pictures(tmp_path, embedded.train[:140], names)).names == names


def test_a_picture_of_another_size_is_named(tmp_path, embedded):
    write_pictures(tmp_path, embedded.train[:140])
    Image.new("L", (32, 32)).save(tmp_path / "3" / "large.png")
    refused(tmp_path, r"3/large\.png must have 28×28 pixels, and not 32×32")


def test_a_picture_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(tmp_path, embedded):
    write_pictures(tmp_path, embedded.train[:140])
    Image.new("1", (20_000, 20_000)).save(tmp_path / "3" / "bomb.png")
    assert peak_memory(lambda: refused(tmp_path, r"3/bomb\.png")) < 20 << 20


def test_a_damaged_picture_and_a_link_out_of_the_folder(tmp_path, embedded):
    write_pictures(tmp_path / "set", embedded.train[:140])
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "set" / "0" / "link.png").symlink_to(tmp_path / "secret.png")
    assert len(read(tmp_path / "set").training) == 120  # the link is not followed
    (tmp_path / "set" / "0" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    refused(tmp_path / "set", r"0/bad\.png is damaged")
