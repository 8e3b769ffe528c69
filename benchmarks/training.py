"""How long a step of training takes, and what memory it needs: HetSynLIF as one would write it down, homogeneous neurons in plain torch,
in JAX and in today's libraries, and ours by default and with each back end.

    python -m benchmarks.training --json benchmarks/results/training.json
    python -m benchmarks.training --quick

Each implementation lives in a process of its own, and they take their steps in turn, round after round. A step is forward, loss, backward
and AdamW. Ours are timed only if they give the materialised network's loss and gradients, and the one in JAX only if it gives those of the
one in torch. What runs JAX may be another Python: the one that HETSYN_JAX_PYTHON names. Rows are written as they are finished: the same
command goes on where it was interrupted, one shape and number of threads at a time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hetsyn_sim.errors import HetSynError

from .agreement import compare
from .implementations import HOMOGENEOUS, IMPLEMENTATIONS, OURS, missing
from .measure import available_mib, measure, needs_mib
from .ratios import clock, fastest, in_group, ratio
from .roofs import measure_roofs
from .rows import make_row, read_rows, replace_group, write_rows
from .shapes import BATCHES, SHAPES, Shape

ROUNDS, QUICK_ROUNDS = 10, 3
#: What has to be right before it is timed.
CHECKED = (*OURS, "jax")
#: Over the batch, on one thread: the fastest in torch and in JAX, and ours.
OVER_BATCHES = ("homogeneous", "jax", "spyx", "sparx", "default", "fused")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__, formatter_class=plain)
    parser.add_argument("--json", type=Path, help="file for the rows; what it holds already is not measured again")
    parser.add_argument("--fresh", action="store_true", help="begin the file anew")
    parser.add_argument("--quick", action="store_true", help="a fifth of the steps, a quarter of the batch, few rounds: about two minutes")
    parser.add_argument("--shapes", nargs="+", choices=[*SHAPES, *BATCHES], default=[*SHAPES, *BATCHES])
    parser.add_argument("--implementations", nargs="+", choices=IMPLEMENTATIONS, default=list(IMPLEMENTATIONS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, help=f"rounds, at least 3 (default {ROUNDS}, with --quick {QUICK_ROUNDS})")
    found = parser.parse_args(arguments)
    if found.repeats is None:
        found.repeats = QUICK_ROUNDS if found.quick else ROUNDS
    if found.repeats < 3 or min(found.threads) < 1:
        parser.error("--repeats must be at least 3 and --threads at least 1")
    return found


def tell(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def present(wanted: Sequence[str]) -> list[str]:
    """Those of the wanted implementations that can run here; a note for each of the others."""
    for name in wanted:
        if reason := missing(name):
            tell(f"{name}: left out, {reason}")
    return [name for name in wanted if missing(name) is None]


def fits(name: str, shape: Shape) -> bool:
    """Whether there is the memory that an implementation may need at a shape; a note if there is not."""
    needed, free = needs_mib(name, shape) / 1024, available_mib() / 1024
    if needed > free:
        tell(f"{name}: left out at {shape.name}, it may need {needed:.1f} GiB and {free:.1f} are free")
    return needed <= free


def agrees(name: str, shapes: Sequence[Shape]) -> bool:
    """Whether an implementation gives the loss and the gradients that it has to; says how closely."""
    agreements = [compare(name, shape) for shape in shapes]
    for agreement in agreements:
        tell(str(agreement))
    return all(agreement.holds for agreement in agreements)


def run(arguments: argparse.Namespace) -> int:
    """Measure what is not in the file yet. The exit code is 1 if what is checked is wrong or fails."""
    shapes = [shape.quick() if arguments.quick else shape for name, shape in (SHAPES | BATCHES).items() if name in arguments.shapes]
    if arguments.quick:
        tell("--quick: a fifth of the steps and a quarter of the batch; ratios differ from the full benchmark's")
    rows: list[Any] = [] if arguments.json is None or arguments.fresh else list(read_rows(arguments.json, shapes))
    named = present(arguments.implementations)
    structures = [SHAPES[name] for name in dict.fromkeys(shape.name.split("-")[0] for shape in shapes)]
    wrong = {name for name in named if name in CHECKED and not agrees(name, structures)}
    failed = bool(wrong)
    for shape in shapes:
        for threads in arguments.threads if shape.name in SHAPES else sorted({1} & set(arguments.threads)):
            known = in_group(rows, shape.name, threads)
            # ratios hold within what was measured together, so what is there is measured again with what is new
            asked = [name for name in IMPLEMENTATIONS if name in named or (name in known and missing(name) is None)]
            takes_part = IMPLEMENTATIONS if shape.name in SHAPES else OVER_BATCHES
            able = [name for name in asked if name in takes_part and name not in wrong and fits(name, shape)]
            if set(able) <= set(known):
                tell(f"{shape.name}, {threads} thread(s): in the file already")
                continue
            tell(f"{shape.name} ({shape.label}, T = {shape.n_steps}, B = {shape.n_batch}), {threads} thread(s)")
            roofs, about_roofs = measure_roofs()  # anew each time: what a core can do depends on what else runs
            tell(about_roofs)
            measured, notes = measure(able, shape, threads, arguments.repeats, tell)
            failed |= any(name in CHECKED for name in notes)
            rows = replace_group(rows, [make_row(shape, threads, found, roofs) for found in measured])
            if arguments.json is not None:
                write_rows(arguments.json, rows)
            show(in_group(rows, shape.name, threads))
    return int(failed)


def show(group: dict[str, Any]) -> None:
    """A few plain lines; :mod:`benchmarks.tables` makes the tables."""
    opponent = fastest(group, HOMOGENEOUS)
    for name, row in group.items():
        times = f"cpu {row['cpu_s']:8.4f} s  wall {row['wall_s']:8.4f} s  {row['memory_mib']:7.0f} MiB"
        against = [("materialised", group.get("materialised")), ("fastest homogeneous", opponent)]
        ratios = [f"{ratio(other, row).value:.3g}x {label}" for label, other in against if other is not None and other is not row]
        rates = "/".join(f"{100 * rate:.1f}" for rate in row["hidden_rates"])
        print(f"  {name:13} {times}  rate {rates} %  {', '.join(ratios)} ({clock(row).removesuffix('_s')})", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        return run(options)
    except KeyboardInterrupt:
        tell("interrupted; the same command goes on" if options.json else "interrupted; with --json FILE it could go on")
        return 130
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
