"""Recurrent synapses outside of the time loop: derivatives of their decays, and what those that decay alike carry at the end."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..filters import filter_carry, spread_carry
from ..fused import filter_backward
from ..lags import powers


def late(z: Tensor, begin: Tensor, *, fresh: bool) -> Tensor:
    """The spikes that arrive in each step, (time, batch, pre). In a recording's first step none do."""
    return torch.cat([torch.zeros_like(begin)[None] if fresh else begin[None], z[:-1]])


class Synapses(NamedTuple):
    """States of one kind, each with its own decay, (post, pre), and what they carried when the piece began, (batch, post, pre)."""

    amplitude: Tensor
    decay: Tensor
    carried: Tensor
    fresh: bool
    decays_first: bool

    def gradients(self, g: Tensor, spikes: Tensor, of_end: Tensor | None) -> tuple[Tensor, Tensor]:
        """Of the amplitudes and the decays, from those of the sums, (time, batch, post), and of what is carried at the end."""
        arriving = self.amplitude if self.decays_first else self.amplitude * self.decay  # what is left of a spike as it is summed
        _, dw, drho = filter_backward(g, spikes, arriving.contiguous(), self.decay, False, True)
        n_steps = g.shape[0]
        if of_end is not None or bool(self.carried.any()):
            with torch.enable_grad():
                w, rho = arriving.detach().requires_grad_(), self.decay.detach().requires_grad_()
                total = g.new_zeros(())
                if self.carried.any():
                    spread = spread_carry(self.carried, rho, n_steps + 1)[0 if self.fresh else 1 :][:n_steps]
                    total = total + (spread * g).sum()
                if of_end is not None:
                    end = filter_carry(spikes, w, rho, None, delay=1) + self.carried * rho ** (n_steps - self.fresh)
                    total = total + (end * of_end).sum()
                more_w, more_rho = torch.autograd.grad(total, [w, rho], allow_unused=True)
            dw = dw if more_w is None else dw + more_w
            drho = drho if more_rho is None else drho + more_rho
        if self.decays_first:
            return dw, drho
        return dw * self.decay, drho + dw * self.amplitude


def shared_end(amplitude: Tensor, decay: Tensor, carried: Tensor, spikes: Tensor, *, fresh: bool, decays_first: bool) -> Tensor:
    """What synapses with one decay for each neuron, (post,), carry at the end, (batch, post, pre)."""
    n_steps = spikes.shape[0]
    # What decayed below eps^2 of a spike changes no sum: so many steps back are enough, and a long piece costs no long sum.
    slowest, least = float(decay.detach().max()), torch.finfo(decay.dtype).eps ** 2
    n = n_steps if slowest >= 1.0 else min(n_steps, math.ceil(math.log(least) / math.log(slowest)) if slowest > 0.0 else 1)
    weights = powers(decay, n).flip(0)  # (lag from the longest, post)
    arrived = torch.einsum("tj,tbi->bji", weights, spikes[n_steps - n :])
    left = amplitude if decays_first else amplitude * decay[:, None]
    return arrived * left + carried * decay[:, None] ** (n_steps - fresh)
