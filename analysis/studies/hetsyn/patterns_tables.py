"""Pattern generation beside the paper, whose results are figures without numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row
from .neurons import NEURONS

NOISES_HZ = (1.0, 2.0, 3.0, 4.0)
RATES = (1e-4, 5e-4, 1e-3, 5e-3)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    yield "Mean squared error after training, at 1e-3:"
    errors = [[model, *(_error(rows, model, noise_hz=noise, lr=1e-3) for noise in NOISES_HZ)] for model in NEURONS]
    yield from ("", *Grid(["neuron", *(f"{noise:g} Hz of noise" for noise in NOISES_HZ)], errors).lines())
    yield from ("", "At 2 Hz, over learning rates:", "")
    errors = [[model, *(_error(rows, model, noise_hz=2.0, lr=lr) for lr in RATES)] for model in NEURONS]
    yield from Grid(["neuron", *(f"{lr:g}" for lr in RATES)], errors).lines()
    yield from ("", "At 2 Hz and 1e-3, in detail:", "")
    heads = ("neuron", "", "seeds", "squared error", "less HetSynLIF, paired")
    yield from Grid((*heads, "distance 2nd to 1st", "3rd to 2nd", "power in the gaps", "spikes"), _details(rows)).lines()


def _details(rows: Sequence[Row]) -> Iterator[list[str]]:
    for label, facts in (("feed-forward", {}), ("recurrent", {"recurrent": True})):
        best = of_case(rows, model="HetSynLIF", noise_hz=2.0, lr=1e-3, **facts)
        for model, reset in (*((name, {}) for name in NEURONS), ("HetNeuLIF", {"reset": "fixed"})):
            if runs := of_case(rows, model=model, noise_hz=2.0, lr=1e-3, **facts, **reset):
                gap = "" if model == "HetSynLIF" else shown(paired(runs, best, "mse"), digits=4)
                name = f"{model}, reset of 20 ms, as published" if reset else model
                yield [name, label, str(len(runs)), *_detail(runs, gap)]
    if runs := of_case(rows, model="HetSynLIF", noise_hz=2.0, lr=1e-3, targets=3):
        yield ["HetSynLIF", "feed-forward, three targets", str(len(runs)), *_detail(runs, "")]


def _error(rows: Sequence[Row], model: str, **facts: object) -> str:
    return shown([row["mse"] for row in of_case(rows, model=model, **facts)], digits=4)


def _detail(rows: Sequence[Row], gap: str) -> list[str]:
    cells = [shown([row["mse"] for row in rows], digits=4), gap]
    cells += [shown([row[key] for row in rows]) for key in ("distance_21", "distance_32", "gap_power")]
    return [*cells, shown([row["spikes"] for row in rows], digits=0)]
