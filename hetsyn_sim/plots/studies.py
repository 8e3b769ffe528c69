"""Figures of studies: learning curves of several runs, and accuracy over the size of a disturbance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import AFTER, BRIAN2, THETA, TORCH, axes_or_new, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_curves", "plot_disturbance", "plot_pairs"]

#: Colour, marker and line; none of them alone has to tell the neurons apart.
_LOOKS = ((TORCH, "o", "-"), (BRIAN2, "s", "--"), (AFTER, "^", "-."), (THETA, "v", ":"), ("black", "x", "-"), ("#666666", "D", "--"))


def plot_curves(curves: Mapping[str, Sequence[Sequence[float]]], width: int, ylabel: str, ax: Axes | None = None) -> Axes:
    """Draw the mean over runs of learning curves, with the range from the lowest to the highest run.

    Parameters
    ----------
    curves
        Label -> one curve for each run, all of the same length.
    width
        Iterations that a point is the mean of.
    ylabel
        What is shown, with its unit.
    """
    ax = axes_or_new(ax, (5.6, 3.6))
    for (label, runs), (colour, _, line) in zip(curves.items(), _LOOKS, strict=False):
        values = np.asarray(runs, dtype=np.float64)  # (run, point)
        x = width * (np.arange(values.shape[1]) + 0.5)
        ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18, lw=0)
        ax.plot(x, values.mean(axis=0), color=colour, ls=line, lw=1.6, label=label)
    ax.set(xlabel="iteration", ylabel=ylabel)
    if ax.get_legend_handles_labels()[0]:  # nothing may have been run yet
        ax.legend(frameon=False, fontsize="small")
    return tidy(ax, "Learning: mean and range over runs")


def plot_disturbance(x: Sequence[float], accuracies: Mapping[str, Sequence[Sequence[float]]], xlabel: str, ax: Axes | None = None) -> Axes:
    """Draw accuracy over the size of a disturbance: mean over runs, with the range from the lowest to the highest.

    Parameters
    ----------
    x
        Sizes; drawn at equal distances where they span more than a factor of 10.
    accuracies
        Label -> for each run one accuracy, from 0 to 1, for each size.
    """
    ax = axes_or_new(ax, (5.6, 3.6))
    positive = [value for value in x if value > 0]
    spread = len(positive) == len(x) - 1 and max(positive) > 10 * min(positive)
    places = np.arange(len(x)) if spread else np.asarray(x)
    for k, ((label, runs), (colour, marker, line)) in enumerate(zip(accuracies.items(), _LOOKS, strict=False)):
        values = 100.0 * np.asarray(runs, dtype=np.float64)  # (run, size)
        shift = 0.06 * (k - (len(accuracies) - 1) / 2) * (1.0 if spread else 0.0)
        low, high = values.min(axis=0), values.max(axis=0)
        mean = values.mean(axis=0)
        ax.errorbar(
            places + shift, mean, (mean - low, high - mean), color=colour, marker=marker, ms=4, ls=line, lw=1.4, elinewidth=0.8, label=label
        )
    if spread:
        ax.set_xticks(places, [f"{value:g}" for value in x])
    ax.set(xlabel=xlabel, ylabel="accuracy (%)", ylim=(None, 101.0))
    if ax.get_legend_handles_labels()[0]:  # nothing may have been run yet
        ax.legend(frameon=False, fontsize="small")
    return tidy(ax, "Mean and range over runs")


def plot_pairs(groups: Mapping[str, Mapping[str, Sequence[float]]], ylabel: str, ax: Axes | None = None) -> Axes:
    """Draw every run as a point, side by side for each group, with a bar at the mean.

    Parameters
    ----------
    groups
        Group on the horizontal axis -> label -> one value for each run.
    """
    ax = axes_or_new(ax, (6.4, 3.6))
    labels = list(dict.fromkeys(label for group in groups.values() for label in group))
    for k, label in enumerate(labels):
        colour, marker, _ = _LOOKS[k % len(_LOOKS)]
        shift = (k - (len(labels) - 1) / 2) * 0.8 / max(1, len(labels))
        for place, group in enumerate(groups.values()):
            values = np.asarray(group.get(label, ()), dtype=np.float64)
            if values.size:
                ax.plot(
                    np.full(values.size, place + shift), values, marker, color=colour, ms=4, alpha=0.7, label=label if place == 0 else None
                )
                ax.hlines(values.mean(), place + shift - 0.07, place + shift + 0.07, color=colour, lw=2)
    ax.set_xticks(range(len(groups)), list(groups))
    ax.set(ylabel=ylabel)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small", ncols=2)
    return tidy(ax, "Every run, and their mean")
