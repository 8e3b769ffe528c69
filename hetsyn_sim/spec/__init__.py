"""What a neuron and a network are, in continuous time and with units. Brian2 parses and unit-checks the text."""

from .initial import Constant, FanInNormal, FanInUniform, Initial, Normal, Uniform
from .model import NeuronModel
from .network import NetworkSpec
from .parameter import UNBOUNDED, Parameter
from .parts import Layer, ParameterSlot, Population, Projection
from .poisson import PoissonDrive
from .quantities import QuantityLike, format_quantity, to_si
from .step_order import DEFAULT_STEP_ORDER, RESET_FIRST, StepOrder

__all__ = [
    "DEFAULT_STEP_ORDER",
    "RESET_FIRST",
    "UNBOUNDED",
    "Constant",
    "FanInNormal",
    "FanInUniform",
    "Initial",
    "Layer",
    "NetworkSpec",
    "NeuronModel",
    "Normal",
    "Parameter",
    "ParameterSlot",
    "PoissonDrive",
    "Population",
    "Projection",
    "QuantityLike",
    "StepOrder",
    "Uniform",
    "format_quantity",
    "to_si",
]
