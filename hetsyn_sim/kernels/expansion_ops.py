"""The compiled shared-decay expansion as a torch operator, and its gradients, which the spiking scan's recurrent synapses share."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import Structure, c_double, c_int64, c_void_p
from typing import Any

import torch
from torch import Tensor

from .checks import check_exact, check_filter, check_finite
from .expansion import Nodes, find_nodes
from .library import compiled
from .operators import operator


class _Nodes(Structure):
    """``hetsyn::Nodes``."""

    _fields_ = [
        *((name, c_void_p) for name in ("rho", "u", "weights")),
        *((name, c_double) for name in ("scale", "shift", "near_zero", "near_one")),
        *((name, c_int64) for name in ("n_inner", "at_one", "at_zero", "chained")),
    ]


def in_c(several: Sequence[Nodes]) -> Any:
    """An array of ``hetsyn::Nodes``; valid as long as the nodes are."""
    array = (_Nodes * max(1, len(several)))()
    for k, nodes in enumerate(several):
        limits = nodes.near_zero, nodes.near_one
        counts = int(nodes.at_one), int(nodes.at_zero), int(nodes.slope)
        inner = nodes.inner
        if inner is None:
            array[k] = _Nodes(None, None, None, 1.0, 0.0, *limits, 0, *counts)
        else:
            where = (t.data_ptr() for t in (inner.rho, inner.u, inner.weights))
            array[k] = _Nodes(*where, inner.scale, inner.scale / 2 * (inner.low + inner.high), *limits, inner.n, *counts)
    return array


def room_for_places(x: Tensor) -> Tensor:
    """Room for a bit for each number of x (time, batch, pre), in words of 64, and a word that says whether all that are not 0 are 1."""
    return x.new_empty(x.shape[0] * x.shape[1] * ((x.shape[2] + 63) // 64) + 1, dtype=torch.int64)


def _filter(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """v of shape (time, batch, post) from x (time, batch, pre) with w and rho (post, pre), every power of a decay within ``tolerance``.

    With it come the places of events in x, a bit for each number, in words. Decays that would need more nodes than there may be
    are computed exactly.
    """
    check_filter(x, w, rho)
    check_exact("hetsyn::expanded_filter", {"rho": (rho, tuple(w.shape))})
    check_finite(w, "w")
    x, w, rho = x.contiguous(), w.contiguous(), rho.contiguous()
    v = x.new_empty(*x.shape[:2], w.shape[0])
    bits = room_for_places(x)
    nodes = find_nodes(rho, len(x), tolerance, slope=False)
    if nodes is None:
        compiled().filter(x, w, rho, v)
        bits.zero_()
    else:
        compiled().expanded_filter(x, w, rho, in_c([nodes]), v, bits)
    return v, bits


def _fake_filter(x: Tensor, w: Tensor, rho: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    return x.new_empty(*x.shape[:2], w.shape[0]), room_for_places(x)


def _gradients(g: Tensor, x: Tensor, bits: Tensor | None, w: Tensor, rho: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    """dL/dw and dL/drho, (post, pre), from g = dL/dv; ``bits`` are those of :func:`filter_expanded` where it has run on x."""
    g, x, w, rho = (tensor.contiguous() for tensor in (g, x, w, rho))
    dw, drho = torch.empty_like(w), torch.empty_like(w)
    nodes, forward = (find_nodes(rho, len(x), tolerance, slope=slope) for slope in (True, False))
    if nodes is None:
        compiled().filter_backward(g, x, w, rho, None, dw.zero_(), drho.zero_())
    else:
        known = None if forward is None else bits
        compiled().expanded_gradients(
            g, x, w, rho, in_c([nodes]), room_for_places(x) if known is None else known, known is not None, dw, drho
        )
    return dw, drho


def _fake_gradients(g: Tensor, x: Tensor, bits: Tensor | None, w: Tensor, rho: Tensor, tolerance: float) -> tuple[Tensor, Tensor]:
    return torch.empty_like(w), torch.empty_like(w)


def _of_input(g: Tensor, x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """dL/dx, (time, batch, pre), which is dense and therefore exact."""
    dx = torch.empty_like(x, memory_format=torch.contiguous_format)
    compiled().filter_backward(g.contiguous(), x.contiguous(), w.contiguous(), rho.contiguous(), dx, None, None)
    return dx


def _fake_of_input(g: Tensor, x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    *tensors, ctx.tolerance = inputs
    ctx.save_for_backward(*tensors, output[1])


def _differentiate(ctx: Any, g: Tensor, of_bits: Tensor | None) -> tuple[Tensor | None, ...]:
    x, w, rho, bits = ctx.saved_tensors
    dx = _input_gradient(g, x, w, rho) if ctx.needs_input_grad[0] else None
    dw, drho = expanded_gradients(g, x, bits, w, rho, ctx.tolerance) if any(ctx.needs_input_grad[1:3]) else (None, None)
    return dx, dw, drho, None


expanded_gradients = operator("expanded_gradients", _gradients, _fake_gradients)
_input_gradient = operator("exact_input_gradient", _of_input, _fake_of_input)
filter_expanded = operator("expanded_filter", _filter, _fake_filter, _save, _differentiate)
