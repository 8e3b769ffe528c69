"""Short-term plasticity of Hippocampome's kind, recovered from responses to trains of spikes: U, tau_rec and tau_facil within 2 %."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.func import functional_call, jvp, vmap

from hetsyn_sim.discrete import synapse_program
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.kernels.plain_synapses import run_synapses
from hetsyn_sim.models import TsodyksMarkramLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.stepped_layer import SteppedLayer
from hetsyn_sim.training.surrogates import FastSigmoid

DT = 2e-3
NAMES = ("U", "tau_rec", "tau_facil", "tau_syn", "w")
#: Synapses from strongly depressing to strongly facilitating, in the ranges of Moradi et al. 2022 (Hippocampome): one per column.
TRUE = {
    "U": [0.55, 0.32, 0.12, 0.05, 0.2, 0.7],
    "tau_rec": [0.7, 0.35, 0.12, 0.06, 0.25, 0.15],
    "tau_facil": [0.02, 0.06, 0.3, 0.8, 0.2, 0.03],
    "tau_syn": [0.006, 0.011, 0.007, 0.004, 0.02, 0.009],
    "w": [1.0, 2.0, 4.0, 8.0, 3.0, 1.5],
}
#: What one starts from, whatever the synapse is: four starts, side by side.
STARTS = {
    "U": [0.5, 0.5, 0.1, 0.1],
    "tau_rec": [0.5, 0.1, 0.1, 0.5],
    "tau_facil": [0.03, 0.1, 0.5, 0.1],
    "tau_syn": [0.01] * 4,
    "w": [2.0, 2.0, 5.0, 5.0],
}
#: The current of voltage clamp, without a neuron: v is I_syn, and the threshold out of reach.
CURRENT = replace(
    TsodyksMarkramLIF,
    name="Current",
    neuron="v = I_syn : 1",
    reset="",
    parameters={name: p for name, p in TsodyksMarkramLIF.parameters.items() if name != "tau_mem"},
).with_parameters(**{name: {"axes": "post pre"} for name in NAMES})


def layer_of(columns):
    """A layer in which every neuron has one synapse, (synapse,) values of each parameter."""
    spec = NetworkSpec(DT, 1, [Layer(CURRENT, len(columns["U"]))])
    values = {f"layer_1.feedforward.{name}": np.array(columns[name])[:, None] for name in NAMES}
    return SteppedLayer(spec, "layer_1", values | {"layer_1.neuron.theta": np.array(1e9)}, FastSigmoid())


def trains():
    """Eight spikes at 10, 20, 40 and 80 Hz and one after a pause, and two irregular trains: (time, train, 1)."""
    x = torch.zeros(500, 6, 1)
    for k, (rate, pause) in enumerate(((10, 0.1), (20, 0.4), (40, 0.2), (80, 0.05))):
        steps = np.round(np.arange(8) / rate / DT).astype(int)
        x[[*steps, steps[-1] + round(pause / DT)], k] = 1
    x[:, 4:, 0] = torch.as_tensor(np.random.default_rng(4).random((500, 2)) < [0.04, 0.1], dtype=x.dtype)
    return x


@pytest.mark.slow
def test_plasticity_is_recovered_from_responses_to_trains():
    """Averages of 25 responses, each with white noise of 1 % of its largest; Levenberg and Marquardt on the layer's own derivatives."""
    with default_dtype(torch.float64), use_backend("plain"):
        x = trains()
        clean = _Current(layer_of(TRUE))(x).detach()  # (time, train, synapse)
        size = clean.amax(dim=(0, 1))
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        n, n_starts = len(TRUE["U"]), len(STARTS["U"])
        target = ((clean + 0.01 / 5 * size * noise) / size).repeat_interleave(n_starts, dim=-1)
        scale = size.repeat_interleave(n_starts)
        layer = layer_of({name: np.tile(STARTS[name], n) for name in NAMES})
        keys = [f"layer_1__feedforward__{name}" for name in NAMES]

        def residuals(raw):
            """(synapse, sample): each synapse's depend on its own parameters only, so one derivative serves all synapses at once."""
            run = functional_call(_Current(layer), {f"layer.{key}": row[:, None] for key, row in zip(keys, raw, strict=True)}, (x,))
            return (run / scale - target).flatten(0, 1).T

        raw = torch.stack([layer.raw(f"layer_1.feedforward.{name}").detach()[:, 0] for name in NAMES])  # (parameter, synapse)
        raw = _levenberg_marquardt(residuals, raw)
        losses = residuals(raw).square().mean(dim=1).reshape(n, n_starts)
        found = layer_of({name: np.tile(STARTS[name], n) for name in NAMES})
        with torch.no_grad():
            for name, row in zip(NAMES, raw, strict=True):
                found.raw(f"layer_1.feedforward.{name}").copy_(row[:, None])
        best = losses.argmin(dim=1)
        for name in NAMES:
            values = found.physical(f"layer_1.feedforward.{name}").detach()[:, 0].reshape(n, n_starts)
            recovered = values[torch.arange(n), best].numpy()
            print(name, np.round(100 * (recovered / np.array(TRUE[name]) - 1), 2))
            np.testing.assert_allclose(recovered, TRUE[name], rtol=0.02, err_msg=name)


class _Current(torch.nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        synapses = self.layer._synapses(synapse_program(CURRENT), self.layer.projections["feedforward"])
        return run_synapses(synapses, x)[1]["I_syn"]


def _levenberg_marquardt(residuals, raw, n_iterations=14):
    """Least squares of every column of ``raw``, (parameter, problem), each with a damping of its own."""
    damping = torch.full((raw.shape[1],), 1e-2)
    r = residuals(raw)
    for _ in range(n_iterations):
        directions = torch.eye(raw.shape[0])[:, :, None].expand(-1, -1, raw.shape[1])
        slopes = vmap(lambda direction, raw=raw: jvp(residuals, (raw,), (direction,))[1])(directions)  # (parameter, problem, sample)
        normal = torch.einsum("pks,qks->kpq", slopes, slopes)
        gradient = torch.einsum("pks,ks->kp", slopes, r)
        damped = normal + damping[:, None, None] * torch.diag_embed(normal.diagonal(dim1=1, dim2=2) + 1e-12)
        step = torch.linalg.solve(damped, gradient).T.clamp(-1, 1)
        tried = residuals(raw - step)
        better = tried.square().sum(dim=1) < r.square().sum(dim=1)
        raw, r = torch.where(better, raw - step, raw), torch.where(better[:, None], tried, r)
        damping = torch.where(better, damping / 5, damping * 4).clamp(1e-9, 1e6)
    return raw
