"""The source of a network's input in Brian2: spikes from a list, or values that are read step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, SpikeGeneratorGroup, TimedArray
from brian2.units.allunits import second
from numpy.typing import NDArray

from ..spec import NetworkSpec
from .built import BuiltNetwork
from .equations import output_name
from .inputs import Inputs, joined_recordings, spikes_with_room
from .noise import noise_values
from .schedule import SLOT, Schedule

#: The function of time and channel that input values come from.
VALUES = "input_values"


def make_source(spec: NetworkSpec, clock: Clock, copies: int) -> SpikeGeneratorGroup | NeuronGroup:
    """The group that puts out the input of a network, still without any."""
    size = copies * spec.n_input
    if not spec.takes_values:
        return SpikeGeneratorGroup(size, [], [] * second, clock=clock, when=SLOT, order=Schedule.input_order, name="input", sorted=True)
    x = output_name(spec, "input")
    group = NeuronGroup(size, f"{x} : 1", clock=clock, namespace={}, name="input")
    # the number that synapses see until the next one is read: they are integrated in between, and know only the one before
    group.namespace[VALUES] = TimedArray(np.zeros((1, size)), dt=clock.dt, name=VALUES)
    group.run_regularly(f"{x} = {VALUES}(t, i)", clock=clock, when=SLOT, order=Schedule.values_order, name="input_output")
    return group


def fill_source(built: BuiltNetwork, inputs: Inputs, room: int | None) -> None:
    """Give the source its spikes or values, recording after recording."""
    if built.spec.takes_values:
        joined = joined_recordings(np.asarray(inputs, dtype=np.float64), built.copies)
        built.source.namespace[VALUES] = TimedArray(joined, dt=built.clock.dt, name=VALUES)
        return
    channels, steps = spikes_with_room(np.asarray(inputs, dtype=np.bool_), room, built.copies)
    built.source.set_spikes(channels, np.multiply(steps, built.spec.dt_s) * second, sorted=True)


def input_files(standalone: Any, built: BuiltNetwork, inputs: Inputs, room: int) -> dict[str, NDArray[Any]]:
    """The files that a generated program reads its input from, by name, with what is to be in them for these recordings."""
    if built.spec.takes_values:
        return {
            f"{VALUES}_values": joined_recordings(np.asarray(inputs, dtype=np.float64), built.copies)
        }  # as Brian2 calls what a function needs
    channels, steps = spikes_with_room(np.asarray(inputs, dtype=np.bool_), room, built.copies)
    of = built.source.variables
    return dict(_file(standalone, of[name], content) for name, content in (("neuron_index", channels), ("_timebins", steps)))


def noise_files(standalone: Any, built: BuiltNetwork, seed: int, first: int) -> dict[str, NDArray[Any]]:
    """The files that a generated program reads the seed of its noise from, and the number of the recording that it begins with."""
    values = noise_values(built, seed, first)
    return dict(_file(standalone, built.groups[name].variables[variable], np.array([x])) for (name, variable), x in values.items())


def _file(standalone: Any, variable: Any, content: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    """The file of a variable, with new content."""
    target = standalone.get_array_name(variable, access_data=False)
    # the last time that the program fills this array is what counts
    name = next(a[1] for what, a in reversed(standalone.main_queue) if what == "set_by_array" and a[0] == target)
    return name, content.astype(variable.dtype)
