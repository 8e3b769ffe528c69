"""The neuron models that ship. A model is a file of facts: equations, units, defaults, reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import UnknownNameError
from ..spec import NeuronModel, StepOrder
from .adex import AdEx, HetSynAdEx
from .adlif import AdLIF, EulerAdLIF, SparchAdLIF, SymplecticAdLIF
from .ampa_gaba import CobaLIF, CubaLIF
from .conductance import MTC, GradedReadout, HetSynMTC, MTCFastFilter, SpikeDrivenMTC
from .fitzhugh_nagumo import FitzHughNagumo
from .hetsyn import HetSynLIF
from .hetsyn_adlif import HetSynAdLIF
from .hodgkin_huxley import HodgkinHuxley
from .izhikevich import Izhikevich
from .leaky import LIF
from .lif import HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF
from .moving_threshold import ALIF
from .orders import RESET_FIRST
from .quadratic import QIF
from .readout import HetNeuReadout, HomNeuReadout, LeakyReadout
from .stl import STLLIF, STLLIFSoft

__all__ = [
    "ALIF",
    "LIF",
    "MODELS",
    "MTC",
    "OF_VALUES",
    "QIF",
    "RESET_FIRST",
    "STEP_ORDERS",
    "STLLIF",
    "ZOO",
    "AdEx",
    "AdLIF",
    "CobaLIF",
    "CubaLIF",
    "EulerAdLIF",
    "FitzHughNagumo",
    "HetNeuLIF",
    "HetNeuReadout",
    "HetSynAdEx",
    "HetSynAdLIF",
    "HetSynLIF",
    "HodgkinHuxley",
    "HomNeuALIF",
    "HomNeuALIFNormalised",
    "HomNeuLIF",
    "HomNeuReadout",
    "Izhikevich",
    "LeakyReadout",
    "STLLIFSoft",
    "SparchAdLIF",
    "SpikeDrivenMTC",
    "SymplecticAdLIF",
    "get_model",
]

#: HetSyn's models and what they are compared with, by their names, in the order of the documentation.
MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        model.name: model
        for model in (HetSynLIF, HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised, LeakyReadout, HomNeuReadout, HetNeuReadout)
    }
)

#: Neurons of the textbooks and of other publications.
ZOO: Mapping[str, NeuronModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            *(LIF, ALIF, CubaLIF, CobaLIF, QIF, AdEx, Izhikevich, HodgkinHuxley, FitzHughNagumo),
            *(STLLIF, STLLIFSoft, AdLIF, EulerAdLIF, SymplecticAdLIF, SparchAdLIF, HetSynAdLIF, HetSynAdEx, SpikeDrivenMTC),
        )
    }
)

#: Neurons whose synapses take values, for analogue input or behind a graded output.
OF_VALUES: Mapping[str, NeuronModel] = MappingProxyType({model.name: model for model in (MTC, MTCFastFilter, HetSynMTC, GradedReadout)})

#: The step order that a model is defined with, where it is not the default one.
STEP_ORDERS: Mapping[str, StepOrder] = MappingProxyType(
    {
        model.name: RESET_FIRST
        for model in (QIF, AdEx, Izhikevich, STLLIF, STLLIFSoft, AdLIF, EulerAdLIF, SymplecticAdLIF, HetSynAdLIF, HetSynAdEx)
    }
)


def get_model(name: str) -> NeuronModel:
    """The model called ``name``.

    Raises
    ------
    UnknownNameError
        If none of that name ships.
    """
    found = {**MODELS, **ZOO, **OF_VALUES}.get(name)
    if found is None:
        raise UnknownNameError(
            "unknown model",
            where="get_model",
            got=repr(name),
            expected=", ".join([*MODELS, *ZOO, *OF_VALUES]),
            remedy="use one of these, or write a NeuronModel of your own",
        )
    return found
