"""The step for normalising: from 0…255 to 0…1, and the cost of float32 and float64."""

import numpy as np
import streamlit as st

from core.lesson.arithmetic import normalise
from core.lesson.tensors import ArrayInfo
from core.lesson.timing import PRODUCT_SHAPE, ProductTimes, time_matrix_product
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, in_bytes, show, wrong

_WIDE, _HIGH = 7, 4  # size of the part whose values are shown


def normalising(example: Example) -> None:
    """From 0…255 to 0…1, common mistakes, and what the dtype costs."""
    st.markdown(
        "A network learns best from small numbers. With inputs up to 255, the sums in the first layer and the first "
        "training steps would be 255 times too large. So divide by 255. The image stays the same; only the scale "
        "changes."
    )
    image = example.image
    top, left = _richest(image)
    part = image[top : top + _HIGH, left : left + _WIDE]
    here = draw.mark(left / 28, top / 28, _WIDE / 28, _HIGH / 28)
    show(
        draw.line(
            draw.picture(image, 140, "The digit with a frame around the part shown on the right", here=here),
            draw.matrix(part, title=f"rows {top} to {top + _HIGH - 1}, columns {left} to {left + _WIDE - 1}"),
            "÷ 255 =",
            draw.matrix(normalise(part), written="{:.3f}", title="the same part, 0 to 1"),
        )
    )
    side, other = st.columns(2)
    with side:
        before_after({"this digit": image}, {"normalised": normalise(image)})
        code(
            'x_train = x_train.astype("float32") / 255  # NumPy',
            "keras.layers.Rescaling(1 / 255)            # or a layer",
        )
        st.markdown(
            "Digit Lab stores images as uint8 and divides inside the model. This needs a quarter of the memory. It "
            "also "
            "ensures that your drawings are scaled exactly like the training images."
        )
    with other, wrong("normalise"):
        _mistakes(image)
    st.markdown("### The cost of float32 and float64")
    _cost(image)


def _richest(image: np.ndarray) -> tuple[int, int]:
    """The top left corner of the part with the most distinct values: (row, column)."""
    parts = np.lib.stride_tricks.sliding_window_view(image, (_HIGH, _WIDE))
    values = np.sort(parts.reshape(*parts.shape[:2], -1), axis=-1)
    variety = (values[..., 1:] != values[..., :-1]).sum(axis=-1)
    row, column = divmod(int(variety.argmax()), variety.shape[1])
    return row, column


def _mistakes(image: np.ndarray) -> None:
    twice, whole, wrapped = normalise(image) / 255, image // 255, image + np.uint8(60)
    value = int(image.max())
    st.markdown("None of these mistakes raises an error. In the images below, 1 is white:")
    show(
        draw.line(
            draw.picture(image, 84, "The digit, scaled correctly", "÷ 255<br>0 to 1"),
            draw.picture((twice * 255).astype(np.uint8), 84, "A black image", f"÷ 255 twice<br>0 to {twice.max():.4f}"),
            draw.picture(whole * 255, 84, "Only a few white dots are left", "// 255<br>0 or 1"),
            draw.picture(
                wrapped,
                84,
                "Grey background, and dark pixels in place of ink",
                f"uint8 + 60<br>{value} + 60 = {(value + 60) % 256}",
            ),
        )
    )
    st.markdown("So check the minimum and the maximum after every step.")


@st.cache_resource(show_spinner=False)
def _measured(turn: int) -> ProductTimes:
    return time_matrix_product()


def _cost(image: np.ndarray) -> None:
    n = 60_000 * image.size
    sizes = {name: ArrayInfo((60_000, 28, 28), name, 0, 1, n * width).bytes for name, width in _WIDTHS.items()}
    bars = "".join(
        f"<code>{name}</code><div class='size' style='width:{size / (8 * n):.1%}'></div><span>{in_bytes(size)}</span>"
        for name, size in sizes.items()
    )
    turn = st.session_state.get("prepare_turn", 0)
    seconds = _measured(turn)
    error = np.abs(normalise(image, np.float64) - normalise(image)).max()
    left, right = st.columns(2)
    with left:
        show("<p class='note'>Memory for all 60,000 training images</p>", f"<div class='sizes'>{bars}</div>")
        code(
            "x_train / 255                    # careful: float64",
            'x_train.astype("float32") / 255  # float32',
        )
    with right:
        images, pixels, units = PRODUCT_SHAPE
        factor = seconds.float64 / seconds.float32
        show(
            f"<p class='note'>({images}, {pixels}) @ ({pixels}, {units}) on one core of this machine, best of many "
            f"runs</p>",
            draw.table(
                ["dtype", "time per product", "significant digits"],
                [
                    ["<code>float32</code>", f"{seconds.float32 * 1e3:.2f} ms", "about 7"],
                    ["<code>float64</code>", f"{seconds.float64 * 1e3:.2f} ms", "about 16"],
                ],
                numbers=(1,),
            ),
        )
        st.markdown(
            f"float64 took **{factor:.1f} times** as long. It changes no pixel of this digit by more than {error:.0e}, "
            f"while one grey level is {1 / 255:.4f}. That is why networks use float32."
        )
        st.button("Measure again", icon=":material/timer:", on_click=_again, key="prepare_again")


_WIDTHS = {"uint8": 1, "float32": 4, "float64": 8}


def _again() -> None:
    st.session_state["prepare_turn"] = st.session_state.get("prepare_turn", 0) + 1
    _measured.clear()
