"""Evaluate: where a trained network is right, where it is wrong, and why."""

from pages.shared import evaluate_choice, evaluate_scores, frame

frame.page("evaluate")
with frame.guard():
    asked = evaluate_choice.choose()
    if asked:
        evaluate_scores.show(asked)
