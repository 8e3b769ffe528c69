"""What is trained in the benchmarks: four networks, each with its input, initial values and loss, the same for every implementation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hetsyn_sim.spec import NetworkSpec

#: Recurrence at full strength would let the homogeneous networks, which start from the same weights, run away.
RECURRENT_GAIN = 0.5


@dataclass(frozen=True)
class Shape:
    """One network with one kind of input.

    ``rate`` is the probability of a spike per channel and step, or of a non-zero value if ``analogue``. ``gains`` scale the initial weights
    onto each hidden layer, so that its neurons fire at a few per cent; an activity far from that would make the sparse implementations look
    better, or worse, than they are.
    """

    name: str
    n_input: int
    hidden: tuple[int, ...]
    recurrent: bool
    n_output: int
    n_steps: int
    n_batch: int
    rate: float
    dt_ms: float
    gains: tuple[float, ...]
    analogue: bool = False

    @property
    def label(self) -> str:
        """As in the literature: 700-128r-64r-20."""
        mark = "r" if self.recurrent else ""
        return "-".join([str(self.n_input), *(f"{n}{mark}" for n in self.hidden), str(self.n_output)])

    @property
    def projections(self) -> list[tuple[int, int, bool]]:
        """(post, pre, whether dL/dx is needed) of every projection: the gradient with respect to the network's input is not."""
        sizes = (self.n_input, *self.hidden, self.n_output)
        found = [(post, pre, k > 0) for k, (pre, post) in enumerate(pairwise(sizes))]
        return found + [(n, n, True) for n in self.hidden if self.recurrent]

    @property
    def synapse_steps(self) -> int:
        """How often a synapse is advanced by one step in a forward pass: batch x time x synapses."""
        return self.n_batch * self.n_steps * sum(post * pre for post, pre, _ in self.projections)

    def nominal_fma(self, time_constants: bool) -> int:
        """Multiply-adds of a training step if nothing is skipped: one per synapse-step forward, one backward for its weight, one for its
        time constant where it has one, and one for dL/dx where that is needed."""
        each = [post * pre * (2 + time_constants + wanted) for post, pre, wanted in self.projections]
        return self.n_batch * self.n_steps * sum(each)

    @property
    def materialised_mib(self) -> float:
        """What autograd keeps at least if the state of each synapse is saved at each step, in float32."""
        return 4 * self.synapse_steps / 2**20

    def changed(self, **changes: Any) -> Shape:
        return replace(self, **changes)

    def quick(self) -> Shape:
        """Shorter and with a smaller batch: for a first look, not for the record."""
        return self.changed(n_steps=self.n_steps // 5, n_batch=max(1, self.n_batch // 4))

    def small(self) -> Shape:
        """The same structure at a size at which naive autograd in float64 takes a moment, and busy, so that no gradient is zero.

        It still has more synapses per neuron than an expansion has terms, and sparse input: else there is nothing to gain by it.
        """
        hidden = tuple(40 + 8 * k for k in range(len(self.hidden), 0, -1))
        return self.changed(
            n_input=min(self.n_input, 128),
            hidden=hidden,
            n_output=min(self.n_output, 5),
            n_steps=60,
            n_batch=3,
            rate=self.rate if self.analogue else 0.015,
            gains=self.gains if self.analogue else tuple(6.0 for _ in hidden),
        )

    # -- the network, its input, its loss ----------------------------------------------------------------------------

    def spec(self) -> NetworkSpec:
        from hetsyn_sim.models import HetSynLIF, LeakyReadout
        from hetsyn_sim.spec import Layer, NetworkSpec

        layers = [Layer(HetSynLIF, n, recurrent=self.recurrent) for n in self.hidden]
        return NetworkSpec(f"{self.dt_ms:g} ms", self.n_input, layers, Layer(LeakyReadout, self.n_output))

    def values(self) -> dict[str, NDArray[np.float64]]:
        """The initial values that all implementations start from, in SI units by slot key."""
        values = self.spec().initial_values(seed=0)
        for k, gain in enumerate(self.gains, start=1):
            values[f"layer_{k}.feedforward.w"] *= gain
            if self.recurrent:
                values[f"layer_{k}.recurrent.w"] *= RECURRENT_GAIN
        return values

    def batch(self, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """Input (time, batch, channel) and target: classes, or a trace where there is a single output unit."""
        generator = torch.Generator().manual_seed(0)
        size = (self.n_steps, self.n_batch, self.n_input)
        x = (torch.rand(size, generator=generator) < self.rate).to(dtype)
        if self.analogue:
            x = x * torch.rand(size, generator=generator).to(dtype)
        if self.n_output == 1:
            time = torch.arange(self.n_steps, dtype=dtype) * (self.dt_ms / 500)
            return x, torch.sin(time).reshape(-1, 1, 1).expand(-1, self.n_batch, 1).contiguous()
        return x, torch.randint(self.n_output, (self.n_batch,), generator=generator)

    def loss(self, out: Tensor, target: Tensor) -> Tensor:
        """Cross entropy on the sum of softmax over time. A softmax of one unit is constant, so a trace is fitted by least squares."""
        if self.n_output == 1:
            return functional.mse_loss(out, target)
        from hetsyn_sim.training.losses import sum_of_softmax

        return functional.cross_entropy(sum_of_softmax(out), target)


#: Spiking Heidelberg Digits, sequential MNIST pixel by pixel, pattern generation, and one wide layer.
SHAPES = {
    shape.name: shape
    for shape in (
        Shape("shd", 700, (128, 64), True, 20, 250, 32, 0.015, 4, (2.8, 3.0)),
        Shape("smnist", 1, (128, 64), True, 10, 784, 32, 0.2, 1, (1.5, 1.4), analogue=True),
        Shape("pattern", 100, (100,), False, 1, 2000, 1, 0.02, 1, (4.0,)),
        Shape("wide", 700, (1024,), False, 20, 250, 8, 0.015, 4, (2.8,)),
    )
}

#: Two of them with other batches; what a recording costs in a product of matrices depends on how many there are.
BATCHES = {
    f"{name}-{batch}": SHAPES[name].changed(name=f"{name}-{batch}", n_batch=batch)
    for name, batches in {"shd": (8, 128, 256), "wide": (32, 128, 256)}.items()
    for batch in batches
}
