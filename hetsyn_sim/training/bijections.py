"""How a bounded parameter is trained: an unconstrained number and a smooth, invertible map into the bounds.

Clamping is the exception, for two ways to train time constants: ``rho_clamped``, the decay itself, cut to [0, 1] after each step, as
HetSyn's authors do, and ``tau``, the time constant in seconds, held above its lower bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..discrete import is_time_constant
from ..errors import SpecError
from ..spec import ParameterSlot
from ..spec.quantities import dimensions_of, parse_unit
from ..spec.values import is_delay

Array = NDArray[np.float64]
#: How time constants are trained: as a logistic of log tau between their bounds, as a clamped decay (HetSyn's own way), or as tau itself.
TimeConstants = Literal["log_tau", "rho_clamped", "tau"]


class Bijection(Protocol):
    """A map between the raw number that the optimiser moves and the physical value in SI units."""

    def raw(self, value: Array) -> Array: ...

    def value(self, raw: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Identity:
    """No bounds, no map: the value, counted in ``unit`` (in SI units), so that a step of the optimiser is a part of the value's size."""

    unit: float = 1.0

    def raw(self, value: Array) -> Array:
        return value if self.unit == 1.0 else value / self.unit

    def value(self, raw: Tensor) -> Tensor:
        return raw if self.unit == 1.0 else raw * self.unit


@dataclass(frozen=True)
class Interval:
    """``low + (high - low) * sigmoid(raw)``."""

    low: float
    high: float

    def raw(self, value: Array) -> Array:
        return _logit((value - self.low) / (self.high - self.low))

    def value(self, raw: Tensor) -> Tensor:
        return self.low + (self.high - self.low) * torch.sigmoid(raw)


@dataclass(frozen=True)
class LogInterval:
    """The same on a log scale: ``log value`` runs over the bounds as a sigmoid. For time constants: equal steps are equal ratios."""

    low: float
    high: float

    def raw(self, value: Array) -> Array:
        return _logit(np.log(value / self.low) / math.log(self.high / self.low))

    def value(self, raw: Tensor) -> Tensor:
        return self.low * torch.exp(math.log(self.high / self.low) * torch.sigmoid(raw))


@dataclass(frozen=True)
class HalfLine:
    """``edge + unit*softplus(raw)``, downwards where ``unit`` is negative: values with a bound on one side, such as weights of one sign."""

    edge: float
    unit: float = 1.0

    def raw(self, value: Array) -> Array:
        away = np.maximum((value - self.edge) / self.unit, 1e-9)  # from the edge itself training could not move it
        raw: Array = away + np.log(-np.expm1(-away))
        return raw

    def value(self, raw: Tensor) -> Tensor:
        return self.edge + self.unit * torch.logaddexp(raw, torch.zeros_like(raw))


@dataclass(frozen=True)
class Lag:
    """A delay: :class:`Interval`, counted so that a step of the optimiser of 2e-3 is half a hundredth of it where it moves fastest.

    ``edge`` is the part of the interval by which a delay on a bound is moved inside, so that it can leave the bound again.
    """

    low: float
    high: float
    edge: float
    speed: float = 10.0

    def raw(self, value: Array) -> Array:
        return _logit((value - self.low) / (self.high - self.low), self.edge) / self.speed

    def value(self, raw: Tensor) -> Tensor:
        return self.low + (self.high - self.low) * torch.sigmoid(self.speed * raw)


@dataclass(frozen=True)
class RhoClamped:
    """The raw number is the decay ``rho = exp(-dt/tau)``. At rho = 0 or 1, tau is 0 or infinite; the bounds of tau do not apply."""

    dt: float

    def raw(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.exp(-self.dt / value)

    def value(self, raw: Tensor) -> Tensor:
        return self.dt / torch.log(raw).abs()  # rho = 1 is tau = +inf, and log 1 has no sign to give


@dataclass(frozen=True)
class Tau:
    """The raw number is the time constant in seconds, so that a step of the optimiser is one in seconds. The upper bound does not apply."""

    low: float

    def raw(self, value: Array) -> Array:
        return value

    def value(self, raw: Tensor) -> Tensor:
        return raw


def clamp_range(bijection: Bijection) -> tuple[float, float] | None:
    """Where the raw number has to be brought back to after a step of the optimiser; None for a smooth map, which no step can leave."""
    if isinstance(bijection, RhoClamped):
        return 0.0, 1.0
    return (bijection.low, math.inf) if isinstance(bijection, Tau) else None


def choose_bijection(
    slot: ParameterSlot, *, dt: float, time_constants: TimeConstants, starts: Callable[[], Array] | None = None
) -> Bijection:
    """The map for one trainable slot, from its bounds and its size.

    ``starts()`` are the values that the spec begins with. Without bounds, a value that has a unit counts in their root mean square, so that
    a learning rate means the same for weights of 60 pA as for weights of 1. A pure number counts as it is.
    """
    low, high = slot.parameter.si_bounds
    if is_delay(slot):
        return Lag(low, high, edge=min(1e-3, 0.1 * dt / (high - low)))  # less than what rounding to whole steps takes back
    if time_constants != "log_tau" and is_time_constant(slot):
        # a decay of exp(-100) is 0 in single precision, and from a time constant of 0 there is no gradient
        return RhoClamped(dt) if time_constants == "rho_clamped" else Tau(low if low > 0.0 else 1e-2 * dt)
    if math.isinf(low) or math.isinf(high):
        unit = float(parse_unit(slot.parameter.unit, where=slot.key))
        is_number = dimensions_of(slot.parameter.unit, where=slot.key).is_dimensionless
        size = 0.0 if starts is None or is_number else float(np.sqrt(np.mean(np.square(starts()))))
        unit = size if 0.0 < size < math.inf else unit
        return HalfLine(low, unit) if math.isfinite(low) else HalfLine(high, -unit) if math.isfinite(high) else Identity(unit)
    return LogInterval(low, high) if low > 0 else Interval(low, high)


def check_bounds(slot: ParameterSlot, value: NDArray[np.floating], bijection: Bijection) -> None:
    """Raise :class:`SpecError` if values, in SI units, are outside of the slot's bounds, as far as the map keeps to them."""
    low, high = slot.parameter.si_bounds
    if isinstance(bijection, RhoClamped):
        return
    if isinstance(bijection, Tau):
        low, high = bijection.low, math.inf
    # a value trained in float32 may be rounded across its bound
    slack = 1e-6 * (high - low if np.isfinite(high - low) else low if isinstance(bijection, Tau) else 0.0)
    outside = (value < low - slack) | (value > high + slack)
    if np.any(outside):
        raise SpecError(
            "a trainable value is outside of its bounds",
            where=slot.key,
            got=f"{float(np.min(value)):.6g} to {float(np.max(value)):.6g} in SI units, {int(np.sum(outside))} of {value.size} outside",
            expected=f"{low:.6g} to {high:.6g}",
            remedy='widen the bounds, or use trainable=False to evaluate, or time_constants="rho_clamped", to which they do not apply',
        )


def _logit(fraction: Array, edge: float = 1e-9) -> Array:
    # a value on its bound has an infinite logit, from which training could not move it; 1e-9 away it hardly differs
    inside = np.clip(fraction, edge, 1.0 - edge)
    logit: Array = np.log(inside) - np.log1p(-inside)
    return logit
