"""v of a population from spikes that are given, in float64, with a bound of its error that is proved and not estimated.

An event of size a that has decayed c times is computed as ``a (1 + d_1) ... (1 + d_k) rho^c``: at most T products and T + n additions round
it, each by a factor within 1 +- u, u = 2^-53; the decay differs from the real one by a factor within 1 +- e, c <= T times. Because
(1 + u)^k (1 + e)^T <= exp(s) with s = k u + T e, and exp(s) - 1 <= s + s^2 for s <= 1, the sum of all events is wrong by at most::

    bound = sum of |a| m (s + s^2),    m = min(number of spikes, 1/(1 - rho)) >= the sum of rho^c over the spikes,

whatever order additions are made in, and whatever is fused with what. Nothing of second order is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray

from ...data.recording import Raster, Recording
from .intervals import Interval
from .paths import EventPath, Sum

Array = NDArray[np.float64]
#: An expression with its numbers -> an interval that holds its real value.
Enclose = Callable[[sympy.Expr, Any], Interval]

#: Unit roundoff.
_U: Final = 2.0**-53
#: Roundings of an event that are none of those counted one by one: its size, the first addition, an aged arrival, the sum over paths.
_FURTHER: Final = 8
#: Bounds are computed in float64 themselves: from positive numbers, so with a relative error far below this.
_SAFE: Final = 1.0 + 2.0**-30
#: A product that underflows loses at most the smallest normal number, also where a library flushes to zero.
_SMALLEST: Final = 2.0**-1021
#: Decays below this are taken as 0: relative errors of what underflows have no bound.
_NO_DECAY: Final = 2.0**-900
#: Synapses that are stepped at once: their states stay in the processor's cache.
_AT_ONCE: Final = 2**15


class _Numbers(NamedTuple):
    """Numbers of a path. ``size`` and ``decay`` are within ``size_error`` (absolute) and ``decay_error`` (relative) of the real ones."""

    size: Array
    size_error: Array
    largest_size: Array
    decay: Array
    decay_error: Array
    largest_decay: Array


def voltages(of: Sum, recording: Recording, enclose: Enclose) -> tuple[Array, Array]:
    """v (time, run, post) from the spikes of a recording, and a bound (run, post) of its error in all steps, in the unit of v."""
    n_steps, n_runs = recording.n_steps, recording.n_runs
    v, bound = np.zeros((n_steps, n_runs, of.size)), np.zeros((n_runs, of.size))
    for path in of.paths:
        numbers = _numbers(path, enclose)
        raster = recording.rasters[path.source]
        _add_events(v, path, numbers, raster)
        bound += _error(path, numbers, raster, n_roundings=2 * n_steps + of.n_terms + len(of.paths) + _FURTHER)
    return v, bound * _SAFE


def distances(of: Sum, recording: Recording, enclose: Enclose) -> tuple[Array, Array]:
    """v - theta (time, run, post), and a bound (run, post) of its error; the bound is infinite or NaN where nothing is known."""
    v, bound = voltages(of, recording, enclose)
    low, high = (np.broadcast_to(end, (of.size, 1))[:, 0] for end in enclose(of.theta, of.own))
    # the difference is rounded once: by at most u times the larger of what is taken from each other, twice
    largest = np.abs(v).max(axis=0) + np.maximum(np.abs(low), np.abs(high))
    return v - low, (bound + (high - low) + 2 * _U * largest) * _SAFE


def _numbers(path: EventPath, enclose: Enclose) -> _Numbers:
    low, high = (np.broadcast_to(end, (path.n_post, path.n_pre)) * path.connected for end in enclose(path.size, path.values))
    size = np.clip(low + 0.5 * (high - low), low, high)
    slow, fast = map(np.atleast_2d, enclose(path.decay, path.values))
    nothing = fast < _NO_DECAY
    decay = np.where(nothing, 0.0, np.clip(slow + 0.5 * (fast - slow), slow, fast))
    with np.errstate(divide="ignore", invalid="ignore"):
        decay_error = np.where(nothing, 0.0, np.where(slow > 0, np.maximum(fast - decay, decay - slow) / slow, np.inf))
    return _Numbers(size, np.maximum(high - size, size - low), np.maximum(np.abs(low), np.abs(high)), decay, decay_error * _SAFE, fast)


def _error(path: EventPath, numbers: _Numbers, raster: Raster, n_roundings: int) -> Array:
    """The bound of one path's part of v, (run, post)."""
    n_steps, n_runs, _ = raster.shape
    rho = numbers.largest_decay
    with np.errstate(all="ignore"):
        s = n_roundings * _U + n_steps * numbers.decay_error
        share = np.where(s <= 1, s + s * s, np.inf)
        grown = np.where(rho > 1, np.power(np.maximum(rho, 1.0), n_steps), 1.0) * _SAFE
        memory = np.where(rho < 1, 1.0 / (1.0 - rho), np.inf) * _SAFE
        per_spike = numbers.largest_size * share + numbers.size_error * (1.0 + share)
        # where the decay is taken as 0, all that it had left of an event is missing
        per_spike = per_spike + np.where(rho < _NO_DECAY, 2 * rho, 0.0) * numbers.largest_size
        underflow = n_steps * (_SMALLEST * n_roundings) * grown * path.connected
        counts = raster.sum(axis=0).astype(np.float64)  # (run, pre)
        bound = np.empty((n_runs, path.n_post))
        for run in range(n_runs):
            k = counts[run][:, None] if path.own else counts[run]
            bound[run] = (per_spike * np.minimum(k * grown, memory) + underflow).sum(axis=1)
    return bound


