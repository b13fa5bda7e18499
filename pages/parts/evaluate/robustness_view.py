"""Evaluate, Robustness: accuracy by strength for each distortion, and one image under one of them."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.augment.distortions import DISTORTIONS
from core.evaluation import robustness
from core.evaluation.evaluations import TEST
from core.evaluation.robustness import DistortionResult
from pages.parts.evaluate.choice import Selection
from pages.shared import caches, palette
from pages.shared.digit_grid import DigitTiles, digit_grid


def show(selection: Selection) -> None:
    found = _measure(selection)
    st.markdown(
        f"The first {found[0].images:,} {selection.split} images, each distorted by a random amount up to the strength "
        "shown. People can still read most of them at full strength."
    )
    chart, table = st.columns([3, 2], gap="large")
    with chart:
        st.plotly_chart(
            robustness_chart(found),
            key="evaluate_robustness",
            config={"displayModeBar": False},
            alt="Accuracy by strength; one line for each distortion",
        )
    with table:
        _table(found)
    _one_digit(selection)


def _measure(selection: Selection) -> list[DistortionResult]:
    """The kept result, else measured now: it takes some seconds and shows its progress."""
    place = st.empty()

    def report_progress(share: float) -> None:
        place.progress(share, "Predicting distorted images …")

    found = robustness.evaluate_robustness(
        selection.run, selection.split, caches.data(), lambda: selection.reader, selection.epoch, report_progress
    )
    place.empty()
    return found


def robustness_chart(found: list[DistortionResult]) -> go.Figure:
    """One line for each distortion, from none to the strongest, with Wilson's interval on hover."""
    figure = go.Figure()
    for each, colour in zip(found, palette.DIGITS, strict=False):
        distortion, strongest = DISTORTIONS[each.name], each.strengths[-1]
        figure.add_scatter(
            x=[strength / strongest for strength in each.strengths],
            y=each.accuracies,
            name=distortion.label,
            mode="lines+markers",
            line={"color": colour},
            customdata=[
                [f"{strength:.2g} {distortion.unit}", f"{low:.1%} to {high:.1%}"]
                for strength, (low, high) in zip(each.strengths, each.intervals, strict=True)
            ],
            hovertemplate="up to %{customdata[0]}<br><b>%{y:.1%}</b> right (95% interval: %{customdata[1]})",
        )
    figure.add_hline(y=0.1, line={"dash": "dot", "color": "#8c8c8c"}, annotation_text="guessing")
    figure.update_xaxes(title="strength, as a share of the strongest", tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure.update_layout(
        height=400,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.2},
        hoverlabel={"namelength": -1},
    )
    return figure


def _table(found: list[DistortionResult]) -> None:
    rows = []
    for each in found:
        distortion, half = DISTORTIONS[each.name], each.half_loss_strength
        rows.append(
            {
                "Distortion": distortion.label,
                "Strongest": f"{each.strengths[-1]:g} {distortion.unit}",
                "Accuracy then": 100 * each.accuracies[-1],
                "Half lost at": "never" if half is None else f"{half:.2g} {distortion.unit}",
            }
        )
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={"Accuracy then": st.column_config.NumberColumn(format="%.1f%%")},
        alt="Accuracy under each distortion",
    )
    st.caption("Half lost: half of the accuracy above guessing is gone. Augmentation helps: train with it and compare.")


def _one_digit(selection: Selection) -> None:
    """The open image under one distortion, stronger step by step."""
    index = selection.opened()
    name = st.segmented_control(
        "One image under",
        list(DISTORTIONS),
        default=next(iter(DISTORTIONS)),
        format_func=lambda name: DISTORTIONS[name].label,
        required=True,
        key="evaluate_strain",
        persist_state="session",
    )
    strengths = robustness.strength_levels(name)
    image = caches.data().split(selection.split).images[index : index + 1]
    pictures = [robustness.apply_distortion(image, name, strength)[0] for strength in strengths]
    probabilities = selection.reader.probabilities(np.stack(pictures))
    label = int(selection.digits.labels[index])
    names = selection.names
    digit_grid(
        DigitTiles(
            np.stack(pictures),
            [
                f"{strength:.2g}: {names[row.argmax()]} {row.max():.0%}"
                for strength, row in zip(strengths, probabilities, strict=True)
            ],
            marks=[bool(row.argmax() == label) for row in probabilities],
            alt=f"The same {names[label]} with stronger and stronger distortion, with the prediction",
            tile=84,
        ),
        key="evaluate_strained",
        selected=-1,
    )
    where = "the test set" if selection.split == TEST else f"{selection.split} images"
    st.caption(f"Image {index:,} of {where}, a {names[label]}: strength, prediction and its probability.")
