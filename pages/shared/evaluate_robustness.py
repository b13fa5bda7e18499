"""Evaluate's robustness."""

from pages.shared.evaluate_choice import Asked


def show(asked: Asked) -> None:
    pass