def _add_events(v: Array, path: EventPath, numbers: _Numbers, raster: Raster) -> None:
    """Add what the spikes of a path make of v, step by step."""
    n_steps, n_runs, _ = raster.shape
    x = np.zeros(raster.shape)
    x[path.late :] = raster[: n_steps - path.late]
    delayed = bool(path.delay.any())
    with np.errstate(all="ignore"):  # what overflows has an infinite bound
        if (numbers.decay.shape[1] == 1 and not delayed) or path.own:
            # one decay for all that reaches a neuron: their sum is filtered
            drive = x * numbers.size[:, 0] if path.own else (x.reshape(-1, path.n_pre) @ numbers.size.T).reshape(n_steps, n_runs, -1)
            _filter(v, drive, numbers.decay[:, 0], path.aged)
            return
        at_once = max(1, _AT_ONCE // (path.n_post * path.n_pre))
        for begin in range(0, n_runs, at_once):
            _step(v[:, begin : begin + at_once], path, numbers, x[:, begin : begin + at_once], delayed)


def _filter(v: Array, drive: Array, decay: Array, aged: int) -> None:
    state = np.zeros(drive.shape[1:])
    for t, arriving in enumerate(drive):
        state = (state + arriving) * decay if aged else state * decay + arriving
        v[t] += state


def _step(v: Array, path: EventPath, numbers: _Numbers, x: Array, delayed: bool) -> None:
    """A state for every synapse, as it is in the equations."""
    shape = (x.shape[1], path.n_post, path.n_pre)
    decay = np.ascontiguousarray(np.broadcast_to(numbers.decay, shape[1:]))
    state, added = np.zeros(shape), np.empty(shape)
    columns = np.arange(path.n_pre)
    for t in range(len(x)):
        if not path.aged:
            state *= decay
        if delayed:
            sent = t - path.delay
            arriving = np.where(sent >= 0, x[np.maximum(sent, 0), :, columns].transpose(2, 0, 1), 0.0)
        else:
            arriving = x[t][:, None, :]
        np.multiply(arriving, numbers.size, out=added)
        state += added
        if path.aged:
            state *= decay
        v[t] += state.sum(axis=2)
