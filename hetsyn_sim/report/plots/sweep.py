"""The metric of a sweep over one of its settings."""

from __future__ import annotations

import json

from matplotlib.axes import Axes

from ...training.sweep import SweepResult
from .style import GREY, TORCH, axes_or_new, tidy

_NAMES = {"validation_accuracy": "validation accuracy (%)", "validation_loss": "validation loss"}


def plot_sweep(result: SweepResult, setting: str, ax: Axes | None = None) -> Axes:
    """Draw the metric of every finished run of ``result`` over one setting, and the best of each value as a line.

    Numbers that span more than a factor of 20 get a logarithmic axis; anything else than numbers is a category each.
    """
    ax = axes_or_new(ax, (5.0, 3.5))
    runs = [run for run in result.runs if run.state == "finished" and setting in run.settings]
    factor = 100.0 if result.metric == "validation_accuracy" else 1.0
    x = [run.settings[setting] for run in runs]
    y = [factor * run.metrics[result.metric] for run in runs]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in x)
    if not numbers:
        x = [json.dumps(value) for value in x]
    elif x and min(x) > 0 and max(x) > 20 * min(x):
        ax.set_xscale("log")
    choose = max if result.metric == "validation_accuracy" else min
    values = sorted(set(x)) if numbers else list(dict.fromkeys(x))
    best = [choose(b for a, b in zip(x, y, strict=True) if a == value) for value in values]
    ax.plot(values, best, color=GREY, lw=1, zorder=1, label="best of each value")
    ax.scatter(x, y, s=14, color=TORCH, zorder=2, label="one run")
    ax.set_xlabel(setting)
    ax.set_ylabel(_NAMES[result.metric])
    ax.legend(frameon=False, fontsize="small")
    return tidy(ax, f"{_NAMES[result.metric].partition(' (')[0].capitalize()} of {len(runs)} runs")
