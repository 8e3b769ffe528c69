"""The filter through shared decays against exact ones, its errors and its time: the tables of docs/expansion.md.

    python -m benchmarks.filters --out benchmarks/results/filters.json
    python -m benchmarks.filters --tables benchmarks/results/filters.json --docs docs

Times: one thread, float32, 250 steps, tolerance 1e-6. Both back ends run in turn; a ratio is that of their least CPU times.
Errors: against the plain back end in float64, relative to the largest entry of each result.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.kernels import exponential_filter, use_backend
from hetsyn_sim.report.document import Grid

from .rows import cpu_model

N_STEPS, ROUNDS = 250, 9
#: (pre, post, batch, shortest and longest tau in steps, share of active inputs per step)
CASES = (
    *((700, 128, 32, 5.0, 20.0, rate) for rate in (0.005, 0.015, 0.05, 0.1)),
    (700, 128, 32, 2.0, 50.0, 0.015),
    (700, 128, 32, 0.25, 250.0, 0.015),
    (700, 1024, 8, 5.0, 20.0, 0.015),
)
#: (shortest and longest tau in steps, steps, (dtype, tolerance; None: the exact kernels))
ERRORS = (
    (5.0, 20.0, 250, (("float32", 1e-4), ("float32", 1e-6), ("float64", 1e-9), ("float32", None))),
    (1.0, 200.0, 784, (("float32", 1e-6), ("float64", 1e-9), ("float32", None))),
    (0.2, 2000.0, 2000, (("float32", 1e-6), ("float64", 1e-6), ("float32", None))),
)


def measure(n_pre: int, n_post: int, n_batch: int, low: float, high: float, rate: float) -> dict[str, tuple[float, float]]:
    """Back end -> least CPU time in seconds of the forward pass and of the backward pass by weights and decays."""
    torch.manual_seed(0)
    x = (torch.rand(N_STEPS, n_batch, n_pre) < rate).float()
    w = torch.randn(n_post, n_pre).requires_grad_()
    rho = torch.exp(-1.0 / (low * (high / low) ** torch.rand(n_post, n_pre))).requires_grad_()
    g = torch.randn(N_STEPS, n_batch, n_post)
    found: dict[str, tuple[list[float], list[float]]] = {"fused": ([], []), "expansion": ([], [])}
    for _ in range(ROUNDS):
        for name, (forward, backward) in found.items():
            with use_backend(name, tolerance=1e-6):
                v = timed(lambda: exponential_filter(x, w, rho), forward)
                timed(lambda v=v: torch.autograd.grad(v, (w, rho), g), backward)
    return {name: (min(forward), min(backward)) for name, (forward, backward) in found.items()}


def timed(call: Callable[[], Tensor], seconds: list[float]) -> Tensor:
    begun = time.process_time()
    result = call()
    seconds.append(time.process_time() - begun)
    return result


def errors(low: float, high: float, n_steps: int, dtype: torch.dtype, tolerance: float | None) -> dict[str, float]:
    """Largest error of v, dL/dw and dL/drho for 400 inputs that are active in one of 250 steps.

    Without a tolerance it is that of the fused back end.
    """
    torch.manual_seed(0)
    x = (torch.rand(n_steps, 4, 400) < 1 / 250).double()
    w = torch.randn(32, 400, dtype=torch.float64)
    rho = torch.exp(-1.0 / (low * (high / low) ** torch.rand(32, 400, dtype=torch.float64)))
    g = torch.randn(n_steps, 4, 32, dtype=torch.float64)

    def results(kind: torch.dtype) -> list[Tensor]:
        leaves = [tensor.to(kind).requires_grad_() for tensor in (w, rho)]
        v = exponential_filter(x.to(kind), *leaves)
        return [tensor.detach().double() for tensor in (v, *torch.autograd.grad(v, leaves, g.to(kind)))]

    with use_backend("plain"):
        # what a decay is in the lower precision is no matter of the back end
        w, rho = (tensor.to(dtype).double() for tensor in (w, rho))
        exact = results(torch.float64)
    with use_backend("fused") if tolerance is None else use_backend("expansion", tolerance=tolerance):
        made = results(dtype)
    names = ("v", "dw", "drho")
    return {name: float((one - other).abs().max() / other.abs().max()) for name, one, other in zip(names, made, exact, strict=True)}


def measured() -> dict[str, Any]:
    """All cases, of both tables."""
    names = ("n_pre", "n_post", "n_batch", "low", "high", "rate")
    times = [dict(zip(names, case, strict=True)) | {"cpu_s": measure(*case)} for case in CASES]
    of_errors = [
        {"low": low, "high": high, "n_steps": n_steps, "dtype": name, "tolerance": tolerance}
        | errors(low, high, n_steps, getattr(torch, name), tolerance)
        for low, high, n_steps, settings in ERRORS
        for name, tolerance in settings
    ]
    return {"cpu_model": cpu_model(), "torch": version("torch"), "times": times, "errors": of_errors}


def time_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """How many times less CPU time the expansion takes."""
    heads = ("layer, batch", "tau (steps)", "active inputs per step", "exact / expansion, forward", "backward")
    table = []
    for row in found["times"]:
        cells = (f"{row['n_pre']} to {row['n_post']}, {row['n_batch']}", f"{row['low']:g} to {row['high']:g}", f"{100 * row['rate']:g} %")
        ratios = (exact / expanded for exact, expanded in zip(row["cpu_s"]["fused"], row["cpu_s"]["expansion"], strict=True))
        table.append([*cells, *(f"{ratio:.1f}" for ratio in ratios)])
    yield from Grid(heads, table).lines()
    yield from ("", f"Measured on: {found['cpu_model']}, torch {found['torch']}, one thread.")


def error_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Errors of the expansion, and of the exact kernels in float32."""
    table = []
    for row in found["errors"]:
        how = f"{row['tolerance']:.0e}" if row["tolerance"] else "exact kernels"
        at = f"{row['low']:g} to {row['high']:g}, {row['n_steps']}"
        table.append((at, row["dtype"], how, *(f"{row[name]:.1e}" for name in ("v", "dw", "drho"))))
    yield from Grid(("tau (steps), T", "dtype", "tolerance", "v", "dL/dw", "dL/drho"), table).lines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="measure, and write the rows to this file")
    parser.add_argument("--tables", type=Path, help="the file to make the tables of")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/filter-times.md and filter-errors.md there")
    options = parser.parse_args()
    if options.out is not None:
        torch.set_num_threads(1)
        write_atomically(options.out, json_text(measured()))
    if options.tables is not None:
        found = json.loads(options.tables.read_text(encoding="utf-8"))
        for name, lines in (("filter-times", time_lines(found)), ("filter-errors", error_lines(found))):
            text = "\n".join([*lines, ""])
            print(text) if options.docs is None else write_atomically(options.docs / "_generated" / f"{name}.md", text)


if __name__ == "__main__":
    main()
