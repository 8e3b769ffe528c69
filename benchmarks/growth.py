"""How time and memory of a training step grow with the network, the time steps, the batch and the input's activity, with fitted exponents.

    python -m benchmarks.growth --json benchmarks/results/growth.json --figure growth.png

One recurrent hidden layer, one thread; one quantity is varied at a time. Goes on where it was interrupted, as ``benchmarks.training`` does.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hetsyn_sim.errors import HetSynError

from .exponents import SWEEPS, fit_growth
from .figures import draw_growth
from .implementations import IMPLEMENTATIONS, OURS, missing
from .measure import measure
from .rows import make_row, read_rows, replace_group, write_rows
from .shapes import Shape
from .training import present, tell

BASE = Shape("growth", 128, (128,), True, 10, 256, 8, 0.02, 4, (2.8,))
ROUNDS = 3
#: The materialised network is left out where autograd would keep more than this.
MOST_MIB = 1500.0


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
        draw_growth(rows, options.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
