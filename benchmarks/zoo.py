"""The figures of the gallery: every model of the zoo under a step of current, or under input spikes.

python -m benchmarks.zoo --docs docs [NAME ...]
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import ZOO
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots.stability import plot_frequency, plot_stability
from hetsyn_sim.report.plots.style import AFTER, BRIAN2, GREY, THETA
from hetsyn_sim.spec import Layer, NetworkSpec


@dataclass(frozen=True)
class Shown:
    """How a model is shown. Numbers are in SI units.

    ``rows``: label -> parameter values, one trace each. ``step``: the current between a fifth and four fifths of the time, made of a spike
    in every step. ``through``: the time constant that filters it. Or ``poisson`` channels spike at ``rate``.
    """

    duration: float
    dt: float
    step: float = 0.0
    unit: tuple[str, float] = ("", 1.0)
    through: str = ""
    poisson: int = 0
    rate: float = 50.0
    rows: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: {"": {}})
    clip: float | None = None


_NAUD = {"C": 200e-12, "g_L": 10e-9, "E_L": -70e-3, "V_T": -50e-3, "a": 2e-9, "tau_w": 30e-3, "b": 0.0, "V_r": -58e-3}
_OSCILLATES = {"tau_u": 10e-3, "tau_w": 100e-3, "a": 0.5}
_ADLIF_ROWS = {"I = 5": {**_OSCILLATES, "step": 5.0}, "I = 20, b = 0.5": {**_OSCILLATES, "b": 0.5, "step": 20.0}}
_PA, _MV = ("pA", 1e12), ("mV", 1e3)

SHOWN: Mapping[str, Shown] = {
    "LIF": Shown(0.2, 1e-4, 150e-12, _PA, "tau_syn"),
    "ALIF": Shown(0.6, 1e-3, 1.2, through="tau_mem"),
    "CubaLIF": Shown(0.2, 1e-4, poisson=20, rate=80.0),
    "CobaLIF": Shown(0.2, 1e-4, poisson=20, rate=80.0, rows={"": {"w_gaba": 2e-9}}),
    "QIF": Shown(0.3, 5e-5, 80e-12, _PA, "tau_syn", clip=30e-3),
    "AdEx": Shown(
        0.6, 5e-5, 500e-12, _PA, "tau_syn", clip=-0.03,
        rows={
            "tonic, 500 pA": _NAUD,
            "adapting, 500 pA": {**_NAUD, "g_L": 12e-9, "tau_w": 300e-3, "b": 60e-12},
            "bursting, 210 pA": {**_NAUD, "E_L": -58e-3, "tau_w": 120e-3, "b": 100e-12, "V_r": -46e-3, "step": 210e-12},
        },
    ),
    "Izhikevich": Shown(
        0.4, 1e-4, 10e-3, _MV, "tau_syn", clip=30e-3,
        rows={"RS": {}, "FS": {"a": 0.1, "d": 2e-3}, "CH": {"c": -50e-3, "d": 2e-3}},
    ),
    "HodgkinHuxley": Shown(0.1, 2e-5, poisson=20, rate=80.0),
    "FitzHughNagumo": Shown(0.3, 1e-4, 0.5, through="tau_syn"),
    "STLLIF": Shown(0.06, 1e-3, poisson=20, rate=150.0, rows={"θ = 1": {"theta": 1.0, "w": 0.7}, "θ = 3": {"theta": 3.0, "w": 0.7}}),
    "STLLIFSoft": Shown(0.06, 1e-3, poisson=20, rate=150.0, rows={"θ = 1": {"theta": 1.0, "w": 0.7}, "θ = 3": {"theta": 3.0, "w": 0.7}}),
    "AdLIF": Shown(
        0.5, 1e-3, 20.0, through="tau_u",
        rows={"I = 5": {**_OSCILLATES, "step": 5.0}, "I = 20, b = 0.5 ms": {**_OSCILLATES, "b": 0.5e-3, "step": 20.0}},
    ),
    "EulerAdLIF": Shown(0.5, 1e-3, 20.0, rows=_ADLIF_ROWS),
    "SymplecticAdLIF": Shown(0.5, 1e-3, 20.0, rows=_ADLIF_ROWS),
    "SparchAdLIF": Shown(
        0.5, 1e-3, 20.0,
        rows={"I = 5": {"tau_u": 10e-3, "tau_w": 60e-3, "a": 0.5, "step": 5.0},
              "I = 20, b = 0.5": {"tau_u": 10e-3, "tau_w": 60e-3, "a": 0.5, "b": 0.5, "step": 20.0}},
    ),
    "HetSynAdLIF": Shown(0.4, 1e-3, poisson=20, rate=60.0, rows={"τ_syn 5 ms": {"tau_syn": 5e-3}, "τ_syn 50 ms": {"tau_syn": 50e-3}}),
    "HetSynAdEx": Shown(
        0.4, 1e-4, poisson=20, rate=30.0, clip=-0.03, rows={"τ_syn 2 ms": {"tau_syn": 2e-3}, "τ_syn 20 ms": {"tau_syn": 20e-3}}
    ),
    "HetSynRiseLIF": Shown(0.4, 1e-3, poisson=20, rate=20.0, rows={"τ_rise 1 ms": {"tau_rise": 1e-3}, "τ_rise 20 ms": {"tau_rise": 20e-3}}),
    "TsodyksMarkramLIF": Shown(
        0.6, 1e-3, poisson=20, rate=40.0,
        rows={"U = 0.6, τ_rec 500 ms, τ_facil 1 ms": {"U": 0.6, "tau_rec": 0.5, "tau_facil": 1e-3, "w": 1.2},
              "U = 0.05, τ_rec 20 ms, τ_facil 500 ms": {"U": 0.05, "tau_rec": 20e-3, "tau_facil": 0.5, "w": 1.2}},
    ),
    "SpikeDrivenMTC": Shown(2.0, 2e-4, poisson=20, rate=10.0),
}  # fmt: skip


def _run(name: str, shown: Shown, changes: Mapping[str, float], x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """V and spikes of one neuron, each (time,)."""
    model = ZOO[name]
    spec = NetworkSpec(shown.dt, x.shape[2], [Layer(model, 1)])
    values = spec.initial_values(4)
    if shown.through:
        quick = {"tau_syn": 0.5e-3} if shown.through == "tau_syn" else {}
        changes = {**quick, **changes}
    for key, value in values.items():
        parameter = key.rsplit(".", 1)[1]
        if parameter in changes:
            values[key] = np.full_like(value, changes[parameter])
    if shown.poisson:
        values = {key: np.abs(value) if key.endswith(".w") else value for key, value in values.items()}
    else:
        time = float(np.ravel(values[f"layer_1.neuron.{shown.through}"])[0]) if shown.through else 0.0
        share = -np.expm1(-shown.dt / time) if time else 1.0
        values["layer_1.feedforward.w"] = np.array([[changes.get("step", shown.step) * share]])
    recording = simulate_reference(spec, values, x)
    return recording.traces["layer_1.v"][:, 0, 0], recording.rasters["layer_1"][:, 0, 0]


def _input(shown: Shown) -> np.ndarray:
    n = round(shown.duration / shown.dt)
    if shown.poisson:
        return np.random.default_rng(0).random((n, 1, shown.poisson)) < shown.rate * shown.dt
    x = np.zeros((n, 1, 1), dtype=bool)
    x[n // 5 : 4 * n // 5] = True
    return x


def draw(name: str) -> Figure:
    """One model's figure: a trace for every row, and below them what goes in."""
    shown, model = SHOWN[name], ZOO[name]
    heights = [*[1.0] * len(shown.rows), 0.3]
    figure, axes = plt.subplots(len(heights), 1, figsize=(6.4, 0.9 + 1.25 * sum(heights)), sharex=True, layout="constrained",
                                gridspec_kw={"height_ratios": heights})  # fmt: skip
    x = _input(shown)
    time = np.arange(x.shape[0]) * shown.dt * 1e3
    volts = not model.dimensions()["v"].is_dimensionless
    for ax, (label, changes) in zip(axes, shown.rows.items(), strict=False):
        v, spikes = _run(name, shown, changes, x)
        # what lies above is where the last step of an upswing happens to end
        _trace(ax, time, (v if shown.clip is None else np.minimum(v, shown.clip)) * (1e3 if volts else 1.0), spikes)
        ax.set_ylabel("v (mV)" if volts else "v")
        count = f"{spikes.sum()} spike{'' if spikes.sum() == 1 else 's'}"
        ax.set_title(f"{label}: {count}" if label else count, loc="right", fontsize="small", color=GREY)
    axes[0].set_title(name, loc="left", fontsize="medium")
    _drive(axes[-1], shown, time, x)
    return figure


