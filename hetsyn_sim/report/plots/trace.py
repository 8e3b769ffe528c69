"""The voltage or current of one neuron over time in two simulators, and their difference."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ...data.recording import Recording
from .style import BRIAN2, GREY, THETA, TORCH, axes_or_new, tidy

_NAMES = {"v": "membrane potential v", "I_syn": "synaptic current I_syn"}


def plot_trace(
    torch: Recording,
    brian2: Recording,
    trace: str,
    neuron: int,
    run: int = 0,
    *,
    theta: float | None = None,
    unit: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one trace (``"layer_1.v"``) of one neuron: PyTorch as a broad line, Brian2 as a thin one on it.

    Values are those at the end of each step; a spike falls in the step in which v ends above ``theta``.

    Parameters
    ----------
    torch, brian2
        Recordings of the same network over the same inputs, with this trace.
    trace
        Population and variable.
    neuron, run
        Which of them.
    theta
        Threshold to draw, with a mark above it for every spike.
    unit
        Of the variable, for the axis: recordings hold SI values without it. By default it is a pure number.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (9.0, 3.0))
    population, variable = trace.split(".", 1)
    time = np.arange(torch.n_steps) * torch.dt * 1e3
    ax.plot(time, torch.traces[trace][:, run, neuron], color=TORCH, lw=4.5, solid_capstyle="round", label="PyTorch")
    ax.plot(time, brian2.traces[trace][:, run, neuron], color=BRIAN2, lw=1.2, marker=".", ms=4, label="Brian2")
    shown = f"neuron {neuron} of {population.replace('_', ' ')}"
    if theta is not None:
        ax.axhline(theta, color=THETA, lw=1.2, ls="--", label="threshold θ")
        steps = np.flatnonzero(brian2.rasters[population][:, run, neuron])
        _, top = ax.get_ylim()
        ax.plot(time[steps], np.full(len(steps), top), "|", color=BRIAN2, ms=9, mew=1.5, clip_on=False, label="spikes")
        shown += f", {len(steps)} spikes"
    ax.set(xlabel="time (ms)", ylabel=f"{variable} ({unit or 'dimensionless'})", xlim=(time[0], time[-1]))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return tidy(ax, f"{_NAMES.get(variable, variable)}: {shown}")


def plot_difference(torch: Recording, brian2: Recording, trace: str, neuron: int, run: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw ``|torch - brian2|`` of one trace of one neuron on a logarithmic axis; a gap where the two are bit-equal.

    ``run`` is the number of the recording.
    """
    ax = axes_or_new(ax, (9.0, 2.0))
    time = np.arange(torch.n_steps) * torch.dt * 1e3
    distance = np.abs(torch.traces[trace][:, run, neuron] - brian2.traces[trace][:, run, neuron])
    shown = np.where(distance > 0, distance, np.nan)
    ax.plot(time, shown, "o", color=GREY, ms=3, label="|PyTorch − Brian2|")
    if np.any(distance > 0):
        ax.set_yscale("log")
        low, high = np.nanmin(shown), np.nanmax(shown)
        ax.set_ylim(low / 5, high * 5)
    ax.set(xlabel="time (ms)", ylabel=f"|Δ{trace.split('.', 1)[1]}|", xlim=(time[0], time[-1]))
    largest, equal = float(np.max(distance, initial=0.0)), int(np.sum(distance == 0))
    return tidy(ax, f"PyTorch less Brian2: at most {largest:.1e}, bit-equal in {equal} of {len(time)} steps")
