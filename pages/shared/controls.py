"""The form of knobs: a widget for each knob, built from its entry in `RunConfig`, and the config that they make.

A visitor's choices are kept in one `Form` in the session. Setting several knobs changes that object in one step, which
nothing can interrupt. The widgets then get new keys, so that older values which the browser still sends do not count.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.config.knob import Knob
from core.config.recipes import recipe
from core.config.run_config import DEFAULTS, KNOB_TYPES, KNOBS, RunConfig
from core.errors import ConfigError, DeviceError
from core.formatting import plain
from core.jobs.places import GPU
from pages.shared import caches, frame

_FORM = "form"  # session: survives a change of the page, which widgets do not
_MAX_POSITIONS = 150  # of a slider: with more, the mouse cannot set it to one value


@dataclass
class Form:
    """The knobs as this visitor chose them, and the state of their widgets.

    known_links: the knobs of links that were read from the address or written into it during this visit.
    """

    values: dict[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    times_set: int = 0  # how often the knobs were set from outside their widgets
    versions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KNOBS, 0))
    known_links: list[dict[str, str]] = field(default_factory=list)
    visit: int = -1

    def choose(self, values: dict[str, Any]) -> None:
        """Sets all knobs in one step: a recipe, a link, the settings of a run, advice. It never reads the session."""
        for name in KNOBS:
            self.set(name, values.get(name, DEFAULTS[name]))
        self.times_set += 1

    def set(self, name: str, value: Any) -> None:
        """Sets one knob and gives it a new widget."""
        self.values[name] = value
        self.versions[name] += 1

    def key(self, name: str) -> str:
        """The key of a knob's present widget."""
        return f"knob_{name}_{self.versions[name]}"

    def key_of_all(self, name: str) -> str:
        """A key for a widget that depends on all knobs: a new one each time they are set from outside."""
        return f"{name}_{self.times_set}"


def form() -> Form:
    """The form of this visitor."""
    return st.session_state.setdefault(_FORM, Form())


def chosen() -> dict[str, Any]:
    """The knobs as this visitor last chose them; those of the link on the first visit."""
    return form().values


def times_set() -> int:
    """How often the knobs were set from outside their widgets."""
    return form().times_set


def choose(values: dict[str, Any]) -> None:
    """Sets all knobs from outside their widgets. A callback takes `form().choose`, which nothing interrupts."""
    form().choose(values)


def follow_widgets() -> None:
    """Takes over what was just set in the present widgets, before the first of them is drawn again."""
    present = form()
    for name in KNOBS:
        present.values[name] = st.session_state.get(present.key(name), present.values[name])


def run_config() -> RunConfig:
    """The config that the knobs make. Raises `ConfigError` where they do not go together."""
    return RunConfig(**chosen())


def knob(name: str, *, disabled: bool = False) -> Any:
    """Draws the widget of one knob and returns its value, which `RunConfig` checks once more."""
    facts, present = KNOBS[name], form()
    # The value is the widget's default, and is not set in the session: Streamlit sends what the session sets only once,
    # and a browser that misses it because the page is drawn again shows the lowest value, which then counts as chosen.
    draw = _widget(facts, KNOB_TYPES[name])
    present.values[name] = draw(name, present.values[name], present.key(name), disabled)
    return present.values[name]


def _widget(facts: Knob, kind: type) -> Any:
    if kind is str:
        return _choice if facts.choices else _text
    if facts.log or facts.zero:
        return _steps
    assert facts.low is not None
    assert facts.high is not None
    return _slider if (facts.high - facts.low) / (facts.step or 1) <= _MAX_POSITIONS else _number


def _choice(name: str, value: str, key: str, disabled: bool) -> str:
    facts = KNOBS[name]
    choices = [*(facts.choices if name != "device" else _devices(facts, value))]
    return st.selectbox(facts.label, choices, choices.index(value), key=key, help=facts.help, disabled=disabled)


def _devices(facts: Knob, present: str) -> list[str]:
    """Where there are several GPUs, each can be chosen. present: always among them, as a saved run may have it."""
    gpus = [device.slot for device in caches.jobs().place.devices() if device.slot and device.kind == GPU]
    return list(dict.fromkeys([*facts.choices, *(gpus if len(gpus) > 1 else []), present]))


def _text(name: str, value: str, key: str, disabled: bool) -> str:
    facts = KNOBS[name]
    return st.text_input(facts.label, value, key=key, help=facts.help, disabled=disabled)


