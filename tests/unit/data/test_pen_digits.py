"""Pen digits: read in each form, fetched with a checksum, and six writers that nobody trains on."""

import gzip
import hashlib
import json
import threading
import zipfile
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from core.data import pen_digits
from core.data.download import Archive
from core.errors import DataError
from tests.unit.data.test_download import Quiet
from tests.unit.data.unipen_files import TWO_DIGITS, compress


def archive(path: Path) -> Path:
    """UCI's zip with two digits in it."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("pendigits-orig.names", "Pen-Based Recognition of Handwritten Digits")
        file.writestr("pendigits-orig.tes.Z", compress(b"other writers"))
        file.writestr(pen_digits.MEMBER, compress(TWO_DIGITS.encode()))
    return path


def json_lines(path: Path) -> Path:
    digits = [
        {"id": 0, "label": 8, "writer": 12, "strokes": [[267, 167, 267, 164, 266, 161]]},
        {"id": 1, "label": 4, "writer": 26, "strokes": [[100, 100, 100, 200], [200, 150]]},
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, digits)).encode()))
    return path


def test_every_form_gives_the_same_digits(tmp_path, monkeypatch):
    plain, packed = tmp_path / "pendigits-orig.tra", tmp_path / "pendigits-orig.tra.Z"
    plain.write_text(TWO_DIGITS)
    packed.write_bytes(compress(TWO_DIGITS.encode()))
    for path in (archive(tmp_path / "uci.zip"), plain, packed, json_lines(tmp_path / "pens.jsonl.gz")):
        monkeypatch.setenv("PEN_DIGITS_PATH", str(path))
        digits = pen_digits.load()
        assert digits.labels.tolist() == [8, 4]
        assert digits.writers.tolist() == [12, 26]
        assert [[stroke.tolist() for stroke in strokes] for strokes in digits.strokes] == [
            [[[267, 167], [267, 164], [266, 161]]],
            [[[100, 100], [100, 200]], [[200, 150]]],
        ]


DAMAGED = (
    b"",
    b"no digits",
    b'{"label": 3}',
    b'{"label": 12, "writer": 1, "strokes": [[1, 2]]}',
    b'{"label": 1, "writer": 1, "strokes": []}',
    b'{"label": 1, "writer": 1, "strokes": [[1, 1e99]]}',
    b"\x1f\x8bshort",
    b"PK\x03\x04",
)


@pytest.mark.parametrize("content", DAMAGED)
def test_a_file_of_something_else_is_answered_with_what_to_do(content, tmp_path, monkeypatch):
    path = tmp_path / "pens"
    path.write_bytes(content)
    monkeypatch.setenv("PEN_DIGITS_PATH", str(path))
    with pytest.raises(DataError, match=r"pens holds no pen digits.*Set PEN_DIGITS_PATH"):
        pen_digits.load()


def test_they_are_fetched_once_and_checked(tmp_path, monkeypatch):
    content = archive(tmp_path / "uci.zip").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("PEN_DIGITS_PATH", raising=False)
    monkeypatch.setenv("DIGIT_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(pen_digits, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    monkeypatch.setattr(pen_digits, "ARCHIVE", Archive("uci.zip", len(content), "0" * 64))
    with pytest.raises(DataError, match=r"wrong SHA-256.*set PEN_DIGITS_PATH"):
        pen_digits.load()
    assert not (tmp_path / "home/data/pen_digits.zip").exists()
    monkeypatch.setattr(pen_digits, "ARCHIVE", Archive("uci.zip", len(content), hashlib.sha256(content).hexdigest()))
    assert len(pen_digits.load()) == 2
    server.shutdown()
    server.server_close()
    assert len(pen_digits.load()) == 2  # from the home


def test_nobody_trains_on_the_writers_kept_aside():
    from core.config.run_config import KNOBS

    assert set(pen_digits.TRAINING_WRITERS).isdisjoint(pen_digits.KEPT_ASIDE)
    assert len(pen_digits.TRAINING_WRITERS) == KNOBS["writers"].high
    assert len(pen_digits.KEPT_ASIDE) == 6


def test_digits_of_some_writers_keep_their_order():
    digits = pen_digits.PenDigits(
        tuple((np.full((2, 2), place),) for place in range(4)), np.arange(4), np.array([1, 2, 1, 3])
    )
    chosen = digits.by([3, 1])
    assert chosen.labels.tolist() == [0, 2, 3]
    assert [int(strokes[0][0, 0]) for strokes in chosen.strokes] == [0, 2, 3]
