"""UCI's pen digits in their published form: UNIPEN lines, packed by `compress`, in a zip archive."""

import shutil
import subprocess

import pytest

from core.data import unipen
from tests.unit.data.unipen_files import TWO_DIGITS, compress


def test_digits_have_label_writer_and_strokes_that_point_downwards():
    first, second = unipen.parse(TWO_DIGITS)
    assert (first.label, first.writer) == (8, 12)
    assert first.strokes == [[267, 167, 267, 164, 266, 161]]  # 500 − y: the tablet counts from below
    assert (second.label, second.writer) == (4, 26)
    assert [len(stroke) for stroke in second.strokes] == [4, 2]


def test_text_without_digits_has_none_and_damaged_points_are_refused():
    assert list(unipen.parse("hello\n.COMMENT\n")) == []
    with pytest.raises(ValueError, match=r"invalid literal|too many"):
        list(unipen.parse(TWO_DIGITS.replace(" 266 339", " 266 339 x")))


@pytest.mark.parametrize("max_bits", [9, 10, 12, 16])
def test_a_packed_file_is_unpacked(max_bits: int, rng):
    content = (TWO_DIGITS * 300).encode() + rng.bytes(3000)
    packed = compress(content, max_bits)
    assert unipen.is_compressed(packed)
    assert unipen.decompress(packed, limit=10**6) == content


@pytest.mark.skipif(not shutil.which("gzip"), reason="gzip unpacks such files too")
def test_what_the_test_packs_is_what_gzip_unpacks(rng):
    content = (TWO_DIGITS * 300).encode() + rng.bytes(3000)
    unpacked = subprocess.run(["gzip", "-dc"], input=compress(content), capture_output=True, check=True).stdout
    assert unpacked == content


def test_a_table_that_was_emptied_is_built_again(rng):
    content = TWO_DIGITS.encode() * 30
    packed = compress(content, clear_every=100)
    assert unipen.decompress(packed, limit=10**6) == content


def test_damaged_and_endless_files_are_refused():
    packed = compress(TWO_DIGITS.encode())
    with pytest.raises(ValueError, match="too large"):
        unipen.decompress(packed, limit=100)
    with pytest.raises(ValueError, match=r"not a \.Z file"):
        unipen.decompress(b"\x1f\x9d", limit=100)
    with pytest.raises(ValueError, match="damaged"):
        unipen.decompress(packed[:3] + b"\xff\xff\xff\xff", limit=100)