def _trace(ax: Axes, time: np.ndarray, v: np.ndarray, spikes: np.ndarray) -> None:
    ax.plot(time, v, color=BRIAN2, lw=1.1)
    low, high = float(v.min()), float(v.max())
    pad = 0.06 * (high - low or 1.0)
    ax.set_ylim(low - pad, high + 4 * pad)
    ax.plot(time[spikes], np.full(int(spikes.sum()), high + 2.4 * pad), "|", color=THETA, ms=8, mew=1.3)
    ax.spines[["top", "right"]].set_visible(False)


def _drive(ax: Axes, shown: Shown, time: np.ndarray, x: np.ndarray) -> None:
    if shown.poisson:
        steps, channels = np.nonzero(x[:, 0])
        ax.plot(time[steps], channels, ".", color=GREY, ms=2.2)
        ax.set(yticks=[], ylabel="input", ylim=(-1, x.shape[2]))
    else:
        name, factor = shown.unit
        ax.fill_between(time, x[:, 0, 0] * shown.step * factor, color=AFTER, alpha=0.5, step="post", lw=0)
        one_size = all("step" not in changes for changes in shown.rows.values())  # else the rows say it
        ax.set(yticks=[0, shown.step * factor] if one_size else [], ylabel=f"I ({name})" if name and one_size else "I")
        ax.set(ylim=(0, 1.15 * shown.step * factor))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(xlabel="time (ms)", xlim=(time[0], time[-1]))


