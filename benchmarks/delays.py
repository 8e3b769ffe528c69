"""A training step with delays beside one without, in one process and in turns: forward, backward and the optimiser's step.

    python -m benchmarks.delays --json benchmarks/results/delays.json --markdown docs/_generated/delays.md

HetSynLIF with a learned time constant per synapse, 700 channels, 128 neurons, 250 steps, batches of 32, 2 % of the input active; single
precision, one thread. Times are of the processor, the shortest of several rounds; ratios are to the step without delays.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from brian2 import ms

from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel
from hetsyn_sim.training.network import Network

from .rows import cpu_model

BOUNDS = (0 * ms, 25 * ms)
#: What is learned -> the hidden layer's model.
MODELS: Mapping[str, NeuronModel] = {
    "no delays": HetSynLIF,
    "a fixed delay per synapse": HetSynLIF.with_delay("uniform(0 ms, 25 ms)"),
    "a learned delay per synapse": HetSynLIF.with_delay(bounds=BOUNDS),
    "a learned delay per neuron": HetSynLIF.with_delay(bounds=BOUNDS, axes="post"),
    "a learned delay per projection": HetSynLIF.with_delay(bounds=BOUNDS, axes="layer"),
}


def step_of(model: NeuronModel, *, recurrent: bool, n_input: int, size: int, n_steps: int, n_batch: int) -> Callable[[], float]:
    """A step of training of a network with one hidden layer; calling it makes one and returns the loss."""
    spec = NetworkSpec("1 ms", n_input, [Layer(model, size, recurrent)], Layer(LeakyReadout, 20))
    network = Network(spec, seed=0).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(n_steps, n_batch, n_input, generator=generator) < 0.02).float()
    labels = torch.randint(20, (n_batch,), generator=generator)

    def step() -> float:
        optimiser.zero_grad()
        out, _ = network(x)
        loss = torch.nn.functional.cross_entropy(out.mean(dim=0), labels)
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    return step


def measure(rounds: int = 7, *, recurrent: bool, **sizes: int) -> dict[str, float]:
    """Kind of delay -> milliseconds of a step, the shortest of the rounds."""
    steps = {name: step_of(model, recurrent=recurrent, **sizes) for name, model in MODELS.items()}
    shortest = dict.fromkeys(steps, float("inf"))
    for k in range(rounds + 1):
        for name, step in steps.items():
            start = time.process_time()
            step()
            if k:  # the first warms up
                shortest[name] = min(shortest[name], 1e3 * (time.process_time() - start))
    return shortest


def lines(results: Mapping[str, Any]) -> Iterator[str]:
    """Markdown: milliseconds of a step, and how many times as long as one without delays."""
    table = []
    for name in MODELS:
        cells = [(times[name], times["no delays"]) for times in results["milliseconds"].values()]
        table.append(
            [name, *(text for ms_, plain in cells for text in (f"{ms_:.0f}", "" if name == "no delays" else f"{ms_ / plain:.2f}"))]
        )
    heads = [head for kind in results["milliseconds"] for head in (f"{kind} (ms)", "times none")]
    yield from Grid(("", *heads), table).lines()
    yield ""
    yield "{n_input} channels, {size} neurons, {n_steps} steps, batches of {n_batch}, one thread; {cpu}.".format_map(results)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and, if asked to, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--markdown", type=Path, help="file for the table of the documentation")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    sizes = {"n_input": 700, "size": 128, "n_steps": 250, "n_batch": 32}
    results = {kind: measure(options.rounds, recurrent=kind == "recurrent", **sizes) for kind in ("feed-forward", "recurrent")}
    for kind, times in results.items():
        for name, milliseconds in times.items():
            print(f"{kind:<14}{name:<34}{milliseconds:8.1f} ms {milliseconds / times['no delays']:6.2f}")
    found = {"cpu": cpu_model(), **sizes, "milliseconds": results}
    if options.json is not None:
        write_atomically(options.json, json_text(found).encode())
    if options.markdown is not None:
        write_atomically(options.markdown, "\n".join([*lines(found), ""]))


if __name__ == "__main__":
    main()
