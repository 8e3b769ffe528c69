"""Figures of a fit to recordings, of a result that is written down."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.report import plots
from hetsyn_sim.training.fitting import RecordingsFit, Trials
from hetsyn_sim.training.fitting.lanes import Lanes

from ...membrane import PASSIVE
from ...refusal import refused

MODEL = replace(PASSIVE, name="Leaky").with_parameters(
    R={"initial": "100 Mohm", "bounds": None, "trainable": False}, tau={"initial": "10 ms"}
)


@pytest.fixture
def result():
    every = np.ones((80, 2), dtype=bool)
    every[60:, 1] = False  # the second trial is shorter
    fixed = {name: float(p.distribution.value) for name, p in MODEL.parameters.items()}
    trials = Trials(1e-3, {"I": np.full((80, 2), 2e-10)}, None, None, None, every, every)
    with use_backend("plain"):
        found = Lanes(MODEL, trials, fixed, ()).run(np.zeros((1, 0)), free=True)
        spikes = found.spikes[:, :, 0]
        v = found.v[:, :, 0] + np.random.default_rng(0).normal(0, 1e-3, (80, 2))
        bounds = {"R": (5e7, 2e8), "tau": (5e-3, 5e-2)}
        yield RecordingsFit(
            MODEL,
            replace(trials, v=v, spikes=spikes, counted=every & ~spikes),
            {"R": 1e8, "tau": 1e-2},
            {"R": 1e6, "tau": 1e-4},
            bounds,
            (),
            1e-3,
            None,
            np.array([[1e8, 1e-2], [1e8, 1e-2], [1.5e8, 2e-2]]),
            np.array([1.0, 1.0, 9.0]),
            2,
            100,
            0.1,
            False,
        )


EVERY_PLOT = {
    "fit": lambda r, ax: plots.plot_fit(r, 0, ax),
    "residuals": lambda r, ax: plots.plot_residuals(r, 0, ax),
    "restarts": lambda r, ax: plots.plot_restarts(r, ax),
}


@pytest.mark.parametrize("name", EVERY_PLOT)
def test_draws_into_the_axes_given_or_makes_them(result, name, tmp_path):
    figure = Figure()
    ax = figure.subplots()
    assert EVERY_PLOT[name](result, ax) is ax
    figure.savefig(tmp_path / "figure.png")
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert EVERY_PLOT[name](result, None) is not ax


def title(ax):
    return ax.get_title(loc="left")


def test_a_fit_shows_both_voltages_and_both_trains_of_a_trial(result):
    ax = plots.plot_fit(result, 1, Figure().subplots())
    assert title(ax) == "Leaky, trial 1: the fitted neuron by itself, spikes coincide by 1.00"
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"recorded", "fitted"}
    assert [len(line.get_xdata()) for line in ax.lines[:2]] == [60, 60]
    n = int(result.trials.spikes[:60, 1].sum())
    assert n > 2
    assert [len(line.get_xdata()) for line in ax.lines[2:]] == [n, n]
    assert -70 < ax.lines[1].get_ydata().min() < -60  # mV


def test_residuals_say_how_large_they_are_and_how_neighbours_hang_together(result):
    said = title(plots.plot_residuals(result, 0, Figure().subplots()))
    size, correlation = float(said.split()[1]), float(said.split()[-1])
    assert 0.7 < size < 1.3  # mV, of 1
    assert abs(correlation) < 0.4  # of some 70 pairs
    slow = replace(result.trials, v=result.trials.v + 0.01 * np.sin(np.arange(80) / 15)[:, None])
    assert float(title(plots.plot_residuals(replace(result, trials=slow), 0, Figure().subplots())).split()[-1]) > 0.9
    with refused(DataError, "there is no voltage to compare with", where="plot_residuals", remedy="plot_fit"):
        plots.plot_residuals(replace(result, trials=replace(result.trials, v=None)))


def test_restarts_are_drawn_as_parts_of_their_bounds(result):
    ax = plots.plot_restarts(result, Figure().subplots())
    assert title(ax) == "2 of 3 restarts ended where the best did"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0, 0, 0.5e8 / 1.5e8])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["R", "tau"]
