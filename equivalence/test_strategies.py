"""The strategies themselves: what they draw is valid, they reach what they promise, and they shrink to what can be drawn on paper."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from equivalence.comparing import run
from equivalence.corners import CORNERS, corner
from equivalence.ledger import ENOUGH, Ledger
from equivalence.neuron_models import neuron_models, readout_models
from equivalence.properties import fewer_examples
from equivalence.simulators import SIMULATORS, names
from equivalence.strategies import checkpoints, networks, recordings
from hetsyn_sim.discrete import discretise, is_time_constant
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import NetworkSpec, NeuronModel

SHRINKING = settings(
    max_examples=2000, database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)


def spikes(case):
    return bool(run("reference", case).rasters["layer_1"].any())


def test_a_network_that_spikes_shrinks_to_one_neuron_one_synapse_and_one_spike():
    case = find(networks(), spikes, settings=SHRINKING, random=random.Random(0))
    assert [(q.name, q.n_post, q.n_pre) for q in case.spec.projections] == [("layer_1.feedforward", 1, 1)]
    assert case.inputs.shape == (1, 1, 1)
    assert case.inputs.sum() == 1
    assert case.spec.dt_s == 1e-3
    assert case.spec.populations[0].step_order.phases[0] == "decay"


def test_a_recurrent_network_that_spikes_shrinks_to_one_synapse_more():
    """Arrays come from seeds, so this is where a search ends, not where every search does: it has a seed, too."""
    case = find(networks(), lambda case: case.spec.layers[0].recurrent and spikes(case), settings=SHRINKING, random=random.Random(0))
    assert [(q.kind, q.n_post, q.n_pre) for q in case.spec.projections] == [("feedforward", 1, 1), ("recurrent", 1, 1)]
    assert case.inputs.shape == (1, 1, 1)


def reached(strategy, **wanted):
    """Which of some conditions hold for at least one of 300 examples."""
    found: set[str] = set()

    @settings(max_examples=300, database=None, phases=[Phase.generate])
    @given(strategy)
    def look(drawn):
        found.update(name for name, condition in wanted.items() if condition(drawn))

    look()
    return found == set(wanted), set(wanted) - found


def test_networks_of_every_kind_are_drawn():
    def times(case):
        found = [case.values[key] / case.spec.dt_s for key, slot in case.spec.slots.items() if is_time_constant(slot)]
        return np.concatenate([np.ravel(t) for t in found])

    everything, missing = reached(
        networks(),
        feedforward=lambda c: not any(layer.recurrent for layer in c.spec.layers),
        recurrent=lambda c: any(layer.recurrent and layer.self_connections for layer in c.spec.layers),
        without_self_connections=lambda c: any(not layer.self_connections for layer in c.spec.layers),
        deep=lambda c: len(c.spec.layers) == 3,
        readout=lambda c: c.spec.readout is not None,
        another_order=lambda c: c.spec.populations[0].step_order.phases[0] != "decay",
        forgets_at_once=lambda c: (times(c) == 0).any(),
        never_forgets=lambda c: np.isinf(times(c)).any(),
        far_below_dt=lambda c: ((times(c) > 0) & (times(c) < 0.01)).any(),
        far_above_the_recording=lambda c: ((times(c) > 100 * len(c.inputs)) & np.isfinite(times(c))).any(),
        zero_weight=lambda c: any((v == 0).any() for k, v in c.values.items() if k.endswith(".w")),
        negative_weight=lambda c: any((v < 0).any() for k, v in c.values.items() if k.endswith(".w")),
        silence=lambda c: not c.inputs.any(),
        coincidence=lambda c: c.spec.n_input > 1 and c.inputs.all(axis=2).any(),
        spike_in_the_first_step=lambda c: c.inputs[0].any(),
        spike_in_the_last_step=lambda c: c.inputs[-1].any(),
        one_step=lambda c: len(c.inputs) == 1,
    )
    assert everything, f"never drawn: {missing}"


def test_generated_models_are_of_every_kind():
    everything, missing = reached(
        neuron_models(),
        v_is_a_state=lambda m: "v" in m.neuron_equations.states,
        synaptic_states=lambda m: len(m.synapse_equations.states) == 2,
        no_synaptic_state=lambda m: not m.synapse_equations.states,
        volts=lambda m: any(p.unit == "mV" for p in m.parameters.values()),
        ohms=lambda m: any(p.unit == "Mohm" for p in m.parameters.values()),
        rates=lambda m: any(p.unit == "Hz" for p in m.parameters.values()),
        split_reset=lambda m: len(m.reset_jumps) == 2,
        upward_reset=lambda m: "+=" in m.reset,
    )
    assert everything, f"never drawn: {missing}"


@fewer_examples(0.5)
@given(neuron_models(), readout_models())
def test_generated_models_are_valid_and_trainable_and_survive_their_text(model, readout):
    for one in (model, readout):
        assert discretise(one).is_diagonal
        assert NeuronModel.from_text(one.to_text()) == one
    assert model.spiking > readout.spiking


@fewer_examples(0.5)
@given(networks())
def test_networks_survive_their_text(case):
    assert NetworkSpec.from_text(case.spec.to_text()) == case.spec
    assert set(case.values) == set(case.spec.slots)


@fewer_examples(0.2)
@given(checkpoints(), recordings())
def test_checkpoints_and_recordings_are_drawn(made, recording):
    checkpoint, inputs = made
    assert inputs.shape[2] == checkpoint.spec.n_input
    assert recording.n_steps >= 1


@pytest.mark.parametrize("name", CORNERS)
def test_a_corner_is_what_its_name_says(name):
    """Silent where it must be, and spiking everywhere else."""
    for model in (model for model in MODELS.values() if model.spiking):
        assert spikes(corner(name, model)) == (name not in ("no weights", "negative weights", "silent input", "v exactly at theta"))
    at_theta = run("reference", corner("v exactly at theta")).traces["layer_1.v"]
    assert (at_theta == 1.0).any()


def test_the_ledger_complains_of_silence_and_of_indecision():
    ledger = Ledger(rates=[0.0] * ENOUGH)
    ledger.runs["float64"], ledger.undecided["float64"] = ENOUGH, ENOUGH // 10
    silent, undecided = sorted(ledger.complaints(), reverse=True)
    assert silent.startswith(f"only 0 of {ENOUGH}")
    assert undecided.startswith(f"{ENOUGH // 10} of {ENOUGH} runs in float64")
    ledger.add(Ledger(rates=[0.1] * 4 * ENOUGH))
    assert ledger.spiking == 4 * ENOUGH
    assert len(ledger.complaints()) == 1
    assert not Ledger(rates=[0.0] * (ENOUGH - 1)).complaints()


def test_a_simulator_that_is_not_there_says_why():
    """Every simulator answers; what can't run is skipped with this reason."""
    for name in [*names(), *names(compiled=True)]:
        assert isinstance(SIMULATORS[name].unavailable(), str)
