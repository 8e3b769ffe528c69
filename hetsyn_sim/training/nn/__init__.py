"""``hs.nn``: one layer class for every neuron that ships, as a torch module: ``hs.nn.HetSynLIF(700, 128, dt="1 ms")``.

The classes are made from :data:`hetsyn_sim.models.REGISTRY`, so that a new neuron has its own. :func:`layer_of` makes one of any other
:class:`~hetsyn_sim.spec.NeuronModel`.
"""

from typing import TYPE_CHECKING

from .checkpoint import from_checkpoint, to_checkpoint
from .classes import layer_of, shipped_layers
from .convolution import Convolution
from .dense import Dense
from .elementwise import Elementwise
from .neuron_layer import NeuronLayer
from .sequential import OverTime, Sequential, States

if TYPE_CHECKING:

    def __getattr__(name: str) -> type[Dense]: ...


_LAYERS = shipped_layers(__name__)
globals().update(_LAYERS)

__all__ = [
    "Convolution",
    "Dense",
    "Elementwise",
    "NeuronLayer",
    "OverTime",
    "Sequential",
    "States",
    "from_checkpoint",
    "layer_of",
    "to_checkpoint",
    *_LAYERS,
]
