"""HomNeuLIF in other people's packages, as oracles: the map of parameters and of timing, and the recording that comes out.

snnTorch, ``Leaky`` and ``RLeaky`` with ``reset_mechanism="subtract"``:

    mem[t] = beta mem[t-1] + input[t] + V spk[t-1] - threshold spk[t-1],   spk[t] = mem[t] > threshold
    beta = exp(-dt/tau_mem), threshold = theta, input = w x, V = w_rec: our step order decay, reset, recurrent. v is mem.

Norse, ``lif_box_feed_forward_step`` with ``reset_subtract``, a step of Euler's method:

    v = v + dt tau_mem_inv (input - v), z = v > v_th, then v = v - v_th z
    dt tau_mem_inv = 1 - rho makes Euler's step ours, input = (w x + w_rec z[t-1]) / (1 - rho); the reset acts at once, so that it decays in
    the next step: our step order reset, decay, recurrent. v is what v was before the reset.

Norse's ``lif_feed_forward_step`` and ``lif_step`` (recurrent) reset to a fixed voltage instead. With a synaptic current that forgets within
a step (dt tau_syn_inv = 1) they are ours up to the first spike of a layer, and no further: :func:`norse_lif` stops there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.spec import Projection

from .strategies import Case

Step = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def missing() -> str:
    """Why the peers can't be asked, or ``""``."""
    absent = [name for name in ("snntorch", "norse") if find_spec(name) is None]
    return f"{' and '.join(absent)} not installed (extra [peers])" if absent else ""


def _weights(case: Case, projection: Projection) -> Tensor:
    w = torch.as_tensor(case.values[f"{projection.name}.w"].copy())
    return w if projection.self_connections else w * (1 - torch.eye(projection.n_post, dtype=w.dtype))


def _record(case: Case, step_of: Callable[[Case, str, Tensor | None], Step], simulator: str) -> Recording:
    """Run layer after layer; ``step_of(case, name, w_rec)`` makes the layer's ``step(w x[t], z[t-1]) -> z[t], v[t]``."""
    x = torch.as_tensor(case.inputs.copy()).double()
    rasters, traces = {"input": case.inputs}, {}
    for population in case.spec.populations:
        ways = {q.kind: _weights(case, q) for q in case.spec.projections_to(population.name)}
        step = step_of(case, population.name, ways.get("recurrent"))
        z, found = torch.zeros(x.shape[1], population.size).double(), []
        for now in x:
            z, v = step(now @ ways["feedforward"].T, z)
            found.append((z, v))
        x, voltages = (torch.stack(parts) for parts in zip(*found, strict=True))
        rasters[population.name], traces[f"{population.name}.v"] = x.numpy() > 0, voltages.numpy()
    return Recording(case.spec.dt_s, rasters, traces, simulator)


def _neuron(case: Case, name: str) -> tuple[Tensor, Tensor]:
    """The decay of the membrane and the threshold, one per neuron: times a single number, snnTorch's float32 spikes would stay float32."""
    n = case.spec.population(name).size
    tau, theta = (torch.as_tensor(case.values[f"{name}.neuron.{key}"].copy()).expand(n) for key in ("tau_mem", "theta"))
    return torch.exp(-case.spec.dt_s / tau), theta


