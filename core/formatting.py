"""Numbers as people read them, written one way on every page, in every file and on the command line.

And `plain` and `csv_text`: text that somebody else wrote, made safe for Markdown and for a spreadsheet; `csv_table`.
"""

import csv
import io
import re
from collections.abc import Iterable

_SIGNS = re.compile(r"[\\`*~$<>\[\]|]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is no markup
# Streamlit makes links of bare addresses, also of escaped ones. An invisible character in their middle prevents it.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes a cell that begins with one of these
_JOINER = "\u2060"  # the word joiner: no width, no line break


def plain(words: str) -> str:
    """`words` as Markdown that shows exactly this text, in one line: no picture, link, code, formula or tag.

    Streamlit shows most sentences as Markdown. Without this, the author of a name could make the browsers of other
    visitors fetch a picture from another server, or put a link into our page.
    """
    one_line = " ".join(words.split())
    return _SIGNS.sub(lambda sign: "\\" + sign[0], _ADDRESS.sub(_JOINER, one_line))


def csv_text(words: str) -> str:
    """`words` as a cell of a CSV file: a text that a spreadsheet would read as a formula gets an apostrophe first."""
    return f"'{words}" if words.startswith(_FORMULA) else words


def csv_table(rows: Iterable[Iterable[object]]) -> str:
    """The rows as CSV, the header among them. None is an empty cell."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def percent(share: float | None, digits: int = 2) -> str:
    """A share in [0, 1] as "98.01%"; "–" for None."""
    return "–" if share is None else f"{share:.{digits}%}"


def points(difference: float, digits: int = 2) -> str:
    """A difference of two shares in percentage points: 0.0023 is "0.23 points"."""
    return f"{abs(difference) * 100:.{digits}f} points"


def count(number: float, noun: str = "") -> str:
    """A whole number with thousands separators, and its noun in singular or plural: "1 image", "60,000 images"."""
    text = f"{number:,.0f}"
    return text if not noun else f"{text} {noun}" if number == 1 else f"{text} {noun}s"


def duration(seconds: float) -> str:
    """A length of time: "0.4 s", "26 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{round(seconds / 60)} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def estimate(seconds: float) -> str:
    """A length of time that nobody has measured, without tenths of a second: "1 s", "26 s", "3 min 20 s"."""
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < 10 else duration(whole)


def file_size(size: int) -> str:
    """A number of bytes: "1.2 GB", "340.5 MB", "34 kB"."""
    if size >= 999.95e6:
        return f"{size / 1e9:,.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 999.5e3 else f"{size / 1e3:.0f} kB"
