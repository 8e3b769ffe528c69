"""The figures of forecasts: a series with forecasts of it, and their error over how active the neurons are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import cycle
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import ArrayLike

from .style import AFTER, BRIAN2, GREY, THETA, TORCH, axes_or_new, tidy

#: Colour, marker and line; none of them alone has to tell the neurons apart.
_LOOKS: Final = ((TORCH, "o", "-"), (BRIAN2, "s", "--"), (AFTER, "^", "-."), (THETA, "v", ":"), ("#D55E00", "D", "-"), (GREY, "x", "--"))


def plot_forecast(
    target: ArrayLike, forecasts: Mapping[str, ArrayLike], dt: float, *, counted_from: float = 0.0, title: str = "", ax: Axes | None = None
) -> Axes:
    """Draw a series, broad, and forecasts of it, thin; both stand where the forecast was made.

    Parameters
    ----------
    target, forecasts
        One value for each step; NaN where there is no forecast.
    dt
        A step in time units.
    counted_from
        Time units before which the forecasters had not seen enough, shaded.
    """
    ax = axes_or_new(ax, (7.0, 2.6))
    target = np.asarray(target, dtype=np.float64)
    time = np.arange(len(target)) * dt
    ax.plot(time, target, color="#BBBBBB", lw=5.0, solid_capstyle="round", label="target")
    for (label, values), (colour, _, line) in zip(forecasts.items(), _LOOKS, strict=False):
        ax.plot(time, np.asarray(values, dtype=np.float64), color=colour, ls=line, lw=1.5, label=label)
    if counted_from > 0.0:
        ax.axvspan(0.0, counted_from, color="#EEEEEE", lw=0, zorder=0)
    margin = 0.25 * (target.max() - target.min())
    ax.set(xlabel="time (time units)", ylabel="x", xlim=(time[0], time[-1]), ylim=(target.min() - margin, target.max() + margin))
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, title)


def plot_error_over_horizon(
    errors: Mapping[str, Mapping[float, Sequence[float]]],
    *,
    dashed: Collection[str] = (),
    lyapunov_time: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the error of forecasts over how far ahead they are, logarithmic: the mean over runs, and every run as a dot.

    Parameters
    ----------
    errors
        Label -> horizon in time units -> the root mean squared error of each run, over the standard deviation of what was forecast.
    dashed
        Labels that are drawn in grey and dashed: forecasts without neurons.
    lyapunov_time
        In time units; marked.
    """
    ax = axes_or_new(ax, (5.6, 3.4))
    colours, marks = cycle(colour for colour, _, _ in _LOOKS[:-1]), cycle("sxd+")
    for label, of in errors.items():
        horizons = sorted(of)
        colour, mark, line = (GREY, next(marks), "--") if label in dashed else (next(colours), "o", "-")
        ax.plot(horizons, [np.mean(of[h]) for h in horizons], mark, color=colour, ls=line, lw=1.5, ms=5, label=label)
        ax.plot([h for h in horizons for _ in of[h]], [x for h in horizons for x in of[h]], ".", color=colour, ms=3, alpha=0.5)
    if lyapunov_time is not None:
        ax.axvline(lyapunov_time, color="#DDDDDD", lw=3.0, zorder=0)
        ax.text(lyapunov_time, 0.98, "Lyapunov time ", transform=ax.get_xaxis_transform(), ha="right", va="top", fontsize="small")
    ax.set(yscale="log", xlabel="horizon (time units)", ylabel="error (standard deviations)", xlim=(0.0, None))
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, "Error of a forecast over how far ahead it is")


def plot_error_over_activity(
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    key: str,
    xlabel: str,
    *,
    floors: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw every run as a point: its error over a measure of its activity, both logarithmic.

    Parameters
    ----------
    rows
        Label -> runs, each with ``mse`` and ``key``.
    floors
        Errors of forecasts without neurons, as lines.
    """
    ax = axes_or_new(ax, (4.6, 3.4))
    for (label, found), (colour, marker, _) in zip(rows.items(), _LOOKS, strict=False):
        ax.plot([row[key] for row in found], [row["mse"] for row in found], marker, color=colour, ms=6, alpha=0.75, label=label)
    for (label, error), line in zip((floors or {}).items(), (":", "--", "-.", (0, (1, 4))), strict=False):
        ax.axhline(error, color=GREY, lw=1.0, ls=line, label=label)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel="squared error (variances)")
    for axis, subs in ((ax.xaxis, (1.0, 3.0)), (ax.yaxis, (1.0, 2.0, 3.0, 5.0))):
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, "Forecast error of every run; lower left is better")
