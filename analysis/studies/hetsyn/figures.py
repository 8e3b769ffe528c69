"""The figures of the HetSyn studies, drawn of whatever cases have been run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure as Canvas

from hetsyn_sim.report.plots import plot_curves, plot_disturbance, plot_pairs
from hetsyn_sim.report.plots.style import tidy

from ..statistics import interval, of_case
from ..study import Row
from .digits_tables import WARP_RANGES
from .dms_tables import LEARNED
from .lines_to_beat import METHODS
from .memory_tables import PAPER, WAYS, name_of, of_way
from .neurons import NEURONS, of_neuron
from .robustness import DELETIONS, NOISES_HZ
from .smnist_tables import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS: tuple[tuple[str, dict[str, object]], ...] = (("recurrent", {"recurrent": True}), ("feed-forward", {}))
_BIN = 20  # iterations of one point of a curve, in all studies


def _in_a_row(panels: Mapping[str, Callable[..., Axes]]) -> Canvas:
    """A figure with panels side by side, by their titles."""
    figure = Canvas(figsize=(5.4 * len(panels), 3.8), layout="constrained")
    for (title, panel), ax in zip(panels.items(), figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        tidy(panel(ax=ax), title)
    return figure


def _by_neuron(rows: Sequence[Row], key: str, **facts: object) -> dict[str, list[list[float]]]:
    return {model: [row[key] for row in runs] for model in NEURONS if (runs := of_neuron(rows, model, **facts))}


def draw_dms(rows: Sequence[Row]) -> Canvas:
    """Draw learning curves of the four neurons."""
    curves = {label: _by_neuron(rows, "curve", tau_ms=40.0, **facts) for label, facts in _KINDS}
    shares = {label: {m: [[100.0 * share for share in curve] for curve in runs] for m, runs in of.items()} for label, of in curves.items()}
    return _in_a_row(
        {
            f"Delayed match-to-sample, {label}: every run, and their mean": partial(plot_curves, of, _BIN, "trials right (%)")
            for label, of in shares.items()
        }
    )


def draw_memory(rows: Sequence[Row]) -> Canvas:
    """Draw how far the means of time constants have moved, over where they started, beside the paper's Table 4."""
    panels = {
        f"{group.capitalize()} channels: do their time constants become {text}?": partial(_plot_shifts, rows, group, paper)
        for group, text, paper in (("cue", "longer", 0), ("noise", "shorter", 1))
    }
    return _in_a_row(panels)


def _plot_shifts(rows: Sequence[Row], group: str, paper: int, ax: Axes) -> Axes:
    starts = list(PAPER)
    for way, rate in WAYS[:3]:
        runs = [[row[f"{group}_mean_ms"] - tau for row in of_way(rows, tau, way, rate)] for tau in starts]
        at = [tau for tau, of in zip(starts, runs, strict=True) if of]
        means, halves = zip(*(interval(of) for of in runs if of), strict=True) if at else ((), ())
        ax.errorbar(at, means, yerr=halves, marker="o", capsize=3, label=f"learned as {name_of(way, rate)}")
    ax.plot(starts, [PAPER[tau][paper] - tau for tau in starts], "k*--", markersize=9, label="the paper")
    ax.axhline(0.0, color="0.7", linewidth=0.8, zorder=0)
    ax.set(xscale="log", xticks=starts, xticklabels=[f"{tau:g}" for tau in starts], xlabel="mean time constant at the start (ms)")
    ax.set(ylabel="change of the mean (ms; logarithmic from 50 on)")
    ax.set_yscale("symlog", linthresh=50.0, linscale=2.0)
    ax.minorticks_off()
    ax.set_yticks([-100, -50, -25, 0, 25, 50, 100, 200, 400], labels=["−100", "−50", "−25", "0", "+25", "+50", "+100", "+200", "+400"])
    ax.legend(fontsize="small")
    return ax


def draw_success(rows: Sequence[Row]) -> Canvas:
    """Draw the share of seeds that learn the task over the number of neurons."""
    return _in_a_row({f"Delayed match-to-sample, {label}": partial(_plot_success, rows, facts) for label, facts in _KINDS})


