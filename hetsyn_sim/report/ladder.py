"""The page of the ladder: its table and figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure as Canvas

from ..data.checkpoint import Checkpoint
from ..ladder import Row
from .document import Document, Figure, Grid, Paragraph, png_of
from .plots import plot_ladder, plot_rung
from .sections import architecture

_HEADS = ("rung", "strength", "runs", "accuracy", "equal predictions", "distance", "rate (Hz)", "readout v error")


def write_ladder(folder: str | PathLike[str], rows: Sequence[Row], checkpoint: Checkpoint) -> Path:
    """Write ``ladder.html``, ``ladder.md`` and the figures of ``rows``, and return the first's path.

    The numbers are in the store of :func:`~hetsyn_sim.ladder.run_ladder`.
    """
    spec = checkpoint.spec
    names = list(dict.fromkeys(row.name for row in rows if row.number > 0))
    document = Document(
        "From the trained network to biophysics",
        [
            Paragraph(f"{architecture(spec)}, trained at dt = {1e3 * spec.dt_s:g} ms; every rung is simulated in Brian2."),
            Figure("ladder.png", "Accuracy of every rung; the dashed line is the trained network on its own grid.", _overview(rows)),
            Grid(_HEADS, ladder_table(rows)),
            Figure("rungs.png", "Accuracy (range over seeds) and van Rossum's distance (squares) over strength.", _sweeps(rows, names)),
        ],
    )
    return document.save(folder, "ladder")


def ladder_table(rows: Sequence[Row]) -> list[list[str]]:
    """A line for every rung and strength in ``rows``: means over seeds, and the accuracy's standard deviation where there are several."""
    lines = []
    for name, strength in dict.fromkeys((row.name, row.strength) for row in rows):
        same = [row for row in rows if (row.name, row.strength) == (name, strength)]
        accuracy = np.array([100 * row.accuracy for row in same])
        spread = f" ± {accuracy.std(ddof=1):.1f}" if len(same) > 1 else ""
        means = {key: float(np.mean([getattr(row, key) for row in same])) for key in ("equal_predictions", "distance", "rate_hz")}
        off = [row.v_rms for row in same if row.v_rms is not None]
        lines.append(
            [
                f"{same[0].number} {name}",
                f"{same[0].quantity} {strength:g} {same[0].unit}".strip() if same[0].number else "",
                str(len(same)),
                f"{accuracy.mean():.1f}{spread} %",
                f"{100 * means['equal_predictions']:.1f} %",
                f"{means['distance']:.3f}",
                f"{means['rate_hz']:.2f}",
                f"{100 * float(np.mean(off)):.1f} %" if off else "",
            ]
        )
    return lines


def _overview(rows: Sequence[Row]) -> bytes:
    n = len({row.name for row in rows})
    canvas = Canvas(figsize=(7.5, 1.0 + 0.36 * n), layout="constrained")
    plot_ladder(rows, canvas.subplots())
    return png_of(canvas)


def _sweeps(rows: Sequence[Row], names: Sequence[str]) -> bytes:
    n_rows = max(1, math.ceil(len(names) / 3))
    canvas = Canvas(figsize=(10.5, 2.9 * n_rows), layout="constrained")
    axes = np.atleast_1d(canvas.subplots(n_rows, 3, squeeze=False)).ravel()
    for ax, name in zip(axes, names, strict=False):
        plot_rung(rows, name, ax)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    return png_of(canvas)
