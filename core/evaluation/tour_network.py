"""Captions of a tour that are about the whole network: its accuracy, its loss and its layers."""

import math

import numpy as np

from core.digits import NUM_CLASSES
from core.evaluation.tour_stop import CURVES, LAYERS, MAP, NETWORK, Recording, Stop, first_where, step_text
from core.formatting import count, percent
from core.runs.moment import Moment

# Over-fitting: less than this may be chance.
_MIN_RISE, _MAX_TRAINING, _MIN_LATER = 1.1, 0.9, 3  # of validation loss, of training loss, of later moments
_MIN_RATIO = 1e-5
_DRAW = "Play the film once more, or draw a digit on the page Draw."


def beginning(recording: Recording) -> Stop:
    """The first moment: mostly the untrained network."""
    first = recording.moments[0]
    right = f"{percent(first.validation_accuracy)} of {recording.all_images()} right"
    look = "The numbers below belong to one unit. Point at another unit to see its sum."
    if first.step:
        text = f"After {step_text(first)} it gets {right}."
        return Stop(0, NETWORK, "The first moment that was kept", text, look)
    text = f"Its weights are random, so it guesses: {right}. Pure luck gives about 10%."
    return Stop(0, NETWORK, "Before training", text, look)


def one_image(recording: Recording) -> Stop:
    """The image that runs through the network, and the answer of the first moment."""
    label = recording.labels[recording.place]
    probabilities = recording.moments[0].probabilities[recording.place].astype(np.float64)
    best = int(probabilities.argmax())
    layers = ", ".join(recording.layers[:-1])
    way = f"through {layers} to ten probabilities" if layers else "straight to ten probabilities"
    outcome = "right" if best == label else "wrong"
    text = (
        f"This {recording.label(recording.place)} runs from left to right, {way}. The highest is "
        f"{percent(probabilities[best], 1)} for {recording.classes[best]}: {outcome}."
    )
    look = "A line is weight × activation. Red lines raise a unit, blue lines lower it."
    return Stop(0, NETWORK, "One image runs through it", text, look, recording.place)


def first_loss(recording: Recording) -> Stop | None:
    """The loss of the untrained network beside that of a network that gives each digit the same probability."""
    first = recording.moments[0]
    if first.step or not math.isfinite(first.validation_loss):
        return None
    text = (
        f"Before training it is {_loss(first.validation_loss)}. A network that gives each digit 10% has "
        f"{_loss(math.log(NUM_CLASSES))}. The lower the loss, the better."
    )
    return Stop(0, CURVES, "The loss says how wrong it is", text, "Training makes the loss smaller, step by step.")


def passes(recording: Recording, share: float) -> Stop | None:
    """The first moment with more than `share` of the images right."""
    shares = np.array([moment.validation_accuracy for moment in recording.moments])
    position = first_where(shares > share)
    if not position:
        return None
    text = (
        f"{percent(shares[position])} of {recording.all_images()} are right at {recording.step(position)}; "
        f"{percent(shares[position - 1])} at {recording.step(position - 1)}."
    )
    moment = recording.moments[position]
    look = f"That is {percent(moment.epoch, 1)} of the first pass over the training images."
    if moment.epoch >= 1:
        look = f"That is after {moment.epoch:.2f} passes over the training images."
    return Stop(position, CURVES, f"Here its accuracy passes {percent(share, 0)}", text, look)


def largest_update(recording: Recording) -> Stop | None:
    """The layer and the moment with the largest change of the weights per step."""
    ratios = [[layer.update_ratio for layer in moment.layers] for moment in recording.moments]
    known = np.array(ratios, np.float64)
    known[~np.isfinite(known)] = -1.0
    position, layer = np.unravel_index(int(known.argmax()), known.shape)
    largest, last = known[position, layer], known[-1, layer]
    if largest <= 0:
        return None
    end = f" At the end it is {_ratio(last)}." if last >= 0 and position < recording.last else ""
    text = (
        f"The weights of the layer {recording.layers[layer]} change by {_ratio(largest)} of their size per step.{end}"
    )
    look = "The bars on the left show this change for each layer. Watch them while the film plays."
    return Stop(int(position), LAYERS, "The largest steps of the run", text, look)


def over_fitting(recording: Recording) -> Stop | None:
    """Where the loss of images that it does not train on is lowest, if it rises after that while training goes on."""
    if recording.images != "validation images" or not recording.learned:
        return None
    validation = np.array([moment.validation_loss for moment in recording.moments])
    training = np.array([moment.loss for moment in recording.moments])
    if not np.isfinite(validation).all():
        return None
    position = int(validation.argmin())
    then, now = training[position], training[-1]
    rose = validation[-1] >= _MIN_RISE * validation[position]
    if not rose or not now <= _MAX_TRAINING * then or position > recording.last - _MIN_LATER:
        return None
    text = (
        f"The loss on validation images is lowest here: {_loss(validation[position])}. At the end it is "
        f"{_loss(validation[-1])}. In the same time the training loss fell from {_loss(then)} to {_loss(now)}."
    )
    look = "Compare the two curves: from here to the end the training loss falls, and the validation loss rises."
    return Stop(position, CURVES, "Here over-fitting begins", text, look)


def dead_units(recording: Recording) -> Stop | None:
    """The layer with the most dead units at the end."""
    last = recording.moments[-1].layers
    place = int(np.argmax([layer.dead for layer in last]))
    share = last[place].dead
    if share <= 0:
        return None
    before = recording.moments[0].layers[place].dead
    text = (
        f"{percent(share, 1)} of the units of {recording.layers[place]} are dead at the end: their output is 0 for "
        f"each of {recording.all_images()}. At {recording.step(0)} it was {percent(before, 1)}."
    )
    look = "The bars on the right show the share of dead units. Such a unit adds nothing to these answers."
    return Stop(recording.last, LAYERS, "Units that do nothing", text, look)


def ending(recording: Recording) -> Stop:
    """The last moment."""
    right, all_of_them = int(recording.right[-1].sum()), len(recording.labels)
    wrong = all_of_them - right
    crosses = "No image is wrong." if not wrong else f"{count(wrong)} {'is' if wrong == 1 else 'are'} still wrong."
    text = f"{count(right)} of {recording.all_images()} are right. {crosses}"
    look = f"A cross on the map is a mistake. Click one to see the image. {_DRAW}" if wrong else _DRAW
    return Stop(recording.last, MAP, "The end of training", text, look)


def broken(recording: Recording, moment: Moment) -> Stop:
    """The first moment whose outputs are not numbers. It follows the last moment of the recording."""
    before = recording.moments[-1]
    text = f"At {step_text(moment)} the outputs are no longer numbers."
    if math.isfinite(before.validation_loss):
        text += f" At {step_text(before)} the loss was {_loss(before.validation_loss)}."
    look = "Mostly the reason is that the steps are too large. Divide the learning rate by ten and train once more."
    return Stop(recording.last + 1, CURVES, "Here training broke", text, look)


def _loss(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 1000 else count(value)


def _ratio(value: float) -> str:
    if value < _MIN_RATIO:
        return f"less than {percent(_MIN_RATIO, 3)}"
    return percent(value, 3) if value < 0.1 else percent(value, 1)
