"""What a forecast without neurons is worth: the last value again, and a linear map of the last values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.tasks.forecast import Forecast

Array = NDArray[np.float64]

BASELINES = ("linear", "persistence")
#: Penalties that validation chooses from, in units of the variance of the series.
RIDGES = (1e-6, 1e-4, 1e-2)
#: Time units from one lag to the next.
_SPACING = 2.0


def persistence(task: Forecast) -> Array:
    """What is seen now, as forecast; (time, window)."""
    return np.array(task.inputs[:, :, 0])


def ridge(train: Forecast, validation: Forecast, test: Forecast, memory: float) -> Array:
    """A linear map of the values over the last ``memory`` time units, and an offset, by penalised least squares; (time, window).

    Steps of a window before it is ``memory`` old have no forecast: NaN.
    """
    maps = [_fitted(train, memory, penalty) for penalty in RIDGES]
    errors = [_error(_applied(weights, validation, memory), validation) for weights in maps]
    return _applied(maps[int(np.argmin(errors))], test, memory)


def _fitted(train: Forecast, memory: float, penalty: float) -> Array:
    x = _lagged(train, memory).reshape(-1, _lags(train, memory).size + 1)
    y = train.targets[_lags(train, memory)[-1] :, :, 0].reshape(-1)
    gram = x.T @ x + penalty * len(x) * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, x.T @ y), dtype=np.float64)


def _applied(weights: Array, task: Forecast, memory: float) -> Array:
    forecast = np.full(task.inputs.shape[:2], np.nan)
    forecast[_lags(task, memory)[-1] :] = _lagged(task, memory) @ weights
    return forecast


def _error(forecast: Array, task: Forecast) -> float:
    return float(np.nanmean((forecast - task.targets[:, :, 0]) ** 2))


def _lags(task: Forecast, memory: float) -> NDArray[np.int64]:
    """How many steps ago, from 0 to the last."""
    per_unit = task.time_unit / task.dt
    return np.arange(0, round(memory * per_unit) + 1, max(1, round(_SPACING * per_unit)))


def _lagged(task: Forecast, memory: float) -> Array:
    """Every lagged value and a 1, for every step that has them all: (time, window, lag + 1)."""
    lags, x = _lags(task, memory), task.inputs[:, :, 0]
    columns = [x[lags[-1] - lag : len(x) - lag] for lag in lags]
    return np.stack([*columns, np.ones_like(columns[0])], axis=-1)
