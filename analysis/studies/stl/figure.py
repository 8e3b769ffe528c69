"""The figure of the study: accuracy, rates and thresholds in training; accuracy and operations under noise; other starts, and depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots.style import AFTER, BRIAN2, TORCH, tidy

from ..statistics import of_case
from ..study import Row
from .claims import STARTS
from .measures import LAYERS, NOISES, mean_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: As in the other studies' figures: colour, marker and line; none of them alone has to tell the modes apart.
_LOOKS: Final = {"STL": (TORCH, "o", "-"), "SL": (BRIAN2, "s", "--"), "TL": (AFTER, "^", "-.")}
_LAYER_COLOURS: Final = ("#56B4E9", "#0072B2", "#D55E00", "#000000")
_PAIR: Final = ("STL", "SL")
#: What is shown under noise: label, and how to read it off what a row holds for one size.
_UNDER_NOISE: Final[tuple[tuple[str, Callable[[Row], float]], ...]] = (
    ("accuracy (%)", lambda measured: 100.0 * measured["accuracy"]),
    ("operations for an image\n(1,000)", lambda measured: 1e-3 * measured["operations"]),
)


def draw_stl(rows: Sequence[Row]) -> Canvas:
    """Draw the figure, of whatever has been run."""
    of = {mode: runs for mode in _LOOKS if (runs := of_case(rows, mode=mode))}
    figure = Canvas(figsize=(12.0, 13.0), layout="constrained")
    grid = figure.subplots(4, len(NOISES))
    _accuracy(of, grid[0, 0])
    for key, factor, label, ax in (("rates", 100.0, "rate (% of steps)", grid[0, 1]), ("theta", 1.0, "mean threshold", grid[0, 2])):
        _in_training(of, key, factor, ax)
        ax.set_ylabel(label)
    tidy(grid[0, 1], "Firing rates after each epoch, mean over runs")
    tidy(grid[0, 2], "Thresholds after each epoch, STL, every run")
    for axes, (label, read) in zip(grid[1:3], _UNDER_NOISE, strict=True):
        for noise, ax in zip(NOISES, axes, strict=True):
            values = {mode: [[read(measured) for measured in row["noise"][noise.name]] for row in runs] for mode, runs in of.items()}
            _with_ranges(values, [f"{size:g}" for size in noise.sizes], noise.size, ax)
            tidy(ax, f"{noise.label.capitalize()}: mean and range" if ax in grid[1] else "")
        axes[0].set_ylabel(label)
        low, high = min(ax.get_ylim()[0] for ax in axes), max(ax.get_ylim()[1] for ax in axes)
        for ax in axes:
            ax.set_ylim(low, high)
    if of:
        grid[1, -1].legend(frameon=False, loc="center left")  # where no line is: lost spikes hurt late
    starts = [f"{start.get('theta_0', 2.0):g}" for start in STARTS]
    for ax, label, read in (
        (grid[3, 0], "test accuracy (%)", lambda row: 100.0 * row["accuracy"]),
        (grid[3, 1], "rate of hidden and output\nneurons (% of steps)", lambda row: 100.0 * mean_rate(row)),
    ):
        _with_ranges(_by_change(rows, STARTS, read), starts, "threshold of all neurons before training", ax)
        ax.set_ylabel(label)
    tidy(grid[3, 0], "Accuracy, by where thresholds begin")
    tidy(grid[3, 1], "Firing rates, by where thresholds begin")
    depths: Sequence[Mapping[str, Any]] = ({}, {"layers": 6}, {"layers": 8})
    _with_ranges(_by_change(rows, depths, lambda row: 1e-3 * row["operations"]), ["4", "6", "8"], "layers with neurons", grid[3, 2])
    grid[3, 2].set_ylabel("operations for an image\n(1,000)")
    tidy(grid[3, 2], "Operations over depth")
    return figure


def _by_change(rows: Sequence[Row], changes: Sequence[Mapping[str, Any]], read: Callable[[Row], float]) -> dict[str, list[list[float]]]:
    """Mode -> run -> a number for each change; NaN where it has not been run."""
    values = {}
    for mode in _PAIR:
        found = [{row["seed"]: read(row) for row in of_case(rows, mode=mode, **change)} for change in changes]
        if seeds := sorted(set().union(*found)):
            values[mode] = [[of.get(seed, np.nan) for of in found] for seed in seeds]
    return values


def _with_ranges(values: Mapping[str, Sequence[Sequence[float]]], places: Sequence[str], what: str, ax: Axes) -> None:
    """Mean over runs with the range, at every place; a line each for the modes."""
    at = np.arange(len(places))
    for mode, runs in values.items():
        colour, marker, line = _LOOKS[mode]
        by_run = np.asarray(runs, dtype=np.float64)  # (run, place)
        there = ~np.all(np.isnan(by_run), axis=0)
        low, mean, high = (over(by_run[:, there], axis=0) for over in (np.nanmin, np.nanmean, np.nanmax))
        x, whiskers = at[there] + 0.06 * (list(_LOOKS).index(mode) - 1), (mean - low, high - mean)
        ax.errorbar(x, mean, whiskers, color=colour, marker=marker, ms=5, ls=line, lw=1.5, elinewidth=0.8, label=mode)
    ax.set_xticks(at, list(places))
    ax.set(xlabel=what, xlim=(-0.4, len(places) - 0.6))


def _accuracy(of: Mapping[str, Sequence[Row]], ax: Axes) -> None:
    """Runs of one seed are joined. Networks that learn thresholds only are far below: the title has their mean."""
    shown = [mode for mode in ("SL", "STL") if mode in of]
    accuracies = {mode: {row["seed"]: 100.0 * row["accuracy"] for row in of[mode]} for mode in shown}
    for seed in sorted(set.intersection(*(set(runs) for runs in accuracies.values()))) if accuracies else ():
        ax.plot(range(len(shown)), [accuracies[mode][seed] for mode in shown], color="#BBBBBB", lw=1.0, zorder=1)
    for k, mode in enumerate(shown):
        colour, marker, _ = _LOOKS[mode]
        runs = list(accuracies[mode].values())
        ax.plot(np.full(len(runs), k), runs, marker, color=colour, ms=6, ls="")
        ax.hlines(float(np.mean(runs)), k - 0.15, k + 0.15, color=colour, lw=2.5)
    ax.set_xticks(range(len(shown)), shown)
    ax.set(xlim=(-0.5, 1.5), ylabel="test accuracy (%)")
    thresholds_only = f"; TL: {100.0 * float(np.mean([row['accuracy'] for row in of['TL']])):.1f} % on average" if "TL" in of else ""
    tidy(ax, f"Accuracy without noise, every run{thresholds_only}")


def _in_training(of: Mapping[str, Sequence[Row]], key: str, factor: float, ax: Axes) -> None:
    """What a layer has before the first epoch and after each: thresholds of every run of STL, or means of rates of both."""
    for (name, label), colour in zip(LAYERS.items(), _LAYER_COLOURS, strict=True):
        for mode in (mode for mode in (_PAIR if key == "rates" else ("STL",)) if mode in of):
            by_run = factor * np.array([row["layers"][name][key] for row in of[mode]])  # (run, epoch)
            curves = by_run.mean(axis=0)[:, None] if key == "rates" else by_run.T
            for k, curve in enumerate(curves.T):
                ax.plot(curve, color=colour, ls=_LOOKS[mode][2], lw=1.6, label="" if k else f"{label}, {mode}" if key == "rates" else label)
    ax.set_xlabel("epoch")
    if of:
        ax.legend(frameon=False, fontsize="small", ncols=2 if key == "rates" else 1)
