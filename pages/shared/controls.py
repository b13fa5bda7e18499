"""A widget for each knob, built from what `RunConfig` says of it, and the config they make together."""

import math
from typing import Any

import streamlit as st

from core.config.knob import Knob
from core.config.recipes import recipe
from core.config.run_config import DEFAULTS, KNOB_TYPES, KNOBS, RunConfig
from core.errors import ConfigError
from pages.shared import url_state

CHOSEN = "chosen_knobs"  # session: the knobs as last chosen; survives a change of the page, which widgets do not
_TIMES = "knobs_set"  # session: how often they were set from outside
_FEW = 150  # positions; beyond that a slider cannot be set to one value with the mouse


def chosen() -> dict[str, Any]:
    """The knobs as this visitor last chose them; those of the link on the first visit."""
    return st.session_state.setdefault(CHOSEN, dict(DEFAULTS))


def follow_widgets() -> None:
    """Takes over what was just set in the widgets, before the first of them is drawn anew."""
    for name in KNOBS:
        if _key(name) in st.session_state:
            chosen()[name] = st.session_state[_key(name)]


def choose(values: dict[str, Any]) -> None:
    """Sets the knobs from outside their widgets: a recipe, a link, a remedy of the coach."""
    st.session_state[CHOSEN] = {**DEFAULTS, **values}
    # New widgets for new values: what the browser still sends of the old ones, while a chart refreshes, counts no more.
    st.session_state[_TIMES] = times_set() + 1


def times_set() -> int:
    """How often the knobs were set from outside their widgets."""
    return int(st.session_state.get(_TIMES, 0))


def run_config() -> RunConfig:
    """The config that the knobs make. Raises `ConfigError` where they do not go together."""
    return RunConfig(**chosen())


def knob(name: str, *, disabled: bool = False) -> Any:
    """Draws the widget of one knob and returns its value, which `RunConfig` checks once more."""
    facts, value = KNOBS[name], chosen()[name]
    st.session_state.setdefault(_key(name), value)
    draw = _widget(facts, KNOB_TYPES[name])
    chosen()[name] = draw(name, facts, st.session_state[_key(name)], disabled)
    return chosen()[name]


def _key(name: str) -> str:
    return f"knob_{name}_{times_set()}"


def _widget(facts: Knob, kind: type) -> Any:
    if kind is str:
        return _choice if facts.choices else _text
    if facts.log:
        return _powers
    assert facts.low is not None
    assert facts.high is not None
    return _slider if (facts.high - facts.low) / (facts.step or 1) <= _FEW else _number


def _choice(name: str, facts: Knob, value: str, disabled: bool) -> str:
    return st.selectbox(facts.label, facts.choices, key=_key(name), help=facts.help, disabled=disabled)


def _text(name: str, facts: Knob, value: str, disabled: bool) -> str:
    return st.text_input(facts.label, key=_key(name), help=facts.help, disabled=disabled)


def _slider(name: str, facts: Knob, value: float, disabled: bool) -> float:
    bounds = [KNOB_TYPES[name](bound) for bound in (facts.low, facts.high, facts.step or 1)]
    low, high, step = bounds
    return st.slider(facts.label, low, high, step=step, key=_key(name), help=facts.help, disabled=disabled)


def _number(name: str, facts: Knob, value: float, disabled: bool) -> float:
    low, high, step = (KNOB_TYPES[name](bound) for bound in (facts.low, facts.high, facts.step or 1))
    return st.number_input(facts.label, low, high, step=step, key=_key(name), help=facts.help, disabled=disabled)


def _powers(name: str, facts: Knob, value: float, disabled: bool) -> float:
    """A slider whose steps are powers; a value between them, as a link may bring it, gets a place of its own."""
    steps = sorted({*powers(facts, KNOB_TYPES[name]), value})
    return st.select_slider(
        facts.label, steps, key=_key(name), help=facts.help, disabled=disabled, format_func=lambda step: f"{step:g}"
    )


def powers(facts: Knob, kind: type) -> list[Any]:
    """Powers of two for whole numbers (1, 2, 4 …), 1, 2 and 5 of each power of ten for others, within the range."""
    assert facts.low is not None
    assert facts.high is not None
    if kind is int:
        steps = [2**power for power in range(int(math.log2(facts.high)) + 1)]
    else:
        tens = range(math.floor(math.log10(facts.low)), math.ceil(math.log10(facts.high)) + 1)
        steps = [float(f"{digit}e{power}") for power in tens for digit in (1, 2, 5)]
    return [kind(step) for step in steps if facts.low <= step <= facts.high]


def from_link() -> None:
    """Takes the knobs of the link, on top of its recipe if it names one. What cannot be used is left out, and said."""
    query = {name: text for name, text in st.query_params.items() if name in KNOBS or name == "recipe"}
    if not query or st.session_state.get("link_taken") == query:
        return
    st.session_state["link_taken"] = query
    base, unknown = RunConfig(), []
    try:
        base = recipe(query["recipe"]).config if "recipe" in query else base
    except ConfigError as error:
        unknown = [str(error)]
    config, refused = base.with_query(query)
    choose(config.to_dict())
    if left_out := [*unknown, *refused]:
        what = "a value" if len(left_out) == 1 else f"{len(left_out)} values"
        said = f"The link holds {what} that cannot be used; the rest of it is set."
        st.error(url_state.plain(" ".join([said, *left_out])), icon=":material/link_off:")


def to_link(config: RunConfig, more: dict[str, str]) -> None:
    """Writes the knobs into the link, and `more`: opened elsewhere, it is the same experiment."""
    query, present = config.to_query(), st.query_params.to_dict()
    others = {name: value for name, value in present.items() if name not in KNOBS and name != "recipe"} | more
    if present != others | query:
        st.query_params.from_dict(others | query)  # at once: one step of the browser's Back, not one for each knob
    st.session_state["link_taken"] = query
