"""Networks of any one model, whatever its equations are: its own parameters near where they start, and a drive that makes it spike.

:mod:`equivalence.strategies` knows the models whose v is a sum of filtered events, and draws time constants from none to infinite. A model
with other equations has a working range; what is drawn here stays near the values it ships with. That is all a new member needs.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from numpy.typing import NDArray

from hetsyn_sim.discrete import is_time_constant, simulate_reference
from hetsyn_sim.models import OF_VALUES, ZOO, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, ParameterSlot

from .strategies import Case

#: A v beyond it, in its own unit, is that of a drive that the equations do not bear.
BOUNDED = 20.0

#: What a graded output is read by: the synapses of LeakyReadout, for values.
_GRADED_READOUT = NeuronModel(
    name="GradedReadout",
    synapse="dI_out/dt = (w_out*x_pre - I_out)/tau_out : 1",
    on_pre="",
    neuron="v = I_out_syn : 1",
    parameters={
        "w_out": LeakyReadout.parameters["w"],
        "tau_out": LeakyReadout.parameters["tau_syn"],
    },
)
_SPIKE_READOUT = replace(
    LeakyReadout,
    name="SpikeReadout",
    synapse="dI_out/dt = -I_out/tau_out : 1",
    on_pre="I_out += w_out",
    neuron="v = I_out_syn : 1",
    parameters=_GRADED_READOUT.parameters,
)


def to_be_held() -> dict[str, NeuronModel]:
    """Every registered model that spikes, for input of spikes or of values: what is registered is held to the suite."""
    return {name: model for name, model in {**ZOO, **OF_VALUES}.items() if model.spiking}


def readout_of(model: NeuronModel) -> NeuronModel:
    """A readout with names of its own, for spikes or for a graded output."""
    return _GRADED_READOUT if model.output else _SPIKE_READOUT


def dt_of(model: NeuronModel) -> float:
    """A step that suits the equations: 1 ms where they have an exact one, else 0.1 ms or a fifth of the shortest time constant."""
    if model.scheme == "exact":
        return 1e-3
    spec = NetworkSpec(1e-3, 1, [Layer(model, 1)])
    starts = spec.initial_values(0)
    times = [float(np.min(starts[key])) for key, slot in spec.slots.items() if is_time_constant(slot)]
    shortest = min((t for t in times if t > 1e-5), default=1e-3)
    return float(np.clip(shortest / 5.0, 5e-5, 1e-4))


def _is_weight(model: NeuronModel, slot: ParameterSlot) -> bool:
    drives = {str(s) for jump in model.on_pre_jumps for s in jump.amount.free_symbols}
    drives |= {str(s) for expression in model.analogue.values() for s in expression.free_symbols}
    drives |= {str(s) for rate in model.synapse_equations.states.values() for s in rate.free_symbols} if model.takes_values else set()
    return slot.parameter.axes == "post pre" and slot.name in drives and not is_time_constant(slot)


@lru_cache(maxsize=64)
def gain_of(model: NeuronModel) -> float:
    """By how much weights have to be multiplied for a handful of inputs to make the model spike now and then, and not in every step."""
    # a spike that is a whole excursion of v takes its time, and may come seldom
    n_steps, enough = (1600, 3) if model.spikes_where_crossed else (400, 6)
    for power in range(-7, 16):
        case = case_of(model, seed=1, gain=2.0**power, n_steps=n_steps, size=4, n_runs=1, n_input=4)
        found = simulate_reference(case.spec, case.values, case.inputs)
        if not np.all(np.abs(found.traces["layer_1.v"]) < BOUNDED):
            break
        if found.rasters["layer_1"].sum() >= enough:
            return 2.0**power
    raise AssertionError(f"{model.name} does not spike, whatever drives it")


def longest_of(model: NeuronModel) -> int:
    """How many steps are drawn at most: a spike that is a whole excursion of v takes its time, and shorter networks would be silent."""
    return 400 if model.spikes_where_crossed else 150


def case_of(
    model: NeuronModel,
    *,
    seed: int,
    gain: float,
    n_steps: int = 150,
    size: int = 3,
    n_runs: int = 2,
    n_input: int = 3,
    recurrent: bool = False,
    readout: bool = False,
) -> Case:
    """A layer of the model with its own parameters, each within 2 % of where it starts, and input that rises and falls."""
    below = Layer(readout_of(model), 2) if readout else None
    spec = NetworkSpec(dt_of(model), n_input, [Layer(model, size, recurrent and not model.takes_values)], below)
    rng = np.random.default_rng([seed, 7])
    values = spec.initial_values(seed)
    for key, slot in spec.slots.items():
        if slot.owner == "readout.feedforward":
            continue
        if _is_weight(model, slot):
            # half of them at work; recurrent ones a tenth, so that a layer does not run away
            share = (0.1 if ".recurrent." in key else 1.0) * gain
            values[key] = np.abs(values[key]) * share * (rng.random(slot.shape) < 0.7)
        elif not is_time_constant(slot):
            values[key] = np.clip(values[key] * rng.uniform(0.98, 1.02, slot.shape), *slot.parameter.si_bounds)
    return Case(spec, values, _inputs(model, rng, (n_steps, n_runs, n_input)))


def _inputs(model: NeuronModel, rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    rate = 0.12 + 0.1 * np.sin(np.arange(shape[0]) / 20.0)[:, None, None]
    if not model.takes_values:
        return rng.random(shape) < rate
    return np.cumsum(rng.normal(0.0, 0.2, shape), axis=0)  # values


@st.composite
def networks_of(draw: st.DrawFn, model: NeuronModel) -> Case:
    """Networks of the model: sizes, recurrence, a readout, seeds of its numbers, and a drive around the one that makes it spike."""
    case = case_of(
        model,
        seed=draw(st.integers(0, 2**16)),
        gain=gain_of(model) * draw(st.sampled_from((1.0, 1.4, 2.0, 0.7))),
        n_steps=draw(st.integers(20, longest_of(model))),
        size=draw(st.integers(1, 3)),
        n_runs=draw(st.integers(1, 2)),
        n_input=draw(st.integers(2, 4)),
        recurrent=draw(st.booleans()),
        readout=draw(st.booleans()),
    )
    # a drive that a model's equations do not bear, by its scheme at this dt, makes no network of it
    assume(np.all(np.abs(case.reference.traces["layer_1.v"]) < BOUNDED))
    return case
