"""What every step of the lesson is made of: facts about arrays, a drawn matrix, the line of code that does it."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.digits import Digits
from core.mnist import Mnist


class Example(NamedTuple):
    """The digit the visitor follows, and the data it comes from."""

    data: Mnist
    index: int  # in the training split
    image: np.ndarray  # uint8 (28, 28)
    label: int

    @property
    def train(self) -> Digits:
        return self.data.train


def facts(arrays: Mapping[str, np.ndarray]) -> None:
    """One row an array: shape, dtype, least and greatest value, bytes."""
    rows = [
        f"| {name} | `{array.shape}` | {array.ndim} | `{array.dtype}` | {_short(array.min())} | {_short(array.max())} "
        f"| {in_bytes(array.nbytes)} |"
        for name, array in arrays.items()
    ]
    head = ["| | shape | axes | dtype | min | max | bytes |", "|---|---|---|---|---|---|---|"]
    st.markdown("\n".join(head + rows))


def in_bytes(n: int) -> str:
    """A number of bytes as people read it."""
    return f"{n:,}" if n < 10_000 else f"{n / 1000:,.0f} KB" if n < 1_000_000 else f"{n / 1e6:,.1f} MB"


def code(*lines: str) -> None:
    """The lines that do it, with Streamlit's button to copy them."""
    st.code("\n".join(lines), language="python", wrap_lines=True)


def matrix(values: np.ndarray, *, title: str = "", written: str = "{}", marks: np.ndarray | None = None) -> str:
    """A small matrix as an HTML table; cells where `marks` is true stand out."""
    values = np.atleast_2d(values)
    marked = np.zeros(values.shape, bool) if marks is None else np.atleast_2d(marks)
    rows = "".join(
        "<tr>" + "".join(_cell(written.format(v), m) for v, m in zip(row, on, strict=True)) + "</tr>"
        for row, on in zip(values, marked, strict=True)
    )
    caption = f"<caption>{escape(title)}</caption>" if title else ""
    return f"<table class='matrix'>{caption}{rows}</table>"


def side_by_side(parts: Sequence[str]) -> None:
    """Matrices and signs in one line that wraps on a narrow screen."""
    cells = "".join(
        part if part.startswith("<table") else f"<span class='sign'>{escape(part)}</span>" for part in parts
    )
    st.html(f"{_STYLE}<div class='line'>{cells}</div>")


def _cell(text: str, marked: bool) -> str:
    return f"<td{' class=on' if marked else ''}>{escape(text)}</td>"


def _short(value: np.generic) -> str:
    return f"{value:.4g}" if isinstance(value, np.floating) else str(value)


_STYLE = """<style>
.line {display: flex; flex-wrap: wrap; align-items: center; gap: .7rem; margin: .3rem 0}
.line .sign {font-size: 1.4rem}
.matrix {border-collapse: collapse; font: .85rem/1.5 var(--st-code-font, monospace)}
.matrix caption {caption-side: bottom; font: .78rem/1.6 var(--st-font, sans-serif); opacity: .8}
.matrix td {border: 1px solid rgba(128, 128, 128, .45); padding: .1rem .45rem; text-align: right; min-width: 1.6rem}
.matrix td.on {background: rgba(99, 91, 255, .28); font-weight: 700}
</style>"""
