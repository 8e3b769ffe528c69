"""A neuron of conductances on several timescales: its current-voltage curves, its phase plane, and its graded spikes.

What is drawn is read off the model's own equations; ``facts`` are values of its parameters that differ from the model's initial ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from ...discrete import evaluate
from ...models.conductance import MTC
from ...spec import NeuronModel
from .style import AFTER, BRIAN2, GREY, THETA, TORCH, axes_or_new, tidy

#: Timescale -> the gains of all slower conductances, which count as 0 there; colour; line.
_TIMESCALES: Final = {
    "fast": (("g_slow", "g_negative", "g_ultra"), TORCH, "-"),
    "slow": (("g_ultra",), BRIAN2, "--"),
    "ultra-slow (steady)": ((), AFTER, "-."),
}


def _numbers(model: NeuronModel, facts: Mapping[str, float]) -> dict[str, float]:
    """Parameters of one neuron in SI units: the facts, and for the rest what the model starts with."""
    values = {name: float(p.distribution.sample(np.random.default_rng(0), ())) for name, p in model.parameters_of("neuron").items()}
    return {**values, **facts, "dt": 1.0}


def _inward(model: NeuronModel, values: Mapping[str, Any]) -> Any:
    """The current that charges the membrane, with ``I_syn`` of 0: tau_mem dv/dt."""
    block = model.neuron_equations
    return values["tau_mem"] * evaluate(block.expand(block.states["v"]), {"I_syn": 0.0, **values})


def plot_current_voltage(facts: Mapping[str, float], *, model: NeuronModel = MTC, ax: Axes | None = None) -> Axes:
    """Draw the current that flows out of the membrane at each voltage, when conductances up to a timescale have settled and slower ones not
    yet begun. Where a curve falls, the membrane has two places to be: in the fast curve that makes spikes, in the slow one bursts.

    Parameters
    ----------
    facts
        Parameters of the neuron, such as :data:`hetsyn_sim.models.conductance.REGIMES` has.
    model
        A neuron whose conductances are called as those of MTC.
    """
    ax = axes_or_new(ax, (4.6, 3.6))
    own = _numbers(model, facts)
    v = np.linspace(-3.5, 3.0, 651)
    settled = dict.fromkeys(model.neuron_equations.states, v)
    for label, (slower, colour, line) in _TIMESCALES.items():
        outward = own["I_0"] - _inward(model, {**own, **settled, **dict.fromkeys(slower, 0.0)})
        falling = np.gradient(outward, v) < 0
        ax.plot(v, outward, color=colour, ls=line, lw=1.6, label=label)
        ax.plot(v, np.where(falling, outward, np.nan), color=colour, lw=5.0, alpha=0.25, solid_capstyle="butt")
    ax.axhline(own["I_0"], color=GREY, lw=0.8, ls=":", label=f"applied, {own['I_0']:g}".replace("-", "−"))
    ax.set(xlabel="voltage V", ylabel="current out of the membrane", xlim=(v[0], v[-1]), ylim=(-4.0, 4.0))
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    return tidy(ax, "Current-voltage curves; broad where they fall")


def plot_phase_plane(
    facts: Mapping[str, float],
    v: ArrayLike,
    v_s: ArrayLike,
    ultra: float | None = None,
    *,
    model: NeuronModel = MTC,
    ax: Axes | None = None,
) -> Axes:
    """Draw a trajectory over the plane of v and its slow filter, with the lines on which either of them stands still.

    Parameters
    ----------
    facts
        Parameters of the neuron.
    v, v_s
        The trajectory, one value for each step.
    ultra
        Where the ultra-slow filter is held for the lines; by default 0, where it does not matter.
    """
    ax = axes_or_new(ax, (4.6, 3.6))
    v, v_s = np.asarray(v, dtype=np.float64), np.asarray(v_s, dtype=np.float64)
    grid_v, grid_s = np.meshgrid(np.linspace(v.min() - 0.7, v.max() + 0.7, 301), np.linspace(v_s.min() - 0.7, v_s.max() + 0.7, 301))
    own = _numbers(model, facts)
    states = dict.fromkeys(model.neuron_equations.states, grid_v) | {"v_s": grid_s, "v_us": 0.0 if ultra is None else ultra}
    inward = _inward(model, {**own, **states})
    ax.contour(grid_v, grid_s, inward, levels=[0.0], colors=[BRIAN2], linewidths=1.6, linestyles="--")
    ax.plot([], [], color=BRIAN2, lw=1.6, ls="--", label="v stands still")
    ax.plot(grid_v[0], grid_v[0], color=AFTER, lw=1.6, ls="-.", label="v_s stands still")
    ax.plot(v, v_s, color="black", lw=1.0, label="trajectory")
    ax.plot(v[0], v_s[0], "o", color=TORCH, ms=6, label="start", zorder=3)
    sparse = (slice(15, None, 30), slice(12, None, 25))
    forward = np.sign(inward[sparse])
    ax.quiver(grid_v[sparse], grid_s[sparse], forward, 0.0 * forward, color="#BBBBBB", width=0.004, scale=36.0, pivot="mid", zorder=0)
    ax.set(xlabel="v", ylabel="slow filter v_s", xlim=(grid_v.min(), grid_v.max()), ylim=(grid_s.min(), grid_s.max()))
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    held = "" if ultra is None else f" at v_us = {ultra:.3g}"
    return tidy(ax, f"Phase plane of v and its slow filter{held}")


def plot_graded_spikes(
    v: ArrayLike,
    s: ArrayLike,
    dt: float,
    *,
    v_th: float = 0.0,
    v_sat: float = 2.0,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw v over time, the graded spike shaded in the strip between threshold and saturation, and a mark for every upward crossing.

    Parameters
    ----------
    v, s
        Voltage and graded output of one neuron, one value for each step.
    dt
        The time step in seconds.
    v_th, v_sat
        Where the graded output begins and where it is 1, in the unit of v.
    """
    ax = axes_or_new(ax, (7.0, 2.2))
    v, s = np.asarray(v, dtype=np.float64), np.asarray(s, dtype=np.float64)
    time = np.arange(len(v)) * dt * 1e3
    crossed: NDArray[np.bool_] = np.concatenate([[v[0] > v_th], (v[1:] > v_th) & (v[:-1] <= v_th)])
    ax.plot(time, v, color="black", lw=0.8, label="v")
    ax.fill_between(time, v_th, v_th + s * (v_sat - v_th), where=s > 0, interpolate=False, color=TORCH, lw=0, label="graded spike s")
    ax.axhline(v_th, color=THETA, lw=0.8, ls="--", label="threshold")
    top = 1.15 * max(v.max(), v_sat)
    ax.plot(time[crossed], np.full(crossed.sum(), top), "|", color=BRIAN2, ms=6, mew=1.0, label="upward crossing")
    ax.set(xlabel="time (ms)", ylabel="v", xlim=(time[0], time[-1]), ylim=(min(v.min(), -1.0) - 0.3, top + 0.4))
    n = int(crossed.sum())
    return tidy(ax, f"{title}: {n} spike{'s' if n != 1 else ''} (marks), graded output (shaded)".removeprefix(": "))
