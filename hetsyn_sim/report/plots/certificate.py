"""The figures of a certificate: differences against their bounds, distances from the threshold, and spikes at finer time steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator
from numpy.typing import ArrayLike

from ...agreement.certificate import Finding
from .style import AFTER, BRIAN2, GREY, THETA, TORCH, axes_or_new, tidy

# Bit-equal voltages have no place on a logarithmic axis: they are drawn here and said to be so.
_FLOOR = 1e-5


def plot_bounds(findings: Sequence[Finding], ax: Axes | None = None) -> Axes:
    """Draw, for every finding with one, the largest difference of v as a share of what rounding may do, on a logarithmic axis.

    Parameters
    ----------
    findings
        Of a :class:`~hetsyn_sim.agreement.Check`; those without ``max_dv_over_bound`` are left out.
    ax
        Where to draw; by default in a new figure.
    """
    shown = [finding for finding in findings if "max_dv_over_bound" in finding.numbers]
    ax = axes_or_new(ax, (7.0, 0.9 + 0.3 * len(shown)))
    shares = np.array([float(finding.numbers["max_dv_over_bound"]) for finding in shown])
    highest = max(10.0, float(np.max(shares[np.isfinite(shares)], initial=0.0)) * 10)
    at = np.clip(shares, _FLOOR, highest)
    rows = np.arange(len(shown))[::-1]
    failed = np.array([finding.passed is False for finding in shown], dtype=bool)
    ax.axvspan(1.0, highest, color=THETA, alpha=0.12, lw=0)
    ax.axvline(1.0, color=THETA, lw=1.2, ls="--")
    ax.hlines(rows, _FLOOR, at, color=GREY, lw=0.8)
    ax.plot(at[~failed], rows[~failed], "o", color=BRIAN2, ms=6)
    ax.plot(at[failed], rows[failed], "X", color=THETA, ms=9, clip_on=False)
    for x, y, finding, share in zip(at, rows, shown, shares, strict=True):
        spikes = finding.numbers.get("spike_mismatches", 0)
        note = "bit-equal" if share == 0 else f"{float(finding.numbers['max_abs_dv']):.1e}"
        ax.annotate(
            note + (f", {spikes:,} spikes differ" if spikes else ""), (x, y), (8, 0), textcoords="offset points", va="center", fontsize=8
        )
    ax.set_xscale("log")
    ax.set_yticks(rows, [finding.what for finding in shown])
    ax.tick_params(axis="y", length=0)
    ax.set(ylabel="simulation", xlabel="largest |Δv| as a share of the rounding bound")
    ax.set(xlim=(_FLOOR / 1.5, highest), ylim=(-0.7, len(shown) - 0.3))
    n = int(failed.sum())
    return tidy(ax, "Voltages: all within the rounding bound" if not n else f"{n} of {len(shown)} are NOT the same network")


def plot_margins(margins: ArrayLike, bounds: Mapping[str, float], measured: Mapping[str, float], ax: Axes | None = None) -> Axes:
    """Draw how close v came to the threshold in each recording, beside how far the simulators differed and how far they may.

    Parameters
    ----------
    margins
        Smallest ``|v - theta|`` of every recording, shape (recording,).
    bounds
        Precision -> the largest difference of v that rounding explains: ``Certificate.bounds``.
    measured
        Precision -> the largest difference of v that was found.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (7.0, 3.0))
    distances = np.asarray(margins, dtype=np.float64)
    finite = distances[np.isfinite(distances) & (distances > 0)]
    ends = [*finite, *(end for end in (*bounds.values(), *measured.values()) if 0 < end < np.inf)]
    low, high = (np.floor(np.log10(min(ends))) - 0.5, np.ceil(np.log10(max(ends))) + 0.5) if ends else (-16.0, 1.0)
    if finite.size:
        ax.hist(finite, bins=np.logspace(low, high, int(4 * (high - low)) + 1).tolist(), color=BRIAN2, alpha=0.85)
    for (precision, bound), colour in zip(bounds.items(), (AFTER, TORCH), strict=False):
        ax.axvspan(10**low, bound, color=colour, alpha=0.12, lw=0)
        ax.axvline(bound, color=colour, lw=1.5, label=f"rounding bound of {precision}")
        ax.axvline(max(measured[precision], 10**low), color=colour, lw=1.5, ls=":", label=f"largest |Δv| in {precision}")
    ax.set_xscale("log")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlabel="closest |v − θ| in a recording", ylabel="recordings", xlim=(10**low, 10**high))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    reached = [f"{int(np.sum(distances <= dv))} in {precision}" for precision, dv in measured.items()]
    return tidy(ax, f"Recordings in which rounding may have decided: {', '.join(reached)} (of {distances.size})")


def plot_refinement(findings: Sequence[Finding], ax: Axes | None = None) -> Axes:
    """Draw coincidence of spikes, equal predictions and the number of spikes against the time step.

    Parameters
    ----------
    findings
        Of the check ``refinement``; those without ``coincidence`` are left out.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (7.0, 3.4))
    shown = [finding.numbers for finding in findings if "coincidence" in finding.numbers]
    dt = 1e3 * np.array([row["dt_s"] for row in shown])
    spikes = np.array([row["n_spikes"] for row in shown], dtype=np.float64)
    lines = (
        ("equal predictions", [100 * row["equal_predictions"] for row in shown], AFTER, "s"),
        ("spikes with a partner within one dt", [100 * row["coincidence"] for row in shown], BRIAN2, "o"),
        ("number of spikes", 100 * spikes / max(spikes[0], 1.0), GREY, "^"),
    )
    for label, y, colour, marker in lines:
        ax.plot(dt, y, marker=marker, color=colour, label=label, clip_on=False)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(dt, [f"{x:g}" for x in dt])
    ax.invert_xaxis()
    ax.set(xlabel="dt (ms), the network's own at the left", ylabel="% of the network at its own dt", ylim=(0.0, None))
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, "The whole network at finer time steps, its input at the same times")
