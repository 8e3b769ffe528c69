"""Graphs whose spikes are held over a step, as sparx and jaxpike write them: against SciPy's solver, and as these libraries step them."""

import nir
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.exchange import from_nir, import_nir
from hetsyn_sim.exchange.nir import export_nir
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network

DT, N, CHANNELS = 1e-3, 12, 20
RNG = np.random.default_rng(5)
KEPT = RNG.uniform(0.6, 0.98, N)  # what a step of the library keeps of v
W = RNG.normal(0.1, 0.4, (N, CHANNELS))
W_REC = RNG.normal(0, 0.3, (N, N))
W_OUT = RNG.normal(0, 0.5, (3, N))
X = RNG.random((60, 1, CHANNELS)) < 0.15


def as_sparx_writes(discretization="exact"):
    """Dense, a recurrent LIF, Dense, LI; tau and r such that its step keeps KEPT and adds what comes in, undiminished."""
    tau, r = (-DT / np.log(KEPT), 1 / (1 - KEPT)) if discretization == "exact" else (DT / (1 - KEPT), 1 / (1 - KEPT))
    out, ones = np.full(3, 0.9), np.ones(N)
    li = (-DT / np.log(out), 1 / (1 - out)) if discretization == "exact" else (DT / (1 - out), 1 / (1 - out))
    nodes = {
        "input": nir.Input(input_type={"input": np.array([CHANNELS])}),
        "0": nir.Affine(weight=W, bias=np.zeros(N)),
        "1.lif": nir.LIF(tau=tau, r=r, v_leak=0 * ones, v_threshold=ones, v_reset=0 * ones),
        "1.w_rec": nir.Linear(weight=W_REC),
        "2": nir.Affine(weight=W_OUT, bias=np.zeros(3)),
        "3": nir.LI(tau=li[0], r=li[1], v_leak=np.zeros(3)),
        "output": nir.Output(output_type={"output": np.array([3])}),
    }
    edges = [("input", "0"), ("0", "1.lif"), ("1.lif", "1.w_rec"), ("1.w_rec", "1.lif"), ("1.lif", "2"), ("2", "3"), ("3", "output")]
    return nir.NIRGraph(nodes, edges, metadata={"dt": DT, "discretization": discretization, "exporter": "sparx"})


def as_sparx_steps():
    """v <- keep v + x, a spike at v >= 1 sets v to 0, s[t-1] W comes back: what its layers compute, without NIR."""
    v, s, out, spikes, readout = np.zeros(N), np.zeros(N), np.zeros(3), [], []
    for x in X[:, 0].astype(float):
        v = KEPT * v + W @ x + W_REC @ s
        s = (v >= 1).astype(float)
        v = np.where(s > 0, 0.0, v)
        out = 0.9 * out + W_OUT @ s
        spikes.append(s > 0)
        readout.append(out)
    return np.array(spikes), np.array(readout)


def drift(n_steps, largest):
    """Each step rounds v a few times, and a tau that is made of a decay and turned into one again costs a few more."""
    return np.finfo(float).eps * n_steps**2 * max(largest, 1.0)


@pytest.mark.parametrize("discretization", ["exact", "euler"])
def test_a_graph_of_sparx_says_how_it_is_meant(discretization, tmp_path):
    """dt and reading come from its metadata, after a file as well; every spike is the library's."""
    graph = as_sparx_writes(discretization)
    nir.write(str(tmp_path / "sparx.nir"), graph)
    found = import_nir(tmp_path / "sparx.nir")
    assert found.data["reading"] == {"exact": "held", "euler": "euler"}[discretization]
    assert found.spec.dt_s == DT
    spikes, readout = as_sparx_steps()
    assert 30 < spikes.sum() < spikes.size / 2
    done = simulate_reference(found.spec, found.values, X)
    np.testing.assert_array_equal(done.rasters["layer_1"][:, 0], spikes)
    np.testing.assert_allclose(done.traces["readout.v"][:, 0], readout, rtol=0, atol=drift(len(X), np.abs(readout).max()))


