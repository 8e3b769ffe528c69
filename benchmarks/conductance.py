"""The figures of the conductance neuron: its regimes over time, and why they are what they are.

python -m benchmarks.conductance --docs docs
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas
from numpy.typing import NDArray

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models.conductance import MTC, REGIMES
from hetsyn_sim.report.document import png_of
from hetsyn_sim.report.plots import plot_current_voltage, plot_graded_spikes, plot_phase_plane
from hetsyn_sim.spec import Layer, NetworkSpec

#: Time units shown of each regime: as long as it takes to see what it does.
_SHOWN = {"tonic spiking": 500, "phasic spiking": 500, "tonic bursting": 5000, "phasic bursting": 2000, "silent": 2000}
#: The step of the published simulations.
_DT_MS = 0.2


def simulate_regimes(duration_ms: float = 5000.0) -> Recording:
    """All regimes at once, without input: one layer with a neuron for each, in the order of ``REGIMES``."""
    spec = NetworkSpec(dt=f"{_DT_MS} ms", n_input=1, layers=[Layer(MTC, len(REGIMES))])
    values = spec.initial_values(0)
    for key, slot in spec.slots.items():
        if slot.parameter.axes == "post":
            values[key] = np.array([facts.get(slot.name, own) for facts, own in zip(REGIMES.values(), values[key], strict=True)])
    return simulate_reference(spec, values, np.zeros((round(duration_ms / _DT_MS), 1, 1)), record=("v", "s", "v_s", "v_us"))


def draw_neuron(docs: Path) -> list[Path]:
    """Write ``_static/mtc-regimes.png``, ``mtc-currents.png`` and ``mtc-phase.png``."""
    folder = docs / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    recording = simulate_regimes()
    traces = {name: recording.traces[f"layer_1.{name}"][:, 0] for name in ("v", "s", "v_s", "v_us")}
    return [
        _written(_regimes(traces), folder / "mtc-regimes.png"),
        _written(_currents(), folder / "mtc-currents.png"),
        _written(_phase(traces), folder / "mtc-phase.png"),
    ]


def _regimes(traces: dict[str, NDArray[np.floating]]) -> Canvas:
    figure = Canvas(figsize=(9.0, 8.6), layout="constrained")
    for k, (ax, name) in enumerate(zip(figure.subplots(len(REGIMES), 1), REGIMES, strict=True)):
        n = round(_SHOWN[name] / _DT_MS)
        plot_graded_spikes(traces["v"][:n, k], traces["s"][:n, k], _DT_MS * 1e-3, title=name.capitalize(), ax=ax)
        ax.set_ylim(-3.4, 4.6)
        if k < len(REGIMES) - 1:
            ax.set_xlabel("")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    return figure


def _currents() -> Canvas:
    figure = Canvas(figsize=(9.6, 3.8), layout="constrained")
    for ax, name in zip(figure.subplots(1, 2), ("tonic spiking", "tonic bursting"), strict=True):
        plot_current_voltage(REGIMES[name], ax=ax).set_title(name.capitalize(), loc="left", fontsize="medium")
    return figure


def _phase(traces: dict[str, NDArray[np.floating]]) -> Canvas:
    figure = Canvas(figsize=(11.0, 3.9), layout="constrained")
    names = list(REGIMES)
    for ax, (name, first, last) in zip(
        figure.subplots(1, 3), (("tonic spiking", 0, 400), ("phasic spiking", 0, 400), ("tonic bursting", 1400, 2200)), strict=True
    ):
        span, k = slice(round(first / _DT_MS), round(last / _DT_MS)), names.index(name)
        ultra = None if "spiking" in name else float(traces["v_us"][span, k].mean())
        plot_phase_plane(REGIMES[name], traces["v"][span, k], traces["v_s"][span, k], ultra, ax=ax)
        ax.set_title(
            name.capitalize() + ("" if ultra is None else f", one burst; v_us = {ultra:.2f}".replace("-", "−")),
            loc="left",
            fontsize="medium",
        )
        ax.get_legend().remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
    return figure


def _written(figure: Canvas, path: Path) -> Path:
    return write_atomically(path, png_of(figure))


def main(arguments: Sequence[str] | None = None) -> int:
    plain: Any = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conductance", description=__doc__, formatter_class=plain)
    parser.add_argument("--docs", type=Path, required=True, help="folder docs/")
    for path in draw_neuron(parser.parse_args(arguments).docs):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
