"""The figure of the forecasting study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots import plot_error_over_activity, plot_error_over_horizon, plot_forecast
from hetsyn_sim.report.plots.style import tidy

from ..statistics import of_case
from ..study import Row
from .baselines import BASELINES
from .claims import LYAPUNOV_TIME
from .neurons import NEURONS
from .train import BUDGET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Drawn over the series: the conductance neuron, the plainest one, and the best forecast without neurons.
_DRAWN = ("MTC", "LIF", "random features")


def draw_forecasts(rows: Sequence[Row]) -> Canvas:
    """Draw the error over the horizon; and for the longest horizon a forecast, and error over events and over values sent."""
    figure = Canvas(figsize=(14.0, 7.4), layout="constrained")
    (over_horizon, example), below = figure.subplots(2, 2)
    horizons = sorted({row["case"]["horizon"] for row in rows})
    plain = {name: {h: [row["nrmse"] for row in of_case(rows, model=name, horizon=h)] for h in horizons} for name in (*NEURONS, *BASELINES)}
    plain = {name: {h: errors for h, errors in of.items() if errors} for name, of in plain.items()}
    plot_error_over_horizon({name: of for name, of in plain.items() if of}, dashed=BASELINES, lyapunov_time=LYAPUNOV_TIME, ax=over_horizon)
    _example(rows, horizons[-1], example)
    by_model = {name: runs for name in (*NEURONS, *BASELINES) if (runs := of_case(rows, model=name, horizon=horizons[-1]))}
    floors = {name: float(np.mean([row["mse"] for row in runs])) for name, runs in by_model.items() if name in BASELINES}
    of_neurons = {name: runs for name, runs in by_model.items() if name in NEURONS}
    labels = ("events per neuron and step", "values sent per neuron and step")
    for ax, key, label in zip(below, ("rate", "duty"), labels, strict=True):
        plot_error_over_activity(of_neurons, key, label, floors=floors, ax=ax)
        tidy(ax, f"Squared error of every run, {horizons[-1]:g} time units ahead; lower left is better")
    below[0].get_legend().remove()
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
