"""One training step by hand: a network of 784 → 16 → 10 in NumPy, its loss, its gradients and the step against them.

The arrays are float64, so that a step can be checked against finite differences.
"""

from typing import NamedTuple

import numpy as np

from core.digits import NUM_CLASSES, SIDE

HIDDEN = 16
PIXELS = SIDE * SIDE
DIVERGED = 50.0  # a loss that no reader needs to follow further


class TinyNetwork(NamedTuple):
    """The four arrays of the network. Gradients have the same shapes, so they use the same class."""

    hidden_weights: np.ndarray  # float64 (784, 16)
    hidden_bias: np.ndarray  # float64 (16,)
    output_weights: np.ndarray  # float64 (16, 10)
    output_bias: np.ndarray  # float64 (10,)

    def take_step(self, gradients: "TinyNetwork", learning_rate: float) -> "TinyNetwork":
        """The network after one step: weights − learning rate · gradient."""
        return TinyNetwork(*(weights - learning_rate * slope for weights, slope in zip(self, gradients, strict=True)))


class ForwardPass(NamedTuple):
    """Every number between n images and their loss."""

    pixels: np.ndarray  # float64 (n, 784), 0 to 1
    sums: np.ndarray  # float64 (n, 16), w · x + b of each hidden unit
    activations: np.ndarray  # float64 (n, 16), relu of the sums
    logits: np.ndarray  # float64 (n, 10)
    probabilities: np.ndarray  # float64 (n, 10), rows sum to 1
    loss: float  # the mean of −ln of the probability of the label


def untrained(seed: int = 1) -> TinyNetwork:
    """Random weights as Keras starts dense layers (Glorot uniform); every bias is 0."""
    rng = np.random.default_rng(seed)
    first, second = np.sqrt(6 / (PIXELS + HIDDEN)), np.sqrt(6 / (HIDDEN + NUM_CLASSES))
    return TinyNetwork(
        rng.uniform(-first, first, (PIXELS, HIDDEN)),
        np.zeros(HIDDEN),
        rng.uniform(-second, second, (HIDDEN, NUM_CLASSES)),
        np.zeros(NUM_CLASSES),
    )


def forward(network: TinyNetwork, images: np.ndarray, labels: np.ndarray) -> ForwardPass:
    """From images, uint8 (n, 28, 28), to their mean loss. labels: (n,)."""
    pixels = images.reshape(-1, PIXELS) / 255
    sums = pixels @ network.hidden_weights + network.hidden_bias
    activations = np.maximum(sums, 0)
    logits = activations @ network.output_weights + network.output_bias
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[np.arange(len(labels)), labels].mean()
    return ForwardPass(pixels, sums, activations, logits, np.exp(log_probabilities), float(loss))


def backward(network: TinyNetwork, forward_pass: ForwardPass, labels: np.ndarray) -> TinyNetwork:
    """The gradient of the loss for each array: how fast the loss rises with each number in it."""
    at_logits = (forward_pass.probabilities - np.eye(NUM_CLASSES)[labels]) / len(labels)  # predicted minus true
    at_sums = (at_logits @ network.output_weights.T) * (
        forward_pass.sums > 0
    )  # relu passes it where the sum is above 0
    return TinyNetwork(
        forward_pass.pixels.T @ at_sums,
        at_sums.sum(axis=0),
        forward_pass.activations.T @ at_logits,
        at_logits.sum(axis=0),
    )


class Training(NamedTuple):
    """Some steps on the same images: the network after them, and the loss before the first and after each."""

    network: TinyNetwork
    losses: tuple[float, ...]


def train(network: TinyNetwork, images: np.ndarray, labels: np.ndarray, learning_rate: float, steps: int) -> Training:
    """Takes `steps` steps on the same images. It stops early once the loss is above `DIVERGED`."""
    forward_pass = forward(network, images, labels)
    losses = [forward_pass.loss]
    for _ in range(steps):
        network = network.take_step(backward(network, forward_pass, labels), learning_rate)
        forward_pass = forward(network, images, labels)
        losses.append(forward_pass.loss)
        if not forward_pass.loss < DIVERGED:
            break
    return Training(network, tuple(losses))


def most_active_unit(forward_pass: ForwardPass) -> int:
    """The hidden unit with the largest activation for the first image: relu passes its gradient."""
    return int(forward_pass.activations[0].argmax())
