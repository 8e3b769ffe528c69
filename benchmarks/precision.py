"""How far float32 is from float64 at the shapes of the training benchmark: with exact filters, and through shared decays.

    python -m benchmarks.precision --json benchmarks/results/precision.json

Each projection is run by itself on the spikes that its network gives it in float64, with a random gradient of v, so that no spike can be
decided otherwise. The bound is that of docs/claim.md: u (n + 3 T + 32) times the sum of the absolute values of what is added up; for
gradients n counts the steps of all recordings. Errors are the largest over all entries, as shares of their bounds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.kernels import exponential_filter, is_tied, use_backend
from hetsyn_sim.kernels.expansion import find_nodes, tolerance_of_rounding
from hetsyn_sim.training import Network
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.modules import default_dtype

from .shapes import SHAPES, Shape

WHAT = ("v", "dL/dw", "dL/drho")


def projections(shape: Shape) -> list[tuple[str, Tensor, Tensor, Tensor]]:
    """Name, events (time, batch, pre), w and rho (post, pre) of each projection with a decay per synapse, as numbers of float32."""
    found = []
    with default_dtype(torch.float64), use_backend("fused"), torch.no_grad():
        network = Network(shape.spec(), values=shape.values())
        x, _ = shape.batch(torch.float64)
        network(x)
        arriving = [x, *network.last_spikes]
        for k, layer in enumerate(network.layers.values()):
            assert isinstance(layer, SpikingLayer)
            own = {"feedforward": arriving[k]}
            if k < len(network.last_spikes):
                own["recurrent"] = network.last_spikes[k][:-1]  # they arrive a step later
            for kind, events in own.items():
                for w, rho in layer.paths(kind):
                    if not is_tied(rho):
                        found.append((f"{layer.population}.{kind}", events.float(), w.float(), rho.float()))
    return found


def run(backend: str, x: Tensor, w: Tensor, rho: Tensor, g: Tensor) -> list[Tensor]:
    """v, dL/dw, dL/drho."""
    leaves = [w.clone().requires_grad_(), rho.clone().requires_grad_()]
    with use_backend(backend):
        v = exponential_filter(x, *leaves)
        return [v.detach(), *torch.autograd.grad(v, leaves, g)]


def measure(shape: Shape) -> Iterator[dict[str, Any]]:
    """A row for each projection."""
    for name, x, w, rho in projections(shape):
        n_steps, n_batch, n_pre = x.shape
        g = torch.randn(n_steps, n_batch, w.shape[0], generator=torch.Generator().manual_seed(0))
        doubles = [tensor.double() for tensor in (x, w, rho, g)]
        exact, sizes = run("fused", *doubles), run("fused", *(d if k == 2 else d.abs() for k, d in enumerate(doubles)))
        unit = 2.0**-24
        counts = (n_pre, n_steps * n_batch, n_steps * n_batch)
        bounds = [unit * (n + 3 * n_steps + 32) * size for n, size in zip(counts, sizes, strict=True)]
        row: dict[str, Any] = {"shape": shape.name, "projection": name, "tolerance": tolerance_of_rounding(n_pre, n_steps)}
        nodes = [find_nodes(rho, n_steps, row["tolerance"], slope=slope) for slope in (False, True)]
        row |= {"nodes": [None if each is None else each.n for each in nodes], "rounding_bound": unit * (n_pre + 3 * n_steps + 32)}
        for label, backend in (("exact", "fused"), ("shared", "expansion")):
            found = run(backend, x, w, rho, g)
            shares = [
                ((one.double() - other).abs() / bound.clamp_min(1e-300)).max()
                for one, other, bound in zip(found, exact, bounds, strict=True)
            ]
            row[label] = dict(zip(WHAT, (share.item() for share in shares), strict=True))
        yield row


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every error is within its bound."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.precision", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="file for the rows")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rows = []
    for shape in options.shapes:
        for row in measure(SHAPES[shape]):
            rows.append(row)
            print(row, flush=True)
    if options.json is not None:
        write_atomically(options.json, (json.dumps(rows, indent=1) + "\n").encode())
    return int(any(share > 1 for row in rows for label in ("exact", "shared") for share in row[label].values()))


if __name__ == "__main__":
    raise SystemExit(main())
