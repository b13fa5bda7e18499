"""The layers of the form's network, from the image to the answer, with their sizes."""

import streamlit as st

from core.formatting import count
from core.network.architecture import LayerRow


def show(rows: list[LayerRow]) -> None:
    """The network from the image to the answer."""
    lines = ["| layer | output | parameters | activation |", "|---|---|--:|---|"]
    for row in rows:
        output = " × ".join(map(str, row.output_shape))
        lines.append(f"| {row.name} | {output} | {count(row.parameters)} | {row.activation or '–'} |")
    with st.container(key="layers"):
        st.html("<style>.st-key-layers :is(th, td) {padding: .3rem .45rem}</style>")  # else it is too wide for a phone
        st.markdown("\n".join(lines), width="stretch")
    st.caption(f"{count(sum(row.parameters for row in rows), 'parameter')} in all")
