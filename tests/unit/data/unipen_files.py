"""UNIPEN text as in UCI's pendigits-orig.tra, and a small writer of .Z files (LZW), which Python cannot write."""

TWO_DIGITS = """.INCLUDE dene.doc
.LEXICON  "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"
.HIERARCHY DIGIT

.SEGMENT DIGIT 0 ? "8"
.COMMENT  8 12 224
.PEN_DOWN
 267 333
 267 336
 266 339
.PEN_UP
.DT 100

.SEGMENT DIGIT 1-2 ? "4"
.COMMENT  4 26 225
.PEN_DOWN
 100 400
 100 300
.PEN_UP
.DT 53
.PEN_DOWN
 200 350
.PEN_UP
.DT 100
"""


def compress(content: bytes, max_bits: int = 16, clear_every: int = 0) -> bytes:
    """`content` as `compress` packs it. clear_every: empties the table after so many codes."""
    out = _Codes(max_bits)
    table, free, word = {bytes([value]): value for value in range(256)}, 257, b""
    for value in content:
        longer = word + bytes([value])
        if longer in table:
            word = longer
            continue
        out.write(table[word])
        if free < 1 << max_bits:
            table[longer] = free
            free += 1
        word = bytes([value])
        if clear_every and out.count % clear_every == 0:
            out.write(256)
            out.clear()
            table, free = {bytes([value]): value for value in range(256)}, 257
    out.write(table[word])
    return out.bytes()


class _Codes:
    """Codes of growing width, in groups of eight."""

    def __init__(self, max_bits: int) -> None:
        self.max_bits, self.bits, self.count = max_bits, 9, 0
        self.head, self.done, self.group = bytes([0x1F, 0x9D, 0x80 | max_bits]), b"", list[int]()
        self.known = 256

    def write(self, code: int) -> None:
        self.group.append(code)
        self.count += 1
        if len(self.group) == 8:
            self._flush(whole=True)
        self.known += 1  # the entries that the reader has after this code
        if self.known > (1 << self.bits) - 1 and self.bits < self.max_bits:
            self._flush(whole=True)
            self.bits += 1

    def clear(self) -> None:
        self._flush(whole=True)
        self.bits, self.known = 9, 256

    def bytes(self) -> bytes:
        self._flush(whole=False)
        return self.head + self.done

    def _flush(self, *, whole: bool) -> None:
        if not self.group:
            return
        number = sum(code << (self.bits * at) for at, code in enumerate(self.group))
        size = self.bits if whole else -(-self.bits * len(self.group) // 8)
        self.done += number.to_bytes(size, "little")
        self.group = []
