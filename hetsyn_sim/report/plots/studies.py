"""Figures of studies: learning curves of several runs, and accuracy over the size of a disturbance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from .style import AFTER, BRIAN2, THETA, TORCH, axes_or_new, tidy

#: Colour, marker and line; none of them alone has to tell the neurons apart.
_LOOKS = ((TORCH, "o", "-"), (BRIAN2, "s", "--"), (AFTER, "^", "-."), (THETA, "v", ":"), ("black", "x", "-"), ("#666666", "D", "--"))


def plot_curves(
    curves: Mapping[str, Sequence[Sequence[float]]], width: int, ylabel: str, ax: Axes | None = None, *, title: str = "", log: bool = False
) -> Axes:
    """Draw learning curves: every run thin, and the mean over runs thick. A band would hide that some runs learn and others don't.

    Parameters
    ----------
    curves
        Label -> one curve for each run, all of the same length.
    width
        Iterations that a point is the mean of.
    ylabel
        What is shown, with its unit.
    title
        What is special about these runs.
    log
        Whether the vertical axis is logarithmic.
    """
    ax = axes_or_new(ax, (5.6, 3.6))
    for (label, runs), (colour, _, line) in zip(curves.items(), _LOOKS, strict=False):
        values = np.asarray(runs, dtype=np.float64)  # (run, point)
        x = width * (np.arange(values.shape[1]) + 0.5)
        ax.plot(x, values.T, color=colour, lw=0.6, alpha=0.35)
        ax.plot(x, values.mean(axis=0), color=colour, ls=line, lw=2.0, label=label, zorder=3)
    ax.set(xlabel="iteration", ylabel=ylabel)
    if log:
        ax.set_yscale("log", subs=(2, 5))
        for axis in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
            axis("{x:g}")
    if ax.get_legend_handles_labels()[0]:  # nothing may have been run yet
        ax.legend(frameon=True, framealpha=0.85, edgecolor="none", fontsize="small")
    return tidy(ax, f"{title}: every run, and their mean".removeprefix(": "))


def plot_disturbance(
    x: Sequence[float | str], accuracies: Mapping[str, Sequence[Sequence[float]]], xlabel: str, ax: Axes | None = None
) -> Axes:
    """Draw accuracy over the size of a disturbance: mean over runs, with the range from the lowest to the highest.

    Parameters
    ----------
    x
        Sizes, or names of sizes; drawn at equal distances, since they are powers of two or ranges.
    accuracies
        Label -> for each run one accuracy, from 0 to 1, for each size; NaN where a run has none.
    """
    ax = axes_or_new(ax, (5.6, 3.6))
    places = np.arange(len(x))
    for k, ((label, runs), (colour, marker, line)) in enumerate(zip(accuracies.items(), _LOOKS, strict=False)):
        values = 100.0 * np.asarray(runs, dtype=np.float64)  # (run, size)
        shift = 0.06 * (k - (len(accuracies) - 1) / 2)
        low, mean, high = (over(values, axis=0) for over in (np.nanmin, np.nanmean, np.nanmax))
        ax.errorbar(
            places + shift, mean, (mean - low, high - mean), color=colour, marker=marker, ms=4, ls=line, lw=1.4, elinewidth=0.8, label=label
        )
    ax.set_xticks(places, [size if isinstance(size, str) else f"{size:g}" for size in x])
    ax.set(xlabel=xlabel, ylabel="accuracy (%)")
    if ax.get_legend_handles_labels()[0]:  # nothing may have been run yet
        ax.legend(frameon=False, fontsize="small")
    return tidy(ax, "Accuracy: mean and range over runs")


def plot_pairs(groups: Mapping[str, Mapping[str, Sequence[float]]], ylabel: str, ax: Axes | None = None) -> Axes:
    """Draw every run as a point, side by side for each group and about its middle, with a bar at the mean.

    Parameters
    ----------
    groups
        Group on the horizontal axis -> label -> one value for each run.
    """
    ax = axes_or_new(ax, (6.4, 3.6))
    labels = list(dict.fromkeys(label for group in groups.values() for label in group))
    looks = dict(zip(labels, _LOOKS, strict=False))
    width = 0.8 / max(1, len(labels))
    for place, group in enumerate(groups.values()):
        present = [label for label in labels if len(group.get(label, ()))]
        for k, label in enumerate(present):
            colour, marker, _ = looks[label]
            x, values = place + (k - (len(present) - 1) / 2) * width, np.asarray(group[label], dtype=np.float64)
            ax.plot(np.full(values.size, x), values, marker, color=colour, ms=4, alpha=0.7)
            ax.hlines(values.mean(), x - 0.4 * width, x + 0.4 * width, color=colour, lw=2)
    for label in labels:  # the legend shows them in the order given, whoever is missing in the first group
        ax.plot([], [], looks[label][1], color=looks[label][0], ms=4, alpha=0.7, label=label)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set(ylabel=ylabel)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", ncols=2)
    return tidy(ax, "Every run, and their mean")
