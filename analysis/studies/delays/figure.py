"""The figure of the study of delays."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots import plot_pairs
from hetsyn_sim.report.plots.style import tidy

from ..statistics import of_case
from ..study import Row


def draw(rows: Sequence[Row]) -> Canvas:
    """Draw the accuracy of every network on its held-out speaker, by speaker."""
    names = list(dict.fromkeys(row["case"]["held_out"] for row in rows))
    variants = list(dict.fromkeys(row["case"]["variant"] for row in rows))
    groups = {
        name: {variant: [100.0 * row["accuracy"] for row in of_case(rows, variant=variant, held_out=name)] for variant in variants}
        for name in names
    }
    figure = Canvas(figsize=(9.0, 3.8), layout="constrained")
    tidy(plot_pairs(groups, "accuracy (%)", ax=figure.subplots()), "Speakers who were never heard: every network, and their mean")
    return figure
