"""Distributions of several tables on one axis, with what lies beyond the limits beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator

from hetsyn_sim.report.plots.style import AFTER, BEFORE, BRIAN2, THETA, TORCH, axes_or_new, tidy

from ..table import TauTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colour, dashes and marker of the first, second, ... table: told apart in black and white too.
STYLES = ((AFTER, "-", "o"), (BEFORE, "--", "s"), (BRIAN2, "-.", "^"), (TORCH, ":", "D"), (THETA, (0, (5, 1, 1, 1, 1, 1)), "v"))


def log_axis(ax: Axes, label: str = "time constant (ms)", which: str = "x") -> None:
    """A logarithmic axis (``x`` or ``y``) of times with plain numbers at 1, 2 and 5."""
    ax.set(**{f"{which}scale": "log", f"{which}label": label})
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def nothing(ax: Axes, title: str) -> Axes:
    """A panel that says that there is nothing to draw."""
    ax.text(0.5, 0.5, "nothing between the limits", ha="center", va="center", transform=ax.transAxes)
    return tidy(ax, title)


def plot_distributions(tables: Mapping[str, TauTable], ax: Axes | None = None) -> Axes:
    """Draw shares per logarithmic bin; those at or beyond a limit are bars at the edges.

    Parameters
    ----------
    tables
        Label -> time constants, at most five. All should have the same limits.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (7.0, 3.6))
    observed = {label: 1e3 * table.tau[~(table.is_low | table.is_high)] for label, table in tables.items()}
    every = np.concatenate([values[values > 0] for values in observed.values()])
    low, high = (float(every.min()), float(every.max())) if every.size else (1.0, 1000.0)
    edges = np.geomspace(low / 1.05, high * 1.05, 41)
    step = edges[1] / edges[0]
    for k, (label, table) in enumerate(tables.items()):
        colour, dashes, marker = STYLES[k % len(STYLES)]
        shares = 100.0 * np.histogram(observed[label], edges)[0] / len(table)
        ax.stairs(shares, edges, color=colour, ls=dashes, lw=1.8, label=_named(label, table))
        for beyond, x in zip(table.censored, (edges[0] / step ** (2 + k), edges[-1] * step ** (2 + k)), strict=True):
            if beyond:
                ax.plot([x, x], [0.0, 100.0 * beyond], color=colour, ls=dashes, lw=1.8)
                ax.plot([x], [100.0 * beyond], marker=marker, color=colour, ms=5)
    log_axis(ax)
    ax.set(ylabel="share of a bin (%)", ylim=(0.0, None))
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, "Time constants; bars with a marker: beyond the limits")


def _named(label: str, table: TauTable) -> str:
    below, above = (100.0 * share for share in table.censored)
    return f"{label}\nn = {len(table):,}, median {1e3 * np.median(table.tau):.3g} ms\nbeyond: {below:.3g} % low, {above:.3g} % high"


def plot_survival(tables: Mapping[str, TauTable], ax: Axes | None = None) -> Axes:
    """Draw the share above each tau with both axes logarithmic: a power law is a straight line. Lines end at the upper limit.

    Parameters
    ----------
    tables
        Label -> time constants, at most five.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (5.0, 3.6))
    for k, (label, table) in enumerate(tables.items()):
        colour, dashes, marker = STYLES[k % len(STYLES)]
        inside = np.sort(table.tau[~(table.is_low | table.is_high)])
        if not inside.size:
            continue
        above = (len(table) - int(table.is_low.sum()) - np.arange(1, inside.size + 1)) / len(table)
        shown = np.unique(np.geomspace(1, inside.size, 400).astype(np.int64)) - 1
        shown = np.unique(np.concatenate([shown, inside.size - 1 - shown]))
        visible = shown[above[shown] > 0]
        ax.plot(1e3 * inside[visible], above[visible], color=colour, ls=dashes, lw=1.6, label=label)
        if table.censored[1]:
            ax.plot([1e3 * inside[-1]], [table.censored[1]], marker=marker, color=colour, mfc="white")
    log_axis(ax)
    ax.set_yscale("log")
    ax.set_ylabel("share above")
    ax.legend(frameon=False, fontsize="small", loc="lower left")
    return tidy(ax, "Survival; open markers: the share beyond the limit")
