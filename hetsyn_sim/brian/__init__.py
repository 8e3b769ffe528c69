"""A network of the spec in Brian2, which derives its own update from the equations: no torch, and none of our propagators."""

from .devices import DEVICES, Device
from .report import MappedParameter, MappedPopulation, MappedProjection, ScheduledObject, TransferReport
from .simulation import BrianSimulation, simulate

__all__ = [
    "DEVICES",
    "BrianSimulation",
    "Device",
    "MappedParameter",
    "MappedPopulation",
    "MappedProjection",
    "ScheduledObject",
    "TransferReport",
    "simulate",
]
