"""Figures of the conductance neuron: what they draw is what the equations say."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from hetsyn_sim.models.conductance import MTC, REGIMES, MTCFastFilter
from hetsyn_sim.report.plots import plot_current_voltage, plot_graded_spikes, plot_phase_plane


def line(ax, label):
    found = next(x for x in ax.lines if x.get_label().startswith(label))
    return found.get_xdata(), found.get_ydata()


@pytest.mark.parametrize("model", [MTC, MTCFastFilter], ids=lambda model: model.name)  # a fast filter changes no curve
@pytest.mark.parametrize("facts", REGIMES.values(), ids=REGIMES)
def test_current_voltage_curves_are_those_of_the_conductances(ax, facts, model):
    """Written out by hand: V, less what drives the membrane away, plus what brings it back."""
    assert plot_current_voltage(facts, model=model, ax=ax) is ax
    v, fast = line(ax, "fast")
    g = facts.get("g_negative", 1.5)
    slow = v - 2.0 * np.tanh(v) + 2.0 * np.tanh(v) - g * np.tanh(v + 1.5)
    np.testing.assert_allclose(fast, v - 2.0 * np.tanh(v), atol=1e-12)
    np.testing.assert_allclose(line(ax, "slow")[1], slow, atol=1e-12)
    np.testing.assert_allclose(line(ax, "ultra-slow")[1], v, atol=1e-12)  # the gains cancel in pairs
    assert ax.get_xlabel() == "voltage V"


def test_bursting_needs_a_slow_curve_that_falls_and_spiking_does_not(ax):
    falls = {}
    for name in ("tonic spiking", "tonic bursting"):
        own = Figure().add_subplot()
        plot_current_voltage(REGIMES[name], ax=own)
        falls[name] = {label: bool(np.any(np.diff(line(own, label)[1]) < 0)) for label in ("fast", "slow", "ultra-slow")}
    assert falls["tonic spiking"] == {"fast": True, "slow": False, "ultra-slow": False}
    assert falls["tonic bursting"] == {"fast": True, "slow": True, "ultra-slow": False}


def test_a_phase_plane_has_both_lines_and_the_trajectory(ax):
    t = np.linspace(0.0, 6.0, 50)
    plot_phase_plane(REGIMES["tonic spiking"], 2.0 * np.cos(t), 0.3 * np.sin(t), ax=ax)
    np.testing.assert_allclose(line(ax, "trajectory"), (2.0 * np.cos(t), 0.3 * np.sin(t)))
    np.testing.assert_allclose(*line(ax, "v_s stands still"))
    where = np.concatenate([path.vertices for path in ax.collections[0].get_paths()])  # the contour on which v stands still
    v, v_s = where.T
    np.testing.assert_allclose(2.0 * np.tanh(v) - v, 2.0 * np.tanh(v_s), atol=2e-3)  # up to the grid it is found on
    assert "v_us" in plot_phase_plane({}, t, t, -1.85, ax=Figure().add_subplot()).get_title(loc="left")


def test_graded_spikes_are_shaded_and_counted(ax):
    v = np.array([-1.0, 1.0, 3.0, -1.0, 0.5, -1.0])
    plot_graded_spikes(v, np.clip(v / 2.0, 0.0, 1.0), 1e-3, title="Tonic", ax=ax)
    assert ax.get_title(loc="left") == "Tonic: 2 spikes (marks), graded output (shaded)"
    np.testing.assert_array_equal(line(ax, "upward crossing")[0], [1.0, 4.0])
    shaded = ax.collections[0].get_paths()[0].vertices
    assert shaded[:, 1].max() == 2.0
    assert plot_graded_spikes([-1.0, 1.0], [0.0, 0.5], 1e-3, ax=ax).get_title(loc="left").startswith("1 spike (")
