"""Synapse by synapse: before and after, weight and time constant, projection and sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator

from hetsyn_sim.report.plots.style import AFTER, BEFORE, GREY, axes_or_new, tidy

from ..table import TauTable
from .distributions import log_axis, nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_change(before: TauTable, after: TauTable, ax: Axes | None = None) -> Axes:
    """Draw how many synapses went from one time constant to another, as a density; on the diagonal, nothing was learned.

    Parameters
    ----------
    before, after
        The same rows.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (4.6, 4.0))
    x, y = 1e3 * before.tau, 1e3 * after.tau
    drawn = (x > 0) & (y > 0) & np.isfinite(x) & np.isfinite(y)
    if not drawn.any():
        return nothing(ax, "Before and after")
    x, y = x[drawn], y[drawn]
    edges = [_edges(values) for values in (x, y)]
    counts = np.histogram2d(x, y, edges)[0].T
    _draw_counts(ax, edges[0], edges[1], counts)
    ends = (min(x.min(), y.min()), max(x.max(), y.max()))
    ax.plot(ends, ends, color=AFTER, lw=1.0, ls="--")
    log_axis(ax, "before training (ms)")
    log_axis(ax, "after (ms)", "y")
    return tidy(ax, f"{100 * np.mean(y > 1.01 * x):.0f} % longer, {100 * np.mean(y < x / 1.01):.0f} % shorter")


def _draw_counts(ax: Axes, x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> None:
    """Synapses in each cell in greys; white where there is none (0 has no logarithm), and a single one is not."""
    mesh = ax.pcolormesh(x, y, counts, cmap="Greys", norm=LogNorm(0.3, max(2.0, counts.max())))
    bar = ax.figure.colorbar(mesh, ax=ax, label="synapses", ticks=LogLocator(), format="{x:g}")
    bar.ax.set_ylim(1.0, None)


def _edges(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.geomspace(low / 1.02, high * 1.02, 61)


def plot_weight_tau(table: TauTable, ax: Axes | None = None) -> Axes:
    """Draw the density of synapses over weight and time constant, with the median tau of equal shares of weights.

    Parameters
    ----------
    table
        With the column ``w`` in volts.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (5.0, 3.8))
    w, tau = 1e3 * table.column("w"), 1e3 * table.tau
    drawn = np.isfinite(w) & np.isfinite(tau) & (tau > 0)
    if not drawn.any():
        return nothing(ax, "Weight and time constant")
    w, tau = w[drawn], tau[drawn]
    reach = float(np.quantile(np.abs(w), 0.995)) or 1.0
    edges = np.linspace(-reach, reach, 61), _edges(tau)
    counts = np.histogram2d(w, tau, edges)[0].T
    _draw_counts(ax, edges[0], edges[1], counts)
    for sign in (-1, 1):
        of_sign = np.sign(w) == sign
        if of_sign.sum() >= 50:
            parts = np.array_split(np.argsort(w[of_sign]), 10)
            middle = [(np.median(w[of_sign][part]), np.median(tau[of_sign][part])) for part in parts]
            ax.plot(*zip(*middle, strict=True), color=AFTER, marker="o" if sign > 0 else "s", ms=4, mfc="white", lw=1.2)
    ax.axvline(0.0, color=GREY, lw=0.8, ls=":")
    log_axis(ax, which="y")
    ax.set_xlabel("weight (mV per spike)")
    return tidy(ax, "Weight and time constant; lines: medians of tenths")


def plot_by_projection(table: TauTable, ax: Axes | None = None) -> Axes:
    """Draw boxes (quartiles, 5 to 95 %) of time constants by projection and sign, hatched where inhibitory, and ticks for before training.

    Parameters
    ----------
    table
        With the columns ``kind``, ``sign`` and ``initial``.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (6.0, 3.6))
    groups = []
    for kind in [k for k in ("input", "feedforward", "recurrent", "readout", "neuron") if k in table.column("kind")]:
        for sign, name in ((1, "exc."), (-1, "inh."), (0, "")):
            here = (table.column("kind") == kind) & (table.column("sign") == sign) & (table.tau > 0) & np.isfinite(table.tau)
            if here.any():
                groups.append((f"{kind}\n{name}\n{here.sum():,}", sign, 1e3 * table.tau[here], 1e3 * table.column("initial")[here]))
    if not groups:
        return nothing(ax, "By projection and sign")
    for k, (_, sign, tau, initial) in enumerate(groups):
        p5, q1, median, q3, p95 = np.quantile(tau, [0.05, 0.25, 0.5, 0.75, 0.95], method="nearest")
        ax.plot([k, k], [p5, p95], color=AFTER, lw=1.2, zorder=1)
        ax.bar(k, q3 - q1, 0.5, q1, color="white", edgecolor=AFTER, hatch="////" if sign < 0 else None, lw=1.4, zorder=2)
        ax.plot([k - 0.25, k + 0.25], [median, median], color="black", lw=2.0, zorder=3)
        if not np.isnan(initial).any():
            ax.plot([k - 0.4, k + 0.4], [np.median(initial)] * 2, color=BEFORE, lw=1.4, ls="--", zorder=1)
    log_axis(ax, which="y")
    ax.set_xticks(range(len(groups)), [label for label, *_ in groups], fontsize="small")
    return tidy(ax, "By projection and sign; dashed: medians before training")
