"""The lesson's step for what Keras prints while it trains: verbose 0, 1 and 2."""

from html import escape

import streamlit as st

from core.lesson.keras_output import BAR_UPDATES, BAR_WIDTH, EPOCHS, STEPS, count_filled, fit_output, format_bar_update
from pages.parts.prepare.lesson import Example, code, show, wrong

_WORDS = {
    0: "**Nothing.** The figures are still there: ask the `history` that `fit` returns.",
    1: "**A progress bar** an epoch, drawn anew several times a second. Made for watching. This is the default.",
    2: "**One line** an epoch, written when it is over. Made for files and logs.",
}


def verbosity(example: Example) -> None:
    """What Keras prints while it trains, for verbose 0, 1 and 2."""
    st.markdown(
        "`fit` tells how it is going, as much as `verbose` asks for. What it learns is the same each time. "
        "Here are the very lines of Keras 3.15.1, trained on all 60,000 digits in batches of 128:"
    )
    verbose = st.segmented_control(
        "verbose", [0, 1, 2], default=1, required=True, format_func=lambda v: f"verbose={v}", key="prepare_verbose"
    )
    verbose = 1 if verbose is None else verbose
    st.markdown(_WORDS[verbose])
    text = fit_output(verbose, EPOCHS[verbose], STEPS)
    if verbose == 1:
        _on_the_way(text)
    else:
        _terminal(text)
    code(f"history = model.fit(x_train, y_train, epochs=3, batch_size=128, verbose={verbose},", *_REST)
    left, right = st.columns([3, 2])
    with left:
        _reading(verbose)
    with right, wrong("verbose"):
        st.markdown(
            "**In a file** verbose=1 leaves thousands of half lines behind, for it wipes out its line with "
            "backspaces that a file keeps. Take 2 there.\n\n"
            "**Validation better than training** in the first epoch, as here (0.9600 against 0.9243), is no miracle. "
            "The training figures are averages over the whole epoch, its clumsy beginning included; validation is "
            "measured at its end. Dropout, which is off in validation, does the rest."
        )


_REST = ("                    validation_data=(x_test, y_test))",)


def _on_the_way(text: str) -> None:
    """verbose=1 at the moment of the first epoch that the visitor chooses; at its end, all three epochs."""
    steps = [update.step for update in BAR_UPDATES] + [STEPS]
    at = st.select_slider(
        "Steps done in the first epoch",
        steps,
        value=STEPS,
        key="prepare_moment",
        help="Drag it and watch the bar grow.",
    )
    if at == STEPS:
        _terminal(text)
        return
    update = next(update for update in BAR_UPDATES if update.step == at)
    _terminal(f"Epoch 1/{len(EPOCHS[1])}\n{format_bar_update(update, STEPS)}", count_filled(update.step, STEPS))


def _terminal(text: str, done: int = BAR_WIDTH) -> None:
    """The text as a terminal shows it: of each bar, the first `done` signs green."""
    sign = "━"
    bar = f"<span class='done'>{sign * done}</span><span class='todo'>{sign * (BAR_WIDTH - done)}</span>"
    shown = escape(text).replace(sign * BAR_WIDTH, bar) or "<span class='quiet'>(silence)</span>"
    show(f"<div class='terminal' role='region' aria-label='What Keras prints'>{shown}</div>")


def _reading(verbose: int) -> None:
    if verbose == 0:
        st.markdown("`history.history` is a dictionary with a list for each figure:")
        lists = {name: [epoch.metrics[name] for epoch in EPOCHS[0]] for name in EPOCHS[0][0].metrics}
        code("history.history", *(f"# {name!r}: {values}" for name, values in lists.items()))
        return
    st.markdown(
        f"""
| in the line | means |
|---|---|
| `Epoch 1/3` | the first of three times through all training pictures |
| `469/469` | **steps** done of steps in all: 60,000 ÷ 128, rounded up; not pictures |
| `{"5s 7ms/step" if verbose == 1 else "2s - 4ms/step"}` | seconds of the epoch, validation included; time of one step |
| `accuracy`, `loss` | on training pictures, averaged over the epoch so far |
| `val_accuracy`, `val_loss` | on validation pictures, measured once when the epoch is over |
"""
    )
