"""Layers of hs.nn against snnTorch's snn.Leaky and Norse's LIFCell, where the neuron is the same: spike for spike, on real recordings.

python -m benchmarks.nn_peers --out benchmarks/results/nn-peers.json
python -m benchmarks.nn_peers --tables benchmarks/results/nn-peers.json --docs docs

A net of two nn.Linear with neurons behind each is made three times with the same weights and run on the spoken digits, forwards and
backwards: in the library's own loop over time; in the same loop with our layer in place of theirs; and with our layer over the sequence.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import Any

import torch
from brian2 import ms
from torch import Tensor, nn

import hetsyn_sim as hs
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.errors import HetSynError, package
from hetsyn_sim.models import RESET_FIRST, HomNeuLIF
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import NeuronModel, Parameter
from hetsyn_sim.spec.quantities import to_si
from hetsyn_sim.training.modules import default_dtype

from .rows import cpu_model

Neurons = Callable[[int], Any]
BETA, HIDDEN, RECORDINGS, STEPS, SEED = 0.9, 64, 100, 100, 0

#: Norse's LIFCell, with its defaults: Euler's step for both states, a reset as soon as there is a spike.
NorseLIF = NeuronModel(
    name="NorseLIF",
    on_pre="I_s_post += w",
    neuron="dv/dt = (v_leak - v + I_s)/tau_mem : 1\ndI_s/dt = -I_s/tau_syn : 1",
    threshold="v > v_th",
    reset="v = v_reset",
    scheme="euler",
    step_order=RESET_FIRST,
    parameters={
        "w": HomNeuLIF.parameters["w"],
        "tau_mem": Parameter(axes="layer", unit=ms, initial=10 * ms),
        "tau_syn": Parameter(axes="layer", unit=ms, initial=5 * ms),
        "v_leak": Parameter(axes="layer", initial=0.0),
        "v_th": Parameter(axes="layer", initial=1.0),
        "v_reset": Parameter(axes="layer", initial=0.0),
    },
    reference="Norse 1.1, norse.torch.functional.lif.lif_feed_forward_step",
)


def tau_of(beta: float, dt: str) -> float:
    """The time constant in seconds, of which a step keeps ``beta``."""
    return -to_si(dt, "second", where="dt") / log(beta)


def norse_facts() -> dict[str, float]:
    """The parameters of :data:`NorseLIF` by Norse's names, in SI units."""
    facts = {name: float(p.initial.value) for name, p in NorseLIF.parameters.items() if name != "w"}
    inverses = {f"{name}_inv": 1.0 / facts.pop(name) for name in ("tau_mem", "tau_syn")}
    return facts | inverses


class _Net(nn.Module):
    """The usual net: dense, neurons, dense, neurons, in a loop over time."""

    def __init__(self, n_in: int, neuron: Neurons, start: Neurons) -> None:
        super().__init__()
        # without a bias, which would drive a layer whose spikes come a step later in one step more
        self.fc1, self.fc2 = nn.Linear(n_in, HIDDEN, bias=False), nn.Linear(HIDDEN, 10, bias=False)
        self.lif1, self.lif2, self.start = neuron(HIDDEN), neuron(10), start

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first, second, hidden, out = self.start(HIDDEN), self.start(10), [], []
        for now in x:
            z, first = self.lif1(self.fc1(now), first)
            hidden.append(z)
            z, second = self.lif2(self.fc2(z.to(now.dtype)), second)  # snnTorch's spikes are in single precision
            out.append(z)
        return torch.stack(hidden), torch.stack(out)


