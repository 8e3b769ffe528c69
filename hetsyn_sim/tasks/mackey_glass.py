"""The Mackey-Glass forecasting task: from x up to now, predict x a horizon later.

The equation has time units and a network has seconds: ``time_unit``, and nothing else, says how long a time unit is for the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ConfigError
from .delay_equation import PUBLISHED, MackeyGlass, steps_of, trajectory
from .forecast import SPLITS, Forecast

if TYPE_CHECKING:
    from ..spec.quantities import QuantityLike


def mackey_glass(
    n_train: int,
    n_validation: int = 0,
    n_test: int = 0,
    *,
    time_unit: QuantityLike,
    horizon: float,
    window: float = 100.0,
    stride: float | None = None,
    gap: float = 100.0,
    dt: float = 0.2,
    substeps: int = 1,
    transient: float = 1000.0,
    n_series: int = 1,
    seed: int = 0,
    equation: MackeyGlass = PUBLISHED,
) -> Forecast:
    """Windows of solutions, in the order of time: training, a gap, validation, a gap, test.

    No value of x that one split sees, be it as input or as target, is seen by another.

    Parameters
    ----------
    n_train, n_validation, n_test
        Windows of each split, in each solution.
    time_unit
        How long one time unit of the equation is for the network: a time, such as ``5 * ms`` or ``"5 ms"``. A number is in seconds.
    horizon, window, stride
        In time units, multiples of dt: how far ahead a target is, how long a window is, and how far the next begins after this one
        (None: at its end).
    gap
        Time units, at least, between the last target of a split and the first input of the next.
    dt
        Time step of the data in time units, of which ``equation.tau`` is a multiple. The network's is ``dt * time_unit``.
    substeps
        Steps of the solver in one of these.
    transient
        Time units, at least, that are solved and thrown away first.
    n_series, seed
        How many solutions; each has a constant history of its own, drawn from U(0.5, 1.5).

    Raises
    ------
    ConfigError
        If there are no training windows, or a time is not on the grid or negative.
    SpecError
        If ``time_unit`` is not a time.
    """
    from ..spec.quantities import to_si  # Brian2 owns the units and takes long to import; the command line imports this module

    unit = to_si(time_unit, "second", where="mackey_glass: time_unit")
    counts = dict(zip(SPLITS, (n_train, n_validation, n_test), strict=True))
    if (
        n_train < 1
        or min(counts.values()) < 0
        or min(n_series, substeps) < 1
        or not (0.0 <= gap < np.inf and 0.0 <= transient < np.inf and 0.0 < unit < np.inf)
    ):
        raise ConfigError(
            "this task can't be drawn",
            where="mackey_glass",
            got=f"{n_train}, {n_validation} and {n_test} windows, {n_series} series, {substeps} substeps, gap = {gap}, "
            f"transient = {transient}, time_unit = {unit} s",
            expected="at least one training window, series and substep, a gap and a transient of 0 or more, a positive time unit",
            remedy='give gap and transient in time units of the equation, and time_unit as a time, such as "5 ms"',
        )
    length, ahead, apart = (
        steps_of(name, value, dt)
        for name, value in (("window", window), ("horizon", horizon), ("stride", window if stride is None else stride))
    )
    starts, split, now = [], [], int(np.ceil(transient / dt))
    for name, n in counts.items():
        if n:
            starts += [now + k * apart for k in range(n)]
            split += [name] * n
            now = starts[-1] + length + ahead + int(np.ceil(gap / dt))
    histories = np.random.default_rng(seed).uniform(0.5, 1.5, n_series)
    x = trajectory(equation, histories, dt=dt / substeps, n_steps=(starts[-1] + length + ahead - 1) * substeps)[
        ::substeps
    ]  # (time, series)
    seen = np.array(starts) + np.arange(length)[:, None]  # (time, window) steps of one solution
    inputs, targets = (x[seen + shift].transpose(0, 2, 1).reshape(length, -1, 1) for shift in (0, ahead))  # (time, series x window, 1)
    splits = np.tile(split, n_series)
    trained = x[np.unique(np.concatenate([seen[:, :n_train], seen[:, :n_train] + ahead]))]
    mean, sd = float(trained.mean()), float(trained.std())
    return Forecast(
        dt=dt * unit,
        time_unit=unit,
        horizon=ahead * dt,
        inputs=(inputs - mean) / sd,
        targets=(targets - mean) / sd,
        series=np.repeat(np.arange(n_series), len(split)),
        starts=np.tile(starts, n_series),
        split=splits,
        mean=mean,
        sd=sd,
        equation=equation,
        info={
            "task": "Mackey-Glass",
            "seed": str(seed),
            "solver": f"RK4, {substeps} per step",
            "gap": f"{gap:g}",
            "transient": f"{transient:g}",
        },
    )
