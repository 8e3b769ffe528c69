"""The Mackey-Glass equation, dx/dt = beta x(t - tau) / (1 + x(t - tau)^n) - gamma x, and its solutions.

Mackey and Glass 1977, Science 197:287. All times here are in time units of the equation, which are seconds of nothing in particular.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import ConfigError, positive

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MackeyGlass:
    """The equation with its numbers; chaotic as they stand here.

    Attributes
    ----------
    beta, gamma
        Rates of production and decay, per time unit.
    n
        Exponent, a pure number.
    tau
        Delay in time units.

    Raises
    ------
    ConfigError
        If one of them is not positive and finite.
    """

    beta: float = 0.2
    gamma: float = 0.1
    n: float = 10.0
    tau: float = 17.0

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            positive(getattr(self, name), name, where=f"MackeyGlass.{name}", remedy="give it in time units", error=ConfigError)

    def rate(self, x: Array, delayed: Array) -> Array:
        """The derivative dx/dt for x(t) and x(t - tau), per time unit."""
        return self.beta * delayed / (1.0 + delayed**self.n) - self.gamma * x

    def rate_with_tangent(self, state: Array, delayed: Array) -> Array:
        """The derivative of (x, a small deviation of x), stacked along the first axis: the equation, and the equation linearised."""
        x, deviation = state
        power = delayed[0] ** self.n
        slope = self.beta * (1.0 + (1.0 - self.n) * power) / (1.0 + power) ** 2
        return np.stack([self.rate(x, delayed[0]), slope * delayed[1] - self.gamma * deviation])


#: The numbers of the benchmark, with tau = 17.
PUBLISHED = MackeyGlass()


def trajectory(equation: MackeyGlass, history: ArrayLike, *, dt: float, n_steps: int) -> Array:
    """Solutions of the equation on a grid, by the classical Runge-Kutta method of fourth order.

    Parameters
    ----------
    history
        The constant that x is up to and including t = 0: a number above 0, or one for each solution, shape (series,).
    dt
        Time step in time units; ``equation.tau`` is a whole number of them.
    n_steps
        How many steps.

    Returns
    -------
    array, float64, shape (n_steps + 1, series)
        x at 0, dt, 2 dt and so on. The error at a given time is of order dt^4 as long as it has not grown by the chaos.

    Raises
    ------
    ConfigError
        If dt does not divide the delay, or a history or the number of steps makes no sense.
    """
    start = np.atleast_1d(np.asarray(history, dtype=np.float64))
    if start.ndim != 1 or not (np.isfinite(start).all() and (start > 0.0).all()) or n_steps < 1:
        raise ConfigError(
            "no solution can start like this",
            where="trajectory",
            got=f"history = {history!r}, n_steps = {n_steps!r}",
            expected="finite numbers above 0, one for each solution, and at least 1 step",
            remedy="give x up to t = 0, such as 1.2",
        )
    m = steps_of("tau", equation.tau, dt)
    x, _ = march(equation.rate, np.tile(start, (m + 1, 1)), np.tile(start, (m, 1)), dt, n_steps)
    return x[m:]


def steps_of(name: str, time: float, dt: float) -> int:
    """How many steps of ``dt`` make up a time.

    Raises
    ------
    ConfigError
        If it is not a whole number of them, at least one; the tolerance of 1e-9 steps is that of the division.
    """
    positive(dt, "dt", where="dt", remedy="give it in time units", error=ConfigError)
    steps = round(time / dt) if np.isfinite(time) else 0
    if steps < 1 or abs(time / dt - steps) > 1e-9 * steps:
        raise ConfigError(
            f"{name} is not on the grid",
            where=f"{name} = {time!r} time units, dt = {dt!r} time units",
            got=f"{time / dt:.9g} steps",
            expected="a whole number of steps, at least one",
            remedy=f"use dt = {time / max(1, np.ceil(time / dt)):.9g}, or another {name}"
            if np.isfinite(time) and time > 0.0
            else f"give a positive {name}",
        )
    return steps


def march(rate: Callable[[Array, Array], Array], nodes: Array, middles: Array, dt: float, n_steps: int) -> tuple[Array, Array]:
    """The state over the last delay, at the nodes of the grid (delay + 1, ...) and halfway between them (delay, ...), carried on.

    Runge-Kutta asks for the delayed value at both ends of a step, which are nodes, and in its middle, where a cubic Hermite interpolation
    of the nodes and their derivatives is right up to dt^4, as the method itself. Each middle is found when its step is done, so that the
    kink of x at t = 0, where the derivative jumps, lies between two interpolations and spoils neither.
    """
    m = len(middles)
    x = np.concatenate([nodes, np.empty((n_steps, *nodes.shape[1:]))])
    middle = np.concatenate([middles, np.empty((n_steps, *nodes.shape[1:]))])
    k1 = rate(x[m], x[0])
    for j in range(n_steps):  # from node k to k + 1; what is delayed goes from node j to j + 1
        k = m + j
        k2 = rate(x[k] + dt / 2.0 * k1, middle[j])
        k3 = rate(x[k] + dt / 2.0 * k2, middle[j])
        k4 = rate(x[k] + dt * k3, x[j + 1])
        x[k + 1] = x[k] + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        after = rate(x[k + 1], x[j + 1])
        middle[k] = (x[k] + x[k + 1]) / 2.0 + dt / 8.0 * (k1 - after)
        k1 = after
    return x, middle
