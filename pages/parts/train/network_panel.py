"""Train's network: untrained before Start, its newest moment while it trains, and a film of the run afterwards."""

import streamlit as st

from core.config.run_config import RunConfig
from core.errors import DigitLabError
from core.network.architecture import count_parameters, layer_table
from core.network.initial_weights import initial_weights, is_exact, starts_as_same_network
from core.network.numpy_network import Reader
from core.runs.data_match import was_trained_on
from core.runs.moments import fixed_images
from core.runs.run import Run
from pages.parts.train import form_change
from pages.parts.train.film import film, newest, newest_moment
from pages.shared import caches, controls
from pages.shared.film_data import NO_FILM, fits, has_film, moments_of
from pages.shared.living_network import ShownImage, fixed, living_network, surveyed

_PLACE = "network_digit"  # session: which of the fixed images runs through the network
_MAX_PARAMETERS = 4_000_000  # of a network that is drawn before Start: drawing lots for more takes seconds
_RUN, _FORM = "This run", "Before Start"
_OTHER_DATA = "with another data set than the one in use"


def show(run: Run) -> None:
    """The network of a run; of the form instead, where that was changed since."""
    above = st.container(key="network_choice")  # also while nothing is in it: the drawing keeps its place at the end
    if not run.active:
        first = _FORM if _is_changed(run) else _RUN
        with above:
            choice = _choice(run, first) if _form_has_another(run) else _RUN
        if choice == _FORM:
            before_start()
            return
    place = _place()
    if not run.active and moments_of(run):
        if not fits(run):
            st.caption(f"This run was trained {_OTHER_DATA}, so its film and its predictions cannot be shown.")
            return
        clicked = film(run, place, key=f"network_{run.id}")
        if run.has_model:
            _break_it(run)
    elif run.active and not was_trained_on(run, caches.data()):
        st.caption(f"This run trains {_OTHER_DATA}, so its network and its predictions cannot be shown.")
        return
    elif run.active and newest_moment(run):
        clicked = newest(run, place, key=f"network_{run.id}")
    elif run.active:  # its first moment is not written yet
        _untrained_network(run.config, "The network before its first step")
        return
    else:
        if run.epochs and not run.is_personalised:
            st.caption(f"This run {NO_FILM}")
        return
    if clicked.get("digit", place) != place:
        st.session_state[_PLACE] = clicked["digit"]
        st.rerun(scope="fragment")
    if "draw" in clicked:
        index = int(fixed_images(caches.data().validation)[clicked["draw"]])
        st.switch_page("pages/draw.py", query_params={"send": f"validation:{index}", "run": run.id})


def _break_it(run: Run) -> None:
    st.page_link(
        "pages/evaluate.py",
        label="Break it: switch off units, halve weights",
        icon=":material/link_off:",
        query_params={"run": run.id, "view": "network"},
    )


def before_start() -> None:
    """The untrained network of the form. It follows each knob. Beside it, if wanted, the one before the change."""
    what = "This is the network that will start" if is_exact() else "A random network like the one that will start"
    try:
        config = controls.run_config()
        layer_table(config)
    except DigitLabError:
        return  # the form itself says what is wrong
    first = form_change.before(config)
    if first is None:
        _untrained_network(config, what)
        return
    if starts_as_same_network(first, config):
        st.caption("Both start as the same network. What you changed acts while it learns.")
    left, right = st.columns(2)
    with left:
        _untrained_network(first, "Before the change", moment="before")
    with right:
        _untrained_network(config, "After the change")


def _untrained_network(config: RunConfig, what: str, moment: str = "form") -> None:
    if count_parameters(config) > _MAX_PARAMETERS:
        st.caption("This network is too large to be drawn before it trains.")
        return
    network, surveys = surveyed(_untrained(config))
    place, digits = _place(), fixed()
    caption = f"{what}: its weights are random, so its answer is a guess. Red raises, blue lowers."
    living_network(
        network.view(digits.images[place], surveys),
        config,
        ShownImage(int(digits.labels[place]), caption, moment, caches.data().names),
        key=f"network_{moment}",
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def _untrained(config: RunConfig) -> Reader:
    return Reader(config, initial_weights(config))


def _choice(run: Run, first: str) -> str:
    """Which network is shown. first: until the visitor chooses."""
    choice: str = st.segmented_control(
        "Network",
        [_RUN, _FORM],
        default=first,
        required=True,
        key=f"network_choice_{run.id}_{first}",
        label_visibility="collapsed",
    )
    return choice


def _form_has_another(run: Run) -> bool:
    """Whether the film of the run, which begins before its first step, does not show the network of the form."""
    try:
        return not (has_film(run) and fits(run) and starts_as_same_network(controls.run_config(), run.config))
    except DigitLabError:
        return False  # the form makes no network


def _is_changed(run: Run) -> bool:
    """Whether the network of the form has changed since this visitor first saw the run."""
    try:
        config = controls.run_config()
    except DigitLabError:
        return False
    now = (config.layers, config.activation, config.seed)
    return bool(st.session_state.setdefault(f"network_form_{run.id}", now) != now)


def _place() -> int:
    return int(st.session_state.get(_PLACE, 0))
