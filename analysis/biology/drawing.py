"""The figures of the report as PNG, drawn without pyplot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.document import Figure, png_of

from .plots import plot_by_projection, plot_change, plot_distances, plot_distributions, plot_quantiles, plot_survival, plot_weight_tau
from .result import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def figures(a: Analysis) -> dict[str, Figure]:
    """Name -> figure; those of what is not known are left out."""
    biology = a.biology.with_limits(a.learned.low, a.learned.high)
    shown = {"learned": a.learned}
    shown |= {name: a.nulls[name] for name in ("before training", "rho, signs flipped") if name in a.nulls}
    drawn = {
        "distances": _drawn(
            "distances",
            (7.5, 0.42 * len(a.distances["all"]) + 1.0),
            lambda ax: plot_distances(a.distances["all"], ax),
            "Distances to biology, and within it; 95 % intervals.",
        ),
        "distributions": _drawn(
            "distributions",
            (9.0, 3.8),
            lambda ax: plot_distributions({**shown, a.against: biology}, ax),
            "Distributions. Bars with a marker at the edges are what lies beyond the limits.",
        ),
        "survival": _drawn(
            "survival", (5.5, 3.8), lambda ax: plot_survival({**shown, a.against: biology}, ax), "Share of time constants above each value."
        ),
        "quantiles": _drawn(
            "quantiles",
            (4.8, 4.4),
            lambda ax: plot_quantiles(shown, a.biology, ax),
            "Quantiles against those of biology; the diagonal is likeness. Those beyond a limit are left out.",
        ),
        "projections": _drawn(
            "projections",
            (6.5, 3.8),
            lambda ax: plot_by_projection(a.learned, ax),
            "Quartiles and 5 to 95 % by projection and sign; inhibitory ones are hatched, dashes are medians before training.",
        ),
    }
    if "before training" in a.nulls:
        drawn["change"] = _drawn(
            "change",
            (5.2, 4.2),
            lambda ax: plot_change(a.nulls["before training"], a.learned, ax),
            "Every synapse before and after training.",
        )
    if np.isfinite(a.learned.column("w")).any():
        drawn["weight_tau"] = _drawn("weight_tau", (5.6, 4.0), lambda ax: plot_weight_tau(a.learned, ax), "Weights and time constants.")
    return drawn


def _drawn(name: str, size: tuple[float, float], draw: Callable[[Axes], Axes], caption: str) -> Figure:
    canvas = Canvas(figsize=size, layout="constrained")
    draw(canvas.subplots())
    return Figure(f"{name}.png", caption, png_of(canvas))
