"""The steps for the whole data set: training, validation and test images, and batches."""

import numpy as np
import streamlit as st

from core.digits import NUM_CLASSES, Digits
from core.lesson.arithmetic import batches, steps_per_epoch
from pages.parts.prepare import lesson_pictures as draw
from pages.parts.prepare.lesson import OFFICIAL, Example, before_after, code, show, wrong
from pages.shared import palette
from pages.shared.digit_grid import montage

_ROLES = (
    ("Training", "The network learns from these images, epoch after epoch.", "the exercises", palette.DIGITS[3]),
    (
        "Validation",
        "You use these images to choose knobs and to decide when to stop.",
        "the mock exam",
        palette.DIGITS[5],
    ),
    (
        "Test",
        "You use these images once, at the end, to measure how good the network really is.",
        "the exam",
        palette.DIGITS[7],
    ),
)


def three_parts(example: Example) -> None:
    """Training, validation and test images."""
    data = example.data
    parts = data[:3]
    st.markdown(
        "A network can memorise its training images, as a student can memorise the exercises. A high accuracy on those "
        "images proves little. So the data set is split into three parts. No image is in two parts."
    )
    total = sum(map(len, parts))
    segments = [
        f"<div style='background:{colour};flex:{len(part) / total:.4f} 1 0'>{name}<br>{len(part):,}</div>"
        for (name, _, _, colour), part in zip(_ROLES, parts, strict=True)
    ]
    rows = [
        f"<div class='part'><div><span class='dot' style='background:{colour}'></span><b>{name}</b> {len(part):,}</div>"
        f"<div>{what} <span class='note'>Like {like}.</span></div>"
        f"{draw.stack(list(part.images[:8]), 36, f'The first {name.lower()} images', overlap=0.0)}</div>"
        for (name, what, like, colour), part in zip(_ROLES, parts, strict=True)
    ]
    show(f"<div class='share'>{''.join(segments)}</div><div class='parts'>{''.join(rows)}</div>")
    before_after({}, {f"{name.lower()} images": part.images for (name, *_), part in zip(_ROLES, parts, strict=True)})
    left, right = st.columns(2)
    held_out = len(data.validation)
    with left:
        st.markdown(
            "Why three parts and not two? If you keep choosing the knobs that work best on the test set, you fit your "
            "choices to *those* images. The result then looks better than it is. So Digit Lab keeps the test set "
            "sealed "
            "until you open it."
        )
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
            f"x_validation, y_validation = x_train[-{held_out}:], y_train[-{held_out}:]",
            f"x_train, y_train = x_train[:-{held_out}], y_train[:-{held_out}]",
        )
    with right, wrong("parts"):
        _sorted_cut(example)


def _sorted_cut(example: Example) -> None:
    training = np.concatenate([example.train.labels, example.data.validation.labels])
    held_out = len(example.data.validation)
    cut = np.bincount(np.sort(training)[-held_out:], minlength=NUM_CLASSES)
    kinds = "digits" if example.data.shows_digits else "classes"
    st.markdown(
        "Some data sets are **sorted by label**. If you hold out the last tenth of such a data set, the validation "
        f"images show {kinds} that are missing from the training images. MNIST is already shuffled. Shuffle your own "
        "data before you split it."
    )
    kept = example.data.validation.counts
    how = draw.Bars(float(max(cut.max(), 1)), "{:,}", "5.5rem")
    show(
        draw.line(
            draw.bars(kept, example.names, on=-1, title="Validation, from shuffled data", how=how),
            draw.bars(cut, example.names, on=-1, title="Validation, from sorted data", how=how),
        )
    )


