"""The kept copy of the data set: after a power cut some of its blocks may be zero."""

import pytest

from core.data import checksums, mnist


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["x_train", "y_train"])
def test_a_kept_copy_with_damaged_blocks_is_made_again(home, name):
    before = mnist.load_embedded().train
    images, labels = before.images.copy(), before.labels.copy()  # `before` is mapped from the file
    (kept,) = (home / "data" / "kept").rglob(f"{name}.npy")
    with kept.open("r+b") as file:
        file.seek(1000)
        file.write(bytes(1000) if name == "y_train" else b"\xff" * 1000)
    after = mnist.load_embedded().train
    assert (after.labels == labels).all()
    assert (after.images == images).all()


def test_a_changed_file_and_missing_sums_are_noticed(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"x" * 100)
    with pytest.raises(OSError, match="sums"):
        checksums.check(tmp_path)
    checksums.write(tmp_path)
    checksums.check(tmp_path)
    (tmp_path / "a.npy").write_bytes(b"x" * 50 + bytes(50))
    with pytest.raises(ValueError, match="has changed"):
        checksums.check(tmp_path)
