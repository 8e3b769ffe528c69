"""The fused kernels as torch operators: they differentiate, trace, compile and go through autocast and DDP like any other operator.

Each checks what it is given before it touches memory with it (:mod:`hetsyn_sim.kernels.checks`); x and v_in, which are large, are checked
where they are read. Under autocast they keep to single precision: a sum over many steps needs the digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import DataError
from .checks import check_decay, check_exact, check_filter, check_finite, check_leaky, check_scan
from .expansion import find_nodes
from .expansion_ops import expanded_gradients, in_c
from .library import ScanPaths, compiled
from .operators import operator, save_all

#: Surrogates that the compiled scan knows, in the order of ``SurrogateKind`` in ``csrc/surrogate.hpp``.
SURROGATE_KERNELS = ("triangular", "multi_gaussian", "arctan", "slayer", "fast_sigmoid")
_N_SETTINGS = dict(zip(SURROGATE_KERNELS, (2, 4, 1, 2, 1), strict=True))


def kernel_of(surrogate: object) -> str | None:
    """The compiled derivative that the surrogate's own class names. A subclass may compute something else and has to name its own."""
    kernel = vars(type(surrogate)).get("kernel")
    return kernel if kernel in SURROGATE_KERNELS else None


# -- one state per synapse: v = sum over synapses of w times the filtered input ---------------------------------------


