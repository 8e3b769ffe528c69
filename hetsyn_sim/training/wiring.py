"""How feed-forward events reach the neurons of a layer: each through a synapse onto every neuron, or each onto a neuron of its own."""

from __future__ import annotations

from typing import Final, Protocol

from torch import Tensor

from ..kernels import exponential_filter, filter_carry, leaky_carry, leaky_filter


class Wiring(Protocol):
    """What a layer asks of its feed-forward synapses. w and rho are (post, pre), x is (time, batch, pre)."""

    def weigh(self, x: Tensor, w: Tensor) -> Tensor:
        """The sum of w times what arrives in each step, (time, batch, post)."""

    def filter(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None = None, tolerance: float | None = None) -> Tensor:
        """The same, of which rho is kept from step to step: :func:`hetsyn_sim.kernels.exponential_filter`."""

    def carry(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None) -> Tensor:
        """The state to hand to the next piece of time."""


class AllToAll:
    """A synapse from each source onto each neuron."""

    def weigh(self, x: Tensor, w: Tensor) -> Tensor:
        return x @ w.T

    def filter(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None = None, tolerance: float | None = None) -> Tensor:
        return exponential_filter(x, w, rho, carried, tolerance=tolerance)

    def carry(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None) -> Tensor:
        return filter_carry(x, w, rho, carried, delay=0)


class OneToOne:
    """Source k reaches neuron k alone. The spec of such a layer has one source, so that w is (post, 1); x is (time, batch, post)."""

    def weigh(self, x: Tensor, w: Tensor) -> Tensor:
        return x * w.reshape(-1)

    def filter(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None = None, tolerance: float | None = None) -> Tensor:
        return leaky_filter(self.weigh(x, w), rho, carried)

    def carry(self, x: Tensor, w: Tensor, rho: Tensor, carried: Tensor | None) -> Tensor:
        return leaky_carry(self.weigh(x, w), rho, carried, delay=0)


ALL_TO_ALL: Final[Wiring] = AllToAll()
ONE_TO_ONE: Final[Wiring] = OneToOne()
