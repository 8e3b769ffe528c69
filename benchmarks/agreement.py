"""Before anything is timed: ours and the materialised network are the same function, value and gradients, in float64 at a small size."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from hetsyn_sim.training.modules import default_dtype

from .implementations import Ours, back_end
from .materialised import Materialised
from .shapes import Shape

#: Relative to the largest entry of each gradient. Exact back ends differ by the order of sums; the expansion is an approximation by design.
TOLERANCES = {"expansion": 1e-4}
EXACT = 1e-9


@dataclass(frozen=True)
class Agreement:
    """Differences between a back end and the materialised network, and whether they are small enough to time it."""

    implementation: str
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
            f"{self.implementation} and materialised are {verdict} at {self.shape} in float64: loss within {self.loss_difference:.1e}, "
            f"gradients within {self.gradient_difference:.1e}, {self.hidden_spikes} hidden spikes"
        )


def compare(name: str, shape: Shape) -> Agreement:
    """Loss and every gradient of a back end of ours against naive autograd."""
    shape = shape.small()
    values = shape.values()
    x, target = shape.batch(torch.float64)
    oracle = Materialised(shape, values, torch.float64)
    out, spikes = oracle(x)
    expected = shape.loss(out, target)
    expected.backward()
    with back_end(name), default_dtype(torch.float64):
        ours = Ours(shape, values)
        loss = shape.loss(ours(x)[0], target)
        loss.backward()
    differences = []
    for key, parameter in _raw(ours).items():
        wanted = oracle.raw[key].grad
        assert wanted is not None
        assert parameter.grad is not None
        differences.append(float((parameter.grad - wanted).abs().max() / wanted.abs().max().clamp_min(1e-300)))
    of_loss = abs(loss.item() - expected.item()) / abs(expected.item())
    return Agreement(name, shape.name, of_loss, max(differences), int(sum(z.sum().item() for z in spikes)))


def _raw(ours: Ours) -> dict[str, torch.nn.Parameter]:
    """Trained parameters by slot key, as the materialised network calls them."""
    return {name.rsplit(".", 1)[1]: parameter for name, parameter in ours.network.named_parameters()}
