"""The figure of the forecasting study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots import plot_error_over_activity, plot_forecast

from ..statistics import of_case
from ..study import Row
from .baselines import BASELINES
from .neurons import NEURONS
from .tables import LYAPUNOV_TIME
from .train import BUDGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Drawn over the series: the conductance neuron, the plainest one, and the one with the most time constants.
_DRAWN = ("MTC", "LIF", "HetSynLIF")


def draw_forecasts(rows: Sequence[Row]) -> Canvas:
    """Draw one row of panels for each horizon: a forecast, and error over both measures of activity."""
    horizons = list(dict.fromkeys(row["case"]["horizon"] for row in rows))
    figure = Canvas(figsize=(14.0, 3.4 * len(horizons)), layout="constrained")
    grid = figure.subplots(len(horizons), 3, squeeze=False, gridspec_kw={"width_ratios": (1.7, 1.0, 1.0)})
    for horizon, axes in zip(horizons, grid, strict=True):
        _example(rows, horizon, axes[0])
        by_model = {name: runs for name in (*NEURONS, *BASELINES) if (runs := of_case(rows, model=name, horizon=horizon))}
        floors = {name: float(np.mean([row["mse"] for row in runs])) for name, runs in by_model.items() if name in BASELINES}
        of_neurons = {name: runs for name, runs in by_model.items() if name in NEURONS}
        for ax, key, label in zip(axes[1:], ("rate", "duty"), ("events per neuron and step", "share of steps with output"), strict=True):
            plot_error_over_activity(of_neurons, key, label, floors=floors, ax=ax)
        axes[1].get_legend().remove()
    return figure


def _example(rows: Sequence[Row], horizon: float, ax: Axes) -> None:
    shown = {name: row["example"] for name in _DRAWN for row in of_case(rows, model=name, horizon=horizon) if "example" in row}
    if not shown:
        return
    example = next(iter(shown.values()))
    plot_forecast(
        example["target"],
        {name: np.array(of["output"], dtype=np.float64) for name, of in shown.items()},
        example["dt"],
        counted_from=BUDGET.warm_up,
        title=f"Mackey-Glass, {horizon:g} time units ahead ({horizon / LYAPUNOV_TIME:.2f} Lyapunov times)",
        ax=ax,
    )
