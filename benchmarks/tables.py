"""From result files to what the documentation shows: Markdown tables and figures. The same files give the same bytes.

python -m benchmarks.tables benchmarks/results/training.json --growth benchmarks/results/growth.json \\
    --simulation benchmarks/results/simulation.json --docs docs
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hetsyn_sim.errors import HetSynError
from hetsyn_sim.report.document import Grid

from .exponents import SWEEPS, Exponent, fit_exponent, fit_growth
from .figures import draw_growth, draw_speed
from .implementations import HOMOGENEOUS, IMPLEMENTATIONS, OURS
from .ratios import Ratio, fastest, in_group, ratio, roof_shares
from .rows import read_rows
from .shapes import SHAPES
from .simulation import COLUMNS as SIMULATED

Row = Mapping[str, Any]


def machine_line(rows: Sequence[Row]) -> str:
    """What it was measured on, once for all rows."""
    facts = {key: sorted({str(row[key]) for row in rows}) for key in ("cpu_model", "torch", "python")}
    versions = sorted({f"{row['implementation']} {row['version']}" for row in rows if row["implementation"] in HOMOGENEOUS[1:]})
    words = [", ".join(facts["cpu_model"]), f"torch {', '.join(facts['torch'])}", f"Python {', '.join(facts['python'])}", *versions]
    return f"Measured on: {'; '.join(words)}; float32."


def shape_lines(rows: Sequence[Row], shape: str, threads: int) -> Iterator[str]:
    """Times, memory and ratios of everything that was measured together."""
    group = in_group(rows, shape, threads)
    any_row = next(iter(group.values()))
    size = f"{any_row['network']}, T = {any_row['n_steps']}, B = {any_row['n_batch']}, input rate {100 * any_row['rate']:g} %"
    yield from (f"**`{shape}`**, {_threads(threads)}: {size}", "")
    times = [f"{clock} time (s): least, median" for clock in ("CPU", "wall")]
    heads = ("implementation", *times, "memory (MiB)", "× `materialised`", "× best homogeneous", "hidden rate (%)", "steps")
    cells, opponent = [], fastest(group, HOMOGENEOUS)
    for name in IMPLEMENTATIONS:
        if name in group:
            row = group[name]
            ratios = [_ratio(other, row) for other in (group.get("materialised"), opponent)]
            rates = " / ".join(f"{100 * rate:.1f}" for rate in row["hidden_rates"])
            times = [f"{_digits(row[key])}, {_digits(row[f'median_{key}'])}" for key in ("cpu_s", "wall_s")]
            shown = f"**`{name}`**" if name in OURS else f"`{name}`"
            cells.append([shown, *times, f"{row['memory_mib']:.0f}", *ratios, rates, str(row["repeats"])])
    yield from Grid(heads, cells).lines()
    yield ""


def thread_lines(rows: Sequence[Row]) -> Iterator[str]:
    """How much less wall time a step takes with two threads. The two were measured one after the other, so there is no spread to give."""
    pairs = [(shape, in_group(rows, shape, 1), in_group(rows, shape, 2)) for shape in SHAPES]
    pairs = [(shape, one, two) for shape, one, two in pairs if one and two]
    if not pairs:
        return
    names = [name for name in IMPLEMENTATIONS if any(name in one and name in two for _, one, two in pairs)]
    table = []
    for shape, one, two in pairs:
        cells = [f"{one[name]['wall_s'] / two[name]['wall_s']:.2f}" if name in one and name in two else "–" for name in names]
        table.append([f"`{shape}`", *cells])
    yield from Grid(["shape", *(f"`{name}`" for name in names)], table).lines()
    yield ""


def roof_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Ours, on one thread, against what a core can do."""
    found = [(row, roof_shares(row)) for shape in SHAPES for row in in_group(rows, shape, 1).values() if row["implementation"] in OURS]
    known = [(row, shares) for row, shares in found if shares is not None]
    if not known:
        return
    nominal = ("synapse-steps (G)", "multiply-adds (G)", "G multiply-adds/s")
    table = []
    for row, shares in known:
        work = [row["synapse_steps"] / 1e9, row["nominal_fma"] / 1e9, row["nominal_fma"] / row["cpu_s"] / 1e9]
        roofs = [row["roofs"][key] / 1e9 for key in ("fma_per_s", "l2_bytes_per_s")]
        cells = [f"{number:.3g}" for number in work]
        cells += [f"{100 * share:.1f} % of {roof:.0f}" for share, roof in zip(shares, roofs, strict=True)]
        table.append([f"`{row['shape']}`", f"`{row['implementation']}`", *cells])
    yield from Grid(("shape", "implementation", *nominal, "of the FMA roof (G/s)", "of the L2 roof (GB/s)"), table).lines()
    yield ""


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


def _threads(n: int) -> str:
    return "one thread" if n == 1 else f"{n} threads"


def _digits(seconds: float) -> str:
    """Three significant digits."""
    return f"{seconds:.{max(0, 2 - math.floor(math.log10(seconds)))}f}"


def _ratio(slow: Row | None, fast: Row) -> str:
    if slow is None:
        return "–"
    if slow is fast:
        return "1"
    found: Ratio = ratio(slow, fast)
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"


def _exponent(fit: Exponent | None) -> str:
    return "–" if fit is None or math.isnan(fit.value) else str(fit)


def page(rows: Sequence[Row]) -> str:
    """Everything about single steps."""
    lines = [machine_line(rows), ""]
    groups = [(shape, threads) for threads in sorted({row["threads"] for row in rows}) for shape in SHAPES]
    for shape, threads in groups:
        if in_group(rows, shape, threads):
            lines += shape_lines(rows, shape, threads)
    for title, more in (("Wall time on one thread over that on two:", thread_lines(rows)), ("", roof_lines(rows))):
        if table := list(more):
            lines += [title, "", *table] if title else table
    return "\n".join(lines)


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
    pages = {"speed": page(rows)} | ({"growth": "\n".join(growth_lines(growth))} if growth else {})
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
