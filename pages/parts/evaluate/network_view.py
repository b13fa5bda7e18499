"""Evaluate's network: one image on its way through all layers, and what breaks when a part is switched off."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.errors import NetworkError
from core.network.consequences import Consequences, Effect
from core.network.interventions import ALL_UNITS, Intervention, apply_interventions, descriptions, halved, intervention
from core.network.living import LivingNetwork
from pages.parts.evaluate import image_list
from pages.parts.evaluate.choice import Selection
from pages.shared import foreign_networks
from pages.shared.fragments import guarded_fragment
from pages.shared.living_network import ShownImage, fixed, living_network, surveyed

_CHANGES = "evaluate_changes"  # session: (which network, what was switched off or halved)
_MAX = 100  # changes at once
_MAX_TEXTS = 6  # of them in words


def show(selection: Selection) -> None:
    """The network for the open image, with its parts to switch off."""
    if selection.run.foreign:
        st.info(foreign_networks.SENTENCE, icon=":material/info:")
        return
    index = selection.opened()
    _network(selection, index)
    image_list.links(selection, index)


@guarded_fragment()
def _network(selection: Selection, index: int) -> None:
    """A change of the network draws only this again."""
    image, label = selection.digits.images[index], int(selection.digits.labels[index])
    network, surveys = surveyed(selection.reader)
    changes = _changes(selection)
    broken, mask = apply_interventions(network, changes)
    st.markdown(
        f"**{selection.split.capitalize()} image {index:,}**, a {selection.names[label]}. **Break it**: choose a unit, "
        "then switch it off or halve one of its weights. See what the network answers now. The run stays as it is."
    )
    with st.container(key="evaluate_effect"):  # one place: what comes and goes in it must not move the drawing
        _result(selection, network, changes)
    living_network(
        broken.view(image, surveys, mask, halved(network, changes)),
        network.config,
        ShownImage(label, names=selection.names),
        key="evaluate_network",
        off=mask,
        on_change=_listener(selection, network),
    )


def _changes(selection: Selection) -> list[Intervention]:
    name, changes = st.session_state.get(_CHANGES, ("", []))
    return changes if name == _name(selection) else []


def _name(selection: Selection) -> str:
    return f"{selection.run.id}:{selection.epoch}"


def _listener(selection: Selection, network: LivingNetwork) -> Callable[[dict[str, Any]], None]:
    def hear(change: dict[str, Any]) -> None:
        before, layer, unit = _changes(selection), change.get("layer"), change.get("unit")
        if change.get("what") == "on":
            back = (unit, ALL_UNITS) if unit != ALL_UNITS else (unit,)
            after = [each for each in before if each.what != "off" or each.layer != layer or each.unit not in back]
        else:
            try:
                after = [*before, intervention(network, change.get("what"), layer, unit, change.get("source", -1))]
            except NetworkError:
                return  # no button of the page asks for this
        st.session_state[_CHANGES] = (_name(selection), after[-_MAX:])

    return hear


def _result(selection: Selection, network: LivingNetwork, changes: list[Intervention]) -> None:
    """What the changes do to the accuracy, and the buttons that take them back."""
    effect = _consequences(selection.run.id, selection.epoch, id(network), network).effect(changes)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        st.metric(
            f"Accuracy on {effect.images} validation images",
            f"{effect.after:.2%}",
            f"{100 * (effect.after - effect.before):+.2f} points" if changes else None,
            width="content",
        )
        st.button(
            "Undo",
            on_click=_undo,
            args=(selection, 1),
            icon=":material/undo:",
            disabled=not changes,
            key="evaluate_undo",
        )
        st.button(
            "Undo all",
            on_click=_undo,
            args=(selection, len(changes)),
            icon=":material/restart_alt:",
            disabled=not changes,
            key="evaluate_undo_all",
        )
        st.markdown(_sentence(effect) if changes else "Nothing is changed.")
    if changes:
        texts = descriptions(network, changes)
        more = f"{len(texts) - _MAX_TEXTS} more; then " if len(texts) > _MAX_TEXTS else ""
        st.caption(f"Changed: {more}{'; '.join(texts[-_MAX_TEXTS:])}. Only on this page: the run stays as it is.")


def _sentence(effect: Effect) -> str:
    """The accuracy before and after, and how many images have another answer."""
    if not effect.other_answer:
        return f"**{effect.before:.2%} before and after**: no image gets another answer."
    return (
        f"**{effect.before:.2%} → {effect.after:.2%}.** {_images(effect.other_answer)} another answer: "
        f"{effect.became_wrong} became wrong, {effect.became_right} became right."
    )


def _images(count: int) -> str:
    return "1 image gets" if count == 1 else f"{count} images get"


@st.cache_resource(show_spinner="Reading 500 images …", max_entries=4)
def _consequences(run_id: str, epoch: int | None, network_id: int, _network: LivingNetwork) -> Consequences:
    """`network_id` is part of the cache key: the same run and epoch may be trained again, with other weights."""
    return Consequences(_network, fixed())


def _undo(selection: Selection, count: int) -> None:
    st.session_state[_CHANGES] = (_name(selection), _changes(selection)[:-count])
