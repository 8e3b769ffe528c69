"""Surrogate derivatives: what replaces the derivative of a spike with respect to v - theta in the backward pass.

Each is a frozen record of its settings with one method, ``derivative(distance, theta)``, where ``distance`` is v - theta. ``kernel``
names the same formula in the compiled kernels; a class without it is as good, only slower.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..kernels import SurrogateDerivative
from .sections import built


@dataclass(frozen=True)
class Triangular:
    """``gamma * max(0, 1 - |(v - theta) / (zeta * theta)|)`` (Deng et al. 2025, HetSyn, App. B; Bellec et al. 2018)."""

    gamma: float = 1.0
    zeta: float = 1.0
    kernel: ClassVar[str] = "triangular"

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        return self.gamma * (1.0 - (distance / (self.zeta * theta)).abs()).clamp_min(0.0)


@dataclass(frozen=True)
class MultiGaussian:
    """Three Gaussians (Yin et al. 2021): ``gamma * [(1+h) N(x; 0, sd) - h N(x; sd, s sd) - h N(x; -sd, s sd)]``, N the normal density.

    ``height`` is h and ``scale`` is s; all four are pure numbers.

    The two wide ones make the derivative slightly negative far from the threshold. Used by HetSyn for classification.
    """

    gamma: float = 0.5
    sd: float = 0.5
    height: float = 0.15
    scale: float = 6.0
    kernel: ClassVar[str] = "multi_gaussian"

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        def normal(shift: float, sd: float) -> Tensor:
            return torch.exp(-0.5 * ((distance - shift) / sd) ** 2) / (sd * math.sqrt(2.0 * math.pi))

        wide = self.scale * self.sd
        side = normal(self.sd, wide) + normal(-self.sd, wide)
        return self.gamma * ((1.0 + self.height) * normal(0.0, self.sd) - self.height * side)


@dataclass(frozen=True)
class ArcTan:
    """``(alpha/2) / (1 + (pi alpha x / 2)^2)`` (Fang et al. 2021; used by STL-SNN, Sun et al. 2022, with alpha = 2)."""

    alpha: float = 2.0
    kernel: ClassVar[str] = "arctan"

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        return (0.5 * self.alpha) / (1.0 + (0.5 * math.pi * self.alpha * distance) ** 2)


@dataclass(frozen=True)
class Slayer:
    """``c alpha/2 exp(-alpha |x|)`` (Shrestha and Orchard 2018; alpha = 5, c = 0.4 in Baronig et al. 2025, SE-adLIF)."""

    alpha: float = 5.0
    c: float = 0.4
    kernel: ClassVar[str] = "slayer"

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        return (0.5 * self.c * self.alpha) * torch.exp(-self.alpha * distance.abs())


@dataclass(frozen=True)
class FastSigmoid:
    """``1 / (1 + slope |x|)^2`` (Zenke and Ganguli 2018, SuperSpike)."""

    slope: float = 10.0
    kernel: ClassVar[str] = "fast_sigmoid"

    def derivative(self, distance: Tensor, theta: Tensor) -> Tensor:
        return 1.0 / (1.0 + self.slope * distance.abs()) ** 2


#: Every surrogate by the name that a recipe calls it.
SURROGATES: Mapping[str, type[SurrogateDerivative]] = MappingProxyType(
    {"triangular": Triangular, "multi_gaussian": MultiGaussian, "arctan": ArcTan, "slayer": Slayer, "fast_sigmoid": FastSigmoid}
)


def get_surrogate(name: str, **settings: Any) -> SurrogateDerivative:
    """The surrogate called ``name`` with some of its settings changed.

    Raises
    ------
    UnknownNameError
        If there is no such surrogate, or no such setting.
    """
    return built(SURROGATES, "surrogate", name, settings)
