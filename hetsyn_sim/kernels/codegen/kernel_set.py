"""The kernels of a layout, each compiled when it is first run."""

from __future__ import annotations

from functools import lru_cache

import torch

from .layout import Layout
from .loading import Loaded, load
from .source import backward_kernel, forward_kernel, v_is_state
from .steps import Steps, make_steps

_NUMBERS = {torch.float32: "float", torch.float64: "double"}


class KernelSet:
    """The kernels of a layout for one type of numbers. ``alias`` is the state that v is, if it is one."""

    def __init__(self, layout: Layout, dtype: torch.dtype) -> None:
        self.layout, self.dtype = layout, dtype
        self.steps: Steps = make_steps(layout)
        self.alias = v_is_state(self.steps)
        self._forward: Loaded | None = None
        self._backward: dict[tuple[int, tuple[int, ...]], Loaded] = {}

    def forward(self) -> Loaded:
        """The forward pass."""
        if self._forward is None:
            self._forward = load(forward_kernel(self.steps, _NUMBERS[self.dtype]))
        return self._forward

    def backward(self, surrogate: int, wanted: tuple[int, ...]) -> Loaded:
        """The backward pass for a surrogate (its place in ``SURROGATE_KERNELS``) and the constants whose derivatives are wanted."""
        key = surrogate, wanted
        if key not in self._backward:
            self._backward[key] = load(backward_kernel(self.steps, _NUMBERS[self.dtype], surrogate, wanted))
        return self._backward[key]


@lru_cache(maxsize=256)
def kernels_of(layout: Layout, dtype: torch.dtype) -> KernelSet:
    """The kernels of a layout."""
    return KernelSet(layout, dtype)
