"""The filter and the spiking scan as Triton kernels. Checked for correctness in Triton's interpreter at toy sizes; never run on a GPU.

Nothing is claimed about their performance or about races, which the interpreter, running one program after another, cannot show. Each
program keeps a tile of states (post x pre) in registers through time and is the only one to write its outputs, so that no sum depends on
an order of programs. Tensors are contiguous: x (time, batch, pre), g, v and z (time, batch, post), w and rho (post, pre).
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

#: Neurons and channels per tile of the filter: 16 x 64 states in float32 are 32 registers for each of 32 threads.
POST, PRE = 16, 64


@triton.jit
def _forward(x, w, rho, v, n_steps, n_batch, n_pre, n_post, POST: tl.constexpr, PRE: tl.constexpr):
    b, j = tl.program_id(0), tl.program_id(1) * POST + tl.arange(0, POST)
    for start in range(0, n_pre, PRE):
        i = start + tl.arange(0, PRE)
        here = (j[:, None] < n_post) & (i[None, :] < n_pre)
        synapse = j[:, None] * n_pre + i[None, :]
        weight, decay = tl.load(w + synapse, here, 0.0), tl.load(rho + synapse, here, 0.0)
        state = tl.zeros_like(weight)  # (post, pre)
        for t in range(n_steps):
            now = tl.load(x + (t * n_batch + b) * n_pre + i, i < n_pre, 0.0)
            state = decay * state + weight * now[None, :]
            out = v + (t * n_batch + b) * n_post + j
            tl.store(out, tl.load(out, j < n_post, 0.0) + tl.sum(state, 1), j < n_post)


@triton.jit
def _adjoint(g, w, rho, dx, n_steps, n_batch, n_pre, n_post, POST: tl.constexpr, PRE: tl.constexpr):
    b, i = tl.program_id(0), tl.program_id(1) * PRE + tl.arange(0, PRE)
    for start in range(0, n_post, POST):
        j = start + tl.arange(0, POST)
        here = (j[:, None] < n_post) & (i[None, :] < n_pre)
        synapse = j[:, None] * n_pre + i[None, :]
        weight, decay = tl.load(w + synapse, here, 0.0), tl.load(rho + synapse, here, 0.0)
        a = tl.zeros_like(weight)  # (post, pre)
        for back in range(n_steps):
            t = n_steps - 1 - back
            a = decay * a + tl.load(g + (t * n_batch + b) * n_post + j, j < n_post, 0.0)[:, None]
            out = dx + (t * n_batch + b) * n_pre + i
            tl.store(out, tl.load(out, i < n_pre, 0.0) + tl.sum(weight * a, 0), i < n_pre)


@triton.jit
def _gradients(g, x, w, rho, dw, drho, n_steps, n_batch, n_pre, n_post, POST: tl.constexpr, PRE: tl.constexpr):
    j, i = tl.program_id(0) * POST + tl.arange(0, POST), tl.program_id(1) * PRE + tl.arange(0, PRE)
    here = (j[:, None] < n_post) & (i[None, :] < n_pre)
    synapse = j[:, None] * n_pre + i[None, :]
    weight, decay = tl.load(w + synapse, here, 0.0), tl.load(rho + synapse, here, 0.0)
    by_w, by_rho = tl.zeros_like(weight), tl.zeros_like(weight)
    for b in range(n_batch):
        a, d = tl.zeros_like(weight), tl.zeros_like(weight)  # a = adjoint of the state, d = da/drho
        for back in range(n_steps):
            t = n_steps - 1 - back
            d = decay * d + a
            a = decay * a + tl.load(g + (t * n_batch + b) * n_post + j, j < n_post, 0.0)[:, None]
            now = tl.load(x + (t * n_batch + b) * n_pre + i, i < n_pre, 0.0)[None, :]
            by_w += a * now
            by_rho += d * now
    tl.store(dw + synapse, by_w, here)
    tl.store(drho + synapse, by_rho * weight, here)


@triton.jit
def _scan(v_in, w, rho, amplitude, reset, theta, z, v, n_steps, n_batch, n_post, SIZE: tl.constexpr):
    b, j = tl.program_id(0), tl.arange(0, SIZE)
    synapse = j[:, None] * n_post + j[None, :]
    here = (j[:, None] < n_post) & (j[None, :] < n_post)
    weight, decay = tl.load(w + synapse, here, 0.0), tl.load(rho + synapse, here, 0.0)
    jump, fade = tl.load(amplitude + j, j < n_post, 0.0), tl.load(reset + j, j < n_post, 0.0)
    threshold = tl.load(theta + j, j < n_post, 0.0)
    state, trace, spikes = tl.zeros_like(weight), tl.zeros_like(jump), tl.zeros_like(jump)
    for t in range(n_steps):
        at = (t * n_batch + b) * n_post + j
        state = decay * state + weight * spikes[None, :]
        trace = fade * trace + spikes
        voltage = tl.load(v_in + at, j < n_post, 0.0) + tl.sum(state, 1) + jump * trace
        spikes = ((voltage > threshold) & (j < n_post)).to(jump.dtype)
        tl.store(v + at, voltage, j < n_post)
        tl.store(z + at, spikes, j < n_post)


@triton.jit
def _scan_backward(dz, dv, pseudo, w, rho, amplitude, reset, d, n_steps, n_batch, n_post, SIZE: tl.constexpr):
    b, j = tl.program_id(0), tl.arange(0, SIZE)
    synapse = j[:, None] * n_post + j[None, :]
    here = (j[:, None] < n_post) & (j[None, :] < n_post)
    weight, decay = tl.load(w + synapse, here, 0.0), tl.load(rho + synapse, here, 0.0)
    jump, fade = tl.load(amplitude + j, j < n_post, 0.0), tl.load(reset + j, j < n_post, 0.0)
    state, trace, later = tl.zeros_like(weight), tl.zeros_like(jump), tl.zeros_like(jump)
    for back in range(n_steps):
        at = ((n_steps - 1 - back) * n_batch + b) * n_post + j
        state = decay * state + later[:, None]
        trace = fade * trace + later
        by_spike = tl.load(dz + at, j < n_post, 0.0) + tl.sum(weight * state, 0) + jump * trace
        later = tl.load(dv + at, j < n_post, 0.0) + tl.load(pseudo + at, j < n_post, 0.0) * by_spike
        tl.store(d + at, later, j < n_post)


def filter_forward(x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """v of shape (time, batch, post)."""
    v = x.new_zeros(*x.shape[:2], len(w))
    _forward[(x.shape[1], triton.cdiv(len(w), POST))](x, w, rho, v, *x.shape, len(w), POST=POST, PRE=PRE)
    return v


def filter_adjoint(g: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """dL/dx (time, batch, pre) from g = dL/dv."""
    n_post, n_pre = w.shape
    dx = g.new_zeros(*g.shape[:2], n_pre)
    _adjoint[(g.shape[1], triton.cdiv(n_pre, PRE))](g, w, rho, dx, *g.shape[:2], n_pre, n_post, POST=POST, PRE=PRE)
    return dx


def filter_gradients(g: Tensor, x: Tensor, w: Tensor, rho: Tensor) -> tuple[Tensor, Tensor]:
    """dL/dw and dL/drho (post, pre) from g = dL/dv."""
    dw, drho = torch.empty_like(w), torch.empty_like(w)
    grid = triton.cdiv(len(w), POST), triton.cdiv(w.shape[1], PRE)
    _gradients[grid](g, x, w, rho, dw, drho, *x.shape, len(w), POST=POST, PRE=PRE)
    return dw, drho


def scan_forward(v_in: Tensor, w: Tensor, rho: Tensor, amplitude: Tensor, reset: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """z and v of a population with one recurrent path (post, pre) and one reset (post,); zero amplitudes for none."""
    z, v = torch.empty_like(v_in), torch.empty_like(v_in)
    size = triton.next_power_of_2(v_in.shape[2])
    _scan[(v_in.shape[1],)](v_in, w, rho, amplitude, reset, theta, z, v, *v_in.shape, SIZE=size)
    return z, v


def scan_backward(dz: Tensor, dv: Tensor, pseudo: Tensor, w: Tensor, rho: Tensor, amplitude: Tensor, reset: Tensor) -> Tensor:
    """d = dL/dv (time, batch, post), spikes included, from what comes from above and the surrogate derivative at each step."""
    d = torch.empty_like(dv)
    size = triton.next_power_of_2(dv.shape[2])
    _scan_backward[(dv.shape[1],)](dz, dv, pseudo, w, rho, amplitude, reset, d, *dv.shape, SIZE=size)
    return d
