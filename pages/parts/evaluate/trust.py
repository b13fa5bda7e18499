"""Evaluate's trust: are eight of ten right where the network says 80 %?"""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.evaluation import calibration
from core.evaluation.calibration import Reliability
from core.evaluation.evaluations import VALIDATION, Answers
from pages.parts.evaluate.choice import Asked, ask
from pages.shared import palette


def show(asked: Asked) -> None:
    answers = asked.answers
    temperature = _temperature(asked)
    tempered = Answers(answers.labels, calibration.tempered(answers.logits, temperature))
    before, after = (calibration.reliability(each.labels, each.probabilities) for each in (answers, tempered))
    st.markdown(
        "A network is **calibrated** when of all the images it is 80 % sure of, 80 % are right. Bars below the dotted "
        "line: it boasts. Above: it is too humble."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _figures("As it answers", before, answers.evaluation.loss, key="evaluate_reliability")
    with right:
        _figures(f"After temperature {temperature:.2f}", after, tempered.evaluation.loss, key="evaluate_tempered")
    _said(temperature, asked)


def _temperature(asked: Asked) -> float:
    validation = ask(asked.run, VALIDATION, asked.epoch)
    return _fitted(asked.run.id, asked.epoch, float(validation.evaluation.loss or 0.0), validation)


@st.cache_data(show_spinner=False, max_entries=200)
def _fitted(run_id: str, epoch: int | None, loss: float, _validation) -> float:
    """The loss is part of the key: other weights have another one."""
    return calibration.fit_temperature(_validation.labels, _validation.logits)


def _figures(title: str, found: Reliability, loss: float | None, *, key: str) -> None:
    st.markdown(f"**{title}**")
    with st.container(horizontal=True, gap="large"):
        st.metric(
            "Expected calibration error",
            f"{100 * found.error:.2f} points",
            help="The mean distance between what the network says and what is right, over 15 steps of confidence.",
            width="content",
        )
        st.metric("Loss", f"{loss:.4f}", width="content")
    st.plotly_chart(
        diagram(found),
        key=key,
        config={"displayModeBar": False},
        alt=f"Reliability diagram: calibration error {100 * found.error:.2f} points",
    )


def diagram(found: Reliability) -> go.Figure:
    """Accuracy by confidence; the darker a bar, the more images it stands for."""
    middle = (found.edges[:-1] + found.edges[1:]) / 2
    weight = np.log1p(found.counts) / max(np.log1p(found.counts).max(), 1e-9)
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=found.accuracy,
        width=1 / len(middle),
        marker={"color": palette.DIGITS[0], "opacity": 0.25 + 0.75 * weight, "line": {"width": 0}},
        customdata=np.stack([found.counts, found.confidence], axis=1),
        hovertemplate="said %{customdata[1]:.1%}<br><b>right %{y:.1%}</b><br>%{customdata[0]:,} images<extra></extra>",
        showlegend=False,
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "color": "#8c8c8c"}, hoverinfo="skip", showlegend=False
    )
    figure.update_xaxes(title="how sure the network is", range=[0, 1], tickformat=".0%")
    figure.update_yaxes(title="how often it is right", range=[0, 1.02], tickformat=".0%")
    figure.update_layout(height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, bargap=0)
    return figure


def _said(temperature: float, asked: Asked) -> None:
    mood = "boasts" if temperature > 1.02 else "is too humble" if temperature < 0.98 else "is as sure as it should be"
    flattered = (
        ""
        if asked.run.config.validate_on == "held-out"
        else " This run was trained on those images too, so the temperature is too low to be believed."
    )
    if asked.split == VALIDATION:
        flattered += " On these images it was fitted, so here it looks a little better than elsewhere."
    st.caption(
        f"Dividing the ten sums before softmax by one number, the temperature, changes no answer, only how sure it "
        f"sounds. Fitted on the validation images it is {temperature:.2f}: the network {mood}.{flattered} "
        "C. Guo et al., On Calibration of Modern Neural Networks, 2017."
    )
