"""How time and memory of a training step grow with the network, the time steps, the batch and the input's activity, with fitted exponents.

    python -m benchmarks.growth --json benchmarks/results/growth.json --figure growth.png

One recurrent hidden layer, one thread; one quantity is varied at a time. Goes on where it was interrupted, as ``benchmarks.training`` does.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hetsyn_sim.errors import HetSynError

from .implementations import IMPLEMENTATIONS, OURS, missing
from .measure import measure
from .rows import make_row, read_rows, replace_group, write_rows
from .shapes import Shape
from .training import present, tell

BASE = Shape("growth", 128, (128,), True, 10, 256, 8, 0.02, 4, (2.8,))
#: Every value is twice the one before. N is the number of input channels and of neurons, both.
SWEEPS: Mapping[str, tuple[float, ...]] = {
    "N": (32, 64, 128, 256, 512),
    "T": (64, 128, 256, 512, 1024),
    "B": (1, 2, 4, 8, 16, 32),
    "rate": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16),
}
ROUNDS = 3
#: Fitted are this many of the largest values; below, the time is the overhead of calls, which does not grow.
FITTED = 4
#: The materialised network is left out where autograd would keep more than this.
MOST_MIB = 1500.0


class Exponent(NamedTuple):
    """The slope of log y over log x, with its standard error."""

    value: float
    standard_error: float

    def __str__(self) -> str:
        return f"{round(self.value, 2) + 0.0:.2f} ± {self.standard_error:.2f}"  # never -0.00


def fit_exponent(x: Sequence[float], y: Sequence[float]) -> Exponent:
    """Least squares on a log-log scale over the ``FITTED`` largest x; NaN where there are fewer than three positive values."""
    pairs = sorted((a, b) for a, b in zip(x, y, strict=True) if a > 0 and b > 0)[-FITTED:]
    if len(pairs) < 3:
        return Exponent(math.nan, math.nan)
    log_x, log_y = np.log(np.array(pairs)).T
    centred = log_x - log_x.mean()
    slope = float(centred @ log_y / (centred @ centred))
    residual = log_y - log_y.mean() - slope * centred
    return Exponent(slope, float(np.sqrt(residual @ residual / (len(pairs) - 2) / (centred @ centred))))


def fit_growth(rows: Sequence[Mapping[str, Any]], sweep: str, key: str = "cpu_s") -> dict[str, Exponent]:
    """The exponent of every implementation in one sweep; ``key`` is ``cpu_s`` or ``memory_mib``."""
    found = {}
    for name in IMPLEMENTATIONS:
        points = [(row["value"], row[key]) for row in rows if row["sweep"] == sweep and row["implementation"] == name]
        if points:
            x, y = zip(*points, strict=True)
            found[name] = fit_exponent(x, y)
    return found


def shape_at(sweep: str, value: float) -> Shape:
    """The base with one quantity changed. Weights follow the input's rate, so that the hidden neurons stay as active as they were."""
    changes: dict[str, Any] = {
        "N": {"n_input": int(value), "hidden": (int(value),)},
        "T": {"n_steps": int(value)},
        "B": {"n_batch": int(value)},
        "rate": {"rate": value, "gains": (BASE.gains[0] * math.sqrt(BASE.rate / value),)},
    }[sweep]
    return BASE.changed(name=f"growth {sweep} = {value:g}", **changes)


def run(path: Path | None, fresh: bool) -> list[Any]:
    """Measure what the file does not hold yet and return all rows."""
    rows: list[Any] = [] if path is None or fresh else list(read_rows(path))
    names = present(("materialised", "homogeneous", *OURS))
    for sweep, values in SWEEPS.items():
        for value in values:
            shape = shape_at(sweep, value)
            able = [name for name in names if name != "materialised" or shape.materialised_mib <= MOST_MIB]
            known = {row["implementation"] for row in rows if row["shape"] == shape.name}
            if set(able) <= known:
                tell(f"{shape.name}: in the file already")
                continue
            together = [name for name in IMPLEMENTATIONS if name in able or (name in known and missing(name) is None)]
            tell(shape.name)
            measured, notes = measure(together, shape, 1, ROUNDS, lambda _: None)
            for name, note in notes.items():
                tell(f"  {name}: {note}")
            new = [make_row(shape, 1, found, None) | {"sweep": sweep, "value": value} for found in measured]
            rows = replace_group(rows, new)
            if path is not None:
                write_rows(path, rows)
            tell("  " + ", ".join(f"{row['implementation']} {row['cpu_s']:.3g} s" for row in new))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__, formatter_class=plain)
    parser.add_argument("--json", type=Path, help="file for the rows; what it holds already is not measured again")
    parser.add_argument("--fresh", action="store_true", help="begin the file anew")
    parser.add_argument("--figure", type=Path, help="file for the figure")
    options = parser.parse_args(arguments)
    try:
        rows = run(options.json, options.fresh)
    except KeyboardInterrupt:
        tell("interrupted; the same command goes on" if options.json else "interrupted; with --json FILE it could go on")
        return 130
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    for sweep in SWEEPS:
        for name, exponent in fit_growth(rows, sweep).items():
            print(f"{sweep:5} {name:13} time ~ {sweep}^({exponent})")
    if options.figure is not None:
        from .figures import draw_growth

        draw_growth(rows, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
