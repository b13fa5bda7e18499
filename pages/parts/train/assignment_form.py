"""The boxes of an assignment: a question, what students may set, and what they predict. For a new one and for edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.classroom.assignments import Assignment, checked
from core.config.run_config import KNOBS, RunConfig
from core.errors import AssignmentError
from core.formatting import plain
from core.runs.prediction import (
    CHOICE,
    KINDS,
    MAX_CHOICES,
    MAX_QUESTION,
    MAX_WITHIN,
    MIN_CHOICES,
    MIN_WITHIN,
    NOTHING,
    NUMBER,
    SETTING,
    TEXT,
    WITHIN,
    Asked,
)
from pages.shared import controls
from pages.shared.widget_values import keep

_LABELS = {
    NUMBER: "The accuracy at the end, as a number",
    CHOICE: "One of your choices",
    SETTING: "Which of two settings wins",
    TEXT: "What will happen, in their own words",
    NOTHING: "Nothing",
}
_CHOICES_HELP = (
    f"Write {MIN_CHOICES} to {MAX_CHOICES} choices, one in each line. In brackets you can add the accuracies in % for "
    "which a choice is right: It learns nothing [0-30]. Without them, you say on the class board which one is right."
)
_VALUES = ("question", "knobs", "kind", "within", "choices", "versus", "other")


@dataclass(frozen=True)
class AssignmentForm:
    """The form `name`: its boxes and what the session keeps of it have this name in their keys."""

    name: str

    def draw(self, config: RunConfig, offered: list[str], fixed: Asked | None = None) -> None:
        """Draws the boxes. Students may set those knobs that are chosen among the `offered` ones.

        fixed: what runs have predicted already, whose kind cannot change.
        """
        state = st.session_state
        st.text_input(
            "Question", max_chars=MAX_QUESTION, key=self.key("question"), placeholder="How few units reach 95%?"
        )
        present = [name for name in self.get("knobs", []) if name in offered]
        state[self.key("knobs")] = st.multiselect(
            "Knobs that students can set", offered, present, format_func=_label, key=self._knobs_box()
        )
        if fixed:
            state[self.key("kind")] = fixed.kind
            predicted = _LABELS[fixed.kind].lower()
            st.caption(f":material/lock: Students predict: {predicted}. It stays, because there are runs.")
        else:
            keep(self.key("kind"), KINDS[0])
            st.selectbox("Before they train, students predict", KINDS, format_func=_LABELS.get, key=self.key("kind"))
        self._details(config, offered, fixed)

    def fill(self, made: Assignment) -> None:
        """Fills the boxes with an assignment. For callbacks, and before the boxes are drawn."""
        versus = made.asked.versus
        self.put(
            {
                "question": made.question,
                "knobs": list(made.knobs),
                "kind": made.asked.kind,
                "within": made.asked.within,
                "choices": "\n".join(map(str, made.asked.choices)),
                **({"versus": versus.knob, "other": versus.other(versus.value_of(made.start))} if versus else {}),
            }
        )

    def put(self, values: dict[str, Any]) -> None:
        """Sets the boxes. The box of knobs becomes a new one: Streamlit keeps the value of a present one."""
        for name, value in values.items():
            st.session_state[self.key(name)] = value
        st.session_state[self.key("filled")] = self.get("filled", 0) + 1

    def values(self) -> dict[str, Any]:
        """What the boxes hold now, as `put` takes it."""
        return {name: st.session_state[self.key(name)] for name in _VALUES if self.key(name) in st.session_state}

    def read(self, config: RunConfig, fixed: Asked | None = None) -> Assignment:
        """The assignment that the boxes and the knobs make. Raises `AssignmentError` where something is missing."""
        # Only the settings themselves cannot change; points and ranges can.
        asked = fixed if fixed and fixed.versus else Asked.from_texts(self._asked_texts(config))
        return checked(self.get("question", ""), self.get(self._knobs_box_name(), []), config, asked)

    def get(self, name: str, missing: Any = None) -> Any:
        """The value of one box."""
        return st.session_state.get(self.key(name), missing)

    def key(self, name: str) -> str:
        """The key of one box in the session."""
        return f"{self.name}_{name}"

    def _knobs_box_name(self) -> str:
        return f"knobs_{self.get('filled', 0)}"

    def _knobs_box(self) -> str:
        return self.key(self._knobs_box_name())

    def _details(self, config: RunConfig, offered: Sequence[str], fixed: Asked | None) -> None:
        kind = self.get("kind")
        if kind == NUMBER:
            keep(self.key("within"), WITHIN)
            st.number_input(
                "Met if the result is so many points away at most",
                MIN_WITHIN,
                MAX_WITHIN,
                step=0.1,
                key=self.key("within"),
            )
        elif kind == CHOICE:
            st.text_area("Choices", key=self.key("choices"), help=_CHOICES_HELP, placeholder="It learns nothing [0-30]")
            st.caption(_CHOICES_HELP)
        elif kind == SETTING and fixed and fixed.versus:
            st.caption(f"Two settings: {plain(' or '.join(fixed.options.values()))}.")
        elif kind == SETTING:
            knob = st.selectbox("Two settings of", offered, format_func=_label, key=self.key("versus"))
            now = KNOBS[knob].shown(getattr(config, knob))
            st.text_input(f"{_label(knob)}: {plain(now)} or", key=self.key("other"), placeholder=KNOBS[knob].allowed)

    def _asked_texts(self, config: RunConfig) -> dict[str, object]:
        """What the form asks, as texts that `Asked` checks."""
        knob, other = self.get("versus", ""), controls.decimal(self.get("other", ""))
        if self.get("kind") == SETTING and ":" in other:
            raise AssignmentError("The value of a setting must not contain a colon.")
        return {
            "predict": self.get("kind", NOTHING),
            "within": self.get("within", WITHIN),
            "choices": self.get("choices", ""),
            "versus": f"{knob}:{getattr(config, knob, '')}:{other}",
        }


def _label(name: str) -> str:
    return KNOBS[name].label
