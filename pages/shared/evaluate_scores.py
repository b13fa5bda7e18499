"""Evaluate's figures: how many are right, digit by digit, and which are taken for which."""

import numpy as np
import pandas as pd
import streamlit as st

from core import metrics
from core.digits import CLASSES
from core.metrics import Evaluation
from pages.shared import evaluate_images, palette
from pages.shared.evaluate_choice import Asked, open_digit


def show(asked: Asked) -> None:
    evaluation = asked.answers.evaluation
    headline(evaluation, asked.place)
    matrix, table = st.columns([3, 2], gap="large")
    with matrix:
        chosen = _matrix(evaluation, key="evaluate_matrix")
    with table:
        _per_digit(evaluation)
    if chosen is None:
        st.info("Choose a cell of the matrix to see its images, worst first.", icon=":material/touch_app:")
    else:
        _cell(asked, *chosen)


def headline(evaluation: Evaluation, place: str) -> None:
    """Accuracy with its interval, mistakes and loss."""
    low, high = evaluation.interval
    wrong = evaluation.images - evaluation.right
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Accuracy",
            f"{evaluation.accuracy:.2%}",
            help=f"Of the {place}. With other images of the same kind it would lie between {low:.2%} and {high:.2%} in "
            "95 of 100 such tests (Wilson's interval).",
            width="content",
        )
        st.metric("95 % interval", f"{low:.2%} – {high:.2%}", width="content")
        st.metric("Wrong", f"{wrong:,} of {evaluation.images:,}", width="content")
        if evaluation.loss is not None:
            st.metric(
                "Loss", f"{evaluation.loss:.4f}", help="Mean cross-entropy: −ln of the right digit's share.",
                width="content",
            )  # fmt: skip


def _per_digit(evaluation: Evaluation) -> None:
    table = pd.DataFrame(
        {
            "Digit": range(CLASSES),
            "Precision": evaluation.precision * 100,
            "Recall": evaluation.recall * 100,
            "F1": evaluation.f1 * 100,
            "Images": evaluation.support,
        }
    )
    percent = {
        "Precision": "Of the images called this digit, the share that are it.",
        "Recall": "Of the images that are this digit, the share that are found.",
        "F1": "The harmonic mean of the two.",
    }
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f %%", help=help) for name, help in percent.items()
        },
        alt="Precision, recall, F1 and number of images of each digit",
    )


def _matrix(evaluation: Evaluation, key: str) -> tuple[int, int] | None:
    """The confusion matrix; the cell that is chosen, as (true, predicted)."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        shares = (
            st.segmented_control(
                "Cells", ["Counts", "Shares"], required=True, default="Counts", key=f"{key}_unit",
                label_visibility="collapsed", persist_state="session",
            ) == "Shares"
        )  # fmt: skip
        hide = st.toggle("Hide what is right", value=True, key=f"{key}_hide", persist_state="session")
    event = st.echarts_chart(
        matrix_chart(evaluation, shares=shares, hide_diagonal=hide),
        height=430,
        key=key,
        on_select=lambda: open_digit(None),
        alt="Confusion matrix: rows are the true digits, columns what the network said",
    )
    picked = (event.selection or {}).get("selected") or []
    if not picked or not picked[0]["data_indices"]:
        return None
    return divmod(int(picked[0]["data_indices"][0]), CLASSES)


def matrix_chart(evaluation: Evaluation, *, shares: bool, hide_diagonal: bool) -> dict:
    """The confusion matrix as ECharts draws it: row by row, so that position i is the cell (i // 10, i % 10)."""
    values = np.round(100 * np.nan_to_num(evaluation.shares), 2) if shares else evaluation.counts
    off = values - np.diag(np.diag(values))
    cells = []
    for truth in range(CLASSES):
        for predicted in range(CLASSES):
            value, right = values[truth, predicted].item(), truth == predicted
            shown = f"{value:.1f} %" if shares else f"{value:,}"
            cells.append(
                {
                    "value": [predicted, truth, 0 if right and hide_diagonal else value],
                    "name": f"{truth} taken for {predicted}: {shown}",
                    "label": {"formatter": "" if not value or (right and hide_diagonal) else shown.removesuffix(" %")},
                }
            )
    names = [str(digit) for digit in range(CLASSES)]
    axis = {"type": "category", "data": names, "splitArea": {"show": False}, "nameLocation": "middle", "nameGap": 26}
    return {
        "animation": False,
        "grid": {"left": 48, "right": 8, "top": 8, "bottom": 48},
        "tooltip": {"formatter": "{b}"},
        "xAxis": {**axis, "name": "what the network said"},
        "yAxis": {**axis, "name": "what it is", "inverse": True},
        "visualMap": {
            "show": False,
            "min": 0,
            "max": max(float((off if hide_diagonal else values).max()), 1e-9),
            "inRange": {"color": ["#4e79a70d", "#4e79a780", "#e15759"]},
        },
        "series": [
            {
                "type": "heatmap",
                "data": cells,
                "label": {"show": True, "fontSize": 12, "color": palette.ink(), "textBorderWidth": 0},
                "selectedMode": "single",
                "select": {"itemStyle": {"borderColor": "#f28e2b", "borderWidth": 3}},
                "emphasis": {"itemStyle": {"borderColor": "#f28e2b", "borderWidth": 2}},
                "cursor": "pointer",
            }
        ],
    }


def _cell(asked: Asked, truth: int, predicted: int) -> None:
    found = metrics.cell(asked.digits.labels, asked.answers.probabilities, truth, predicted)
    what = f"{truth}s read as {predicted}" if truth != predicted else f"{truth}s read rightly"
    if not len(found):
        st.info(f"There are no {what} among the {asked.place}.")
        return
    st.subheader(f"{len(found):,} {what}, {'worst' if truth != predicted else 'least sure'} first", anchor=False)
    evaluate_images.grid_and_detail(asked, found, key="evaluate_cell")
