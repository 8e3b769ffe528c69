"""First derivatives alone, and backwards, where a backward is written by hand: others are refused with a message, and never wrong.

torch's own ``once_differentiable`` lets a second derivative pass where the gradient that comes in does not depend on anything, as that of a
sum; what it then gives lacks the terms through saved values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.autograd import forward_ad

from ..errors import BackendError


def refuse_second(ctx: Any, *gradients: Tensor) -> NoReturn:
    """Raise a BackendError; the backward of an operator that is a backward itself."""
    raise BackendError(
        "there is no second derivative",
        where="backward of a spiking layer",
        got="a derivative of gradients (create_graph=True)",
        expected="first derivatives: that of a spike is a surrogate, which has no second one that would mean anything",
        remedy="leave out the penalty on gradients, or take the difference of gradients at two places",
    )


def refuse_forward(arguments: Iterable[Any]) -> None:
    """Raise a BackendError if a tensor has a tangent: a kernel would drop it, and the derivative would be 0 without a word."""
    # the level is -1 outside of forward mode, so that a call costs no more than this comparison
    if forward_ad._current_level >= 0 and any(isinstance(a, Tensor) and forward_ad.unpack_dual(a).tangent is not None for a in arguments):
        raise BackendError(
            "there is no forward derivative",
            where="a compiled kernel of a spiking layer",
            got="a tensor with a tangent (torch.func.jvp, torch.autograd.forward_ad)",
            expected="derivatives by backward",
            remedy="use torch.autograd.grad, and for a derivative along a direction the product of it with the direction",
        )


class _Once(torch.autograd.Function):
    """Gradients as they are, which can't be differentiated again."""

    @staticmethod
    def forward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        return tuple(gradient.view_as(gradient) for gradient in gradients)

    backward = staticmethod(refuse_second)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate the backward of a ``torch.autograd.Function`` that is written for first derivatives."""

    @wraps(backward)
    def once(ctx: Any, *arguments: Any) -> Any:
        with torch.no_grad():
            gradients = backward(ctx, *arguments)
        if not torch.is_grad_enabled():
            return gradients
        several = gradients if isinstance(gradients, tuple) else (gradients,)
        wanted = [gradient.detach().requires_grad_() for gradient in several if gradient is not None]
        refused = iter(_Once.apply(*wanted) if wanted else ())
        marked = tuple(None if gradient is None else next(refused) for gradient in several)
        return marked if isinstance(gradients, tuple) else marked[0]

    return once