@pytest.mark.compiled
def test_both_simulators_find_its_spikes():
    """PyTorch in float64 and Brian2, spike for spike."""
    found, (spikes, _) = from_nir(as_sparx_writes()), as_sparx_steps()
    np.testing.assert_array_equal(Network.from_checkpoint(found).double().record(X).rasters["layer_1"][:, 0], spikes)
    np.testing.assert_array_equal(to_brian2(found, device="numpy").run(X, dt=DT).rasters["layer_1"][:, 0], spikes)


def test_another_reading_has_to_be_asked_for():
    """dt and reading that are given go before those of the file, and without them the wrong one is noticed in the spikes."""
    read = from_nir(as_sparx_writes(), dt="1 ms", reading="euler")
    assert read.data["reading"] == "euler"
    done = simulate_reference(read.spec, read.values, X)
    assert not np.array_equal(done.rasters["layer_1"][:, 0], as_sparx_steps()[0])
    unknown = as_sparx_writes()
    unknown.metadata["discretization"] = "trapezoidal"
    assert from_nir(unknown, dt="1 ms").data["reading"] == "euler"


def test_a_filter_with_a_threshold_as_jaxpike_writes_it():
    """Its LinearLIF has no reset: an LI with r = 1 whose input is (1 - keep) x, and a Threshold."""
    ones = np.ones(N)
    nodes = {
        "input": nir.Input(input_type={"input": np.array([CHANNELS])}),
        "0": nir.Linear(weight=W),
        "1_li": nir.LI(tau=-DT / np.log(KEPT), r=ones, v_leak=0 * ones),
        "1_threshold": nir.Threshold(threshold=0.3 * ones),
        "output": nir.Output(output_type={"output": np.array([N])}),
    }
    graph = nir.NIRGraph(nodes, [("input", "0"), ("0", "1_li"), ("1_li", "1_threshold"), ("1_threshold", "output")])
    found, v, spikes = from_nir(graph, dt="1 ms", reading="held"), np.zeros(N), []
    for x in X[:, 0].astype(float):
        v = KEPT * v + (1 - KEPT) * (W @ x)
        spikes.append(v > 0.3)
    assert 30 < np.sum(spikes) < np.size(spikes) / 2
    np.testing.assert_array_equal(simulate_reference(found.spec, found.values, X).rasters["layer_1"][:, 0], spikes)


def test_the_step_is_the_solution_for_an_input_that_stays():
    """Against SciPy's solver, step by step: tau dv/dt = v_leak - v + R I, with I as it is for the step."""
    tau, r, leak = np.array([4e-3, 11e-3, 0.5e-3]), np.array([2.0, -1.0, 3.0]), np.array([0.1, 0.0, -0.2])
    nodes = {
        **as_sparx_writes().nodes,
        "3": nir.LI(tau=tau, r=r, v_leak=leak),
        "2": nir.Affine(weight=W_OUT, bias=np.array([0.3, 0.0, 1.0])),
    }
    found = from_nir(nir.NIRGraph(nodes, as_sparx_writes().edges), dt="1 ms", reading="held")
    done, v, rtol = simulate_reference(found.spec, found.values, X), leak.copy(), 1e-11
    for t, spikes in enumerate(done.rasters["layer_1"][:, 0]):
        current = W_OUT @ spikes + np.array([0.3, 0.0, 1.0])
        v = solve_ivp(lambda _, v, i=current: (leak - v + r * i) / tau, (0, DT), v, method="DOP853", rtol=rtol, atol=1e-13).y[:, -1]
        # the solver's error in each of the steps that v remembers, some ten of them
        np.testing.assert_allclose(done.traces["readout.v"][t, 0], v, rtol=0, atol=100 * rtol * max(np.abs(v).max(), 1.0))


def test_time_constants_stand_in_the_file_as_they_are(tmp_path):
    spec = NetworkSpec("1 ms", 6, [Layer(HetSynLIF, 4)], Layer(LeakyReadout, 3))
    values = spec.initial_values(2)
    path = export_nir(checkpoint := Checkpoint(spec, values), tmp_path / "held.nir", reading="held").path
    taus = sorted(
        tau for name, node in nir.read(str(path)).nodes.items() if "feedforward_I" in name and hasattr(node, "tau") for tau in node.tau
    )
    assert set(values["layer_1.feedforward.tau_syn"].ravel()) <= set(taus)
    assert import_nir(path).to_bytes() == checkpoint.to_bytes()
