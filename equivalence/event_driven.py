"""One HetSynLIF neuron in continuous time, without a grid: its v is a sum of exponentials between events, and its spikes are roots.

    v(t) = sum_i w_i sum_k exp(-(t - t_ik)/tau_i) - theta sum_s exp(-(t - t_s)/tau_reset)

A spike happens where v crosses theta from below, and resets at once. Nothing is discretised: roots are found to 1e-14 of their bracket.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

Array = NDArray[np.float64]


@dataclass
class Neuron:
    """Parameters, the input as (time, synapse) in order of time, and the spikes as they are found."""

    w: Array
    tau: Array
    tau_reset: float
    theta: float
    inputs: list[tuple[float, int]]
    spikes: list[float] = field(default_factory=list)

    def v(self, t: float) -> float:
        """The voltage right after everything that happens at ``t``."""
        drive = sum(float(self.w[i] * np.exp(-(t - s) / self.tau[i])) for s, i in self.inputs if s <= t)
        return drive - self.theta * sum(float(np.exp(-(t - s) / self.tau_reset)) for s in self.spikes if s <= t)


def spikes_by_events(neuron: Neuron, end: float, resolution: float) -> list[float]:
    """Spike times up to ``end``. Two crossings closer than ``resolution`` may be missed."""
    neuron.spikes.clear()
    moments = sorted({t for t, _ in neuron.inputs} | {0.0})
    for begin, until in zip(moments, [*moments[1:], end], strict=True):
        t = begin
        while neuron.v(t) > neuron.theta:  # the input itself, or what the reset has left
            neuron.spikes.append(t)
        while t < until:
            # strictly before the next input: what it brings is seen in the next round
            later = min(t + resolution, np.nextafter(until, begin))
            if neuron.v(later) > neuron.theta:
                t = brentq(lambda s: neuron.v(s) - neuron.theta, t, later, xtol=1e-17, rtol=1e-14)
                while neuron.v(t) <= neuron.theta:  # the first number of the machine above the root
                    t = float(np.nextafter(t, end))
                neuron.spikes.append(t)
            else:
                t = until if later >= np.nextafter(until, begin) else later
    return list(neuron.spikes)


def spikes_by_integration(neuron: Neuron, end: float) -> list[float]:
    """The same by SciPy's ``solve_ivp``, which knows the differential equations and no exponential."""
    n, spikes = len(neuron.w), []
    state = np.zeros(n + 1)  # I of every synapse, then R
    rates = -1.0 / np.append(neuron.tau, neuron.tau_reset)
    moments = sorted({t for t, _ in neuron.inputs} | {0.0})
    for begin, until in zip(moments, [*moments[1:], end], strict=True):
        t = begin
        for moment, i in neuron.inputs:
            if moment == begin:
                state[i] += neuron.w[i]
        while t < until:
            while state[:n].sum() - state[n] > neuron.theta:
                spikes.append(t)
                state[n] += neuron.theta

            def crossing(_: float, y: Array) -> float:
                return float(y[:n].sum() - y[n] - neuron.theta)

            crossing.terminal, crossing.direction = True, 1.0  # type: ignore[attr-defined]
            done = solve_ivp(lambda _, y: rates * y, (t, until), state, "DOP853", events=crossing, rtol=1e-12, atol=1e-14, max_step=1e-3)
            t, state = float(done.t[-1]), done.y[:, -1]
            if done.t_events[0].size:
                spikes.append(t)
                state[n] += neuron.theta
    return spikes
