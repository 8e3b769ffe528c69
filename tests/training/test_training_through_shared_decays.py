"""The same network trained through exact filters and through shared decays ends with the same spikes."""

import pytest
import torch
from brian2 import ms

from hetsyn_sim.kernels import available_backends, expansion, expansion_ops, expansion_plain, use_backend
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.surrogates import MultiGaussian

F64 = torch.float64
N_STEPS, BATCH, CHANNELS = 50, 4, 300
TOLERANCE = 1e-10


def trained(backend, time_constants):
    """Spikes and voltages of the hidden layer after 20 steps of Adam, and thresholds."""
    spec = NetworkSpec(4 * ms, CHANNELS, [Layer(HetSynLIF, 8, recurrent=True)], readout=Layer(LeakyReadout, 3))
    network = Network(spec, seed=3, surrogate=MultiGaussian(), time_constants=time_constants)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    rng = torch.Generator().manual_seed(0)
    x = (torch.rand(N_STEPS, BATCH, CHANNELS, generator=rng) < 0.01).to(F64)
    label = torch.arange(BATCH) % 3
    with use_backend(backend, tolerance=TOLERANCE):
        for _ in range(20):
            optimiser.zero_grad()
            out, _ = network(x)
            torch.nn.functional.cross_entropy(out.mean(0), label).backward()
            optimiser.step()
            network.clamp_()
        recording = network.record(x)
    return torch.as_tensor(recording.rasters["layer_1"]), torch.as_tensor(recording.traces["layer_1.v"])


@pytest.fixture(autouse=True)
def _double_precision():
    torch.set_default_dtype(F64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("time_constants", ["log_tau", "rho_clamped"])
def test_the_spikes_after_training_are_the_same(time_constants, monkeypatch):
    """The rule: rasters are equal as long as no voltage is closer to its threshold than voltages differ. Here none is, at any step."""
    taken = []
    expand = expansion.expand
    for module in (expansion_plain, expansion_ops):
        monkeypatch.setattr(module, "expand", lambda *a, **k: taken.append(found := expand(*a, **k)) or found)
    z, v = trained("plain", time_constants)
    assert z.any()
    assert not taken
    margin = (v - 1.0).abs().min()
    for backend in {"fused", "expansion"} & set(available_backends()):
        z_other, v_other = trained(backend, time_constants)
        assert (v_other - v).abs().max() < min(margin, 1e-6)  # 20 steps of Adam, which divides gradients by their size, of 1e-10 each
        assert torch.equal(z_other, z)
    assert sum(found is not None for found in taken) > 20  # decays that have been clamped apart may need too many nodes
