"""Before anything is timed: ours and the materialised network are the same function, value and gradients, at a small size, and so are the
homogeneous networks in JAX and in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hetsyn_sim.training.modules import default_dtype

from . import jax_process
from .homogeneous import Homogeneous
from .implementations import Ours, back_end
from .materialised import Materialised
from .shapes import Shape

#: Relative to the largest entry of each gradient. Exact back ends differ by the order of sums; the expansion is an approximation by design.
#: The default is compared in float32, for which it is chosen: rounding, u (n + 3 T + 32) of docs/claim.md, is 2e-5 at this size, forward.
TOLERANCES = {"expansion": 1e-4, "default": 1e-4}
EXACT = 1e-9
#: Of the one step of AdamW: the weights have to change by more than the tolerance.
LR = 1e-2


@dataclass(frozen=True)
class Agreement:
    """Differences between an implementation and the one that it has to be, and whether they are small enough to time it."""

    implementation: str
    oracle: str
    shape: str
    loss_difference: float
    gradient_difference: float
    hidden_spikes: int

    @property
    def holds(self) -> bool:
        tolerance = TOLERANCES.get(self.implementation, EXACT)
        # without spikes the recurrent and the outer gradients are zero, and zeros agree
        return self.hidden_spikes > 0 and self.loss_difference <= tolerance and self.gradient_difference <= tolerance

    def __str__(self) -> str:
        verdict = "the same" if self.holds else "NOT THE SAME"
        return (
            f"{self.implementation} and {self.oracle} are {verdict} at {self.shape}: loss within {self.loss_difference:.1e}, "
            f"gradients within {self.gradient_difference:.1e}, {self.hidden_spikes} hidden spikes"
        )


def compare(name: str, shape: Shape) -> Agreement:
    """Loss and every gradient: a back end of ours against naive autograd, ``jax`` against ``homogeneous``."""
    return _of_jax(shape.small()) if name == "jax" else _of_ours(name, shape.small())


def _of_ours(name: str, shape: Shape) -> Agreement:
    values = shape.values()
    x, target = shape.batch(torch.float64)
    oracle = Materialised(shape, values, torch.float64)
    out, spikes = oracle(x)
    expected = shape.loss(out, target)
    expected.backward()
    dtype = torch.float32 if name == "default" else torch.float64
    with back_end(name), default_dtype(dtype):
        ours = Ours(shape, values)
        out, _ = ours(x.to(dtype))
        loss = shape.loss(out.double(), target)
        loss.backward()
    differences = [_difference(parameter.grad, oracle.raw[key].grad) for key, parameter in _raw(ours).items()]
    return _agreement((name, "materialised", shape.name), loss.item(), expected.item(), differences, spikes)


def _of_jax(shape: Shape) -> Agreement:
    """The weights after a step of AdamW count as gradients do."""
    oracle = Homogeneous(shape, shape.values()).double()
    optimiser = torch.optim.AdamW(oracle.parameters(), lr=LR)
    x, target = shape.batch(torch.float64)
    out, spikes = oracle(x)
    expected = shape.loss(out, target)
    expected.backward()
    optimiser.step()
    found = jax_process.gradients("jax", jax_process.problem(shape, "float64", LR))
    differences = []
    for key, parameter in oracle.by_key().items():
        differences += [
            _difference(torch.as_tensor(found["gradients"][key]), parameter.grad),
            _difference(torch.as_tensor(found["weights"][key]), parameter.detach()),
        ]
    return _agreement(("jax", "homogeneous", shape.name), found["loss"], expected.item(), differences, spikes)


def _difference(found: Tensor | None, wanted: Tensor | None) -> float:
    """The largest, relative to the largest entry."""
    assert found is not None
    assert wanted is not None
    return float((found - wanted).abs().max() / wanted.abs().max().clamp_min(1e-300))


def _agreement(
    names: tuple[str, str, str], found: float, expected: float, differences: Sequence[float], spikes: Sequence[Tensor]
) -> Agreement:
    of_loss = abs(found - expected) / abs(expected)
    return Agreement(*names, of_loss, max(differences), int(sum(z.sum().item() for z in spikes)))


def _raw(ours: Ours) -> dict[str, torch.nn.Parameter]:
    """Trained parameters by slot key, as the materialised network calls them."""
    return {name.rsplit(".", 1)[1]: parameter for name, parameter in ours.network.named_parameters()}
