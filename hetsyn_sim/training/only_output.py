"""A layer or a network for ``nn.Sequential``, which hands on one tensor and no state."""

from __future__ import annotations

from torch import Tensor, nn


class OnlyOutput(nn.Module):
    """Calls a :class:`~hetsyn_sim.training.layer.SpikingLayer`, stepped layer or :class:`~hetsyn_sim.training.network.Network` and leaves
    its state away, so that every call begins at rest.

    Parameters
    ----------
    module
        Whatever returns (output, state). It stays reachable as ``module``.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        """From (time, batch, pre) to (time, batch, post)."""
        out: Tensor = self.module(x)[0]
        return out