def _filter(x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    """v of shape (time, batch, post) from x (time, batch, pre) with w and rho (post, pre)."""
    check_filter(x, w, rho)
    check_exact("hetsyn::filter", {"rho": (rho, tuple(w.shape))})
    check_finite(w, "w")
    check_decay(rho)
    v = x.new_empty(*x.shape[:2], w.shape[0])
    compiled().filter(x.contiguous(), w.contiguous(), rho.contiguous(), v)
    return v


def _fake_filter(x: Tensor, w: Tensor, rho: Tensor) -> Tensor:
    return x.new_empty(*x.shape[:2], w.shape[0])


def _filter_backward(g: Tensor, x: Tensor, w: Tensor, rho: Tensor, of_input: bool, of_synapses: bool) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dx, dL/dw and dL/drho from g = dL/dv; empty where not asked for."""
    dx = torch.empty_like(x, memory_format=torch.contiguous_format) if of_input else None
    dw, drho = (torch.zeros_like(w, memory_format=torch.contiguous_format) if of_synapses else None for _ in range(2))
    compiled().filter_backward(g.contiguous(), x.contiguous(), w.contiguous(), rho.contiguous(), dx, dw, drho)
    # operators return tensors only: an empty one stands for what was not asked for
    return tuple(x.new_empty(0) if gradient is None else gradient for gradient in (dx, dw, drho))  # type: ignore[return-value]


def _fake_filter_backward(g: Tensor, x: Tensor, w: Tensor, rho: Tensor, of_input: bool, of_synapses: bool) -> tuple[Tensor, Tensor, Tensor]:
    shapes = (x.shape if of_input else (0,), *((w.shape,) * 2 if of_synapses else ((0,),) * 2))
    dx, dw, drho = (x.new_empty(shape) for shape in shapes)
    return dx, dw, drho


def _differentiate_filter(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    x, w, rho = ctx.saved_tensors
    of_input, of_synapses = ctx.needs_input_grad[0], any(ctx.needs_input_grad[1:])
    dx, dw, drho = filter_backward(g, x, w, rho, of_input, of_synapses)
    return dx if of_input else None, dw if of_synapses else None, drho if of_synapses else None


filter_backward = operator("filter_backward", _filter_backward, _fake_filter_backward)
filter_synapses = operator("filter", _filter, _fake_filter, save_all, _differentiate_filter)


# -- one state per neuron ---------------------------------------------------------------------------------------------


def _leaky(drive: Tensor, decay: Tensor, reverse: bool) -> Tensor:
    """out[t] = decay * out[t-1] + drive[t], or from the last step to the first. drive (time, batch, post), decay (post,)."""
    check_leaky(drive, decay)
    check_decay(decay)
    out = torch.empty_like(drive, memory_format=torch.contiguous_format)
    compiled().leaky(drive.contiguous(), decay.contiguous(), out, reverse=reverse)
    return out


def _fake_leaky(drive: Tensor, decay: Tensor, reverse: bool) -> Tensor:
    return torch.empty_like(drive, memory_format=torch.contiguous_format)


def _save_leaky(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(inputs[1], output)
    ctx.reverse = inputs[2]


def _differentiate_leaky(ctx: Any, g: Tensor) -> tuple[Tensor, Tensor, None]:
    decay, out = ctx.saved_tensors
    adjoint = leaky_scan(g, decay, not ctx.reverse)
    later, earlier = (adjoint[:-1], out[1:]) if ctx.reverse else (adjoint[1:], out[:-1])
    # over a piece of time at a time: all products at once would be another array as long as the input
    pieces = zip(later.split(64), earlier.split(64), strict=True)
    return adjoint, sum(((a * v).sum(dim=(0, 1)) for a, v in pieces), torch.zeros_like(decay)), None


leaky_scan = operator("leaky_scan", _leaky, _fake_leaky, _save_leaky, _differentiate_leaky)


# -- the spiking scan -------------------------------------------------------------------------------------------------


def _scan(
    v_in: Tensor,
    amplitudes: Sequence[Tensor],
    rhos: Sequence[Tensor],
    theta: Tensor,
    surrogate: str,
    settings: Sequence[float],
    tolerance: float,
) -> tuple[Tensor, Tensor]:
    """z and v (time, batch, neuron).

    A path is recurrent if its amplitude is (post, pre), with a decay of the same shape or of shape (post,), and a reset if it is (post,).
    With a ``tolerance`` above 0 recurrent decays per synapse are those of an expansion (:mod:`hetsyn_sim.kernels.expansion`), else exact.
    """
    pairs = list(zip(amplitudes, rhos, strict=True))
    check_scan(v_in, [p for p in pairs if p[0].dim() == 2], [p for p in pairs if p[0].dim() != 2], theta)
    n = v_in.shape[-1]
    rows = {"theta": theta} | {f"reset amplitude {k}": a for k, (a, _) in enumerate(pairs) if a.dim() != 2}
    rows |= {f"rho {k}": rho for k, (a, rho) in enumerate(pairs) if a.dim() != 2 or rho.dim() != 2}
    squares = {f"rho {k}": rho for k, (a, rho) in enumerate(pairs) if a.dim() == rho.dim() == 2}
    check_exact("hetsyn::spiking_scan", {k: (t, (n,)) for k, t in rows.items()} | {k: (t, (n, n)) for k, t in squares.items()})
    if len(settings) != _N_SETTINGS.get(surrogate):
        raise DataError(
            "this surrogate is not one of the kernels'",
            where="hetsyn::spiking_scan",
            got=f"{surrogate} with {len(settings)} settings",
            expected=", ".join(f"{name} ({n})" for name, n in _N_SETTINGS.items()),
            remedy="use spiking_scan, which takes any surrogate",
        )
    for amplitude, rho in pairs:
        check_finite(amplitude, "amplitude")
        check_decay(rho)
    check_finite(theta, "theta")
    z, v = (torch.empty_like(v_in, memory_format=torch.contiguous_format) for _ in range(2))
    nodes = [find_nodes(rho, len(v_in), tolerance, slope=False) for _, rho in pairs if rho.dim() == 2] if tolerance else []
    if nodes and None not in nodes:
        among = in_c([each for each in nodes if each is not None])
        compiled().expanded_scan(v_in.contiguous(), _paths(amplitudes, rhos), among, theta.contiguous(), z, v)
    else:
        compiled().scan(v_in.contiguous(), _paths(amplitudes, rhos), theta.contiguous(), z, v)
    return z, v


def _fake_scan(
    v_in: Tensor,
    amplitudes: Sequence[Tensor],
    rhos: Sequence[Tensor],
    theta: Tensor,
    surrogate: str,
    settings: Sequence[float],
    tolerance: float,
) -> tuple[Tensor, Tensor]:
    z, v = (torch.empty_like(v_in, memory_format=torch.contiguous_format) for _ in range(2))
    return z, v


def _reverse_scan(
    dz: Tensor | None,
    dv: Tensor | None,
    v: Tensor,
    z: Tensor,
    amplitudes: Sequence[Tensor],
    rhos: Sequence[Tensor],
    theta: Tensor,
    surrogate: str,
    settings: Sequence[float],
) -> list[Tensor]:
    """dL/dv (time, batch, neuron), dL/dtheta, and dL/da and dL/drho of every reset."""
    d, dtheta = torch.empty_like(v), torch.empty_like(theta, memory_format=torch.contiguous_format)
    resets = [(torch.empty_like(theta), torch.empty_like(theta)) for a in amplitudes if a.dim() == 1]
    kind = SURROGATE_KERNELS.index(surrogate)
    paths = _paths(amplitudes, rhos)
    dz, dv = (None if g is None else g.contiguous() for g in (dz, dv))
    compiled().scan_backward(dz, dv, v, z, paths, theta.contiguous(), kind, settings, d, dtheta, resets)
    return [d, dtheta, *(gradient for pair in resets for gradient in pair)]


def _fake_reverse_scan(
    dz: Tensor | None,
    dv: Tensor | None,
    v: Tensor,
    z: Tensor,
    amplitudes: Sequence[Tensor],
    rhos: Sequence[Tensor],
    theta: Tensor,
    surrogate: str,
    settings: Sequence[float],
) -> list[Tensor]:
    n_resets = sum(a.dim() == 1 for a in amplitudes)
    return [torch.empty_like(v), *(torch.empty_like(theta) for _ in range(1 + 2 * n_resets))]


def _save_scan(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    _, amplitudes, rhos, theta, ctx.surrogate, ctx.settings, ctx.tolerance = inputs
    ctx.n_paths = len(amplitudes)
    ctx.set_materialize_grads(False)  # v is rarely used by a loss
    ctx.save_for_backward(*output, theta, *amplitudes, *rhos)


def _differentiate_scan(ctx: Any, dz: Tensor | None, dv: Tensor | None) -> tuple[Any, ...]:
    z, v, theta, *paths = ctx.saved_tensors
    amplitudes, rhos = paths[: ctx.n_paths], paths[ctx.n_paths :]
    d, dtheta, *resets = _scan_backward(dz, dv, v, z, amplitudes, rhos, theta, ctx.surrogate, ctx.settings)
    of_amplitudes, of_rhos = [], []
    for amplitude, rho in zip(amplitudes, rhos, strict=True):
        if amplitude.dim() == 1:
            da, drho, *resets = resets
        elif v.shape[0] < 2:  # no spike has arrived anywhere
            da, drho = torch.zeros_like(amplitude), torch.zeros_like(rho)
        elif rho.dim() == 2:
            if ctx.tolerance:
                da, drho = expanded_gradients(d[1:], z[:-1], None, amplitude, rho, ctx.tolerance)
            else:
                _, da, drho = filter_backward(d[1:], z[:-1], amplitude, rho, False, True)
        else:
            back = leaky_scan(d[1:], rho, True)  # dL/d(w z), (time, batch, post)
            states = leaky_scan(z[:-1] @ amplitude.T, rho, False)
            da, drho = back.flatten(0, 1).T @ z[:-1].flatten(0, 1), (back[1:] * states[:-1]).sum(dim=(0, 1))
        of_amplitudes.append(da)
        of_rhos.append(drho)
    return d, of_amplitudes, of_rhos, dtheta, None, None, None


_scan_backward = operator("spiking_scan_backward", _reverse_scan, _fake_reverse_scan)
scan_spikes = operator("spiking_scan", _scan, _fake_scan, _save_scan, _differentiate_scan)


def _paths(amplitudes: Sequence[Tensor], rhos: Sequence[Tensor]) -> ScanPaths:
    pairs = [(a.contiguous(), rho.contiguous()) for a, rho in zip(amplitudes, rhos, strict=True)]
    recurrent = [pair for pair in pairs if pair[0].dim() == 2]
    synaptic, shared = ([pair for pair in recurrent if pair[1].dim() == dim] for dim in (2, 1))
    return ScanPaths(synaptic, shared, [pair for pair in pairs if pair[0].dim() == 1])
