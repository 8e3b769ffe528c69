"""The two figures of the benchmarks. Each ``plot_`` function draws into ``ax``, or into a new figure, and returns the axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots.style import AFTER, BRIAN2, GREY, THETA, TORCH, axes_or_new, tidy

from .exponents import SWEEPS, fit_growth
from .implementations import IMPLEMENTATIONS, OURS
from .ratios import in_group
from .shapes import SHAPES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]

#: Colour and marker; what is homogeneous is grey or black, the reference pink.
_LOOKS = {
    "materialised": (THETA, "s"),
    "homogeneous": ("black", "x"),
    "snntorch": (GREY, "1"),
    "norse": (GREY, "2"),
    "spikingjelly": (GREY, "3"),
    "jax": ("black", "+"),
    "spyx": (GREY, "4"),
    "sparx": (GREY, "x"),
    "jaxpike": (GREY, "+"),
    "default": (TORCH, "*"),
    "plain": (BRIAN2, "^"),
    "fused": (TORCH, "o"),
    "expansion": (AFTER, "D"),
}
_AXIS = {"N": "channels and neurons N", "T": "time steps T", "B": "batch B", "rate": "input rate per step"}


def plot_growth(rows: Sequence[Row], sweep: str, ax: Axes | None = None) -> Axes:
    """CPU time of a training step over one quantity, on logarithmic axes, with the fitted exponents in the legend."""
    ax = axes_or_new(ax, (4.5, 3.6))
    for name, exponent in fit_growth(rows, sweep).items():
        colour, marker = _LOOKS[name]
        points = sorted((row["value"], row["cpu_s"]) for row in rows if row["sweep"] == sweep and row["implementation"] == name)
        ax.plot(*zip(*points, strict=True), color=colour, marker=marker, ms=4, lw=1.2, label=f"{name}: {exponent}")
    ax.set(xscale="log", yscale="log", xlabel=_AXIS[sweep], ylabel="CPU time of a step (s)")
    ax.set_xticks(SWEEPS[sweep], [f"{value:g}" for value in SWEEPS[sweep]])
    ax.set_xticks([], minor=True)
    ax.legend(frameon=False, fontsize="small", title="exponent", title_fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, f"Growth with {_AXIS[sweep]}")


def plot_speed(rows: Sequence[Row], threads: int = 1, ax: Axes | None = None) -> Axes:
    """CPU time of a training step, by shape and implementation: minimum as a marker, from there to the slowest step as a line."""
    ax = axes_or_new(ax, (7.0, 3.8))
    shapes = [name for name in SHAPES if in_group(rows, name, threads)]
    for offset, name in enumerate(present := [n for n in IMPLEMENTATIONS if any(row["implementation"] == n for row in rows)]):
        found = [(k, in_group(rows, shape, threads).get(name)) for k, shape in enumerate(shapes)]
        points = [(k + 0.7 * (offset / max(1, len(present) - 1) - 0.5), row) for k, row in found if row is not None]
        colour, marker = _LOOKS[name]
        ax.vlines([k for k, _ in points], [row["cpu_s"] for _, row in points], [row["slowest_cpu_s"] for _, row in points], colour, lw=1)
        ax.plot([k for k, _ in points], [row["cpu_s"] for _, row in points], marker, color=colour, label=name, ms=7 if name in OURS else 6)
    ax.set(yscale="log", ylabel="CPU time of a step (s)", xticks=range(len(shapes)), xticklabels=shapes)
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, f"A training step on {'one thread' if threads == 1 else f'{threads} threads'}")


def draw_growth(rows: Sequence[Row], path: Path) -> None:
    """All sweeps into one file."""
    from matplotlib.figure import Figure

    sweeps = [sweep for sweep in SWEEPS if any(row["sweep"] == sweep for row in rows)]
    figure = Figure(figsize=(12.0, 7.0), layout="constrained")
    for k, sweep in enumerate(sweeps, start=1):
        plot_growth(rows, sweep, figure.add_subplot(2, 2, k))
    _save(figure, path)


def draw_speed(rows: Sequence[Row], path: Path) -> None:
    """All shapes into one file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 3.8), layout="constrained")
    plot_speed(rows, ax=figure.subplots())
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    write_atomically(path, png_of(figure))
