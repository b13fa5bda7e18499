"""Evaluate's network: one image on its way through all layers, and what breaks when a part is switched off."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.errors import NetworkError
from core.network.interventions import Intervention, accuracy, apply_interventions, intervention
from core.network.living import LivingNetwork
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection
from pages.shared.living_network import ShownImage, fixed, living_network, surveyed

_CHANGES = "evaluate_changes"  # session: (which network, what was switched off or halved)


def show(selection: Selection) -> None:
    """The network for the open image, with its parts to switch off."""
    index = selection.opened()
    image, label = selection.digits.images[index], int(selection.digits.labels[index])
    network, surveys = surveyed(selection.reader)
    changes = _changes(selection)
    broken, mask = apply_interventions(network, changes)
    st.markdown(f"**{selection.split.capitalize()} image {index:,}**, a {label}. Point at a unit to see its sum.")
    living_network(
        broken.view(image, surveys, mask),
        network.config,
        ShownImage(label),
        key="evaluate_network",
        off=mask,
        on_change=_listener(selection, network),
    )
    _result(selection, network, changes)
    image_list.links(selection, index)


def _changes(selection: Selection) -> list[Intervention]:
    name, changes = st.session_state.get(_CHANGES, ("", []))
    return changes if name == _name(selection) else []


def _name(selection: Selection) -> str:
    return f"{selection.run.id}:{selection.epoch}"


def _listener(selection: Selection, network: LivingNetwork) -> Callable[[dict[str, Any]], None]:
    def hear(change: dict[str, Any]) -> None:
        before, layer, unit = _changes(selection), change.get("layer"), change.get("unit")
        if change.get("what") == "on":
            after = [each for each in before if each.layer != layer or each.unit not in (unit, -1)]
        else:
            try:
                after = [*before, intervention(network, change.get("what"), layer, unit)]
            except NetworkError:
                return  # no button of the page asks for this
        st.session_state[_CHANGES] = (_name(selection), after[-100:])

    return hear


def _result(selection: Selection, network: LivingNetwork, changes: list[Intervention]) -> None:
    """What the changes do to the accuracy, and the buttons that take them back."""
    if not changes:
        st.caption(
            "Break it: choose a hidden unit and switch it off, or halve its largest weight. The run stays as it is."
        )
        return
    digits = fixed()
    before, after = (accuracy(*state) for state in _states(network, changes, digits))
    words = "; ".join(each.description for each in changes[-3:])
    more = f" and {len(changes) - 3} earlier changes" if len(changes) > 3 else ""
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.metric(
            f"Accuracy on {len(digits)} validation images",
            f"{after:.2%}",
            f"{100 * (after - before):+.2f} points",
            width="content",
        )
        st.button("Undo", on_click=_undo, args=(selection, 1), icon=":material/undo:")
        st.button("Undo all", on_click=_undo, args=(selection, len(changes)), icon=":material/restart_alt:")
    st.caption(f"Changed: {words}{more}. Only on this page: the run stays as it is.")


def _states(network: LivingNetwork, changes: list[Intervention], digits: Any) -> list[tuple[Any, ...]]:
    broken, mask = apply_interventions(network, changes)
    return [(network, digits, {}), (broken, digits, mask)]


def _undo(selection: Selection, count: int) -> None:
    st.session_state[_CHANGES] = (_name(selection), _changes(selection)[:-count])
