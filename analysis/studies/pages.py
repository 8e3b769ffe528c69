"""The figure of a study: what its table says, to be seen at a glance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from matplotlib.figure import Figure as Canvas

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots import plot_curves, plot_disturbance, plot_pairs

from .hetsyn.digits_tables import WARP_RANGES
from .hetsyn.neurons import NEURONS
from .hetsyn.robustness import DELETIONS, NOISES_HZ
from .statistics import of_case
from .study import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS: tuple[tuple[str, dict[str, object]], ...] = (("recurrent", {"recurrent": True}), ("feed-forward", {}))
_BIN = 20  # iterations of one point of a curve, in all studies


def draw_study(name: str, rows: Sequence[Row], path: Path) -> Path:
    """Write the figure of a study as PNG, with whatever of its cases has been run."""
    panels = FIGURES[name](rows)
    figure = Canvas(figsize=(5.4 * len(panels), 3.8), layout="constrained")
    for panel, ax in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        panel(ax=ax)
    return write_atomically(path, png_of(figure))


Panel = Callable[..., "Axes"]


def _by_neuron(rows: Sequence[Row], key: str, **facts: object) -> dict[str, list[list[float]]]:
    found = {model: [row[key] for row in of_case(rows, model=model, **facts)] for model in NEURONS}
    return {model: values for model, values in found.items() if values}


def _dms(rows: Sequence[Row]) -> list[Panel]:
    panels: list[Panel] = []
    for label, facts in _KINDS:
        curves = _by_neuron(rows, "curve", tau_ms=40.0, **facts)
        shares = {model: [[100.0 * share for share in curve] for curve in found] for model, found in curves.items()}
        panels.append(partial(plot_curves, shares, _BIN, "trials right (%)", title=label))
    return panels


def _patterns(rows: Sequence[Row]) -> list[Panel]:
    curves = [(label, _by_neuron(rows, "curve", noise_hz=2.0, lr=1e-3, **facts)) for label, facts in _KINDS]
    return [partial(plot_curves, found, _BIN, "mean squared error", title=label, log=True) for label, found in curves]


def _digits(rows: Sequence[Row]) -> list[Panel]:
    recurrent = {model: found for model in NEURONS if (found := of_case(rows, model=model, recurrent=True))}
    lost, added = ({model: [row[key] for row in found] for model, found in recurrent.items()} for key in ("deletion", "noise"))
    # every seed draws its own stretches, so runs can be compared range by range
    warped = {model: [_by_range(row["warp"]) for row in found] for model, found in recurrent.items()}
    return [
        partial(plot_disturbance, DELETIONS, lost, "probability that a spike is lost"),
        partial(plot_disturbance, NOISES_HZ, added, "added spikes on every channel (Hz)"),
        partial(plot_disturbance, [f"{low:g} to {high:g}" for low, high in WARP_RANGES], warped, "log2 of the stretch of time"),
    ]


def _by_range(warp: Sequence[tuple[float, float]]) -> list[float]:
    """Mean accuracy of a run over the stretches in each range; NaN where it drew none."""
    inside = [[accuracy for log2, accuracy in warp if low <= log2 < high] for low, high in WARP_RANGES]
    return [sum(found) / len(found) if found else float("nan") for found in inside]


def _speakers(rows: Sequence[Row]) -> list[Panel]:
    names = list(dict.fromkeys(row["case"]["held_out"] for row in rows))
    groups = {
        name: {model: [100.0 * row["accuracy"] for row in of_case(rows, model=model, recurrent=True, held_out=name)] for model in NEURONS}
        for name in names
    }
    return [partial(plot_pairs, groups, "accuracy on the speaker (%)")]


def _smnist(rows: Sequence[Row]) -> list[Panel]:
    kinds: dict[str, dict[str, object]] = {"row by row": {"scan": "row"}, "pixel by pixel": {"scan": "pixel"}}
    for n in sorted({int(row["case"]["copies"]) for row in rows if "copies" in row["case"]}):
        kinds[f"pixel by pixel,\nimages and {n} copies"] = {"scan": "pixel", "copies": n}
    groups = {
        label: {model: [100.0 * row["accuracy"] for row in of_case(rows, model=model, **facts)] for model in NEURONS}
        for label, facts in kinds.items()
    }
    return [partial(plot_pairs, groups, "test accuracy (%)")]


#: Study -> its panels for rows.
FIGURES: Mapping[str, Callable[[Sequence[Row]], list[Panel]]] = MappingProxyType(
    {"dms": _dms, "patterns": _patterns, "digits": _digits, "speakers": _speakers, "smnist": _smnist}
)
