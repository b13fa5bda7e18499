"""The lesson's steps for the set as a whole: its three parts, and batches."""

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES, Digits
from core.lesson.arithmetic import batches, steps_per_epoch
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import Example, before_after, code, show, wrong
from pages.shared import palette
from pages.shared.digit_grid import montage

_ROLES = (
    ("Training", "The network learns from these, again and again.", "the exercises", palette.DIGITS[3]),
    (
        "Validation",
        "You look at these while you choose knobs, and to stop in time.",
        "the mock exam",
        palette.DIGITS[5],
    ),
    ("Test", "Looked at once, at the end: how good is it really?", "the exam", palette.DIGITS[7]),
)
_OFFICIAL = 60_000


def three_parts(example: Example) -> None:
    """Training, validation and test defined."""
    data = example.data
    parts = data[:3]
    st.markdown(
        "A network can learn its training pictures by heart, as a pupil learns the exercises. Being good at those "
        "proves little. So the pictures are cut into three parts, and none is ever in two of them."
    )
    total = sum(map(len, parts))
    segments = [
        f"<div style='background:{colour};flex:{len(part) / total:.4f} 1 0'>{name}<br>{len(part):,}</div>"
        for (name, _, _, colour), part in zip(_ROLES, parts, strict=True)
    ]
    rows = [
        f"<div class='part'><div><span class='dot' style='background:{colour}'></span><b>{name}</b> {len(part):,}</div>"
        f"<div>{what} <span class='note'>Like {like}.</span></div>"
        f"{draw.stack(list(part.images[:8]), 36, f'The first {name.lower()} pictures', overlap=0.0)}</div>"
        for (name, what, like, colour), part in zip(_ROLES, parts, strict=True)
    ]
    show(f"<div class='share'>{''.join(segments)}</div><div class='parts'>{''.join(rows)}</div>")
    before_after({}, {f"{name.lower()} pictures": part.images for (name, *_), part in zip(_ROLES, parts, strict=True)})
    left, right = st.columns(2)
    held = len(data.validation)
    with left:
        st.markdown(
            "Why three and not two? Whoever keeps choosing the knobs that do best on the test pictures has learned "
            "*those* by heart, only more slowly. So Digit Lab seals the test set until you ask for it."
        )
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
            f"x_validation, y_validation = x_train[-{held}:], y_train[-{held}:]",
            f"x_train, y_train = x_train[:-{held}], y_train[:-{held}]",
        )
    with right, wrong("parts"):
        _sorted_cut(example)


def _sorted_cut(example: Example) -> None:
    training = np.concatenate([example.train.labels, example.data.validation.labels])
    held = len(example.data.validation)
    cut = np.bincount(np.sort(training)[-held:], minlength=NUM_CLASSES)
    st.markdown(
        "Some data sets lie **sorted by label**. Cut the last tenth off such a one, and the validation part holds "
        "digits that the training part has hardly seen. MNIST is well mixed; shuffle your own data first."
    )
    kept = example.data.validation.counts
    top = float(max(cut.max(), 1))
    show(
        draw.line(
            draw.bars(kept, on=-1, title="Validation, as it lies", top=top, written="{:,}", high="5.5rem"),
            draw.bars(cut, on=-1, title="Validation, had it been sorted", top=top, written="{:,}", high="5.5rem"),
        )
    )


