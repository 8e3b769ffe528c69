"""Networks as NIR graphs: what the graph means, by NIR's equations, is the network; back it comes to the last bit; or it is refused."""

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError, CheckpointError, ConfigError, TransferError, UnknownNameError
from hetsyn_sim.exchange.nir import NIR_MODELS, READINGS, export_nir, to_nir
from hetsyn_sim.exchange.nir.file import read_graph
from hetsyn_sim.exchange.nir.importing import from_nir, import_nir
from hetsyn_sim.models import (
    LIF,
    RESET_FIRST,
    HetNeuLIF,
    HetNeuReadout,
    HetSynLIF,
    HomNeuALIF,
    HomNeuALIFNormalised,
    HomNeuLIF,
    HomNeuReadout,
    LeakyReadout,
    TsodyksMarkramLIF,
)
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec, StepOrder

from .nir_oracle import Oracle

RECURRENT_FIRST = StepOrder(("recurrent", "reset", "decay", "feedforward", "threshold"))
FILTERS = [
    (HetSynLIF, LeakyReadout),
    (HomNeuLIF, HomNeuReadout),
    (HetNeuLIF, HetNeuReadout),
    (HomNeuALIF, LeakyReadout),
    (HomNeuALIFNormalised, LeakyReadout),
    (HetSynLIF.with_parameters(tau_syn={"axes": "post"}), LeakyReadout),
]
#: Two layers, one of them without self-connections; every model in every order that makes it another neuron.
NETWORKS = [(model, readout, order) for model, readout in FILTERS for order in (DEFAULT_STEP_ORDER, RESET_FIRST, RECURRENT_FIRST)]
NETWORKS += [(NIR_MODELS["LIF"], NIR_MODELS["LI"], RESET_FIRST), (NIR_MODELS["CubaLIF"], NIR_MODELS["CubaLI"], RESET_FIRST)]
IDS = [f"{model.name}-{order.phases[0]}-{k}" for k, (model, _, order) in enumerate(NETWORKS)]


def network(model, readout, order=DEFAULT_STEP_ORDER, dt="10 ms", seed=1, size=5):
    layers = [Layer(model, size, recurrent=True), Layer(model, 4, recurrent=True, self_connections=False)]
    spec = NetworkSpec(dt, 6, layers, Layer(readout, 3), step_order=order)
    values = spec.initial_values(seed)
    cuba = "k" in model.parameters
    for key, value in values.items():
        name = key.rsplit(".", 1)[1]
        if name == "w":
            value *= 2.5
        elif name in ("v_leak", "v_0", "v_reset"):  # a bias where there may be one, and a reset to elsewhere
            value[...] = {"v_leak": 0.1, "v_0": 0.1 if cuba else 0.05, "v_reset": 0.2}[name]
        elif name == "k":
            value[...] = 200.0
    return Checkpoint(spec, values)


def spikes_in(n_steps=25, seed=0):
    return np.random.default_rng(seed).random((n_steps, 1, 6)) < 0.3


def bound(reference, n_steps):
    """Rounding of v: each of the steps adds at most a few roundings (eps) of the largest sum in it, and decays forget; 1 - h/tau is rounded
    once more than exp(-dt/tau), by eps at most in absolute terms, which acts in every step again, hence the square."""
    largest = max(np.abs(trace).max() for trace in reference.traces.values())
    return np.finfo(float).eps * n_steps**2 * max(largest, 1.0)


def agrees(graph, reading, reference, x, dt):
    out = Oracle(graph, reading.kind, reading.h(dt)).run(x[:, 0])
    for layer in ("layer_1", "layer_2"):
        np.testing.assert_array_equal(out[layer], reference.rasters[layer][:, 0], err_msg=layer)
    np.testing.assert_allclose(out["output"], reference.traces["readout.v"][:, 0], rtol=0, atol=bound(reference, len(x)))


@pytest.mark.parametrize(("model", "readout", "order"), NETWORKS, ids=IDS)
def test_by_its_equations_the_graph_is_the_network(model, readout, order, tmp_path):
    """Read by every reading and in both forms; and back to equal bytes."""
    checkpoint, x = network(model, readout, order), spikes_in()
    reference = simulate_reference(checkpoint.spec, checkpoint.values, x)
    assert reference.rasters["layer_2"].sum() >= 3
    cuba = model is NIR_MODELS["CubaLIF"]
    for reading in READINGS.values() if not cuba else [READINGS["ode"]]:
        for form in ("groups", "synapses"):
            graph, _ = to_nir(checkpoint, reading=reading.name, form=form)
            agrees(graph, reading, reference, x, checkpoint.spec.dt_s)
            assert from_nir(graph).to_bytes() == checkpoint.to_bytes()
    path = export_nir(checkpoint, tmp_path / "network.nir").path
    assert import_nir(path).to_bytes() == checkpoint.to_bytes()