def draw_stability() -> Figure:
    """Decay and frequency of AdLIF's forms."""
    figure, axes = plt.subplots(2, 1, figsize=(7.0, 5.4), layout="constrained")
    plot_stability(ax=axes[0])
    plot_frequency(ax=axes[1])
    return figure


def draw_gallery(docs: Path, names: Sequence[str] = ()) -> list[Path]:
    """Write ``_static/zoo-NAME.png`` for the models named, or for all of them and the stability of AdLIF."""
    written = []
    for name in names or [*SHOWN, "stability"]:
        figure = draw_stability() if name == "stability" else draw(name)
        path = docs / "_static" / f"zoo-{name.lower()}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(io.BytesIO(png_of(figure, dpi=100))) as drawn:  # a few colours: a third of the size
            drawn.convert("RGB").quantize(48).save(path, optimize=True)
        plt.close(figure)
        written.append(path)
    return written


def main(arguments: Sequence[str] | None = None) -> int:
    plain: Any = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo", description=__doc__, formatter_class=plain)
    parser.add_argument("names", nargs="*", help="models, or stability; all of them if none is named")
    parser.add_argument("--docs", type=Path, required=True, help="folder docs/")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in (*SHOWN, "stability")]:
        parser.error(f"not in the gallery: {', '.join(unknown)}; there are {', '.join(SHOWN)} and stability")
    plt.switch_backend("Agg")
    for path in draw_gallery(options.docs, options.names):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
