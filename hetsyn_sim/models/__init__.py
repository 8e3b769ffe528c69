"""The neuron models that ship. A model is a file of facts: equations, units, defaults, step order, reference.

A model is registered by the line here that imports it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..errors import one_of
from ..spec import RESET_FIRST as RESET_FIRST
from ..spec import NeuronModel
from .adex import AdEx as AdEx
from .adex import HetSynAdEx as HetSynAdEx
from .adlif import AdLIF as AdLIF
from .adlif import EulerAdLIF as EulerAdLIF
from .adlif import SparchAdLIF as SparchAdLIF
from .adlif import SymplecticAdLIF as SymplecticAdLIF
from .ampa_gaba import CobaLIF as CobaLIF
from .ampa_gaba import CubaLIF as CubaLIF
from .conductance import MTC as MTC
from .conductance import GradedReadout as GradedReadout
from .conductance import HetSynMTC as HetSynMTC
from .conductance import MTCFastFilter as MTCFastFilter
from .conductance import SpikeDrivenMTC as SpikeDrivenMTC
from .fitzhugh_nagumo import FitzHughNagumo as FitzHughNagumo
from .hetsyn import HetSynLIF as HetSynLIF
from .hetsyn import HetSynRiseLIF as HetSynRiseLIF
from .hetsyn_adlif import HetSynAdLIF as HetSynAdLIF
from .hodgkin_huxley import HodgkinHuxley as HodgkinHuxley
from .izhikevich import Izhikevich as Izhikevich
from .leaky import LIF as LIF
from .lif import HetNeuLIF as HetNeuLIF
from .lif import HomNeuALIF as HomNeuALIF
from .lif import HomNeuALIFNormalised as HomNeuALIFNormalised
from .lif import HomNeuLIF as HomNeuLIF
from .moving_threshold import ALIF as ALIF
from .plasticity import TsodyksMarkramLIF as TsodyksMarkramLIF
from .quadratic import QIF as QIF
from .readout import HetNeuReadout as HetNeuReadout
from .readout import HomNeuReadout as HomNeuReadout
from .readout import LeakyReadout as LeakyReadout
from .stl import STLLIF as STLLIF
from .stl import STLLIFSoft as STLLIFSoft

#: Every model that ships, by its name.
REGISTRY: Mapping[str, NeuronModel] = MappingProxyType(
    {model.name: model for model in globals().values() if isinstance(model, NeuronModel)}
)

#: HetSyn's models and what they are compared with, in the order of the documentation.
MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        model.name: model
        for model in (HetSynLIF, HomNeuLIF, HetNeuLIF, HomNeuALIF, HomNeuALIFNormalised, LeakyReadout, HomNeuReadout, HetNeuReadout)
    }
)

#: Neurons whose synapses take values, for analogue input or behind a graded output.
OF_VALUES: Mapping[str, NeuronModel] = MappingProxyType({name: model for name, model in REGISTRY.items() if model.takes_values})

#: Neurons of the textbooks and of other publications, whose synapses take spikes.
ZOO: Mapping[str, NeuronModel] = MappingProxyType({name: REGISTRY[name] for name in REGISTRY if name not in {**MODELS, **OF_VALUES}})

__all__ = [*REGISTRY, "MODELS", "OF_VALUES", "REGISTRY", "RESET_FIRST", "ZOO", "get_model"]


def get_model(name: str) -> NeuronModel:
    """The model called ``name``.

    Raises
    ------
    UnknownNameError
        If none of that name ships.
    """
    model: NeuronModel = one_of(name, REGISTRY, "model", where="get_model", remedy="use one of these, or write a NeuronModel of your own")
    return model


def __getattr__(name: str) -> Any:
    if name == "STEP_ORDERS":
        warnings.warn("STEP_ORDERS goes with the next release: a model has its step_order", DeprecationWarning, stacklevel=2)
        return {model.name: model.step_order for model in REGISTRY.values() if model.step_order is not None}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
