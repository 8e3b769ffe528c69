"""Figures of studies: points are where the numbers are."""

import pytest
from matplotlib.figure import Figure

from hetsyn_sim.report.plots import plot_curves, plot_disturbance, plot_pairs


def lines(ax):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}


def test_curves_are_every_run_and_their_mean():
    ax = plot_curves({"A": [[1.0, 3.0], [3.0, 5.0]], "B": [[0.0, 0.0]]}, 20, "loss", Figure().subplots(), title="recurrent")
    assert (lines(ax)["A"], lines(ax)["B"]) == (([10.0, 30.0], [2.0, 4.0]), ([10.0, 30.0], [0.0, 0.0]))

    assert [list(line.get_ydata()) for line in ax.lines[:2]] == [[1.0, 3.0], [3.0, 5.0]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("iteration", "loss", "recurrent: every run, and their mean")
    assert plot_curves({"A": [[1.0, 0.01]]}, 20, "loss", Figure().subplots(), log=True).get_yscale() == "log"


def test_disturbances_are_equally_far_apart():
    ax = plot_disturbance([0.0, 0.01, 0.64], {"A": [[1.0, 0.9, 0.5], [1.0, 0.7, 0.3]]}, "p", Figure().subplots())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.01", "0.64"]
    mean = next(line for line in ax.lines if len(line.get_ydata()) == 3)
    assert list(mean.get_ydata()) == pytest.approx([100.0, 80.0, 40.0])
    assert list(mean.get_xdata()) == [0.0, 1.0, 2.0]


def test_disturbances_of_some_runs_only():
    ax = plot_disturbance(["-1 to 0", "0 to 1"], {"A": [[0.6, 0.8], [float("nan"), 0.9]]}, "log2", Figure().subplots())
    assert list(ax.lines[0].get_ydata()) == pytest.approx([60.0, 85.0])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["-1 to 0", "0 to 1"]


def test_pairs_show_every_run():
    ax = plot_pairs({"one": {"A": [90.0, 92.0], "B": [80.0]}, "two": {"A": [70.0], "B": []}}, "accuracy (%)", Figure().subplots())
    drawn = [(list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines if len(line.get_ydata())]
    assert drawn == [([-0.2, -0.2], [90.0, 92.0]), ([0.2], [80.0]), ([1.0], [70.0])]  # a group of one is in the middle
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "two"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["A", "B"]
