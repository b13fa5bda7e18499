"""Data sets in other people's forms are converted, and a note says how. Hostile files are refused in bounded memory."""

import gzip
import io
import pickle
import random
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import class_names
from core.data.formats import ARRAYS, IDX_NAMES, TrainTest, read
from core.data.pickled import read_pickle
from core.digits import Digits
from core.errors import DataError
from tests.unit.data.test_formats import arrays, idx, same, write_idx, write_npz  # noqa: F401


def rows(images: np.ndarray, labels: np.ndarray | None, header: str = "") -> str:
    """CSV as Kaggle has it."""
    lines = [header] if header else []
    for at, image in enumerate(images):
        values = ([labels[at]] if labels is not None else []) + image.ravel().tolist()
        lines.append(",".join(map(str, values)))
    return "\n".join(lines) + "\n"


HEADER = ",".join(["label", *(f"pixel{at}" for at in range(784))])


def has_all_of(parts: TrainTest, images: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the two parts hold exactly these images with their labels, in any order."""
    found = [
        (image.tobytes(), int(label))
        for digits in parts[:2]
        for image, label in zip(digits.images, digits.labels, strict=True)
    ]
    given = [(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)]
    return sorted(found) == sorted(given)


# Arrays


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
def test_other_shapes_and_ranges_are_converted(tmp_path, arrays, change, note):  # noqa: F811
    parts = read(write_npz(tmp_path, {**arrays, **change(arrays)}))
    assert same(parts, arrays)
    assert parts.training.images.dtype == np.uint8
    assert re.search(note, " ".join(parts.notes))


def test_pixels_of_0_and_1_become_0_and_255(tmp_path, arrays):  # noqa: F811
    changed = {name: (arrays[name] > 127).astype(np.uint8) for name in ("x_train", "x_test")}
    parts = read(write_npz(tmp_path, {**arrays, **changed}))
    assert set(np.unique(parts.training.images)) == {0, 255}
    assert "Pixels of 0 and 1 were multiplied by 255." in parts.notes


def test_official_files_are_not_converted(tmp_path, arrays):  # noqa: F811
    assert read(write_npz(tmp_path, arrays)).notes == ()


def test_names_of_other_projects_are_known(tmp_path, arrays):  # noqa: F811
    others = dict(zip(("train_images", "train_labels", "test_images", "test_labels"), arrays.values(), strict=True))
    assert same(read(write_npz(tmp_path, others)), arrays)


def test_an_npz_of_one_part_is_split(tmp_path, arrays):  # noqa: F811
    both = {kind: np.concatenate([arrays[f"{kind}_train"], arrays[f"{kind}_test"]] * 2) for kind in "xy"}
    parts = read(write_npz(tmp_path, {"images": both["x"], "labels": both["y"]}))
    assert has_all_of(parts, both["x"], both["y"])
    assert any("every seventh" in note for note in parts.notes)


# CSV


@pytest.mark.parametrize("header", ["", HEADER])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_one_csv_file_is_split(tmp_path, embedded, header, suffix):
    digits = embedded.train[:140]
    text = rows(digits.images, digits.labels, header).encode()
    path = tmp_path / f"train{suffix}"
    path.write_bytes(gzip.compress(text) if suffix.endswith("gz") else text)
    parts = read(path)
    assert (len(parts.training), len(parts.test)) == (120, 20)
    assert has_all_of(parts, digits.images, digits.labels)


def test_a_train_and_a_test_file(tmp_path, arrays):  # noqa: F811
    (tmp_path / "mnist_train.csv").write_text(rows(arrays["x_train"], arrays["y_train"], HEADER))
    (tmp_path / "mnist_test.csv").write_text(rows(arrays["x_test"], arrays["y_test"]))
    assert same(read(tmp_path), arrays)


def test_kaggles_test_file_has_no_labels_and_the_note_says_so(tmp_path, embedded):
    digits = embedded.train[:140]
    (tmp_path / "train.csv").write_text(rows(digits.images, digits.labels, HEADER))
    (tmp_path / "test.csv").write_text(rows(embedded.test.images[:30], None, HEADER.partition(",")[2]))
    parts = read(tmp_path)
    assert has_all_of(parts, digits.images, digits.labels)
    assert any(note.startswith("test.csv has no labels") for note in parts.notes)


def test_a_test_file_alone_is_refused(tmp_path, arrays):  # noqa: F811
    (tmp_path / "test.csv").write_text(rows(arrays["x_test"], None))
    with pytest.raises(DataError, match=r"test\.csv has no labels.*train\.csv"):
        read(tmp_path)


def test_labels_in_the_last_column_are_found(tmp_path, embedded):
    digits = embedded.train[:140]
    text = "\n".join(f"{','.join(map(str, image.ravel()))},{label}" for image, label in digits)
    (tmp_path / "digits.csv").write_text(text)
    assert has_all_of(read(tmp_path), digits.images, digits.labels)


def test_windows_line_ends_and_decimal_fractions(tmp_path, embedded):
    digits = embedded.train[:140]
    text = rows(np.round(digits.images / 255, 4), digits.labels, HEADER).replace("\n", "\r\n")
    (tmp_path / "train.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert has_all_of(read(tmp_path), digits.images, digits.labels)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no line with numbers"),
        (HEADER, "no line with numbers"),
        ("1,2,3\n", "784 pixels"),
        (f"{HEADER}\n1,{'x,' * 783}x\n", "only numbers"),
        (f"1,{'0,' * 783}0\n1,{'0,' * 900}0\n", "only numbers|different"),
        ("9" * 70_000, "a line is too long"),
    ],
)
def test_other_csv_files_are_refused(tmp_path, text, sentence):
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read(tmp_path)


def test_a_line_without_end_needs_little_memory(tmp_path):
    with gzip.open(tmp_path / "train.csv.gz", "wb", 1) as file:
        for _ in range(64):
            file.write(bytes(1 << 20).replace(b"\0", b"1"))
    assert peak_memory(lambda: refused(tmp_path, "a line is too long")) < 40 << 20


# Pickles


def theano_pickle(arrays, protocol: int = 2) -> bytes:  # noqa: F811
    """`mnist.pkl` as the Theano tutorials have it: pixels are 1/256, and there is a validation part."""
    flat = {name: (arrays[name].reshape(-1, 784) / 256).astype(np.float32) for name in ("x_train", "x_test")}
    y_train, y_test = (arrays[name].astype(np.int64) for name in ("y_train", "y_test"))
    parts = (flat["x_train"][:30], y_train[:30]), (flat["x_train"][30:], y_train[30:]), (flat["x_test"], y_test)
    return pickle.dumps(parts, protocol)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_pickle_of_arrays_is_read_without_executing_it(tmp_path, arrays, protocol):  # noqa: F811
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(theano_pickle(arrays, protocol), 1))
    parts = read(tmp_path)
    assert same(parts, arrays)
    assert "Read from a pickle without executing it." in parts.notes


def test_a_pickle_of_python_2_is_read(tmp_path, arrays):  # noqa: F811
    content = theano_pickle(arrays)
    # Python 2 wrote bytes as text, and NumPy had another name.
    for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
        content = content.replace(name, b"numpy.core.multiarray")
    (tmp_path / "mnist.pkl").write_bytes(content)
    assert same(read(tmp_path / "mnist.pkl"), arrays)


def test_a_pickled_dictionary_is_read(tmp_path, arrays):  # noqa: F811
    names = ("training_images", "training_labels", "test_images", "test_labels")
    named = dict(zip(names, arrays.values(), strict=True))
    (tmp_path / "mnist.pkl").write_bytes(pickle.dumps(named))
    assert same(read(tmp_path), arrays)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_a_pickle_with_code_is_refused_and_not_executed(tmp_path, protocol):
    evidence = tmp_path / "executed"
    path = tmp_path / "mnist.pkl"
    for value in (Bomb(evidence), [Bomb(evidence)], {"x_train": Bomb(evidence)}):
        path.write_bytes(pickle.dumps(value, protocol))
        with pytest.raises(DataError, match="nothing is executed"):
            read(path)
    assert not evidence.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch executed'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"\x80\x02cnumpy\nload\n(S'x'\ntR.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
        b"i__builtin__\neval\n.",
        b"\x80\x02]q\x00h\x00a.",  # a list that holds itself
        b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
        b"\x80\x02cnumpy\ndtype\n(S'O8'\ntR.",
        b"\x80\x05\x8e\xff\xff\xff\xff\xff\x00\x00\x00.",  # bytes of a length that is not there
        b"r\xff\xff\xff\x7f.",
        b"",
        b"\x80\x02.",
    ],
)
def test_hostile_pickles_are_refused(tmp_path, content):
    (tmp_path / "mnist.pkl").write_bytes(content)
    assert peak_memory(lambda: refused(tmp_path, "mnist.pkl")) < 20 << 20


def test_damaged_pickles_are_refused_or_read_but_nothing_else_happens(tmp_path, arrays):  # noqa: F811
    """Bytes changed at random, three hundred times: an array, or the project's own error."""
    sound = theano_pickle({name: array[:12] for name, array in arrays.items()})
    generator = random.Random(5)
    path = tmp_path / "mnist.pkl"
    for _ in range(300):
        changed = bytearray(sound)
        for _ in range(generator.randint(1, 6)):
            changed[generator.choice((generator.randrange(len(changed)), generator.randrange(300)))] = (
                generator.randrange(256)
            )
        path.write_bytes(changed[: generator.choice((len(changed), generator.randrange(len(changed))))])
        try:
            read_pickle(path)
        except DataError:
            continue


# Pictures


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


# EMNIST, names, and hostile archives


def test_emnists_names_are_known(tmp_path, arrays):  # noqa: F811
    for name, array in arrays.items():
        file = f"emnist-digits-{IDX_NAMES[name].replace('t10k', 'test')}.gz"
        (tmp_path / file).write_bytes(gzip.compress(idx(array), 1))
    assert same(read(tmp_path), arrays)


def test_labels_txt_names_the_classes(tmp_path, arrays):  # noqa: F811
    write_idx(tmp_path, arrays, gzipped=True)
    names = [f"kind {at}" for at in range(10)]
    (tmp_path / "labels.txt").write_text("\n".join(names) + "\n\n")
    assert read(tmp_path).names == tuple(names)


_NINE = "\nb\nc\nd\ne\nf\ng\nh\ni\nj"


@pytest.mark.parametrize(
    "text", ["", "a\nb", "a\n" * 10, "x" * 31 + _NINE, "\0" + _NINE, "<b>a" + _NINE, "[a](b)" + _NINE]
)
def test_another_labels_txt_is_refused(tmp_path, arrays, text):  # noqa: F811
    write_idx(tmp_path, arrays, gzipped=True)
    (tmp_path / "labels.txt").write_text(text)
    refused(tmp_path, "10 lines")


def test_a_known_set_is_recognised_by_its_checksums(tmp_path, arrays, monkeypatch):  # noqa: F811
    files = {name: tmp_path / f"{IDX_NAMES[name]}.gz" for name in ARRAYS}
    write_idx(tmp_path, arrays, gzipped=True)
    assert class_names.known_set(files, arrays["x_train"]) is None
    sums = {name: class_names._md5(path) for name, path in files.items()}
    monkeypatch.setattr(class_names, "KNOWN", (class_names.KNOWN[0]._replace(md5=sums),))
    assert class_names.known_set(files, arrays["x_train"]).names[9] == "Ankle boot"


def test_the_official_mnist_is_recognised(real_mnist):
    assert class_names.known_set({}, real_mnist.training.images) == class_names.MNIST


def test_an_npz_that_declares_too_much_is_refused_in_little_memory(tmp_path, arrays):  # noqa: F811
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**7, 28, 28)})
    write_npz(tmp_path, arrays)
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ARRAYS:
            archive.writestr(f"{name}.npy", header.getvalue())
    assert peak_memory(lambda: refused(tmp_path, "too large")) < 20 << 20


def test_an_npz_that_unpacks_to_more_than_it_declares_is_refused_in_little_memory(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10, 28, 28)})
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ARRAYS:
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100 << 20))
    assert peak_memory(lambda: refused(tmp_path, "more than")) < 20 << 20


def test_a_gzip_bomb_under_an_idx_name_is_refused_in_little_memory(tmp_path, arrays, monkeypatch):  # noqa: F811
    monkeypatch.setattr("core.data.formats.MAX_BYTES", 4 << 20)
    write_idx(tmp_path, arrays, gzipped=True)
    header = struct.pack(">HBBIII", 0, 8, 3, 60_000, 28, 28)
    (tmp_path / f"{IDX_NAMES['x_train']}.gz").write_bytes(gzip.compress(header + bytes(100 << 20), 1))
    assert peak_memory(lambda: refused(tmp_path, "more than")) < 20 << 20


def refused(path: Path, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(path)


def peak_memory(act) -> int:
    """The most bytes that Python and NumPy allocate meanwhile. Modules are imported before."""
    import pandas  # noqa: F401

    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
