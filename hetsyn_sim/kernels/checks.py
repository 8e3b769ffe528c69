"""Checks of shapes, types and numbers before a kernel touches memory with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NoReturn

import torch
from torch import Tensor

from ..errors import DataError

Paths = Sequence[tuple[Tensor, Tensor]]


def check_filter(x: Tensor, w: Tensor, rho: Tensor) -> None:
    """Raise a DataError unless x is (time, batch, pre), w (post, pre) and rho broadcasts to w, all alike in type and device, none empty."""
    _check_alike({"x": x, "w": w, "rho": rho})
    if x.dim() != 3 or w.dim() != 2 or x.shape[2] != w.shape[1] or not fits(rho, w):
        refuse_shapes(
            "exponential_filter",
            {"x": x, "w": w, "rho": rho},
            "x (time, batch, pre), w (post, pre), rho (post, pre), (post, 1), (post,) or ()",
        )
    _check_not_empty("exponential_filter", {"x": x, "w": w})


def check_scan(v_in: Tensor, recurrent: Paths, resets: Paths, theta: Tensor) -> None:
    """Raise a DataError unless v_in is (time, batch, post), recurrent paths are (post, post) and everything else broadcasts to (post,)."""
    named = {"v_in": v_in, "theta": theta}
    for kind, paths in (("recurrent", recurrent), ("reset", resets)):
        for k, (amplitude, rho) in enumerate(paths):
            named |= {f"{kind} {k} amplitude": amplitude, f"{kind} {k} rho": rho}
    _check_alike(named)
    n = v_in.shape[-1]
    per_neuron = [theta, *(t for pair in resets for t in pair)]
    right = v_in.dim() == 3 and all(t.dim() < 2 and t.numel() in (1, n) for t in per_neuron)
    right = right and all(a.shape == (n, n) and fits(rho, a) for a, rho in recurrent)
    if not right:
        refuse_shapes(
            "spiking_scan", named, "v_in (time, batch, post), recurrent (post, post) with rho as in a filter, all others (post,) or ()"
        )
    _check_not_empty("spiking_scan", {"v_in": v_in})


def check_leaky(drive: Tensor, decay: Tensor) -> None:
    """Raise a DataError unless drive is (time, batch, post) and decay (post,), of one type and on one device, none empty."""
    _check_alike({"drive": drive, "decay": decay})
    if drive.dim() != 3 or decay.shape != drive.shape[2:]:
        refuse_shapes("leaky_scan", {"drive": drive, "decay": decay}, "drive (time, batch, post), decay (post,)")
    _check_not_empty("leaky_scan", {"drive": drive})


def check_exact(where: str, tensors: dict[str, tuple[Tensor, tuple[int, ...]]]) -> None:
    """Raise a DataError unless each has its shape: the operators themselves take what is shared only after it has been spread."""
    wrong = {name: pair for name, pair in tensors.items() if tuple(pair[0].shape) != pair[1]}
    if wrong:
        expected = ", ".join(f"{name} {shape}" for name, (_, shape) in wrong.items())
        refuse_shapes(where, {name: tensor for name, (tensor, _) in wrong.items()}, expected)


def check_finite(values: Tensor, name: str) -> None:
    """Raise a DataError unless every value is a finite number."""
    if values.numel() and not all(math.isfinite(end.item()) for end in values.detach().aminmax()):  # in one pass
        raise DataError(
            "a parameter is not finite",
            where=name,
            got=f"{int((~torch.isfinite(values)).sum())} of {values.numel()} values are NaN or infinite",
            expected="finite numbers",
            remedy="training has diverged: lower the learning rate, or clip gradients",
        )


def check_decay(rho: Tensor) -> None:
    """Raise a DataError unless every decay is in [0, 1]."""
    lowest, highest = rho.detach().aminmax()
    if not 0.0 <= lowest.item() <= highest.item() <= 1.0:  # nor if one is NaN
        raise DataError(
            "a decay is outside of [0, 1]",
            where="rho",
            got=f"{float(rho.min()):.6g} to {float(rho.max()):.6g}",
            expected="rho = exp(-dt/tau) with tau >= 0",
            remedy="clamp decays after each step of the optimiser (Network.clamp_), and check for NaN",
        )


def check_delay(delay: Tensor, w: Tensor) -> None:
    """Raise a DataError unless there is one delay for every synapse, a finite number of steps, 0 or more, of the type of the weights."""
    _check_alike({"w": w, "delay": delay})
    if delay.shape != w.shape:
        refuse_shapes("delays", {"delay": delay, "w": w}, "delay (post, pre), as w")
    if not (torch.isfinite(delay).all() and (delay >= 0.0).all()):
        raise DataError(
            "a delay is not a number of steps",
            where="delay",
            got=f"{float(delay.min()):.6g} to {float(delay.max()):.6g} steps",
            expected="finite numbers, 0 or more",
            remedy="training has diverged: lower the learning rate, or clip gradients",
        )


def fits(rho: Tensor, w: Tensor) -> bool:
    """Whether decays are one per synapse, one per neuron, or one for all."""
    return rho.shape in (w.shape, (w.shape[0], 1), (w.shape[0],), (1, 1), (1,), ())


def _check_alike(tensors: dict[str, Tensor]) -> None:
    kinds = {name: (tensor.dtype, tensor.device.type) for name, tensor in tensors.items()}
    if len(set(kinds.values())) > 1 or not all(tensor.is_floating_point() for tensor in tensors.values()):
        raise DataError(
            "tensors of different types or devices",
            where="kernels",
            got=", ".join(f"{name}: {str(dtype).removeprefix('torch.')} on {device}" for name, (dtype, device) in kinds.items()),
            expected="one floating-point type and one device",
            remedy="convert the input with x.to(w)",
        )


def _check_not_empty(where: str, tensors: dict[str, Tensor]) -> None:
    empty = {name: tensor for name, tensor in tensors.items() if not tensor.numel()}
    if empty:
        refuse_shapes(where, empty, "at least one step, one batch item and one neuron")


def refuse_shapes(where: str, tensors: Mapping[str, Tensor], expected: str) -> NoReturn:
    """Raise the error of shapes that do not fit."""
    raise DataError(
        "the shapes do not fit",
        where=where,
        got=", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items()),
        expected=expected,
        remedy="time comes first, and matrices are post x pre",
    )
