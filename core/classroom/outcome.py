"""What a run has reached, beside what was predicted: met or not, and how far apart the two are."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.config.run_config import NO_VALIDATION, TEST_SET, RunConfig
from core.formatting import points
from core.runs.data_match import have_different_data
from core.runs.events import FINISHED
from core.runs.prediction import Asked, Prediction
from core.runs.run import Run

TIE = 0.001  # a share: two accuracies this close are equal, as 6 of 6,000 images are


@dataclass(frozen=True)
class Reached:
    """The accuracy of a run, a share in [0, 1]: so far, or at its end (`final`)."""

    accuracy: float | None = None
    images: str = "validation"  # on which it was measured: validation, test or training
    final: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether a prediction is met; None: not yet, or nobody can say.

    distance: between prediction and result, as a share; 0 inside a range; None where there is none.
    """

    met: bool | None
    sentence: str
    distance: float | None = None


def reached(run: Run, state: str) -> Reached:
    """The accuracy on validation images: after the newest epoch, or of the saved network once the run has finished.

    Runs without validation: the training accuracy so far, and the test accuracy at the end.
    """
    images = {NO_VALIDATION: "training", TEST_SET: "test"}.get(run.config.validate_on, "validation")
    if (ended := run.ended) and state == FINISHED:
        if ended.validation_accuracy is None:
            images = "test"
        accuracy = _share(ended.test_accuracy if ended.validation_accuracy is None else ended.validation_accuracy)
        return Reached(accuracy, images, final=accuracy is not None)
    if not (epochs := run.epochs):
        return Reached(None, images)
    last = epochs[-1]
    if last.validation_accuracy is not None:
        return Reached(_share(last.validation_accuracy), images)
    return Reached(_share(last.accuracy), "training")


def counterparts(run: Run, runs: Iterable[Run]) -> list[Run]:
    """The same student's runs of the same question and data set that differ from this one in the setting alone."""
    prediction = run.prediction
    if prediction is None or (versus := prediction.asked.versus) is None:
        return []
    other = versus.other(versus.value_of(run.config))
    rest = _without(versus.knob, run.config)
    return [
        each
        for each in runs
        if each.starter == run.starter
        and each.prediction
        and each.prediction.asked == prediction.asked
        and (_same_assignment(run, each) or each.prediction.question == prediction.question)
        and versus.value_of(each.config) == other
        and _without(versus.knob, each.config) == rest
        and not have_different_data(run, each)
    ]


def judge(
    prediction: Prediction | None, config: RunConfig, result: Reached, other: float | None = None, answer: str = ""
) -> Verdict:
    """Compares the prediction about a run with its result.

    other: the final accuracy of the run with the other setting. answer: the choice that the teacher says is right.
    """
    if prediction is None:
        return Verdict(None, "Nothing was predicted.")
    if not result.final or result.accuracy is None:
        return Verdict(None, "The result comes when the run has finished.")
    match prediction.asked.kind:
        case "number":
            return _judge_number(prediction, result.accuracy)
        case "choice":
            return _judge_choice(prediction, result.accuracy, answer)
        case "setting":
            return _judge_setting(prediction, config, result.accuracy, other)
    return Verdict(None, "Compare both, and decide for yourself.")


def rule(asked: Asked) -> str:
    """When a prediction is met, as a sentence for the page; empty if nothing is predicted."""
    match asked.kind:
        case "number":
            most = f"{asked.within:g} point{'' if asked.within == 1 else 's'}"
            return f"Met: the result is at most {most} away from the prediction."
        case "choice" if asked.teacher_decides:
            return "Met: your teacher says that this choice is right."
        case "choice":
            return "Met: the result is in the range of your choice."
        case "setting":
            return f"Met: your setting has the higher accuracy. Up to {points(TIE, 1)} apart is a tie."
        case "text":
            return "Nobody decides but you: compare both at the end."
    return ""


def _judge_number(prediction: Prediction, accuracy: float) -> Verdict:
    distance = round(abs(float(prediction.given) / 100 - accuracy), 9)
    where = "above" if accuracy > float(prediction.given) / 100 else "below"
    sentence = f"The result is {points(distance)} {where} the prediction."
    return Verdict(distance * 100 <= prediction.asked.within, sentence, distance)


def _judge_choice(prediction: Prediction, accuracy: float, answer: str) -> Verdict:
    asked = prediction.asked
    if prediction.given not in asked.options:
        return Verdict(None, "Your teacher no longer offers this choice.")
    if answer:
        met = prediction.given == answer
        return Verdict(met, f"Right is: {answer}", 0.0 if met else None)
    if asked.teacher_decides:
        return Verdict(None, "Your teacher says later which choice is right.")
    (chosen,) = (choice for choice in asked.choices if choice.words == prediction.given)
    right = [choice.words for choice in asked.choices if choice.distance(accuracy) == 0]
    distance = chosen.distance(accuracy)
    return Verdict(distance == 0, f"Right is: {' or '.join(right) or 'none of the choices'}", distance)


def _judge_setting(prediction: Prediction, config: RunConfig, accuracy: float, other: float | None) -> Verdict:
    versus = prediction.asked.versus
    here = versus.value_of(config) if versus else ""
    if versus is None or (there := versus.other(here)) is None:
        return Verdict(None, "This run has neither of the two settings.")
    if other is None:
        return Verdict(None, f"Now train the other setting: {versus.shown(there)}.")
    lead = round(abs(accuracy - other), 9)
    if lead <= TIE:
        return Verdict(None, f"A tie: the two accuracies are {points(lead)} apart.", 0.0)
    winner = here if accuracy > other else there
    met = prediction.given == winner
    return Verdict(met, f"{versus.shown(winner)} wins by {points(lead)}.", 0.0 if met else lead)


def _same_assignment(run: Run, other: Run) -> bool:
    """Whether both belong to one kept assignment: its question may have been edited between the two."""
    return run.assignment != "" and run.assignment == other.assignment


def _without(knob: str, config: RunConfig) -> RunConfig:
    """The config with this knob at its default."""
    return config.changed(**{knob: getattr(RunConfig, knob)})


def _share(accuracy: float | None) -> float | None:
    """An accuracy of a run folder, which may hold any number; None unless it is in [0, 1]."""
    return accuracy if accuracy is not None and 0 <= accuracy <= 1 else None
