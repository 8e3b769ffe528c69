"""What a forecast without spiking neurons is worth: the last value again, a linear map, random features of the past, an echo-state network.

All but the first are ridge regressions on what they make of the last values. Validation chooses the penalty, and what else they have to
choose; the test windows are seen once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from hetsyn_sim.tasks.forecast import Forecast

Array = NDArray[np.float64]
#: Features of every counted step of a task, (time, window, feature).
Features = Callable[[Forecast], Array]

#: Penalties that validation chooses from, in units of the variance of the series.
RIDGES: Final = (1e-6, 1e-4, 1e-2)
#: The same for features of which there are hundreds, whose small products carry the forecast.
_FINE_RIDGES: Final = (1e-10, 1e-8, 1e-6, 1e-4)
#: Time units from one lag of the linear map to the next.
_SPACING: Final = 2.0
#: Random features: principal components of the past, cosines of them, and widths that validation chooses from.
_N_COMPONENTS, _N_COSINES = 10, 1200
_WIDTHS: Final = (0.125, 0.25, 0.5)
#: Echo-state network: units, and (spectral radius, leak) that validation chooses from.
_N_UNITS: Final = 300
_RESERVOIRS: Final = ((0.9, 0.1), (0.9, 0.3), (1.2, 0.1), (1.2, 0.3))
#: Steps that the two of these learn from.
_N_POINTS: Final = 20_000


def persistence(task: Forecast) -> Array:
    """What is seen now, as forecast; (time, window)."""
    return np.array(task.inputs[:, :, 0])


def ridge(train: Forecast, validation: Forecast, test: Forecast, memory: float) -> Array:
    """A linear map of the values over the last ``memory`` time units, and an offset, by penalised least squares; (time, window).

    Steps of a window before it is ``memory`` old have no forecast: NaN. So it is for the other two.
    """
    return _best([partial(_lagged, memory=memory, spacing=_SPACING)], RIDGES, train, validation, test)


def random_features(train: Forecast, validation: Forecast, test: Forecast, memory: float, seed: int) -> Array:
    """The same of cosines of random projections of the last ``memory`` time units (Rahimi and Recht 2007); (time, window)."""
    rng = np.random.default_rng([seed, 2])
    past = partial(_lagged, memory=memory, spacing=train.dt / train.time_unit)
    seen = past(train)[..., :-1].reshape(-1, past(train[:1]).shape[-1] - 1)
    mean = seen.mean(axis=0)
    sizes, directions = linalg.eigh(np.cov(seen - mean, rowvar=False))
    components = directions[:, ::-1][:, :_N_COMPONENTS] / np.sqrt(sizes[::-1][:_N_COMPONENTS])
    projections, phases = rng.standard_normal((_N_COMPONENTS, _N_COSINES)), rng.uniform(0.0, 2.0 * np.pi, _N_COSINES)

    def cosines(task: Forecast, width: float) -> Array:
        return _with_offset(np.cos((past(task)[..., :-1] - mean) @ components @ (width * projections) + phases))

    return _best([partial(cosines, width=width) for width in _WIDTHS], _FINE_RIDGES, _some(train, memory, rng), validation, test)


def echo_state(train: Forecast, validation: Forecast, test: Forecast, memory: float, seed: int) -> Array:
    """The same of a random recurrent network of leaky tanh units that is not trained (Jaeger 2001); (time, window).

    It begins at rest with each window, and its first ``memory`` time units are not counted.
    """
    rng = np.random.default_rng([seed, 3])
    recurrent = rng.standard_normal((_N_UNITS, _N_UNITS)) * (rng.random((_N_UNITS, _N_UNITS)) < 0.1)
    recurrent /= np.abs(linalg.eigvals(recurrent)).max()
    into, bias = rng.uniform(-0.5, 0.5, _N_UNITS), rng.uniform(-0.5, 0.5, _N_UNITS)

    def states(task: Forecast, radius: float, leak: float) -> Array:
        x, state = task.inputs[:, :, 0], np.zeros((len(task), _N_UNITS))
        kept = np.empty((len(x), len(task), _N_UNITS))
        for step, value in enumerate(x):
            state = (1.0 - leak) * state + leak * np.tanh(state @ (radius * recurrent) + np.outer(value, into) + bias)
            kept[step] = state
        return _with_offset(kept[_memory_steps(task, memory) :])

    maps = [partial(states, radius=radius, leak=leak) for radius, leak in _RESERVOIRS]
    return _best(maps, _FINE_RIDGES, _some(train, memory, rng), validation, test)


#: Name in the table -> forecast of the test windows: (training, validation, test, memory in time units, seed).
BASELINES: Final[dict[str, Callable[[Forecast, Forecast, Forecast, float, int], Array]]] = {
    "linear": lambda train, validation, test, memory, seed: ridge(train, validation, test, memory),
    "persistence": lambda train, validation, test, memory, seed: persistence(test),
    "random features": random_features,
    "echo state": echo_state,
}


def _best(maps: Sequence[Features], penalties: tuple[float, ...], train: Forecast, validation: Forecast, test: Forecast) -> Array:
    """What the map and the penalty with the lowest error on validation forecast of the test windows."""
    fits = [
        (_error(weights, features, validation), k, weights)
        for k, features in enumerate(maps)
        for weights in _fits(features, penalties, train)
    ]
    _, k, weights = min(fits, key=lambda fit: fit[:2])
    made = maps[k](test) @ weights
    return np.concatenate([np.full((len(test.inputs) - len(made), len(test)), np.nan), made])


def _fits(features: Features, penalties: tuple[float, ...], train: Forecast) -> Iterator[Array]:
    made = features(train)
    x, y = made.reshape(-1, made.shape[-1]), train.targets[-len(made) :, :, 0].reshape(-1)
    gram, moments = x.T @ x, x.T @ y
    for penalty in penalties:
        yield np.asarray(linalg.solve(gram + penalty * len(x) * np.eye(len(gram)), moments, assume_a="pos"))


def _error(weights: Array, features: Features, task: Forecast) -> float:
    made = features(task) @ weights
    return float(np.mean((made - task.targets[-len(made) :, :, 0]) ** 2))


def _some(train: Forecast, memory: float, rng: np.random.Generator) -> Forecast:
    """Windows drawn so that they have some :data:`_N_POINTS` counted steps, or all."""
    counted = len(train.inputs) - _memory_steps(train, memory)
    return train[rng.permutation(len(train))[: -(-_N_POINTS // counted)]]


def _memory_steps(task: Forecast, memory: float) -> int:
    return round(memory * task.time_unit / task.dt)


def _lagged(task: Forecast, memory: float, spacing: float) -> Array:
    """Every lagged value and a 1, for every step that has them all: (time, window, lag + 1)."""
    lags = np.arange(0, _memory_steps(task, memory) + 1, max(1, round(spacing * task.time_unit / task.dt)))
    x = task.inputs[:, :, 0]
    return _with_offset(np.stack([x[lags[-1] - lag : len(x) - lag] for lag in lags], axis=-1))


def _with_offset(features: Array) -> Array:
    return np.concatenate([features, np.ones((*features.shape[:-1], 1))], axis=-1)
