"""Kernels as operators of torch, and the short way to them: where nothing but autograd is asked, torch's dispatcher is passed by.

A custom operator takes some 50 microseconds of Python each way, as long as the kernel of a small layer. Tracing, autocast, torch.func,
dispatch modes and tensors of other classes still meet the operator itself. torch's profiler sees ``Direct`` in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .first_order import once_differentiable, refuse_forward, refuse_second


def operator(
    name: str,
    kernel: Callable[..., Any],
    fake: Callable[..., Any],
    save: Callable[[Any, tuple[Any, ...], Any], None] | None = None,
    differentiate: Callable[..., tuple[Any, ...]] | None = None,
) -> Callable[..., Any]:
    """Register ``torch.ops.hetsyn.<name>`` for the CPU and return a function that does the same, by the short way where there is one.

    Parameters
    ----------
    kernel
        What is computed, without a graph. Its annotations are the operator's schema; it takes positional arguments without defaults.
    fake
        What it gives in shape and type.
    save, differentiate
        Its autograd, as for ``torch.library.register_autograd``; under autocast it then keeps to single precision. Without, it is itself
        the backward of another and refuses to be differentiated.
    """
    made = torch.library.custom_op(f"hetsyn::{name}", kernel, mutates_args=(), device_types="cpu")
    made.register_fake(fake)
    if differentiate is None:
        made.register_autograd(refuse_second)
    else:
        made.register_autograd(differentiate, setup_context=save)
        made.register_autocast("cpu", torch.float32)

    class Direct(torch.autograd.Function):
        """Tensors and sequences of them come one by one, the last argument says how many belong together."""

        @staticmethod
        def forward(ctx: Any, *flat: Any) -> Any:
            assert save is not None
            arguments = _together(flat[:-1], flat[-1])
            ctx.counts = flat[-1]
            found = kernel(*arguments)
            save(ctx, arguments, found)
            several = found if isinstance(found, tuple) else (found,)
            ctx.mark_non_differentiable(*(tensor for tensor in several if not tensor.is_floating_point()))
            return found

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
            assert differentiate is not None
            return (*_one_by_one(differentiate(ctx, *gradients), ctx.counts), None)

    def call(*arguments: Any) -> Any:
        counts = tuple(len(a) if isinstance(a, list | tuple) else None for a in arguments)
        flat = _one_by_one(arguments, counts)
        if not torch.compiler.is_compiling():
            refuse_forward(flat)
        if _is_watched(flat):
            return made(*arguments)
        if not torch.is_grad_enabled() or not any(isinstance(a, Tensor) and a.requires_grad for a in flat):
            return kernel(*arguments)
        # a second derivative: the operator refuses it
        return made(*arguments) if differentiate is None else Direct.apply(*flat, counts)

    return call


def save_all(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    """Keep what came in, all of it tensors, for the backward pass."""
    ctx.save_for_backward(*inputs)


def _one_by_one(arguments: Sequence[Any], counts: Sequence[int | None]) -> list[Any]:
    flat: list[Any] = []
    for argument, n in zip(arguments, counts, strict=True):
        if n is None:
            flat.append(argument)
        else:
            flat += [None] * n if argument is None else argument
    return flat


def _together(flat: Sequence[Any], counts: Sequence[int | None]) -> tuple[Any, ...]:
    rest = iter(flat)
    return tuple(next(rest) if n is None else [next(rest) for _ in range(n)] for n in counts)


def _is_watched(flat: Sequence[Any]) -> bool:
    """Whether torch traces, casts or transforms, or a tensor is of another class than torch's own."""
    return (
        torch.compiler.is_compiling()
        or torch.is_autocast_enabled("cpu")
        or torch.jit.is_tracing()  # type: ignore[attr-defined]
        or torch._C._len_torch_dispatch_stack() > 0
        or torch._C._are_functorch_transforms_active()
        or any(isinstance(a, Tensor) and type(a) not in (Tensor, torch.nn.Parameter) for a in flat)
    )
