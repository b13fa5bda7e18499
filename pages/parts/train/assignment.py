"""An assignment: a link with a question and the few knobs that students may set.

/train?units=512&epochs=5&only=units,epochs&task=How few units still reach 95%?
"""

from urllib.parse import urlencode

import streamlit as st

from core.config.run_config import KNOBS, RunConfig

_ASSIGNMENT = "task"  # session: the assignment, so that it is still there after a look at another page
MAX_QUESTION = 300  # letters


def knobs() -> list[str]:
    """The knobs of the visitor's assignment; empty if there is none and all knobs are shown."""
    requested = st.query_params.get("only", "").split(",")
    if only := ",".join(name for name in KNOBS if name in requested):
        question = st.query_params.get("task", "")[:MAX_QUESTION]
        st.session_state[_ASSIGNMENT] = {"only": only, **({"task": question} if question else {})}
    return [name for name in query().get("only", "").split(",") if name]


def query() -> dict[str, str]:
    """The assignment as parameters of the link."""
    return st.session_state.get(_ASSIGNMENT, {})


def show(names: list[str]) -> None:
    """The question, and a button that shows all knobs."""
    with st.container(border=True, key="task"):
        if question := query().get("task"):
            st.text(question)
        labels = ", ".join(KNOBS[name].label for name in names)
        st.caption(f":material/school: An assignment. You can set: {labels}. All other knobs are fixed.")
        st.button("Show all knobs", on_click=_leave, icon=":material/tune:")


def _leave() -> None:
    st.session_state.pop(_ASSIGNMENT, None)
    for name in ("only", "task"):
        st.query_params.pop(name, None)


def maker(config: RunConfig, offered: list[str]) -> None:
    """Makes a link of the present knobs. Students may set those that are chosen among the `offered` ones."""
    form = st.expander("Create an assignment link", icon=":material/school:", key="task_maker", on_change="rerun")
    if not form.open:
        return
    with form:
        question = st.text_input("Question", max_chars=MAX_QUESTION, placeholder="How few units still reach 95%?")
        names = st.multiselect("Knobs that students can set", offered, format_func=lambda name: KNOBS[name].label)
        if not names:
            st.caption("Choose at least one knob. Students see only these knobs and your question.")
            return
        link = {**config.to_query(), "only": ",".join(names), **({"task": question} if question else {})}
        st.code(f"{st.context.url or ''}?{urlencode(link, safe=',')}", language=None, wrap_lines=True)
        st.caption("Students see only these knobs and your question.")
