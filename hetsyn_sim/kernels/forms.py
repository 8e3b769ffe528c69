"""The form in which a projection's filter is computed where nobody has said: exact, or through shared decays where these cost less here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .backends import backend_for, is_chosen
from .costs import Kind, costs
from .expansion import find_nodes, tolerance_of_rounding

#: Of fewer steps, coefficients would cost more than the filter.
SHORTEST = 16


@dataclass(frozen=True)
class Form:
    """How the filter of a projection is computed in float32.

    Attributes
    ----------
    shared
        Whether through shared decays.
    n_steps
        Of the recordings for which it was chosen.
    """

    shared: bool
    n_steps: int

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Form:
        """From what :meth:`described` gives."""
        return cls(plain["form"] == "shared decays", int(plain["steps"]))

    def tolerance(self, n_pre: int, n_steps: int) -> float | None:
        """For a piece of time; None where it is to be exact."""
        return tolerance_of_rounding(n_pre, n_steps) if self.shared and n_steps >= SHORTEST else None

    def described(self, rho: Tensor) -> dict[str, Any]:
        """As plain data, with the tolerance and the nodes that decays (post, pre) have: for the record."""
        if not self.shared:
            return {"form": "exact", "steps": self.n_steps}
        tolerance = tolerance_of_rounding(rho.shape[1], self.n_steps)
        found = [find_nodes(rho.float(), self.n_steps, tolerance, slope=slope) for slope in (False, True)]
        nodes = [None if each is None else each.n for each in found]
        return {"form": "shared decays", "steps": self.n_steps, "tolerance": tolerance, "nodes": nodes[0], "nodes_backward": nodes[1]}


def chooses_form(w: Tensor, rho: Tensor) -> bool:
    """Whether there is a choice: in float32 on the CPU, with compiled kernels, and no back end named by use_backend."""
    return not is_chosen() and w.dtype == torch.float32 and backend_for(w, rho) == "fused"


def choose_form(kind: Kind, events: Tensor, rho: Tensor) -> Form:
    """The form that costs less on this machine for ``events`` (time, batch, pre) and decays (post, pre), forward and backward."""
    n_steps, n_batch, n_pre = events.shape
    exact = Form(False, n_steps)
    if n_steps < SHORTEST:
        return exact
    tolerance = tolerance_of_rounding(n_pre, n_steps)
    forward, backward = (find_nodes(rho, n_steps, tolerance, slope=slope) for slope in (False, True))
    if forward is None or backward is None:
        return exact
    shape, n, rate = (rho.shape[0], n_pre), n_steps * n_batch, float(torch.count_nonzero(events)) / events.numel()
    here = costs(kind)
    return Form(here.of_shared(shape, n, rate, forward.n + backward.n) < here.of_exact(shape, n), n_steps)
