"""From continuous time to a time step, exactly, and the reference interpreter of the result."""

from ..spec.values import check_values, is_time_constant
from .program import Path, StepProgram, discretise, evaluate, synaptic_block
from .reference import simulate_reference
from .stepping import SteppedProgram, is_filter, stepped, synaptic_steps
from .synapses import SynapseProgram, is_plain, synapse_program
from .values import neuron_values, synapse_values

__all__ = [
    "Path",
    "StepProgram",
    "SteppedProgram",
    "SynapseProgram",
    "check_values",
    "discretise",
    "evaluate",
    "is_filter",
    "is_plain",
    "is_time_constant",
    "neuron_values",
    "simulate_reference",
    "stepped",
    "synapse_program",
    "synapse_values",
    "synaptic_block",
    "synaptic_steps",
]
