"""What has been proved of spike trains: cells by the way in which they were decided, and those that speak against them or are left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

#: How a cell can be decided, besides "N bits" of Arb.
FLOAT64, TIE = "float64", "exact tie"


@dataclass(frozen=True)
class Cell:
    """A cell (recording, step, neuron) that is not proved, with what is known of ``v - theta`` there.

    Attributes
    ----------
    run, step, population, neuron
        Where it is.
    spike
        Whether the spike train has a spike there.
    low, high
        ``v - theta`` of the real-valued network lies between them, in the SI unit of v; 0 and 0 if v is exactly theta.
    how
        ``"float64"``, ``"106 bits"`` ..., ``"exact tie"``: by which arithmetic.
    """

    run: int
    step: int
    population: str
    neuron: int
    spike: bool
    low: float
    high: float
    how: str

    def __str__(self) -> str:
        where = f"recording {self.run}, step {self.step}, {self.population} neuron {self.neuron}"
        return f"{where}: {'a spike' if self.spike else 'no spike'}, v - theta in [{self.low:.3g}, {self.high:.3g}] ({self.how})"


@dataclass(frozen=True)
class Proof:
    """Spike trains, cell by cell, against the network of real numbers whose parameters are the stored ones.

    Attributes
    ----------
    simulator
        Whose spike trains they are.
    n_runs, n_steps, n_cells
        Recordings, steps of each, and cells: steps times neurons that have a threshold, over all recordings.
    decided
        How many cells each arithmetic has proved: ``{"float64": ..., "53 bits": ..., "exact tie": ...}``.
    refuted
        The first cells of a recording in which the network of real numbers does the opposite, layer by layer.
    open
        Cells that are left open: near-ties, beyond what arithmetic there is.
    n_blocked
        Cells after those, in the same recording, of which nothing is known.
    largest_bound
        The largest error that v can have in the run in float64, in the SI unit of v.
    closest
        No proved v is closer to its threshold than this, ties aside.
    constants
        How decays and sizes were enclosed: ``"Arb"``, or ``"NumPy"`` with an assumption about its exp.
    seconds
        Wall time, without the simulation.
    """

    simulator: str
    n_runs: int
    n_steps: int
    n_cells: int
    decided: Mapping[str, int]
    refuted: tuple[Cell, ...]
    open: tuple[Cell, ...]
    n_blocked: int
    largest_bound: float
    closest: float
    constants: str
    seconds: float

    @property
    def n_proved(self) -> int:
        """How many cells are proved."""
        return sum(self.decided.values())

    @property
    def complete(self) -> bool:
        """Whether every cell is proved."""
        return self.n_proved == self.n_cells

    @property
    def summary(self) -> str:
        """``"249 of 250 cells (249 by float64)"``."""
        how = ", ".join(f"{n:,} by {name}" for name, n in self.decided.items() if n)
        return f"{self.n_proved:,} of {self.n_cells:,} cells ({how or 'none'})"

    @property
    def remedy(self) -> str:
        """What would decide more cells; nothing if there is nothing to be done."""
        if not self.open or self.constants == "Arb":
            return ""
        return 'pip install "hetsyn-sim[proofs]": Arb decides what float64 leaves open'

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        plain = asdict(self) | {"n_proved": self.n_proved, "complete": self.complete}
        return {name: _plain(value) for name, value in plain.items()}

    def __str__(self) -> str:
        lines = [
            f"proved: {self.summary}",
            f"  spike trains          {self.simulator}, {self.n_runs} recordings of {self.n_steps} steps",
            f"  refuted, left open    {len(self.refuted)}, {len(self.open)}; {self.n_blocked:,} cells after them",
            f"  error of v            at most {self.largest_bound:.2g} in float64",
            f"  closest |v - theta|   at least {self.closest:.2g}",
        ]
        lines += [f"  refuted               {cell}" for cell in self.refuted[:3]] + [
            f"  left open             {cell}" for cell in self.open[:3]
        ]
        return "\n".join([*lines, *([f"  remedy                {self.remedy}"] if self.remedy else [])])


def joined(parts: Sequence[Proof]) -> Proof:
    """One proof of the recordings of all parts, counted through."""
    offsets = np.cumsum([0, *(part.n_runs for part in parts)]).tolist()

    def shifted(name: str) -> tuple[Cell, ...]:
        return tuple(replace(c, run=c.run + at) for at, part in zip(offsets, parts, strict=False) for c in getattr(part, name))

    names = list(dict.fromkeys(name for part in parts for name in part.decided))
    return replace(
        parts[0],
        n_runs=offsets[-1],
        n_cells=sum(part.n_cells for part in parts),
        decided={name: sum(part.decided.get(name, 0) for part in parts) for name in names},
        refuted=shifted("refuted"),
        open=shifted("open"),
        n_blocked=sum(part.n_blocked for part in parts),
        largest_bound=max(part.largest_bound for part in parts),
        closest=min(part.closest for part in parts),
        seconds=sum(part.seconds for part in parts),
    )


def _plain(value: Any) -> Any:
    """JSON has no infinity: it is written as the text ``"inf"``."""
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
