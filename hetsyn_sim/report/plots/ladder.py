"""The figures of the ladder: accuracy and distance over the strength of a rung, and all rungs side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from ...ladder import Row
from .style import BEFORE, BRIAN2, GREY, THETA, axes_or_new, tidy


def plot_rung(rows: Sequence[Row], name: str, ax: Axes | None = None) -> Axes:
    """Draw one rung: accuracy (mean, and range over seeds and networks) and the distance of its spikes, over its strength.

    Parameters
    ----------
    rows
        Of :func:`hetsyn_sim.ladder.run_ladder`, of one network or of several; the trained network's accuracy is a line if it is there.
    name
        The rung's.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (4.2, 3.0))
    of_rung = [row for row in rows if row.name == name]
    strengths = sorted({row.strength for row in of_rung})
    if ground := [100 * row.accuracy for row in rows if row.number == 0]:
        ax.axhline(float(np.mean(ground)), color=BEFORE, lw=1.2, ls="--")
    by_strength = [[row for row in of_rung if row.strength == s] for s in strengths]
    accuracy = [[100 * row.accuracy for row in some] for some in by_strength]
    distance = [100.0 * float(np.mean([row.distance for row in some])) for some in by_strength]
    ax.fill_between(strengths, [min(a) for a in accuracy], [max(a) for a in accuracy], color=BRIAN2, alpha=0.2, lw=0)
    ax.plot(strengths, [np.mean(a) for a in accuracy], "o-", color=BRIAN2, ms=5, label="accuracy")
    ax.plot(strengths, distance, "s:", color=THETA, ms=4, mfc="none", label="distance from the trained network's spikes")
    if strengths[-1] >= 10.0 * strengths[0]:
        ax.set_xscale("log")
    ax.set_xticks(strengths, [f"{s:g}" for s in strengths])
    ax.minorticks_off()
    ax.set_ylim(0.0, 1.05 * max(100.0, *distance))
    quantity, unit = of_rung[0].quantity, of_rung[0].unit
    ax.set(xlabel=f"{quantity} ({unit})" if unit else quantity, ylabel="accuracy (%, dots)\n100 × spike distance (squares)")
    return tidy(ax, f"Rung {of_rung[0].number}: {name}")


def plot_ladder(rows: Sequence[Row], ax: Axes | None = None) -> Axes:
    """Draw the accuracy in ``rows`` on every rung, from weakest (light) to strongest, with the trained network as a line."""
    names = list(dict.fromkeys(row.name for row in rows))
    ax = axes_or_new(ax, (7.0, 0.8 + 0.36 * len(names)))
    places = np.arange(len(names))[::-1]
    for place, name in zip(places, names, strict=True):
        of_rung = [row for row in rows if row.name == name]
        strengths = list(dict.fromkeys(row.strength for row in of_rung))
        means = [100 * float(np.mean([row.accuracy for row in of_rung if row.strength == s])) for s in strengths]
        ax.plot(means, np.full(len(means), place), "-", color=GREY, lw=0.8)
        for k, mean in enumerate(means):
            ax.plot(mean, place, "o", color=BRIAN2, alpha=(k + 1) / len(means), ms=7)
        if len(strengths) > 1:
            strongest = f"{strengths[-1]:g} {of_rung[0].unit}".strip()
            ax.annotate(strongest, (means[-1], place), (0, 6), textcoords="offset points", ha="center", fontsize=7)
    if ground := [100 * row.accuracy for row in rows if row.number == 0]:
        ax.axvline(float(np.mean(ground)), color=BEFORE, lw=1.2, ls="--")
    numbers = {row.name: row.number for row in rows}
    ax.set_yticks(places, [f"{numbers[name]}  {name}" for name in names])
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="accuracy (%)", ylabel="rung", ylim=(-0.7, len(names) - 0.2))
    return tidy(ax, "Accuracy on each rung: the darker a dot, the stronger\n(the strongest is labelled; dashed: the trained network)")
