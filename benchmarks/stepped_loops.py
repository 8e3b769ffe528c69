"""Three neurons as one would write them in torch: a function for one step, and a loop over time.

Each computes what our program of the model does, in the same order, so that they can be compared number for number. ``p`` holds the model's
parameters in SI units; ``dt`` is among them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Values = Mapping[str, Tensor]
State = tuple[Tensor, ...]
Step = Callable[[Tensor, State, Values], tuple[Tensor, Tensor, State]]


class ArcTanSpike(torch.autograd.Function):
    """A spike whose derivative is that of ``ArcTan()``."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor) -> Tensor:
        ctx.save_for_backward(distance)
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (distance,) = ctx.saved_tensors
        return gradient / (1.0 + (math.pi * distance) ** 2)


def adlif(jump: Tensor, state: State, p: Values) -> tuple[Tensor, Tensor, State]:
    """SE-adLIF, as its publication writes it (Baronig et al. 2025)."""
    u, w, z = state
    alpha, beta = torch.exp(-p["dt"] / p["tau_u"]), torch.exp(-p["dt"] / p["tau_w"])
    w = beta * w + (1 - beta) * p["q"] * (p["a"] * u * (1 - z) + p["b"] * z)
    u = alpha * u * (1 - z) + (1 - alpha) * (p["bias"] - w) + jump
    z = ArcTanSpike.apply(u - p["theta"])
    return z, u, (u, w, z)


def adex(jump: Tensor, state: State, p: Values) -> tuple[Tensor, Tensor, State]:
    """AdEx by the midpoint rule, with a refractory period."""
    v, w, i, z, since = state
    v, w = torch.where(z > 0, p["V_r"], v) + (z - z.detach()) * (p["V_r"] - v).detach(), w + p["b"] * z
    since = since + 1
    active = since >= torch.round(p["t_ref"] / p["dt"])

    def slopes(v: Tensor, w: Tensor, i: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        upswing = p["g_L"] * p["D_T"] * torch.exp((v - p["V_T"]) / p["D_T"])
        dv = (p["g_L"] * (p["E_L"] - v) + upswing - w + i + p["I_0"]) / p["C"]
        dw = (p["a"] * (v - p["E_L"]) - w) / p["tau_w"]
        return torch.where(active, p["dt"] * dv, torch.zeros_like(v)), p["dt"] * dw, -p["dt"] * i / p["tau_syn"]

    kv, kw, ki = slopes(v, w, i)
    kv, kw, ki = slopes(v + 0.5 * kv, w + 0.5 * kw, i + 0.5 * ki)
    v, w, i = v + kv, w + kw, i + ki + jump
    scale = p["V_cut"] - p["E_L"]
    z = torch.where(active, ArcTanSpike.apply((v - p["V_cut"]) / scale), torch.zeros_like(v))
    return z, v, (v, w, i, z, torch.where(z > 0, torch.zeros_like(since), since))


def _exprel(x: Tensor) -> Tensor:
    small = x.abs() < 1e-5
    return torch.where(small, 1 + 0.5 * x, torch.expm1(x) / torch.where(small, torch.ones_like(x), x))


def hodgkin_huxley(jump: Tensor, state: State, p: Values) -> tuple[Tensor, Tensor, State]:
    """Hodgkin and Huxley's neuron by exponential Euler; a spike is where v crosses."""
    v, m, h, n, g_ampa, g_gaba, active = state
    active = active | ~(v > p["V_th"])
    u = (v - p["V_T"]) / p["V_1"]
    rates = (
        (m, 1.28 / _exprel((13 - u) / 4), 1.4 / _exprel((u - 40) / 5)),
        (h, 0.128 * torch.exp((17 - u) / 18), 4 / (1 + torch.exp((40 - u) / 5))),
        (n, 0.16 / _exprel((15 - u) / 5), 0.5 * torch.exp((10 - u) / 40)),
    )
    g_m, g_n = p["g_Na"] * m**3 * h, p["g_K"] * n**4
    total = p["g_L"] + g_m + g_n + g_ampa + g_gaba
    driven = p["g_L"] * p["E_L"] + g_m * p["E_Na"] + g_n * p["E_K"] + g_ampa * p["E_ampa"] + g_gaba * p["E_gaba"] + p["I_0"]
    v = driven / total + (v - driven / total) * torch.exp(-p["dt"] * total / p["C"])
    gates = []
    for x, opening, closing in rates:
        end = opening / (opening + closing)
        gates.append(end + (x - end) * torch.exp(-p["dt"] / p["t_1"] * (opening + closing)))
    g_ampa = g_ampa * torch.exp(-p["dt"] / p["tau_ampa"]) + jump
    g_gaba = g_gaba * torch.exp(-p["dt"] / p["tau_gaba"])
    scale = p["V_th"] - p["E_L"]
    z = torch.where(active, ArcTanSpike.apply((v - p["V_th"]) / scale), torch.zeros_like(v))
    return z, v, (v, *gates, g_ampa, g_gaba, active & ~(z.detach() > 0))


def run_loop(step: Step, jumps: Tensor, begin: State, p: Values) -> tuple[Tensor, Tensor]:
    """Spikes and v, (time, batch, post)."""
    state, spikes, voltages = begin, [], []
    for jump in jumps.unbind(0):
        z, v, state = step(jump, state, p)
        spikes.append(z)
        voltages.append(v)
    return torch.stack(spikes), torch.stack(voltages)


#: Model -> its step, and its state, from the initial values of our program and zeros of its shape.
LOOPS: Mapping[str, tuple[Step, Callable[[Mapping[str, Tensor], Tensor], State]]] = {
    "AdLIF": (adlif, lambda s, zero: (s["u"], s["w_a"], zero)),
    "AdEx": (adex, lambda s, zero: (s["v"], s["w_a"], s["I_s"], zero, zero + 1e6)),
    "HH": (hodgkin_huxley, lambda s, zero: (*(s[x] for x in ("v", "m", "h", "n", "g_ampa", "g_gaba")), zero == 0)),
}
