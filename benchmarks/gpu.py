"""What has to be seen on a GPU, in one command: Brian2CUDA, the kernels, sanitizers, the speed of training and whole trainings.

    python -m benchmarks.gpu --json benchmarks/results/gpu.json --markdown docs/_generated/gpu.md
    python -m benchmarks.gpu --parts kernels training
    python -m benchmarks.gpu --device cpu --small          # tries the command itself; nothing it finds is about a GPU

Each part takes less than ten minutes; rows of a part are written when it is done, in place of those that the file has of it. Exit code 0 if
all that was run holds, 1 if not, 77 if there is no GPU.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.report.document import Grid

from .gpu_parts import PARTS, Where

#: The exit code that test programs use for "skipped".
NO_GPU = 77
NOT_RUN = "Not run: no machine with a GPU has run `make gpu` yet. There is no result, no timing, and no claim."


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The table of the page, from what a result file holds."""
    rows = found["rows"]
    if not rows:
        yield NOT_RUN
        return
    for device in dict.fromkeys(row["device"] for row in rows):
        yield from (f"Run on: {device}.", "")
        table = []
        for row in [row for row in rows if row["device"] == device]:
            verdict = {True: "holds", False: "**does not hold**", None: "–"}[row["holds"]]
            table.append(
                [row["part"], row["what"], ", ".join(f"{name} {_number(value)}" for name, value in row["numbers"].items()), verdict]
            )
        yield from Grid(("part", "what", "found", ""), table).lines()
        yield ""


def _number(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def run(names: Sequence[str], where: Where, path: Path | None, markdown: Path | None) -> int:
    """Run parts, show and keep what they find; the exit code."""
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path is not None and path.exists() else {"rows": []}
    failed = False
    for name in names:
        print(f"{name}: {PARTS[name].__doc__}".splitlines()[0], flush=True)
        begun, new = perf_counter(), []
        for what, numbers, holds in PARTS[name](where):
            new.append({"part": name, "device": where.described(), "what": what, "numbers": numbers, "holds": holds})
            print(f"  {what}: {numbers} {'' if holds is None else 'holds' if holds else 'DOES NOT HOLD'}", flush=True)
            failed |= holds is False
        print(f"{name}: {perf_counter() - begun:.0f} s", flush=True)
        kept["rows"] = [row for row in kept["rows"] if (row["part"], row["device"]) != (name, where.described())] + new
        if path is not None:
            write_atomically(path, (json.dumps(kept, indent=1) + "\n").encode())
    if markdown is not None:
        write_atomically(markdown, ("\n".join(lines(kept)).rstrip("\n") + "\n").encode())
    return int(failed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="some of them (all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the rows here")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page's table here")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu tries the command itself")
    parser.add_argument("--small", action="store_true", help="sizes that take a moment")
    parser.add_argument("--smnist", type=Path, metavar="FILE", help="recordings of `hetsyn encode mnist/`, to train on pixel by pixel")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("there is no GPU here (torch.cuda.is_available() is false): nothing was run", file=sys.stderr)
        return NO_GPU
    return run(options.parts, Where(options.device, options.small, options.smnist), options.json, options.markdown)


if __name__ == "__main__":
    sys.exit(main())
