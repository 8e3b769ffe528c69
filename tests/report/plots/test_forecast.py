"""Figures of forecasts: the series, what was forecast of it, and what that cost."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from analysis.studies.forecasting import FORECAST
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots import plot_error_over_activity, plot_error_over_horizon, plot_forecast


def test_a_forecast_is_drawn_over_what_came(ax):
    plot_forecast([1.0, 2.0, 3.0], {"MTC": [np.nan, 2.1, 2.9], "LIF": [0.0, 0.0, 0.0]}, 0.5, counted_from=0.5, title="ahead", ax=ax)
    assert [line.get_label() for line in ax.lines] == ["target", "MTC", "LIF"]
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [0.0, 0.5, 1.0])
    assert ax.get_ylim() == (0.5, 3.5)
    assert ax.get_title(loc="left") == "ahead"


def test_errors_are_drawn_over_the_horizon(ax):
    errors = {"MTC": {17.0: [0.1, 0.3], 197.0: [0.5]}, "linear": {17.0: [0.4]}}
    plot_error_over_horizon(errors, dashed=["linear"], lyapunov_time=197.0, ax=ax)
    mean, runs, line, _, marked = ax.lines
    np.testing.assert_array_equal(mean.get_xydata(), [[17.0, 0.2], [197.0, 0.5]])
    np.testing.assert_array_equal(runs.get_xydata(), [[17.0, 0.1], [17.0, 0.3], [197.0, 0.5]])
    assert (mean.get_linestyle(), line.get_linestyle()) == ("-", "--")
    assert set(marked.get_xdata()) == {197.0}


def test_every_run_is_a_point_and_forecasts_without_neurons_are_lines(ax):
    rows = {"MTC": [{"mse": 0.1, "rate": 0.01}, {"mse": 0.2, "rate": 0.02}]}
    plot_error_over_activity(rows, "rate", "events", floors={"linear": 0.3}, ax=ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0.01, 0.1], [0.02, 0.2]])
    assert set(ax.lines[1].get_ydata()) == {0.3}
    assert ax.get_xscale() == ax.get_yscale() == "log"


@pytest.mark.parametrize("n_cases", [1, len(FORECAST.cases)])
def test_the_figure_of_the_study_shows_what_there_is(n_cases):
    x = list(np.sin(np.arange(20.0)) + 1.0)
    rows = [
        {"case": case, "seed": seed, "mse": 0.1 + seed, "nrmse": 0.3 + seed, "rate": 0.01, "duty": 0.1}
        | ({} if seed else {"example": {"output": [None, *x[1:]], "target": x, "dt": 1.0}})
        for case in FORECAST.cases[:n_cases]
        for seed in range(2)
    ]
    with Image.open(BytesIO(png_of(FORECAST.draw(rows)))) as image:
        assert len(set(image.convert("L").getdata())) > 10
