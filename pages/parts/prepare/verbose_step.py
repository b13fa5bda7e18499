"""The step for the output of Keras during training: verbose 0, 1 and 2."""

from html import escape

import streamlit as st

from core.lesson.keras_output import BAR_UPDATES, BAR_WIDTH, EPOCHS, STEPS, count_filled, fit_output, format_bar_update
from pages.parts.prepare.lesson import Example, code, show, wrong

_WORDS = {
    0: "**No output.** The numbers are still in the `history` that `fit` returns.",
    1: "**A progress bar** for each epoch, updated several times a second. Useful on screen. This is the default.",
    2: "**One line** per epoch, printed when the epoch ends. Useful for files and logs.",
}


def verbosity(example: Example) -> None:
    """What Keras prints during training for verbose 0, 1 and 2."""
    st.markdown(
        "`verbose` sets how much `fit` prints during training. It does not change what the network learns. Below "
        "is the "
        "output of Keras 3.15.1 for all 60,000 training images in batches of 128:"
    )
    verbose = st.segmented_control(
        "verbose", [0, 1, 2], default=1, required=True, format_func=lambda v: f"verbose={v}", key="prepare_verbose"
    )
    verbose = 1 if verbose is None else verbose
    st.markdown(_WORDS[verbose])
    text = fit_output(verbose, EPOCHS[verbose], STEPS)
    if verbose == 1:
        _in_first_epoch(text)
    else:
        _terminal(text)
    code(f"history = model.fit(x_train, y_train, epochs=3, batch_size=128, verbose={verbose},", *_REST)
    left, right = st.columns([3, 2])
    with left:
        _reading(verbose)
    with right, wrong("verbose"):
        st.markdown(
            "**verbose=1 in a file.** Keras deletes its line with backspace characters, but a file keeps them and "
            "fills "
            "up with thousands of partial lines. Use 2 for files.\n\n"
            "**Validation better than training.** In the first epoch this is normal: 0.9600 and 0.9243 here. Training "
            "accuracy is an average over the whole epoch, including its weak start. Validation accuracy is measured at "
            "the end. Dropout, which is off in validation, widens the difference."
        )


_REST = ("                    validation_data=(x_test, y_test))",)


def _in_first_epoch(text: str) -> None:
    """verbose=1 at the chosen step of the first epoch; after its last step, all three epochs."""
    steps = [update.step for update in BAR_UPDATES] + [STEPS]
    at = st.select_slider(
        "Steps done in the first epoch",
        steps,
        value=STEPS,
        key="prepare_moment",
        help="Drag it to see the bar grow.",
    )
    if at == STEPS:
        _terminal(text)
        return
    update = next(update for update in BAR_UPDATES if update.step == at)
    _terminal(f"Epoch 1/{len(EPOCHS[1])}\n{format_bar_update(update, STEPS)}", count_filled(update.step, STEPS))


def _terminal(text: str, done: int = BAR_WIDTH) -> None:
    """The text as in a terminal. The first `done` signs of each bar are green."""
    sign = "━"
    bar = f"<span class='done'>{sign * done}</span><span class='todo'>{sign * (BAR_WIDTH - done)}</span>"
    shown = escape(text).replace(sign * BAR_WIDTH, bar) or "<span class='quiet'>(no output)</span>"
    show(f"<div class='terminal' role='region' aria-label='What Keras prints'>{shown}</div>")


def _reading(verbose: int) -> None:
    if verbose == 0:
        st.markdown("`history.history` is a dictionary with a list for each metric:")
        lists = {name: [epoch.metrics[name] for epoch in EPOCHS[0]] for name in EPOCHS[0][0].metrics}
        code("history.history", *(f"# {name!r}: {values}" for name, values in lists.items()))
        return
    st.markdown(
        f"""
| output | meaning |
|---|---|
| `Epoch 1/3` | the first of three passes over all training images |
| `469/469` | **steps** done of all steps: 60,000 ÷ 128, rounded up; not images |
| `{"5s 7ms/step" if verbose == 1 else "2s - 4ms/step"}` | time of the epoch including validation; time per step |
| `accuracy`, `loss` | on training images, averaged over the epoch so far |
| `val_accuracy`, `val_loss` | on validation images, measured once at the end of the epoch |
"""
    )
