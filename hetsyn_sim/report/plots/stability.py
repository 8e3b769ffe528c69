"""The stability of AdLIF's discrete forms: decay and frequency of its oscillation over the strength of adaptation."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from .style import AFTER, BRIAN2, GREY, TORCH, axes_or_new, tidy

#: The forms by name: label, colour, line style and width. The exact one lies below the others, broad.
ADLIF_FORMS: Final = {
    "exact": ("exact", TORCH, "-", 5.0),
    "symplectic": ("symplectic (SE)", BRIAN2, "-", 1.4),
    "euler": ("Euler forward (EF)", AFTER, "--", 1.8),
}

Array = NDArray[np.float64]


def adlif_eigenvalues(form: str, coupling: Array, tau_u: float, tau_w: float, dt: float = 1.0) -> NDArray[np.complex128]:
    """Eigenvalues of one step without spikes, (..., 2), for every ``coupling`` A = q a; times in any one unit.

    Parameters
    ----------
    form
        ``"exact"``, ``"symplectic"`` or ``"euler"`` of Baronig et al. 2025.
    coupling
        How strongly u drives the adaptation current.
    tau_u, tau_w, dt
        Time constants and step.
    """
    a = np.asarray(coupling, dtype=np.complex128)
    if form == "exact":
        trace, det = -1 / tau_u - 1 / tau_w + 0 * a, (1 + a) / (tau_u * tau_w)
    else:
        rho_u, rho_w = np.exp(-dt / tau_u), np.exp(-dt / tau_w)
        gain = (1 - rho_u) * (1 - rho_w) * a
        trace, det = (rho_u + rho_w + 0 * a, rho_u * rho_w + gain) if form == "euler" else (rho_u + rho_w - gain, rho_u * rho_w + 0 * a)
    root = np.sqrt(trace**2 / 4 - det)
    eigenvalues = np.stack([trace / 2 + root, trace / 2 - root], axis=-1)
    return np.exp(eigenvalues * dt) if form == "exact" else eigenvalues


def largest_coupling(form: str, tau_u: float, tau_w: float, dt: float = 1.0) -> float:
    """The A = q a above which a form's step is unstable."""
    rho_u, rho_w = np.exp(-dt / tau_u), np.exp(-dt / tau_w)
    gain = (1 - rho_u) * (1 - rho_w)
    return {"euler": float((1 - rho_u * rho_w) / gain), "symplectic": float((1 + rho_u) * (1 + rho_w) / gain), "exact": np.inf}[form]


def plot_stability(tau_u: float = 5.0, tau_w: float = 60.0, dt: float = 1.0, *, ax: Axes | None = None) -> Axes:
    """Draw what one step leaves of an oscillation, against A = q a. Above 1, it grows without end.

    Parameters
    ----------
    tau_u, tau_w, dt
        Time constants and step, in ms.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (6.4, 3.2))
    coupling = _couplings(tau_u, tau_w, dt)
    for form, (label, color, style, width) in ADLIF_FORMS.items():
        left = np.abs(adlif_eigenvalues(form, coupling, tau_u, tau_w, dt)).max(axis=-1)
        ax.plot(coupling, left, color=color, ls=style, lw=width, label=label)
    ax.axhspan(1.0, 1.2, color=GREY, alpha=0.12, lw=0)
    ax.annotate("unstable", (1.0, 1.0), (6, 4), textcoords="offset points", color=GREY, va="bottom")
    for form in ("euler", "symplectic"):
        edge = largest_coupling(form, tau_u, tau_w, dt)
        ax.plot(edge, 1.0, "o", color=ADLIF_FORMS[form][1], ms=6, zorder=5)
        ax.annotate(f"A = {edge:.0f}", (edge, 1.0), (-6, 8), textcoords="offset points", ha="right", color=ADLIF_FORMS[form][1])
    ax.set(xscale="log", xlim=(coupling[0], coupling[-1]), ylim=(0.86, 1.1))
    ax.set(xlabel="coupling A = q a", ylabel="share left after a step, |λ|")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, f"Decay of AdLIF's oscillation, τ_u = {tau_u:g} ms, τ_w = {tau_w:g} ms, dt = {dt:g} ms")


def plot_frequency(tau_u: float = 5.0, tau_w: float = 60.0, dt: float = 1.0, *, ax: Axes | None = None) -> Axes:
    """Draw the frequency of an oscillation without spikes, against A = q a; parameters as in :func:`plot_stability`."""
    ax = axes_or_new(ax, (6.4, 3.2))
    coupling = _couplings(tau_u, tau_w, dt)
    for form, (label, color, style, width) in ADLIF_FORMS.items():
        eigenvalues = adlif_eigenvalues(form, coupling, tau_u, tau_w, dt)
        turn = np.abs(np.angle(eigenvalues)).max(axis=-1)
        # the exact eigenvalue turns with the imaginary part of the continuous one, which may be more than half a turn per step
        if form == "exact":
            turn = dt * np.sqrt(np.maximum((1 + coupling) / (tau_u * tau_w) - (1 / tau_u + 1 / tau_w) ** 2 / 4, 0.0))
        ax.plot(coupling, turn / (2 * np.pi * dt) * 1e3, color=color, ls=style, lw=width, label=label)
    ax.set(xscale="log", yscale="log", xlim=(coupling[0], coupling[-1]), ylim=(3.0, 600.0 / dt))
    ax.set(xlabel="coupling A = q a", ylabel="frequency (Hz)")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return tidy(ax, f"Frequency of AdLIF's oscillation, τ_u = {tau_u:g} ms, τ_w = {tau_w:g} ms, dt = {dt:g} ms")


def _couplings(tau_u: float, tau_w: float, dt: float) -> Array:
    return np.geomspace(1.0, 1.5 * largest_coupling("symplectic", tau_u, tau_w, dt), 2000)
