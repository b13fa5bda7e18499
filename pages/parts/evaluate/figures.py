"""Evaluate, Figures: accuracy, each digit's precision and recall, and the confusion matrix."""

import streamlit as st

from core.data.class_names import DIGITS, Names
from core.digits import NUM_CLASSES
from core.evaluation import metrics
from core.evaluation.csv_export import predictions_csv
from core.evaluation.metrics import Evaluation
from core.evaluation.run_export import file_name
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection, open_digit
from pages.parts.evaluate.matrix_chart import matrix_chart
from pages.shared import lead_to

_MATRIX, _CELL, _IMAGES = "evaluate_matrix", "evaluate_cell", "evaluate_cell_images"
_BOXES = {"evaluate_label": "Label", "evaluate_prediction": "Prediction"}


def show(selection: Selection) -> None:
    evaluation = selection.predictions.evaluation
    headline(evaluation, selection.place)
    matrix, table = st.columns([3, 2], gap="large")
    with matrix:
        _matrix(evaluation, selection.names)
    with table:
        _per_digit(evaluation, selection.names)
        _download(selection)
    _commonest(evaluation, selection.names)
    if (chosen := _chosen()) is not None:
        with st.container(key=_IMAGES):
            _cell(selection, *chosen)
        lead_to.lead_to(_IMAGES)


def headline(evaluation: Evaluation, place: str) -> None:
    """Accuracy with its interval, mistakes and loss."""
    low, high = evaluation.interval
    wrong = evaluation.images - evaluation.right
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Accuracy",
            f"{evaluation.accuracy:.2%}",
            help=f"The share of the {place} that the network predicts correctly.",
            width="content",
        )
        st.metric(
            "95% interval",
            f"{low:.2%} – {high:.2%}",
            help=f"The true accuracy on images of this kind is between {low:.2%} and {high:.2%} with 95% confidence "
            "(Wilson's interval).",
            width="content",
        )
        st.metric("Wrong", f"{wrong:,} of {evaluation.images:,}", width="content")
        if evaluation.loss is not None:
            st.metric(
                "Loss", f"{evaluation.loss:.4f}", help="Mean cross-entropy: −ln of the probability of the true digit.",
                width="content",
            )  # fmt: skip


def _per_digit(evaluation: Evaluation, names: Names) -> None:
    table = {
        "Digit" if names == DIGITS else "Class": names,
        "Precision": evaluation.precision * 100,
        "Recall": evaluation.recall * 100,
        "F1": evaluation.f1 * 100,
        "Images": evaluation.support,
    }
    percent = {
        "Precision": "Of the images predicted as this digit, the share that is right.",
        "Recall": "Of the images of this digit, the share that is found.",
        "F1": "The harmonic mean of precision and recall.",
    }
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f%%", help=help) for name, help in percent.items()
        },
        alt="Precision, recall, F1 and number of images of each digit",
    )


def _download(selection: Selection) -> None:
    """Every prediction as a file, made when it is requested."""
    epoch = "" if selection.epoch is None else f"-epoch-{selection.epoch}"
    st.download_button(
        "Download predictions (.csv)",
        lambda: predictions_csv(selection.predictions, selection.names),
        f"{file_name(selection.run)}-{selection.split}{epoch}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        help=f"For each of the {selection.place}: label, prediction and the ten probabilities.",
    )


def _matrix(evaluation: Evaluation, names: Names) -> None:
    """The confusion matrix; a click chooses a cell."""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        unit = st.segmented_control(
            "Cells",
            ["Counts", "Shares"],
            required=True,
            default="Counts",
            key="evaluate_unit",
            label_visibility="collapsed",
            persist_state="session",
        )
        hide = st.toggle("Hide correct predictions", value=True, key="evaluate_hide", persist_state="session")
    if hide and evaluation.right == evaluation.images:
        st.caption(":material/celebration: No image is predicted wrongly, so all cells are empty.")
    else:
        st.caption(":material/touch_app: Choose a cell of the matrix to see its images, the worst first.")
    st.echarts_chart(
        matrix_chart(evaluation, shares=unit == "Shares", hide_diagonal=hide, names=names),
        height=430,
        key=_MATRIX,
        on_select=_clicked,
        alt="Confusion matrix: rows are labels, columns are predictions. Two boxes below it open any cell",
    )


def _commonest(evaluation: Evaluation, names: Names) -> None:
    """The largest cells as buttons, and two boxes that open any cell: for the keyboard and for small screens."""
    _any_cell(names)
    found = evaluation.confusions(8)
    if found:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown("Most frequent mistakes:", width="content")
            for truth, predicted, times in found:
                st.button(
                    f"{names[truth]} predicted as {names[predicted]} · {times:,}",
                    key=f"evaluate_cell_{truth}_{predicted}",
                    on_click=_choose,
                    args=((truth, predicted),),
                    type="tertiary",
                )


def _any_cell(names: Names) -> None:
    cell = _chosen()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for place, (key, label) in enumerate(_BOXES.items()):
            st.session_state[key] = cell[place] if cell else st.session_state.get(key)
            st.selectbox(
                label,
                range(NUM_CLASSES),
                index=None,
                format_func=names.__getitem__,
                key=key,
                on_change=_chosen_by_boxes,
                width=150,
                placeholder="Any",
            )


def _chosen_by_boxes() -> None:
    truth, predicted = (st.session_state[key] for key in _BOXES)
    _choose(None if truth is None or predicted is None else (truth, predicted))


def _clicked() -> None:
    picked = st.session_state[_MATRIX]["selection"]["selected"]
    places = picked[0]["data_indices"] if picked else []
    _choose(divmod(int(places[0]), NUM_CLASSES) if places else None)


def _choose(cell: tuple[int, int] | None) -> None:
    """Chooses a cell, (true, predicted), and opens its first digit."""
    open_digit(None)
    st.session_state[_CELL] = cell
    if cell is None:
        st.query_params.pop("cell", None)
    else:
        lead_to.ask(_IMAGES)  # they are below the matrix, which fills the screen of a laptop


def _chosen() -> tuple[int, int] | None:
    """The cell that was chosen, here or in the link: ?cell=53 is the 5s read as 3."""
    linked = st.query_params.get("cell", "")
    usual = divmod(int(linked), NUM_CLASSES) if linked.isdecimal() and len(linked) == 2 else None
    cell = st.session_state.setdefault(_CELL, usual)
    if cell is not None:
        st.query_params["cell"] = f"{cell[0]}{cell[1]}"
    return cell


def _cell(selection: Selection, truth: int, predicted: int) -> None:
    found = metrics.confusion_cell(selection.digits.labels, selection.predictions.probabilities, truth, predicted)
    one, other = selection.names[truth], selection.names[predicted]
    them = f"{one}s" if selection.run.reads_digits else f"images of {one}"
    what = f"{them} predicted as {other}" if truth != predicted else f"{them} predicted correctly"
    if not len(found):
        st.info(f"There are no {what} among the {selection.place}.")
        return
    st.header(
        f"{len(found):,} {what}, {'the worst' if truth != predicted else 'the least confident'} first", anchor=False
    )
    order = f"Sorted by the probability of {one}, the lowest first."
    image_list.grid_and_detail(selection, found, key="evaluate_cell_grid", order=order if len(found) > 1 else "")