def test_values_come_from_the_nodes_and_in_their_precision(tmp_path):
    checkpoint = network(HetSynLIF, LeakyReadout)
    single = Checkpoint(checkpoint.spec, {key: value.astype(np.float32) for key, value in checkpoint.values.items()}, recipe={"name": "x"})
    graph, _ = to_nir(single)
    kept = graph.metadata["hetsyn_sim"]["values"]
    assert not [key for key in kept if key.startswith(("layer_1.feed", "layer_1.rec", "readout"))]
    back = import_nir(export_nir(single, tmp_path / "x.nir").path)
    assert back.to_bytes() == single.to_bytes()
    assert back.recipe == {"name": "x"}


def test_what_stands_in_the_metadata():
    checkpoint = network(HetSynLIF, LeakyReadout)
    told = to_nir(checkpoint, reading="snntorch")[0].metadata["hetsyn_sim"]
    assert (told["dt"], told["dt_unit"], told["scheme"], told["reading"]) == (0.01, "s", "exact", "snntorch")
    assert told["step_order"] == "decay, reset, recurrent, feedforward, threshold"
    assert told["reader_step"] == 1e-4
    assert told["spec"] == checkpoint.spec.to_text()


def test_a_cuba_lif_of_a_library_goes_back_to_libraries():
    """The coupling of an imported CubaLIF is what a forward Euler step has, so readers that step so may have it again."""
    checkpoint, x = network(NIR_MODELS["CubaLIF"], NIR_MODELS["CubaLI"], RESET_FIRST), spikes_in()
    ode, _ = to_nir(checkpoint)
    for node in ode.nodes.values():
        if hasattr(node, "w_in"):
            node.w_in[:], node.r[:] = node.tau_syn / 0.01, 0.4 * node.tau_mem / 0.01
    back_edges = [edge for edge in ode.edges if not any(name.endswith("_back") for name in edge)]
    ode.edges = [*back_edges, ("layer_1", "layer_1_recurrent_weight"), ("layer_2", "layer_2_recurrent_weight")]
    for name in ("layer_1_back", "layer_2_back"):
        del ode.nodes[name]
    imported = from_nir(ode, dt="10 ms", reading="euler", ours=False)
    reference = simulate_reference(imported.spec, imported.values, x)
    assert reference.rasters["layer_2"].sum() >= 3
    agrees(ode, READINGS["euler"], reference, x, 0.01)
    for name in ("euler", "snntorch", "norse", "held"):
        again, _ = to_nir(imported, reading=name)
        agrees(again, READINGS[name], reference, x, 0.01)
        assert from_nir(again).to_bytes() == imported.to_bytes()
    with pytest.raises(TransferError, match=r"(?s)input that moves the membrane at once.*--reading euler"):
        to_nir(imported, reading="ode")


def test_snntorch_gets_recurrent_layers_as_subgraphs(tmp_path):
    """As its own export writes them: input -> neuron <-> weights, neuron -> output."""
    checkpoint = network(NIR_MODELS["LIF"], NIR_MODELS["LI"], RESET_FIRST)
    path = export_nir(checkpoint, tmp_path / "x.nir", reading="snntorch").path
    inner = read_graph(path).nodes["layer_1_neurons"]
    assert sorted(type(node).__name__ for node in inner.nodes.values()) == ["Input", "LIF", "Linear", "Output"]
    assert ("input", "layer_1") in inner.edges
    assert import_nir(path).to_bytes() == checkpoint.to_bytes()
    graph, _ = to_nir(checkpoint, reading="snntorch")
    graph.nodes["layer_1_neurons"].edges.append(("input", "layer_1_recurrent_weight"))
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        from_nir(graph)


def test_an_integrator_is_an_if():
    spec = NetworkSpec("10 ms", 6, [Layer(NIR_MODELS["LIF"], 5)], Layer(NIR_MODELS["LI"], 3), RESET_FIRST)
    values = spec.initial_values(1)
    values["layer_1.neuron.tau_mem"][:] = np.inf
    checkpoint, x = Checkpoint(spec, values), spikes_in()
    reference = simulate_reference(spec, values, x)
    assert reference.rasters["layer_1"].sum() >= 3
    for reading in READINGS.values():
        graph, _ = to_nir(checkpoint, reading=reading.name)
        assert type(graph.nodes["layer_1"]).__name__ == "IF"
        out = Oracle(graph, reading.kind, reading.h(0.01)).run(x[:, 0])
        np.testing.assert_array_equal(out["layer_1"], reference.rasters["layer_1"][:, 0])


def wide(model=HetSynLIF, n=20):
    spec = NetworkSpec("10 ms", n, [Layer(model, 4)], Layer(LeakyReadout, 3))
    return Checkpoint(spec, spec.initial_values(0))


def test_time_constants_in_no_groups_are_refused_with_both_ways_out(tmp_path):
    with pytest.raises(TransferError, match=r"(?s)do not fall into groups.*layer_1.feedforward.*up to 20 .*--groups 8.*--per-synapse"):
        export_nir(wide(), tmp_path / "x.nir")
    assert not (tmp_path / "x.nir").exists()
    apart, quantised = to_nir(wide(), form="synapses")
    assert quantised is None
    assert apart.nodes["layer_1_feedforward_I_each"].tau.shape == (80,)
    assert from_nir(apart).to_bytes() == wide().to_bytes()
    grouped, quantised = to_nir(wide(), groups=3)
    assert sum(name.startswith("layer_1_feedforward_I") and not name.endswith("weight") for name in grouped.nodes) == 3
    assert from_nir(grouped).to_bytes() == quantised.checkpoint.to_bytes() != wide().to_bytes()


