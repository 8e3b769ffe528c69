"""Figures: they draw into the axes given, leave pyplot alone, and their titles say what is to be seen."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from hetsyn_sim.agreement.certificate import Finding
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.ladder import Row
from hetsyn_sim.report import plots
from hetsyn_sim.report.plots.stability import plot_frequency, plot_stability


@pytest.fixture(autouse=True)
def no_figure_of_another_test():
    """What is open afterwards was opened here."""
    plt.close("all")


@pytest.fixture
def recording():
    rng = np.random.default_rng(0)
    rasters = {name: rng.random((20, 2, n)) < 0.2 for name, n in (("input", 6), ("layer_1", 4), ("layer_2", 3))}
    traces = {"layer_1.v": rng.normal(size=(20, 2, 4)), "layer_1.I_syn": rng.normal(size=(20, 2, 4))}
    return Recording(0.005, rasters, traces, "torch float64")


def nudged(recording, by=0.0, flip=()):
    raster = recording.rasters["layer_1"].copy()
    for cell in flip:
        raster[cell] ^= True
    traces = {name: trace + by for name, trace in recording.traces.items()}
    return Recording(recording.dt, {**recording.rasters, "layer_1": raster}, traces, "brian2 numpy")


@pytest.fixture
def history():
    rows = [(1, 2.0, 0.3, 0.4), (2, 1.0, 0.6, 0.7), (3, 0.5, 0.8, 0.75)]
    return [dict(zip(("epoch", "train_loss", "train_accuracy", "validation_accuracy"), row, strict=True)) for row in rows]


EVERY_PLOT = {
    "raster": lambda r, h, ax: plots.plot_raster(r, nudged(r), 0, ax),
    "trace": lambda r, h, ax: plots.plot_trace(r, nudged(r), "layer_1.v", 1, theta=1.0, ax=ax),
    "difference": lambda r, h, ax: plots.plot_difference(r, nudged(r, 1e-9), "layer_1.v", 1, ax=ax),
    "time constants": lambda r, h, ax: plots.plot_time_constants([0.02, 0.05], [0.01, 0.1], ax=ax),
    "confusion": lambda r, h, ax: plots.plot_confusion([0, 1, 2], [0, 1, 1], ax=ax),
    "learning curve": lambda r, h, ax: plots.plot_learning_curve(h, 0.9, ax),
    "bounds": lambda r, h, ax: plots.plot_bounds([compared("torch", 0.01)], ax),
    "margins": lambda r, h, ax: plots.plot_margins([1e-3, 1e-5], {"float64": 1e-12}, {"float64": 1e-14}, ax),
    "refinement": lambda r, h, ax: plots.plot_refinement([at_dt(1, 100, 1.0), at_dt(2, 130, 0.8)], ax),
    "ladder": lambda r, h, ax: plots.plot_ladder(ladder_rows(), ax),
    "rung": lambda r, h, ax: plots.plot_rung(ladder_rows(), "conductances", ax),
    "curves": lambda r, h, ax: plots.plot_curves({"A": [[1.0]]}, 20, "loss", ax),
    "disturbance": lambda r, h, ax: plots.plot_disturbance([0.0], {"A": [[1.0]]}, "p", ax),
    "forecast": lambda r, h, ax: plots.plot_forecast([0.0, 1.0], {"MTC": [0.0, 0.5]}, 1.0, title="ahead", ax=ax),
    "error": lambda r, h, ax: plots.plot_error_over_activity({"MTC": [{"mse": 0.1, "rate": 0.01}]}, "rate", "events", ax=ax),
    "current": lambda r, h, ax: plots.plot_current_voltage({}, ax=ax),
    "phase plane": lambda r, h, ax: plots.plot_phase_plane({}, [0.0, 1.0], [0.0, 1.0], ax=ax),
    "graded spikes": lambda r, h, ax: plots.plot_graded_spikes([-1.0, 1.0], [0.0, 0.5], 1e-3, ax=ax),
    "stability": lambda r, h, ax: plot_stability(ax=ax),
    "frequency": lambda r, h, ax: plot_frequency(ax=ax),
}


def ladder_rows():
    """The ground, and a rung whose strength grows as its quantity falls; two seeds at its end."""
    rows = [
        ("same grid", 0, 0.0, 0, 1.0),
        ("conductances", 5, 700.0, 0, 0.9),
        ("conductances", 5, 70.0, 0, 0.5),
        ("conductances", 5, 70.0, 1, 0.7),
    ]
    return [Row(number, name, "reversal", "mV", s, seed, share, 1.0, 0.25, 3.0, 0.0, 10, 1.0) for name, number, s, seed, share in rows]


def compared(what, share, mismatches=0):
    numbers = {"max_dv_over_bound": share, "max_abs_dv": 1e-12 * share, "spike_mismatches": mismatches}
    return Finding(what, share <= 1 and not mismatches, numbers)


def at_dt(factor, n_spikes, coincidence):
    numbers = {"dt_s": 0.008 / factor, "n_spikes": n_spikes, "coincidence": coincidence, "equal_predictions": 1.0}
    return Finding(f"dt/{factor}", None, numbers)


@pytest.mark.parametrize("name", EVERY_PLOT)
def test_draws_into_the_axes_given_or_makes_them(recording, history, name, tmp_path, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("a plot must not show itself"))
    figure = Figure()
    ax = figure.subplots()
    assert EVERY_PLOT[name](recording, history, ax) is ax
    assert plt.get_fignums() == []
    figure.savefig(tmp_path / "figure.png")
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    with plt.rc_context({"backend": "agg"}):
        made = EVERY_PLOT[name](recording, history, None)
        assert plt.get_fignums() == [made.figure.number]
        plt.close(made.figure)


def title(ax):
    return ax.get_title(loc="left")


def test_raster_rings_what_differs(recording):
    same = plots.plot_raster(recording, nudged(recording), 0, Figure().subplots())
    other = plots.plot_raster(recording, nudged(recording, flip=[(3, 0, 1), (4, 0, 2), (5, 1, 0)]), 0, Figure().subplots())
    assert "not one differs" in title(same)
    assert [label.get_text() for label in same.get_yticklabels()] == ["input\n(6)", "layer 1\n(4)", "layer 2\n(3)"]
    assert [text.get_text() for text in same.get_legend().get_texts()] == ["input", "PyTorch", "Brian2"]
    assert "2 differ" in title(other)  # the third is of another run
    rings = [line for line in other.lines if line.get_markersize() == 14]
    assert sum(len(line.get_xdata()) for line in rings) == 2


def test_trace_counts_the_spikes_and_shows_both(recording):
    ax = plots.plot_trace(recording, nudged(recording), "layer_1.v", 2, 1, theta=1.0, ax=Figure().subplots())
    n = int(recording.rasters["layer_1"][:, 1, 2].sum())
    assert title(ax).endswith(f"neuron 2 of layer 1, {n} spikes")
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"PyTorch", "Brian2", "threshold θ", "spikes"}
    np.testing.assert_allclose(ax.lines[0].get_xdata()[-1], 95.0)  # ms
    assert ax.get_ylabel() == "v (dimensionless)"
    assert plots.plot_trace(recording, recording, "layer_1.v", 0, unit="volt", ax=Figure().subplots()).get_ylabel() == "v (volt)"
    difference = plots.plot_difference(recording, nudged(recording), "layer_1.v", 0, ax=Figure().subplots())
    assert "bit-equal in 20 of 20 steps" in title(difference)


def test_time_constants_say_what_they_leave_out():
    ax = plots.plot_time_constants([0.02, 0.05, 0.03], [0.0, np.inf, 0.03], "tau_syn", Figure().subplots())
    assert title(ax) == "tau_syn: 3 values, 2 of them 0 or infinite"
    assert "after training: median 30 ms" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_confusion_counts():
    ax = plots.plot_confusion([0, 0, 1, 2], [0, 2, 1, 2], "Brian2", Figure().subplots())
    assert title(ax) == "Brian2: 3 of 4 right (75.0 %)"
    assert sorted(text.get_text() for text in ax.texts) == ["1", "1", "1", "1"]


def test_learning_curve_without_validation(history):
    rows = [{k: v for k, v in row.items() if k != "validation_accuracy"} for row in history]
    ax = plots.plot_learning_curve(rows, ax=Figure().subplots())
    assert title(ax) == "Learning: 80.0 % on the training recordings after 3 epochs"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training loss (right)", "training"]


def test_bounds_say_who_is_beyond_them():
    ax = plots.plot_bounds([compared("one", 0.0), compared("two", 5.0, 3), compared("three", np.inf, 7), Finding("other", True, {})])
    assert title(ax) == "2 of 3 are NOT the same network"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two", "three"]
    assert [text.get_text() for text in ax.texts] == ["bit-equal", "5.0e-12, 3 spikes differ", "inf, 7 spikes differ"]
    assert title(plots.plot_bounds([compared("one", 0.5)], Figure().subplots())) == "Voltages: all within the rounding bound"


def test_margins_count_the_recordings_that_rounding_reached():
    bounds, errors = {"float64": 1e-12, "float32": 1e-2}, {"float64": 1e-14, "float32": 1e-5}
    ax = plots.plot_margins([1e-3, 1e-6, 0.0], bounds, errors, Figure().subplots())

    assert "1 in float64, 2 in float32 (of 3)" in title(ax)
    silent = plots.plot_margins([np.inf], {"float64": 0.0}, {"float64": 0.0}, Figure().subplots())
    assert "0 in float64 (of 1)" in title(silent)


def test_refinement_is_relative_to_the_own_dt():
    ax = plots.plot_refinement([at_dt(1, 100, 1.0), at_dt(2, 130, 0.8), Finding("exact", True, {})], Figure().subplots())
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(lines["number of spikes"], [100, 130])
    np.testing.assert_allclose(lines["spikes with a partner within one dt"], [100, 80])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["8", "4"]


def test_the_ladder_goes_from_weak_to_strong():
    ax = plots.plot_ladder(ladder_rows(), Figure().subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0  same grid", "5  conductances"]
    dots = [(line.get_xdata()[0], line.get_alpha()) for line in ax.lines if line.get_marker() == "o"]
    assert dots == [(100.0, 1.0), (90.0, 0.5), (60.0, 1.0)]  # the mean of two seeds, and strong at the end
    assert [text.get_text() for text in ax.texts] == ["70 mV"]


def test_a_rung_is_drawn_over_its_quantity():
    ax = plots.plot_rung(ladder_rows(), "conductances", Figure().subplots())
    assert title(ax) == "Rung 5: conductances"
    assert ax.get_xlabel() == "reversal (mV)"
    lines = {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}
    assert lines["accuracy"] == ([70.0, 700.0], [60.0, 90.0])
    assert lines["distance from the trained network's spikes"][1] == [25.0, 25.0]
