"""The left side of Train: recipe, knobs, the network they make, and Start."""

import streamlit as st

from core.architecture import shapes
from core.config import DATA, KNOBS, LEARNING, NETWORK, RUN, RunConfig
from core.errors import ConfigError
from core.recipes import RECIPES, recipe_of
from pages.shared import caches, controls
from pages.shared.visitor import visitor

OWN = "my own"
_GROUPS = (NETWORK, LEARNING, DATA, RUN)


def panel() -> None:
    """Draws the knobs; Start makes a run of them."""
    controls.from_link()
    _recipe()
    for tab, group in zip(st.tabs(_GROUPS), _GROUPS, strict=True):
        with tab:
            for name in (name for name, facts in KNOBS.items() if facts.group == group and name != "network"):
                controls.knob(name)
    try:
        config = controls.run_config()
        rows = shapes(config)
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        st.button("Start", type="primary", disabled=True, icon=":material/play_arrow:", width="stretch")
        return
    controls.to_link(config)
    _start(config)
    _layer_table(rows)


def _recipe() -> None:
    try:
        present = recipe_of(controls.run_config()) or OWN
    except ConfigError:
        present = OWN
    st.session_state["recipe"] = present
    st.selectbox(
        "Recipe",
        [OWN, *RECIPES],
        format_func=lambda name: "My own knobs" if name == OWN else f"{name}: {RECIPES[name].title}",
        key="recipe",
        on_change=_take_recipe,
        help="A recipe sets all knobs as a well-known tutorial has them. Change any of them and it is your own.",
    )
    if present != OWN:
        st.caption(f"{RECIPES[present].source}. It reports: {RECIPES[present].reports}.")


def _take_recipe() -> None:
    name = st.session_state["recipe"]
    if name != OWN:
        controls.choose(RECIPES[name].config.to_dict())


def _start(config: RunConfig) -> None:
    caches.jobs().warm()
    if st.button("Start", type="primary", icon=":material/play_arrow:", width="stretch"):
        run = caches.jobs().submit(config, starter=visitor())
        st.query_params["run"] = run.id
        st.session_state["watched"] = run.id


def _layer_table(rows: list) -> None:
    st.dataframe(
        {
            "layer": [row.name for row in rows],
            "shape": [" × ".join(map(str, row.output_shape)) for row in rows],
            "parameters": [row.parameters for row in rows],
            "activation": [row.activation for row in rows],
        },
        hide_index=True,
        width="stretch",
        column_config={"parameters": st.column_config.NumberColumn(format="localized")},
    )
    st.caption(f"{sum(row.parameters for row in rows):,} parameters in all")
