"""The counter: the formulas of Table 3, and operations counted synapse by synapse."""

import numpy as np
import pytest

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete.cost import count_cost, count_parameters, count_states, count_synapses
from hetsyn_sim.errors import DataError
from hetsyn_sim.models import HetSynRiseLIF, TsodyksMarkramLIF, get_model
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Network

M, N = 7, 5
TABLE_3 = {
    ("HomNeuLIF", False): M * N,
    ("HomNeuALIF", False): M * N,
    ("HetNeuLIF", False): M * N + N,
    ("HetSynLIF", False): 2 * M * N,
    ("HomNeuLIF", True): M * N + N * N,
    ("HomNeuALIF", True): M * N + N * N,
    ("HetNeuLIF", True): M * N + N * N + N,
    ("HetSynLIF", True): 2 * M * N + 2 * N * N,
}


@pytest.mark.parametrize(("model", "recurrent"), TABLE_3)
def test_parameters_are_those_of_table_3(model, recurrent):
    spec = NetworkSpec(dt="1 ms", n_input=M, layers=[Layer(get_model(model), N, recurrent)])
    assert count_parameters(spec) == TABLE_3[model, recurrent]


def test_the_network_of_shd():
    """239,104 parameters, 119,552 of them weights: counted in the published code."""
    model, readout = get_model("HetSynLIF"), get_model("LeakyReadout")
    spec = NetworkSpec(dt="4 ms", n_input=700, layers=[Layer(model, 128, True), Layer(model, 64, True)], readout=Layer(readout, 20))
    assert (count_parameters(spec), sum(count_synapses(spec).values())) == (239_104, 119_552)


@pytest.mark.parametrize("self_connections", [True, False])
def test_operations_are_spikes_times_the_synapses_they_reach(self_connections):
    layers = [Layer(get_model("HetSynLIF"), 6, True, self_connections), Layer(get_model("HetNeuLIF"), 4)]
    spec = NetworkSpec(dt="1 ms", n_input=M, layers=layers, readout=Layer(get_model("LeakyReadout"), 3))
    x = np.random.default_rng(0).random((50, 8, M)) < 0.3
    recording = Network(spec, seed=1).record(x)
    operations = 0
    for projection in spec.projections:
        for pre in range(projection.n_pre):
            own = projection.kind == "recurrent" and not self_connections
            reached = [post for post in range(projection.n_post) if not (own and post == pre)]
            operations += len(reached) * int(recording.rasters[projection.source][:, :, pre].sum())
    cost = count_cost(spec, recording)
    assert cost.synaptic_operations == pytest.approx(operations / 8)
    assert cost.spikes == pytest.approx(sum(int(recording.rasters[name].sum()) for name in ("layer_1", "layer_2")) / 8)
    assert cost.spikes_of["input"] == pytest.approx(x.sum() / 8)
    # a state for each synapse and reset of HetSynLIF, one membrane for each HetNeuLIF, a state for each synapse of the readout
    n_recurrent = 36 if self_connections else 30
    assert cost.states == 6 * M + n_recurrent + 6 + 4 + 12
    assert cost.state_updates == 50 * cost.states


def test_synapses_that_share_a_time_constant_share_their_state():
    model = get_model("HetSynLIF")
    shared = model.with_parameters(tau_syn={"axes": "post"})
    spec = NetworkSpec(dt="1 ms", n_input=M, layers=[Layer(shared, N, True)])
    x = np.ones((3, 1, M), dtype=bool)
    assert count_cost(spec, Network(spec).record(x)).states == 2 * N + N


def test_what_can_not_be_counted():
    spec = NetworkSpec(dt="1 ms", n_input=M, layers=[Layer(get_model("HetSynLIF"), N)])
    with pytest.raises(DataError, match=r"(?s)can't be counted.*no spikes of layer_1"):
        count_cost(spec, Recording(0.001, {"input": np.ones((3, 1, M), dtype=bool)}, {}, "none"))
    empty = {"input": np.ones((3, 0, M), dtype=bool), "layer_1": np.ones((3, 0, N), dtype=bool)}
    with pytest.raises(DataError, match="an input of shape"):
        count_cost(spec, Recording(0.001, empty, {}, "none"))


def test_states_of_synapses_that_are_stepped():
    """u and x of each input where a layer shares all that moves them, of each synapse where it does not; I of each neuron, or synapse."""
    each = TsodyksMarkramLIF.with_parameters(U={"axes": "post pre"}, tau_syn={"axes": "post pre"})
    per_neuron = TsodyksMarkramLIF.with_parameters(tau_rec={"axes": "post"})
    counts = [count_states(NetworkSpec("1 ms", 7, [Layer(model, 3)])) for model in (TsodyksMarkramLIF, per_neuron, each, HetSynRiseLIF)]
    assert counts == [3 + 2 * 7 + 3, 3 + 2 * 21 + 3, 3 + 2 * 21 + 21, 3 + 2 * 21]