def limits(value):
    checkpoint = wide(n=6)
    values = {key: np.array(v) for key, v in checkpoint.values.items()}
    values["layer_1.feedforward.tau_syn"][0, 0] = value
    return Checkpoint(checkpoint.spec, values)


def test_time_constants_at_their_limits():
    """0: gone after a step, which forward Euler can say and the equations can't. Infinity: no leaky integrator."""
    graph, _ = to_nir(limits(0.0), reading="euler")
    assert from_nir(graph).to_bytes() == limits(0.0).to_bytes()
    with pytest.raises(TransferError, match=r"(?s)0 or infinity has no leaky integrator.*forward Euler"):
        to_nir(limits(0.0))
    for reading in READINGS:
        with pytest.raises(TransferError, match="0 or infinity has no leaky integrator"):
            to_nir(limits(np.inf), reading=reading)


def refused(model, order=DEFAULT_STEP_ORDER, **values):
    spec = NetworkSpec("10 ms", 6, [Layer(model, 4, recurrent=True)], None, order)
    start = spec.initial_values(0)
    for key, value in values.items():
        start[f"layer_1.neuron.{key}"][...] = value
    return Checkpoint(spec, start)


NIR_LIF, CUBA = NIR_MODELS["LIF"], NIR_MODELS["CubaLIF"]


@pytest.mark.parametrize(
    ("checkpoint", "reading", "message"),
    [
        (refused(LIF), "ode", "NIR has no node for this neuron.*layer_1: LIF.*--to brian2"),
        (refused(TsodyksMarkramLIF), "ode", "NIR has no node for this neuron.*synapses that are more than filters.*--to brian2"),
        (refused(NIR_LIF, v_reset=0.5), "ode", "another neuron than NIR's node.*decay, reset.*RESET_FIRST"),
        (refused(NIR_LIF, RECURRENT_FIRST), "ode", "another neuron than NIR's node.*recurrent, reset, decay"),
        (refused(NIR_LIF, RESET_FIRST, tau_mem=[0, 1, 1, 1]), "ode", "a membrane time constant of 0 or infinity"),
        (refused(CUBA, RESET_FIRST, v_0=0.5), "ode", "v begins elsewhere than at v_leak"),
        (refused(CUBA, RESET_FIRST, tau_syn=np.inf), "ode", "a time constant of 0 or infinity"),
        (refused(CUBA, RESET_FIRST), "euler", "a membrane that a forward Euler step can't be.*--reading ode"),
    ],
)
def test_neurons_that_nir_can_not_hold(checkpoint, reading, message):
    with pytest.raises(TransferError, match=f"(?s){message}"):
        to_nir(checkpoint, reading=reading)


def test_a_reset_to_rest_may_come_after_the_decay():
    checkpoint, x = refused(NIR_MODELS["LIF"]), spikes_in()
    values = {key: 3 * value if key.endswith(".w") else value for key, value in checkpoint.values.items()}
    checkpoint = Checkpoint(checkpoint.spec, values)
    reference = simulate_reference(checkpoint.spec, checkpoint.values, x)
    assert reference.rasters["layer_1"].sum() >= 3
    out = Oracle(to_nir(checkpoint)[0], "impulse", 0.01).run(x[:, 0])
    np.testing.assert_array_equal(out["layer_1"], reference.rasters["layer_1"][:, 0])


def test_bad_arguments(tmp_path, monkeypatch):
    checkpoint = wide()
    for arguments, error, message in (
        ({"reading": "spice"}, UnknownNameError, "unknown reading"),
        ({"form": "soup"}, ConfigError, "unknown form"),
        ({"groups": 0}, ConfigError, "at least one group"),
    ):
        with pytest.raises(error, match=message):
            to_nir(checkpoint, **arguments)
    with pytest.raises(ConfigError, match=r"(?s)a NIR graph is a .nir file.*network.nir"):
        export_nir(checkpoint, tmp_path / "x.h5", groups=2)
    (tmp_path / "folder.nir").mkdir()
    with pytest.raises(ConfigError, match="a folder"):
        export_nir(checkpoint, tmp_path / "folder.nir", groups=2)
    monkeypatch.setitem(__import__("sys").modules, "nir", None)
    with pytest.raises(BackendError, match=r"(?s)needs the package nir.*hetsyn-sim\[nir\]"):
        to_nir(checkpoint, groups=2)


def test_a_projection_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("hetsyn_sim.exchange.nir.filters._LARGEST", 100)
    with pytest.raises(TransferError, match=r"(?s)too large to write every synapse apart.*1,600 entries.*--groups"):
        to_nir(wide(), form="synapses")
