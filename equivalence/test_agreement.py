"""Every simulator runs every network as the reference does.

    raster_simulator = raster_reference in every cell,   |v_simulator - v_reference| <= 2 u (n + 3T + 32) gain

with the bound of the page on the claim: u the unit roundoff, n the terms of a sum over synapses, T the steps, gain the absolute events.
A state x behind v (a synaptic sum, a reset current) enters v as g x, so |g| |x_simulator - x_reference| is held to the same bound.
"""

import numpy as np
import pytest
from hypothesis import strategies as st

from equivalence.comparing import hold, run
from equivalence.corners import corners_of
from equivalence.neuron_models import neuron_models, readout_models
from equivalence.properties import holds
from equivalence.simulators import names, precision
from equivalence.strategies import READOUTS, SPIKING_MODELS, Case, networks
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.agreement.states import first_state_difference
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

#: What is wrong with a whole simulator has to show here, whatever it is.
FAULTS = (
    "tau_reset off by 1 %",
    "time constants of two synapses swapped",
    "dt four times too small",
    "dt four times too large",
    "Euler for exact",
    "w transposed",
    "one weight off by a millionth",
    "self-connections dropped",
    "input one step early",
    "input one step late",
    ">= for >",
    "reset one step late",
    "reset one step early",
    "reset by v instead of theta",
    "reset by 1 instead of theta",
    "recurrent spikes two steps late",
    "layers one step late",
    "coincident spikes counted once",
    "runs that begin where the one before ended",
    "voltages that are no numbers in the last step",
)
FEW_CORNERS = corners_of([HetSynLIF, HomNeuALIF])
EVERY_CORNER = corners_of(SPIKING_MODELS) | corners_of([HetSynLIF], None, recurrent=False)
EVERY_CORNER |= {f"{name} by {readout.name}": case for readout in READOUTS for name, case in corners_of([HetSynLIF], readout).items()}


@holds(networks(), near_misses=FAULTS, always=EVERY_CORNER, always_if_slow=list(FEW_CORNERS), fast=1.0, slow=0.15)
def test_every_model_runs_as_in_the_reference(simulator, case):
    """One layer and deep, with and without recurrence, self-connections and readout, in every step order."""
    hold(case, simulator)


@st.composite
def generated_networks(draw):
    """Networks of models that nobody has written."""
    return draw(networks([draw(neuron_models())], draw(st.just(()) | st.tuples(readout_models())), max_layers=2, max_steps=25))


@holds(generated_networks(), near_misses=("reset one step late", "input one step late"), fast=0.3, slow=0.1)
def test_generated_models_run_as_in_the_reference(simulator, case):
    hold(case, simulator)


@holds(networks(), near_misses=("states behind v recorded one step late",), fast=0.3, slow=0.05)
def test_the_states_behind_v_are_those_of_the_reference(simulator, case):
    reference, other = case.reference, run(simulator, case)
    bounds = {name: 2 * bound for name, bound in voltage_bounds(case.spec, case.values, reference, precision(simulator)).items()}
    for k in range(reference.n_runs):
        if all(np.array_equal(raster[:, k], other.rasters[name][:, k]) for name, raster in reference.rasters.items()):
            difference = first_state_difference(case.spec, case.values, reference, other, k, reference.n_steps - 1, bounds)
            assert difference is None, f"{simulator}, run {k}: {difference}\n{case!r}"


def wide_and_long(*, limits: bool = True) -> Case:
    """Sparse input on many channels for many steps: kernels cut time and synapses into pieces, and take short cuts where little happens.

    With ``limits``, some decays are 0 and 1.
    """
    lively = [model.with_parameters(w={"initial": FanInNormal(3.0)}) for model in (HetSynLIF, HomNeuALIF)]
    layers = [Layer(lively[0], 21, recurrent=True, self_connections=False), Layer(lively[1], 9, recurrent=True)]
    spec = NetworkSpec("2 ms", 270, layers, Layer(LeakyReadout, 3))
    values = spec.initial_values(1)
    if limits:
        values["layer_1.feedforward.tau_syn"][:2, :9] = [[0.0], [np.inf]]
    values["layer_1.feedforward.w"] *= 4.0
    return Case(spec, values, np.random.default_rng(1).random((560, 2, 270)) < 0.007)


@pytest.mark.parametrize("simulator", names(reference=False))
def test_a_wide_network_runs_as_in_the_reference_for_many_steps(simulator):
    case = wide_and_long()
    assert all(0.02 < case.reference.rasters[name].mean() < 0.5 for name in ("layer_1", "layer_2"))
    hold(case, simulator)


def chosen() -> Case:
    """Every kind of state in one network: compiling it takes a minute, so there is one."""
    lively = (model.with_parameters(w={"initial": FanInNormal(2.5)}) for model in (HetSynLIF, HomNeuALIF, HetNeuLIF))
    one, two, three = lively
    layers = [Layer(one, 5, recurrent=True, self_connections=False), Layer(two, 4), Layer(three, 4, recurrent=True)]
    spec = NetworkSpec("2 ms", 5, layers, Layer(LeakyReadout, 2))
    values = spec.initial_values(2)
    values["layer_1.feedforward.tau_syn"][0, :2] = [0.0, np.inf]
    return Case(spec, values, np.random.default_rng(2).random((40, 3, 5)) < 0.3)


@pytest.mark.compiled
@pytest.mark.parametrize(
    "simulator", [pytest.param(n, marks=pytest.mark.cuda) if "cuda_standalone" in n else n for n in names(compiled=True)]
)
def test_a_compiled_simulator_runs_the_chosen_network_as_the_reference_does(simulator):
    case = chosen()
    assert all(0.05 < case.reference.rasters[f"layer_{k}"].mean() < 0.9 for k in (1, 2, 3))
    hold(case, simulator)
