"""A task: a link that shows a question and leaves a few knobs to turn, for a class or for oneself.

/train?units=512&epochs=5&only=units,epochs&task=How few units still read 95 %?
"""

from urllib.parse import urlencode

import streamlit as st

from core.config.run_config import KNOBS, RunConfig

_KEPT = "task"  # session: the task, so that a look at another page does not end it
LONGEST = 300  # letters of a question


def knobs() -> list[str]:
    """The knobs that the visitor's task leaves; empty where there is none and all are offered."""
    asked = st.query_params.get("only", "").split(",")
    if only := ",".join(name for name in KNOBS if name in asked):
        question = st.query_params.get("task", "")[:LONGEST]
        st.session_state[_KEPT] = {"only": only, **({"task": question} if question else {})}
    return [name for name in query().get("only", "").split(",") if name]


def query() -> dict[str, str]:
    """What stands of the task in the link."""
    return st.session_state.get(_KEPT, {})


def show(names: list[str]) -> None:
    """The question, and the way out."""
    with st.container(border=True, key="task"):
        if question := query().get("task"):
            st.text(question)
        said = ", ".join(KNOBS[name].label for name in names)
        st.caption(f":material/school: A task. To turn: {said}. All other knobs stay as they are.")
        st.button("Show all knobs", on_click=_leave, icon=":material/tune:")


def _leave() -> None:
    st.session_state.pop(_KEPT, None)
    for name in ("only", "task"):
        st.query_params.pop(name, None)


def maker(config: RunConfig, offered: list[str]) -> None:
    """Makes a link of the knobs as they stand; those `offered` may be left to turn."""
    task = st.expander("Make a task of it", icon=":material/school:", key="task_maker", on_change="rerun")
    if not task.open:
        return
    with task:
        question = st.text_input("Question", max_chars=LONGEST, placeholder="How few units still read 95 %?")
        names = st.multiselect("Knobs to turn", offered, format_func=lambda name: KNOBS[name].label)
        if not names:
            st.caption("Choose the knobs that may be turned. Who opens the link sees these alone, and the question.")
            return
        link = {**config.to_query(), "only": ",".join(names), **({"task": question} if question else {})}
        st.code(f"{st.context.url or ''}?{urlencode(link, safe=',')}", language=None, wrap_lines=True)
