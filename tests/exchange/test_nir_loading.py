"""Graphs in snnTorch and Norse, by our loader: the same network, trainable there; and what the export says of who loads what."""

import nir
import numpy as np
import pytest
import torch

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError, CheckpointError, ConfigError, UnknownNameError
from hetsyn_sim.exchange.nir import NIR_MODELS, READINGS, export_nir, loads_in, to_nir
from hetsyn_sim.exchange.nir.loading import LIBRARIES, load_nir
from hetsyn_sim.models import RESET_FIRST, HetSynLIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from ..refusal import refused

X = np.random.default_rng(0).random((40, 2, 6)) < 0.3


def network(model=HetSynLIF, readout=LeakyReadout, order=None):
    spec = NetworkSpec("2 ms", 6, [Layer(model, 5, recurrent=True)] * 2, Layer(readout, 3), *([order] if order else []))
    return Checkpoint(spec, {key: 2.5 * value if key.endswith(".w") else value for key, value in spec.initial_values(1).items()})


def outputs(module, x, dtype=torch.float64):
    state, out = None, []
    for now in torch.as_tensor(x).to(dtype):
        value, state = module(now, state)
        out.append(value)
    return torch.stack(out)


NETWORKS = {
    "HetSynLIF": (HetSynLIF, LeakyReadout),
    "HomNeuLIF": (HomNeuLIF, LeakyReadout),
    "NIR's LIF": (NIR_MODELS["LIF"], NIR_MODELS["LI"], RESET_FIRST),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_runs_the_network(library, reading):
    """In float64 the readout's voltage is ours to rounding, which it is not if one spike differs; and the weights get a gradient."""
    for package in ("nirtorch", library):
        pytest.importorskip(package, reason="needs the extra [peers]")
    for kind in NETWORKS.values():
        checkpoint = network(*kind)
        reference = simulate_reference(checkpoint.spec, checkpoint.values, X)
        assert 20 < reference.rasters["layer_2"].sum() < reference.rasters["layer_2"].size / 2
        module = load_nir(to_nir(checkpoint, reading=reading, form="synapses")[0], library, dtype=torch.float64)
        out, wanted = outputs(module, X), reference.traces["readout.v"]
        # each step rounds the sums of v a few times, and some decays are made of a tau that was made of a decay
        atol = np.finfo(float).eps * len(X) ** 2 * np.abs(wanted).max()
        np.testing.assert_allclose(out.detach().numpy(), wanted, rtol=0, atol=atol)
        out.sum().backward()
        first = next(p for name, p in module.named_parameters() if name.startswith("layer_1_feedforward"))
        assert torch.isfinite(first.grad).all()
        assert first.grad.abs().sum() > 0


def test_files_are_loaded_too(tmp_path):
    for package in ("nirtorch", "snntorch"):
        pytest.importorskip(package, reason="needs the extra [peers]")
    path = export_nir(network(HomNeuLIF), tmp_path / "x.nir").path
    direct = outputs(load_nir(to_nir(network(HomNeuLIF))[0], "snntorch"), X, torch.float32)
    assert torch.equal(outputs(load_nir(path, "snntorch"), X, torch.float32), direct)


def changed(**nodes):
    graph, _ = to_nir(network(HomNeuLIF), reading="euler")
    graph.nodes.update(nodes)
    graph.metadata.clear()
    return graph


ONES = np.ones(5)


@pytest.mark.parametrize(
    ("graph", "facts", "error", "message"),
    [
        (changed(), {"library": "spice"}, UnknownNameError, "unknown library"),
        (changed(), {}, ConfigError, "has no time step"),
        (changed(), {"dt": "2 ms", "reading": "spice"}, UnknownNameError, "unknown reading"),
        (changed(layer_1=nir.CubaLIF(ONES, ONES, ONES, 0 * ONES, ONES)), {"dt": "2 ms"}, CheckpointError, "node 'layer_1'.*CubaLIF"),
        (changed(more=nir.Delay(0.002 * ONES)), {"dt": "2 ms"}, CheckpointError, "node 'more'.*Delay of 0.002 s.*in a loop"),
        (changed(more=nir.Delay(0.002 * ONES)), {"dt": "2 ms", "reading": "ode"}, CheckpointError, "node 'more'.*in a loop"),
    ],
)
def test_what_is_not_loaded(graph, facts, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        load_nir(graph, **{"library": "norse", **facts})


def test_libraries_that_are_missing_are_named(monkeypatch):
    for package in ("nirtorch", "snntorch", "norse"):
        monkeypatch.setitem(__import__("sys").modules, package, None)
    with refused(BackendError, "nirtorch", remedy="hetsyn-sim[peers]"):
        load_nir(to_nir(network(HomNeuLIF))[0], "norse")


def test_a_potential_that_a_library_has_at_0(monkeypatch):
    """snnTorch's neurons rest at 0 and are reset to 0."""
    for package in ("nirtorch", "norse"):
        pytest.importorskip(package, reason="needs the extra [peers]")
    graph, _ = to_nir(network(*NETWORKS["NIR's LIF"]), reading="euler")
    graph.nodes["layer_1"].v_reset = 0.1 * ONES
    with pytest.raises(CheckpointError, match=r"(?s)node 'layer_1'.*v_reset other than 0"):
        load_nir(graph, "norse")


def test_who_loads_what():
    """By the kinds of nodes and the reading: a graph of filters needs our loader, a LIF the reading of its reader."""
    filters = ["Input", "Linear", "LI", "Threshold", "Output"]
    assert loads_in(filters, "ode")["snnTorch"].startswith('load_nir(graph, "snntorch"); its own import knows no LI, Threshold')
    assert loads_in(filters, "held")["sparx"] == "no: it knows no Threshold"
    lif = ["Input", "Linear", "LIF", "Output"]
    assert loads_in(lif, "norse")["Norse"] == "norse.torch.from_nir(graph, dt=...)"
    assert "--reading snntorch" in loads_in(lif, "norse")["snnTorch"]
    assert loads_in(["Linear", "CubaLIF", "LI"], "euler")["Norse"] == "no: it knows no LI"
    assert all(reading in READINGS for reader in loads_in.__globals__["READERS"] for reading in reader.readings)
