"""Building blocks of every step: the chosen digit, arrays before and after, code, and what could go wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.data.class_names import Names
from core.data.mnist import Mnist
from core.digits import Digits
from core.lesson.tensors import ArrayInfo

OFFICIAL = 60_000  # training images of MNIST
_STYLE = (Path(__file__).parent / "lesson.css").read_text("utf-8")


class Example(NamedTuple):
    """The digit that the visitor chose, and the data set it comes from."""

    data: Mnist
    index: int  # in the training split
    image: np.ndarray  # uint8 (28, 28)
    label: int

    @property
    def train(self) -> Digits:
        return self.data.train

    @property
    def names(self) -> Names:
        """The names of the ten classes."""
        return self.data.names

    @property
    def name(self) -> str:
        """The name of its class: "7" or "Trouser"."""
        return self.names[self.label]

    @property
    def label_text(self) -> str:
        """Its label as a number, with the name of the class where that is another one: "7" or "1 (Trouser)"."""
        return self.name if self.data.shows_digits else f"{self.label} ({self.name})"

    @property
    def kind(self) -> str:
        """What a class is called: a digit in MNIST."""
        return "digit" if self.data.shows_digits else "class"


def style() -> None:
    """Adds the lesson's CSS; call it once per page."""
    st.html(f"<style>{_STYLE}</style>")


def show(*parts: str) -> None:
    """Shows HTML of the lesson."""
    st.html(f"<div class='lesson'>{''.join(parts)}</div>")


def before_after(before: dict[str, np.ndarray | ArrayInfo], after: dict[str, np.ndarray | ArrayInfo]) -> None:
    """A card for each array, with an arrow between before and after: shape, dtype, minimum, maximum, values, bytes."""
    cards = [_card(name, array, "") for name, array in before.items()]
    arrow = "<span class='arrow' role='img' aria-label='becomes'>→</span>" if before and after else ""
    show(f"<div class='facts'>{''.join(cards)}{arrow}{''.join(_card(n, a, ' after') for n, a in after.items())}</div>")


def _card(name: str, array: np.ndarray | ArrayInfo, kind: str) -> str:
    facts = array if isinstance(array, ArrayInfo) else ArrayInfo.from_array(array)
    rows = {
        "dtype": facts.dtype,
        "min": short(facts.low),
        "max": short(facts.high),
        "values": f"{facts.values:,}",
        "bytes": in_bytes(facts.bytes),
    }
    listed = "".join(f"<dt>{key}</dt><dd>{value}</dd>" for key, value in rows.items())
    title = f"<div class='title'>{escape(name)}</div><div class='shape'>{facts.shape}</div>"
    return f"<div class='card{kind}'>{title}<dl>{listed}</dl></div>"


def in_bytes(n: int) -> str:
    """A number of bytes as text."""
    return f"{n:,} B" if n < 10_000 else f"{n / 1000:,.0f} KB" if n < 1_000_000 else f"{n / 1e6:,.1f} MB"


def short(value: float) -> str:
    """A number with at most four significant digits; whole numbers are not shortened."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def code(*lines: str) -> None:
    """Lines of Python with a button to copy them."""
    st.code("\n".join(lines), language="python", wrap_lines=True)


def commented(*lines: tuple[str, str]) -> list[str]:
    """Lines of Python with a comment each; all comments start in one column, however long the lines are."""
    width = max(len(line) for line, _ in lines)
    return [f"{line:{width}}  # {comment}" for line, comment in lines]


@contextmanager
def wrong(step: str) -> Iterator[None]:
    """A box for mistakes that people make in this step."""
    with st.container(border=True, key=f"wrong_{step}"):
        st.markdown("**:material/warning: What could go wrong**")
        yield
