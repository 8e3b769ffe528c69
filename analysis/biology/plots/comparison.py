"""What was learned against what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hetsyn_sim.report.plots.style import GREY, axes_or_new, tidy

from ..table import TauTable
from ..uncertainty import Estimate
from .distributions import STYLES, log_axis, nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_quantiles(tables: Mapping[str, TauTable], biology: TauTable, ax: Axes | None = None) -> Axes:
    """Draw quantiles from 1 to 99 % against those of biology: on the diagonal where the distributions are the same.

    A quantile that lies at a limit on either side is not known, and not drawn.

    Parameters
    ----------
    tables
        Label -> time constants, at most five.
    biology
        Measured ones; with the limits of each table where they are drawn against it.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (4.4, 4.2))
    q = np.linspace(0.01, 0.99, 99)
    ends = []
    for k, (label, table) in enumerate(tables.items()):
        colour, dashes, marker = STYLES[k % len(STYLES)]
        x = 1e3 * np.quantile(biology.with_limits(table.low, table.high).tau, q, method="lower")
        y = 1e3 * np.quantile(table.tau, q, method="lower")
        low, high = 1e3 * table.low, 1e3 * table.high
        drawn = (x > low) & (y > low) & (x < high) & (y < high)
        ax.plot(x[drawn], y[drawn], color=colour, ls=dashes, marker=marker, markevery=7, ms=4, lw=1.3, label=label)
        ends += [*x[drawn], *y[drawn]]
    if not ends:
        return nothing(ax, "Quantiles")
    ax.plot([min(ends), max(ends)], [min(ends), max(ends)], color=GREY, lw=0.8)
    log_axis(ax, "measured (ms)")
    log_axis(ax, "learned (ms)", "y")
    ax.legend(frameon=False, fontsize="small")
    return tidy(ax, "Quantiles, 1 to 99 %")


def plot_distances(distances: Mapping[str, Estimate], ax: Axes | None = None) -> Axes:
    """Draw distances to biology with their intervals, the nulls beside what was learned.

    Parameters
    ----------
    distances
        Label -> distance, in the order in which they are drawn from the top. Wasserstein's is in units of log tau: 0.69 is a factor of two.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (6.0, 0.45 * len(distances) + 1.0))
    labels = [label for label, estimate in distances.items() if np.isfinite(estimate.value)]
    for k, label in enumerate(labels):
        estimate = distances[label]
        colour, filled = (STYLES[0][0], "full") if label == "learned" else (GREY, "none")
        y = len(labels) - 1 - k
        if np.isfinite([estimate.low, estimate.high]).all():
            ax.plot([estimate.low, estimate.high], [y, y], color=colour, lw=2.2, solid_capstyle="butt")
        ax.plot([estimate.value], [y], marker="o", color=colour, fillstyle="full" if filled == "full" else "none", ms=7)
        ax.annotate(
            f"{estimate.value:.2f}", (np.nanmax([estimate.high, estimate.value]), y), xytext=(8, -3), textcoords="offset points", fontsize=8
        )
    ax.set_yticks(range(len(labels)), labels[::-1])
    ax.set(xlabel="Wasserstein distance of log tau", xlim=(0.0, None), ylim=(-0.6, len(labels) - 0.4))
    ax.margins(x=0.12)
    return tidy(ax, "Distance to biology, 95 % intervals")
