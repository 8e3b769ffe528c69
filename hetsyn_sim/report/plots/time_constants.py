"""Time constants before and after training."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from numpy.typing import ArrayLike, NDArray

from .style import AFTER, BEFORE, axes_or_new, tidy


def plot_time_constants(before: ArrayLike, after: ArrayLike, name: str = "time constants", ax: Axes | None = None) -> Axes:
    """Draw two histograms on a logarithmic axis, with their medians.

    Parameters
    ----------
    before, after
        Time constants in seconds, any shape. Zeros and infinities are counted in the title, not drawn.
    name
        What they are, for the title.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (6.0, 3.0))
    both = [1e3 * np.ravel(np.asarray(values, dtype=np.float64)) for values in (before, after)]
    finite = [values[np.isfinite(values) & (values > 0)] for values in both]
    edges = _edges(np.concatenate(finite))
    kinds: tuple[tuple[NDArray[np.float64], str, str, float, Literal["stepfilled", "step"]], ...] = (
        (finite[0], "before training", BEFORE, 0.55, "stepfilled"),
        (finite[1], "after training", AFTER, 1.0, "step"),
    )
    for values, label, colour, alpha, kind in kinds:
        if not values.size:
            continue
        median = float(np.median(values))
        ax.hist(values, bins=edges, histtype=kind, color=colour, alpha=alpha, lw=1.8, label=f"{label}: median {median:.3g} ms")
        ax.axvline(median, color=colour, lw=1.2, ls=":")
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.set(xlabel="time constant (ms)", ylabel="number of values", xlim=(edges[0], edges[-1]))
    ax.legend(frameon=False, loc="upper left")
    left_out = both[1].size - finite[1].size
    return tidy(ax, f"{name}: {both[1].size:,} values" + (f", {left_out} of them 0 or infinite" if left_out else ""))


def _edges(values: NDArray[np.float64]) -> list[float]:
    """Bin edges, equal in log, a little wider than the values."""
    low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 100.0)
    return [float(edge) for edge in np.geomspace(low / 1.2, high * 1.2, 61)]
