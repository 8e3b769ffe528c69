"""The figure of the forecasting study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots import plot_error_over_activity, plot_forecast

from ..statistics import of_case
from ..study import Row
from .neurons import NEURONS
from .study import BASELINES, BUDGET
from .tables import LYAPUNOV_TIME

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Drawn over the series: the conductance neuron, the plainest one, and the one with the most time constants.
_DRAWN = ("MTC", "LIF", "HetSynLIF")


def draw_forecasts(rows: Sequence[Row], path: Path) -> Path:
    """Write one row of panels for each horizon: a forecast, and error over both measures of activity."""
    horizons = list(dict.fromkeys(row["case"]["horizon"] for row in rows))
    figure = Canvas(figsize=(14.0, 3.4 * len(horizons)), layout="constrained")
    grid = figure.subplots(len(horizons), 3, squeeze=False, gridspec_kw={"width_ratios": (1.7, 1.0, 1.0)})
    for horizon, axes in zip(horizons, grid, strict=True):
        _example(rows, horizon, axes[0])
        runs = {name: found for name in NEURONS if (found := of_case(rows, model=name, horizon=horizon))}
        floors = {
            name: float(np.mean([row["mse"] for row in found]))
            for name in BASELINES
            if (found := of_case(rows, model=name, horizon=horizon))
        }
        for ax, key, label in zip(axes[1:], ("rate", "duty"), ("events per neuron and step", "share of time on"), strict=True):
            plot_error_over_activity(runs, key, label, floors=floors, ax=ax)
        axes[1].get_legend().remove()
    return write_atomically(path, png_of(figure, dpi=120))


def _example(rows: Sequence[Row], horizon: float, ax: Axes) -> None:
    shown = {name: row["example"] for name in _DRAWN for row in of_case(rows, model=name, horizon=horizon) if "example" in row}
    if not shown:
        return
    example = next(iter(shown.values()))
    plot_forecast(
        example["target"],
        {name: np.array(kept["output"], dtype=np.float64) for name, kept in shown.items()},
        example["dt"],
        counted_from=BUDGET.warm_up,
        title=f"{horizon:g} time units ahead ({horizon / LYAPUNOV_TIME:.2f} Lyapunov times)",
        ax=ax,
    )
