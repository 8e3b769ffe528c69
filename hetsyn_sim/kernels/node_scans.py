"""Scans over time of a state for each neuron and shared decay: element by element, on any device; on a GPU one Triton kernel each.

    U_k[t] = rho_k U_k[t-1] + drive_k[t],   v[t] = sum over k of U_k[t];   backwards  A_k[t] = rho_k A_k[t+1] + g[t]

Everything else about :mod:`shared decays <hetsyn_sim.kernels.expansion>` is a matrix product. A leaky state per neuron is the case of one
node, whose decay is each neuron's own.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor


@cache
def has_triton() -> bool:
    """Whether Triton is installed."""
    return find_spec("triton") is not None


def runs_on_triton(tensor: Tensor) -> bool:
    """Whether scans of this tensor are Triton kernels: on a GPU, or wherever Triton interprets (``TRITON_INTERPRET=1``)."""
    return (tensor.is_cuda or os.environ.get("TRITON_INTERPRET") == "1") and has_triton()


def scan(drive: Tensor, decays: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Write the sums over nodes into v (time, batch, post) and return the states after the last step.

    Parameters
    ----------
    drive
        What arrives at each node, (time, batch, node, post).
    decays
        (node, post).
    u
        States before the first step, (batch, node, post).
    v
        Of the type of the others, contiguous.
    """
    if runs_on_triton(drive):
        from . import triton_kernels  # needs Triton

        return triton_kernels.scan(drive.contiguous(), decays.contiguous(), u, v)
    for now, out in zip(drive.unbind(0), v.unbind(0), strict=True):
        u = torch.addcmul(now, decays, u)
        torch.sum(u, dim=1, out=out)
    return u


def adjoint(g: Tensor, decays: Tensor, chained: Collection[int], a: Tensor, scans: Tensor) -> Tensor:
    """Write A of every node and step into scans (time, batch, node, post), from g (time, batch, post), and return A of the first step.

    ``a`` is that of the step after the last, (batch, node, post). A ``chained`` node is fed by the A of the node before it, one step later,
    instead of by g.
    """
    if runs_on_triton(g):
        from . import triton_kernels  # needs Triton

        links = torch.tensor([k in chained for k in range(len(decays))], dtype=torch.int32).to(g.device)
        return triton_kernels.adjoint(g.contiguous(), decays.contiguous(), links, a, scans)
    for now, out in zip(reversed(g.unbind(0)), reversed(scans.unbind(0)), strict=True):
        fed = now.unsqueeze(1)  # (batch, 1, post)
        if chained:
            fed = fed.expand_as(a).clone()
            for k in chained:
                fed[:, k] = a[:, k - 1]
        a = torch.addcmul(fed, decays, a, out=out)
    return a