def _plot_success(rows: Sequence[Row], facts: dict[str, object], ax: Axes) -> Axes:
    sizes = sorted({row["case"]["hidden"] for row in rows})
    for k, model in enumerate(NEURONS):
        runs = {n: of for n in sizes if (of := of_neuron(rows, model, tau_ms=40.0, hidden=n, **facts))}
        shares = [100.0 * sum(row["accuracy"] >= LEARNED for row in of) / len(of) for of in runs.values()]
        ax.plot([sizes.index(n) + 0.06 * (k - 1.5) for n in runs], shares, "o-", label=model)
    ax.set(xticks=range(len(sizes)), xticklabels=[f"{n}" for n in sizes], xlabel="hidden neurons")
    ax.set(ylim=(-5.0, 105.0), ylabel="runs that learn the task (%)")
    if sizes:
        ax.legend(fontsize="small")
    return ax


def draw_patterns(rows: Sequence[Row]) -> Canvas:
    """Draw learning curves of the four neurons."""
    curves = [(label, _by_neuron(rows, "curve", noise_hz=2.0, lr=1e-3, **facts)) for label, facts in _KINDS]
    title = "Pattern generation, {}: every run, and their mean"
    return _in_a_row({title.format(label): partial(plot_curves, of, _BIN, "mean squared error", log=True) for label, of in curves})


def draw_digits(rows: Sequence[Row]) -> Canvas:
    """Draw accuracy over each disturbance, recurrent networks."""
    recurrent = {model: runs for model in NEURONS if (runs := of_case(rows, model=model, recurrent=True))}
    lost, added = ({model: [row[key] for row in runs] for model, runs in recurrent.items()} for key in ("deletion", "noise"))
    # every seed draws its own stretches, so runs can be compared range by range
    warped = {model: [_by_range(row["warp"]) for row in runs] for model, runs in recurrent.items()}
    ranges = [f"{low:g} to {high:g}" for low, high in WARP_RANGES]
    return _in_a_row(
        {
            "Spikes lost: mean and range over runs": partial(plot_disturbance, DELETIONS, lost, "probability that a spike is lost"),
            "Spikes added: mean and range over runs": partial(plot_disturbance, NOISES_HZ, added, "added spikes on every channel (Hz)"),
            "Time stretched: mean and range over runs": partial(plot_disturbance, ranges, warped, "log2 of the factor"),
        }
    )


def _by_range(warp: Sequence[tuple[float, float]]) -> list[float]:
    """Mean accuracy of a run over the stretches in each range; NaN where it drew none."""
    inside = [[accuracy for log2, accuracy in warp if low <= log2 < high] for low, high in WARP_RANGES]
    return [sum(of) / len(of) if of else float("nan") for of in inside]


def draw_speakers(rows: Sequence[Row]) -> Canvas:
    """Draw the accuracy on every held-out speaker."""
    names = list(dict.fromkeys(row["case"]["held_out"] for row in rows))
    groups = {
        name: {model: [100.0 * row["accuracy"] for row in of_case(rows, model=model, recurrent=True, held_out=name)] for model in NEURONS}
        for name in names
    }
    return _in_a_row({"Speakers that were not trained on: every run, and their mean": partial(plot_pairs, groups, "accuracy (%)")})


def draw_smnist(rows: Sequence[Row]) -> Canvas:
    """Draw the accuracy of every run, by how the images are read."""
    groups = {
        label.replace(", ", ",\n"): {model: [100.0 * row["accuracy"] for row in runs] for model, runs in of.items()}
        for label, facts in KINDS.items()
        if (of := {model: runs for model in NEURONS if (runs := of_case(rows, model=model, **facts))})
    }

    def panel(ax: Axes) -> Axes:
        for method, line in zip(METHODS, ("--", ":"), strict=True):
            if runs := of_case(rows, method=method):
                label = f"{method}, {runs[0]['n_train']:,} images"
                ax.axhline(100.0 * float(np.mean([row["accuracy"] for row in runs])), color="#666666", ls=line, lw=1.2, label=label)
        return plot_pairs(groups, "accuracy on test images (%)", ax)

    return _in_a_row({"Sequential MNIST: every run, and their mean": panel})
