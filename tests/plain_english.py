"""Wordings that this project has replaced, and what stands there now. The tests of screens, code and documents read it.

The reader is sixteen and learned English at school: no old-fashioned turn, no metaphor where the field has a term.
"""

import re
from typing import NamedTuple


class Wording(NamedTuple):
    """A wording that must not come back: a regular expression, a sentence that it catches, and the plain form."""

    pattern: str
    example: str
    plain: str


REPLACED = (
    Wording(r"\b(take|taken|taking) along\b", "Take along", "Download"),
    Wording(r"\bcall(ed|s)? (it|them|this) off\b|\bcalled off\b", "Call it off", "Cancel sweep"),
    Wording(r"\bwork(ed|s)? (it |them |this )?out\b", "Work it out", "Compute"),
    Wording(r"\bgo(es)? on from\b", "Goes on from the last whole epoch", "Continues after epoch 3"),
    Wording(r"\bnot over\b", "not over", "running"),
    Wording(r"\bend(s)? the same\b", "It would end the same", "The result would be identical"),
    Wording(r"\bthe same as a program\b", "The same as a program", "Show as Keras code"),
    Wording(r"\bmake a task of\b", "Make a task of it", "Create an assignment link"),
    Wording(r"\bsees? these alone\b", "Who opens the link sees these alone", "Students see only these knobs"),
    Wording(r"\bodd ones\b", "Odd ones", "Outliers"),
    Wording(r"\bboasts?\b|\btoo humble\b", "it boasts where the curve is below", "overconfident"),
    Wording(r"\bwithin the noise\b", "that is within the noise", "may be luck"),
    Wording(
        r"\bone line a run\b|\bthe better the bluer\b", "One line a run, the better the bluer", "Each line is a run"
    ),
    Wording(r"\bit took \d+ ?% less\b", "Forecast 2.6 s; it took 71% less", "Expected 2.6 s, took 0.8 s"),
    Wording(r"\bspeaks? (for|against)\b|\bblue against\b", "red speaks for, blue against", "Red: raises this unit"),
    Wording(r"\bten switches\b", "labels become ten switches", "Each label becomes ten numbers"),
    Wording(r"\blies? on the (device|disk|GPU)\b", "The images lie on the device as bytes", "stay in device memory"),
    Wording(r"\bknows? no screen\b|\bpages only show\b", "`core` knows no screen", "`core` has no UI code"),
    Wording(r"\banew\b", "Redrawn anew in each epoch", "again, new"),
    Wording(r"\breckon(ed|s|ing)?\b", "reckoned with all 784 pixels", "computed"),
    Wording(r"\b(is|are|was|were|be|being) told\b", "The worker is told what to train", "receives, gets"),
    Wording(r"\b(thrice|hitherto|whence|thereby|lest|whither|nought)\b", "lest it be lost", "so that it is not lost"),
)


def find(text: str) -> list[str]:
    """What is old-fashioned in a text: each match with its surroundings and the plain form."""
    return [
        f"…{text[max(0, match.start() - 40) : match.end() + 40]}… → {wording.plain}"
        for wording in REPLACED
        for match in re.finditer(wording.pattern, text, re.IGNORECASE)
    ]
