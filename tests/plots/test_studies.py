"""Figures of studies: points are where the numbers are."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from hetsyn_sim.plots import plot_curves, plot_disturbance, plot_pairs


def lines(ax):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}


def test_curves_are_means_with_the_range():
    ax = plot_curves({"A": [[1.0, 3.0], [3.0, 5.0]], "B": [[0.0, 0.0]]}, 20, "loss", Figure().subplots())
    assert lines(ax) == {"A": ([10.0, 30.0], [2.0, 4.0]), "B": ([10.0, 30.0], [0.0, 0.0])}
    low, high = (np.asarray(ax.collections[0].get_paths()[0].vertices)[:, 1].__getattribute__(side)() for side in ("min", "max"))
    assert (low, high) == (1.0, 5.0)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("iteration", "loss")


def test_disturbances_over_several_orders_are_equally_far_apart():
    ax = plot_disturbance([0.0, 0.01, 0.64], {"A": [[1.0, 0.9, 0.5], [1.0, 0.7, 0.3]]}, "p", Figure().subplots())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "0.01", "0.64"]
    mean = next(line for line in ax.lines if len(line.get_ydata()) == 3)
    assert list(mean.get_ydata()) == pytest.approx([100.0, 80.0, 40.0])


def test_disturbances_of_both_signs_keep_their_places():
    ax = plot_disturbance([-0.5, 0.25], {"A": [[0.6, 0.8]], "B": [[0.5, 0.7]]}, "log2", Figure().subplots())
    assert list(ax.lines[0].get_xdata()) == [-0.5, 0.25]


def test_pairs_show_every_run():
    ax = plot_pairs({"one": {"A": [90.0, 92.0], "B": [80.0]}, "two": {"A": [70.0], "B": []}}, "accuracy (%)", Figure().subplots())
    drawn = [list(line.get_ydata()) for line in ax.lines]
    assert drawn == [[90.0, 92.0], [70.0], [80.0]]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["one", "two"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["A", "B"]


def test_without_axes_a_figure_is_made():
    ax = plot_curves({"A": [[1.0]]}, 20, "loss")
    assert plt.fignum_exists(ax.figure.number)
    plt.close(ax.figure)
