"""The same network in the libraries that people use today, each written as its own documentation suggests, at its best.

Feed-forward input goes through one matrix product for all steps wherever the library lets it, and is taken apart by ``unbind``. All start
from HetSynLIF's weights, with one time constant in the middle of its range, and keep their own surrogate and their own reset.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .homogeneous import linear, steps_of_tau
from .shapes import Shape

Values = Mapping[str, NDArray[np.float64]]


def _names(shape: Shape) -> list[str]:
    return [f"layer_{k}" for k in range(1, len(shape.hidden) + 1)]


class SnnTorchNetwork(nn.Module):
    """snnTorch: ``RLeaky`` or ``Leaky``, and a ``Leaky`` without reset as readout."""

    def __init__(self, shape: Shape, values: Values) -> None:
        import snntorch

        super().__init__()
        beta = math.exp(-1.0 / steps_of_tau(shape))
        self.inputs, self.cells = nn.ModuleList(), nn.ModuleList()
        for name, n in zip(_names(shape), shape.hidden, strict=True):
            self.inputs.append(linear(values, f"{name}.feedforward.w"))
            cell = snntorch.RLeaky(beta, linear_features=n) if shape.recurrent else snntorch.Leaky(beta)
            if shape.recurrent:
                cell.recurrent = linear(values, f"{name}.recurrent.w")
            self.cells.append(cell)
        self.inputs.append(linear(values, "readout.feedforward.w"))
        self.readout = snntorch.Leaky(beta, reset_mechanism="none")
        self.recurrent = shape.recurrent

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        spikes = []
        for into, cell in zip(self.inputs, self.cells, strict=False):
            current = into(x)  # (time, batch, post)
            z = mem = torch.zeros_like(current[0])
            train = []
            for now in current.unbind(0):
                z, mem = cell(now, z, mem) if self.recurrent else cell(now, mem)
                train.append(z)
            x = torch.stack(train)
            spikes.append(x)
        current = self.inputs[-1](x)
        mem, out = torch.zeros_like(current[0]), []
        for now in current.unbind(0):
            _, mem = self.readout(now, mem)
            out.append(mem)
        return torch.stack(out), spikes


class NorseNetwork(nn.Module):
    """Norse: ``LIFRecurrentCell`` (which multiplies its own input) or ``LIFCell``, and ``LICell`` as readout.

    Its neuron filters twice, by a current and by a membrane; the current's time constant is one step, so that one filter is left. The
    membrane takes in dt/tau of the current, hence the larger weights.
    """

    def __init__(self, shape: Shape, values: Values) -> None:
        import norse.torch as norse

        super().__init__()
        dt, n_tau = shape.dt_ms * 1e-3, steps_of_tau(shape)
        rates = {"tau_syn_inv": torch.as_tensor(1.0 / dt), "tau_mem_inv": torch.as_tensor(1.0 / (n_tau * dt))}
        scaled = {key: value * n_tau for key, value in values.items()}
        p = norse.LIFParameters(**rates)
        self.inputs, self.cells = nn.ModuleList(), nn.ModuleList()
        for name, n, n_pre in zip(_names(shape), shape.hidden, (shape.n_input, *shape.hidden), strict=False):
            if shape.recurrent:
                weights = {f"{kind}_weights": torch.as_tensor(scaled[f"{name}.{key}.w"], dtype=torch.float32)
                           for kind, key in (("input", "feedforward"), ("recurrent", "recurrent"))}  # fmt: skip
                self.cells.append(norse.LIFRecurrentCell(n_pre, n, p=p, dt=dt, autapses=True, **weights))
                self.inputs.append(nn.Identity())
            else:
                self.cells.append(norse.LIFCell(p=p, dt=dt))
                self.inputs.append(linear(scaled, f"{name}.feedforward.w"))
        self.inputs.append(linear(scaled, "readout.feedforward.w"))
        self.readout = norse.LICell(p=norse.LIParameters(**rates), dt=dt)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        spikes = []
        for into, cell in zip(self.inputs, (*self.cells, self.readout), strict=True):
            state, out = None, []
            for now in into(x).unbind(0):
                z, state = cell(now, state)
                out.append(z)
            x = torch.stack(out)
            spikes.append(x)
        return x, spikes[:-1]


class SpikingJellyNetwork(nn.Module):
    """SpikingJelly in multi-step mode: ``LIFNode``, in a ``LinearRecurrentContainer`` where it is recurrent; soft reset.

    The container multiplies the concatenation of input and spikes; an identity for the input part leaves the current as it is.
    """

    def __init__(self, shape: Shape, values: Values) -> None:
        logging.getLogger("torch._library.triton").setLevel(logging.ERROR)  # it would report at import that there is no Triton
        from spikingjelly.activation_based import functional, layer, neuron

        super().__init__()
        self.reset_net = functional.reset_net
        # v += x - v/tau, so that one step decays by 1 - 1/tau
        facts: dict[str, Any] = {"tau": 1.0 / (1.0 - math.exp(-1.0 / steps_of_tau(shape))), "decay_input": False, "step_mode": "m"}
        self.inputs, self.cells = nn.ModuleList(), nn.ModuleList()
        for name, n in zip(_names(shape), shape.hidden, strict=True):
            self.inputs.append(linear(values, f"{name}.feedforward.w"))
            cell: Any = neuron.LIFNode(v_reset=None, **facts)
            if shape.recurrent:
                cell.step_mode = "s"  # the container takes the steps
                cell = layer.LinearRecurrentContainer(cell, n, n, bias=False, step_mode="m")
                cell.rc.weight.data = torch.cat([torch.eye(n), torch.as_tensor(values[f"{name}.recurrent.w"], dtype=torch.float32)], dim=1)
            self.cells.append(cell)
        # the readout, unlike LIFNode, always takes in 1/tau of its input
        self.inputs.append(linear({"w": facts["tau"] * values["readout.feedforward.w"]}, "w"))
        self.readout = neuron.NonSpikingLIFNode(facts["tau"])

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        self.reset_net(self)
        spikes = []
        for into, cell in zip(self.inputs, (*self.cells, self.readout), strict=True):
            x = cell(into(x))  # (time, batch, post)
            spikes.append(x)
        return torch.stack(spikes.pop()), spikes  # the readout hands out a list of steps
