"""Time courses in Brian2: a ``TimedArray`` for each, read once per step, its time that of the recording."""

from __future__ import annotations

from collections.abc import Mapping

from brian2 import TimedArray
from brian2.units.allunits import second
from brian2.units.fundamentalunits import Quantity

from ..spec import Population
from ..spec.initial import Samples
from ..spec.values import Array
from .built import BuiltNetwork, brian_name
from .equations import STEPS_PER_RECORDING
from .schedule import SLOT, Schedule


def add_time_course(built: BuiltNetwork, population: Population, name: str, schedule: Schedule, values: Mapping[str, Array]) -> None:
    """Let the group of a population read one of its time courses before each decay. Without recordings its time is that of the network."""
    model, group = population.model, built.groups[population.name]
    samples = model.parameters[name].distribution
    assert isinstance(samples, Samples)
    function = f"{brian_name(population.name)}_{name}_course"
    of_unit = Quantity(values[f"{population.name}.neuron.{name}"], dim=model.dimensions()[name])
    group.namespace[function] = TimedArray(of_unit, dt=float(samples.dt) * second, name=function)
    time = f"(timestep(t, dt) % {STEPS_PER_RECORDING})*dt" if schedule.recordings else "t"
    own = "i" if built.copies == 1 else f"i % {population.size}"
    neuron = f", {own}" if model.parameters[name].axes == "time post" else ""
    code = f"{name} = {function}({time}{neuron})"
    group.run_regularly(code, clock=built.clock, when=SLOT, order=schedule.courses_order, name=f"{group.name}_course_of_{name}")
