"""From continuous time to a time step, exactly, and the reference interpreter of the result."""

from .program import Path, StepProgram, discretise, evaluate
from .reference import simulate_reference
from .values import neuron_values, synapse_values

__all__ = ["Path", "StepProgram", "discretise", "evaluate", "neuron_values", "simulate_reference", "synapse_values"]
