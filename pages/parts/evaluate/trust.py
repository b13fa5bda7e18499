"""Evaluate, Trust: of the images with a confidence of 80%, are 80% right?"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.evaluation import calibration
from core.evaluation.calibration import ReliabilityCurve
from core.evaluation.evaluations import VALIDATION, Predictions
from pages.parts.evaluate.choice import Selection
from pages.shared import palette
from pages.shared.predictions import predict


def show(selection: Selection) -> None:
    answers = selection.predictions
    temperature = _temperature(selection)
    tempered = Predictions(answers.labels, calibration.scale_logits(answers.logits, temperature))
    before, after = (calibration.reliability_curve(each.labels, each.probabilities) for each in (answers, tempered))
    st.markdown(
        "A network is **calibrated** if 80% of the images with a confidence of 80% are right. Bars below the "
        "dotted line: it is overconfident. Bars above: it is underconfident."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _figures("As trained", before, answers.evaluation.loss, key="evaluate_reliability")
    with right:
        _figures(f"After temperature {temperature:.2f}", after, tempered.evaluation.loss, key="evaluate_tempered")
    _explain(temperature, selection, rises=after.error > before.error)


def _temperature(selection: Selection) -> float:
    validation = predict(selection.run, VALIDATION, selection.epoch)
    return _fitted(selection.run.id, selection.epoch, float(validation.evaluation.loss or 0.0), validation)


@st.cache_data(show_spinner=False, max_entries=200)
def _fitted(run_id: str, epoch: int | None, loss: float, _validation) -> float:
    """The loss is part of the cache key, because other weights have another loss."""
    return calibration.fit_temperature(_validation.labels, _validation.logits)


def _figures(title: str, found: ReliabilityCurve, loss: float | None, *, key: str) -> None:
    st.markdown(f"**{title}**")
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "Expected calibration error",
            f"{100 * found.error:.2f} points",
            help="The mean difference between confidence and accuracy, over 15 ranges of confidence.",
            width="content",
        )
        st.metric("Loss", f"{loss:.4f}", width="content")
    st.plotly_chart(
        diagram(found),
        key=key,
        config={"displayModeBar": False},
        alt=f"Reliability diagram: calibration error {100 * found.error:.2f} points",
    )


def diagram(found: ReliabilityCurve) -> go.Figure:
    """Accuracy by confidence. A darker bar has more images."""
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    weight = np.log1p(found.counts) / max(np.log1p(found.counts).max(), 1e-9)
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=found.accuracy,
        width=1 / len(middle),
        marker={"color": palette.DIGITS[0], "opacity": 0.25 + 0.75 * weight, "line": {"width": 0}},
        customdata=np.stack([found.counts, found.confidence], axis=1),
        hovertemplate="confidence %{customdata[1]:.1%}<br><b>accuracy %{y:.1%}</b><br>%{customdata[0]:,} images"
        "<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#8c8c8c"}, hoverinfo="skip", showlegend=False
    )
    figure.update_xaxes(title="confidence", range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title="accuracy", range=[0, 1.02], tickformat=".0%")
    figure.update_layout(height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, bargap=0)
    return figure


def _explain(temperature: float, selection: Selection, *, rises: bool) -> None:
    """rises: whether the calibration error is larger with the temperature."""
    verdict = calibration.describe_confidence(temperature)
    flattered = (
        ""
        if selection.run.config.holds_out
        else " This run was also trained on those images, so the temperature is too low."
    )
    if selection.split == VALIDATION:
        flattered += " It was fitted on these images, so the loss looks a little better here than elsewhere."
    if rises:
        flattered += " It is the temperature with the lowest loss. The calibration error may rise, as it does here."
    st.caption(
        "Dividing the ten logits by one number, the temperature, changes no prediction, only its confidence. "
        f"Fitted on the validation images it is {temperature:.2f}: the network is {verdict}.{flattered} "
        "C. Guo et al., On Calibration of Modern Neural Networks, 2017."
    )