class _Sequence(_Net):
    """The same without the loop."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden, _ = self.lif1(self.fc1(x))
        return hidden, self.lif2(self.fc2(hidden))[0]


def _timed(net: nn.Module, x: Tensor) -> tuple[tuple[Tensor, Tensor], float]:
    """Rasters, and the seconds of the processor for a forward and backward pass: the best of three."""
    best = float("inf")
    for _ in range(3):
        net.zero_grad()
        begin = time.process_time()
        found = net(x)
        found[1].sum().backward()
        best = min(best, time.process_time() - begin)
    return found, best


def measure() -> dict[str, Any]:
    """Every row of the table."""
    snntorch = package("snntorch", "this comparison", extra="peers")
    norse = package("norse.torch", "this comparison", extra="peers")
    raster = hs.tasks.spoken_digits().test[:RECORDINGS].rasters(STEPS)
    tau, lif = tau_of(BETA, "1 ms"), hs.nn.layer_of(NorseLIF)
    # theirs, its state at the beginning, ours, and by how many steps our spikes are later
    peers = {
        "snnTorch snn.Leaky": (
            lambda n: snntorch.Leaky(beta=BETA),
            lambda n: torch.zeros(RECORDINGS, n),
            lambda n: hs.nn.HomNeuLIF.elementwise(n, tau_mem=tau),
            0,
        ),
        "Norse LIFCell": (lambda n: norse.LIFCell(), lambda n: None, lif.elementwise, 1),
    }
    rows = []
    for precision in (torch.float32, torch.float64):
        with default_dtype(precision):
            x = torch.from_numpy(raster).to(precision)
            for name, (theirs, start, ours, late) in peers.items():
                rows += list(_rows(name, x, theirs, start, ours, late))
    packages = {name: version(name) for name in ("snntorch", "norse", "torch")}
    return {"rows": rows, "versions": packages, "processor": cpu_model(), "recordings": RECORDINGS, "steps": STEPS, "hidden": HIDDEN}


def _rows(name: str, x: Tensor, theirs: Neurons, start: Neurons, ours: Neurons, late: int) -> Iterator[dict[str, Any]]:
    torch.manual_seed(SEED)
    peer = _Net(x.shape[2], theirs, start)
    nn.init.normal_(peer.fc1.weight, std=0.6)
    nn.init.normal_(peer.fc2.weight, std=1.0)
    weights = {key: value for key, value in peer.state_dict().items() if key.startswith("fc")}
    (hidden, out), seconds = _timed(peer, x)
    hidden, out = hidden[: STEPS - late], out[: STEPS - 2 * late]  # spikes of the second layer are late twice
    for what, kind in (("our layer in its loop", _Net), ("our layer over the sequence", _Sequence)):
        own = kind(x.shape[2], ours, lambda n: None)
        own.load_state_dict(weights, strict=False)
        (mine, mine_out), took = _timed(own, x)
        yield {
            "peer": name,
            "what": what,
            "precision": str(x.dtype).removeprefix("torch."),
            "spikes": int(hidden.sum() + out.sum()),
            "cells": hidden.numel() + out.numel(),
            "differing": int((mine[late:] != hidden).sum() + (mine_out[2 * late :] != out).sum()),
            "steps_late": late,
            "seconds_peer": seconds,
            "seconds": took,
        }


def agreement_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Spikes of the library and of our layer, and what a pass costs."""
    head = ("library", "ours", "precision", "spikes", "cells that differ", "time of a pass (library's is 1)")
    table = [
        (
            row["peer"],
            row["what"],
            row["precision"],
            f"{row['spikes']:,}",
            f"{row['differing']:,} of {row['cells']:,}",
            f"{row['seconds'] / row['seconds_peer']:.2f}",
        )
        for row in found["rows"]
    ]
    yield from Grid(head, table).lines()
    packages = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    what = f"{found['recordings']} spoken digits of {found['steps']} steps through {found['hidden']} and 10 neurons"
    yield from ("", f"{what} forwards and backwards on one thread, with {packages} on {found['processor']}.", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="measure, and write the rows to this file")
    parser.add_argument("--tables", type=Path, help="the file to make the table of")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/nn-peers.md there")
    options = parser.parse_args()
    if options.out is not None:
        write_atomically(options.out, json_text(measure()))
    if options.tables is not None:
        text = "\n".join(agreement_lines(json.loads(options.tables.read_text(encoding="utf-8"))))
        print(text) if options.docs is None else write_atomically(options.docs / "_generated" / "nn-peers.md", text)


if __name__ == "__main__":
    try:
        main()
    except HetSynError as error:
        raise SystemExit(str(error)) from error
