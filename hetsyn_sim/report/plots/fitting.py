"""A neuron fitted to recordings: its voltage on the recorded one, what is left over, and where the restarts ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from .style import BRIAN2, GREY, TORCH, axes_or_new, tidy

if TYPE_CHECKING:  # it needs torch, and a figure does not
    from ...training.fitting import RecordingsFit


def plot_fit(result: RecordingsFit, trial: int = 0, ax: Axes | None = None) -> Axes:
    """Draw the recorded voltage of a ``trial`` with its spikes, and on it that of the fitted neuron, which spikes by itself."""
    ax = axes_or_new(ax, (9.0, 3.0))
    trials, (v, spikes) = result.trials, result.free
    n = _length(result, trial)
    time = np.arange(n) * trials.dt * 1e3
    scale, unit = _unit(result)
    if trials.v is not None:
        ax.plot(time, trials.v[:n, trial] / scale, color=GREY, lw=2.5, label="recorded")
    ax.plot(time, v[:n, trial] / scale, color=BRIAN2, lw=1.0, label="fitted")
    low, top = ax.get_ylim()
    for raster, color, place in ((trials.spikes, GREY, 0.05), (spikes, BRIAN2, 0.12)):
        if raster is not None and raster.any():
            steps = np.flatnonzero(raster[:n, trial])
            ax.plot(time[steps], np.full(len(steps), top + place * (top - low)), "|", color=color, ms=7, mew=1.5, clip_on=False)
    ax.set(xlabel="time (ms)", ylabel=f"v ({unit})", xlim=(0.0, time[-1]))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    factor = result.coincidence()
    said = "" if np.isnan(factor) else f", spikes coincide by {factor:.2f}"
    return tidy(ax, f"{result.model.name}, trial {trial}: the fitted neuron by itself{said}")


def plot_residuals(result: RecordingsFit, trial: int = 0, ax: Axes | None = None) -> Axes:
    """Draw what the fitted neuron, reset at the recorded spikes, leaves over of a trial's voltage: noise, if the model is right.

    The title has the correlation of neighbouring samples. Noise of the amplifier has none; a model that lacks something leaves one near 1.

    Raises
    ------
    DataError
        If no voltage was recorded.
    """
    from ...errors import DataError

    trials = result.trials
    if trials.v is None:
        raise DataError(
            "there is no voltage to compare with",
            where="plot_residuals",
            got="a fit to spikes",
            expected="a fit to a voltage",
            remedy="use plot_fit",
        )
    ax = axes_or_new(ax, (9.0, 2.5))
    n = _length(result, trial)
    scale, unit = _unit(result)
    left = np.where(trials.counted, trials.v - result.held, np.nan)[:n, trial] / scale
    ax.plot(np.arange(n) * trials.dt * 1e3, left, color=TORCH, lw=0.6)
    ax.axhline(0.0, color=GREY, lw=0.8)
    pairs = np.stack([left[1:], left[:-1]])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    both = float(np.corrcoef(pairs)[0, 1]) if pairs.shape[1] > 2 and pairs.std(axis=1).all() else float("nan")
    ax.set(xlabel="time (ms)", ylabel=f"recorded - fitted ({unit})", xlim=(0.0, n * trials.dt * 1e3))
    return tidy(ax, f"residuals: {np.nanstd(left):.3g} {unit}, correlation of neighbours {both:.2f}")


def plot_restarts(result: RecordingsFit, ax: Axes | None = None) -> Axes:
    """Draw how far each restart ended from the best one, parameter by parameter, as a part of the bounds; those that agree lie on 0."""
    ax = axes_or_new(ax, (9.0, 3.0))
    names = list(result.fitted)
    widths = np.array([np.ptp(result.bounds[name]) for name in names])
    away = (result.ends - result.ends[0]) / widths
    for k in range(len(names)):
        ax.plot(np.full(len(away), k) + np.linspace(-0.25, 0.25, len(away)), away[:, k], "o", ms=3, color=TORCH, alpha=0.7)
    ax.axhline(0.0, color=GREY, lw=0.8)
    ax.set_xticks(range(len(names)), names)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set(xlabel="parameter", ylabel="from the best, of the bounds")
    return tidy(ax, f"{result.agreeing} of {len(away)} restarts ended where the best did")


def _length(result: RecordingsFit, trial: int) -> int:
    """How many samples a trial has."""
    inside = np.flatnonzero(result.trials.watched[:, trial] | result.trials.counted[:, trial])
    return int(inside[-1]) + 1 if inside.size else result.trials.n_steps


def _unit(result: RecordingsFit) -> tuple[float, str]:
    return (1.0, "1") if result.model.dimensions()["v"].is_dimensionless else (1e-3, "mV")
