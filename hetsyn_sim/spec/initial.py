"""Initial values of parameters: small distributions, sampled from explicit seeds, written as plain text.

They are facts of a model or of an experiment, so they carry SI numbers and know nothing of torch or Brian2.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..errors import SpecError
from .grammar.guard import shown
from .quantities import QuantityLike, format_quantity, to_si


@runtime_checkable
class Initial(Protocol):
    """A distribution that a parameter starts from."""

    def resolve(self, unit: str, *, where: str) -> Initial:
        """The same distribution with every argument, given in ``unit``, as a checked SI number."""
        ...

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Values in SI units, of a ``shape`` whose last axis is the fan-in."""
        ...

    def to_text(self, unit: str) -> str:
        """Plain text that :func:`as_initial` reads back, with the arguments in ``unit``."""
        ...


class _Distribution:
    """What the distributions share: their arguments are quantities, and their text is ``name(a, b)``."""

    name: ClassVar[str]
    rule: ClassVar[str]

    @staticmethod
    def _is_valid(*arguments: float) -> bool:
        raise NotImplementedError

    def _arguments(self) -> tuple[QuantityLike, ...]:
        return tuple(vars(self).values())

    def resolve(self, unit: str, *, where: str) -> Initial:
        resolved = type(self)(*(to_si(a, unit, where=where) for a in self._arguments()))
        if not resolved._is_valid(*(float(a) for a in resolved._arguments())):
            raise SpecError(
                "an initial distribution has impossible arguments",
                where=where,
                got=resolved.to_text(unit),
                expected=self.rule,
                remedy="correct the arguments",
            )
        return resolved  # type: ignore[return-value]

    def to_text(self, unit: str) -> str:
        return f"{self.name}({', '.join(format_quantity(float(a), unit) for a in self._arguments())})"


@dataclass(frozen=True)
class Constant(_Distribution):
    """The same value everywhere."""

    name: ClassVar[str] = "constant"
    rule: ClassVar[str] = "a number"
    value: QuantityLike

    @staticmethod
    def _is_valid(value: float) -> bool:  # type: ignore[override]
        return not math.isnan(value)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return np.full(shape, float(self.value))


@dataclass(frozen=True)
class Uniform(_Distribution):
    """Uniform between ``low`` and ``high``."""

    name: ClassVar[str] = "uniform"
    rule: ClassVar[str] = "finite numbers, low <= high"
    low: QuantityLike
    high: QuantityLike

    @staticmethod
    def _is_valid(low: float, high: float) -> bool:  # type: ignore[override]
        return -math.inf < low <= high < math.inf

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.uniform(float(self.low), float(self.high), shape)


@dataclass(frozen=True)
class Normal(_Distribution):
    """Normal with mean ``mean`` and standard deviation ``sd``."""

    name: ClassVar[str] = "normal"
    rule: ClassVar[str] = "finite numbers, sd >= 0"
    mean: QuantityLike
    sd: QuantityLike

    @staticmethod
    def _is_valid(mean: float, sd: float) -> bool:  # type: ignore[override]
        return math.isfinite(mean) and 0.0 <= sd < math.inf

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.normal(float(self.mean), float(self.sd), shape)


@dataclass(frozen=True)
class OverFanIn(_Distribution):
    """What is scaled by ``gain / sqrt(fan_in)``; the fan-in is the last axis (pre)."""

    rule: ClassVar[str] = "a finite number >= 0"
    gain: QuantityLike

    @staticmethod
    def _is_valid(gain: float) -> bool:  # type: ignore[override]
        return 0.0 <= gain < math.inf

    def _scale(self, shape: tuple[int, ...]) -> float:
        return float(self.gain) / math.sqrt(shape[-1])


@dataclass(frozen=True)
class FanInNormal(OverFanIn):
    """Normal with mean 0 and standard deviation ``gain / sqrt(fan_in)``."""

    name: ClassVar[str] = "fan_in_normal"

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.normal(0.0, self._scale(shape), shape)


@dataclass(frozen=True)
class FanInUniform(OverFanIn):
    """Uniform between ``-gain / sqrt(fan_in)`` and ``gain / sqrt(fan_in)``; with gain 1 as torch's linear layers and convolutions begin."""

    name: ClassVar[str] = "fan_in_uniform"

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return rng.uniform(-self._scale(shape), self._scale(shape), shape)


@dataclass(frozen=True)
class Samples(_Distribution):
    """A time course of ``n`` samples, ``dt`` apart, which is 0 until values are given."""

    name: ClassVar[str] = "samples"
    rule: ClassVar[str] = "a whole number of samples, and a time above 0 s between them"
    n: QuantityLike
    dt: QuantityLike

    @staticmethod
    def _is_valid(n: float, dt: float) -> bool:  # type: ignore[override]
        return n >= 1.0 and n == int(n) and 0.0 < dt < math.inf

    def resolve(self, unit: str, *, where: str) -> Initial:
        resolved = Samples(to_si(self.n, "1", where=where), to_si(self.dt, "second", where=where))
        if not self._is_valid(float(resolved.n), float(resolved.dt)):
            got = f"{float(resolved.n):g} samples, {float(resolved.dt):g} s apart"
            raise SpecError("this is no time course", where=where, got=got, expected=self.rule, remedy="correct the arguments")
        return resolved

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return np.zeros(shape)

    def to_text(self, unit: str) -> str:
        return f"{self.name}({int(float(self.n))}, {format_quantity(float(self.dt), 'second')})"


_BY_NAME: dict[str, Any] = {cls.name: cls for cls in (Constant, Uniform, Normal, FanInNormal, FanInUniform, Samples)}
_CALL = re.compile(r"^\s*(\w+)\((.*)\)\s*$")
#: Characters of a distribution with its arguments.
_MAX_CALL = 200


def as_initial(value: Initial | QuantityLike, unit: str, *, where: str) -> Initial:
    """A distribution from a distribution, from text such as ``"uniform(5 ms, 20 ms)"``, or from one value (a constant)."""
    if isinstance(value, str) and len(value) <= _MAX_CALL and (match := _CALL.match(value)) is not None:
        kind = _BY_NAME.get(match.group(1))
        arguments = [a for a in match.group(2).split(",") if a.strip()]
        if kind is None or len(arguments) != len(fields(kind)):
            raise SpecError(
                "unknown initial distribution",
                where=where,
                got=shown(value),
                expected="one of " + ", ".join(f"{n}({', '.join(f.name for f in fields(c))})" for n, c in _BY_NAME.items()),
                remedy="use one of these with all its arguments",
            )
        value = kind(*arguments)
    if not isinstance(value, Initial):
        value = Constant(value)
    return value.resolve(unit, where=where)
