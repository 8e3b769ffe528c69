"""Scans over time as Triton kernels, a block of neurons for each program. Held to float64 in Triton's interpreter; never run on a GPU.

A program keeps its states in registers through all of time, and no other program reads or writes what it writes: no barrier is needed and
no sum depends on an order of programs. Tensors are contiguous, offsets fit into 32 bits.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

#: States of a program, nodes x neurons: few, since there are more programs than a small layer has neurons only if blocks are small.
STATES, MOST_NEURONS = 1024, 128


@triton.jit
def _scan(drive, decays, begin, end, v, n_steps, n_batch, n_nodes, n_post, NODES: tl.constexpr, BLOCK: tl.constexpr):
    b, j, k = tl.program_id(0), tl.program_id(1) * BLOCK + tl.arange(0, BLOCK), tl.arange(0, NODES)
    here = (k[:, None] < n_nodes) & (j[None, :] < n_post)
    at = k[:, None] * n_post + j[None, :]
    decay = tl.load(decays + at, here, 0.0)
    u = tl.load(begin + b * n_nodes * n_post + at, here, 0.0)
    for t in range(n_steps):
        row = t * n_batch + b
        u = decay * u + tl.load(drive + row * n_nodes * n_post + at, here, 0.0)
        tl.store(v + row * n_post + j, tl.sum(u, 0), j < n_post)
    tl.store(end + b * n_nodes * n_post + at, u, here)


@triton.jit
def _adjoint(g, decays, chained, begin, end, a, n_steps, n_batch, n_nodes, n_post, BLOCK: tl.constexpr):
    b, k, j = tl.program_id(0), tl.program_id(1), tl.program_id(2) * BLOCK + tl.arange(0, BLOCK)
    here = j < n_post
    link = tl.load(chained + k)
    decay = tl.load(decays + k * n_post + j, here, 0.0)
    own = tl.load(begin + (b * n_nodes + k) * n_post + j, here, 0.0)
    before = tl.load(begin + (b * n_nodes + k - link) * n_post + j, here, 0.0)  # a chained node is fed by the one before it
    for back in range(n_steps):
        row = (n_steps - 1 - back) * n_batch + b
        now = tl.load(g + row * n_post + j, here, 0.0)
        own = decay * own + tl.where(link == 1, before, now)
        before = decay * before + now
        tl.store(a + (row * n_nodes + k) * n_post + j, own, here)
    tl.store(end + (b * n_nodes + k) * n_post + j, own, here)


def scan(drive: Tensor, decays: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """:func:`hetsyn_sim.kernels.node_scans.scan`."""
    n_steps, n_batch, n_nodes, n_post = drive.shape
    nodes, end = triton.next_power_of_2(n_nodes), torch.empty_like(u)
    block = min(max(1, STATES // nodes), MOST_NEURONS, triton.next_power_of_2(n_post))
    grid = n_batch, triton.cdiv(n_post, block)
    _scan[grid](drive, decays, u, end, v, n_steps, n_batch, n_nodes, n_post, NODES=nodes, BLOCK=block)
    return end


def adjoint(g: Tensor, decays: Tensor, chained: Tensor, a: Tensor, scans: Tensor) -> Tensor:
    """:func:`hetsyn_sim.kernels.node_scans.adjoint`."""
    n_steps, n_batch, n_nodes, n_post = scans.shape
    end = torch.empty_like(a)
    block = min(MOST_NEURONS, triton.next_power_of_2(n_post))
    grid = n_batch, n_nodes, triton.cdiv(n_post, block)
    _adjoint[grid](g, decays, chained, a, end, scans, n_steps, n_batch, n_nodes, n_post, BLOCK=block)
    return end
