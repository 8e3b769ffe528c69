"""Shipped models fit together: each may follow each whose output it takes, whatever their names and step orders are."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.brian.equations import synapse_equations, synapse_names
from hetsyn_sim.discrete import is_plain, simulate_reference
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import LIF, REGISTRY, AdEx, HetSynLIF, LeakyReadout, STLLIFSoft
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, RESET_FIRST, FanInNormal, Layer, NetworkSpec, StepOrder
from hetsyn_sim.training import Network
from hetsyn_sim.training.modules import default_dtype

HIDDEN = [model for model in REGISTRY.values() if model.spiking]
PAIRS = [(a, b) for a in HIDDEN for b in REGISTRY.values() if not b.takes_values or a.output]
#: Every model before and behind some other one.
SOME = [next(pair for pair in PAIRS[k:] if pair[0] is model) for k, model in enumerate(HIDDEN)]
SOME += [next(pair for pair in reversed(PAIRS) if pair[1] is model) for model in REGISTRY.values() if (HIDDEN[0], model) in PAIRS]


def names_of(pair):
    return "-".join(model.name for model in pair)


def network(before, behind, **options):
    layers, readout = ([Layer(behind, 2)], None) if behind.spiking else ([], Layer(behind, 2))
    return NetworkSpec("0.1 ms", 3, [Layer(before, 2, recurrent=not before.takes_values), *layers], readout, **options)


def renamed(spec):
    return {name: brian for q in spec.projections for name, brian in synapse_names(spec, q).items() if brian != name}


#: Every model whose name for something is another's, before and behind one of those.
CLASHING = [pair for pair in PAIRS if renamed(network(*pair))]
BEFORE, BEHIND = (list(dict.fromkeys(pair[k].name for pair in CLASHING)) for k in (0, 1))
COVERING = [pair for pair in CLASHING if BEFORE.index(pair[0].name) % len(BEHIND) == BEHIND.index(pair[1].name) % len(BEFORE)]


def inputs(spec, n_steps=4):
    x = np.random.default_rng(0).random((n_steps, 2, spec.n_input)) < 0.5
    return x.astype(float) if spec.takes_values else x


def train_a_step(pair):
    with use_backend("plain"):
        net = Network(network(*pair))
        v, _ = net(torch.as_tensor(inputs(net.spec, 2), dtype=net.dtype))
        v.sum().backward()
        torch.optim.SGD(net.parameters(), lr=0.1).step()
    assert all(np.isfinite(value).all() for value in net.values().values()), names_of(pair)


def check_agreement(spec, values=None, x=None, forms=("ode",)):
    values, x = values or spec.initial_values(0), inputs(spec) if x is None else x
    expected = simulate_reference(spec, values, x)
    with use_backend("plain"), default_dtype(torch.float64):
        recordings = [Network(spec, values=values, trainable=False).record(x)]
    recordings += [BrianSimulation(spec, values, form=form).run(x) for form in forms]
    for recording in recordings:
        for name, raster in expected.rasters.items():
            np.testing.assert_array_equal(recording.rasters[name], raster, err_msg=f"{recording.simulator}: {name}")
        for name, trace in expected.traces.items():
            np.testing.assert_allclose(recording.traces[name], trace, rtol=1e-9, atol=1e-12, err_msg=f"{recording.simulator}: {name}")
    return expected


def test_of_every_pair_brian2_can_tell_the_names_apart():
    clashes = []
    for pair in PAIRS:
        spec = network(*pair)
        last = spec.projections[-1]
        if shared := synapse_equations(spec, last).names & pair[0].names_of("neuron"):
            clashes.append((names_of(pair), shared))
    assert clashes == []
    assert len(CLASHING) >= 25, "without clashes nothing is tried"


def test_models_before_and_behind_others_train_a_step():
    for pair in {*SOME, *CLASHING}:
        train_a_step(pair)


@pytest.mark.parametrize("pair", COVERING, ids=names_of)
def test_where_names_clash_brian2_does_as_the_reference_does(pair):
    check_agreement(network(*pair), forms=("ode", "fast") if all(is_plain(model) for model in pair) else ("ode",))


def test_the_states_of_renamed_synapses_are_recorded_and_reported_by_their_own_names():
    spec = network(AdEx, LeakyReadout)
    assert renamed(spec) == {"tau_syn": "tau_syn_synapse"}
    simulation = BrianSimulation(spec, spec.initial_values(0), record="readout.feedforward.I[1]")
    assert simulation.run(inputs(spec)).traces["readout.feedforward.I[1]"].shape == (4, 2, 2)
    assert "readout_feedforward.tau_syn_synapse" in str(simulation.report)


@pytest.mark.thorough
@pytest.mark.parametrize("pair", PAIRS, ids=names_of)
def test_every_pair_trains_a_step_and_does_as_the_reference_does(pair):
    train_a_step(pair)
    check_agreement(network(*pair))


def test_layers_with_other_orders_keep_theirs_in_every_simulator():
    late = replace(HetSynLIF, step_order=StepOrder(("recurrent", "reset", "decay", "feedforward", "threshold")))
    lif = LIF.with_parameters(w={"initial": 5e-9}, t_ref={"initial": 0.3e-3})
    soft = STLLIFSoft.with_parameters(w={"initial": FanInNormal(4.0)})
    spec = NetworkSpec("0.1 ms", 8, [Layer(soft, 5, True), Layer(late, 5, True), Layer(lif, 4, True)], Layer(LeakyReadout, 2))
    assert [p.step_order for p in spec.populations] == [RESET_FIRST, late.step_order, DEFAULT_STEP_ORDER, DEFAULT_STEP_ORDER]
    values, x = spec.initial_values(0), np.random.default_rng(1).random((60, 2, 8)) < 0.4
    values = {key: value * 3 if key.endswith(".w") and not key.startswith("layer_3") else value for key, value in values.items()}
    expected = check_agreement(spec, values, x, forms=("ode", "fast"))
    assert all(expected.rasters[f"layer_{k}"].sum() > 20 for k in (1, 2, 3))
    for k, other in ((1, replace(soft, step_order=late.step_order)), (2, HetSynLIF)):
        layers = [replace(layer, model=other) if i == k else layer for i, layer in enumerate(spec.layers, start=1)]
        changed = simulate_reference(replace(spec, layers=layers), values, x)
        assert np.any(changed.rasters[f"layer_{k}"] != expected.rasters[f"layer_{k}"])