def _slider(name: str, value: float, key: str, disabled: bool) -> float:
    facts, (low, high, step) = KNOBS[name], _range(name)
    return st.slider(facts.label, low, high, value, step, key=key, help=facts.help, disabled=disabled)


def _number(name: str, value: float, key: str, disabled: bool) -> float:
    facts, (low, high, step) = KNOBS[name], _range(name)
    return st.number_input(facts.label, low, high, value, step, key=key, help=facts.help, disabled=disabled)


def _range(name: str) -> tuple[Any, Any, Any]:
    """The lowest and the highest value, and the step between two values, in the knob's own type."""
    facts, kind = KNOBS[name], KNOB_TYPES[name]
    return kind(facts.low), kind(facts.high), kind(facts.step or 1)


def _steps(name: str, value: float, key: str, disabled: bool) -> float:
    """A slider whose steps are powers, or words and whole numbers. A value between them, as a link may bring it, gets a
    place of its own; 0 that means "all" is the last one, and 0 that means "none" the first."""
    facts = KNOBS[name]
    steps = sorted({*steps_of(facts, KNOB_TYPES[name]), value} - ({0} if facts.zero else set()))
    if facts.zero:
        steps.insert(len(steps) if facts.unlimited else 0, 0)

    def text(step: float) -> str:
        return facts.zero if facts.zero and not step else f"{step:,}" if isinstance(step, int) else f"{step:g}"

    return st.select_slider(facts.label, steps, value, key=key, help=facts.help, disabled=disabled, format_func=text)


def steps_of(facts: Knob, kind: type) -> list[Any]:
    """Within the range: powers of two for whole numbers (1, 2, 4 …), else 1, 2 and 5 of each power of ten; where 0
    means none, every number."""
    assert facts.low is not None
    assert facts.high is not None
    if facts.zero and not facts.unlimited:
        return list(range(kind(facts.low), kind(facts.high) + 1, kind(facts.step or 1)))
    low = facts.low or facts.step or 1
    if kind is int and facts.log:
        steps: list[float] = [2**power for power in range(int(math.log2(facts.high)) + 1)]
    else:
        tens = range(math.floor(math.log10(low)), math.ceil(math.log10(facts.high)) + 1)
        steps = [float(f"{digit}e{power}") for power in tens for digit in (1, 2, 5)]
    return [kind(step) for step in steps if low <= step <= facts.high]


def decimal(text: str) -> str:
    """A number as `float` reads it: many people write 0,2 for 0.2."""
    return text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip()


def from_link() -> bool:
    """Takes the knobs of the link, on top of its recipe if it names one; returns whether there were new ones.

    Values that cannot be used are named.

    Each message of the browser carries the address that it shows at that moment, which may be one that this page has
    replaced meanwhile. So a link that was read or written during this visit is never taken again.
    """
    present, query = form(), _knobs_of_link()
    if present.visit != frame.visits():
        present.visit, present.known_links = frame.visits(), []
    if not query or query in present.known_links:
        return False
    base, unknown = RunConfig(), []
    try:
        base = recipe(query["recipe"]).config if "recipe" in query else base
    except ConfigError as error:
        unknown = [error.sentence]
    config, refused = base.with_query(query)
    try:
        caches.jobs().place.check(config)
    except DeviceError as error:
        config = config.changed(device=RunConfig.device)
        refused.append(error.sentence)
    _remember(query)
    choose(config.to_dict())
    if left_out := [*unknown, *refused]:
        what = "One value" if len(left_out) == 1 else f"{len(left_out)} values"
        problem = f"{what} of the link cannot be used. All others are set."
        st.error(plain(" ".join([problem, *left_out])), icon=":material/link_off:")
    return True


def to_link(config: RunConfig, more: dict[str, str]) -> None:
    """Writes the knobs into the link, and `more`: opened elsewhere, it is the same experiment."""
    query, present = config.to_query(), st.query_params.to_dict()
    others = {name: value for name, value in present.items() if name not in KNOBS and name != "recipe"} | more
    _remember(query)
    if present != others | query:
        st.query_params.from_dict(others | query)  # all at once: one step of the browser's Back, not one for each knob


def _knobs_of_link() -> dict[str, str]:
    return {name: text for name, text in st.query_params.items() if name in KNOBS or name == "recipe"}


def _remember(query: dict[str, str]) -> None:
    known = form().known_links
    if query and query not in known:
        known.append(query)
        del known[:-200]
