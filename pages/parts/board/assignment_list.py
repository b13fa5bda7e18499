"""All assignments, if the link names none: the visitor's own first."""

import streamlit as st

from core.formatting import count, plain
from pages.shared import caches, lessons
from pages.shared.local_time import local_time
from pages.shared.visitor import visitor

_MAX_LISTED = 50


def show() -> None:
    found = lessons.assignments().all()
    if not found:
        st.info("There is no assignment yet. A teacher makes one on Train.", icon=":material/school:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/arrow_forward:")
        return
    me, runs = visitor(), caches.store().runs()
    found.sort(key=lambda one: one.author != me)  # stable: the newest first in each group
    for one in found[:_MAX_LISTED]:
        state = "open" if one.open else "closed"
        trained = count(sum(map(one.has, runs)), "run")
        st.page_link(
            "pages/board.py",
            label=f"{plain(one.question)} · {local_time(one.created)} · {state} · {trained}",
            icon=":material/groups:",
            query_params={"assignment": one.id},
        )
