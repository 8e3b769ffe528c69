"""The figure of the study: accuracy, firing rates and operations under noise; accuracy, thresholds and rates in training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots.studies import plot_pairs
from hetsyn_sim.report.plots.style import AFTER, BRIAN2, TORCH, tidy

from ..statistics import of_case
from ..study import Row
from .measures import LAYERS, NOISES, Noise

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: As in the other studies' figures: colour, marker and line; none of them alone has to tell the modes apart.
_LOOKS: Final = {"STL": (TORCH, "o", "-"), "SL": (BRIAN2, "s", "--"), "TL": (AFTER, "^", "-.")}
_LAYER_COLOURS: Final = ("#56B4E9", "#0072B2", "#D55E00", "#000000")
#: What is shown under noise: label, and how to read it off what a row holds for one size.
_UNDER_NOISE: Final[tuple[tuple[str, Callable[[Row], float]], ...]] = (
    ("accuracy (%)", lambda measured: 100.0 * measured["accuracy"]),
    (
        "rate of hidden and output\nneurons (% of steps)",
        lambda measured: 100.0 * float(np.mean([measured["rates"][name] for name in LAYERS])),
    ),
    ("operations for an image\n(1,000)", lambda measured: 1e-3 * measured["operations"]),
)


def draw_stl(rows: Sequence[Row]) -> Canvas:
    """Draw the figure, of whatever has been run."""
    of = {mode: runs for mode in _LOOKS if (runs := of_case(rows, mode=mode))}
    figure = Canvas(figsize=(12.0, 13.0), layout="constrained")
    grid = figure.subplots(4, len(NOISES))
    for axes, (label, read) in zip(grid, _UNDER_NOISE, strict=False):
        for noise, ax in zip(NOISES, axes, strict=True):
            values = {mode: [[read(measured) for measured in row["noise"][noise.name]] for row in runs] for mode, runs in of.items()}
            _over_sizes(values, noise, ax)
            tidy(ax, f"{noise.label.capitalize()}: mean and range over runs" if ax in grid[0] else "")
        axes[0].set_ylabel(label)
        low, high = min(ax.get_ylim()[0] for ax in axes), max(ax.get_ylim()[1] for ax in axes)
        for ax in axes:
            ax.set_ylim(low, high)
    if of:
        grid[0, -1].legend(frameon=False, loc="center left")  # where no line is: lost spikes hurt late
    _accuracy(of, grid[3, 0])
    _rates_in_training(of, grid[3, 1])
    thresholds = {
        label.replace("convolution", "conv."): {mode: [row["layers"][name]["theta"] for row in runs] for mode, runs in of.items()}
        for name, label in LAYERS.items()
    }
    tidy(plot_pairs(thresholds, "mean threshold after training", grid[3, 2]), "Mean threshold of each layer: every run, and their mean")
    return figure


def _over_sizes(values: Mapping[str, Sequence[Sequence[float]]], noise: Noise, ax: Axes) -> None:
    """Mean over runs with the range, for every size; a line each for the modes."""
    places = np.arange(len(noise.sizes))
    for k, (mode, runs) in enumerate(values.items()):
        colour, marker, line = _LOOKS[mode]
        by_run = np.asarray(runs, dtype=np.float64)  # (run, size)
        low, mean, high = (over(by_run, axis=0) for over in (np.min, np.mean, np.max))
        x, whiskers = places + 0.06 * (k - 1), (mean - low, high - mean)
        ax.errorbar(x, mean, whiskers, color=colour, marker=marker, ms=5, ls=line, lw=1.5, elinewidth=0.8, label=mode)
    ax.set_xticks(places, [f"{size:g}" for size in noise.sizes])
    ax.set_xlabel(noise.size)


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


def _rates_in_training(of: Mapping[str, Sequence[Row]], ax: Axes) -> None:
    """Means over runs, on training images, before the first epoch and after each."""
    for (name, label), colour in zip(LAYERS.items(), _LAYER_COLOURS, strict=True):
        for mode in (mode for mode in ("STL", "SL") if mode in of):
            rates = 100.0 * np.mean([row["layers"][name]["rates"] for row in of[mode]], axis=0)  # (epoch,)
            ax.plot(rates, color=colour, ls=_LOOKS[mode][2], lw=1.6, label=f"{label}, {mode}")
    ax.set(xlabel="epoch", ylabel="rate (% of steps)")
    tidy(ax, "Firing rates after each epoch, mean over runs")
    if of:
        ax.legend(frameon=False, fontsize="small", ncols=2)
