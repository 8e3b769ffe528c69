"""From result files to what the documentation shows: Markdown tables and figures. The same files give the same bytes.

python -m benchmarks.tables benchmarks/results/training.json --growth benchmarks/results/growth.json \\
    --simulation benchmarks/results/simulation.json --docs docs

The speed on another processor is in `benchmarks/results/training-sapphire-rapids.json`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hetsyn_sim.errors import HetSynError
from hetsyn_sim.report.document import Grid

from .exponents import SWEEPS, Exponent, fit_exponent, fit_growth
from .figures import draw_growth, draw_speed
from .implementations import IMPLEMENTATIONS
from .rows import read_rows
from .simulation import COLUMNS as SIMULATED
from .speed_tables import page

Row = Mapping[str, Any]
#: What was measured on another kind of processor.
ELSEWHERE = Path(__file__).parent / "results" / "training-sapphire-rapids.json"


def growth_lines(rows: Sequence[Row]) -> Iterator[str]:
    """The fitted exponents of time and of memory."""
    measured = {row["implementation"] for row in rows}
    names = [name for name in IMPLEMENTATIONS if name in measured]
    table = []
    for key, what in (("cpu_s", "CPU time"), ("memory_mib", "memory")):
        for sweep in SWEEPS:
            fits = fit_growth(rows, sweep, key)
            table.append([f"{what} over {sweep}", *(_exponent(fits.get(name)) for name in names)])
    yield from Grid(["exponent of", *(f"`{name}`" for name in names)], table).lines()
    yield ""


def simulation_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Brian2's forms and devices beside the fused kernels, and how the form ``fast`` grows."""
    side_by_side = [row for row in rows if not row["sweep"]]
    any_row = side_by_side[0]
    work = f"{any_row['synapses']:,} synapses, {any_row['recordings']} recordings of {any_row['steps']} steps, float64, one core"
    yield from (f"Measured on: {any_row['cpu_model']}, Brian2 {any_row['brian2']}; {work}.", "")
    table = []
    for row in side_by_side:
        compiling = f"{row['compile_s']:.0f}" if row["compile_s"] else "–"
        cells = (f"{row['ms_per_step']:.4f}", f"{row['ratio_to_fused']:.3g}", compiling, f"{row['spikes']:,}")
        table.append([f"`{row['form']}`", f"`{row['device']}`", *cells])
    yield from Grid(("form", "device", "ms per step", "× fused kernels", "compiling (s)", "spikes"), table).lines()
    yield ""
    grown = [(sweep, [row for row in rows if row["sweep"] == sweep]) for sweep in ("synapses", "steps", "recordings")]
    if any(points for _, points in grown):
        table = []
        for sweep, points in grown:
            seconds = [row["ms_per_step"] * row["steps"] * row["recordings"] for row in points]
            at = [row[sweep] for row in points]
            table.append([sweep, ", ".join(f"{x:,}" for x in at), _exponent(fit_exponent(at, seconds))])
        yield from Grid(("time of a run over", "measured at", "exponent"), table).lines()
        yield ""


def _exponent(fit: Exponent | None) -> str:
    return "–" if fit is None or math.isnan(fit.value) else str(fit)


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__, formatter_class=plain)
    parser.add_argument("training", type=Path, help="what benchmarks.training --json wrote")
    parser.add_argument("--growth", type=Path, help="what benchmarks.growth --json wrote")
    parser.add_argument("--simulation", type=Path, help="what benchmarks.simulation --json wrote")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/*.md and _static/*.png there instead of printing")
    options = parser.parse_args(arguments)
    try:
        rows = read_rows(options.training)
        growth = read_rows(options.growth) if options.growth else []
        simulation = read_rows(options.simulation, required=SIMULATED) if options.simulation else []
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    if not rows:
        print(f"{options.training} holds no rows", file=sys.stderr)
        return 2
    pages = {"speed": page(rows, json.loads(ELSEWHERE.read_text(encoding="utf-8")))}
    pages |= {"growth": "\n".join(growth_lines(growth))} if growth else {}
    pages |= {"simulation": "\n".join(simulation_lines(simulation))} if simulation else {}
    if options.docs is None:
        print("\n".join(pages.values()))
        return 0
    for name, text in pages.items():
        path = options.docs / "_generated" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    draw_speed(rows, options.docs / "_static" / "speed.png")
    if growth:
        draw_growth(growth, options.docs / "_static" / "growth.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
