"""Figures of the analysis. Each draws into ``ax`` (or a new figure) and returns the axes; lines and hatches differ, not only hues."""

from .comparison import plot_distances, plot_quantiles
from .distributions import plot_distributions, plot_survival
from .relations import plot_by_projection, plot_change, plot_weight_tau

__all__ = [
    "plot_by_projection",
    "plot_change",
    "plot_distances",
    "plot_distributions",
    "plot_quantiles",
    "plot_survival",
    "plot_weight_tau",
]
