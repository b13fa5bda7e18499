"""The confusion matrix as a chart: rows are labels, columns are predictions."""

from typing import Any

import numpy as np

from core.data.class_names import DIGITS, Names
from core.digits import NUM_CLASSES
from core.evaluation.metrics import Evaluation
from pages.shared import palette


def matrix_chart(evaluation: Evaluation, *, shares: bool, hide_diagonal: bool, names: Names = DIGITS) -> dict:
    """The confusion matrix as ECharts draws it: row by row, so that position i is the cell (i // 10, i % 10)."""
    values = np.round(100 * np.nan_to_num(evaluation.shares), 2) if shares else evaluation.counts
    off = values - np.diag(np.diag(values))
    cells = []
    for truth in range(NUM_CLASSES):
        for predicted in range(NUM_CLASSES):
            value, right = values[truth, predicted].item(), truth == predicted
            shown = f"{value:.1f}%" if shares else f"{value:,}"
            cells.append(
                {
                    "value": [predicted, truth, 0 if right and hide_diagonal else value],
                    "name": f"{names[truth]} predicted as {names[predicted]}: {shown}",
                    "label": {"formatter": "" if not value or (right and hide_diagonal) else shown.removesuffix("%")},
                }
            )
    axis: dict[str, Any] = {"type": "category", "data": list(names), "splitArea": {"show": False}}
    axis |= {"nameLocation": "middle", "nameGap": 26}
    room = 24 if names == DIGITS else 90
    turned = {} if names == DIGITS else {"axisLabel": {"rotate": 50, "interval": 0, "fontSize": 11}}
    return {
        "animation": False,
        "grid": {"left": room, "right": 8, "top": 8, "bottom": room},
        "tooltip": {"formatter": "{b}"},
        "xAxis": {**axis, **turned, "name": "prediction" if names == DIGITS else ""},
        "yAxis": {**axis, "name": "label" if names == DIGITS else "", "inverse": True},
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