def in_batches(example: Example) -> None:
    """Batches, steps and epochs: 60,000 images in batches of 128 make 469 steps."""
    st.markdown(
        "A network does not need all images for one update. It takes a **batch** of images and changes its weights a "
        "little. This is one **step**. Then it takes the next batch. One pass through all images is an **epoch**."
    )
    left, right = st.columns(2)
    n = left.select_slider(
        "Images", [1000, 5000, 10_000, 54_000, OFFICIAL], value=OFFICIAL, key="prepare_images", format_func=_grouped
    )
    size = right.select_slider(
        "Batch size", [2**k for k in range(13)], value=128, key="prepare_batch", format_func=_grouped
    )
    steps, cuts = steps_per_epoch(n, size), list(batches(n, size))
    last = cuts[-1].stop - cuts[-1].start
    st.markdown(f"### {_division(n, size)}")
    st.markdown(_filled(n, size))
    at = st.slider("Show batch", 1, steps, 1, key=f"prepare_at_{steps}") if steps > 1 else 1
    show(_blocks(steps, size, last, at))
    batch = _pictures(example, cuts[at - 1])
    if len(batch):
        few = batch.images[:128]
        what = f"Batch {at:,}: images {cuts[at - 1].start:,} to {cuts[at - 1].stop - 1:,}"
        more = f", the first {len(few)} of {len(batch):,}" if len(batch) > len(few) else ""
        st.image(
            montage(few, across=min(32, len(few))), width=min(896, 56 * len(few)), output_format="PNG", alt=what + more
        )
        st.caption(f"{what}{more}, in the order of the data set. `fit` shuffles the images in each epoch.")
    side, other = st.columns(2)
    with side:
        if len(batch):
            before_after({"one image": batch.images[0]}, {"one batch": batch.images, "its labels": batch.labels})
        code(
            f"model.fit(x_train, y_train, batch_size={size}, epochs=5)",
            f"# shows {steps}/{steps} in the progress bar: steps, not images",
            f"math.ceil({n} / {size})  # {steps}",
        )
    with other, wrong("batches"):
        _unshuffled(example, n)


def _division(n: int, size: int) -> str:
    """The division of `n` images into batches of `size`, as text."""
    steps = steps_per_epoch(n, size)
    made = f"{steps:,} {'step' if steps == 1 else 'steps'}"
    return f"{n:,} ÷ {size:,} = " + (made if n % size == 0 else f"{n / size:,.2f}, rounded up: {made}")


def _filled(n: int, size: int) -> str:
    """How many batches are full, as text."""
    full, left = divmod(n, size)
    if not left:
        return f"All {full:,} batches are full."
    if not full:
        return f"All {n:,} images fit into one batch. It holds **{left:,}** images, not {size:,}."
    some = "1 batch of" if full == 1 else f"{full:,} batches of"
    holds, are = ("holds" if full == 1 else "hold"), ("1 is" if left == 1 else f"{left:,} are")
    return f"{some} {size:,} {holds} {full * size:,} images. {are} left, so the last batch holds only **{left:,}**."


def _grouped(n: int) -> str:
    return f"{n:,}"


def _blocks(steps: int, size: int, last: int, at: int) -> str:
    """The first batches, the chosen one and the last as blocks in a row."""
    shown = sorted({1, 2, 3, at - 1, at, at + 1, steps - 1, steps} & set(range(1, steps + 1)))
    parts = []
    for n, before in zip(shown, [0, *shown[:-1]], strict=True):
        gap = "<span class='gap'>…</span>" if n > before + 1 else ""
        count = last if n == steps else size
        kind = ("last " if count < size else "") + ("chosen" if n == at else "")
        parts.append(f"{gap}<div class='block {kind}'>batch {n:,}<br>{count:,}</div>")
    return f"<div class='blocks'>{''.join(parts)}</div>"


def _pictures(example: Example, cut: slice) -> Digits:
    """The images of one batch. Validation images follow the training images; beyond both there are none."""
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
    kind, names = example.kind, example.names
    st.markdown(
        f"**Sorted images.** With images sorted by label and `shuffle=False`, each batch holds only one {kind}. The "
        f"network learns to predict always {names[0]}, then always {names[1]} and so on, and forgets the {kind} before:"
    )
    alt = f"A batch that holds only the {kind} {names[0]}"
    show(draw.stack(list(example.train.images[order[:12]]), 38, alt, overlap=0.0))
    st.markdown(
        f"**A wrong batch size.** A very large batch does not fit into the device's memory. A batch of 1 makes "
        f"{n:,} steps "
        "per epoch, and each step follows a single image, so the loss jumps up and down. 32 to 256 work well."
    )
