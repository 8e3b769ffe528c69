"""A network of the spec in Brian2, without torch. In the form ``ode`` Brian2 derives its own update from the equations: none of ours."""

from .devices import DEVICES, Device
from .forms import FORMS
from .report import MappedParameter, MappedPopulation, MappedProjection, ScheduledObject, TransferReport
from .schedule import use_step_order
from .simulation import BrianSimulation, simulate

__all__ = [
    "DEVICES",
    "FORMS",
    "BrianSimulation",
    "Device",
    "MappedParameter",
    "MappedPopulation",
    "MappedProjection",
    "ScheduledObject",
    "TransferReport",
    "simulate",
    "use_step_order",
]
