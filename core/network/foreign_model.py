"""Somebody else's `.keras` file as a network of this project, without Keras and without anything of theirs executed.

The layers are read as a list of names and numbers. What has the same layers as this project's networks becomes one
(`own_layers`). Other networks become a graph of NumPy operations (`graph_network`); where that is not possible, a
sentence says which layer is the reason.
"""

import io
from dataclasses import dataclass

from core.errors import DigitLabError
from core.network.graph_network import GraphReader
from core.network.numpy_network import Reader
from core.network.own_layers import ForeignModel, OtherLayers, own_network

_NOT_OWN = (OtherLayers, DigitLabError, KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True)
class ForeignGraph:
    """A network with other layers than this project's. Its file says nothing of the scaling that it needs."""

    network: GraphReader

    @property
    def scales_itself(self) -> bool:
        """Whether its first layer scales pixels from 0 to 255."""
        return self.network.graph.begins_with_rescaling

    def reader(self, factor: float, offset: float) -> Reader:
        """The network, where it expects factor·pixel + offset with pixels from 0 to 1."""
        return self.network.scaled(factor, offset)


def read_foreign(content: bytes) -> ForeignModel | ForeignGraph:
    """The network in a `.keras` file. Raises `RunError` with the reason where it cannot be opened."""
    try:
        return own_network(content)
    except _NOT_OWN:  # not the layers of this project's networks, or the file is damaged: then this says why
        return ForeignGraph(GraphReader.read(io.BytesIO(content)))
