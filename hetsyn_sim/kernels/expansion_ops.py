"""The compiled shared-decay expansion as torch operators, like :mod:`hetsyn_sim.kernels.fused`, to which it leaves what it does not win."""

from __future__ import annotations

from ctypes import Structure, c_double, c_long, c_void_p, pointer
from typing import Any

import torch
from torch import Tensor

from .checks import check_decay, check_finite
from .expansion import Expansion, check_tolerance, expand, log_tau
from .first_order import refuse_second
from .library import Library, library


class _Nodes(Structure):
    """``hetsyn::Nodes``."""

    _fields_ = [
        *((name, c_void_p) for name in ("rho", "u", "weights")),
        ("scale", c_double),
        *((name, c_long) for name in ("n_inner", "at_one", "at_zero", "chained")),
    ]


def _nodes(expansion: Expansion) -> tuple[Any, Tensor]:
    """What C needs to know of the nodes, and log tau (post, pre) on their scale."""
    counts = int(expansion.at_one), int(expansion.at_zero), int(expansion.slope)
    inner = expansion.inner
    if inner is None:
        return pointer(_Nodes(None, None, None, 1.0, 0, *counts)), expansion.s
    nodes = _Nodes(*(t.data_ptr() for t in (inner.rho, inner.u, inner.weights)), inner.scale, inner.n, *counts)
    return pointer(nodes), inner.scaled(expansion.s).contiguous()


def _compiled() -> Library:
    found = library()
    assert found is not None, "chosen only where there is one"
    return found


@torch.library.custom_op("hetsyn::expanded_filter", mutates_args=(), device_types="cpu")
def filter_expanded(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> Tensor:
    """v of shape (time, batch, post) from x (time, batch, pre) with w and rho (post, pre), every power of a decay within ``tolerance``."""
    check_tolerance(tolerance, rho.dtype)
    check_finite(w, "w")
    check_decay(rho)
    x, w, rho = x.contiguous(), w.contiguous(), rho.contiguous()
    v = x.new_empty(*x.shape[:2], w.shape[0])
    expansion = expand(log_tau(rho, len(x), tolerance), len(x), tolerance, rho.dtype, slope=False)
    if expansion is None:
        _compiled().filter(x, w, rho, v)
    else:
        nodes, u = _nodes(expansion)
        _compiled().expanded_filter(x, w, rho, u, nodes, v)
    return v


@filter_expanded.register_fake
def _(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> Tensor:
    return x.new_empty(*x.shape[:2], w.shape[0])


@torch.library.custom_op("hetsyn::expanded_filter_backward", mutates_args=(), device_types="cpu")
def _backward(
    g: Tensor, x: Tensor, w: Tensor, rho: Tensor, tolerance: float, of_input: bool, of_synapses: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradient of x, (time, batch, pre), which is dense and therefore exact, and those of w and rho, (post, pre)."""
    g, x, w, rho = (tensor.contiguous() for tensor in (g, x, w, rho))
    dx = torch.empty_like(x) if of_input else x.new_empty(0)
    dw, drho = (torch.zeros_like(w) if of_synapses else x.new_empty(0) for _ in range(2))
    if of_input:
        _compiled().filter_backward(g, x, w, rho, dx, None, None)
    if of_synapses:
        expansion = expand(log_tau(rho, len(x), tolerance), len(x), tolerance, rho.dtype, slope=True)
        if expansion is None:
            _compiled().filter_backward(g, x, w, rho, None, dw, drho)
        else:
            nodes, u = _nodes(expansion)
            _compiled().expanded_gradients(g, x, w, rho, u, expansion.scale(w, rho), nodes, dw, drho)
    return dx, dw, drho


@_backward.register_fake
def _(g: Tensor, x: Tensor, w: Tensor, rho: Tensor, tolerance: float, of_input: bool, of_synapses: bool) -> tuple[Tensor, Tensor, Tensor]:
    dx, dw, drho = (like.new_empty(like.shape if asked else (0,)) for like, asked in ((x, of_input), (w, of_synapses), (w, of_synapses)))
    return dx, dw, drho


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.tolerance = inputs
    ctx.save_for_backward(*tensors)


def _differentiate(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    of_input, of_synapses = ctx.needs_input_grad[0], any(ctx.needs_input_grad[1:3])
    dx, dw, drho = _backward(g, *ctx.saved_tensors, ctx.tolerance, of_input, of_synapses)
    return dx if of_input else None, dw if of_synapses else None, drho if of_synapses else None, None


_backward.register_autograd(refuse_second)
filter_expanded.register_autograd(_differentiate, setup_context=_save)
torch.library.register_autocast("hetsyn::expanded_filter", "cpu", torch.float32)  # half precision would be below any tolerance