def in_batches(example: Example) -> None:
    """60,000 images in batches of 128 are 469 steps."""
    st.markdown(
        "A network does not look at all pictures before it learns something. It looks at a **batch**, corrects its "
        "weights a little, which is one **step**, and takes the next. Once through all pictures is an **epoch**."
    )
    left, right = st.columns(2)
    n = left.select_slider(
        "Pictures", [1000, 5000, 10_000, 54_000, _OFFICIAL], value=_OFFICIAL, key="prepare_images", format_func=_grouped
    )
    size = right.select_slider(
        "Batch size", [2**k for k in range(13)], value=128, key="prepare_batch", format_func=_grouped
    )
    steps, cuts = steps_per_epoch(n, size), list(batches(n, size))
    last = cuts[-1].stop - cuts[-1].start
    st.markdown(f"#### {_division(n, size)}")
    st.markdown(_filled(n, size))
    at = st.slider("Look into batch", 1, steps, 1, key=f"prepare_at_{steps}") if steps > 1 else 1
    show(_blocks(steps, size, last, at))
    batch = _pictures(example, cuts[at - 1])
    if len(batch):
        few = batch.images[:128]
        what = f"Batch {at:,}: pictures {cuts[at - 1].start:,} to {cuts[at - 1].stop - 1:,}"
        more = f", the first {len(few)} of {len(batch):,}" if len(batch) > len(few) else ""
        st.image(
            montage(few, across=min(32, len(few))), width=min(896, 56 * len(few)), output_format="PNG", alt=what + more
        )
        st.caption(f"{what}{more}, in the order in which they lie. `fit` shuffles them anew in each epoch.")
    side, other = st.columns(2)
    with side:
        if len(batch):
            before_after({"one picture": batch.images[0]}, {"one batch": batch.images, "its labels": batch.labels})
        code(
            f"model.fit(x_train, y_train, batch_size={size}, epochs=5)",
            f"# shows {steps}/{steps} in the progress bar: steps, not pictures",
            f"math.ceil({n} / {size})  # {steps}",
        )
    with other, wrong("batches"):
        _unshuffled(example, n)


def _division(n: int, size: int) -> str:
    """How `n` pictures make steps of `size` each."""
    steps = steps_per_epoch(n, size)
    made = f"{steps:,} {'step' if steps == 1 else 'steps'}"
    return f"{n:,} ÷ {size:,} = " + (made if n % size == 0 else f"{n / size:,.2f}, rounded up: {made}")


def _filled(n: int, size: int) -> str:
    """How full the batches are."""
    full, left = divmod(n, size)
    if not left:
        return f"All {full:,} batches are full: none is smaller than the others."
    if not full:
        return f"All {n:,} pictures fit into one batch, which holds **{left:,}** and not {size:,}."
    some = "1 batch of" if full == 1 else f"{full:,} batches of"
    holds, are = ("holds" if full == 1 else "hold"), ("1 is" if left == 1 else f"{left:,} are")
    return f"{some} {size:,} {holds} {full * size:,} pictures, {are} left: the last of only **{left:,}**."


def _grouped(n: int) -> str:
    return f"{n:,}"


def _blocks(steps: int, size: int, last: int, at: int) -> str:
    """The first batches, the one looked into, and the last, as blocks in a row."""
    shown = sorted({1, 2, 3, at - 1, at, at + 1, steps - 1, steps} & set(range(1, steps + 1)))
    parts = []
    for n, before in zip(shown, [0, *shown[:-1]], strict=True):
        gap = "<span class='gap'>…</span>" if n > before + 1 else ""
        count = last if n == steps else size
        kind = ("last " if count < size else "") + ("chosen" if n == at else "")
        parts.append(f"{gap}<div class='block {kind}'>batch {n:,}<br>{count:,}</div>")
    return f"<div class='blocks'>{''.join(parts)}</div>"


def _pictures(example: Example, cut: slice) -> Digits:
    """The training pictures at `cut`, and behind them the validation pictures; none where the data ends before."""
    train, validation = example.train, example.data.validation
    if cut.stop <= len(train):
        return train[cut]
    if cut.start >= len(train):
        return validation[slice(cut.start - len(train), cut.stop - len(train))]
    over = cut.stop - len(train)
    parts = (train[cut.start :], validation[:over])
    return Digits(np.concatenate([p.images for p in parts]), np.concatenate([p.labels for p in parts]))


def _unshuffled(example: Example, n: int) -> None:
    order = np.argsort(example.train.labels[:5000], kind="stable")[:16]
    st.markdown(
        "Feed pictures sorted by label, with `shuffle=False`, and each batch holds one digit only. The network learns "
        "“always answer 0”, then “always answer 1”, … and forgets the one before:"
    )
    show(draw.stack(list(example.train.images[order[:12]]), 38, "A batch of nothing but zeros", overlap=0.0))
    st.markdown(
        f"A batch too large does not fit into the device's memory; a batch of 1 makes {n:,} steps of an epoch, "
        "each following the whim of one picture. 32 to 256 serve well."
    )
