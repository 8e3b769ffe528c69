"""The neuron models that ship. A model is a file of facts: equations, units, defaults, reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import UnknownNameError
from ..spec import NeuronModel
from .hetsyn import HetSynLIF
from .lif import HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF
from .readout import HetNeuReadout, HomNeuReadout, LeakyReadout

__all__ = [
    "MODELS",
    "HetNeuLIF",
    "HetNeuReadout",
    "HetSynLIF",
    "HomNeuALIF",
    "HomNeuALIFNormalised",
    "HomNeuLIF",
    "HomNeuReadout",
    "LeakyReadout",
    "get_model",
]

#: Every model by its name, in the order of the documentation.
MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        model.name: model
        for model in (HetSynLIF, HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised, LeakyReadout, HomNeuReadout, HetNeuReadout)
    }
)


def get_model(name: str) -> NeuronModel:
    """The model called ``name``.

    Raises
    ------
    UnknownNameError
        If none of that name ships.
    """
    if name not in MODELS:
        raise UnknownNameError(
            "unknown model",
            got=repr(name),
            expected=", ".join(MODELS),
            remedy="use one of these, or write a NeuronModel of your own",
        )
    return MODELS[name]
