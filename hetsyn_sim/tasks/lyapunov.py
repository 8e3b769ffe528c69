"""The largest Lyapunov exponent of a delay equation: how fast neighbouring solutions part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import ConfigError, positive
from .delay_equation import MackeyGlass, march, steps_of


@dataclass(frozen=True)
class LyapunovExponent:
    """A largest Lyapunov exponent as it was measured, per time unit.

    Attributes
    ----------
    value
        Mean over trajectories.
    error
        Standard error of that mean.
    """

    value: float
    error: float

    @property
    def time(self) -> float:
        """The Lyapunov time in time units, in which a small error grows by e; infinite where errors do not grow."""
        return 1.0 / self.value if self.value > 0.0 else float("inf")


def largest_exponent(
    equation: MackeyGlass,
    *,
    dt: float = 0.5,
    duration: float = 3000.0,
    transient: float = 1000.0,
    n_series: int = 64,
    seed: int = 0,
) -> LyapunovExponent:
    """The largest Lyapunov exponent, measured along solutions (Benettin et al. 1980, Meccanica 15:9; Farmer 1982, Physica D 4:366).

    The state of a delay equation is x over one delay. A deviation of that state follows the linearised equation along the solution, is
    scaled back to length 1 after every delay, and the mean logarithm of the factors per time unit is the exponent.

    Parameters
    ----------
    dt
        Time step in time units, a whole number of which make up the delay.
    duration, transient
        Time units over which growth is measured, and before that; both are rounded up to whole delays.
    n_series
        Trajectories, from constant histories drawn from U(0.5, 1.5), at least 2: their spread gives the error.
    seed
        Of histories and first deviations.

    Raises
    ------
    ConfigError
        If dt does not divide the delay, a time is not positive, or there are fewer than 2 trajectories.
    """
    for name, time in (("duration", duration), ("transient", transient)):
        positive(time, name, where=f"largest_exponent: {name}", remedy="give it in time units", error=ConfigError)
    if n_series < 2:
        raise ConfigError(
            "one trajectory has no spread",
            where="largest_exponent: n_series",
            got=repr(n_series),
            expected="at least 2",
            remedy="leave it out",
        )
    m = steps_of("tau", equation.tau, dt)
    rng = np.random.default_rng(seed)
    x = np.tile(rng.uniform(0.5, 1.5, n_series), (m + 1, 1))
    nodes = np.stack([x, rng.standard_normal(x.shape)], axis=1)  # (time, x and deviation, series)
    middles = (nodes[1:] + nodes[:-1]) / 2.0
    before, measured = (int(np.ceil(time / equation.tau)) for time in (transient, duration))
    growth = np.zeros(n_series)
    for k in range(before + measured):
        marched, between = march(equation.rate_with_tangent, nodes, middles, dt, m)
        nodes, middles = marched[m:], between[m:]
        length = np.sqrt((nodes[:, 1] ** 2).mean(axis=0))  # (series,)
        nodes[:, 1] /= length
        middles[:, 1] /= length
        if k >= before:
            growth += np.log(length)
    rates = growth / (measured * equation.tau)
    return LyapunovExponent(float(rates.mean()), float(rates.std(ddof=1) / np.sqrt(n_series)))