def _snntorch_step(case: Case, name: str, w_rec: Tensor | None, **options: Any) -> Step:
    import snntorch

    rho, theta = _neuron(case, name)
    facts = {"beta": rho, "threshold": theta, "reset_mechanism": "subtract", **options}
    with torch.no_grad():
        if w_rec is None:
            neuron = snntorch.Leaky(**facts)
        else:
            neuron = snntorch.RLeaky(**facts, linear_features=len(w_rec)).double()
            neuron.recurrent.weight.copy_(w_rec)
            neuron.recurrent.bias.zero_()
    mem: list[Tensor] = [torch.zeros(case.inputs.shape[1], case.spec.population(name).size).double()]

    @torch.no_grad()
    def step(drive: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        spikes, mem[0] = neuron(drive, mem[0]) if w_rec is None else neuron(drive, z, mem[0])
        return spikes.double(), mem[0]

    return step


def _norse_step(case: Case, name: str, w_rec: Tensor | None, *, reset: str = "reset_subtract") -> Step:
    from norse.torch.functional import lif_box
    from norse.torch.functional import reset as resets

    (rho, theta), dt = _neuron(case, name), case.spec.dt_s
    p = lif_box.LIFBoxParameters(tau_mem_inv=(1 - rho) / dt, v_th=theta, reset_method=getattr(resets, reset))
    state = [lif_box.LIFBoxFeedForwardState(v=torch.zeros(case.inputs.shape[1], case.spec.population(name).size).double())]

    def step(drive: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        drive = drive if w_rec is None else drive + z @ w_rec.T
        spikes, state[0] = lif_box.lif_box_feed_forward_step(drive / (1 - rho), state[0], p, dt)
        return spikes, state[0].v + theta * spikes

    return step


def norse_lif(case: Case, *, v_leak: float = 0.0) -> tuple[Recording, int]:
    """The first layer by ``lif_step`` or ``lif_feed_forward_step``, and the number of steps up to its first spike, that step included."""
    from norse.torch.functional import lif

    name = "layer_1"
    (rho, theta), dt = _neuron(case, name), case.spec.dt_s
    ways = {q.kind: _weights(case, q) for q in case.spec.projections_to(name)}
    scale = 1 / (1 - rho).reshape(-1, 1)
    # v_reset has no say before the first spike
    p = lif.LIFParameters(
        tau_syn_inv=torch.as_tensor(1 / dt, dtype=torch.float64), tau_mem_inv=(1 - rho) / dt, v_th=theta, v_leak=torch.as_tensor(v_leak)
    )
    rest = torch.zeros(case.inputs.shape[1], case.spec.population(name).size).double()
    state: Any = lif.LIFState(rest, rest, rest) if "recurrent" in ways else lif.LIFFeedForwardState(rest, rest)
    spikes, voltages = [], []
    for now in torch.as_tensor(case.inputs.copy()).double():
        before = state.v
        if "recurrent" in ways:
            z, state = lif.lif_step(now, state, ways["feedforward"] * scale, ways["recurrent"] * scale, p, dt)
        else:
            z, state = lif.lif_feed_forward_step(now @ (ways["feedforward"] * scale).T, state, p, dt)
        # a neuron that spikes shows its reset voltage: what it had come to is the step from before
        voltages.append(torch.where(z > 0, rho * before + now @ ways["feedforward"].T, state.v).numpy())
        spikes.append(z.numpy() > 0)
        if z.any():
            break
    n = len(spikes)
    return Recording(dt, {"input": case.inputs[:n], name: np.stack(spikes)}, {f"{name}.v": np.stack(voltages)}, "norse lif"), n


#: Every peer by name: the step order that its timing is, and how it records a case.
PEERS: Mapping[str, tuple[tuple[str, ...], Callable[[Case], Recording]]] = MappingProxyType(
    {
        "snntorch": (("decay", "reset", "recurrent"), partial(_record, step_of=_snntorch_step, simulator="snntorch Leaky")),
        "norse": (("reset", "decay", "recurrent"), partial(_record, step_of=_norse_step, simulator="norse lif_box")),
    }
)

#: The same with another timing, another reset, or Norse's map under the timing of snnTorch.
PEER_FAULTS: Mapping[str, tuple[tuple[str, ...], Callable[[Case], Recording]]] = MappingProxyType(
    {
        "snntorch without delay of the reset": (
            PEERS["snntorch"][0],
            partial(_record, step_of=partial(_snntorch_step, reset_delay=False), simulator="snntorch"),
        ),
        "norse with a reset to zero": (
            PEERS["norse"][0],
            partial(_record, step_of=partial(_norse_step, reset="reset_value"), simulator="norse"),
        ),
        "norse in the step order of snntorch": (PEERS["snntorch"][0], PEERS["norse"][1]),
    }
)
