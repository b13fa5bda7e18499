"""Reads UNIPEN files, as UCI publishes its pen digits: lines of pen strokes, packed by the old program `compress`."""

from collections.abc import Iterator
from typing import NamedTuple

_MAGIC = b"\x1f\x9d"
_FIRST_BITS, _MAX_BITS = 9, 16
_CLEAR = 256  # the code that empties the table
_TABLET = 500  # the tablet's side: y counts from its lower edge


class PenDigit(NamedTuple):
    """One digit: who wrote it, and its strokes, each a flat list x0, y0, x1, y1 …, y downwards."""

    label: int
    writer: int
    strokes: list[list[int]]


def parse(text: str) -> Iterator[PenDigit]:
    """The digits of a UNIPEN file. Raises `ValueError` where it is none.

    A digit starts with `.SEGMENT DIGIT 7-8 ? "4"`; `.COMMENT 4 12 225` has its label, its writer and its number; the
    lines between `.PEN_DOWN` and `.PEN_UP` are points.
    """
    label, writer, strokes = -1, -1, list[list[int]]()
    for line in map(str.strip, text.splitlines()):
        if line.startswith(".SEGMENT DIGIT"):
            if strokes:
                yield PenDigit(label, writer, strokes)
            label, writer, strokes = int(line.split('"')[1]), -1, []
        elif line.startswith(".COMMENT") and label >= 0:
            writer = int(line.split()[2])
        elif line == ".PEN_DOWN":
            strokes.append([])
        elif line and not line.startswith(".") and strokes:
            x, y = map(int, line.split())
            strokes[-1] += [x, _TABLET - y]
    if strokes:
        yield PenDigit(label, writer, strokes)


def is_compressed(content: bytes) -> bool:
    """Whether `compress` has written it: a file with the ending .Z."""
    return content.startswith(_MAGIC)


def decompress(content: bytes, limit: int) -> bytes:
    """Unpacks a .Z file (LZW, codes of 9 to 16 bits). Raises `ValueError` if it is damaged or exceeds `limit` bytes."""
    if len(content) < 3 or not is_compressed(content) or content[2] & 31 > _MAX_BITS:
        raise ValueError("not a .Z file")
    max_bits, has_clear = content[2] & 31, bool(content[2] & 128)
    table = [bytes([value]) for value in range(256)] + [b""] * has_clear
    found, total, before = list[bytes](), 0, b""
    bits, at, began, end = _FIRST_BITS, 24, 24, 8 * len(content)
    while True:
        if len(table) > (1 << bits) - 1 and bits < max_bits:
            at = began = _next_group(at, began, bits)
            bits += 1
        if at + bits > end:
            return b"".join(found)
        code = int.from_bytes(content[at // 8 : at // 8 + 3], "little") >> at % 8 & (1 << bits) - 1
        at += bits
        if code == _CLEAR and has_clear:
            at = began = _next_group(at, began, bits)
            bits, table = _FIRST_BITS, table[:_CLEAR]
            continue
        if code > len(table) or (code == len(table) and not before):
            raise ValueError("damaged")
        piece = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 1 << max_bits:
            table.append(before + piece[:1])
        found.append(piece)
        before, total = piece, total + len(piece)
        if total > limit:
            raise ValueError("too large")


def _next_group(at: int, began: int, bits: int) -> int:
    """Codes are written in groups of eight; the rest of a group is empty when their width changes."""
    group = 8 * bits
    return began + -(-(at - began) // group) * group
